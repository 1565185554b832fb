//! What is learned, as one list of numbers: low-rank additions to every matrix of the encoder (Hu and others, "LoRA",
//! 2021), its biases and norms, and the heads. Gradients and moments are lists of the same length.

use candle_core::{Device, Result, Tensor};

/// Where a matrix stands in the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) at: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Slot {
    pub(crate) fn of<'a>(&self, all: &'a [f32]) -> &'a [f32] {
        &all[self.at..self.at + self.rows * self.columns]
    }

    pub(crate) fn of_mut<'a>(&self, all: &'a mut [f32]) -> &'a mut [f32] {
        &mut all[self.at..self.at + self.rows * self.columns]
    }

    pub(crate) fn tensor(&self, all: &[f32]) -> Result<Tensor> {
        Tensor::from_slice(self.of(all), (self.rows, self.columns), &Device::Cpu)
    }
}

/// A matrix of the encoder: into the low rank, out of it, and the bias.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear {
    pub(crate) into: Slot,
    pub(crate) out: Slot,
    pub(crate) bias: Slot,
}

/// A norm: scale and shift.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Norm {
    pub(crate) scale: Slot,
    pub(crate) shift: Slot,
}

/// One layer of the encoder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    pub(crate) qkv: Linear,
    pub(crate) out: Linear,
    pub(crate) up: Linear,
    pub(crate) down: Linear,
    pub(crate) norms: [Norm; 2],
}

/// The sizes of an encoder and its adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) layers: usize,
    pub(crate) width: usize,
    pub(crate) heads: usize,
    pub(crate) inner: usize,
    pub(crate) rank: usize,
    pub(crate) outputs: usize,
}

/// Where everything stands.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) layers: Vec<Layer>,
    pub(crate) head: Slot,
    pub(crate) head_bias: Slot,
    pub(crate) total: usize,
    /// Every slot by the name that the adapter file gives it.
    pub(crate) named: Vec<(String, Slot)>,
}

impl Layout {
    pub(crate) fn new(sizes: &Sizes) -> Self {
        let mut named: Vec<(String, Slot)> = Vec::new();
        let mut total = 0;
        let mut slot = |name: String, rows: usize, columns: usize| {
            let slot = Slot { at: total, rows, columns };
            total += rows * columns;
            named.push((name, slot));
            slot
        };
        let mut layers = Vec::new();
        for i in 0..sizes.layers {
            let mut linear = |name: &str, from: usize, to: usize| Linear {
                into: slot(format!("layer.{i}.{name}.into"), from, sizes.rank),
                out: slot(format!("layer.{i}.{name}.out"), sizes.rank, to),
                bias: slot(format!("layer.{i}.{name}.bias"), 1, to),
            };
            let (width, inner) = (sizes.width, sizes.inner);
            let [qkv, out] = [linear("qkv", width, 3 * width), linear("attended", width, width)];
            let [up, down] = [linear("up", width, inner), linear("down", inner, width)];
            let norms = ["attended_norm", "norm"].map(|name| Norm {
                scale: slot(format!("layer.{i}.{name}.scale"), 1, width),
                shift: slot(format!("layer.{i}.{name}.shift"), 1, width),
            });
            layers.push(Layer { qkv, out, up, down, norms });
        }
        let head = slot("head".to_owned(), sizes.width, sizes.outputs);
        let head_bias = slot("head.bias".to_owned(), 1, sizes.outputs);
        Self { layers, head, head_bias, total, named }
    }
}
