//! Why a model was not pulled, and why one source did not do.

use std::io;
use std::path::PathBuf;

use assay_core::ids::Digest;

use super::fetch::FetchError;
use crate::manifest::Terms;

/// Why a model was not pulled.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// Its terms were not accepted.
    #[error("the terms of {model} must be accepted first: {}", terms.url)]
    Terms {
        /// The model's name.
        model: String,
        /// The terms.
        terms: Terms,
    },
    /// Another process pulls it.
    #[error("another process is pulling {model}")]
    Running {
        /// The model's name.
        model: String,
    },
    /// The models folder cannot be written.
    #[error("cannot write in {}", path.display())]
    Write {
        /// The model's folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No source had it.
    #[error("no source has {file}{}", tried.iter().map(|(at, why)| format!("\n  {at}: {}", chain(why))).collect::<String>())]
    NoSource {
        /// The file's name.
        file: String,
        /// The sources that were tried, and why each one failed.
        tried: Vec<(String, SourceError)>,
    },
}

/// Why one source did not give a file.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    /// Nobody answered.
    #[error(transparent)]
    Fetch(FetchError),
    /// The answer was no.
    #[error("{url} answered {status}")]
    Status {
        /// Who was asked.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The connection was cut again and again; what came is kept, and the next pull goes on from it.
    #[error("{url} was cut after {have} bytes")]
    Cut {
        /// Who was asked.
        url: String,
        /// Bytes that are there.
        have: u64,
        /// What the connection said, if anything.
        #[source]
        source: Option<io::Error>,
    },
    /// It gives more bytes than the file has.
    #[error("it has more bytes than the manifest says")]
    TooLong,
    /// It gives fewer bytes than the file has.
    #[error("it has fewer bytes than the manifest says")]
    TooShort,
    /// It gives another file.
    #[error("it hashes to {found}, the manifest says {expected}")]
    Content {
        /// The manifest's digest.
        expected: Digest,
        /// The file's.
        found: Digest,
    },
    /// No Python and no pip can be started.
    #[error("neither Python nor pip can be started; install Python 3 with pip, or choose another source")]
    NoPython,
    /// pip failed.
    #[error("pip could not get {package}: {said}")]
    Pip {
        /// The package.
        package: String,
        /// The last thing that pip said.
        said: String,
    },
    /// The package is not what it should be.
    #[error("package {package} does not have the file")]
    Archive {
        /// The package.
        package: String,
        /// Why not.
        #[source]
        source: zip::result::ZipError,
    },
}

/// A source failed, and another may do; or the disk failed, and none will.
#[derive(Debug)]
pub(super) enum Fault {
    Source(SourceError),
    Disk(io::Error),
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
