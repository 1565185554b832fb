//! Brings batches to the service. Comes in: batches, by a short queue that never makes the watch wait. Goes out: POSTs of
//! the oldest first, until each is acknowledged; the rest waits on disk. A thread of its own: a slow disk or service
//! slows nothing else.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use assay_core::batch::SensorBatch;

use crate::clock::Clock;
use crate::coverage::Gap;
use crate::spool::{Spool, SpoolError};

mod post;

pub(crate) use post::read_token;
pub use post::{Answer, Poster, PosterError};

/// The most batches that wait for the disk.
pub const QUEUE_MAX: usize = 16;

/// How long the shipper waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// The shortest pause after a failure; each further one is twice as long.
    pub min: Duration,
    /// The longest, also when the service asks for a longer one.
    pub max: Duration,
    /// How long the end of the agent waits for the service.
    pub goodbye: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { min: Duration::from_millis(500), max: Duration::from_secs(60), goodbye: Duration::from_secs(10) }
    }
}

/// Where to, and with which right.
#[derive(Clone, Debug)]
pub struct Service {
    /// The service's address, without a path.
    pub url: String,
    /// The file with the agent's token, read at every post: it may be renewed at any time.
    pub token_file: PathBuf,
}

/// The shipping thread.
pub struct Shipper {
    batches: Option<SyncSender<SensorBatch>>,
    gaps: Receiver<Gap>,
    ordered: Receiver<Vec<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Shipper {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the client or the thread cannot be made.
    pub fn start(spool: Spool, service: Service, pauses: Pauses) -> Result<Self, PosterError> {
        let poster = Poster::new(service)?;
        let (batches, incoming) = sync_channel(QUEUE_MAX);
        let (lost, gaps) = channel();
        let (orders, ordered) = channel();
        let work =
            Work { spool, poster, lost, orders, pause: pauses.min, pauses, next_try: Instant::now(), said: None };
        let thread = std::thread::Builder::new()
            .name("ship".to_owned())
            .spawn(move || work.run(&incoming))
            .map_err(PosterError::Thread)?;
        Ok(Self { batches: Some(batches), gaps, ordered, thread: Some(thread) })
    }

    /// Hands a batch on; false when the queue is full.
    ///
    /// # Errors
    /// When the shipping thread ended: nothing will ever be sent again.
    pub fn offer(&self, batch: SensorBatch) -> io::Result<bool> {
        let ended = || io::Error::other("the shipping thread ended");
        match self.batches.as_ref().ok_or_else(ended)?.try_send(batch) {
            Ok(()) => Ok(true),
            Err(TrySendError::Full(_)) => Ok(false),
            Err(TrySendError::Disconnected(_)) => Err(ended()),
        }
    }

    /// Stretches that were given up.
    pub fn gaps(&self) -> Vec<Gap> {
        self.gaps.try_iter().collect()
    }

    /// Containers of which the service has ordered evidence since the last call.
    pub fn ordered(&self) -> Vec<String> {
        self.ordered.try_iter().flatten().collect()
    }
}

impl Drop for Shipper {
    /// Closes the queue and waits for the thread's last tries.
    fn drop(&mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            // A thread that ended badly has nothing left to tell.
            let _ = thread.join();
        }
    }
}

struct Work {
    spool: Spool,
    poster: Poster,
    lost: Sender<Gap>,
    orders: Sender<Vec<String>>,
    pauses: Pauses,
    pause: Duration,
    next_try: Instant,
    /// The last trouble that was logged, so that one outage is one line.
    said: Option<String>,
}

impl Work {
    fn run(mut self, incoming: &Receiver<SensorBatch>) {
        loop {
            let wait = if self.spool.is_empty() { self.pauses.max } else { self.pause_left() };
            match incoming.recv_timeout(wait) {
                Ok(batch) => self.keep(batch),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Ok(batch) = incoming.try_recv() {
                self.keep(batch);
            }
            self.send_while_it_goes();
        }
        let until = Instant::now() + self.pauses.goodbye;
        self.next_try = Instant::now();
        while !self.spool.is_empty() && Instant::now() < until {
            std::thread::sleep(self.pause_left().min(self.pauses.goodbye));
            self.send_while_it_goes();
        }
    }

    fn pause_left(&self) -> Duration {
        self.next_try.saturating_duration_since(Instant::now())
    }

    fn keep(&mut self, mut batch: SensorBatch) {
        let kept = self.spool.put(&mut batch, Clock::read().wall());
        match kept {
            Ok(gaps) => self.give_up(gaps),
            Err(error) => {
                // No disk: the service may still take it from memory; else it is lost, and that is said.
                self.trouble(&format!("the spool cannot take a batch: {}", chain(&error)));
                let taken = serde_json::to_vec(&batch).ok().map(|bytes| self.poster.post(bytes));
                match taken {
                    Some(Answer::Taken { keep }) => self.hand_on(keep),
                    _ => self.give_up(crate::spool::stretch(&batch)),
                }
            }
        }
    }

    fn send_while_it_goes(&mut self) {
        while self.pause_left().is_zero() {
            let next = match self.spool.oldest() {
                Ok(Some(next)) => next,
                Ok(None) => return,
                Err(error) => return self.stumble(&chain(&error), None),
            };
            let (name, bytes) = next;
            let settled = match self.poster.post(bytes) {
                Answer::Taken { keep } => {
                    self.hand_on(keep);
                    self.spool.done(&name)
                }
                Answer::Never(why) => {
                    self.trouble(&format!("the service refuses batch {name} for good: {why}"));
                    self.spool.refuse(&name).map(|gap| self.give_up(gap))
                }
                Answer::NoRight(why) => return self.stumble(&why, None),
                Answer::Later { why, after } => return self.stumble(&why, after),
            };
            match settled {
                Ok(()) => self.recovered(),
                Err(error) => return self.stumble(&chain(&error), None),
            }
        }
    }

    fn give_up(&self, gaps: impl IntoIterator<Item = Gap>) {
        for gap in gaps {
            // The watch is over when nobody listens: then nothing will be told either.
            let _ = self.lost.send(gap);
        }
    }

    /// Orders to keep evidence. Those of a batch that waited long are as good as those of now: the service says what it
    /// wants at the time of its answer.
    fn hand_on(&self, keep: Vec<String>) {
        if !keep.is_empty() {
            // The watch is over when nobody listens: then nothing can be kept either.
            let _ = self.orders.send(keep);
        }
    }

    fn stumble(&mut self, why: &str, after: Option<Duration>) {
        self.trouble(why);
        self.next_try = Instant::now() + after.unwrap_or(self.pause).min(self.pauses.max);
        self.pause = (self.pause * 2).min(self.pauses.max);
    }

    fn recovered(&mut self) {
        if self.said.take().is_some() {
            tracing::info!(waiting = self.spool.len(), "the service takes batches again");
        }
        self.pause = self.pauses.min;
    }

    fn trouble(&mut self, why: &str) {
        if self.said.as_deref() != Some(why) {
            tracing::warn!(waiting = self.spool.len(), "{why}");
            self.said = Some(why.to_owned());
        }
    }
}

fn chain(error: &SpoolError) -> String {
    format!("{error}: {}", error.source)
}

#[cfg(test)]
mod tests;
