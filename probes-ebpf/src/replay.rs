//! Plays captures to a service: to see again what a node saw, or to see what a fleet of such nodes costs. Comes in: files
//! of batches and a service. Goes out: how many it took, and how fast. A line that is no batch is named with its place, and
//! nothing is sent.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use assay_core::batch::SensorBatch;
use assay_core::ids::BadTime;

use crate::capture::Again;
use crate::clock::Clock;
use crate::ship::{Answer, Poster, PosterError, Service};

/// The longest that a busy service is waited for, over one batch.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause after a refusal without a time.
const PAUSE: Duration = Duration::from_millis(500);

/// What is played, and to whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// The captures.
    pub files: Vec<PathBuf>,
    /// The service.
    pub service: Service,
    /// How many nodes play each capture.
    pub nodes: u32,
    /// Keep the instants as they were recorded.
    pub as_recorded: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Played {
    /// Batches that the service took.
    pub batches: u64,
    /// Facts in them.
    pub facts: u64,
    /// Seconds that it took.
    pub seconds: f64,
}

/// A replay that cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A capture cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line is no batch.
    #[error("{}, line {line}: no sensor batch; `assay-agent record` writes them", path.display())]
    NoBatch {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// An instant is none.
    #[error("a batch holds an instant that is none")]
    Instant(#[from] BadTime),
    /// The files hold nothing.
    #[error("no batch in any of the files")]
    Empty,
    /// No client.
    #[error(transparent)]
    Post(#[from] PosterError),
    /// The service refuses.
    #[error("the service does not take batch {sequence} of node {node}: {why}")]
    Refused {
        /// Whose.
        node: String,
        /// Which.
        sequence: u64,
        /// Its answer.
        why: String,
    },
}

/// Plays them.
///
/// # Errors
/// See [`ReplayError`]. What the service took before stays taken.
pub fn replay(options: &Options) -> Result<Played, ReplayError> {
    let mut batches = Vec::new();
    for path in &options.files {
        read(path, &mut batches)?;
    }
    if batches.is_empty() {
        return Err(ReplayError::Empty);
    }
    let now = Clock::read().wall();
    let boot = format!("replay-{now}");
    let mut again = Again::until_now(&batches, now, boot)?;
    if options.as_recorded {
        again.by = assay_core::ids::Span::ZERO;
    }
    let poster = Poster::new(options.service.clone())?;
    let (started, mut played, mut said) = (Instant::now(), Played::default(), Instant::now());
    let all = batches.len() as u64 * u64::from(options.nodes);
    for batch in &batches {
        for copy in 0..options.nodes {
            let batch = again.play(batch, copy)?;
            post(&poster, &batch)?;
            played.batches += 1;
            played.facts += batch.facts.len() as u64;
            if said.elapsed() >= Duration::from_secs(2) && io::stderr().is_terminal() {
                said = Instant::now();
                // Progress that nobody sees is no loss.
                let _ = writeln!(io::stderr(), "{} of {all} batches", played.batches);
            }
        }
    }
    played.seconds = started.elapsed().as_secs_f64();
    Ok(played)
}

fn read(path: &Path, batches: &mut Vec<SensorBatch>) -> Result<(), ReplayError> {
    let failed = |source| ReplayError::Read { path: path.to_owned(), source };
    let file = BufReader::new(File::open(path).map_err(failed)?);
    for (line, text) in (1..).zip(file.lines()) {
        let text = text.map_err(failed)?;
        if !text.trim().is_empty() {
            let wrong = |source| ReplayError::NoBatch { path: path.to_owned(), line, source };
            batches.push(serde_json::from_str(&text).map_err(wrong)?);
        }
    }
    Ok(())
}

fn post(poster: &Poster, batch: &SensorBatch) -> Result<(), ReplayError> {
    let refused = |why| ReplayError::Refused { node: batch.node.clone(), sequence: batch.sequence, why };
    let bytes = serde_json::to_vec(batch).map_err(|e| refused(e.to_string()))?;
    let until = Instant::now() + PATIENCE;
    loop {
        match poster.post(bytes.clone()) {
            // A capture's containers are on no node: nothing is kept of them.
            Answer::Taken { .. } => return Ok(()),
            Answer::Never(why) | Answer::NoRight(why) => return Err(refused(why)),
            Answer::Later { why, .. } if Instant::now() >= until => return Err(refused(why)),
            Answer::Later { after, .. } => std::thread::sleep(after.unwrap_or(PAUSE).min(PATIENCE)),
        }
    }
}
