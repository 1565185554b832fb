//! What a GGUF file says about itself, read with bounds: a number that is missing, of another type or out of reason is an
//! error with its name.

use candle_core::quantized::gguf_file;
use candle_core::{Error, Result};

/// The largest count that is believed.
const COUNT_MAX: usize = 1_000_000;

/// The keys of one architecture.
pub(super) struct Metadata<'a> {
    file: &'a gguf_file::Content,
    architecture: &'static str,
}

impl<'a> Metadata<'a> {
    pub(super) fn new(file: &'a gguf_file::Content, architecture: &'static str) -> Self {
        Self { file, architecture }
    }

    fn get(&self, key: &str) -> Result<(String, &'a gguf_file::Value)> {
        let key = format!("{}.{key}", self.architecture);
        let value = self.file.metadata.get(&key).ok_or_else(|| Error::msg(format!("no {key}")))?;
        Ok((key, value))
    }

    /// A count of at least one.
    pub(super) fn count(&self, key: &str) -> Result<usize> {
        let (key, value) = self.get(key)?;
        match value.to_u32()? as usize {
            number @ 1..=COUNT_MAX => Ok(number),
            number => candle_core::bail!("{key} is {number}"),
        }
    }

    /// A number.
    pub(super) fn number(&self, key: &str) -> Result<f32> {
        self.get(key)?.1.to_f32()
    }
}

/// The name of the architecture that a file says it has.
pub(super) fn architecture(file: &gguf_file::Content) -> Result<&str> {
    let value = file.metadata.get("general.architecture").ok_or_else(|| Error::msg("no general.architecture"))?;
    Ok(value.to_string()?.as_str())
}
