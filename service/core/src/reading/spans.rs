//! Conditions of exploitation, read out of a text by a table of phrases. Comes in: the description of a CVE record. Goes
//! out: conditions, each with the bytes that it rests on. The text is a stranger's: whatever it says, what comes out is at
//! most these enums and places, and may only raise.
//!
//! A phrase is a row of words: `a|b` is either, `x*` is every word that begins so, `x?` may be missing, `..` stands for up
//! to three words and `..7` for up to seven; `!a|b` first: none of these stands shortly before. No phrase goes over the end
//! of a sentence, and none stands behind a denial.

use super::{Spanned, legible};
use crate::condition::Condition;
use crate::ids::Digest;
use crate::ports::ModelId;

/// The most conditions with their places that are kept of one text.
pub const SPANS_MAX: usize = 32;

/// How many words before a phrase may deny it.
const DENIED_WITHIN: usize = 3;

/// Words that a gap stands for where no number is written.
const GAP: u8 = 3;

/// Of two conditions whose places overlap the first alone is meant: the words of the second are part of its words.
const INSTEAD: [(Condition, Condition); 4] = [
    (Condition::UdpListener, Condition::ListeningPort),
    (Condition::OutboundConnection, Condition::ListeningPort),
    (Condition::BuildsUntrusted, Condition::CraftedFile),
    (Condition::ContainerStart, Condition::CraftedFile),
];

const TABLE: &str = include_str!("phrases.csv");

/// One word of a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// One of these; a word and whether more may follow in it.
    Word(Vec<Spelling>, Presence),
    /// Up to so many words of any sort, none of them a denial.
    Gap(u8),
}

/// A word, or how one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spelling {
    text: Box<str>,
    begins: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Needed,
    Optional,
}

/// A phrase, and the condition that it states.
#[derive(Clone, Debug)]
struct Phrase {
    condition: Condition,
    not_after: Vec<Spelling>,
    parts: Vec<Part>,
}

/// The table.
#[derive(Clone, Debug)]
pub struct Phrases {
    rows: Vec<Phrase>,
    id: ModelId,
}

/// Why a table of phrases is refused.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BadPhrases {
    /// Which line.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// A word of a text, in small letters, where it stands, and in which sentence.
struct Word {
    text: String,
    start: usize,
    end: usize,
    sentence: u32,
}

impl Phrases {
    /// The table of this build.
    ///
    /// # Errors
    /// Never for the file of this build; a test reads it.
    pub fn bundled() -> Result<Self, BadPhrases> {
        Self::parse(TABLE)
    }

    /// Reads a table: `condition,phrase,example,counter-example` a line, the first of them names the columns.
    ///
    /// # Errors
    /// When a line has no known condition or no phrase.
    pub fn parse(table: &str) -> Result<Self, BadPhrases> {
        let mut rows = Vec::new();
        for (line, row) in lines(table) {
            let wrong = |why: String| BadPhrases { line, why };
            let condition = row.condition.parse().map_err(|_| wrong(format!("no condition `{}`", row.condition)))?;
            let (not_after, phrase) = match row.phrase.strip_prefix('!').and_then(|p| p.split_once(' ')) {
                Some((not_after, phrase)) => (spellings(not_after), phrase),
                None => (Vec::new(), row.phrase),
            };
            let parts = phrase.split_whitespace().map(part).collect::<Option<Vec<_>>>();
            let parts = parts.ok_or_else(|| wrong("a gap has no number".to_owned()))?;
            // What may begin anywhere would begin at every word.
            if !matches!(parts.first(), Some(Part::Word(_, Presence::Needed))) {
                return Err(wrong("a phrase begins with a word that has to be there".to_owned()));
            }
            rows.push(Phrase { condition, not_after, parts });
        }
        let id = ModelId { name: "Assay's table of phrases".into(), digest: Digest::of_bytes(table.as_bytes()) };
        Ok(Self { rows, id })
    }

    /// What it is called, and the digest of its rows.
    pub fn id(&self) -> &ModelId {
        &self.id
    }

    /// The conditions that a text names, in the order of the text; of places that overlap the longest.
    pub fn read(&self, text: &str) -> Vec<Spanned> {
        let words = words(legible(text));
        let mut found: Vec<Spanned> = Vec::new();
        for at in 0..words.len() {
            for phrase in &self.rows {
                if let Some(end) = phrase.ends(&words, at) {
                    let (start, end) = (words[at].start as u32, words[end - 1].end as u32);
                    found.push(Spanned { condition: phrase.condition, start, end });
                }
            }
        }
        apart(found)
    }
}

