//! MiniLM's row-wise steps as candle operations: bias and activation in one pass, residual and norm in one pass,
//! attention text by text without a padded row.

use candle_core::{CpuStorage, CustomOp2, InplaceOp2, InplaceOp3, Layout, Result, Shape};
use rayon::prelude::*;

use crate::vector::{add_norm, bias_gelu, softmax, wide};

/// Rows that one task takes: enough work to pay for handing it to a thread.
const ROWS_A_TASK: usize = 16;

/// Bias and GELU, in place.
pub(super) struct BiasGelu;

impl InplaceOp2 for BiasGelu {
    fn name(&self) -> &'static str {
        "bias-gelu"
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, xl: &Layout, bias: &CpuStorage, bl: &Layout) -> Result<()> {
        let bias = floats(bias, bl)?;
        floats_mut(x, xl)?.par_chunks_mut(bias.len() * ROWS_A_TASK).for_each(|rows| {
            wide(|| rows.chunks_exact_mut(bias.len()).for_each(|row| bias_gelu(row, bias)));
        });
        Ok(())
    }
}

/// x becomes the norm of x + bias + residual, in place. The third operand holds bias, scale and shift, a row each.
pub(super) struct AddNorm {
    pub(super) epsilon: f32,
}

impl InplaceOp3 for AddNorm {
    fn name(&self) -> &'static str {
        "add-norm"
    }

    fn cpu_fwd(
        &self,
        x: &mut CpuStorage,
        xl: &Layout,
        residual: &CpuStorage,
        rl: &Layout,
        three: &CpuStorage,
        tl: &Layout,
    ) -> Result<()> {
        let (residual, three) = (floats(residual, rl)?, floats(three, tl)?);
        let width = three.len() / 3;
        let (bias, rest) = three.split_at(width);
        let (scale, shift) = rest.split_at(width);
        let tasks =
            floats_mut(x, xl)?.par_chunks_mut(width * ROWS_A_TASK).zip(residual.par_chunks(width * ROWS_A_TASK));
        tasks.for_each(|(rows, residual)| {
            wide(|| {
                for (row, residual) in rows.chunks_exact_mut(width).zip(residual.chunks_exact(width)) {
                    add_norm(row, residual, [bias, scale, shift], self.epsilon);
                }
            });
        });
        Ok(())
    }
}

/// Attention inside each text. Comes in: query, key and value side by side, one row a token, the texts one after
/// the other; and their bias. Goes out: one row a token. Query weights are scaled already.
pub(super) struct Attend<'a> {
    pub(super) lengths: &'a [usize],
    pub(super) heads: usize,
}

impl CustomOp2 for Attend<'_> {
    fn name(&self) -> &'static str {
        "attend"
    }

    fn cpu_fwd(&self, qkv: &CpuStorage, ql: &Layout, bias: &CpuStorage, bl: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, triple) = ql.shape().dims2()?;
        let width = triple / 3;
        let (mut qkv, bias) = (floats(qkv, ql)?, floats(bias, bl)?);
        let mut out = vec![0f32; rows * width];
        let mut rest = out.as_mut_slice();
        let mut texts = Vec::with_capacity(self.lengths.len());
        for length in self.lengths {
            let (text, qkv_rest) = qkv.split_at(length * triple);
            let (out, out_rest) = rest.split_at_mut(length * width);
            (qkv, rest) = (qkv_rest, out_rest);
            texts.push((text, out));
        }
        texts.into_par_iter().for_each(|(text, out)| wide(|| attend(text, bias, out, self.heads)));
        Ok((CpuStorage::F32(out), Shape::from((rows, width))))
    }
}

/// Query rows that are worked on together, so that each key is loaded once for all of them.
const BLOCK: usize = 4;

#[inline(always)]
fn attend(qkv: &[f32], bias: &[f32], out: &mut [f32], heads: usize) {
    let triple = bias.len();
    let width = triple / 3;
    let size = width / heads;
    let count = qkv.len() / triple;
    let padded = count.next_multiple_of(16);
    let mut keys = vec![0f32; size * padded]; // transposed: one row a dimension
    let mut values = vec![0f32; count * size];
    let mut scores = vec![0f32; BLOCK * padded];
    for head in 0..heads {
        let at = |part: usize| part * width + head * size..part * width + (head + 1) * size;
        for (j, row) in qkv.chunks_exact(triple).enumerate() {
            for (d, (k, b)) in row[at(1)].iter().zip(&bias[at(1)]).enumerate() {
                keys[d * padded + j] = k + b;
            }
            for ((to, v), b) in values[j * size..(j + 1) * size].iter_mut().zip(&row[at(2)]).zip(&bias[at(2)]) {
                *to = v + b;
            }
        }
        for start in (0..count).step_by(BLOCK) {
            let block = BLOCK.min(count - start);
            scores.fill(0.0);
            let (s0, tail) = scores.split_at_mut(padded);
            let (s1, tail) = tail.split_at_mut(padded);
            let (s2, s3) = tail.split_at_mut(padded);
            let query = |i: usize, d: usize| {
                let row = (start + i.min(block - 1)) * triple + head * size + d;
                qkv[row] + bias[head * size + d]
            };
            for d in 0..size {
                let [q0, q1, q2, q3] = [query(0, d), query(1, d), query(2, d), query(3, d)];
                let key = &keys[d * padded..(d + 1) * padded];
                for (j, k) in key.iter().enumerate() {
                    s0[j] += q0 * k;
                    s1[j] += q1 * k;
                    s2[j] += q2 * k;
                    s3[j] += q3 * k;
                }
            }
            for i in 0..block {
                let row = &mut scores[i * padded..i * padded + count];
                softmax(row);
                let to = (start + i) * width + head * size;
                let to = &mut out[to..to + size];
                for (p, value) in row.iter().zip(values.chunks_exact(size)) {
                    for (o, v) in to.iter_mut().zip(value) {
                        *o += p * v;
                    }
                }
            }
        }
    }
}

fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let (from, to) = contiguous(layout)?;
    Ok(&storage.as_slice::<f32>()?[from..to])
}

fn floats_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    let (from, to) = contiguous(layout)?;
    match storage {
        CpuStorage::F32(all) => Ok(&mut all[from..to]),
        _ => candle_core::bail!("expected f32"),
    }
}

fn contiguous(layout: &Layout) -> Result<(usize, usize)> {
    layout.contiguous_offsets().ok_or_else(|| candle_core::Error::msg("expected rows without gaps"))
}
