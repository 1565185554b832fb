//! The steps of an encoder that are no product of matrices, forward and back: norm, activation, attention. Slices in,
//! slices out; one text at a time.

use assay_models::vector::{erf, exp, softmax, sum, wide};
use candle_core::{Device, Result, Tensor};

/// A matrix of these rows.
pub(crate) fn matrix(numbers: &[f32], rows: usize) -> Result<Tensor> {
    Tensor::from_slice(numbers, (rows, numbers.len() / rows.max(1)), &Device::Cpu)
}

/// The numbers of a product.
pub(crate) fn numbers(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}

/// Adds `more` times `scale` to `to`.
pub(crate) fn add(to: &mut [f32], more: &[f32], scale: f32) {
    wide(|| to.iter_mut().zip(more).for_each(|(to, more)| *to += more * scale));
}

/// Adds each column's sum.
pub(crate) fn add_columns(to: &mut [f32], rows: &[f32]) {
    rows.chunks_exact(to.len()).for_each(|row| add(to, row, 1.0));
}

/// What a norm keeps for the way back.
pub(crate) struct Normed {
    /// The rows at mean 0 and variance 1.
    hat: Vec<f32>,
    /// One over the deviation, a row.
    inverse: Vec<f32>,
}

/// Each row to mean 0 and variance 1, scaled and shifted.
pub(crate) fn norm(x: &[f32], scale: &[f32], shift: &[f32], epsilon: f32) -> (Vec<f32>, Normed) {
    let width = scale.len();
    let (mut out, mut hat) = (vec![0f32; x.len()], vec![0f32; x.len()]);
    let mut inverse = Vec::with_capacity(x.len() / width);
    for ((row, out), hat) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)).zip(hat.chunks_exact_mut(width)) {
        inverse.push(wide(|| {
            let mean = sum(row, |x| x) / width as f32;
            let variance = sum(row, |x| (x - mean) * (x - mean)) / width as f32;
            let inverse = 1.0 / (variance + epsilon).sqrt();
            for (i, x) in row.iter().enumerate() {
                hat[i] = (x - mean) * inverse;
                out[i] = hat[i] * scale[i] + shift[i];
            }
            inverse
        }));
    }
    (out, Normed { hat, inverse })
}

/// The gradient of a norm's input; adds those of scale and shift.
pub(crate) fn norm_back(
    kept: &Normed,
    scale: &[f32],
    grad: &[f32],
    to_scale: &mut [f32],
    to_shift: &mut [f32],
) -> Vec<f32> {
    let width = scale.len();
    let mut out = vec![0f32; grad.len()];
    let rows = grad.chunks_exact(width).zip(kept.hat.chunks_exact(width)).zip(&kept.inverse);
    let mut inner = vec![0f32; width];
    for (((grad, hat), inverse), out) in rows.zip(out.chunks_exact_mut(width)) {
        wide(|| {
            for i in 0..width {
                to_scale[i] += grad[i] * hat[i];
                to_shift[i] += grad[i];
                out[i] = grad[i] * scale[i];
                inner[i] = out[i] * hat[i];
            }
            let (mean, along) = (sum(out, |x| x) / width as f32, sum(&inner, |x| x) / width as f32);
            for i in 0..width {
                out[i] = inverse * (out[i] - mean - hat[i] * along);
            }
        });
    }
    out
}

/// x/2 * (1 + erf(x / sqrt 2)), number by number.
pub(crate) fn gelu(x: &[f32]) -> Vec<f32> {
    let mut out = x.to_vec();
    wide(|| out.iter_mut().for_each(|x| *x = 0.5 * *x * (1.0 + erf(*x * std::f32::consts::FRAC_1_SQRT_2))));
    out
}

/// The gradient of [`gelu`]'s input.
pub(crate) fn gelu_back(x: &[f32], grad: &[f32]) -> Vec<f32> {
    // One over the root of two pi.
    const DENSITY: f32 = 0.398_942_3;
    let mut out = grad.to_vec();
    wide(|| {
        for (g, x) in out.iter_mut().zip(x) {
            let below = 0.5 * (1.0 + erf(*x * std::f32::consts::FRAC_1_SQRT_2));
            *g *= below + x * DENSITY * exp(-0.5 * x * x);
        }
    });
    out
}

/// What attention keeps for the way back: for each head query, key, value and weights.
pub(crate) struct Attended {
    heads: Vec<[Tensor; 4]>,
}

/// Attention of every token of a text to every other. `qkv` holds query, key and value side by side.
pub(crate) fn attend(qkv: &[f32], rows: usize, heads: usize) -> Result<(Vec<f32>, Attended)> {
    let width = qkv.len() / rows / 3;
    let head = width / heads;
    let scale = 1.0 / (head as f32).sqrt();
    let mut out = vec![0f32; rows * width];
    let mut kept = Vec::with_capacity(heads);
    for h in 0..heads {
        let part = |which: usize| take(qkv, 3 * width, which * width + h * head, head).and_then(|x| matrix(&x, rows));
        let [q, k, v] = [part(0)?, part(1)?, part(2)?];
        let mut weights = numbers(&q.matmul(&k.t()?)?)?;
        for row in weights.chunks_exact_mut(rows) {
            wide(|| {
                row.iter_mut().for_each(|x| *x *= scale);
                softmax(row);
            });
        }
        let weights = matrix(&weights, rows)?;
        put(&mut out, width, h * head, &numbers(&weights.matmul(&v)?)?, head);
        kept.push([q, k, v, weights]);
    }
    Ok((out, Attended { heads: kept }))
}

/// The gradient of [`attend`]'s input.
pub(crate) fn attend_back(kept: &Attended, grad: &[f32], rows: usize) -> Result<Vec<f32>> {
    let heads = kept.heads.len();
    let width = grad.len() / rows;
    let head = width / heads;
    let scale = 1.0 / (head as f32).sqrt();
    let mut out = vec![0f32; rows * width * 3];
    for (h, [q, k, v, weights]) in kept.heads.iter().enumerate() {
        let grad = matrix(&take(grad, width, h * head, head)?, rows)?;
        let to_v = numbers(&weights.t()?.matmul(&grad)?)?;
        let mut to_scores = numbers(&grad.matmul(&v.t()?)?)?;
        let weights = numbers(weights)?;
        for (row, weights) in to_scores.chunks_exact_mut(rows).zip(weights.chunks_exact(rows)) {
            let along: f32 = row.iter().zip(weights).map(|(g, w)| g * w).sum();
            row.iter_mut().zip(weights).for_each(|(g, w)| *g = w * (*g - along) * scale);
        }
        let to_scores = matrix(&to_scores, rows)?;
        let parts = [numbers(&to_scores.matmul(k)?)?, numbers(&to_scores.t()?.matmul(q)?)?, to_v];
        for (which, part) in parts.iter().enumerate() {
            put(&mut out, 3 * width, which * width + h * head, part, head);
        }
    }
    Ok(out)
}

fn take(rows: &[f32], width: usize, from: usize, count: usize) -> Result<Vec<f32>> {
    Ok(rows.chunks_exact(width).flat_map(|row| &row[from..from + count]).copied().collect())
}

fn put(to: &mut [f32], width: usize, from: usize, rows: &[f32], count: usize) {
    for (to, row) in to.chunks_exact_mut(width).zip(rows.chunks_exact(count)) {
        to[from..from + count].copy_from_slice(row);
    }
}
