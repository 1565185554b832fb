//! Texts to tokens in the way of SentencePiece, which Gemma was trained with: neighbours that make a known piece are
//! joined, the likeliest first, until none are left. Marks are set by us alone: a text that spells one out is text.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::{Error, Result};

/// What stands for a space inside pieces.
const SPACE: &str = "\u{2581}";
/// The kinds of tokens in a GGUF file that count here.
const NORMAL: u32 = 1;
const CONTROL: u32 = 3;
const OF_USER: u32 = 4;
const BYTE: u32 = 6;
/// Tokens that are believed.
const TOKENS_MAX: usize = 1_000_000;

/// The pieces of a vocabulary.
pub(super) struct Pieces {
    /// A piece's token, and how likely it is.
    known: HashMap<String, (u32, f32)>,
    /// Pieces that are taken whole wherever they stand, by their first character, the longest first.
    whole: HashMap<char, Vec<(String, u32)>>,
    bytes: Vec<u32>,
    marks: HashMap<String, u32>,
    count: usize,
}

/// A part of the text: where it is, and its neighbours.
struct Part {
    from: usize,
    to: usize,
    before: Option<usize>,
    after: Option<usize>,
}

/// Two neighbours that make a known piece.
struct Join {
    score: f32,
    left: usize,
    right: usize,
    /// How long both were when this was noted: else one of them has grown, and it no longer holds.
    length: usize,
}

impl Pieces {
    /// Reads the vocabulary of a GGUF file.
    pub(super) fn load(file: &Content) -> Result<Self> {
        let list = |key: &str| {
            let value = file.metadata.get(key).ok_or_else(|| Error::msg(format!("no {key}")))?;
            value.to_vec()
        };
        let (tokens, scores, kinds) =
            (list("tokenizer.ggml.tokens")?, list("tokenizer.ggml.scores")?, list("tokenizer.ggml.token_type")?);
        if tokens.len() != scores.len() || tokens.len() != kinds.len() || tokens.len() > TOKENS_MAX {
            candle_core::bail!("{} tokens, {} scores, {} kinds", tokens.len(), scores.len(), kinds.len());
        }
        let mut pieces = Self {
            known: HashMap::with_capacity(tokens.len()),
            whole: HashMap::new(),
            bytes: vec![u32::MAX; 256],
            marks: HashMap::new(),
            count: tokens.len(),
        };
        for (id, ((text, score), kind)) in (0..).zip(tokens.iter().zip(scores).zip(kinds)) {
            pieces.add(id, text.to_string()?, score.to_f32()?, whole_number(kind)?)?;
        }
        for pieces in pieces.whole.values_mut() {
            pieces.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        }
        if pieces.bytes.contains(&u32::MAX) {
            candle_core::bail!("a byte has no token of its own");
        }
        Ok(pieces)
    }

    fn add(&mut self, id: u32, text: &str, score: f32, kind: u32) -> Result<()> {
        match kind {
            NORMAL => {
                self.known.entry(text.to_owned()).or_insert((id, score));
            }
            OF_USER => {
                if let Some(first) = text.chars().next() {
                    self.whole.entry(first).or_default().push((text.to_owned(), id));
                }
            }
            BYTE => {
                let hex = text.strip_prefix("<0x").and_then(|hex| hex.strip_suffix('>'));
                let byte = hex.and_then(|hex| usize::from_str_radix(hex, 16).ok());
                let slot = byte.and_then(|byte| self.bytes.get_mut(byte));
                *slot.ok_or_else(|| Error::msg(format!("the byte {text:?} is none")))? = id;
            }
            CONTROL => {
                self.marks.insert(text.to_owned(), id);
            }
            // Unknown and unused ones are never written.
            _ => {}
        }
        Ok(())
    }

    /// How many tokens there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// A mark of ours.
    pub(super) fn mark(&self, name: &str) -> Option<u32> {
        self.marks.get(name).copied()
    }

    /// A text as tokens; never a mark.
    pub(super) fn tokens(&self, text: &str) -> Vec<u32> {
        let text = text.replace(' ', SPACE);
        let (mut out, mut begin, mut at) = (Vec::new(), 0, 0);
        while let Some(first) = text[at..].chars().next() {
            let whole =
                self.whole.get(&first).and_then(|all| all.iter().find(|(piece, _)| text[at..].starts_with(piece)));
            match whole {
                Some((piece, id)) => {
                    self.join(&text[begin..at], &mut out);
                    out.push(*id);
                    at += piece.len();
                    begin = at;
                }
                None => at += first.len_utf8(),
            }
        }
        self.join(&text[begin..], &mut out);
        out
    }

