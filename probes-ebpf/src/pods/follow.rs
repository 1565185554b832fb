//! Follows the list of pods on a thread of its own: an API server that is slow or away holds nothing else up. Comes in: ids
//! that nobody knows. Goes out: the newest list. An older one stays when no newer comes: an id never moves to another pod.

use std::collections::HashMap;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use assay_core::batch::ContainerRow;

use super::api::Asker;
use super::listing::Listing;

/// The most lists that one unknown container brings about before its time: the kubelet tells of it a little late.
const TRIES_MAX: u8 = 3;
/// The most unknown containers that are remembered as asked about.
const WANTED_MAX: usize = 8_192;

/// How often is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paces {
    /// Without any cause.
    pub every: Duration,
    /// The shortest time between two lists, when a container is not known.
    pub least: Duration,
}

impl Paces {
    /// Asks every so often.
    pub const fn every(every: Duration) -> Self {
        Self { every, least: Duration::from_secs(5) }
    }
}

/// The newest list, and the way to ask for a newer one.
pub struct Follower {
    newest: Arc<Mutex<Arc<Listing>>>,
    wake: SyncSender<()>,
    wanted: HashMap<String, u8>,
}

impl Follower {
    /// Starts the thread.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(asker: Asker, node: &str, paces: Paces) -> io::Result<Self> {
        let newest = Arc::new(Mutex::new(Arc::new(Listing::default())));
        let (wake, woken) = sync_channel(1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let work = Work { asker, newest: newest.clone(), node: node.to_owned(), said: None };
        std::thread::Builder::new().name("pods".to_owned()).spawn(move || work.run(&runtime, &woken, paces))?;
        Ok(Self { newest, wake, wanted: HashMap::new() })
    }

    /// The container of this id; else its pod, without guessing which of its containers it is.
    pub fn identify(&self, id: &str, pod_uid: Option<&str>) -> Option<ContainerRow> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let of_pod = || newest.pod(pod_uid?).map(|(namespace, pod)| super::row(id, namespace, pod, "", ""));
        newest.container(id).cloned().or_else(of_pod)
    }

    /// Asks for a newer list because nobody knows this container.
    pub fn want(&mut self, id: &str) {
        if self.wanted.len() >= WANTED_MAX {
            self.wanted.clear();
        }
        let tries = self.wanted.entry(id.to_owned()).or_default();
        if *tries < TRIES_MAX {
            *tries += 1;
            // It is full when a list is asked for already; the thread ends with this side only.
            let _ = self.wake.try_send(());
        }
    }
}

struct Work {
    asker: Asker,
    newest: Arc<Mutex<Arc<Listing>>>,
    node: String,
    /// What was logged last, so that one state is one line.
    said: Option<String>,
}

impl Work {
    fn run(mut self, runtime: &tokio::runtime::Runtime, woken: &Receiver<()>, paces: Paces) {
        loop {
            let asked = Instant::now();
            let fine = self.ask(runtime);
            match woken.recv_timeout(paces.every) {
                Ok(()) => {
                    // A server that refuses or is away is not asked more often because more is unknown.
                    let wait = if fine { paces.least } else { paces.every };
                    std::thread::sleep(wait.saturating_sub(asked.elapsed()));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// True when a list came.
    fn ask(&mut self, runtime: &tokio::runtime::Runtime) -> bool {
        match runtime.block_on(self.asker.ask()) {
            Ok(listing) => {
                let node = &self.node;
                let what = if listing.is_empty() {
                    format!(
                        "the API server lists no pod of node {node}: is that its name in the cluster? --node gives another"
                    )
                } else {
                    format!("the API server names the pods of node {node}")
                };
                *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(listing);
                if self.is_news(&what) {
                    tracing::info!("{what}");
                }
                true
            }
            Err(error) => {
                let what = format!("{error}: containers are named by the runtime and the kubelet's folders only");
                if self.is_news(&what) {
                    tracing::warn!("{what}");
                }
                false
            }
        }
    }

    fn is_news(&mut self, what: &str) -> bool {
        let news = self.said.as_deref() != Some(what);
        if news {
            self.said = Some(what.to_owned());
        }
        news
    }
}

#[cfg(test)]
mod tests;
