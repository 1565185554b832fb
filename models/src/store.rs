//! The models folder: one folder a model, one file a file of the manifest. Comes in: a folder. Goes out: what lies
//! in it and whether it is whole. Nothing here writes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use assay_core::ids::Digest;
use sha2::Digest as _;

use crate::manifest::{Manifest, ManifestError, Model, ModelFile};

/// A folder of models. It need not exist.
#[derive(Clone, Debug)]
pub struct ModelStore {
    dir: PathBuf,
}

/// How much of a model is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Every file is there in its full size; after [`ModelStore::verify`] also with the right content.
    Installed,
    /// Nothing is there.
    Missing,
    /// A pull was begun and not finished.
    Partial {
        /// Bytes that are there.
        have: u64,
        /// Bytes of the whole model.
        want: u64,
    },
    /// A file is there that is not the manifest's. It is not used.
    Corrupt {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        why: Flaw,
    },
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Its size is not the manifest's.
    #[error("it has {found} bytes, the manifest says {expected}")]
    Size {
        /// The manifest's size.
        expected: u64,
        /// The file's.
        found: u64,
    },
    /// Its content is not the manifest's.
    #[error("it hashes to {found}, the manifest says {expected}")]
    Content {
        /// The manifest's digest.
        expected: Digest,
        /// The file's.
        found: Digest,
    },
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

impl ModelStore {
    /// A store in this folder.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder of one model.
    pub fn folder(&self, model: &Model) -> PathBuf {
        self.dir.join(&model.name)
    }

    /// Where a file of a model lies once it is installed.
    pub fn path(&self, model: &Model, file: &ModelFile) -> PathBuf {
        self.folder(model).join(&file.name)
    }

    /// Every model of the manifest that is compiled in, with its state by the sizes of its files: cheap, and no
    /// proof. What is loaded is proven by its digest then.
    ///
    /// # Errors
    /// When the manifest cannot be read.
    pub fn list(&self) -> Result<Vec<(&'static Model, State)>, ManifestError> {
        Ok(Manifest::built_in()?.models.iter().map(|model| (model, self.state(model))).collect())
    }

    /// The state of one model by the sizes of its files.
    pub fn state(&self, model: &Model) -> State {
        self.state_by(model, &mut |_, _| Ok(()))
    }

    /// The state of one model by the digests of its files. `progress` hears how many bytes of the model were read.
    pub fn verify(&self, model: &Model, progress: &mut dyn FnMut(u64)) -> State {
        let mut before = 0;
        self.state_by(model, &mut |path, file| {
            let found = File::open(path)
                .and_then(|mut open| digest_of(&mut open, &mut |bytes| progress(before + bytes)))
                .map_err(|error| Flaw::Unreadable(error.to_string()))?;
            before += file.bytes;
            match found == file.sha256 {
                true => Ok(()),
                false => Err(Flaw::Content { expected: file.sha256, found }),
            }
        })
    }

    fn state_by(&self, model: &Model, prove: &mut dyn FnMut(&Path, &ModelFile) -> Result<(), Flaw>) -> State {
        let (mut have, mut whole) = (0, true);
        for file in &model.files {
            let path = self.path(model, file);
            let flaw = match std::fs::metadata(&path) {
                Ok(found) if found.len() == file.bytes => prove(&path, file).err(),
                Ok(found) => Some(Flaw::Size { expected: file.bytes, found: found.len() }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    whole = false;
                    have += std::fs::metadata(part_of(&path)).map_or(0, |part| part.len());
                    continue;
                }
                Err(error) => Some(Flaw::Unreadable(error.to_string())),
            };
            match flaw {
                Some(why) => return State::Corrupt { file: file.name.clone(), why },
                None => have += file.bytes,
            }
        }
        match (whole, have) {
            (true, _) => State::Installed,
            (false, 0) => State::Missing,
            (false, have) => State::Partial { have, want: model.bytes() },
        }
    }
}

/// Where the bytes of a file are gathered until they are proven.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".part");
    path.with_file_name(name)
}

/// The SHA-256 of everything that can be read.
fn digest_of(from: &mut dyn Read, progress: &mut dyn FnMut(u64)) -> io::Result<Digest> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut total = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(Digest::from_bytes(hasher.finalize().into())),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                total += count as u64;
                progress(total);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(files: &[(&str, &[u8])]) -> Model {
        let file = |(name, content): &(&str, &[u8])| ModelFile {
            name: (*name).to_owned(),
            bytes: content.len() as u64,
            sha256: Digest::of_bytes(content),
            hub: None,
            parts: Vec::new(),
        };
        Model {
            name: "m".to_owned(),
            title: "M".to_owned(),
            job: crate::manifest::Job::Plan,
            licence: "Apache-2.0".to_owned(),
            terms: None,
            card: crate::manifest::Card::default(),
            files: files.iter().map(file).collect(),
        }
    }

    #[test]
    fn a_model_is_missing_then_partial_then_installed_then_corrupt() {
        let dir = tempfile::tempdir().unwrap();
        let store = ModelStore::new(dir.path());
        let model = model(&[("a.bin", b"hello"), ("b.bin", b"world!")]);
        assert_eq!(store.state(&model), State::Missing);

        std::fs::create_dir(store.folder(&model)).unwrap();
        std::fs::write(store.path(&model, &model.files[0]), "hello").unwrap();
        std::fs::write(dir.path().join("m/.b.bin.part"), "wor").unwrap();
        assert_eq!(store.state(&model), State::Partial { have: 8, want: 11 });

        std::fs::write(store.path(&model, &model.files[1]), "world!").unwrap();
        assert_eq!(store.state(&model), State::Installed);
        assert_eq!(store.verify(&model, &mut |_| {}), State::Installed);

        std::fs::write(store.path(&model, &model.files[1]), "w0rld!").unwrap();
        assert_eq!(store.state(&model), State::Installed, "sizes alone prove nothing");
        let mut seen = 0;
        let state = store.verify(&model, &mut |bytes| seen = bytes);
        assert!(matches!(state, State::Corrupt { file, why: Flaw::Content { .. } } if file == "b.bin"));
        assert_eq!(seen, 11);

        std::fs::write(store.path(&model, &model.files[0]), "hell").unwrap();
        let why = Flaw::Size { expected: 5, found: 4 };
        assert_eq!(store.state(&model), State::Corrupt { file: "a.bin".to_owned(), why });
    }

    #[test]
    fn every_model_is_missing_from_an_empty_folder() {
        let dir = tempfile::tempdir().unwrap();
        let list = ModelStore::new(dir.path().join("none")).list().unwrap();
        assert!(list.len() >= 3 && list.iter().all(|(_, state)| *state == State::Missing));
    }
}
