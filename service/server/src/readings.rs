//! Texts of CVE records are read once each: by a model for the values of closed questions, by the table of phrases for
//! conditions of exploitation. Comes in: texts that a reader has not read. Goes out: readings, cached by the text and the
//! reader. No question waits for this, and what it gives may only raise.

use std::sync::Arc;

use anyhow::{Context, Result};
use assay_core::ids::Time;
use assay_core::ports::{ModelError, ModelId, ReadText as Reads};
use assay_core::reading::{Phrases, Reading, legible};
use assay_store::{ReadJob, ReadText, Store};

use crate::models::LocalModels;

/// Texts that are read between two looks at who is waiting.
pub(crate) const READ_PACK: usize = 16;

/// Who reads.
#[derive(Clone)]
pub(crate) enum Reader {
    /// A model, for the values of closed questions.
    Model(Arc<dyn Reads + Send + Sync>),
    /// The table of phrases, for conditions.
    Phrases(Arc<Phrases>),
}

impl Reader {
    /// The readers that there are: the table always, the model where one is installed.
    pub(crate) fn all(models: &LocalModels) -> Result<Vec<Self>> {
        let phrases = Phrases::bundled().context("the bundled table of phrases")?;
        let model = models.reader().map(Self::Model);
        Ok(model.into_iter().chain([Self::Phrases(Arc::new(phrases))]).collect())
    }

    /// What it is called, and the digest by which its readings are known.
    pub(crate) fn id(&self) -> &ModelId {
        match self {
            Self::Model(model) => model.model(),
            Self::Phrases(phrases) => phrases.id(),
        }
    }

    /// What it reads.
    pub(crate) const fn job(&self) -> ReadJob {
        match self {
            Self::Model(_) => ReadJob::Values,
            Self::Phrases(_) => ReadJob::Conditions,
        }
    }

    /// Texts that it has not read, most urgent first.
    pub(crate) fn unread(&self, store: &Store, limit: usize) -> Result<Vec<(i64, String)>> {
        Ok(store.unread(self.job(), self.id(), limit)?)
    }

    /// How many texts there are, and how many it has read.
    pub(crate) fn progress(&self, store: &Store) -> Result<(u64, u64)> {
        Ok(store.reading_progress(self.job(), self.id())?)
    }

    /// Keeps what it read.
    pub(crate) fn keep(&self, store: &mut Store, at: Time, texts: &[ReadText]) -> Result<()> {
        Ok(store.put_readings(self.job(), self.id(), at, texts)?)
    }

    /// Reads some texts. One answer a text: from a model that gives more or fewer nothing is taken.
    pub(crate) fn read(&self, texts: &[(i64, String)]) -> Result<Vec<ReadText>> {
        match self {
            Self::Model(_) if texts.is_empty() => Ok(Vec::new()),
            Self::Model(model) => by_model(model.as_ref(), texts),
            Self::Phrases(phrases) => {
                let row = |(passage, text): &(i64, String)| ReadText {
                    passage: *passage,
                    reading: Reading::default(),
                    conditions: phrases.read(text),
                };
                Ok(texts.iter().map(row).collect())
            }
        }
    }
}

/// What a model reads. A text at which it fails by itself is one that it abstains from, so that no text stands in the way
/// of others; a model that is busy, late or gone is asked again later.
fn by_model(model: &(dyn Reads + Send + Sync), texts: &[(i64, String)]) -> Result<Vec<ReadText>> {
    let plain: Vec<&str> = texts.iter().map(|(_, text)| legible(text)).collect();
    let kept = |passage: i64, reading: Reading| ReadText { passage, reading, conditions: Vec::new() };
    let marks = match (model.marks(&plain), texts) {
        (Ok(marks), _) => marks,
        (Err(error @ (ModelError::Failed(_) | ModelError::TooLong { .. })), [(passage, _)]) => {
            tracing::warn!("{} abstains from a text: {error}", model.model().name);
            return Ok(vec![kept(*passage, Reading::default())]);
        }
        (Err(ModelError::Failed(_) | ModelError::TooLong { .. }), texts) => {
            let alone = texts.chunks(1).map(|one| by_model(model, one));
            return Ok(alone.collect::<Result<Vec<_>>>()?.concat());
        }
        (Err(error), _) => return Err(error.into()),
    };
    anyhow::ensure!(marks.len() == texts.len(), "the model gave {} answers to {} texts", marks.len(), texts.len());
    let thresholds = model.thresholds();
    let rows = texts.iter().zip(&marks);
    Ok(rows.map(|((passage, _), marks)| kept(*passage, Reading::of(marks, &thresholds))).collect())
}

#[cfg(test)]
mod tests;
