//! Live clusters, watched while the service runs. Comes in: changes of a cluster's objects. Goes out: one report of the whole
//! cluster for all changes of a moment, on the road that a scan takes. A cluster that is not seen says nothing; one of which
//! a part is not seen closes nothing there.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use assay_core::text::Opaque;
use assay_sources::cluster::ToldBy;
use assay_sources::cluster::limits::{ScanLimits, WatchLimits};
use assay_sources::cluster::live::{Jitter, Server, Unseen, Watch};
use assay_store::Receipt;
use tokio::time::{Instant, timeout_at};

use super::problem::Problem;
use super::state::Service;
use crate::config::Watched;
use crate::scan::{self, Kept};

/// Changes of one moment make one report.
const GATHERED: Duration = Duration::from_millis(300);
/// Without a change it is said this often that everything is as it was: its facts have an age.
const QUIET_MAX: Duration = Duration::from_secs(3600);
/// How soon a report that could not be kept is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// How often a server that does not answer is asked about.
const LOOK: Duration = Duration::from_secs(2);

/// A cluster with the way to it.
pub(super) struct Cluster {
    name: Opaque,
    server: Server,
}

/// Finds the ways to the clusters. Whether anybody answers there shows later: a service starts without its cluster.
pub(super) async fn connect(watched: Vec<Watched>) -> Result<Vec<Cluster>> {
    let mut clusters = Vec::new();
    if !watched.is_empty() {
        crate::tls()?;
    }
    for Watched { cluster, context, namespaces } in watched {
        let server = Server::connect(context.as_deref()).await;
        let server = server.with_context(|| format!("cluster {} cannot be watched", cluster.reveal()))?;
        clusters.push(Cluster { name: cluster, server: server.within(namespaces) });
    }
    Ok(clusters)
}

/// Watches one cluster for as long as the service runs.
pub(super) async fn follow(service: Arc<Service>, cluster: Cluster) {
    let watch = cluster.server.watch(&ScanLimits::default(), &WatchLimits::default(), &service.door, jitter());
    let mut following = Following { service, name: cluster.name, watch, unseen: Vec::new(), is_away: false };
    let mut due = Instant::now() + QUIET_MAX;
    // How long the last report took: as long as that nothing is reported again, so that half of the time is for others.
    let mut pace = Duration::ZERO;
    loop {
        let changed = tokio::select! {
            more = following.watch.changed() => if more { true } else { return },
            () = tokio::time::sleep_until(due) => true,
            () = tokio::time::sleep(LOOK) => false,
        };
        following.tell();
        if !changed {
            continue;
        }
        let end = Instant::now() + GATHERED.max(pace);
        while let Ok(true) = timeout_at(end, following.watch.changed()).await {}
        following.tell();
        let begun = Instant::now();
        let kept = following.report().await;
        pace = begun.elapsed();
        due = Instant::now() + if kept { QUIET_MAX } else { RETRY };
    }
}

struct Following {
    service: Arc<Service>,
    name: Opaque,
    watch: Watch,
    /// What was said not to be seen.
    unseen: Vec<Unseen>,
    /// True while the server does not even say what it serves.
    is_away: bool,
}

impl Following {
    /// Makes one report of what is seen; false when it has to be tried again.
    async fn report(&mut self) -> bool {
        let mirror = self.watch.mirror();
        {
            let mirror = mirror.lock().unwrap_or_else(PoisonError::into_inner);
            if !mirror.is_ready() || !mirror.sees_any() {
                return true;
            }
        }
        let name = self.name.clone();
        let kept = self.service.write(move |service, store| {
            let mut mirror = mirror.lock().unwrap_or_else(PoisonError::into_inner);
            let receipt = mirror.look(|gathered, sha256| {
                let (as_of, told_by) = (service.app.now(), ToldBy::Server);
                let kept = Kept { cluster: &name, told_by, complete: true, as_of, sender: "watch", sha256 };
                scan::keep(store, gathered, &kept, &service.door)
            });
            Ok::<Receipt, Problem>(receipt?)
        });
        match kept.await {
            Ok(receipt) => {
                let c = receipt.findings;
                let (new, resolved, all) = (c.new, c.resolved, receipt.observations);
                tracing::debug!("cluster {}: {all} objects, {new} new, {resolved} resolved", self.name.reveal());
                true
            }
            Err(problem) => {
                tracing::error!("cluster {}: what changed was not kept: {problem}", self.name.reveal());
                false
            }
        }
    }

    /// Says in the log what is not seen, once, and when it is seen again; and counts.
    fn tell(&mut self) {
        let name = self.name.reveal();
        let (unseen, objects, ready) = {
            let mirror = self.watch.mirror();
            let mirror = mirror.lock().unwrap_or_else(PoisonError::into_inner);
            (mirror.unseen(), mirror.len(), mirror.is_ready())
        };
        for kind in unseen.iter().filter(|kind| !self.unseen.contains(kind)) {
            tracing::warn!("cluster {name}: {} is not seen: {}", kind.place, kind.reason);
        }
        for kind in self.unseen.iter().filter(|kind| !unseen.iter().any(|other| other.place == kind.place)) {
            tracing::info!("cluster {name}: {} is seen again", kind.place);
        }
        self.service.metrics.watched(name, self.watch.counts(), objects, unseen.len());
        self.unseen = unseen;
        match self.watch.take_unreachable() {
            // Once every kind was found, its own watch tells how it stands.
            Some(error) if !self.is_away && !ready => {
                self.is_away = true;
                tracing::warn!("cluster {name}: {}", scan::said(error));
            }
            Some(_) => {}
            None if ready && self.is_away => {
                self.is_away = false;
                tracing::info!("cluster {name} answers");
            }
            None => {}
        }
    }
}

fn jitter() -> Jitter {
    // Without randomness waits are only less spread.
    Arc::new(|| crate::data::random::<4>().map_or(0, u32::from_le_bytes))
}
