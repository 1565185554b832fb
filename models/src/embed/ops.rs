//! MiniLM's row-wise steps as candle operations: bias and activation in one pass, residual and norm in one pass.

use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result};
use rayon::prelude::*;

use crate::vector::{add_norm, bias_gelu, wide};

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

pub(super) fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
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
