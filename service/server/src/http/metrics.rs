//! Counts about the service, for Prometheus: by band, source and the operator's own names of clusters; never by a name of
//! theirs.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use std::sync::atomic::Ordering;

use assay_sources::cluster::live;

use crate::ladder::Counts;
use crate::snapshot::Snapshot;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Band {
    band: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Cluster {
    cluster: String,
}

/// What is counted of each watched cluster.
#[derive(Clone, Default)]
struct Watched {
    objects: Family<Cluster, Gauge>,
    unseen: Family<Cluster, Gauge>,
    lists: Family<Cluster, Gauge>,
    watches: Family<Cluster, Gauge>,
}

/// The registry and what is counted in it.
pub(crate) struct Metrics {
    registry: Registry,
    findings: Family<Band, Gauge>,
    requests: Family<Kind, Counter>,
    rank_bytes: Gauge,
    watched: Watched,
}

impl Metrics {
    pub(crate) fn new(models: &Counts) -> Self {
        let mut registry = Registry::with_prefix("assay");
        models.register(&mut registry);
        let (findings, requests, rank_bytes) = (Family::default(), Family::default(), Gauge::default());
        registry.register("findings_open", "Open findings by band", findings.clone());
        registry.register("requests", "Requests by how they ended", requests.clone());
        registry.register("rank_table_bytes", "Bytes of the table of all findings", rank_bytes.clone());
        let watched = Watched::default();
        registry.register("watch_objects", "Objects held of a watched cluster", watched.objects.clone());
        registry.register("watch_unseen_kinds", "Kinds of a watched cluster that are not seen", watched.unseen.clone());
        registry.register("watch_lists", "Lists asked of a watched cluster", watched.lists.clone());
        registry.register("watch_watches", "Watches asked of a watched cluster", watched.watches.clone());
        Self { registry, findings, requests, rank_bytes, watched }
    }

    /// Counts a request that ended with this status.
    pub(crate) fn request(&self, status: u16) {
        let kind = match status {
            200..400 => "answered",
            429 => "refused_busy",
            400..500 => "refused",
            _ => "failed",
        };
        self.requests.get_or_create(&Kind { kind }).inc();
    }

    /// Notes how a watched cluster stands.
    pub(crate) fn watched(&self, cluster: &str, counts: &live::Counts, objects: usize, unseen: usize) {
        let (label, number) = (Cluster { cluster: cluster.to_owned() }, |n: u64| i64::try_from(n).unwrap_or(i64::MAX));
        self.watched.objects.get_or_create(&label).set(number(objects as u64));
        self.watched.unseen.get_or_create(&label).set(number(unseen as u64));
        self.watched.lists.get_or_create(&label).set(number(counts.lists.load(Ordering::Relaxed)));
        self.watched.watches.get_or_create(&label).set(number(counts.watches.load(Ordering::Relaxed)));
    }

    /// The counts in OpenMetrics text.
    pub(crate) fn text(&self, snapshot: &Snapshot) -> Result<String, std::fmt::Error> {
        let policy = &snapshot.policy;
        let mut counts = vec![0i64; policy.bands.len()];
        for ranked in snapshot.table.list(policy, crate::today::counts) {
            counts[usize::from(ranked.band)] += 1;
        }
        for (band, n) in policy.bands.iter().zip(counts) {
            self.findings.get_or_create(&Band { band: band.name.clone() }).set(n);
        }
        self.rank_bytes.set(i64::try_from(snapshot.table.bytes()).unwrap_or(i64::MAX));
        let mut out = String::new();
        prometheus_client::encoding::text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}
