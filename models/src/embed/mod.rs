//! Texts to vectors by all-MiniLM-L6-v2. Comes in: texts. Goes out: for each a vector of 384 numbers and length one,
//! the mean of its tokens' last states. A text beyond 256 tokens counts by its first 256.

mod attend;
pub(crate) mod minilm;
mod ops;

use std::path::Path;

use assay_core::ids::Digest;
use assay_core::ports::{Embed, ModelError, ModelId};
use tokenizers::{Tokenizer, TruncationParams};

use self::minilm::{MiniLm, WIDTH};
use crate::load::{self, LoadError};
use crate::read::adapter::Adapter;
use crate::store::ModelStore;

/// The model's name in the manifest.
pub const EMBEDDER: &str = "all-minilm-l6-v2";
/// Tokens of a text that count, as the model was trained.
pub const TEXT_TOKENS_MAX: usize = 256;
/// Bytes of a text that are looked at: 256 tokens never need more, and no text can hold up the tokeniser.
const TEXT_BYTES_MAX: usize = 16 * 1024;
/// Tokens that go through the model together. More gains nothing, and costs 20 kB each.
const PACK_TOKENS_MAX: usize = 1024;

/// The embedding model in memory, about 95 MB. Any number of threads may use it at once.
pub struct Embedder {
    id: ModelId,
    encoder: Encoder,
}

/// The encoder and its tokens: what embedding and reading share.
pub(crate) struct Encoder {
    tokenizer: Tokenizer,
    model: MiniLm,
    /// The digest of the published weights.
    pub(crate) weights: Digest,
}

impl Embedder {
    /// Loads it from the models folder; both files are proven by their digests first.
    ///
    /// # Errors
    /// When the model is not installed, not whole, or not what it should be.
    pub fn load(store: &ModelStore) -> Result<Self, LoadError> {
        Ok(Self { id: Self::id()?, encoder: Encoder::load(store, None)? })
    }

    /// Which model this is, without loading it.
    ///
    /// # Errors
    /// When the bundled manifest does not name it.
    pub fn id() -> Result<ModelId, LoadError> {
        let entry = load::model(EMBEDDER)?;
        let weights = entry.files.iter().find(|file| !file.name.ends_with(".json"));
        let weights = weights.ok_or_else(|| LoadError::Unknown(format!("{EMBEDDER} with weights")))?;
        Ok(ModelId { name: entry.title.as_str().into(), digest: weights.sha256 })
    }
}

impl Encoder {
    /// Loads it from the models folder, changed by the adapter where there is one.
    pub(crate) fn load(store: &ModelStore, adapter: Option<&Adapter<'_>>) -> Result<Self, LoadError> {
        let entry = load::model(EMBEDDER)?;
        let mut files = [None, None];
        for file in &entry.files {
            let slot = usize::from(file.name.ends_with(".json"));
            files[slot] = Some((file, store.path(entry, file)));
        }
        let [Some((weights, weights_path)), Some((words, words_path))] = files else {
            return Err(LoadError::Unknown(format!("{EMBEDDER} with weights and a tokenizer")));
        };
        let tokenizer = tokenizer(&words_path, &load::read(store, entry, words)?)?;
        let bytes = load::read(store, entry, weights)?;
        let model = load::parse(&weights_path, || MiniLm::load(&bytes, adapter))?;
        Ok(Self { tokenizer, model, weights: weights.sha256 })
    }

    /// The mean state of each text, in order.
    pub(crate) fn means(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let texts = self.tokens(texts)?;
        let mut means = Vec::with_capacity(texts.len());
        let (mut ids, mut lengths) = (Vec::new(), Vec::new());
        for (i, text) in texts.iter().enumerate() {
            ids.extend_from_slice(text);
            lengths.push(text.len());
            let next = texts.get(i + 1).map_or(usize::MAX, Vec::len);
            if ids.len().saturating_add(next) > PACK_TOKENS_MAX {
                means.extend(self.model.forward(&ids, &lengths).map_err(failed)?);
                ids.clear();
                lengths.clear();
            }
        }
        Ok(means)
    }

    fn tokens(&self, texts: &[&str]) -> Result<Vec<Vec<u32>>, ModelError> {
        let texts = texts.iter().map(|text| &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]).collect();
        let encoded = self.tokenizer.encode_batch_fast::<&str>(texts, true).map_err(failed)?;
        Ok(encoded.iter().map(|text| text.get_ids().to_vec()).collect())
    }
}

impl Embed for Embedder {
    fn model(&self) -> &ModelId {
        &self.id
    }

    fn dimensions(&self) -> usize {
        WIDTH
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let mut vectors = self.encoder.means(texts)?;
        vectors.iter_mut().for_each(|vector| unit(vector));
        Ok(vectors)
    }
}

fn unit(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

/// The tokens of a text, from the bytes of `tokenizer.json`: cut at [`TEXT_TOKENS_MAX`], never filled up.
///
/// # Errors
/// When the bytes are no tokenizer; `path` names the file then.
pub fn tokenizer(path: &Path, bytes: &[u8]) -> Result<Tokenizer, LoadError> {
    let wrong = |error: tokenizers::Error| LoadError::Format { path: path.to_owned(), reason: error.to_string() };
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(wrong)?;
    let cut = TruncationParams { max_length: TEXT_TOKENS_MAX, ..TruncationParams::default() };
    tokenizer.with_truncation(Some(cut)).map_err(wrong)?;
    // The file asks for 128 tokens a text, filled up; our texts lie one after the other without a gap.
    tokenizer.with_padding(None);
    Ok(tokenizer)
}

fn failed(error: impl std::fmt::Display) -> ModelError {
    ModelError::Failed(error.to_string().into())
}

#[cfg(test)]
mod tests;
