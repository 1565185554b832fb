//! What the road needs from outside, on one screen. Ports are the only place where an answer can fail or be late;
//! stages never wait.

use crate::environment::EnvironmentRules;
use crate::finding::{Decision, Finding};
use crate::ids::{Digest, Span, Time};
use crate::intel::{FeedState, IntelNote};
use crate::observation::Record;
use crate::order::{Names, StoredRow};
use crate::reading::{Marks, Thresholds};
use crate::records::{Chain, Changed, Imported, Move, Receipt, ReportMeta, StandingDecision};
use crate::scope::Head;
use crate::world::{Watching, World};

/// The ledger: what was reported, what became of it, what people concluded. Every change is one transaction.
pub trait Records {
    /// Why it could not be done. Nothing is half-done then.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Takes in one report. `read` gives records to the closure, which answers false when it wants no more, and then the
    /// head. A repeated key changes nothing.
    ///
    /// # Errors
    /// `E` when reading fails, or the ledger does.
    fn ingest<E: From<Self::Error>>(
        &mut self,
        meta: &ReportMeta,
        read: impl FnOnce(&mut dyn FnMut(Record) -> bool) -> Result<Head, E>,
    ) -> Result<Receipt, E>;

    /// Imports published intelligence.
    ///
    /// # Errors
    /// `E` when reading fails, or the ledger does.
    fn import_feed<E: From<Self::Error>>(
        &mut self,
        sha256: Digest,
        at: Time,
        give: impl FnOnce(&mut dyn FnMut(IntelNote) -> bool) -> Result<Vec<FeedState>, E>,
    ) -> Result<Imported, E>;

    /// Names that rows of findings and facts point to.
    ///
    /// # Errors
    /// When the ledger fails.
    fn names(&self) -> Result<Names, Self::Error>;

    /// The world at an instant.
    ///
    /// # Errors
    /// When the ledger fails.
    fn world(
        &self,
        as_of: Time,
        environments: EnvironmentRules,
        watching: Watching,
        names: &Names,
    ) -> Result<World, Self::Error>;