/// Of places of one condition that overlap the longest, the first of equal ones.
fn apart(mut found: Vec<Spanned>) -> Vec<Spanned> {
    found.sort_by_key(|s| (s.condition, std::cmp::Reverse(s.end - s.start), s.start));
    let mut kept: Vec<Spanned> = Vec::new();
    for one in found {
        if !kept.iter().any(|k| k.condition == one.condition && k.start < one.end && one.start < k.end) {
            kept.push(one);
        }
    }
    let meant = kept.clone();
    kept.retain(|one| {
        let over = |k: &Spanned| k.start < one.end && one.start < k.end;
        !meant.iter().any(|k| INSTEAD.contains(&(k.condition, one.condition)) && over(k))
    });
    kept.sort_by_key(|s| (s.start, s.end, s.condition));
    kept.truncate(SPANS_MAX);
    kept
}

impl Phrase {
    /// The place behind the last word, where the phrase stands at this one.
    fn ends(&self, words: &[Word], at: usize) -> Option<usize> {
        let sentence = words.get(at)?.sentence;
        let end = self.parts_end(0, words, at, sentence).filter(|end| *end > at)?;
        let before = &words[at.saturating_sub(DENIED_WITHIN)..at];
        let spoils = |w: &Word| denies(&w.text) || self.not_after.iter().any(|one| one.is(&w.text));
        (!before.iter().any(|w| w.sentence == sentence && spoils(w))).then_some(end)
    }

    fn parts_end(&self, part: usize, words: &[Word], at: usize, sentence: u32) -> Option<usize> {
        let here = words.get(at).filter(|w| w.sentence == sentence);
        match self.parts.get(part) {
            None => Some(at),
            Some(Part::Word(any, presence)) => {
                let taken = here.filter(|w| any.iter().any(|one| one.is(&w.text)));
                let taken = taken.and_then(|_| self.parts_end(part + 1, words, at + 1, sentence));
                taken.or_else(|| match presence {
                    Presence::Optional => self.parts_end(part + 1, words, at, sentence),
                    Presence::Needed => None,
                })
            }
            Some(Part::Gap(most)) => {
                // The shortest way over the gap: what stands nearest belongs together.
                for over in 0..=usize::from(*most) {
                    if let Some(end) = self.parts_end(part + 1, words, at + over, sentence) {
                        return Some(end);
                    }
                    words.get(at + over).filter(|w| w.sentence == sentence && !denies(&w.text))?;
                }
                None
            }
        }
    }
}

impl Spelling {
    fn is(&self, word: &str) -> bool {
        if self.begins { word.starts_with(self.text.as_ref()) } else { word == self.text.as_ref() }
    }
}

fn spellings(text: &str) -> Vec<Spelling> {
    let one = |word: &str| match word.strip_suffix('*') {
        Some(begin) => Spelling { text: begin.into(), begins: true },
        None => Spelling { text: word.into(), begins: false },
    };
    text.split('|').map(one).collect()
}

fn denies(word: &str) -> bool {
    matches!(word, "not" | "no" | "without" | "never" | "neither" | "nor" | "cannot" | "isn" | "doesn" | "don")
}

fn part(text: &str) -> Option<Part> {
    if let Some(most) = text.strip_prefix("..") {
        return if most.is_empty() { Some(Part::Gap(GAP)) } else { most.parse().ok().map(Part::Gap) };
    }
    let (text, presence) = match text.strip_suffix('?') {
        Some(text) => (text, Presence::Optional),
        None => (text, Presence::Needed),
    };
    Some(Part::Word(spellings(text), presence))
}

/// The words of a text: letters, digits and low lines. A full stop, a semicolon or an exclamation before a space ends a sentence.
fn words(text: &str) -> Vec<Word> {
    let mut out = Vec::new();
    let (mut sentence, mut start) = (0, None);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            start.get_or_insert(at);
            continue;
        }
        if let Some(start) = start.take() {
            out.push(Word { text: text[start..at].to_lowercase(), start, end: at, sentence });
        }
        let ends = matches!(c, '.' | ';' | '!' | '?') && chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        sentence += u32::from(ends || c == '\n');
    }
    if let Some(start) = start {
        out.push(Word { text: text[start..].to_lowercase(), start, end: text.len(), sentence });
    }
    out
}

struct Row<'a> {
    condition: &'a str,
    phrase: &'a str,
    #[cfg(test)]
    example: &'a str,
    #[cfg(test)]
    counter: &'a str,
}

/// The rows, with the numbers of their lines.
fn lines(table: &str) -> impl Iterator<Item = (usize, Row<'_>)> {
    let rows = table.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    rows.map(|(at, line)| {
        let mut cells = line.splitn(4, ',').map(str::trim);
        let mut cell = || cells.next().unwrap_or_default();
        let row = Row {
            condition: cell(),
            phrase: cell(),
            #[cfg(test)]
            example: cell(),
            #[cfg(test)]
            counter: cell(),
        };
        (at + 1, row)
    })
}

#[cfg(test)]
mod tests;
