//! How far a JSON value has come, told without building it: enough to find its end, and to see that something else has
//! begun inside it.

/// The reason of a line that ends inside a text, which a line of JSON never does.
pub(super) const MID_TEXT: &str = "the line ends in the middle of a text";

/// How deep a value stands open, without building it.
#[derive(Default)]
pub(super) struct Shape {
    open: Vec<u8>,
    /// The last byte outside texts that is no blank.
    last: u8,
}

/// What a line made of a value.
pub(super) enum Fed {
    /// It goes on.
    Open,
    /// It ends here, at this byte.
    Whole(usize),
    /// It cannot be one, and why.
    Broken(&'static str),
}

impl Shape {
    /// True where a value may begin: anywhere else an opening brace belongs to something new.
    pub(super) fn value_may_stand(&self) -> bool {
        matches!((self.last, self.open.last()), (b':' | b'[', _) | (b',', Some(b']')))
    }

    pub(super) fn feed(&mut self, line: &[u8], depth_max: usize) -> Fed {
        let (mut in_text, mut escaped) = (false, false);
        for (i, byte) in line.iter().enumerate() {
            if in_text {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' => continue,
                b'"' => in_text = true,
                b'{' => self.open.push(b'}'),
                b'[' => self.open.push(b']'),
                b'}' | b']' => match self.open.pop() {
                    Some(wanted) if wanted == *byte && self.open.is_empty() => return Fed::Whole(i + 1),
                    Some(wanted) if wanted == *byte => {}
                    _ => return Fed::Broken("a bracket closes what was not opened"),
                },
                _ => {}
            }
            if self.open.len() > depth_max {
                return Fed::Broken("it is nested too deep");
            }
            self.last = *byte;
        }
        // A text of JSON never runs over the end of a line.
        if in_text { Fed::Broken(MID_TEXT) } else { Fed::Open }
    }
}
