//! Counts about the service, for Prometheus: by band and source only, never by name.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::snapshot::Snapshot;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Band {
    band: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// The registry and what is counted in it.
pub(crate) struct Metrics {
    registry: Registry,
    findings: Family<Band, Gauge>,
    requests: Family<Kind, Counter>,
    rank_bytes: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("assay");
        let (findings, requests, rank_bytes) = (Family::default(), Family::default(), Gauge::default());
        registry.register("findings_open", "Open findings by band", findings.clone());
        registry.register("requests", "Requests by how they ended", requests.clone());
        registry.register("rank_table_bytes", "Bytes of the table of all findings", rank_bytes.clone());
        Self { registry, findings, requests, rank_bytes }
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
