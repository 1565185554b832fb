//! What was learned on top of the encoder: low-rank additions, biases, norms, heads, and how their outputs become
//! probabilities. Comes in: the bytes of a file that `models/train` wrote. Goes out: tensors of the shapes that the
//! encoder has, or an error that names the first that is not.

use candle_core::safetensors::SliceSafetensors;
use candle_core::{DType, Device, Result, Shape, Tensor};

use crate::embed::minilm::WIDTH;

/// Classes of the questions, in the order of the outputs: automatable, technical impact, attack vector, privileges
/// required, user interaction.
pub(super) const CLASSES: [usize; 5] = [2, 2, 4, 3, 2];
/// All outputs together.
pub(super) const OUTPUTS: usize = 13;

/// An adapter's file.
pub(crate) struct Adapter<'a> {
    file: SliceSafetensors<'a>,
}

/// The heads, and how what they say becomes probabilities.
pub(super) struct Heads {
    /// One row an output.
    weights: Vec<Vec<f32>>,
    biases: Vec<f32>,
    factors: Vec<f32>,
    shifts: Vec<f32>,
    /// The sureness from which an answer is said, a question.
    pub(super) thresholds: [f32; CLASSES.len()],
}

impl<'a> Adapter<'a> {
    /// Looks at the file's directory; tensors are read when they are asked for.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self> {
        Ok(Self { file: SliceSafetensors::new(bytes)? })
    }

    /// The digest of the weights that it was learned on.
    pub(super) fn base(&self) -> Result<Vec<u8>> {
        self.file.load("base", &Device::Cpu)?.to_vec1()
    }

    /// What is added to a matrix, a column an output, and the bias in place of the published one.
    pub(crate) fn linear(&self, layer: usize, name: &str, from: usize, to: usize) -> Result<[Tensor; 2]> {
        let path = format!("layer.{layer}.{name}");
        let into = self.any(&format!("{path}.into"))?;
        let rank = into.dims2()?.1;
        let out = self.get(&format!("{path}.out"), (rank, to))?;
        if into.dims2()?.0 != from {
            candle_core::bail!("{path}.into has shape {:?}, expected {from} rows", into.shape());
        }
        Ok([into.matmul(&out)?, self.row(&format!("{path}.bias"), to)?])
    }

    /// A norm's scale and shift.
    pub(crate) fn norm(&self, layer: usize, name: &str) -> Result<[Tensor; 2]> {
        let row = |part: &str| self.row(&format!("layer.{layer}.{name}.{part}"), WIDTH);
        Ok([row("scale")?, row("shift")?])
    }

    /// The heads.
    pub(super) fn heads(&self) -> Result<Heads> {
        let list = |name: &str, count: usize| self.get(name, count)?.to_vec1::<f32>();
        let thresholds = list("calibration.threshold", CLASSES.len())?;
        let mut each = [0f32; CLASSES.len()];
        each.copy_from_slice(&thresholds);
        Ok(Heads {
            weights: self.get("head", (WIDTH, OUTPUTS))?.t()?.to_vec2()?,
            biases: self.row("head.bias", OUTPUTS)?.to_vec1()?,
            factors: list("calibration.factor", CLASSES.len())?,
            shifts: list("calibration.shift", OUTPUTS)?,
            thresholds: each,
        })
    }

    fn any(&self, name: &str) -> Result<Tensor> {
        self.file.load(name, &Device::Cpu)?.to_dtype(DType::F32)
    }

    fn get(&self, name: &str, shape: impl Into<Shape>) -> Result<Tensor> {
        let (tensor, shape) = (self.any(name)?, shape.into());
        if *tensor.shape() != shape {
            candle_core::bail!("{name} has shape {:?}, expected {shape:?}", tensor.shape());
        }
        Ok(tensor)
    }

    fn row(&self, name: &str, count: usize) -> Result<Tensor> {
        self.get(name, (1, count))?.squeeze(0)
    }
}

impl Heads {
    /// The probabilities of every class of every question, one after the other.
    pub(super) fn probabilities(&self, mean: &[f32]) -> Vec<f32> {
        let mut out: Vec<f32> = self
            .weights
            .iter()
            .zip(&self.biases)
            .map(|(row, bias)| row.iter().zip(mean).map(|(w, x)| w * x).sum::<f32>() + bias)
            .collect();
        let mut rest = out.as_mut_slice();
        let mut shifts = self.shifts.as_slice();
        for (classes, factor) in CLASSES.iter().zip(&self.factors) {
            let (question, more) = rest.split_at_mut(*classes);
            let (shift, others) = shifts.split_at(*classes);
            question.iter_mut().zip(shift).for_each(|(x, s)| *x = *x * factor + s);
            crate::vector::softmax(question);
            (rest, shifts) = (more, others);
        }
        out
    }
}
