//! Attention inside each text, text by text, so that no row is padded and no mask is needed.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape};
use rayon::prelude::*;

use super::ops::floats;
use crate::vector::{softmax, wide};

/// Numbers in a head.
const HEAD: usize = 32;
/// Queries that are worked on together, so that each key is loaded once for all of them.
const BLOCK: usize = 4;
/// Keys that are worked on together: one vector instruction or two.
const LANES: usize = 16;

/// Comes in: query, key and value side by side, one row a token, the texts one after the other; and their bias. Goes
/// out: one row a token. Query weights are scaled already.
pub(super) struct Attend<'a> {
    /// The texts' lengths in tokens; together they are the rows.
    pub(super) lengths: &'a [usize],
}

impl CustomOp2 for Attend<'_> {
    fn name(&self) -> &'static str {
        "attend"
    }

    fn cpu_fwd(&self, qkv: &CpuStorage, ql: &Layout, bias: &CpuStorage, bl: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, triple) = ql.shape().dims2()?;
        let width = triple / 3;
        let (mut qkv, bias) = (floats(qkv, ql)?, floats(bias, bl)?);
        if rows != self.lengths.iter().sum::<usize>() || bias.len() != triple || !width.is_multiple_of(HEAD) {
            candle_core::bail!("{rows} rows of {triple} do not fit the texts");
        }
        let mut out = vec![0f32; rows * width];
        let mut rest = out.as_mut_slice();
        let mut texts = Vec::with_capacity(self.lengths.len());
        for length in self.lengths {
            let (text, qkv_rest) = qkv.split_at(length * triple);
            let (out, out_rest) = rest.split_at_mut(length * width);
            (qkv, rest) = (qkv_rest, out_rest);
            texts.push((text, out));
        }
        texts.into_par_iter().for_each(|(text, out)| wide(|| attend(text, bias, out)));
        Ok((CpuStorage::F32(out), Shape::from((rows, width))))
    }
}

/// One text, head by head.
#[inline(always)]
fn attend(qkv: &[f32], bias: &[f32], out: &mut [f32]) {
    let triple = bias.len();
    let width = triple / 3;
    let count = qkv.len() / triple;
    let padded = count.next_multiple_of(LANES);
    let mut keys = vec![0f32; HEAD * padded]; // transposed: one row a dimension
    let mut values = vec![[0f32; HEAD]; count];
    let mut scores = vec![0f32; BLOCK * padded];
    for first in (0..width).step_by(HEAD) {
        let head = |row: &[f32], part: usize| {
            let at = part * width + first;
            let mut head = [0f32; HEAD];
            for ((to, x), b) in head.iter_mut().zip(&row[at..at + HEAD]).zip(&bias[at..at + HEAD]) {
                *to = x + b;
            }
            head
        };
        for (j, (row, value)) in qkv.chunks_exact(triple).zip(&mut values).enumerate() {
            for (d, k) in head(row, 1).into_iter().enumerate() {
                keys[d * padded + j] = k;
            }
            *value = head(row, 2);
        }
        for (rows, out) in qkv.chunks(BLOCK * triple).zip(out.chunks_mut(BLOCK * width)) {
            let mut queries = [[0f32; HEAD]; BLOCK];
            for (query, row) in queries.iter_mut().zip(rows.chunks_exact(triple)) {
                *query = head(row, 0);
            }
            score(&queries, &keys, &mut scores, padded);
            for (scores, out) in scores.chunks_exact_mut(padded).zip(out.chunks_exact_mut(width)) {
                softmax(&mut scores[..count]);
                mix(&scores[..count], &values, &mut out[first..first + HEAD]);
            }
        }
    }
}

/// The product of each query with every key.
#[inline(always)]
fn score(queries: &[[f32; HEAD]; BLOCK], keys: &[f32], scores: &mut [f32], padded: usize) {
    for j in (0..padded).step_by(LANES) {
        let mut sums = [[0f32; LANES]; BLOCK];
        for (d, key) in keys.chunks_exact(padded).enumerate() {
            for (sums, query) in sums.iter_mut().zip(queries) {
                for (sum, k) in sums.iter_mut().zip(&key[j..j + LANES]) {
                    *sum += query[d] * k;
                }
            }
        }
        for (scores, sums) in scores.chunks_exact_mut(padded).zip(&sums) {
            scores[j..j + LANES].copy_from_slice(sums);
        }
    }
}

/// The values' mean by these weights.
#[inline(always)]
fn mix(weights: &[f32], values: &[[f32; HEAD]], out: &mut [f32]) {
    let mut sums = [0f32; HEAD];
    for (weight, value) in weights.iter().zip(values) {
        for (sum, v) in sums.iter_mut().zip(value) {
            *sum += weight * v;
        }
    }
    out.copy_from_slice(&sums);
}
