//! Batches that the service has not acknowledged, on disk. Comes in: drafts. Goes out: files in the order in which they
//! were made, numbered. A file is whole or absent. Over its limits the spool drops what is worth least first, and says
//! which stretch is missing.

mod thin;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use assay_core::batch::SensorBatch;
use assay_core::ids::{Span, Time};
use assay_core::observation::HoleReason;

use crate::coverage::Gap;

pub use thin::{Worth, thin};

/// Limits of a spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of all files.
    pub bytes_max: u64,
    /// The oldest batch that is kept.
    pub age_max: Span,
    /// The most refused batches that are kept for a person to look at.
    pub refused_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: 64 << 20, age_max: Span::hours(24), refused_max: 16 }
    }
}

/// The spool cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{step} {path}")]
pub struct SpoolError {
    /// What was tried.
    pub step: &'static str,
    /// With which file.
    pub path: PathBuf,
    /// Why it did not work.
    #[source]
    pub source: io::Error,
}

/// One batch on disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    made: i64,
    sequence: u64,
    name: String,
    bytes: u64,
    thinned: u8,
}

/// What the agent of this boot left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mark {
    /// The kernel's boot id.
    pub boot: String,
    /// The next number.
    pub next: u64,
    /// Until when it watched, in milliseconds.
    pub watched_until: i64,
}

/// The spool.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    limits: Limits,
    mark: Mark,
    entries: Vec<Entry>,
}

