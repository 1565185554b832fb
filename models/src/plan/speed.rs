//! How fast the language model is by itself, for the benchmark: a prompt of made-up tokens, then an answer one by one.

use std::time::{Duration, Instant};

use assay_core::ids::Span;
use assay_core::ports::ModelError;

use super::clock::deadline;
use super::{LocalPlanner, Past, said};

/// What a measurement may take at most.
const PATIENCE: Span = Span::minutes(10);
/// Rows of the output matrix that are computed at each step, as many as there are letters.
const LEGAL: u32 = 26;

/// How long each part took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// The prompt as a whole.
    pub prompt: Duration,
    /// All tokens after it.
    pub answer: Duration,
}

impl LocalPlanner {
    /// Reads so many tokens at once, then so many one after the other, each chosen among 26.
    ///
    /// # Errors
    /// When the model is busy or fails.
    pub fn speed(&self, prompt: usize, answer: usize) -> Result<Speed, ModelError> {
        let until = deadline(PATIENCE);
        let _held = self.permit(until)?;
        let failed = |stop| said(stop, PATIENCE);
        let vocabulary = u32::try_from(self.model.vocabulary()).unwrap_or(u32::MAX).max(LEGAL + 1);
        let tokens: Vec<u32> = (0..prompt.max(1) as u32).map(|i| i.wrapping_mul(7) % (vocabulary - 1) + 1).collect();
        let legal: Vec<u32> = (1..=LEGAL).collect();
        let begun = Instant::now();
        let (mut past, mut state) = self.model.extend(&Past::default(), &tokens, until).map_err(failed)?;
        let read = begun.elapsed();
        let begun = Instant::now();
        for _ in 0..answer {
            let logits = self.model.logits(&state, &legal).map_err(|error| said(error.into(), PATIENCE))?;
            let best = logits.iter().zip(&legal).max_by(|a, b| a.0.total_cmp(b.0)).map_or(1, |(_, token)| *token);
            (past, state) = self.model.extend(&past, &[best], until).map_err(failed)?;
        }
        Ok(Speed { prompt: read, answer: begun.elapsed() })
    }
}
