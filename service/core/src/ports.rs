//! What the road needs from outside, on one screen. Ports are the only place where an answer can fail or be late;
//! stages never wait.

use crate::ids::{Digest, Span};

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
