//! The forward pass of a small BERT, for inference only. Comes in: token ids of several texts, one after the other
//! without padding. Goes out: one unit vector a text.

use candle_core::safetensors::SliceSafetensors;
use candle_core::{DType, Device, Result, Tensor};

use super::attend::Attend;
use super::ops::{AddNorm, BiasGelu};

/// all-MiniLM-L6-v2: what its config.json says. The tensors are checked against it when they are loaded.
pub(super) const LAYERS: usize = 6;
pub(super) const WIDTH: usize = 384;
const HEADS: usize = 12;
const INNER: usize = 1536;
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
    pub(super) fn load(file: &[u8]) -> Result<Self> {
        let tensors = Tensors(SliceSafetensors::new(file)?);
        let types = tensors.get("embeddings.token_type_embeddings.weight", (2, WIDTH))?;
        let positions = tensors.get("embeddings.position_embeddings.weight", (POSITIONS, WIDTH))?;
        let norm =
            [tensors.get("embeddings.LayerNorm.weight", WIDTH)?, tensors.get("embeddings.LayerNorm.bias", WIDTH)?];
        Ok(Self {
            words: tensors.get("embeddings.word_embeddings.weight", (WORDS, WIDTH))?,
            positions: positions.broadcast_add(&types.get(0)?)?,
            norm: Tensor::stack(&[&norm[0].zeros_like()?, &norm[0], &norm[1]], 0)?,
            layers: (0..LAYERS).map(|i| Layer::load(&tensors, i)).collect::<Result<_>>()?,
        })
    }

    /// Mean of the last states of each text, brought to length one. `ids` holds the texts one after the other.
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
        Ok(lengths.iter().map(|length| unit_mean(rest.split_off(..length * WIDTH).unwrap_or_default())).collect())
    }
}

impl Layer {
    fn load(tensors: &Tensors<'_>, index: usize) -> Result<Self> {
        let get = |name: &str, rows: usize, columns: usize| -> Result<[Tensor; 2]> {
            let path = format!("encoder.layer.{index}.{name}");
            Ok([tensors.get(&format!("{path}.weight"), (rows, columns))?, tensors.get(&format!("{path}.bias"), rows)?])
        };
        let norm = |name: &str, bias: &Tensor| -> Result<Tensor> {
            let path = format!("encoder.layer.{index}.{name}.LayerNorm");
            let scale = tensors.get(&format!("{path}.weight"), WIDTH)?;
            Tensor::stack(&[bias, &scale, &tensors.get(&format!("{path}.bias"), WIDTH)?], 0)
        };
        let scale = ((WIDTH / HEADS) as f64).sqrt().recip();
        let [q, q_bias] = get("attention.self.query", WIDTH, WIDTH)?;
        let [k, k_bias] = get("attention.self.key", WIDTH, WIDTH)?;
        let [v, v_bias] = get("attention.self.value", WIDTH, WIDTH)?;
        let [out, out_bias] = get("attention.output.dense", WIDTH, WIDTH)?;
        let [up, up_bias] = get("intermediate.dense", INNER, WIDTH)?;
        let [down, down_bias] = get("output.dense", WIDTH, INNER)?;
        Ok(Self {
            qkv: Tensor::cat(&[(q * scale)?, k, v], 0)?.t()?.contiguous()?,
            qkv_bias: Tensor::cat(&[(q_bias * scale)?, k_bias, v_bias], 0)?,
            out: out.t()?.contiguous()?,
            out_norm: norm("attention.output", &out_bias)?,
            up: up.t()?.contiguous()?,
            up_bias,
            down: down.t()?.contiguous()?,
            down_norm: norm("output", &down_bias)?,
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

fn unit_mean(states: &[f32]) -> Vec<f32> {
    let mut mean = vec![0f32; WIDTH];
    for row in states.chunks_exact(WIDTH) {
        mean.iter_mut().zip(row).for_each(|(m, x)| *m += x);
    }
    let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        mean.iter_mut().for_each(|x| *x /= length);
    }
    mean
}
