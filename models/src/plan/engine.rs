//! The architectures that this build runs, behind one door: which one a file holds is what the file says.

use std::io::{Read, Seek};
use std::time::Instant;

use candle_core::quantized::gguf_file;
use candle_core::{Result, Tensor};

use super::gemma::Gemma;
use super::llama::{Llama, Past, Stop};
use super::metadata::architecture;

/// A model in memory.
pub(super) enum Engine {
    Llama(Llama),
    Gemma(Gemma),
}

impl Engine {
    /// Reads the weights of a GGUF file.
    pub(super) fn load<R: Read + Seek>(file: &gguf_file::Content, reader: &mut R) -> Result<Self> {
        match architecture(file)? {
            "llama" => Ok(Self::Llama(Llama::load(file, reader)?)),
            "gemma3" => Ok(Self::Gemma(Gemma::load(file, reader)?)),
            other => candle_core::bail!("its architecture is {other:?}, this build runs llama and gemma3"),
        }
    }

    /// How many tokens it knows.
    pub(super) fn vocabulary(&self) -> usize {
        match self {
            Self::Llama(model) => model.vocabulary(),
            Self::Gemma(model) => model.vocabulary(),
        }
    }

    /// Reads on: at least one token. Looks at the clock after each layer.
    pub(super) fn extend(
        &self,
        past: &Past,
        tokens: &[u32],
        deadline: Instant,
    ) -> std::result::Result<(Past, Tensor), Stop> {
        match self {
            Self::Llama(model) => model.extend(past, tokens, deadline),
            Self::Gemma(model) => model.extend(past, tokens, deadline),
        }
    }

    /// For each run the log of the probability of its tokens after what was read, whose last state is `outlook`.
    pub(super) fn likely(
        &self,
        past: &Past,
        outlook: &Tensor,
        runs: &[Vec<u32>],
        deadline: Instant,
    ) -> std::result::Result<Vec<f32>, Stop> {
        match self {
            Self::Llama(model) => model.likely(past, outlook, runs, deadline),
            Self::Gemma(_) => Err(candle_core::Error::msg("this build weighs phrases with llama only").into()),
        }
    }

    /// How strongly a state calls for each of these tokens next.
    pub(super) fn logits(&self, state: &Tensor, tokens: &[u32]) -> Result<Vec<f32>> {
        match self {
            Self::Llama(model) => model.logits(state, tokens),
            Self::Gemma(model) => model.logits(state, tokens),
        }
    }
}
