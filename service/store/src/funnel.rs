//! The funnel of the sensors: what came in, what was left, what was lost, by hour and node.

use std::collections::BTreeMap;

use assay_core::batch::FunnelRow;
use assay_core::ids::{Span, Time};
use rusqlite::{Connection, params};

use crate::error::{Doing, StoreError};
use crate::open::Store;

/// Counts over a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Times a hook ran.
    pub hook_hits: u64,
    /// Records that left the kernel.
    pub records: u64,
    /// Facts that arrived.
    pub facts: u64,
    /// Records that belonged to no known container.
    pub unattributed: u64,
    /// Losses by hook and reason.
    pub lost: BTreeMap<String, u64>,
    /// Each node, with the last time it was heard.
    pub nodes: BTreeMap<String, Time>,
}

impl Funnel {
    /// Takes in the counts of another stretch, or of another node.
    pub fn add(&mut self, other: Self) {
        self.hook_hits += other.hook_hits;
        self.records += other.records;
        self.facts += other.facts;
        self.unattributed += other.unattributed;
        for (reason, n) in other.lost {
            *self.lost.entry(reason).or_default() += n;
        }
        for (node, at) in other.nodes {
            let last = self.nodes.entry(node).or_insert(at);
            *last = at.max(*last);
        }
    }
}

/// One hour of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunnelHour {
    /// Its beginning.
    pub hour: Time,
    /// The node.
    pub node: String,
    /// Counts.
    pub counts: Funnel,
}

const HOUR_MS: i64 = 3_600_000;

/// What a batch counts, for the hour of its node.
#[derive(Clone, Debug)]
pub struct FunnelStep<'a> {
    /// The node.
    pub node: &'a str,
    /// When the sensor spoke.
    pub at: Time,
    /// What came in since it last did, and what was left of it.
    pub counts: &'a FunnelRow,
}

/// Adds a batch's counts to its hour, in the transaction that keeps the batch: a batch that is sent again is known by then,
/// and is counted once whenever the power went.
pub(crate) fn add(conn: &Connection, step: &FunnelStep<'_>) -> Result<(), StoreError> {
    let FunnelStep { node, at, counts } = step;
    let hour = at.millis().div_euclid(HOUR_MS) * HOUR_MS;
    let lost = serde_json::to_string(&counts.lost).unwrap_or_default();
    let sql = "INSERT INTO funnel (hour, node, hook_hits, records, facts, unattributed, lost, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
               ON CONFLICT (hour, node) DO UPDATE SET hook_hits = hook_hits + ?3, records = records + ?4, facts = facts + ?5, unattributed = unattributed + ?6, \
               lost = (SELECT json_group_object(key, total) FROM (SELECT key, sum(value) AS total FROM (SELECT key, value FROM json_each(funnel.lost) \
               UNION ALL SELECT key, value FROM json_each(?7)) GROUP BY key)), last_seen = max(last_seen, ?8)";
    let row = params![
        hour,
        node,
        counts.hook_hits as i64,
        counts.records as i64,
        counts.facts as i64,
        counts.unattributed as i64,
        lost,
        at.millis()
    ];
    conn.execute(sql, row).doing("adding to the funnel")?;
    Ok(())
}

impl Store {
    /// The funnel of a stretch of time, over all nodes.
    ///
    /// # Errors
    /// When the database fails.
    pub fn funnel(&self, since: Time, until: Time) -> Result<Funnel, StoreError> {
        let mut all = Funnel::default();
        for hour in self.funnel_hours(since, until)? {
            all.add(hour.counts);
        }
        Ok(all)
    }

