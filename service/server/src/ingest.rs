//! Reports from files, folders and standard input into the ledger. A bad file is refused whole with its name, place and
//! reason; good files beside it are kept.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use assay_core::ids::{Digest, Time};
use assay_core::text::Opaque;
use assay_sources::door::SecretDoor;
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, How, ReadError, read};
use assay_sources::sniff::{Format, sniff};
use assay_store::{Receipt, ReportMeta, Store, StoreError};
use sha2::Digest as _;

use crate::sensor;

/// The buffer in front of a report.
const BUFFER_BYTES: usize = 256 << 10;

/// What the person who ingests said about the reports.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) sender: Opaque,
    pub(crate) cluster: &'a Opaque,
    pub(crate) format: Option<Format>,
    pub(crate) source: Option<Opaque>,
    /// A second look: the same bytes count as a new report.
    pub(crate) again: bool,
    /// A key that the client chose, bound to its token.
    pub(crate) key: Option<Digest>,
    pub(crate) received_at: Time,
}

impl<'a> Asked<'a> {
    /// Nothing but who sends and of which cluster: the format is found out, and equal bytes are no second look.
    pub(crate) fn plain(sender: &str, cluster: &'a Opaque, received_at: Time) -> Self {
        let sender = Opaque::readmit(sender);
        Self { sender, cluster, format: None, source: None, again: false, key: None, received_at }
    }
}

/// Why one report was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IngestError {
    /// True when the report is at fault, not the place it should have gone to.
    pub(crate) fn is_input(&self) -> bool {
        matches!(self, Self::Read(_))
    }

    /// What went wrong, with its cause.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::Read(ReadError::Io(cause)) => format!("it cannot be read: {cause}"),
            other => other.to_string(),
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Read(error) => match error {
                ReadError::Io(_) => Some("check the path, and that it may be read"),
                ReadError::Empty => Some("the tool wrote nothing: look at what it said, and run it again"),
                // What can be opened says so already.
                ReadError::Unknown { saw } if saw.contains("unpack") => None,
                ReadError::Unknown { .. } => {
                    Some("`assay ingest --help` lists the formats; --format NAME reads it as one of them")
                }
                ReadError::Syntax { .. } => Some("let the tool write the report again; half a report is never taken"),
                ReadError::Limit { .. } => Some("no report needs that much: look at what wrote it, or split it"),
                // Says what to do already, or is no fault of the report.
                ReadError::Encoding { .. } | ReadError::Stopped => None,
            },
            Self::Store(_) => None,
        }
    }

    /// True when nothing is known about the format: in a folder such files are only listed.
    pub(crate) fn is_unknown_format(&self) -> bool {
        matches!(self, Self::Read(ReadError::Unknown { .. } | ReadError::Empty | ReadError::Encoding { .. }))
    }
}

/// One report that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) format: Format,
    pub(crate) receipt: Receipt,
}

/// Takes in one file.
pub(crate) fn file(store: &mut Store, path: &Path, door: &SecretDoor, asked: &Asked<'_>) -> Result<Taken, IngestError> {
    let mut file = File::open(path).map_err(ReadError::Io)?;
    reader(store, &mut file, door, asked)
}

/// Takes in whatever can be read twice: once for its digest, once for its records.
pub(crate) fn reader<R: Read + Seek>(
    store: &mut Store,
    input: &mut R,
    door: &SecretDoor,
    asked: &Asked<'_>,
) -> Result<Taken, IngestError> {
    let limits = ReadLimits::default();
    let size = input.seek(SeekFrom::End(0)).map_err(ReadError::Io)?;
    if size > limits.report_bytes_max {
        return Err(ReadError::Limit { what: "the report", max: limits.report_bytes_max, unit: "bytes" }.into());
    }
    let sha256 = digest(input)?;
    let format = match asked.format {
        Some(format) => format,
        None => {
            input.rewind().map_err(ReadError::Io)?;
            sniff(&mut BufReader::with_capacity(BUFFER_BYTES, &mut *input), &limits)?
        }
    };
    if format == Format::SensorBatches {
        input.rewind().map_err(ReadError::Io)?;
        let receipt = sensor::stream(store, &mut BufReader::with_capacity(BUFFER_BYTES, input), door, asked)?;
        return Ok(Taken { format, receipt });
    }
    let meta = ReportMeta {
        sender: asked.sender.clone(),
        format: format.as_str(),
        idem_key: asked.key.unwrap_or_else(|| key(asked, format, &sha256)),
        sha256,
        received_at: asked.received_at,
    };
    let receipt = store.ingest(&meta, |take| {
        input.rewind().map_err(ReadError::Io)?;
        let how = How {
            limits: &limits,
            door,
            cluster: asked.cluster,
            source: asked.source.as_ref(),
            received_at: asked.received_at,
        };
        let mut input = BufReader::with_capacity(BUFFER_BYTES, input);
        let head = read(format, &mut input, &how, &mut |record| if take(record) { Flow::More } else { Flow::Stop })?;
        Ok::<_, IngestError>(head)
    })?;
    Ok(Taken { format, receipt })
}

/// Puts standard input into a file that can be read twice, up to the limit.
pub(crate) fn spool(input: &mut dyn Read, folder: &Path) -> Result<tempfile::NamedTempFile, ReadError> {
    let limits = ReadLimits::default();
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let copied = std::io::copy(&mut input.take(limits.report_bytes_max + 1), file.as_file_mut())?;
    if copied > limits.report_bytes_max {
        return Err(ReadError::Limit { what: "the report", max: limits.report_bytes_max, unit: "bytes" });
    }
    file.flush()?;
    Ok(file)
}

/// The files of a folder, in the order of their names.
pub(crate) fn folder(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn digest(input: &mut (impl Read + Seek)) -> Result<Digest, ReadError> {
    input.rewind()?;
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0u8; BUFFER_BYTES];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(Digest::from_bytes(hasher.finalize().into())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// A report is the same report when sender, bytes and everything that decides its scope are the same.
fn key(asked: &Asked<'_>, format: Format, sha256: &Digest) -> Digest {
    let again = if asked.again { asked.received_at.to_string() } else { String::new() };
    let source = asked.source.as_ref().map_or("", Opaque::reveal);
    let fields = [asked.sender.reveal(), asked.cluster.reveal(), source, format.as_str(), &again];
    Digest::of_fields(fields.iter().map(|f| f.as_bytes()).chain([sha256.bytes().as_slice()]))
}