impl Spool {
    /// Opens or makes the folder. `first` is the number to begin with where no earlier agent of this boot left one: it
    /// must be larger than any that one could have reached.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path, limits: Limits, boot: &str, first: u64) -> Result<(Self, Option<Mark>), SpoolError> {
        fs::create_dir_all(folder).map_err(failed("make", folder))?;
        let left: Option<Mark> = fs::read(folder.join("mark.json")).ok().and_then(|t| serde_json::from_slice(&t).ok());
        let left = left.filter(|m| m.boot == boot);
        let mark = left.clone().unwrap_or(Mark { boot: boot.to_owned(), next: first, watched_until: 0 });
        let mut entries = Vec::new();
        for file in fs::read_dir(folder).map_err(failed("read", folder))?.flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if name.ends_with(".new") {
                // Written when the agent was killed: never handed on, so nobody counts on it.
                fs::remove_file(file.path()).map_err(failed("remove", &file.path()))?;
            } else if let Some((made, sequence)) = numbers(&name) {
                let bytes = file.metadata().map_or(0, |m| m.len());
                entries.push(Entry { made, sequence, name, bytes, thinned: 0 });
            }
        }
        entries.sort();
        let mark = Mark {
            next: mark
                .next
                .max(entries.iter().filter(|e| e.name.contains(boot)).map(|e| e.sequence + 1).max().unwrap_or(0)),
            ..mark
        };
        Ok((Self { folder: folder.to_owned(), limits, mark, entries }, left))
    }

    /// Numbers a batch and stores it. What had to be dropped for it comes back as gaps.
    ///
    /// # Errors
    /// When it cannot be written: then the number is not used up.
    pub fn put(&mut self, batch: &mut SensorBatch, now: Time) -> Result<Vec<Gap>, SpoolError> {
        batch.sequence = self.mark.next;
        let text = serde_json::to_vec(batch).map_err(|e| self.failure("encode", io::Error::other(e)))?;
        // The name gives the order, so a calendar clock that was set back must not.
        let made = now.millis().max(self.entries.last().map_or(0, |e| e.made));
        let name = format!("{made:013}-{:012}-{}.json", batch.sequence, batch.boot);
        self.write(&name, &text)?;
        self.mark.next += 1;
        self.mark.watched_until = now.millis();
        let entry = Entry { made, sequence: batch.sequence, name, bytes: text.len() as u64, thinned: 0 };
        self.entries.push(entry);
        self.keep_mark()?;
        self.enforce(now)
    }

    /// The batch to send next: its name and its bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn oldest(&self) -> Result<Option<(String, Vec<u8>)>, SpoolError> {
        let Some(entry) = self.entries.first() else { return Ok(None) };
        let path = self.folder.join(&entry.name);
        let bytes = fs::read(&path).map_err(failed("read", &path))?;
        Ok(Some((entry.name.clone(), bytes)))
    }

    /// The service has it, or it is gone.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn done(&mut self, name: &str) -> Result<(), SpoolError> {
        self.entries.retain(|e| e.name != name);
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed("remove", &path)(source)),
            _ => Ok(()),
        }
    }

    /// The service will never take it: it is set aside for a person, and its stretch is a gap.
    ///
    /// # Errors
    /// When the file cannot be moved.
    pub fn refuse(&mut self, name: &str) -> Result<Option<Gap>, SpoolError> {
        let path = self.folder.join(name);
        let gap = fs::read(&path).ok().and_then(|t| serde_json::from_slice(&t).ok()).and_then(|b| stretch(&b));
        let aside = self.folder.join("refused");
        fs::create_dir_all(&aside).map_err(failed("make", &aside))?;
        let mut kept: Vec<PathBuf> = fs::read_dir(&aside).into_iter().flatten().flatten().map(|e| e.path()).collect();
        kept.sort();
        let over = (kept.len() + 1).saturating_sub(self.limits.refused_max);
        for old in kept.iter().take(over) {
            fs::remove_file(old).map_err(failed("remove", old))?;
        }
        fs::rename(&path, aside.join(name)).map_err(failed("move", &path))?;
        self.entries.retain(|e| e.name != name);
        Ok(gap)
    }

    /// How many batches wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when none waits.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Brings the spool under its limits: first by age, then by thinning the oldest, then by dropping them.
    ///
    /// # Errors
    /// When a file cannot be read, written or removed.
    pub fn enforce(&mut self, now: Time) -> Result<Vec<Gap>, SpoolError> {
        let mut gaps = Vec::new();
        let oldest = (now - self.limits.age_max).millis();
        while self.entries.first().is_some_and(|e| e.made < oldest) {
            gaps.extend(self.drop_oldest()?);
        }
        for worth in Worth::ALL {
            for at in 0..self.entries.len() {
                if self.bytes() <= self.limits.bytes_max {
                    return Ok(gaps);
                }
                gaps.extend(self.thin_entry(at, *worth)?);
            }
        }
        // The newest stays whatever its size: it carries the holes.
        while self.bytes() > self.limits.bytes_max && self.entries.len() > 1 {
            gaps.extend(self.drop_oldest()?);
        }
        Ok(gaps)
    }

    fn bytes(&self) -> u64 {
        self.entries.iter().map(|e| e.bytes).sum()
    }

    fn drop_oldest(&mut self) -> Result<Option<Gap>, SpoolError> {
        let Some(entry) = self.entries.first().cloned() else { return Ok(None) };
        let path = self.folder.join(&entry.name);
        let gap = fs::read(&path).ok().and_then(|t| serde_json::from_slice(&t).ok()).and_then(|b| stretch(&b));
        self.done(&entry.name)?;
        Ok(gap)
    }

    fn thin_entry(&mut self, at: usize, worth: Worth) -> Result<Vec<Gap>, SpoolError> {
        let Some(entry) = self.entries.get(at).filter(|e| e.thinned < worth.level()).cloned() else {
            return Ok(Vec::new());
        };
        let path = self.folder.join(&entry.name);
        let text = fs::read(&path).map_err(failed("read", &path))?;
        let Ok(mut batch) = serde_json::from_slice::<SensorBatch>(&text) else { return Ok(Vec::new()) };
        let gaps = thin(&mut batch, worth);
        let mut bytes = entry.bytes;
        if !gaps.is_empty() {
            let text = serde_json::to_vec(&batch).map_err(|e| self.failure("encode", io::Error::other(e)))?;
            self.write(&entry.name, &text)?;
            bytes = text.len() as u64;
        }
        if let Some(entry) = self.entries.get_mut(at) {
            entry.thinned = worth.level();
            entry.bytes = bytes;
        }
        Ok(gaps)
    }

    fn keep_mark(&self) -> Result<(), SpoolError> {
        let text = serde_json::to_vec(&self.mark).map_err(|e| self.failure("encode", io::Error::other(e)))?;
        self.write("mark.json", &text)
    }

    /// Written beside, made durable, then named: a reader sees the whole file or none.
    fn write(&self, name: &str, text: &[u8]) -> Result<(), SpoolError> {
        let (beside, path) = (self.folder.join(format!("{name}.new")), self.folder.join(name));
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(text)?;
            file.sync_all()
        });
        if let Err(source) = written {
            // Half a file would take the room that is missing.
            let _ = fs::remove_file(&beside);
            return Err(failed("write", &beside)(source));
        }
        fs::rename(&beside, &path).map_err(failed("name", &path))?;
        File::open(&self.folder).and_then(|f| f.sync_all()).map_err(failed("sync", &self.folder))
    }

    fn failure(&self, step: &'static str, source: io::Error) -> SpoolError {
        failed(step, &self.folder)(source)
    }
}

/// A fact that is told again goes back to its first sighting, which the service knows; only this much before a batch was
/// made can be news in it.
const NEWS: Span = Span::hours(1);

/// The stretch whose news a whole batch carries: what is lost with it.
pub(crate) fn stretch(batch: &SensorBatch) -> Option<Gap> {
    let times = batch.facts.iter().flat_map(|f| [&f.since, &f.until]);
    let times: Vec<Time> = times.filter_map(|t| t.parse().ok()).collect();
    let (since, until) = (times.iter().min()?, times.iter().max()?);
    let made: Time = batch.sent_at.parse().unwrap_or(*until);
    Some(Gap { eye: None, since: (*since).max(made - NEWS).min(*until), until: *until, because: HoleReason::Lost })
}

/// `<millis>-<sequence>-<boot>.json`
fn numbers(name: &str) -> Option<(i64, u64)> {
    let mut parts = name.strip_suffix(".json")?.splitn(3, '-');
    let (made, sequence) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().map(|_| (made, sequence))
}

fn failed(step: &'static str, path: &Path) -> impl Fn(io::Error) -> SpoolError {
    let path = path.to_owned();
    move |source| SpoolError { step, path: path.clone(), source }
}

#[cfg(test)]
mod tests;