    /// The funnel by hour and node.
    ///
    /// # Errors
    /// When the database fails.
    pub fn funnel_hours(&self, since: Time, until: Time) -> Result<Vec<FunnelHour>, StoreError> {
        let doing = "reading the funnel";
        let sql = "SELECT hour, node, hook_hits, records, facts, unattributed, lost, last_seen FROM funnel WHERE hour > ?1 AND hour <= ?2 ORDER BY hour, node";
        let from = (since - Span::hours(1)).millis();
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let rows = statement.query_map([from, until.millis()], |r| {
            let node: String = r.get(1)?;
            let lost: String = r.get(6)?;
            let n = |i: usize| r.get::<_, i64>(i).map(|v| v as u64);
            let counts = Funnel {
                hook_hits: n(2)?,
                records: n(3)?,
                facts: n(4)?,
                unattributed: n(5)?,
                lost: serde_json::from_str(&lost).unwrap_or_default(),
                nodes: BTreeMap::from([(node.clone(), Time::from_millis(r.get(7)?))]),
            };
            Ok(FunnelHour { hour: Time::from_millis(r.get(0)?), node, counts })
        });
        rows.and_then(Iterator::collect).doing(doing)
    }

    /// Every node that a sensor ever reported from, with the last time.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sensor_nodes(&self) -> Result<BTreeMap<String, Time>, StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT node, max(last_seen) FROM funnel GROUP BY node ORDER BY node")
            .doing("reading the sensors")?;
        let rows = statement.query_map([], |r| Ok((r.get(0)?, Time::from_millis(r.get(1)?))));
        rows.and_then(Iterator::collect).doing("reading the sensors")
    }
}

#[cfg(test)]
mod tests {
    use assay_core::ids::Digest;
    use assay_core::records::ReportMeta;
    use assay_core::scope::{Artifact, Head, Part, Scope, SpokenSet};
    use assay_core::text::Opaque;

    use super::*;

    fn batch(store: &mut Store, reads: bool) -> Result<bool, StoreError> {
        let at: Time = "2026-11-24T03:00:00Z".parse().unwrap();
        let meta = ReportMeta {
            sender: Opaque::readmit("agent"),
            format: "sensor-batches",
            idem_key: Digest::of_bytes(b"worker-1, boot, 7"),
            sha256: Digest::of_bytes(b"bytes"),
            received_at: at,
        };
        let counts = FunnelRow { hook_hits: 90, records: 3, ..FunnelRow::default() };
        let part = Part { scope: Scope::Stream, classes: SpokenSet::default(), complete: false, content: None };
        let head = Head {
            tool: Opaque::readmit("assay-agent"),
            tool_version: Opaque::readmit(""),
            artifact: Artifact::Cluster,
            parts: vec![part],
            produced_at: Some(at),
            skipped: Vec::new(),
            hint: None,
        };
        let failed = || StoreError::Row { table: "batch", row: 7, why: "the reader failed".to_owned() };
        let step = FunnelStep { node: "worker-1", at, counts: &counts };
        let receipt = store.ingest_batch(&meta, &step, |_| if reads { Ok(head) } else { Err(failed()) })?;
        Ok(receipt.repeats.is_none())
    }

    fn hits(store: &Store) -> u64 {
        let at: Time = "2026-11-24T03:00:00Z".parse().unwrap();
        store.funnel(at - Span::hours(1), at).unwrap().hook_hits
    }

    #[test]
    fn a_batch_and_its_step_of_the_funnel_are_kept_together_or_not_at_all() {
        let mut store = Store::in_memory().unwrap();
        assert!(batch(&mut store, false).is_err(), "the reader fails");
        assert_eq!(hits(&store), 0);
        store.conn.execute_batch("ALTER TABLE funnel RENAME TO away").unwrap();
        assert!(batch(&mut store, true).is_err(), "the funnel fails");
        store.conn.execute_batch("ALTER TABLE away RENAME TO funnel").unwrap();
        assert!(batch(&mut store, true).unwrap(), "what failed is not known as a repeat");
        assert!(!batch(&mut store, true).unwrap());
        assert_eq!(hits(&store), 90, "it counts once");
    }
}
