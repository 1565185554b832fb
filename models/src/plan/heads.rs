//! The steps of a layer that its matrices do not do: rotation by place, attention, the gate.

use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Tensor};
use rayon::prelude::*;

use super::llama::Sizes;
use crate::vector::{exp, softmax, wide, with_floats};

/// Sine and cosine for each new place and each pair of a head.
pub(super) struct Turns {
    turns: Vec<(f32, f32)>,
}

impl Turns {
    /// For `count` tokens after `past` others, in heads of so many numbers, `theta` the base of the frequencies.
    pub(super) fn new(past: usize, count: usize, head: usize, theta: f32) -> Self {
        let frequency = |i: usize| theta.powf(-2.0 * i as f32 / head as f32);
        let frequencies: Vec<f32> = (0..head / 2).map(frequency).collect();
        let at = |place: usize| frequencies.iter().map(move |f| (place as f32 * f).sin_cos());
        Self { turns: (past..past + count).flat_map(at).collect() }
    }

    /// For runs of these lengths that all begin after the same `past` tokens: none of them follows another.
    pub(super) fn each(past: usize, lengths: &[usize], sizes: &Sizes) -> Self {
        let turns = lengths.iter().flat_map(|length| Self::new(past, *length, sizes.head, sizes.theta).turns);
        Self { turns: turns.collect() }
    }

    /// Sines and cosines of the i-th new token on.
    pub(super) fn of(&self, i: usize, head: usize) -> &[(f32, f32)] {
        &self.turns[i * head / 2..][..head / 2]
    }
}

/// Writes one head of one token: where to, where from, which token.
type WriteHead<'a> = &'a (dyn Fn(&mut [f32], &[f32], usize) + Sync);

/// From rows that hold query, key and value of all heads to three tensors of heads. `write` says how a query and a key
/// are written; values stay as they are.
pub(super) fn split(qkv: &Tensor, heads: [usize; 2], head: usize, write: [WriteHead<'_>; 2]) -> Result<[Tensor; 3]> {
    let (count, width) = qkv.dims2()?;
    let [queries, keys] = heads;
    let parts = with_floats(qkv, |rows| {
        let part = |first: usize, heads: usize, write: WriteHead<'_>| {
            let mut out = vec![0f32; heads * count * head];
            out.par_chunks_exact_mut(count * head).enumerate().for_each(|(h, out)| {
                for (i, to) in out.chunks_exact_mut(head).enumerate() {
                    write(to, &rows[i * width + (first + h) * head..][..head], i);
                }
            });
            Tensor::from_vec(out, (heads, count, head), &Device::Cpu)
        };
        let [query, key] = write;
        let value: WriteHead<'_> = &|to, from, _| to.copy_from_slice(from);
        [part(0, queries, query), part(queries, keys, key), part(queries + keys, keys, value)]
    })?;
    let [q, k, v] = parts;
    Ok([q?, k?, v?])
}

/// What the queries take from the values, a row a token, and the keys and values with those `kept` of the tokens before.
/// A token sees at most `window` tokens, itself among them; none: all before it.
pub(super) fn attend(
    [q, k, v]: [Tensor; 3],
    kept: Option<&(Tensor, Tensor)>,
    window: Option<usize>,
) -> Result<(Tensor, (Tensor, Tensor))> {
    let ((heads, count, head), key_heads) = (q.dims3()?, k.dim(0)?);
    let (past, k, v) = match kept {
        Some((keys, values)) => (keys.dim(1)?, Tensor::cat(&[keys, &k], 1)?, Tensor::cat(&[values, &v], 1)?),
        None => (0, k, v),
    };
    // The queries that share a key head stand one after the other, so that one product serves them all.
    let scores = q.reshape((key_heads, heads / key_heads * count, head))?.matmul(&k.transpose(1, 2)?)?;
    scores.inplace_op1(&CausalSoftmax { count, past, window })?;
    let mixed = scores.matmul(&v)?.reshape((heads, count, head))?;
    Ok((mixed.transpose(0, 1)?.reshape((count, heads * head))?, (k, v)))
}

/// gate / (1 + e^-gate): the activation of Llama.
#[inline(always)]
pub(super) fn silu(gate: f32) -> f32 {
    gate / (1.0 + exp(-gate))
}

/// The activation of Gemma: GELU in its form with the hyperbolic tangent.
#[inline(always)]
pub(super) fn gelu(gate: f32) -> f32 {
    // x/2 * (1 + tanh z) is x / (1 + e^-2z).
    let z = 0.797_884_6 * (gate + 0.044_715 * gate * gate * gate);
    gate / (1.0 + exp(-2.0 * z))
}

/// From rows that hold gate and value to the gate's activation times the value.
pub(super) fn gated(inner: &Tensor, activation: impl Fn(f32) -> f32 + Copy + Sync) -> Result<Tensor> {
    let (count, double) = inner.dims2()?;
    let width = double / 2;
    let mut out = vec![0f32; count * width];
    with_floats(inner, |rows| {
        out.par_chunks_exact_mut(width).zip(rows.par_chunks_exact(double)).for_each(|(out, row)| {
            wide(|| {
                let (gate, up) = row.split_at(width);
                for ((o, g), u) in out.iter_mut().zip(gate).zip(up) {
                    *o = activation(*g) * u;
                }
            });
        });
    })?;
    Tensor::from_vec(out, (count, width), &Device::Cpu)
}

/// Scores to weights in place: a token sees those before it and itself. Rows repeat the `count` new tokens.
struct CausalSoftmax {
    count: usize,
    past: usize,
    /// The most tokens that one sees, itself among them; none: all before it.
    window: Option<usize>,
}

impl InplaceOp1 for CausalSoftmax {
    fn name(&self) -> &'static str {
        "causal-softmax"
    }

    fn cpu_fwd(&self, scores: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let width = self.past + self.count;
        let (CpuStorage::F32(scores), Some((from, to))) = (scores, layout.contiguous_offsets()) else {
            candle_core::bail!("expected f32 without gaps")
        };
        scores[from..to].par_chunks_exact_mut(width).enumerate().for_each(|(i, row)| {
            let (seen, unseen) = row.split_at_mut(self.past + i % self.count + 1);
            unseen.fill(0.0);
            let far = self.window.map_or(0, |window| seen.len().saturating_sub(window));
            let (far, seen) = seen.split_at_mut(far);
            far.fill(0.0);
            wide(|| softmax(seen));
        });
        Ok(())
    }
}
