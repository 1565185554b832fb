//! The forward pass of a small Llama over four-bit weights. Comes in: tokens, and what is kept of the tokens before
//! them. Goes out: what is kept after them, and the state of the last one. Keeping is by value: what was kept once
//! can be extended in many ways, so a prefix is computed once and a choice is tried without undoing it.

mod each;

use std::io::{Read, Seek};
use std::time::Instant;

use candle_core::quantized::{QTensor, gguf_file};
use candle_core::{Device, Result, Tensor};
use candle_nn::ops::rms_norm;

use super::heads::{Turns, attend, gated, silu, split};
use super::metadata::Metadata;
use super::weight::{Scratch, Weight};

/// Why a pass ended before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The deadline came.
    Late,
    /// The arithmetic failed.
    Failed(candle_core::Error),
}

impl From<candle_core::Error> for Stop {
    fn from(error: candle_core::Error) -> Self {
        Self::Failed(error)
    }
}

/// The sizes that the file gives, checked against each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    layers: usize,
    width: usize,
    inner: usize,
    /// Heads of the queries.
    pub(super) heads: usize,
    /// Heads of keys and values; each serves the same number of query heads.
    pub(super) key_heads: usize,
    /// Numbers in a head.
    pub(super) head: usize,
    epsilon: f32,
    /// The base of the rotation's frequencies.
    pub(super) theta: f32,
}

/// The model.
pub(super) struct Llama {
    sizes: Sizes,
    /// One row a token: the way in, and by the same rows the way out.
    words: QTensor,
    norm: Tensor,
    layers: Vec<Layer>,
}

struct Layer {
    attention_norm: Tensor,
    qkv: Weight,
    out: Weight,
    inner_norm: Tensor,
    gate_up: Weight,
    down: Weight,
}

/// Keys and values of the tokens so far. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Past {
    pub(super) tokens: usize,
    pub(super) layers: Vec<(Tensor, Tensor)>,
}

impl Past {
    /// How many tokens there were.
    pub(super) fn tokens(&self) -> usize {
        self.tokens
    }
}

impl Sizes {
    fn read(file: &gguf_file::Content) -> Result<Self> {
        let of = Metadata::new(file, "llama");
        let sizes = Self {
            layers: of.count("block_count")?,
            width: of.count("embedding_length")?,
            inner: of.count("feed_forward_length")?,
            heads: of.count("attention.head_count")?,
            key_heads: of.count("attention.head_count_kv")?,
            head: of.count("rope.dimension_count")?,
            epsilon: of.number("attention.layer_norm_rms_epsilon")?,
            theta: of.number("rope.freq_base")?,
        };
        let whole = sizes.width == sizes.heads * sizes.head && sizes.heads.is_multiple_of(sizes.key_heads);
        if !whole || !sizes.head.is_multiple_of(2) || !sizes.theta.is_finite() || sizes.theta <= 0.0 {
            candle_core::bail!("its sizes do not fit each other: {sizes:?}");
        }
        Ok(sizes)
    }

    /// Query, key and value of all heads: query and key with pairs turned by their place, the query scaled.
    fn split(&self, qkv: &Tensor, turns: &Turns) -> Result<[Tensor; 3]> {
        let head = self.head;
        let scale = 1.0 / (head as f32).sqrt();
        let turn = |to: &mut [f32], from: &[f32], i: usize, scale: f32| {
            for ((to, from), (sin, cos)) in to.chunks_exact_mut(2).zip(from.chunks_exact(2)).zip(turns.of(i, head)) {
                to[0] = (from[0] * cos - from[1] * sin) * scale;
                to[1] = (from[0] * sin + from[1] * cos) * scale;
            }
        };
        let write = [scale, 1.0].map(|scale| move |to: &mut [f32], from: &[f32], i: usize| turn(to, from, i, scale));
        split(qkv, [self.heads, self.key_heads], head, [&write[0], &write[1]])
    }
}

