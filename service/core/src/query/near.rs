//! Words of a question that nothing was made of and that are one letter from a word or name that is known. Comes in: a
//! question that was not understood. Goes out: what was perhaps meant, for the person to say again; nothing is corrected.

use super::calendar;
use super::lexicon::LEXICON;
use super::names::NameIndex;
use super::tokens::tokens;
use crate::text::Opaque;

/// The most words that are offered.
const NEAR_MAX: usize = 4;
/// Shorter words are near to everything.
pub(super) const CHARS_MIN: usize = 3;

/// A word as it was said, and the words that it was perhaps meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// What the question says.
    pub said: Opaque,
    /// A name of the caller's that is a letter away.
    pub name: Option<Opaque>,
    /// A word of ours that is.
    pub word: Option<&'static str>,
}

/// The unknown words of a question that are one letter from something known, in their order.
pub fn near(question: &str, names: &NameIndex) -> Vec<Near> {
    let unknown = |text: &str| {
        text.chars().count() >= CHARS_MIN
            && !LEXICON.knows(text)
            && !calendar::knows(text)
            && names.whole(text).is_empty()
            && names.with_piece(text).is_empty()
    };
    let words = tokens(question).into_iter().filter(|t| unknown(&t.text));
    let near = words.map(|t| Near {
        said: Opaque::readmit(&t.text),
        name: names.one_off(&t.text).map(|hit| hit.name),
        word: LEXICON.one_off(&t.text),
    });
    near.filter(|n| n.name.is_some() || n.word.is_some()).take(NEAR_MAX).collect()
}
