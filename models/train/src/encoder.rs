//! A BERT whose matrices stay as they are and whose additions are learned. Comes in: the tokens of one text. Goes out:
//! the outputs of all heads, and on the way back the gradient of everything that is learned.

use anyhow::{Context, Result};
use candle_core::safetensors::SliceSafetensors;
use candle_core::{DType, Device, Tensor};

use crate::params::{Layout, Linear, Norm, Sizes};
use crate::steps::{
    Attended, Normed, add, add_columns, attend, attend_back, gelu, gelu_back, matrix, norm, norm_back, numbers,
};

/// How much the low-rank additions count, a fixed factor on their learning rate.
pub(crate) const SCALE: f32 = 2.0;
const EPSILON: f32 = 1e-12;

/// The weights that stay.
pub(crate) struct Frozen {
    words: Tensor,
    positions: Tensor,
    norm: [Vec<f32>; 2],
    layers: Vec<Matrices>,
}

/// The matrices of one layer, a column an output.
struct Matrices {
    qkv: Tensor,
    out: Tensor,
    up: Tensor,
    down: Tensor,
}

/// What is learned as it stands now, ready for products.
pub(crate) struct Live<'a> {
    sizes: Sizes,
    layout: &'a Layout,
    params: &'a [f32],
    /// Into and out of the low rank, four pairs a layer.
    pairs: Vec<[(Tensor, Tensor); 4]>,
    head: Tensor,
}

impl<'a> Live<'a> {
    pub(crate) fn new(sizes: Sizes, layout: &'a Layout, params: &'a [f32]) -> Result<Self> {
        let pair = |linear: &Linear| -> Result<_> { Ok((linear.into.tensor(params)?, linear.out.tensor(params)?)) };
        let pairs = layout.layers.iter().map(|l| Ok([pair(&l.qkv)?, pair(&l.out)?, pair(&l.up)?, pair(&l.down)?]));
        Ok(Self { sizes, layout, params, pairs: pairs.collect::<Result<_>>()?, head: layout.head.tensor(params)? })
    }

    /// How many numbers are learned.
    pub(crate) fn total(&self) -> usize {
        self.layout.total
    }

    /// Numbers in a state.
    pub(crate) fn width(&self) -> usize {
        self.sizes.width
    }
}

/// What a layer keeps for the way back.
struct Kept {
    x: Tensor,
    qkv_low: Tensor,
    attended: Attended,
    context: Tensor,
    out_low: Tensor,
    first: Normed,
    y: Tensor,
    up_low: Tensor,
    inner: Vec<f32>,
    active: Tensor,
    down_low: Tensor,
    second: Normed,
}

/// What a text keeps for the way back.
pub(crate) struct Trace {
    rows: usize,
    layers: Vec<Kept>,
    /// The mean of the last states as the heads saw it.
    pub(crate) mean: Vec<f32>,
    /// The outputs of all heads.
    pub(crate) outputs: Vec<f32>,
}

impl Frozen {
    /// Reads the published weights; goes out with what is learned at its start: biases and norms as published, the way
    /// out of the low rank and the heads at zero, the way in drawn by `draw` (numbers between -1 and 1).
    pub(crate) fn load(
        file: &[u8],
        sizes: &Sizes,
        layout: &Layout,
        draw: &mut dyn FnMut() -> f32,
    ) -> Result<(Self, Vec<f32>)> {
        let tensors = SliceSafetensors::new(file)?;
        let get = |name: &str| -> Result<Tensor> {
            let tensor = tensors.load(name, &Device::Cpu).with_context(|| format!("the weights have no {name}"))?;
            Ok(tensor.to_dtype(DType::F32)?)
        };
        let list = |name: &str| -> Result<Vec<f32>> { Ok(numbers(&get(name)?)?) };
        let mut params = vec![0f32; layout.total];
        let mut layers = Vec::new();
        for (i, slots) in layout.layers.iter().enumerate() {
            let path = |name: &str| format!("encoder.layer.{i}.{name}");
            let weight = |name: &str| get(&path(&format!("{name}.weight")));
            let three = ["query", "key", "value"].map(|part| format!("attention.self.{part}"));
            let mut bias = Vec::new();
            for part in &three {
                bias.extend(list(&path(&format!("{part}.bias")))?);
            }
            let [q, k, v] = [weight(&three[0])?, weight(&three[1])?, weight(&three[2])?];
            slots.qkv.bias.of_mut(&mut params).copy_from_slice(&bias);
            for (linear, name) in
                [(slots.out, "attention.output.dense"), (slots.up, "intermediate.dense"), (slots.down, "output.dense")]
            {
                linear.bias.of_mut(&mut params).copy_from_slice(&list(&path(&format!("{name}.bias")))?);
            }
            for (norm, name) in slots.norms.iter().zip(["attention.output.LayerNorm", "output.LayerNorm"]) {
                norm.scale.of_mut(&mut params).copy_from_slice(&list(&path(&format!("{name}.weight")))?);
                norm.shift.of_mut(&mut params).copy_from_slice(&list(&path(&format!("{name}.bias")))?);
            }
            for linear in [slots.qkv, slots.out, slots.up, slots.down] {
                let bound = (3.0 / linear.into.rows as f32).sqrt();
                linear.into.of_mut(&mut params).iter_mut().for_each(|x| *x = draw() * bound);
            }
            layers.push(Matrices {
                qkv: Tensor::cat(&[q, k, v], 0)?.t()?.contiguous()?,
                out: weight("attention.output.dense")?.t()?.contiguous()?,
                up: weight("intermediate.dense")?.t()?.contiguous()?,
                down: weight("output.dense")?.t()?.contiguous()?,
            });
        }
        let words = get("embeddings.word_embeddings.weight")?;
        anyhow::ensure!(words.dims2()?.1 == sizes.width, "the weights have another width than {}", sizes.width);
        let types = get("embeddings.token_type_embeddings.weight")?;
        let positions = get("embeddings.position_embeddings.weight")?.broadcast_add(&types.get(0)?)?;
        let norm = [list("embeddings.LayerNorm.weight")?, list("embeddings.LayerNorm.bias")?];
        Ok((Self { words, positions, norm, layers }, params))
    }

