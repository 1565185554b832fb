//! The forward pass of a small BERT, for inference only. Comes in: token ids of several texts, one after the other
//! without padding. Goes out: the mean state of each text. An adapter's additions are taken into the weights when they
//! are loaded, so they cost nothing later.

use candle_core::safetensors::SliceSafetensors;
use candle_core::{DType, Device, Result, Tensor};

use super::attend::Attend;
use super::ops::{AddNorm, BiasGelu};
use crate::read::adapter::Adapter;

/// all-MiniLM-L6-v2: what its config.json says. The tensors are checked against it when they are loaded.
pub(crate) const LAYERS: usize = 6;
pub(crate) const WIDTH: usize = 384;
const HEADS: usize = 12;
pub(crate) const INNER: usize = 1536;
const WORDS: usize = 30522;
const POSITIONS: usize = 512;
const EPSILON: f32 = 1e-12;

pub(super) struct MiniLm {
    words: Tensor,
    positions: Tensor,
    norm: Tensor,
    layers: Vec<Layer>,
}

struct Layer {
    qkv: Tensor,
    qkv_bias: Tensor,
    out: Tensor,
    out_norm: Tensor,
    up: Tensor,
    up_bias: Tensor,
    down: Tensor,
    down_norm: Tensor,
}

impl MiniLm {
    /// Reads the published weights, changed by the adapter where there is one.
    pub(super) fn load(file: &[u8], adapter: Option<&Adapter<'_>>) -> Result<Self> {
        let tensors = Tensors(SliceSafetensors::new(file)?);
        let types = tensors.get("embeddings.token_type_embeddings.weight", (2, WIDTH))?;
        let positions = tensors.get("embeddings.position_embeddings.weight", (POSITIONS, WIDTH))?;
        let norm =
            [tensors.get("embeddings.LayerNorm.weight", WIDTH)?, tensors.get("embeddings.LayerNorm.bias", WIDTH)?];
        Ok(Self {
            words: tensors.get("embeddings.word_embeddings.weight", (WORDS, WIDTH))?,
            positions: positions.broadcast_add(&types.get(0)?)?,
            norm: Tensor::stack(&[&norm[0].zeros_like()?, &norm[0], &norm[1]], 0)?,
            layers: (0..LAYERS).map(|i| Layer::load(&tensors, i, adapter)).collect::<Result<_>>()?,
        })
    }

    /// Mean of the last states of each text. `ids` holds the texts one after the other.
    pub(super) fn forward(&self, ids: &[u32], lengths: &[usize]) -> Result<Vec<Vec<f32>>> {
        let positions: Vec<u32> = lengths.iter().flat_map(|length| 0..*length as u32).collect();
        let mut x = self.words.index_select(&Tensor::new(ids, &Device::Cpu)?, 0)?;
        let places = self.positions.index_select(&Tensor::new(positions, &Device::Cpu)?, 0)?;
        x.inplace_op3(&places, &self.norm, &AddNorm { epsilon: EPSILON })?;
        for layer in &self.layers {
            x = layer.forward(&x, lengths)?;
        }
        let states = x.flatten_all()?.to_vec1::<f32>()?;
        let mut rest = states.as_slice();
        Ok(lengths.iter().map(|length| mean(rest.split_off(..length * WIDTH).unwrap_or_default())).collect())
    }
}

