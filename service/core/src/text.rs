//! Who wrote a text decides what may be done with it. Comes in: bytes from outside, through the door.
//! Goes out: `Opaque` (strangers' text, normalised, without secrets), `Shaped` (values that a strict grammar
//! parsed) and `Own` (our catalogue). It must never give an `Opaque` a way into a prompt.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use crate::ids::{Digest, Fingerprint, Span, Time, VulnId};

/// The longest text of a stranger that is kept, in bytes; what is cut is marked with [`CUT`].
pub const OPAQUE_BYTES_MAX: usize = 8 * 1024;
/// The longest name of a stranger that is kept, in bytes.
pub const NAME_BYTES_MAX: usize = 512;
/// Stands where characters were removed that a reader cannot see.
pub const HIDDEN: char = '\u{FFFD}';
/// Stands where a text was cut.
pub const CUT: &str = "[..]";

/// The single door through which text from outside comes: it takes secrets out.
pub trait Door {
    /// The text with every recognised secret replaced by a keyed mark; borrowed when there was none.
    fn redact<'a>(&self, text: &'a str) -> Cow<'a, str>;
}

/// Text that a stranger wrote: normalised, capped, secrets out. It has no `Display` and no way into a prompt;
/// [`Opaque::reveal`] is for identity, storage and the framed quotes of a sink.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Opaque(Arc<str>);

impl Opaque {
    /// Admits a text of any length up to [`OPAQUE_BYTES_MAX`].
    pub fn admit(raw: &str, door: &dyn Door) -> Self {
        Self::admit_up_to(raw, door, OPAQUE_BYTES_MAX)
    }

    /// Admits a name, up to [`NAME_BYTES_MAX`].
    pub fn admit_name(raw: &str, door: &dyn Door) -> Self {
        Self::admit_up_to(raw, door, NAME_BYTES_MAX)
    }

    fn admit_up_to(raw: &str, door: &dyn Door, max: usize) -> Self {
        // Redact first on the raw text (a hidden character must not split a secret: normalise, then redact again).
        let clean = normalise(raw);
        let safe = door.redact(&clean);
        Self(cap(&safe, max).as_ref().into())
    }

    /// Text that went through the door in an earlier run and comes back from our own store.
    pub fn readmit(stored: &str) -> Self {
        Self(stored.into())
    }

    /// The characters, for identity, storage and quoting. Never for a prompt.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// True when nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opaque({:?})", self.0)
    }
}

/// A string on the wire whose bytes went through the door: the serialisable twin of [`Opaque`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Redacted(Arc<str>);

impl From<&Opaque> for Redacted {
    fn from(text: &Opaque) -> Self {
        Self(text.0.clone())
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text of ours: compiled in, or read from the catalogue under `prompts/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Own(Cow<'static, str>);

impl Own {
    /// A text that stands in our source.
    pub const fn new(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// A text of a data file of ours, or of the operator's policy: never what a report, cluster or ticket says.
    pub fn catalogued(text: String) -> Self {
        Self(Cow::Owned(text))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value that a strict grammar parsed: its bytes cannot carry a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shaped {
    /// A CVE, GHSA or distribution id.
    Vuln(VulnId),
    /// A TCP or UDP port.
    Port(u16),
    /// A count of things.
    Count(u64),
    /// A share of one hundred.
    Percent(u8),
    /// A CVSS base score in tenths: 98 is 9.8.
    Tenths(u16),
    /// A probability in ten-thousandths, shown to the hundredth and rounded down: 9,999 is 0.99.
    Probability(u16),
    /// An instant.
    At(Time),
    /// How long.
    For(Span),
    /// A SHA-256 digest, shown by its first twelve digits.
    Digest(Digest),
    /// A finding's id, shown by its first eight letters: enough to ask for it again.
    Finding(Fingerprint),
}

impl fmt::Display for Shaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vuln(id) => write!(f, "{id}"),
            Self::Port(port) => write!(f, "{port}"),
            Self::Count(n) => f.write_str(&grouped(*n)),
            Self::Percent(p) => write!(f, "{p} %"),
            Self::Tenths(t) => write!(f, "{}.{}", t / 10, t % 10),
            Self::Probability(p) => write!(f, "{}.{:02}", p / 10_000, p % 10_000 / 100),
            Self::At(time) => write!(f, "{time}"),
            Self::For(span) => write!(f, "{span}"),
            Self::Digest(d) => f.write_str(&d.to_string()[..19]),
            Self::Finding(id) => f.write_str(&id.to_string()[..11]),
        }
    }
}

/// A count with thousands apart: `1,204,331`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A count with what is counted, one of them or any other number: `1 record`, `2 records`.
pub fn how_many(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// NFC, one line break form, and no character that a reader cannot see: control, bidirectional, zero-width,
/// tag and private characters. A run of removed characters leaves one [`HIDDEN`] mark, so that it shows.
pub fn normalise(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|b| (0x20..0x7f).contains(&b) || b == b'\n') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.nfc().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push(' '),
            '\n' => out.push('\n'),
            c if is_hidden(c) => {
                if !out.ends_with(HIDDEN) {
                    out.push(HIDDEN);
                }
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Characters that draw nothing or redraw what stands around them. Source: Unicode 16, general categories Cc, Cf
/// and Co, the variation selectors, and the fillers that render blank.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E000}'..='\u{F8FF}'
            | '\u{E0000}'..='\u{E0FFF}' | '\u{F0000}'..='\u{10FFFF}')
}

/// The text up to `max` bytes, cut at a character and marked.
fn cap(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max {
        return Cow::Borrowed(text);
    }
    let end = (0..=max.saturating_sub(CUT.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    Cow::Owned(format!("{}{CUT}", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Open;

    #[test]
    fn hidden_characters_leave_a_mark_and_nothing_else() {
        let text = Opaque::admit("pay\u{202E}\u{200B}load\u{E0041}\x1b[31m", &Open);
        assert_eq!(text.reveal(), "pay\u{FFFD}load\u{FFFD}[31m");
    }

    #[test]
    fn equal_looking_text_is_equal() {
        assert_eq!(Opaque::admit("e\u{301}", &Open), Opaque::admit("\u{e9}", &Open));
        assert_eq!(normalise("a\r\nb\rc"), "a\nb\nc");
    }

    #[test]
    fn long_text_is_cut_at_a_character_and_says_so() {
        let text = Opaque::admit(&"\u{e9}".repeat(OPAQUE_BYTES_MAX), &Open);
        assert!(text.reveal().len() <= OPAQUE_BYTES_MAX && text.reveal().ends_with(CUT));
    }

    #[test]
    fn shaped_values_print_plainly() {
        let say = |s: Shaped| s.to_string();
        assert_eq!(say(Shaped::Count(1_204_331)), "1,204,331");
        assert_eq!(say(Shaped::Tenths(98)), "9.8");
        assert_eq!([9_999, 10_000, 705].map(|p| say(Shaped::Probability(p))), ["0.99", "1.00", "0.07"]);
        assert_eq!([0, 1, 1_204].map(|n| how_many(n, "row", "rows")), ["0 rows", "1 row", "1,204 rows"]);
    }
}
