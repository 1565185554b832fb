//! The forward pass of a small Gemma 3. Comes in and goes out what does in `llama`: tokens, what is kept of those
//! before, and the state of the last one. Other than Llama it norms each head and each branch, turns halves of a head
//! instead of pairs, and lets five layers of six see the nearest tokens only.

use std::io::{Read, Seek};
use std::time::Instant;

use candle_core::quantized::{QTensor, gguf_file};
use candle_core::{Device, Result, Tensor};
use candle_nn::ops::rms_norm;

use super::heads::{Turns, attend, gated, gelu, split};
use super::llama::{Past, Stop, logits, through, vector};
use super::metadata::Metadata;
use super::weight::{Scratch, Weight};
use crate::vector::{sum, wide};

/// Every so many layers one sees everything.
const WIDE_EVERY: usize = 6;
/// The base of the frequencies in layers that see the nearest tokens only, where the file does not give it.
const NEAR_THETA: f32 = 10_000.0;
/// The base in the others, where the file does not give it.
const WIDE_THETA: f32 = 1_000_000.0;

/// The sizes that the file gives, checked against each other.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    layers: usize,
    width: usize,
    inner: usize,
    heads: usize,
    key_heads: usize,
    /// Numbers in a head; heads together may be wider than a token's state.
    head: usize,
    /// The most tokens that one sees in a layer that sees the nearest.
    window: usize,
    epsilon: f32,
    near_theta: f32,
    wide_theta: f32,
}

/// The model.
pub(super) struct Gemma {
    sizes: Sizes,
    /// One row a token: the way in, and by the same rows the way out.
    words: QTensor,
    norm: Tensor,
    layers: Vec<Layer>,
}

struct Layer {
    attention_norm: Tensor,
    qkv: Weight,
    query_norm: Vec<f32>,
    key_norm: Vec<f32>,
    out: Weight,
    after_attention: Tensor,
    inner_norm: Tensor,
    gate_up: Weight,
    down: Weight,
    after_inner: Tensor,
    window: Option<usize>,
}

impl Sizes {
    fn read(file: &gguf_file::Content) -> Result<Self> {
        let of = Metadata::new(file, "gemma3");
        let sizes = Self {
            layers: of.count("block_count")?,
            width: of.count("embedding_length")?,
            inner: of.count("feed_forward_length")?,
            heads: of.count("attention.head_count")?,
            key_heads: of.count("attention.head_count_kv")?,
            head: of.count("attention.key_length")?,
            window: of.count("attention.sliding_window")?,
            epsilon: of.number("attention.layer_norm_rms_epsilon")?,
            near_theta: of.number("rope.freq_base_swa").unwrap_or(NEAR_THETA),
            wide_theta: of.number("rope.freq_base").unwrap_or(WIDE_THETA),
        };
        if of.number("rope.scaling.factor").is_ok_and(|factor| factor != 1.0) {
            candle_core::bail!("its places are scaled, which this build does not do");
        }
        let turned = [sizes.near_theta, sizes.wide_theta].iter().all(|theta| theta.is_finite() && *theta > 0.0);
        let whole = sizes.heads.is_multiple_of(sizes.key_heads) && sizes.head.is_multiple_of(2);
        if !whole || !turned || of.count("attention.value_length").is_ok_and(|length| length != sizes.head) {
            candle_core::bail!("its sizes do not fit each other: {sizes:?}");
        }
        Ok(sizes)
    }
}

impl Gemma {
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
                query_norm: vector(part("attn_q_norm")?, sizes.head)?.to_vec1()?,
                key_norm: vector(part("attn_k_norm")?, sizes.head)?.to_vec1()?,
                out: Weight::stack(&[part("attn_output")?])?.of(sizes.width, sizes.heads * sizes.head)?,
                after_attention: vector(part("post_attention_norm")?, sizes.width)?,
                inner_norm: vector(part("ffn_norm")?, sizes.width)?,
                gate_up: Weight::stack(&[part("ffn_gate")?, part("ffn_up")?])?.of(2 * sizes.inner, sizes.width)?,
                down: Weight::stack(&[part("ffn_down")?])?.of(sizes.width, sizes.inner)?,
                after_inner: vector(part("post_ffw_norm")?, sizes.width)?,
                window: (!(i + 1).is_multiple_of(WIDE_EVERY)).then_some(sizes.window),
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
        let Sizes { head, near_theta, wide_theta, .. } = self.sizes;
        let x = (self.words.embedding(&Tensor::new(tokens, &Device::Cpu)?)? * (self.sizes.width as f64).sqrt())?;
        let weights = self.layers.iter().flat_map(|l| [&l.qkv, &l.out, &l.gate_up, &l.down]);
        let scratch = Scratch::new(tokens.len(), weights)?;
        let near = Turns::new(past.tokens, tokens.len(), head, near_theta);
        let wide = Turns::new(past.tokens, tokens.len(), head, wide_theta);
        let (next, last) = through(&self.layers, x, past, deadline, |layer, x, kept| {
            let turns = if layer.window.is_some() { &near } else { &wide };
            layer.forward(x, kept, turns, &self.sizes, &scratch)
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
        let (mixed, kept) = attend(self.split(&qkv, turns, sizes)?, kept, self.window)?;
        let out = self.out.apply(&mixed, scratch)?;
        let x = (x + rms_norm(&out, &self.after_attention, sizes.epsilon)?)?;
        let inner = self.gate_up.apply(&rms_norm(&x, &self.inner_norm, sizes.epsilon)?, scratch)?;
        let down = self.down.apply(&gated(&inner, gelu)?, scratch)?;
        let x = (&x + rms_norm(&down, &self.after_inner, sizes.epsilon)?)?;
        Ok((x, kept))
    }

    /// From rows that hold query, key and value of all heads to three tensors of heads: query and key brought to length
    /// and turned by their place, the query scaled.
    fn split(&self, qkv: &Tensor, turns: &Turns, sizes: &Sizes) -> Result<[Tensor; 3]> {
        let head = sizes.head;
        let scale = 1.0 / (head as f32).sqrt();
        let write = [(&self.query_norm, scale), (&self.key_norm, 1.0)].map(|(norm, scale)| {
            move |to: &mut [f32], from: &[f32], i: usize| {
                wide(|| turn(to, from, norm, turns.of(i, head), (sizes.epsilon, scale)));
            }
        });
        split(qkv, [sizes.heads, sizes.key_heads], head, [&write[0], &write[1]])
    }
}

/// One head of one token: its norm, then its two halves turned against each other.
#[inline(always)]
fn turn(to: &mut [f32], from: &[f32], norm: &[f32], turns: &[(f32, f32)], (epsilon, scale): (f32, f32)) {
    let mean = sum(from, |x| x * x) / from.len() as f32;
    let length = scale / (mean + epsilon).sqrt();
    let half = from.len() / 2;
    for (i, (sin, cos)) in turns.iter().enumerate() {
        let (a, b) = (from[i] * norm[i] * length, from[i + half] * norm[i + half] * length);
        to[i] = a * cos - b * sin;
        to[i + half] = a * sin + b * cos;
    }
}