    /// One text through the encoder. `mask` multiplies the mean of the states: dropout while learning, ones else.
    pub(crate) fn forward(&self, live: &Live<'_>, tokens: &[u32], mask: Option<&[f32]>) -> Result<Trace> {
        let rows = tokens.len();
        let words = self.words.index_select(&Tensor::new(tokens, &Device::Cpu)?, 0)?;
        let x = numbers(&(words + self.positions.narrow(0, 0, rows)?)?)?;
        let (mut x, _) = norm(&x, &self.norm[0], &self.norm[1], EPSILON);
        let mut layers = Vec::with_capacity(self.layers.len());
        for (i, matrices) in self.layers.iter().enumerate() {
            let (out, kept) = layer(matrices, live, i, &x, rows)?;
            x = out;
            layers.push(kept);
        }
        let mut mean = vec![0f32; live.sizes.width];
        add_columns(&mut mean, &x);
        mean.iter_mut().for_each(|x| *x /= rows as f32);
        if let Some(mask) = mask {
            mean.iter_mut().zip(mask).for_each(|(x, m)| *x *= m);
        }
        let mut outputs = numbers(&matrix(&mean, 1)?.matmul(&live.head)?)?;
        add(&mut outputs, live.layout.head_bias.of(live.params), 1.0);
        Ok(Trace { rows, layers, mean, outputs })
    }

    /// Adds the gradient of everything that is learned, given that of the outputs.
    pub(crate) fn backward(
        &self,
        live: &Live<'_>,
        trace: &Trace,
        to_outputs: &[f32],
        mask: Option<&[f32]>,
        grads: &mut [f32],
    ) -> Result<()> {
        add(live.layout.head_bias.of_mut(grads), to_outputs, 1.0);
        for (i, mean) in trace.mean.iter().enumerate() {
            let row = &mut live.layout.head.of_mut(grads)[i * to_outputs.len()..][..to_outputs.len()];
            add(row, to_outputs, *mean);
        }
        let mut to_mean = numbers(&matrix(to_outputs, 1)?.matmul(&live.head.t()?)?)?;
        if let Some(mask) = mask {
            to_mean.iter_mut().zip(mask).for_each(|(x, m)| *x *= m);
        }
        to_mean.iter_mut().for_each(|x| *x /= trace.rows as f32);
        let mut grad = to_mean.repeat(trace.rows);
        for (i, kept) in trace.layers.iter().enumerate().rev() {
            grad = layer_back(&self.layers[i], live, i, kept, &grad, trace.rows, grads)?;
        }
        Ok(())
    }
}

/// A product with its low-rank addition and bias; keeps the state at the low rank.
fn linear(x: &Tensor, matrix: &Tensor, pair: &(Tensor, Tensor), bias: &[f32]) -> Result<(Vec<f32>, Tensor)> {
    let low = x.matmul(&pair.0)?;
    let mut out = numbers(&x.matmul(matrix)?)?;
    add(&mut out, &numbers(&low.matmul(&pair.1)?)?, SCALE);
    out.chunks_exact_mut(bias.len()).for_each(|row| add(row, bias, 1.0));
    Ok((out, low))
}

