//! A cluster, watched. Comes in: a server. Goes out: its objects as they stand, each time they change. One task asks what is
//! served and starts a follower for each kind; the followers send their changes to whoever holds the watch, and wait when
//! nobody takes them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;

use super::ask::Miss;
use super::backoff::{Backoff, Jitter};
use super::discover::{Found, Target, discover};
use super::follow::{Follower, Over, Shared};
use super::mirror::{Change, Mirror, What};
use super::within::Namespaces;
use super::{LiveError, Server};
use crate::cluster::limits::{ScanLimits, WatchLimits};
use crate::door::SecretDoor;

/// What was asked of a server since its watch began.
#[derive(Debug, Default)]
pub struct Counts {
    /// Lists that were begun.
    pub lists: AtomicU64,
    /// Watches that were begun.
    pub watches: AtomicU64,
    /// Times that it did not even say what it serves.
    pub unreachable: AtomicU64,
}

/// A watch, which ends when it is dropped.
pub struct Watch {
    mirror: Arc<Mutex<Mirror>>,
    changes: Receiver<Change>,
    counts: Arc<Counts>,
    unreachable: Arc<Mutex<Option<LiveError>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Watches every kind that is read. Randomness spreads the waits after failures.
    pub fn watch(&self, limits: &ScanLimits, watch: &WatchLimits, door: &SecretDoor, jitter: Jitter) -> Watch {
        let (out, changes) = channel(watch.waiting_changes_max.max(1));
        let (counts, unreachable) = (Arc::new(Counts::default()), Arc::new(Mutex::new(None)));
        let shared = Shared {
            client: self.plain.clone(),
            limits: limits.clone(),
            watch: watch.clone(),
            door: door.clone(),
            jitter,
            counts: counts.clone(),
            out,
        };
        let mut tasks = JoinSet::new();
        let director = Director { shared, namespaces: self.namespaces.clone(), unreachable: unreachable.clone() };
        tasks.spawn(director.run());
        let mirror = Mirror::new(self.nothing_yet(), limits.clone(), door.clone());
        Watch { mirror: Arc::new(Mutex::new(mirror)), changes, counts, unreachable, _tasks: tasks }
    }
}

impl Watch {
    /// Waits until something that is read changes, and takes it in. False when there is nothing to wait for any more.
    /// Nothing is lost when the wait is given up.
    pub async fn changed(&mut self) -> bool {
        while let Some(change) = self.changes.recv().await {
            if locked(&self.mirror).apply(change) {
                return true;
            }
        }
        false
    }

    /// The objects. While they are locked no change is taken in.
    pub fn mirror(&self) -> Arc<Mutex<Mirror>> {
        self.mirror.clone()
    }

    /// What was asked of the server.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Why the server does not say what it serves, once for each time.
    pub fn take_unreachable(&self) -> Option<LiveError> {
        self.unreachable.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn locked(mirror: &Mutex<Mirror>) -> MutexGuard<'_, Mirror> {
    // Whoever panicked while looking changed nothing that was not whole.
    mirror.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Finds the kinds and starts their followers.
struct Director {
    shared: Shared,
    namespaces: Namespaces,
    unreachable: Arc<Mutex<Option<LiveError>>>,
}

impl Director {
    /// Ends when nobody wants to know; what it started ends with it.
    async fn run(self) {
        let mut followers = JoinSet::new();
        let mut backoff = Backoff::new(&self.shared.watch);
        let mut known: Vec<Target> = Vec::new();
        let mut mute: HashSet<usize> = HashSet::new();
        loop {
            let wait = match discover(self.shared.asker(), &self.namespaces).await {
                Ok(found) => {
                    let whole = found.mute.is_empty();
                    if self.take(found, &mut known, &mut mute, &mut followers).await.is_err() {
                        return;
                    }
                    backoff.reset();
                    if whole { Duration::from_millis(self.shared.watch.discovery_ms) } else { backoff.longest(0) }
                }
                Err(error) => {
                    self.shared.counts.unreachable.fetch_add(1, Ordering::Relaxed);
                    *self.unreachable.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    backoff.wait((self.shared.jitter)(), None)
                }
            };
            tokio::time::sleep(wait).await;
            if self.shared.out.is_closed() {
                return;
            }
        }
    }

    /// Starts a follower for each kind that has none. A kind that cannot even be found is named.
    async fn take(
        &self,
        found: Found,
        known: &mut Vec<Target>,
        mute: &mut HashSet<usize>,
        followers: &mut JoinSet<()>,
    ) -> Result<(), Over> {
        let silent = found.mute.into_iter().map(|target| (target, true));
        for (target, is_mute) in found.targets.into_iter().map(|target| (target, false)).chain(silent) {
            let same = |one: &Target| one.listed == target.listed && (is_mute || one.looked == target.looked);
            let (at, is_new) = match known.iter().position(same) {
                Some(at) => (at, mute.contains(&at) && !is_mute),
                None => (known.len(), true),
            };
            if !is_new {
                continue;
            }
            if at == known.len() {
                known.push(target.clone());
            }
            self.say(at, What::Kind(target.listed.kind, target.place())).await?;
            if is_mute {
                mute.insert(at);
                self.say(at, What::Unseen(Miss::Odd.reason("list", &target, &self.shared.limits))).await?;
            } else {
                mute.remove(&at);
                known[at] = target.clone();
                let follower = Follower { shared: self.shared.clone(), target, at };
                followers.spawn(async move { drop(follower.run().await) });
            }
        }
        self.say(0, What::Discovered).await
    }

    async fn say(&self, at: usize, what: What) -> Result<(), Over> {
        self.shared.out.send(Change { at, what }).await.map_err(|_| Over)
    }
}
