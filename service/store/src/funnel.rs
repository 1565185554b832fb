//! The funnel of the sensors: what came in, what was left, what was lost, by hour and node.

use std::collections::BTreeMap;

use assay_core::batch::FunnelRow;
use assay_core::ids::{Span, Time};
use rusqlite::params;

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

impl Store {
    /// Adds one batch's counts to its hour.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_funnel(&mut self, node: &str, at: Time, counts: &FunnelRow) -> Result<(), StoreError> {
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
        self.conn.execute(sql, row).doing("adding to the funnel")?;
        Ok(())
    }

    /// The funnel of a stretch of time, over all nodes.
    ///
    /// # Errors
    /// When the database fails.
    pub fn funnel(&self, since: Time, until: Time) -> Result<Funnel, StoreError> {
        let mut all = Funnel::default();
        for hour in self.funnel_hours(since, until)? {
            let c = hour.counts;
            all.hook_hits += c.hook_hits;
            all.records += c.records;
            all.facts += c.facts;
            all.unattributed += c.unattributed;
            for (reason, n) in c.lost {
                *all.lost.entry(reason).or_default() += n;
            }
            for (node, at) in c.nodes {
                let last = all.nodes.entry(node).or_insert(at);
                *last = at.max(*last);
            }
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
