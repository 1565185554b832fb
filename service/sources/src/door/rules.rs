//! The rules of the door, as rows: what wakes a rule, where its value begins, what the value looks like, and what else
//! must hold of it. Providers' own documents say how their tokens look; every row has a positive case in the tests.

mod beside;
mod generic;
mod providers;

use super::check::Check;
use super::find::WINDOW_BYTES;

/// One row.
pub(super) struct Rule {
    /// The name that goes into the mark: lower case, digits, dashes.
    pub(super) id: &'static str,
    /// Lower-case words; where one stands in the text the rule looks.
    pub(super) words: &'static [&'static str],
    /// Where the value begins.
    pub(super) lead: Lead,
    /// The shape of the value; empty for "up to the end of the word or quotes".
    pub(super) value: &'static str,
    /// What else must hold.
    pub(super) check: Check,
    /// How far the rule looks.
    pub(super) window: usize,
    /// A prefix so much its own that it counts in the middle of a word too. Others would be found inside digests.
    pub(super) anywhere: bool,
    /// The value must end where its shape ends: a longer word is something else.
    pub(super) whole: bool,
}

/// Where a value begins, seen from its keyword.
#[derive(Clone, Copy)]
pub(super) enum Lead {
    /// At the keyword: it is the token's own prefix.
    Here,
    /// Before the keyword, over `min` to `max` bytes of a class.
    Back { min: usize, max: usize, of: fn(u8) -> bool },
    /// After the `=` or `:` that follows the name in which the keyword stands.
    Assigned,
    /// After whatever joins a value to the name of a provider: `=`, `:`, `=>`, and a comma where `commas` says so.
    Beside { commas: bool },
    /// After the user's name of a URL.
    User,
    /// After this pattern, which follows the keyword.
    After(&'static str),
}

/// Every row: what is specific first, because of two that see the same value the earlier one names it.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    providers::RULES.iter().chain(beside::RULES).chain(generic::RULES)
}

impl Rule {
    /// The same row with a check of its value.
    const fn checked(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    /// The same row, whose name stands in lists of words too: a comma joins nothing to it.
    const fn not_by_comma(mut self) -> Self {
        self.lead = Lead::Beside { commas: false };
        self
    }

    /// The same row, where the value ends with its shape.
    const fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// The same row, also in the middle of a word.
    const fn anywhere(mut self) -> Self {
        self.anywhere = true;
        self
    }
}

/// A token with a prefix of its own, which is its keyword.
const fn token(id: &'static str, words: &'static [&'static str], value: &'static str) -> Rule {
    Rule {
        id,
        words,
        lead: Lead::Here,
        value,
        check: Check::Shape,
        window: WINDOW_BYTES,
        anywhere: false,
        whole: false,
    }
}

/// A value that is assigned to a name with this keyword in it.
const fn assigned(id: &'static str, words: &'static [&'static str], value: &'static str, check: Check) -> Rule {
    Rule { id, words, lead: Lead::Assigned, value, check, window: WINDOW_BYTES, anywhere: false, whole: false }
}

/// A value that stands after a pattern behind the keyword.
const fn after(
    id: &'static str,
    words: &'static [&'static str],
    lead: &'static str,
    value: &'static str,
    check: Check,
) -> Rule {
    Rule { id, words, lead: Lead::After(lead), value, check, window: WINDOW_BYTES, anywhere: false, whole: false }
}

/// A value of exactly this shape beside a provider's name.
const fn beside(id: &'static str, words: &'static [&'static str], value: &'static str) -> Rule {
    Rule {
        id,
        words,
        lead: Lead::Beside { commas: true },
        value,
        check: Check::Mixed,
        window: WINDOW_BYTES,
        anywhere: false,
        whole: true,
    }
}

/// A value that begins before its keyword.
const fn around(
    id: &'static str,
    words: &'static [&'static str],
    (min, max, of): (usize, usize, fn(u8) -> bool),
    value: &'static str,
) -> Rule {
    Rule {
        id,
        words,
        lead: Lead::Back { min, max, of },
        value,
        check: Check::Shape,
        window: WINDOW_BYTES,
        anywhere: false,
        whole: false,
    }
}

const fn alnum(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

const fn digit(b: u8) -> bool {
    b.is_ascii_digit()
}

const fn hex(b: u8) -> bool {
    b.is_ascii_hexdigit()
}

const fn word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'~' | b'.')
}
