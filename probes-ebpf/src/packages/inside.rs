//! A container's files, read so that no path leads out of it. Comes in: a process and paths that a stranger may have
//! prepared with links. Goes out: bounded text. The kernel resolves every link inside the container's own root.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Dir, Mode, OFlags, ResolveFlags, open, openat2};

/// The most bytes of one file.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// The most bytes of one line.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// The most entries of one folder.
const ENTRIES_MAX: usize = 20_000;

/// A container's file tree.
#[derive(Debug)]
pub struct Inside {
    root: OwnedFd,
}

/// A file inside cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path} inside the container cannot be read")]
pub struct InsideError {
    /// Which.
    pub path: String,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl Inside {
    /// The tree as this process sees it.
    ///
    /// # Errors
    /// When the process is gone or may not be looked through.
    pub fn of_process(pid: u32) -> Result<Self, InsideError> {
        Self::at(Path::new(&format!("/proc/{pid}/root")))
    }

    /// The tree below a folder.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn at(folder: &Path) -> Result<Self, InsideError> {
        let root = open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        Ok(Self { root: root.map_err(|e| failed(&folder.display().to_string())(e.into()))? })
    }

    /// A small file as text.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn text(&self, path: &str) -> Result<String, InsideError> {
        let mut bytes = Vec::new();
        self.file(path)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed(path))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Every line of a file, without its end.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn lines(&self, path: &str, mut each: impl FnMut(&str)) -> Result<(), InsideError> {
        let mut reader = BufReader::new(self.file(path)?.take(FILE_BYTES_MAX));
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(failed(path))?;
            if read == 0 {
                return Ok(());
            }
            each(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        }
    }

    /// The names in a folder, sorted.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn names(&self, path: &str) -> Result<Vec<String>, InsideError> {
        let fd = self.open(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let entries = Dir::new(fd).map_err(|e| failed(path)(e.into()))?;
        let mut names: Vec<String> = entries
            .flatten()
            .take(ENTRIES_MAX)
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .filter(|name| name != "." && name != "..")
            .collect();
        names.sort();
        Ok(names)
    }

    /// Only plain files: a pipe that somebody put in the place of a list would make the agent wait.
    fn file(&self, path: &str) -> Result<File, InsideError> {
        let file = File::from(self.open(path, OFlags::RDONLY | OFlags::NONBLOCK)?);
        if file.metadata().map_err(failed(path))?.is_file() {
            return Ok(file);
        }
        Err(failed(path)(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file")))
    }

    fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, InsideError> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        openat2(&self.root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve).map_err(|e| failed(path)(e.into()))
    }
}

fn failed(path: &str) -> impl Fn(io::Error) -> InsideError {
    let path = path.to_owned();
    move |source| InsideError { path: path.clone(), source }
}
