//! Bytes that stream in become pieces of bounded size: the items of a list one by one, or the lines of a watch. A piece that
//! is too long is dropped while it passes, and said to be lost; a list is never held whole.

/// The most bytes of a list outside its items.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// A piece, or what is left of one that was too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'p> {
    /// All of it.
    Whole(&'p [u8]),
    /// It was longer than is taken.
    TooLong,
}

/// What is being read, up to a limit.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    too_long: bool,
}

impl Held {
    fn push(&mut self, byte: u8, bytes_max: usize) {
        if self.bytes.len() < bytes_max {
            self.bytes.push(byte);
        } else {
            self.too_long = true;
        }
    }

    fn hand_on(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        out(if self.too_long { Piece::TooLong } else { Piece::Whole(&self.bytes) });
        self.bytes.clear();
        self.too_long = false;
    }
}

/// The items of a JSON list, told apart by brackets alone: whether each of them is JSON, its reader says.
pub(super) struct Items {
    piece_bytes_max: usize,
    depth: u32,
    in_text: bool,
    escaped: bool,
    /// The last text at the top: the key of what comes next.
    key: Held,
    in_items: bool,
    item: Held,
    head: Held,
}

impl Items {
    pub(super) fn new(piece_bytes_max: usize) -> Self {
        let (key, item, head) = (Held::default(), Held::default(), Held::default());
        Self { piece_bytes_max, depth: 0, in_text: false, escaped: false, key, in_items: false, item, head }
    }

    /// Takes in what came, and hands on each item that ends in it.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut dyn FnMut(Piece<'_>)) {
        for &byte in bytes {
            self.step(byte, out);
        }
    }

    /// The list without its items, when it came to its end.
    pub(super) fn end(self) -> Option<Vec<u8>> {
        (self.depth == 0 && !self.in_text && !self.head.too_long && self.head.bytes.contains(&b'}'))
            .then_some(self.head.bytes)
    }

    fn step(&mut self, byte: u8, out: &mut dyn FnMut(Piece<'_>)) {
        let (was_text, was_deep) = (self.in_text, self.depth);
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        if self.in_items {
            return self.inside(byte, was_deep, out);
        }
        match (was_deep, was_text, self.in_text) {
            (1, false, true) => self.key = Held::default(),
            (1, true, true) => self.key.push(byte, 16),
            _ => {}
        }
        self.in_items = was_deep == 1 && byte == b'[' && !was_text && self.key.bytes == b"items";
        self.head.push(byte, HEAD_BYTES_MAX);
    }

    /// A byte of the list under `items`, which lies two deep.
    fn inside(&mut self, byte: u8, was_deep: u32, out: &mut dyn FnMut(Piece<'_>)) {
        if self.depth < 2 {
            self.in_items = false;
            return self.head.push(byte, HEAD_BYTES_MAX);
        }
        if self.depth > 2 || was_deep > 2 {
            self.item.push(byte, self.piece_bytes_max);
        }
        if was_deep > 2 && self.depth == 2 {
            self.item.hand_on(out);
        }
    }
}

/// The lines of a watch.
pub(super) struct Lines {
    piece_bytes_max: usize,
    line: Held,
}

impl Lines {
    pub(super) fn new(piece_bytes_max: usize) -> Self {
        Self { piece_bytes_max, line: Held::default() }
    }

    /// Takes in what came, and hands on each line that ends in it.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut dyn FnMut(Piece<'_>)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            let room = self.piece_bytes_max - self.line.bytes.len();
            self.line.too_long |= text.len() > room;
            self.line.bytes.extend_from_slice(&text[..text.len().min(room)]);
            if ends && !self.line.bytes.is_empty() {
                self.line.hand_on(out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str, bytes_max: usize, step: usize) -> (Vec<String>, Option<String>) {
        let (mut items, mut seen) = (Items::new(bytes_max), Vec::new());
        for bytes in text.as_bytes().chunks(step) {
            items.push(bytes, &mut |piece| {
                seen.push(match piece {
                    Piece::Whole(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                    Piece::TooLong => "too long".to_owned(),
                });
            });
        }
        (seen, items.end().map(|head| String::from_utf8(head).unwrap()))
    }

    #[test]
    fn a_list_comes_apart_the_same_whatever_pieces_it_came_in() {
        let text = r#"{"kind":"items","note":"items\"[","metadata":{"items":[{"x":1}]}, "items" : [ {"a":"]}\\\""} ,{"b":[{}]}],"z":[1]}"#;
        for step in [1, 2, 7, 1000] {
            let (seen, head) = items(text, 100, step);
            assert_eq!(seen, [r#"{"a":"]}\\\""}"#, r#"{"b":[{}]}"#], "{step}");
            let left = r#"{"kind":"items","note":"items\"[","metadata":{"items":[{"x":1}]}, "items" : [],"z":[1]}"#;
            assert_eq!(head.as_deref(), Some(left), "{step}");
        }
    }

    #[test]
    fn what_is_too_long_is_dropped_and_what_was_cut_has_no_end() {
        let (seen, head) = items(r#"{"items":[{"a":"0123456789"},{"b":1}]}"#, 8, 3);
        assert_eq!(
            (seen, head.as_deref()),
            (vec!["too long".to_owned(), r#"{"b":1}"#.to_owned()], Some(r#"{"items":[]}"#))
        );
        for cut in ["", r#"{"items":["#, r#"{"items":[{"a":1}"#, r#"{"items":[]"#] {
            assert_eq!(items(cut, 100, 5).1, None, "{cut}");
        }
        let long = format!(r#"{{"x":"{}","items":[]}}"#, "y".repeat(HEAD_BYTES_MAX));
        assert_eq!(items(&long, 100, 1000).1, None);
    }

    #[test]
    fn lines_come_whole_or_not_at_all() {
        let (mut lines, mut seen) = (Lines::new(5), Vec::new());
        for part in ["ab", "c\n\ndefghi", "jk\nl", "\nm"] {
            lines.push(part.as_bytes(), &mut |piece| {
                seen.push(match piece {
                    Piece::Whole(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                    Piece::TooLong => "too long".to_owned(),
                });
            });
        }
        assert_eq!(seen, ["abc", "too long", "l"]);
    }
}