impl Layer {
    fn load(tensors: &Tensors<'_>, index: usize, adapter: Option<&Adapter<'_>>) -> Result<Self> {
        // A column an output, and its bias.
        let get = |name: &str, rows: usize, columns: usize| -> Result<[Tensor; 2]> {
            let path = format!("encoder.layer.{index}.{name}");
            let weight = tensors.get(&format!("{path}.weight"), (rows, columns))?.t()?;
            Ok([weight, tensors.get(&format!("{path}.bias"), rows)?])
        };
        let changed = |name: &str, [weight, bias]: [Tensor; 2]| -> Result<[Tensor; 2]> {
            let Some(adapter) = adapter else { return Ok([weight.contiguous()?, bias]) };
            let (from, to) = weight.dims2()?;
            let [more, bias] = adapter.linear(index, name, from, to)?;
            Ok([(weight + more)?.contiguous()?, bias])
        };
        let norm = |ours: &str, name: &str, bias: &Tensor| -> Result<Tensor> {
            let path = format!("encoder.layer.{index}.{name}.LayerNorm");
            let published =
                || Ok([tensors.get(&format!("{path}.weight"), WIDTH)?, tensors.get(&format!("{path}.bias"), WIDTH)?]);
            let [scale, shift] = adapter.map_or_else(published, |a| a.norm(index, ours))?;
            Tensor::stack(&[bias, &scale, &shift], 0)
        };
        let [q, q_bias] = get("attention.self.query", WIDTH, WIDTH)?;
        let [k, k_bias] = get("attention.self.key", WIDTH, WIDTH)?;
        let [v, v_bias] = get("attention.self.value", WIDTH, WIDTH)?;
        let three = [Tensor::cat(&[q, k, v], 1)?, Tensor::cat(&[q_bias, k_bias, v_bias], 0)?];
        let [qkv, qkv_bias] = changed("qkv", three)?;
        // The scale of the scores is taken into the query.
        let scale = ((WIDTH / HEADS) as f64).sqrt().recip();
        let scaled = |x: &Tensor, dim: usize| -> Result<Tensor> {
            Tensor::cat(&[(x.narrow(dim, 0, WIDTH)? * scale)?, x.narrow(dim, WIDTH, 2 * WIDTH)?], dim)?.contiguous()
        };
        let [out, out_bias] = changed("attended", get("attention.output.dense", WIDTH, WIDTH)?)?;
        let [up, up_bias] = changed("up", get("intermediate.dense", INNER, WIDTH)?)?;
        let [down, down_bias] = changed("down", get("output.dense", WIDTH, INNER)?)?;
        Ok(Self {
            qkv: scaled(&qkv, 1)?,
            qkv_bias: scaled(&qkv_bias, 0)?,
            out,
            out_norm: norm("attended_norm", "attention.output", &out_bias)?,
            up,
            up_bias,
            down,
            down_norm: norm("norm", "output", &down_bias)?,
        })
    }

    fn forward(&self, x: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let qkv = x.matmul(&self.qkv)?;
        let context = qkv.apply_op2_no_bwd(&self.qkv_bias, &Attend { lengths })?;
        let attended = context.matmul(&self.out)?;
        attended.inplace_op3(x, &self.out_norm, &AddNorm { epsilon: EPSILON })?;
        let inner = attended.matmul(&self.up)?;
        inner.inplace_op2(&self.up_bias, &BiasGelu)?;
        let out = inner.matmul(&self.down)?;
        out.inplace_op3(&attended, &self.down_norm, &AddNorm { epsilon: EPSILON })?;
        Ok(out)
    }
}

struct Tensors<'a>(SliceSafetensors<'a>);

impl Tensors<'_> {
    fn get(&self, name: &str, shape: impl Into<candle_core::Shape>) -> Result<Tensor> {
        let tensor = self.0.load(name, &Device::Cpu)?.to_dtype(DType::F32)?;
        let shape = shape.into();
        if *tensor.shape() != shape {
            candle_core::bail!("tensor {name} has shape {:?}, expected {shape:?}", tensor.shape());
        }
        Ok(tensor)
    }
}

fn mean(states: &[f32]) -> Vec<f32> {
    let count = (states.len() / WIDTH).max(1) as f32;
    let mut mean = vec![0f32; WIDTH];
    for row in states.chunks_exact(WIDTH) {
        mean.iter_mut().zip(row).for_each(|(m, x)| *m += x);
    }
    mean.iter_mut().for_each(|m| *m /= count);
    mean
}
