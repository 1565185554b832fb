//! The `read` job: closed questions about the text of a CVE record. Comes in: texts. Goes out: a probability for each
//! value of each question. MiniLM reads, changed by an adapter that `models/train` learned and that is compiled in; its
//! card lies beside it in `models/adapters`. It writes no text, and no text can make it answer anything else.

pub(crate) mod adapter;

use std::path::Path;

use assay_core::ids::Digest;
use assay_core::ports::{ModelError, ModelId, ReadText};
use assay_core::reading::{Marks, Thresholds};

use self::adapter::{Adapter, Heads};
use crate::embed::Encoder;
use crate::load::{self, LoadError};
use crate::manifest::{Card, ManifestError};
use crate::store::ModelStore;

/// The adapter that is compiled in.
const ADAPTER: &[u8] = include_bytes!("../../adapters/read-minilm.safetensors");
/// What is to be known about it.
const CARD: &str = include_str!("../../adapters/read-minilm.toml");
/// Its name in errors and on surfaces.
pub const NAME: &str = "read-minilm";

/// The reading model in memory, about 95 MB. Any number of threads may use it at once.
pub struct Reader {
    id: ModelId,
    encoder: Encoder,
    heads: Heads,
}

impl Reader {
    /// Loads the encoder from the models folder and takes the adapter into it.
    ///
    /// # Errors
    /// When the encoder is not installed, not whole, or not the one that the adapter was learned on.
    pub fn load(store: &ModelStore) -> Result<Self, LoadError> {
        Self::with_adapter(store, NAME, ADAPTER)
    }

    /// The same with another adapter, as `models/train` writes them.
    ///
    /// # Errors
    /// As [`Reader::load`], and when the adapter is none.
    pub fn with_adapter(store: &ModelStore, name: &str, bytes: &[u8]) -> Result<Self, LoadError> {
        let path = Path::new(name);
        let adapter = load::parse(path, || Adapter::open(bytes))?;
        let (heads, base) = load::parse(path, || Ok((adapter.heads()?, adapter.base()?)))?;
        let encoder = Encoder::load(store, Some(&adapter))?;
        if base != encoder.weights.bytes() {
            let reason = format!("it was learned on other weights than {}", encoder.weights);
            return Err(LoadError::Format { path: path.to_owned(), reason });
        }
        Ok(Self { id: ModelId { name: name.into(), digest: Digest::of_bytes(bytes) }, encoder, heads })
    }

    /// What is to be known about the adapter.
    ///
    /// # Errors
    /// Never for the card of this build.
    pub fn card() -> Result<Card, ManifestError> {
        toml::from_str(CARD).map_err(|error| ManifestError::Form(error.to_string()))
    }

    /// The adapter's size in bytes.
    pub fn bytes() -> u64 {
        ADAPTER.len() as u64
    }

    /// Which model this is, without loading it.
    pub fn id() -> ModelId {
        ModelId { name: NAME.into(), digest: Digest::of_bytes(ADAPTER) }
    }
}

impl ReadText for Reader {
    fn model(&self) -> &ModelId {
        &self.id
    }

    fn thresholds(&self) -> Thresholds {
        let [automatable, impact, vector, privileges, interaction] = self.heads.thresholds;
        Thresholds { automatable, impact, vector, privileges, interaction }
    }

    fn marks(&self, texts: &[&str]) -> Result<Vec<Marks>, ModelError> {
        let means = self.encoder.means(texts)?;
        means.iter().map(|mean| marks(&self.heads.probabilities(mean))).collect()
    }
}

/// From the outputs in the adapter's order to marks.
fn marks(p: &[f32]) -> Result<Marks, ModelError> {
    let &[_, automatable, _, total, n, a, l, ph, none, low, high, nobody, somebody] = p else {
        return Err(ModelError::Failed(format!("{} outputs instead of 13", p.len()).into()));
    };
    let marks = Marks::new(automatable, total, [n, a, l, ph], [none, low, high], [nobody, somebody]);
    marks.map_err(|error| ModelError::Failed(error.to_string().into()))
}

#[cfg(test)]
mod tests;