    /// Every finding, as a row for the rank table.
    ///
    /// # Errors
    /// When the ledger fails.
    fn each_row(&self, as_of: Time, each: impl FnMut(&StoredRow<'_>)) -> Result<(), Self::Error>;

    /// The finding that an id, an old id or the beginning of one names.
    ///
    /// # Errors
    /// When the ledger fails.
    fn find(&self, text: &str) -> Result<Option<i64>, Self::Error>;

    /// The details of some findings, in the order asked for.
    ///
    /// # Errors
    /// When the ledger fails.
    fn details(&self, ids: &[i64], as_of: Time) -> Result<Vec<Finding>, Self::Error>;

    /// Keeps a decision; an earlier one of the same source gives way.
    ///
    /// # Errors
    /// When the ledger fails.
    fn decide(&mut self, finding: i64, decision: &Decision, relies_on: &str, source: &str) -> Result<(), Self::Error>;

    /// Every decision that was not taken back.
    ///
    /// # Errors
    /// When the ledger fails.
    fn standing_decisions(&self) -> Result<Vec<StandingDecision>, Self::Error>;

    /// Takes a decision back, with its cause.
    ///
    /// # Errors
    /// When the ledger fails.
    fn revoke_decision(&mut self, id: i64, at: Time, because: &str, kind: &str) -> Result<(), Self::Error>;

    /// Writes moves of bands, once each.
    ///
    /// # Errors
    /// When the ledger fails.
    fn record_moves(&mut self, at: Time, policy: &str, moves: &[Move]) -> Result<(), Self::Error>;

    /// The moves of a finding, oldest first.
    ///
    /// # Errors
    /// When the ledger fails.
    fn moves_of(&self, finding: i64) -> Result<Vec<(Time, Move)>, Self::Error>;

    /// Changes after a sequence number, oldest first.
    ///
    /// # Errors
    /// When the ledger fails.
    fn changes(&self, after: i64, limit: usize) -> Result<Vec<Changed>, Self::Error>;

    /// Checks every link of the audit chain.
    ///
    /// # Errors
    /// When the ledger fails.
    fn verify_audit(&self) -> Result<Chain, Self::Error>;
}

/// Texts that can be searched, by words and by vectors. They are derived: whatever is lost can be made again.
pub trait Passages {
    /// Why it could not be done.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Texts that have no vector of this model yet, most urgent first.
    ///
    /// # Errors
    /// When the store fails.
    fn without_vector(&self, model: &ModelId, limit: usize) -> Result<Vec<(i64, String)>, Self::Error>;

    /// Keeps vectors of length one.
    ///
    /// # Errors
    /// When the store fails.
    fn put_vectors(&mut self, model: &ModelId, vectors: &[(i64, Vec<f32>)]) -> Result<(), Self::Error>;

    /// The nearest texts of some kinds (none: all), nearest first.
    ///
    /// # Errors
    /// When the store fails.
    fn near(&self, model: &ModelId, vector: &[f32], kinds: &[&str], limit: usize) -> Result<Vec<i64>, Self::Error>;

    /// The texts that hold the rarest words of a question, best first.
    ///
    /// # Errors
    /// When the store fails.
    fn matching(&self, words: &str, kinds: &[&str], limit: usize) -> Result<Vec<i64>, Self::Error>;
}

/// Which model answered: shown wherever it chose.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModelId {
    /// The name that people know: `SmolLM2-135M`.
    pub name: Box<str>,
    /// The digest of its weights.
    pub digest: Digest,
}

/// Why a model gave no answer. Each one leads to the template, labelled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No model is installed.
    #[error("no model is installed")]
    Missing,
    /// It did not answer in time.
    #[error("the model did not answer within {0}")]
    Late(Span),
    /// Too many questions wait already.
    #[error("the model is busy")]
    Busy,
    /// The prompt does not fit.
    #[error("the prompt has {tokens} tokens, the model takes {max}")]
    TooLong {
        /// How many there are.
        tokens: usize,
        /// How many fit.
        max: usize,
    },
    /// Its answer was none of the legal ones.
    #[error("the model's answer was not legal")]
    Illegal,
    /// It failed inside.
    #[error("the model failed: {0}")]
    Failed(Box<str>),
}

/// Turns texts into vectors. Text similarity never enters factors, rank or prompt.
pub trait Embed {
    /// Which model.
    fn model(&self) -> &ModelId;

    /// How many numbers a vector has.
    fn dimensions(&self) -> usize;

    /// One vector of length one per text, in order.
    ///
    /// # Errors
    /// When the model is missing or fails.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError>;
}

/// Reads the description of a CVE record. It answers closed questions with probabilities and writes nothing.
pub trait ReadText {
    /// Which model.
    fn model(&self) -> &ModelId;

    /// What each question's answer must reach to be said, as this model was calibrated.
    fn thresholds(&self) -> Thresholds;

    /// One answer per text, in order. A text is the description of a CVE record, never a scanner's or a tenant's.
    ///
    /// # Errors
    /// When the model is missing or fails.
    fn marks(&self, texts: &[&str]) -> Result<Vec<Marks>, ModelError>;
}

/// A closed answer in the making: what may come next, and what was taken.
pub trait Choices {
    /// The legal continuations, as the text that the model would write. Empty when the answer is whole.
    fn options(&self) -> Vec<String>;

    /// Takes the option at this index of the last [`Choices::options`].
    fn take(&mut self, index: usize);
}

/// Chooses step by step among legal continuations. It cannot write anything else.
pub trait Planner {
    /// Which model.
    fn model(&self) -> &ModelId;

    /// Walks `choices` to their end, taking at each step the option that the model finds most likely after `prompt`.
    ///
    /// # Errors
    /// When the model is missing, busy, fails, or the budget is used up.
    fn choose(&self, prompt: &str, choices: &mut dyn Choices, budget: Span) -> Result<(), ModelError>;
}