/// The gradient of [`linear`]'s input; adds those of the pair and the bias.
fn linear_back(
    (x, low): (&Tensor, &Tensor),
    matrix: &Tensor,
    pair: &(Tensor, Tensor),
    slots: &Linear,
    grad: &Tensor,
    grads: &mut [f32],
) -> Result<Vec<f32>> {
    add_columns(slots.bias.of_mut(grads), &numbers(grad)?);
    add(slots.out.of_mut(grads), &numbers(&low.t()?.matmul(grad)?)?, SCALE);
    let to_low = grad.matmul(&pair.1.t()?)?;
    add(slots.into.of_mut(grads), &numbers(&x.t()?.matmul(&to_low)?)?, SCALE);
    let mut out = numbers(&grad.matmul(&matrix.t()?)?)?;
    add(&mut out, &numbers(&to_low.matmul(&pair.0.t()?)?)?, SCALE);
    Ok(out)
}

fn layer(matrices: &Matrices, live: &Live<'_>, i: usize, x: &[f32], rows: usize) -> Result<(Vec<f32>, Kept)> {
    let (slots, pairs) = (&live.layout.layers[i], &live.pairs[i]);
    let of = |slot: &crate::params::Slot| slot.of(live.params);
    let normed = |x: &[f32], n: &Norm| norm(x, of(&n.scale), of(&n.shift), EPSILON);
    let x_rows = matrix(x, rows)?;
    let (qkv, qkv_low) = linear(&x_rows, &matrices.qkv, &pairs[0], of(&slots.qkv.bias))?;
    let (context, attended) = attend(&qkv, rows, live.sizes.heads)?;
    let context = matrix(&context, rows)?;
    let (mut out, out_low) = linear(&context, &matrices.out, &pairs[1], of(&slots.out.bias))?;
    add(&mut out, x, 1.0);
    let (y, first) = normed(&out, &slots.norms[0]);
    let y_rows = matrix(&y, rows)?;
    let (inner, up_low) = linear(&y_rows, &matrices.up, &pairs[2], of(&slots.up.bias))?;
    let active = matrix(&gelu(&inner), rows)?;
    let (mut out, down_low) = linear(&active, &matrices.down, &pairs[3], of(&slots.down.bias))?;
    add(&mut out, &y, 1.0);
    let (z, second) = normed(&out, &slots.norms[1]);
    let kept = Kept {
        x: x_rows,
        qkv_low,
        attended,
        context,
        out_low,
        first,
        y: y_rows,
        up_low,
        inner,
        active,
        down_low,
        second,
    };
    Ok((z, kept))
}

fn layer_back(
    matrices: &Matrices,
    live: &Live<'_>,
    i: usize,
    kept: &Kept,
    grad: &[f32],
    rows: usize,
    grads: &mut [f32],
) -> Result<Vec<f32>> {
    let (slots, pairs) = (&live.layout.layers[i], &live.pairs[i]);
    let normed = |kept: &Normed, n: &Norm, grad: &[f32], grads: &mut [f32]| {
        let (mut scale, mut shift) = (vec![0f32; n.scale.columns], vec![0f32; n.shift.columns]);
        let out = norm_back(kept, n.scale.of(live.params), grad, &mut scale, &mut shift);
        add(n.scale.of_mut(grads), &scale, 1.0);
        add(n.shift.of_mut(grads), &shift, 1.0);
        out
    };
    let sum = normed(&kept.second, &slots.norms[1], grad, grads);
    let pass = matrix(&sum, rows)?;
    let to_active = linear_back((&kept.active, &kept.down_low), &matrices.down, &pairs[3], &slots.down, &pass, grads)?;
    let to_inner = matrix(&gelu_back(&kept.inner, &to_active), rows)?;
    let mut to_y = linear_back((&kept.y, &kept.up_low), &matrices.up, &pairs[2], &slots.up, &to_inner, grads)?;
    add(&mut to_y, &sum, 1.0);
    let sum = normed(&kept.first, &slots.norms[0], &to_y, grads);
    let pass = matrix(&sum, rows)?;
    let to_context = linear_back((&kept.context, &kept.out_low), &matrices.out, &pairs[1], &slots.out, &pass, grads)?;
    let to_qkv = matrix(&attend_back(&kept.attended, &to_context, rows)?, rows)?;
    let mut to_x = linear_back((&kept.x, &kept.qkv_low), &matrices.qkv, &pairs[0], &slots.qkv, &to_qkv, grads)?;
    add(&mut to_x, &sum, 1.0);
    Ok(to_x)
}

#[cfg(test)]
mod tests;