impl Llama {
    /// Reads the weights of a GGUF file.
    pub(super) fn load<R: Read + Seek>(file: &gguf_file::Content, reader: &mut R) -> Result<Self> {
        let sizes = Sizes::read(file)?;
        let mut get = |name: &str| file.tensor(reader, name, &Device::Cpu);
        let words = get("token_embd.weight")?;
        if words.shape().dims2()?.1 != sizes.width {
            candle_core::bail!("its words have another width than its layers");
        }
        let norm = vector(get("output_norm.weight")?, sizes.width)?;
        let mut layers = Vec::new();
        for i in 0..sizes.layers {
            let mut part = |name: &str| get(&format!("blk.{i}.{name}.weight"));
            layers.push(Layer {
                attention_norm: vector(part("attn_norm")?, sizes.width)?,
                qkv: Weight::stack(&[part("attn_q")?, part("attn_k")?, part("attn_v")?])?
                    .of((sizes.heads + 2 * sizes.key_heads) * sizes.head, sizes.width)?,
                out: Weight::stack(&[part("attn_output")?])?.of(sizes.width, sizes.width)?,
                inner_norm: vector(part("ffn_norm")?, sizes.width)?,
                gate_up: Weight::stack(&[part("ffn_gate")?, part("ffn_up")?])?.of(2 * sizes.inner, sizes.width)?,
                down: Weight::stack(&[part("ffn_down")?])?.of(sizes.width, sizes.inner)?,
            });
        }
        Ok(Self { sizes, words, norm, layers })
    }

    /// How many tokens it knows.
    pub(super) fn vocabulary(&self) -> usize {
        self.words.shape().dims().first().copied().unwrap_or_default()
    }

    /// Reads on: at least one token. Looks at the clock after each layer.
    pub(super) fn extend(
        &self,
        past: &Past,
        tokens: &[u32],
        deadline: Instant,
    ) -> std::result::Result<(Past, Tensor), Stop> {
        let x = self.words.embedding(&Tensor::new(tokens, &Device::Cpu)?)?;
        let weights = self.layers.iter().flat_map(|l| [&l.qkv, &l.out, &l.gate_up, &l.down]);
        let scratch = Scratch::new(tokens.len(), weights)?;
        let turns = Turns::new(past.tokens, tokens.len(), self.sizes.head, self.sizes.theta);
        let (next, last) = through(&self.layers, x, past, deadline, |layer, x, kept| {
            layer.forward(x, kept, &turns, &self.sizes, &scratch)
        })?;
        Ok((next, rms_norm(&last, &self.norm, self.sizes.epsilon)?))
    }

    /// How strongly a state calls for each of these tokens next. Only their rows of the output matrix are read.
    pub(super) fn logits(&self, state: &Tensor, tokens: &[u32]) -> Result<Vec<f32>> {
        logits(&self.words, state, tokens)
    }
}

impl Layer {
    fn forward(
        &self,
        x: &Tensor,
        kept: Option<&(Tensor, Tensor)>,
        turns: &Turns,
        sizes: &Sizes,
        scratch: &Scratch,
    ) -> Result<(Tensor, (Tensor, Tensor))> {
        let qkv = self.qkv.apply(&rms_norm(x, &self.attention_norm, sizes.epsilon)?, scratch)?;
        let (mixed, kept) = attend(sizes.split(&qkv, turns)?, kept, None)?;
        let x = (x + self.out.apply(&mixed, scratch)?)?;
        let inner = self.gate_up.apply(&rms_norm(&x, &self.inner_norm, sizes.epsilon)?, scratch)?;
        let x = (&x + self.down.apply(&gated(&inner, silu)?, scratch)?)?;
        Ok((x, kept))
    }
}

/// New tokens through all layers of an architecture: what is kept after them, and the state of the last one before the
/// last norm. Looks at the clock before each layer.
pub(super) fn through<L>(
    layers: &[L],
    mut x: Tensor,
    past: &Past,
    deadline: Instant,
    forward: impl Fn(&L, &Tensor, Option<&(Tensor, Tensor)>) -> Result<(Tensor, (Tensor, Tensor))>,
) -> std::result::Result<(Past, Tensor), Stop> {
    let count = x.dim(0)?;
    let mut next = Past { tokens: past.tokens + count, layers: Vec::with_capacity(layers.len()) };
    for (i, layer) in layers.iter().enumerate() {
        if Instant::now() >= deadline {
            return Err(Stop::Late);
        }
        let (y, kept) = forward(layer, &x, past.layers.get(i))?;
        x = y;
        next.layers.push(kept);
    }
    Ok((next, x.narrow(0, count.saturating_sub(1), 1)?.contiguous()?))
}

/// How strongly a state calls for each of these tokens. Only their rows of the output matrix are read.
pub(super) fn logits(words: &QTensor, state: &Tensor, tokens: &[u32]) -> Result<Vec<f32>> {
    let rows = words.embedding(&Tensor::new(tokens, &Device::Cpu)?)?;
    state.matmul(&rows.t()?)?.flatten_all()?.to_vec1()
}

/// A norm's factors.
pub(super) fn vector(tensor: QTensor, width: usize) -> Result<Tensor> {
    let tensor = tensor.dequantize(&Device::Cpu)?;
    if tensor.dims1()? != width {
        candle_core::bail!("a norm has {} numbers, {width} are needed", tensor.dims1()?);
    }
    Ok(tensor)
}
