//! From a file of the models folder to bytes that are proven, and what can be wrong on the way to a model in memory.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use assay_core::ids::Digest;

use crate::manifest::{Manifest, ManifestError, Model, ModelFile};
use crate::store::{Flaw, ModelStore};

/// Characters of a parser's own words that are passed on: some of them print all that they read.
const REASON_CHARS_MAX: usize = 300;

/// Why a model was not loaded. Without it the words come from the template and search goes by words.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The manifest cannot be read.
    #[error("the model manifest cannot be used")]
    Manifest(#[source] ManifestError),
    /// The manifest has no model of this name.
    #[error("the model manifest has no model {0:?}")]
    Unknown(String),
    /// It was not pulled yet.
    #[error("model {model} is not installed: {} is missing", path.display())]
    Missing {
        /// The model's name.
        model: String,
        /// The file that is not there.
        path: PathBuf,
    },
    /// A file is there but not the manifest's; pull the model again.
    #[error("{} is not what the manifest names: {flaw}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The content is not a model that this build runs.
    #[error("{} is not a model that can be run: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A letter that names a clause is not one token, so the choice among letters would not be fair.
    #[error("the handle {handle:?} is {tokens} tokens in the vocabulary of {}, it must be one", path.display())]
    Handle {
        /// The file.
        path: PathBuf,
        /// The letter, with or without its space.
        handle: String,
        /// How many tokens it is.
        tokens: usize,
    },
}

/// The model of this name in the manifest that is compiled in.
pub(crate) fn model(name: &str) -> Result<&'static Model, LoadError> {
    let manifest = Manifest::built_in().map_err(LoadError::Manifest)?;
    manifest.model(name).ok_or_else(|| LoadError::Unknown(name.to_owned()))
}

/// The whole file, proven by its digest: no byte of another file reaches a parser.
pub(crate) fn read(store: &ModelStore, model: &Model, file: &ModelFile) -> Result<Vec<u8>, LoadError> {
    let path = store.path(model, file);
    let mut open = match std::fs::File::open(&path) {
        Ok(open) => open,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(LoadError::Missing { model: model.name.clone(), path });
        }
        Err(source) => return Err(LoadError::Read { path, source }),
    };
    let found = open.metadata().map(|data| data.len());
    let flaw = match found {
        Err(source) => return Err(LoadError::Read { path, source }),
        Ok(found) if found != file.bytes => Some(Flaw::Size { expected: file.bytes, found }),
        Ok(_) => None,
    };
    if let Some(flaw) = flaw {
        return Err(LoadError::Corrupt { path, flaw });
    }
    let mut bytes = Vec::with_capacity(file.bytes as usize);
    if let Err(source) = (&mut open).take(file.bytes).read_to_end(&mut bytes) {
        return Err(LoadError::Read { path, source });
    }
    let found = Digest::of_bytes(&bytes);
    if found != file.sha256 {
        return Err(LoadError::Corrupt { path, flaw: Flaw::Content { expected: file.sha256, found } });
    }
    Ok(bytes)
}

/// Runs a parser of foreign bytes. candle's readers assert on a few headers instead of returning an error (an
/// alignment of zero, sizes that overflow); a file of an operator's own manifest must not end the process.
pub(crate) fn parse<T>(path: &Path, f: impl FnOnce() -> candle_core::Result<T>) -> Result<T, LoadError> {
    let reason = match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error.to_string().chars().take(REASON_CHARS_MAX).collect(),
        Err(_) => "its header makes no sense".to_owned(),
    };
    Err(LoadError::Format { path: path.to_owned(), reason })
}
