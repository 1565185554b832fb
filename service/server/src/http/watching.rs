//! Live clusters, watched while the service runs. Comes in: changes of a cluster's objects. Goes out: one report of the whole
//! namespaces that changed for all changes of a moment, on the road that a scan takes, and now and then of everything. A
//! cluster that is not seen says nothing; one of which a part is not seen closes nothing there.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use assay_core::text::Opaque;
use assay_sources::cluster::limits::{ScanLimits, WatchLimits};
use assay_sources::cluster::live::{Jitter, Server, Unseen, Watch};
use assay_sources::cluster::{Told, ToldBy};
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
    let (name, unseen) = (cluster.name, Vec::new());
    let mut following = Following { service, name, watch, told: None, unseen, is_away: false };
    // When everything is told again, whatever was told before.
    let mut due = Instant::now() + QUIET_MAX;
    // A report rests as long as it took, so that half of the time is for others.
    let mut rested = Instant::now();
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
        let end = (Instant::now() + GATHERED).max(rested);
        while let Ok(true) = timeout_at(end, following.watch.changed()).await {}
        following.tell();
        let begun = Instant::now();
        if begun >= due {
            following.told = None;
        }
        let everything = following.told.is_none();
        let kept = following.report().await;
        rested = Instant::now() + begun.elapsed();
        if !kept {
            due = Instant::now() + RETRY;
        } else if everything {
            due = Instant::now() + QUIET_MAX;
        }
    }
}

struct Following {
    service: Arc<Service>,
    name: Opaque,
    watch: Watch,
    /// What was told of it; none when all is to be told.
    told: Option<Told>,
    /// What was said not to be seen.
    unseen: Vec<Unseen>,
    /// True while the server does not even say what it serves.
    is_away: bool,
}

impl Following {
    /// Makes one report of what there is to tell; false when it has to be tried again.
    async fn report(&mut self) -> bool {
        let mirror = self.watch.mirror();
        {
            let mirror = mirror.lock().unwrap_or_else(PoisonError::into_inner);
            if !mirror.is_ready() || !mirror.sees_any() {
                return true;
            }
        }
        let begun = Instant::now();
        // Whatever goes wrong now, the next report tells everything.
        let (name, before) = (self.name.clone(), self.told.take());
        let kept = self.service.write_if(move |service, store| {
            let mut mirror = mirror.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = mirror.look(|gathered, sha256| {
                let (as_of, told_by) = (service.app.now(), ToldBy::Server);
                let kept = Kept { cluster: &name, told_by, complete: true, as_of, sender: "watch", sha256 };
                scan::keep_news(store, gathered, &kept, before.as_ref(), &service.door)
            });
            let (receipt, told) = kept?;
            Ok::<_, Problem>((receipt.is_some(), (receipt, told)))
        });
        match kept.await {
            Ok((receipt, told)) => {
                self.told = Some(told);
                if let Some(receipt) = receipt {
                    let (name, scopes, c) = (self.name.reveal(), receipt.scopes.len(), receipt.findings);
                    let (new, resolved, all) = (c.new, c.resolved, receipt.observations);
                    let ms = begun.elapsed().as_millis();
                    tracing::debug!(
                        "cluster {name}: {all} objects in {scopes} scopes, {new} new, {resolved} resolved, {ms} ms"
                    );
                }
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