    /// The tokens of a text without whole pieces.
    fn join(&self, text: &str, out: &mut Vec<u32>) {
        let count = text.chars().count();
        let mut parts: Vec<Part> = text
            .char_indices()
            .enumerate()
            .map(|(i, (from, c))| Part {
                from,
                to: from + c.len_utf8(),
                before: i.checked_sub(1),
                after: Some(i + 1).filter(|next| *next < count),
            })
            .collect();
        let mut open = BinaryHeap::new();
        (1..count).for_each(|right| self.note(&mut open, text, &parts, Some(right - 1), Some(right)));
        while let Some(join) = open.pop() {
            let (left, right) = (&parts[join.left], &parts[join.right]);
            let grown = left.to - left.from + right.to - right.from != join.length || left.to != right.from;
            if grown || left.from == left.to || right.from == right.to {
                continue;
            }
            let (end, after) = (right.to, right.after);
            parts[join.left].to = end;
            parts[join.left].after = after;
            let empty = parts[join.right].to;
            parts[join.right].from = empty;
            if let Some(after) = after {
                parts[after].before = Some(join.left);
            }
            let before = parts[join.left].before;
            self.note(&mut open, text, &parts, before, Some(join.left));
            self.note(&mut open, text, &parts, Some(join.left), after);
        }
        let mut next = (count > 0).then_some(0);
        while let Some(part) = next.map(|at| &parts[at]) {
            let piece = &text[part.from..part.to];
            match self.known.get(piece) {
                Some((id, _)) => out.push(*id),
                None => out.extend(piece.bytes().map(|byte| self.bytes[usize::from(byte)])),
            }
            next = part.after;
        }
    }

    fn note(&self, open: &mut BinaryHeap<Join>, text: &str, parts: &[Part], left: Option<usize>, right: Option<usize>) {
        let (Some(left), Some(right)) = (left, right) else { return };
        let (from, to) = (parts[left].from, parts[right].to);
        if let Some((_, score)) = self.known.get(&text[from..to]) {
            open.push(Join { score: *score, left, right, length: to - from });
        }
    }
}

/// A whole number of whichever width.
fn whole_number(value: &Value) -> Result<u32> {
    match value {
        Value::I32(number) => u32::try_from(*number).map_err(Error::wrap),
        other => other.to_u32(),
    }
}

// The likeliest first, then the one further left.
impl Ord for Join {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.left.cmp(&self.left))
    }
}

impl PartialOrd for Join {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Join {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Join {}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> Pieces {
        let mut pieces = Pieces {
            known: HashMap::new(),
            whole: HashMap::new(),
            bytes: (1000..1256).collect(),
            marks: HashMap::new(),
            count: 0,
        };
        let normal = ["a", "b", "c", "\u{2581}", "ab", "bc", "abc", "\u{2581}a"];
        let scores = [-10.0, -10.0, -10.0, -10.0, -2.0, -1.0, -3.0, -1.5];
        for (id, (text, score)) in (0..).zip(normal.iter().zip(scores)) {
            pieces.add(id, text, score, NORMAL).unwrap();
        }
        pieces.add(50, "\n\n", 0.0, OF_USER).unwrap();
        pieces.add(51, "\n", 0.0, OF_USER).unwrap();
        pieces.add(60, "<eos>", 0.0, CONTROL).unwrap();
        pieces.whole.get_mut(&'\n').unwrap().sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        pieces
    }

    #[test]
    fn the_likeliest_neighbours_are_joined_first() {
        // bc before ab, then a with bc.
        assert_eq!(pieces().tokens("abc"), [6]);
        assert_eq!(pieces().tokens("ab"), [4]);
        assert_eq!(pieces().tokens("abbc"), [4, 5]);
        assert_eq!(pieces().tokens(" a"), [7]);
        assert_eq!(pieces().tokens("a a"), [0, 7]);
    }

    #[test]
    fn what_is_not_known_is_told_byte_by_byte_and_marks_are_text() {
        assert_eq!(pieces().tokens("\u{e9}"), [1000 + 0xc3, 1000 + 0xa9]);
        assert!(!pieces().tokens("<eos>").contains(&60));
        assert_eq!(pieces().mark("<eos>"), Some(60));
        assert!(pieces().tokens("").is_empty());
    }

    #[test]
    fn whole_pieces_part_the_text_the_longest_first() {
        assert_eq!(pieces().tokens("a\n\nb"), [0, 50, 1]);
        assert_eq!(pieces().tokens("\n\n\nab"), [50, 51, 4]);
    }

    #[test]
    fn a_long_text_is_cut_without_looking_at_every_pair_again_and_again() {
        assert_eq!(pieces().tokens(&"abc".repeat(100_000)).len(), 100_000);
    }
}
