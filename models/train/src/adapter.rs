//! The file that the product reads. Comes in: what was learned and how its outputs become probabilities. Goes out:
//! safetensors with sixteen-bit pairs, the digest of the weights that they belong to, and nothing that the product does
//! not ask for.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use assay_core::ids::Digest;
use assay_eval::read::questions::{ASKED, QUESTIONS};
use candle_core::{DType, Device, Tensor};

use crate::calibrate::Calibration;
use crate::encoder::SCALE;
use crate::params::Layout;

/// One question's calibration, and the sureness from which the product says the answer.
pub(crate) struct Settled {
    pub(crate) calibration: Calibration,
    pub(crate) threshold: f32,
}

/// Writes it; `base` is the digest of the encoder's weights.
pub(crate) fn write(path: &Path, layout: &Layout, params: &[f32], settled: &[Settled], base: Digest) -> Result<()> {
    let asked: usize = QUESTIONS[..ASKED].iter().map(|q| q.classes.len()).sum();
    let mut tensors: HashMap<String, Tensor> = HashMap::new();
    for (name, slot) in &layout.named {
        let tensor = slot.tensor(params)?;
        let tensor = match name.as_str() {
            "head" | "head.bias" => tensor.narrow(1, 0, asked)?.contiguous()?,
            // The factor of the additions is part of the way out of the low rank.
            _ if name.ends_with(".out") => (tensor * f64::from(SCALE))?.to_dtype(DType::F16)?,
            _ if name.ends_with(".into") => tensor.to_dtype(DType::F16)?,
            _ => tensor,
        };
        tensors.insert(name.clone(), tensor);
    }
    let list = |numbers: Vec<f32>| {
        let count = numbers.len();
        Tensor::from_vec(numbers, count, &Device::Cpu)
    };
    let each = |f: fn(&Settled) -> f32| settled.iter().map(f).collect::<Vec<_>>();
    tensors.insert("calibration.factor".into(), list(each(|s| s.calibration.factor))?);
    tensors.insert("calibration.cut".into(), list(each(|s| s.calibration.cut))?);
    tensors.insert("calibration.threshold".into(), list(each(|s| s.threshold))?);
    let shifts = settled.iter().flat_map(|s| s.calibration.shifts.clone()).collect();
    tensors.insert("calibration.shift".into(), list(shifts)?);
    tensors.insert("base".into(), Tensor::from_slice(base.bytes(), 32, &Device::Cpu)?);
    candle_core::safetensors::save(&tensors, path).with_context(|| format!("cannot write {}", path.display()))
}
