//! A container's files, read so that no path leads out of it. Comes in: a process and paths that a stranger may have
//! prepared with links. Goes out: bounded text and bytes. The kernel resolves every link inside the container's own root.
//! Everything that one pass reads and inflates, every line and every opened file comes out of one allowance: it bounds
//! the time of a pass, not only its memory.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, fstat, open, openat2};

/// The most bytes that one pass over a container's packages reads and inflates, with what lines, names and files cost
/// besides.
pub const PASS_BYTES_MAX: u64 = 256 << 20;
/// The most bytes of one file that is read whole.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// The most bytes of one line.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// What a line costs of the pass's allowance besides its bytes: many short ones take long.
const LINE_COST: u64 = 64;
/// What a name in a folder costs of it.
const NAME_COST: u64 = 256;
/// What it costs of it to open a file, there or not.
const OPEN_COST: u64 = 4 << 10;
/// The most entries of one folder.
const ENTRIES_MAX: usize = 20_000;

/// A container's file tree.
#[derive(Debug)]
pub struct Inside {
    root: OwnedFd,
    left: Cell<u64>,
    was_cut: Cell<bool>,
}

/// A plain file inside: reads come out of the pass's allowance, and none goes over it.
#[derive(Debug)]
pub struct Plain<'i> {
    file: File,
    inside: &'i Inside,
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
        let root = root.map_err(|e| failed(&folder.display().to_string())(e.into()))?;
        Ok(Self { root, left: Cell::new(PASS_BYTES_MAX), was_cut: Cell::new(false) })
    }

    /// True when a bound of the pass was met: what was not found may still be there.
    pub fn was_cut(&self) -> bool {
        self.was_cut.get()
    }

    /// Something that is there was left out.
    pub(super) fn cut(&self) {
        self.was_cut.set(true);
    }

    /// Takes from the pass's allowance.
    ///
    /// # Errors
    /// When it is used up.
    pub(super) fn take(&self, bytes: u64) -> io::Result<()> {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or_default());
        left.map(|_| ()).ok_or_else(|| {
            self.cut();
            io::Error::other("more to read than one pass may")
        })
    }

    /// The first bytes of a file, at most so many.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn bytes(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, InsideError> {
        let mut bytes = Vec::new();
        self.plain(path)?.take(bytes_max).read_to_end(&mut bytes).map_err(failed(path))?;
        Ok(bytes)
    }

    /// Every line of a file, without its end.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn lines(&self, path: &str, mut each: impl FnMut(&str)) -> Result<(), InsideError> {
        let mut reader = BufReader::new(self.plain(path)?.take(FILE_BYTES_MAX));
        let mut line = Vec::new();
        let mut whole = 0_u64;
        loop {
            line.clear();
            let read = (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(failed(path))?;
            whole += read as u64;
            self.take(LINE_COST).map_err(failed(path))?;
            if read == 0 {
                if whole >= FILE_BYTES_MAX {
                    self.cut();
                }
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
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .filter(|name| name != "." && name != "..")
            .take(ENTRIES_MAX + 1)
            .collect();
        if names.len() > ENTRIES_MAX {
            self.cut();
            names.truncate(ENTRIES_MAX);
        }
        self.take(NAME_COST * names.len() as u64).map_err(failed(path))?;
        names.sort();
        Ok(names)
    }

    /// Only plain files: a pipe that somebody put in the place of a list would make the agent wait.
    ///
    /// # Errors
    /// When it is not there, cannot be read or is something else.
    pub fn plain(&self, path: &str) -> Result<Plain<'_>, InsideError> {
        // What it is is known before it is opened: to open a device is already to use it.
        let named = self.open(path, OFlags::PATH)?;
        let kind = fstat(&named).map(|stat| FileType::from_raw_mode(stat.st_mode));
        if kind.map_err(|e| failed(path)(e.into()))? == FileType::RegularFile {
            let file = File::open(format!("/proc/self/fd/{}", named.as_raw_fd())).map_err(failed(path))?;
            return Ok(Plain { file, inside: self });
        }
        Err(failed(path)(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file")))
    }

    fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, InsideError> {
        self.take(OPEN_COST).map_err(failed(path))?;
        // A volume may hang, and nothing on it is of the image.
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
        openat2(&self.root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve).map_err(|e| failed(path)(e.into()))
    }
}

impl Read for Plain<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        self.inside.take(read as u64)?;
        Ok(read)
    }
}

impl Seek for Plain<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

fn failed(path: &str) -> impl Fn(io::Error) -> InsideError {
    let path = path.to_owned();
    move |source| InsideError { path: path.clone(), source }
}
