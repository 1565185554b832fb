//! A file by HTTP: goes on where an earlier try was cut, as long as the server still has the same version.

use std::io;
use std::time::Duration;

use super::error::{Fault, SourceError};
use super::fetch::{Fetch, Resume};
use super::part::{Part, Spill};

/// Tries in a row that bring nothing before the source is given up.
const IDLE_TRIES_MAX: u32 = 3;
/// The pause before the second try; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// Fills the part from this address. On an error the bytes that came stay, for the next pull to go on from.
pub(super) fn fill(part: &mut Part, url: &str, fetch: &dyn Fetch, progress: &mut dyn FnMut(u64)) -> Result<(), Fault> {
    let mut idle = 0;
    // An earlier pull may have ended between the last byte and the proof.
    while !part.is_full() {
        let before = part.have();
        let cut = match once(part, url, fetch, progress)? {
            Outcome::Full => return Ok(()),
            Outcome::Again => None,
            Outcome::Cut(error) => error,
        };
        idle = if part.have() > before { 1 } else { idle + 1 };
        if idle >= IDLE_TRIES_MAX {
            return Err(SourceError::Cut { url: url.to_owned(), have: part.have(), source: cut }.into());
        }
        std::thread::sleep(PAUSE * 2u32.pow(idle - 1));
    }
    Ok(())
}

enum Outcome {
    Full,
    /// The bytes that were there could not be gone on from; they are gone.
    Again,
    Cut(Option<io::Error>),
}

fn once(part: &mut Part, url: &str, fetch: &dyn Fetch, progress: &mut dyn FnMut(u64)) -> Result<Outcome, Fault> {
    let resume = match part.version_of(url) {
        Some(validator) if part.have() > 0 => Some(Resume { from: part.have(), validator }),
        _ => None,
    };
    let mut reply = fetch.get(url, resume.as_ref()).map_err(SourceError::Fetch)?;
    match (reply.status, &resume) {
        (200, _) => part.clear()?,
        (206, Some(resume)) if reply.from == resume.from => {}
        (206 | 416, _) => {
            part.clear()?;
            return Ok(Outcome::Again);
        }
        (status, _) => return Err(SourceError::Status { url: url.to_owned(), status }.into()),
    }
    part.set_version(url, reply.validator.as_deref())?;
    let cut = match part.pour(&mut reply.body, progress) {
        Ok(()) if part.is_full() => return Ok(Outcome::Full),
        Ok(()) => None,
        Err(Spill::Source(error)) => Some(error),
        Err(Spill::TooLong) => {
            part.clear()?;
            return Err(SourceError::TooLong.into());
        }
        Err(Spill::Disk(error)) => return Err(error.into()),
    };
    Ok(Outcome::Cut(cut))
}
