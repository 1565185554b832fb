//! A second reader for what the parser did not understand. Comes in: the question, with names as their kinds, and a model that
//! makes vectors of texts. Goes out: the kind of question whose frames are nearest, by a margin; names, filters and times stay
//! what the parser read. Every other refusal stands whatever the model says, and so does one of a question that is nearer to
//! none of the kinds.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::abstain::Abstain;
use super::names::NameIndex;
use super::parse::{Read, read_as};
use super::tokens::tokens;
use super::{Query, QueryKind};
use crate::ids::Time;
use crate::ports::{Embed, ModelError};

/// The frames of this build.
const FRAMES: &str = include_str!("../../../../prompts/understand.toml");
/// The frames that no kind of question has.
const NONE: &str = "none";
/// A question that is less like the nearest frame is read as none. A cosine.
const LIKE_MIN: f32 = 0.6;
/// By so much the nearest kind must be nearer than every other, and than none. A difference of cosines.
const MARGIN_MIN: f32 = 0.1;

/// Who read a question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReadBy {
    /// The parser, alone.
    Parser,
    /// The model named the kind; how near the frame was and by how much nearer than the next kind, as cosines.
    Model {
        /// How near.
        like: f32,
        /// By how much nearer.
        margin: f32,
    },
}

/// Why there is no second reader.
#[derive(Debug, thiserror::Error)]
pub enum NoSecond {
    /// The frames cannot be read.
    #[error("the frames of questions cannot be read")]
    Frames(#[from] toml::de::Error),
    /// The model failed.
    #[error("the model that makes vectors failed")]
    Model(#[from] ModelError),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "it is for people who compare results")]
    version: String,
    frames: BTreeMap<String, Vec<String>>,
}

/// A question as it reaches the second reader.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Its text.
    pub question: &'a str,
    /// The names that the caller may ask about.
    pub names: &'a NameIndex,
    /// The query before it.
    pub previous: Option<&'a Query>,
    /// The instant that the answer is for.
    pub as_of: Time,
}

/// The frames as vectors of one model.
#[derive(Clone, Debug)]
pub struct Second {
    frames: Vec<(Option<QueryKind>, Vec<f32>)>,
}

impl Second {
    /// Makes the vectors of all frames, once.
    ///
    /// # Errors
    /// When the frames cannot be read, or the model fails.
    pub fn new(embed: &dyn Embed) -> Result<Self, NoSecond> {
        let file: File = toml::from_str(FRAMES)?;
        let kind = |name: &str| (name != NONE).then(|| name.parse::<QueryKind>().ok()).flatten();
        let frames: Vec<(Option<QueryKind>, &str)> =
            file.frames.iter().flat_map(|(name, texts)| texts.iter().map(move |t| (kind(name), t.as_str()))).collect();
        let texts: Vec<&str> = frames.iter().map(|(_, text)| *text).collect();
        let vectors = embed.embed(&texts)?;
        Ok(Self { frames: frames.into_iter().map(|(kind, _)| kind).zip(vectors).collect() })
    }

    /// What the parser read; where it did not understand, what the model that made the frames' vectors makes of it. A model that
    /// fails leaves all as it is.
    pub fn or(
        &self,
        first: Result<Read, Abstain>,
        asked: Asked<'_>,
        embed: &dyn Embed,
    ) -> (Result<Read, Abstain>, ReadBy) {
        if !first.as_ref().is_err_and(Abstain::is_open_to_a_model) {
            return (first, ReadBy::Parser);
        }
        let Some((kind, like, margin)) = self.nearest(&framed(asked.question, asked.names), embed) else {
            return (first, ReadBy::Parser);
        };
        if like < LIKE_MIN || margin < MARGIN_MIN {
            return (first, ReadBy::Parser);
        }
        match read_as(asked.question, asked.names, asked.previous, asked.as_of, kind) {
            Ok(read) => (Ok(read), ReadBy::Model { like, margin }),
            Err(_) => (first, ReadBy::Parser),
        }
    }

    /// The nearest kind; none where no kind is nearest.
    fn nearest(&self, text: &str, embed: &dyn Embed) -> Option<(QueryKind, f32, f32)> {
        let vector = embed.embed(&[text]).ok()?.pop()?;
        let mut best: BTreeMap<Option<QueryKind>, f32> = BTreeMap::new();
        for (kind, frame) in &self.frames {
            let like: f32 = frame.iter().zip(&vector).map(|(a, b)| a * b).sum();
            let most = best.entry(*kind).or_insert(f32::MIN);
            *most = most.max(like);
        }
        let (kind, like) = best.iter().max_by(|a, b| a.1.total_cmp(b.1)).map(|(kind, like)| (*kind, *like))?;
        let next = best.iter().filter(|(k, _)| **k != kind).map(|(_, like)| *like).fold(f32::MIN, f32::max);
        kind.map(|kind| (kind, like, like - next))
    }
}

/// The question with each name as its kind: whose names they are is nothing to a model.
fn framed(question: &str, names: &NameIndex) -> String {
    let word = |text: &str| match names.whole(text).first() {
        Some(hit) => format!("a {}", hit.kind.as_str().replace('_', " ")),
        None => text.to_owned(),
    };
    tokens(question).iter().map(|t| word(&t.text)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
