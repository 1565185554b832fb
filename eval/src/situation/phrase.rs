//! The few words in which a fact is written down: `test by tenant`, `foothold 2 days ago`, `3 replicas for 3 days, with a
//! hole`. Comes in: one text. Goes out: its parts, each of which somebody must take; a word that nobody takes is refused.

use std::str::FromStr;

use assay_core::ids::Span;
use assay_core::observation::Author;
use serde::de::{Deserialize, Deserializer, Error};

/// The parts of a text that nobody has taken yet.
#[derive(Debug, Default)]
pub(crate) struct Phrase {
    head: String,
    by: Option<String>,
    on: Option<String>,
    lasting: Option<Span>,
    ago: Option<Span>,
    notes: Vec<String>,
}

impl Phrase {
    /// Takes a text apart: `HEAD [on PORT] [for N UNIT] [by WHOM] [N UNIT ago][, NOTE]..`.
    fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split(", ");
        let mut phrase = Self::default();
        let words: Vec<&str> = parts.next().unwrap_or_default().split_whitespace().collect();
        phrase.notes = parts.map(|note| note.trim().to_owned()).collect();
        let mut rest = words.as_slice();
        let mut head = Vec::new();
        loop {
            rest = match rest {
                [] => break,
                ["by", whom, rest @ ..] => fill(&mut phrase.by, (*whom).to_owned(), rest)?,
                ["on", port, rest @ ..] => fill(&mut phrase.on, (*port).to_owned(), rest)?,
                ["for", n, unit, rest @ ..] => fill(&mut phrase.lasting, span(n, unit)?, rest)?,
                [n, unit, "ago", rest @ ..] => fill(&mut phrase.ago, span(n, unit)?, rest)?,
                [word, rest @ ..] => {
                    head.push(*word);
                    rest
                }
            };
        }
        phrase.head = head.join(" ");
        Ok(phrase)
    }

    /// The words before everything else.
    pub(crate) fn head(&mut self) -> String {
        std::mem::take(&mut self.head)
    }

    /// The head as a value of one spelling.
    pub(crate) fn value<T: FromStr<Err: std::fmt::Display>>(&mut self) -> Result<T, String> {
        let head = self.head();
        head.parse().map_err(|e| format!("`{head}`: {e}"))
    }

    /// Whose word it is, as it is written.
    pub(crate) fn by(&mut self) -> Option<String> {
        self.by.take()
    }

    /// Whose word it is.
    pub(crate) fn author(&mut self, silent: Author) -> Result<Author, String> {
        match self.by() {
            None => Ok(silent),
            Some(by) => by.parse().map_err(|e| format!("`{by}`: {e}")),
        }
    }

    /// The port.
    pub(crate) fn port(&mut self, silent: u16) -> Result<u16, String> {
        match self.on.take() {
            None => Ok(silent),
            Some(port) => port.parse().map_err(|_| format!("`{port}` is no port")),
        }
    }

    /// How long it lasted.
    pub(crate) fn lasting(&mut self) -> Option<Span> {
        self.lasting.take()
    }

    /// How long ago it was.
    pub(crate) fn ago(&mut self) -> Span {
        self.ago.take().unwrap_or(Span::ZERO)
    }

    /// Whether this is noted beside it.
    pub(crate) fn noted(&mut self, note: &str) -> bool {
        let before = self.notes.len();
        self.notes.retain(|n| n != note);
        self.notes.len() < before
    }

    fn done(self) -> Result<(), String> {
        let Self { head, by, on, lasting, ago, notes } = self;
        let spans = lasting.is_some() || ago.is_some();
        if head.is_empty() && by.is_none() && on.is_none() && !spans && notes.is_empty() {
            return Ok(());
        }
        Err(format!("words that say nothing here: {head:?} {by:?} {on:?} {lasting:?} {ago:?} {notes:?}"))
    }
}

fn fill<'w, T>(slot: &mut Option<T>, value: T, rest: &'w [&'w str]) -> Result<&'w [&'w str], String> {
    match slot.replace(value) {
        None => Ok(rest),
        Some(_) => Err("the same is said twice".to_owned()),
    }
}

fn span(n: &str, unit: &str) -> Result<Span, String> {
    let n: i64 = n.parse().map_err(|_| format!("`{n}` is no number"))?;
    match unit {
        "minute" | "minutes" => Ok(Span::minutes(n)),
        "hour" | "hours" => Ok(Span::hours(n)),
        "day" | "days" => Ok(Span::days(n)),
        other => Err(format!("`{other}` is no unit of time")),
    }
}

/// A fact that is written in few words.
pub(crate) trait Phrased: Sized {
    /// Takes what it needs.
    fn of(phrase: &mut Phrase) -> Result<Self, String>;
}

fn whole<T: Phrased>(text: &str) -> Result<T, String> {
    let mut phrase = Phrase::parse(text)?;
    let value = T::of(&mut phrase)?;
    phrase.done().map(|()| value)
}

/// One fact, or one a source.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said<T>(pub(crate) Vec<T>);

impl<T> Default for Said<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl<'de, T: Phrased> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        };
        let said = texts.iter().map(|text| whole(text).map_err(|why| D::Error::custom(format!("`{text}`: {why}"))));
        said.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Told(String, Author, Span, bool);
    impl Phrased for Told {
        fn of(phrase: &mut Phrase) -> Result<Self, String> {
            Ok(Self(phrase.head(), phrase.author(Author::Cluster)?, phrase.ago(), phrase.noted("with a hole")))
        }
    }

    #[test]
    fn a_phrase_is_taken_apart() {
        let told = |text| whole::<Told>(text);
        assert_eq!(
            told("no token by tenant 2 days ago, with a hole"),
            Ok(Told("no token".to_owned(), Author::Tenant, Span::days(2), true))
        );
        assert_eq!(told("yes"), Ok(Told("yes".to_owned(), Author::Cluster, Span::ZERO, false)));
    }

    #[test]
    fn a_word_that_nobody_takes_is_refused() {
        for text in ["yes on 80", "yes for 3 days", "yes, with a smile", "yes by nobody", "yes 3 years ago"] {
            assert!(whole::<Told>(text).is_err(), "{text}");
        }
        assert!(whole::<Told>("yes by tenant by kernel").is_err());
    }
}
