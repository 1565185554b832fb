//! Several texts after one beginning, read at once. Comes in: what was read, and runs of tokens that each follow it and do
//! not know of each other. Goes out: how likely each token of each run is. All runs go through each matrix together, so
//! that the weights are spread once; only the attention is their own.

use std::time::Instant;

use candle_core::{Device, Result, Tensor};
use candle_nn::ops::rms_norm;

use super::super::heads::{Turns, attend, gated, silu};
use super::super::weight::Scratch;
use super::{Llama, Past, Stop};

/// Rows of the output matrix that are spread to f32 at once: 9 MB for a width of 576.
const ROWS_AT_ONCE: usize = 4_096;

impl Llama {
    /// For each run the log of the probability of its tokens: the first after `outlook`, which is the state at the end
    /// of `past`, each other one after those before it.
    pub(in super::super) fn likely(
        &self,
        past: &Past,
        outlook: &Tensor,
        runs: &[Vec<u32>],
        deadline: Instant,
    ) -> std::result::Result<Vec<f32>, Stop> {
        let before_last = |run: &Vec<u32>| run.len().saturating_sub(1);
        let lengths: Vec<usize> = runs.iter().map(before_last).filter(|length| *length > 0).collect();
        let read: Vec<u32> = runs.iter().flat_map(|run| run[..before_last(run)].iter().copied()).collect();
        let mut states = vec![outlook.clone()];
        if !read.is_empty() {
            states.push(self.each(past, &read, &lengths, deadline)?);
        }
        let states = Tensor::cat(&states, 0)?;
        // Row 0 foresees every first token; each row after it the next token of its run.
        let (mut rows, mut next, mut row) = (Vec::new(), Vec::new(), 1);
        for (at, run) in runs.iter().enumerate() {
            for (i, token) in run.iter().enumerate() {
                rows.push((at, if i == 0 { 0 } else { row + i - 1 }));
                next.push(*token);
            }
            row += before_last(run);
        }
        let totals = self.log_totals(&states, deadline)?;
        let chosen = self.words.embedding(&Tensor::new(next.as_slice(), &Device::Cpu)?)?.to_vec2::<f32>()?;
        let states = states.to_vec2::<f32>()?;
        let mut likely = vec![0f32; runs.len()];
        for ((at, row), words) in rows.into_iter().zip(chosen) {
            let logit: f32 = states[row].iter().zip(&words).map(|(a, b)| a * b).sum();
            likely[at] += logit - totals[row];
        }
        if likely.iter().any(|x| !x.is_finite()) {
            return Err(candle_core::Error::msg("the model's numbers are not finite").into());
        }
        Ok(likely)
    }

    /// The states of all tokens of all runs, one run after the other.
    fn each(
        &self,
        past: &Past,
        tokens: &[u32],
        lengths: &[usize],
        deadline: Instant,
    ) -> std::result::Result<Tensor, Stop> {
        let mut x = self.words.embedding(&Tensor::new(tokens, &Device::Cpu)?)?;
        let weights = self.layers.iter().flat_map(|l| [&l.qkv, &l.out, &l.gate_up, &l.down]);
        let scratch = Scratch::new(tokens.len(), weights)?;
        let turns = Turns::each(past.tokens, lengths, &self.sizes);
        for (layer, kept) in self.layers.iter().zip(&past.layers) {
            if Instant::now() >= deadline {
                return Err(Stop::Late);
            }
            let qkv = layer.qkv.apply(&rms_norm(&x, &layer.attention_norm, self.sizes.epsilon)?, &scratch)?;
            let mixed = each_alone(&self.sizes.split(&qkv, &turns)?, kept, lengths)?;
            x = (x + layer.out.apply(&mixed, &scratch)?)?;
            let inner = layer.gate_up.apply(&rms_norm(&x, &layer.inner_norm, self.sizes.epsilon)?, &scratch)?;
            x = (&x + layer.down.apply(&gated(&inner, silu)?, &scratch)?)?;
        }
        Ok(rms_norm(&x, &self.norm, self.sizes.epsilon)?)
    }

    /// For each state the log of the sum of e^logit over the whole vocabulary.
    fn log_totals(&self, states: &Tensor, deadline: Instant) -> std::result::Result<Vec<f32>, Stop> {
        let mut totals: Vec<(f32, f64)> = vec![(f32::NEG_INFINITY, 0.0); states.dim(0)?];
        let end = u32::try_from(self.vocabulary()).unwrap_or(u32::MAX);
        for first in (0..end).step_by(ROWS_AT_ONCE) {
            if Instant::now() >= deadline {
                return Err(Stop::Late);
            }
            let ids = Tensor::arange(first, end.min(first + ROWS_AT_ONCE as u32), &Device::Cpu)?;
            let logits = states.matmul(&self.words.embedding(&ids)?.t()?)?.to_vec2::<f32>()?;
            for ((top, total), row) in totals.iter_mut().zip(logits) {
                let highest = row.iter().copied().fold(*top, f32::max);
                *total *= f64::from(*top - highest).exp();
                *total += row.iter().map(|x| f64::from((x - highest).exp())).sum::<f64>();
                *top = highest;
            }
        }
        Ok(totals.into_iter().map(|(top, total)| top + total.ln() as f32).collect())
    }
}

/// Each run sees what was kept and itself.
fn each_alone([q, k, v]: &[Tensor; 3], kept: &(Tensor, Tensor), lengths: &[usize]) -> Result<Tensor> {
    let (mut mixed, mut first) = (Vec::with_capacity(lengths.len()), 0);
    for count in lengths.iter().copied() {
        let of = |tensor: &Tensor| tensor.narrow(1, first, count);
        mixed.push(attend([of(q)?.contiguous()?, of(k)?, of(v)?], Some(kept), None)?.0);
        first += count;
    }
    Tensor::cat(&mixed, 0)
}
