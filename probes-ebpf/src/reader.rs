//! The thread that empties the ring. Comes in: records of the kernel. Goes out: a bounded queue. It never waits for the
//! other side: what does not fit into the queue is counted, and the loss opens a hole like any other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use aya::maps::{Map, MapData, MapError, RingBuf};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::record::Record;

/// The most records that wait.
pub const QUEUE_MAX: usize = 16_384;
/// How often the thread looks whether it should end.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// The reading thread and its queue.
pub struct Reader {
    /// The records, in the order in which the kernel sent them.
    pub records: Receiver<Record>,
    counts: Arc<Counts>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Counts {
    queue_full: AtomicU64,
    unreadable: AtomicU64,
}

/// The thread cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// The ring is not one.
    #[error("the ring cannot be mapped")]
    Ring(#[from] MapError),
    /// No thread.
    #[error("the reading thread does not start")]
    Thread(#[from] std::io::Error),
}

impl Reader {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the ring cannot be mapped or no thread can be made.
    pub fn start(ring: Map) -> Result<Self, ReaderError> {
        let ring = RingBuf::try_from(ring)?;
        let (send, records) = sync_channel(QUEUE_MAX);
        let counts = Arc::new(Counts::default());
        let stop = Arc::new(AtomicBool::new(false));
        let (theirs, ends) = (counts.clone(), stop.clone());
        let thread =
            std::thread::Builder::new().name("ring".to_owned()).spawn(move || read(ring, &send, &theirs, &ends))?;
        Ok(Self { records, counts, stop, thread: Some(thread) })
    }

    /// Records lost here since the last call, by reason.
    pub fn lost(&self) -> [(&'static str, u64); 2] {
        [
            ("reader/queue_full", self.counts.queue_full.swap(0, Ordering::Relaxed)),
            ("reader/unreadable", self.counts.unreadable.swap(0, Ordering::Relaxed)),
        ]
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that ended badly has nothing left to tell.
            let _ = thread.join();
        }
    }
}

fn read(mut ring: RingBuf<MapData>, send: &SyncSender<Record>, counts: &Counts, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        // An interrupted wait is as good as one that ran out.
        let _ = poll(&mut [PollFd::new(&ring, PollFlags::IN)], Some(&LOOK));
        while let Some(bytes) = ring.next() {
            let Ok(record) = Record::parse(&bytes) else {
                counts.unreadable.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            match send.try_send(record) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => {
                    counts.queue_full.fetch_add(1, Ordering::Relaxed);
                }
                Err(TrySendError::Disconnected(_)) => return,
            }
        }
    }
}
