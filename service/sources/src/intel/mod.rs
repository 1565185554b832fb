//! Published feeds become notes: CISA's catalogue (KEV), FIRST's scores (EPSS), CVE records with CISA's own container.
//! Comes in: files as they are published, plain or gzip, one or a folder of them. Goes out: notes one by one, and for
//! each feed what was imported and how old it is. Nothing is fetched here.

mod curated;
mod cve;
mod epss;
mod kev;

pub use curated::{BadCurated, Curated};

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use assay_core::ids::Time;
use assay_core::intel::{Feed, FeedState, IntelNote};
use assay_core::scope::Skipped;
use flate2::bufread::MultiGzDecoder;

use crate::door::SecretDoor;
use crate::limits::ReadLimits;
use crate::read::{Flow, ReadError};

/// How much of a feed is looked at to tell which it is.
const HEAD_BYTES: usize = 64 << 10;

/// What an import is told beside the bytes.
pub struct ImportHow<'a> {
    /// Bounds.
    pub limits: &'a ReadLimits,
    /// The door that every string passes.
    pub door: &'a SecretDoor,
    /// When the feed is taken in.
    pub imported_at: Time,
}

/// What an import brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The feeds that were found, each once.
    pub feeds: Vec<FeedState>,
    /// Rows and files that could not be read.
    pub skipped: Vec<Skipped>,
}

/// A feed that cannot be imported.
#[derive(Debug, thiserror::Error)]
#[error("{}", path.display())]
pub struct ImportError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: ReadError,
}

/// Takes in one feed, whichever it is, plain or gzip.
///
/// # Errors
/// When it is no known feed, or breaks its format. Notes given before that must be thrown away by the caller.
pub fn import(
    input: &mut dyn BufRead,
    how: &ImportHow<'_>,
    out: &mut dyn FnMut(IntelNote) -> Flow,
) -> Result<Imported, ReadError> {
    if input.fill_buf()?.starts_with(b"\x1f\x8b") {
        return import_plain(&mut BufReader::new(MultiGzDecoder::new(input)), how, out);
    }
    import_plain(input, how, out)
}

/// The bytes of a file, unpacked where it is gzip.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn plain(path: &Path) -> std::io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::new(File::open(path)?);
    if file.fill_buf()?.starts_with(b"\x1f\x8b") {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

/// Takes in a file, or each file of a folder in the order of their names; links are not followed.
///
/// # Errors
/// When the file cannot be read, or nothing in the folder can.
pub fn import_path(
    path: &Path,
    how: &ImportHow<'_>,
    out: &mut dyn FnMut(IntelNote) -> Flow,
) -> Result<Imported, ImportError> {
    let of_file = |path: &Path, out: &mut dyn FnMut(IntelNote) -> Flow| {
        let open = File::open(path).map_err(ReadError::Io);
        let read = open.and_then(|file| import(&mut BufReader::new(file), how, out));
        read.map_err(|source| ImportError { path: path.to_owned(), source })
    };
    if !path.is_dir() {
        return of_file(path, out);
    }
    let mut all = Imported::default();
    for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
        let entry = entry.map_err(|e| ImportError { path: path.to_owned(), source: ReadError::Io(e.into()) })?;
        if !entry.file_type().is_file() {
            continue;
        }
        match of_file(entry.path(), out) {
            Ok(one) => all.join(one, how.limits),
            Err(ImportError { source: ReadError::Stopped, path }) => {
                return Err(ImportError { path, source: ReadError::Stopped });
            }
            Err(error) => all.skip(how.limits, &error.path.display().to_string(), &error.source.to_string()),
        }
    }
    if all.feeds.is_empty() {
        let source = ReadError::Unknown { saw: "no file of a known feed in this folder" };
        return Err(ImportError { path: path.to_owned(), source });
    }
    Ok(all)
}

fn import_plain(
    input: &mut dyn BufRead,
    how: &ImportHow<'_>,
    out: &mut dyn FnMut(IntelNote) -> Flow,
) -> Result<Imported, ReadError> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    Read::take(&mut *input, HEAD_BYTES as u64).read_to_end(&mut head)?;
    let feed = tell(&head)?;
    let mut whole = BufReader::new(head.as_slice().chain(input));
    let mut taker = Taker { how, out, imported: Imported::default(), unlisted: 0 };
    match feed {
        Feed::Kev => kev::read(&mut whole, &mut taker)?,
        Feed::Epss => epss::read(&mut whole, &mut taker)?,
        _ => cve::read(&mut whole, &mut taker)?,
    }
    Ok(taker.end())
}

/// Which feed begins like this.
fn tell(head: &[u8]) -> Result<Feed, ReadError> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let holds = |needle: &[u8]| text.windows(needle.len()).any(|w| w == needle);
    match text.first() {
        None => Err(ReadError::Empty),
        Some(b'#' | b'c') if text.starts_with(b"#model_version") || text.starts_with(b"cve,epss") => Ok(Feed::Epss),
        Some(b'{' | b'[') if holds(b"\"CVE_RECORD\"") || holds(b"\"cveMetadata\"") => Ok(Feed::CveRecord),
        Some(b'{') if holds(b"\"catalogVersion\"") || holds(b"\"cveID\"") => Ok(Feed::Kev),
        _ => Err(ReadError::Unknown { saw: "neither KEV, EPSS nor CVE records" }),
    }
}

/// Where the notes of one file go.
struct Taker<'a> {
    how: &'a ImportHow<'a>,
    out: &'a mut dyn FnMut(IntelNote) -> Flow,
    imported: Imported,
    unlisted: u64,
}

impl Taker<'_> {
    fn give(&mut self, note: IntelNote) -> Result<(), ReadError> {
        match (self.out)(note) {
            Flow::More => Ok(()),
            Flow::Stop => Err(ReadError::Stopped),
        }
    }

    fn skip(&mut self, locator: String, reason: &str) {
        if self.imported.skipped.len() < self.how.limits.skipped_listed_max {
            self.imported.skipped.push(Skipped { locator: locator.into(), reason: reason.into() });
        } else {
            self.unlisted += 1;
        }
    }

    /// Notes that a feed was read to its end.
    fn done(&mut self, feed: Feed, published: Time, rows: u64) {
        let imported = self.how.imported_at;
        self.imported.feeds.push(FeedState { feed, published, imported, rows });
    }

    fn end(mut self) -> Imported {
        if self.unlisted > 0 {
            let reason = format!("{} more rows could not be read", self.unlisted);
            self.imported.skipped.push(Skipped { locator: "and more".into(), reason: reason.into() });
        }
        self.imported
    }
}

impl Imported {
    /// Adds what another file brought: one state a feed, with the newest date and all rows.
    fn join(&mut self, other: Imported, limits: &ReadLimits) {
        for state in other.feeds {
            match self.feeds.iter_mut().find(|s| s.feed == state.feed) {
                Some(known) => {
                    known.published = known.published.max(state.published);
                    known.rows += state.rows;
                }
                None => self.feeds.push(state),
            }
        }
        for skipped in other.skipped {
            self.skip(limits, &skipped.locator, &skipped.reason);
        }
    }

    fn skip(&mut self, limits: &ReadLimits, locator: &str, reason: &str) {
        if self.skipped.len() < limits.skipped_listed_max {
            self.skipped.push(Skipped { locator: locator.into(), reason: reason.into() });
        }
    }
}
