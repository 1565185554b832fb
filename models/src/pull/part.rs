//! A file in the making: its bytes gather beside the place where it will lie, are hashed on the way, and take that
//! place in one step when they are the right ones. Nothing that is half written ever has the file's name.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use assay_core::ids::Digest;
use sha2::Digest as _;

use super::error::SourceError;
use crate::manifest::ModelFile;
use crate::store::part_of;

/// The bytes so far.
pub(super) struct Part {
    file: File,
    hasher: sha2::Sha256,
    path: PathBuf,
    target: PathBuf,
    have: u64,
    want: u64,
    expected: Digest,
}

/// Why pouring ended early.
pub(super) enum Spill {
    /// The source failed.
    Source(io::Error),
    /// The source gives more than the file has.
    TooLong,
    /// The disk failed; no other source helps.
    Disk(io::Error),
}

impl Part {
    /// What an earlier pull left, or an empty part.
    pub(super) fn open(target: &Path, file: &ModelFile) -> io::Result<Self> {
        let path = part_of(target);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let mut part = Self {
            file: open,
            hasher: sha2::Sha256::new(),
            path,
            target: target.to_owned(),
            have: 0,
            want: file.bytes,
            expected: file.sha256,
        };
        let mut buffer = vec![0; 1 << 16];
        // No further than the file may reach, whatever lies there.
        while part.have <= part.want {
            let count = part.file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            part.hasher.update(&buffer[..count]);
            part.have += count as u64;
        }
        if part.have > part.want {
            part.clear()?;
        }
        Ok(part)
    }

    pub(super) fn have(&self) -> u64 {
        self.have
    }

    pub(super) fn is_full(&self) -> bool {
        self.have == self.want
    }

    /// Back to nothing.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.hasher = sha2::Sha256::new();
        self.have = 0;
        self.forget_version()
    }

    /// Adds everything that can be read. `progress` hears how many bytes are there.
    pub(super) fn pour(&mut self, from: &mut dyn Read, progress: &mut dyn FnMut(u64)) -> Result<(), Spill> {
        let mut buffer = vec![0; 1 << 18];
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Spill::Source(error)),
            };
            if self.have + count as u64 > self.want {
                return Err(Spill::TooLong);
            }
            self.file.write_all(&buffer[..count]).map_err(Spill::Disk)?;
            self.hasher.update(&buffer[..count]);
            self.have += count as u64;
            progress(self.have);
        }
    }

    /// The file takes its place if its content is right; else everything is thrown away.
    pub(super) fn finish(mut self) -> Result<Result<(), SourceError>, io::Error> {
        let found = Digest::from_bytes(self.hasher.clone().finalize().into());
        if found != self.expected {
            let expected = self.expected;
            self.clear()?;
            std::fs::remove_file(&self.path)?;
            return Ok(Err(SourceError::Content { expected, found }));
        }
        self.file.sync_all()?;
        self.forget_version()?;
        std::fs::rename(&self.path, &self.target)?;
        // The name is durable only when its folder is.
        if let Some(folder) = self.target.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Ok(()))
    }

    /// Which version of which address the bytes are of, when that is known.
    pub(super) fn version_of(&self, url: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.version_path()).ok()?;
        let (of, version) = text.split_once('\n')?;
        (of == url && !version.is_empty()).then(|| version.to_owned())
    }

    /// Writes down which version is being gathered.
    pub(super) fn set_version(&self, url: &str, version: Option<&str>) -> io::Result<()> {
        match version {
            Some(version) => std::fs::write(self.version_path(), format!("{url}\n{version}")),
            None => self.forget_version(),
        }
    }

    fn forget_version(&self) -> io::Result<()> {
        match std::fs::remove_file(self.version_path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn version_path(&self) -> PathBuf {
        self.path.with_extension("version")
    }
}
