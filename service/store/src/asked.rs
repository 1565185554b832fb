//! What a question needs beyond the rank table: names to match words against, and the findings that a column of the
//! records picks. Sets of findings only: order and counts are made from the table.

use std::collections::{BTreeSet, HashMap, HashSet};

use assay_core::finding::Decision;
use assay_core::ids::Time;
use assay_core::named::Unspelled;
use assay_core::observation::Severity;
use assay_core::text::Opaque;
use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use crate::error::{Doing, StoreError};
use crate::open::Store;

/// What a set of findings is picked by; every field that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct Picked {
    /// The worst severity that a source gives.
    pub severities: Vec<Severity>,
    /// Tools of which one claims it still.
    pub tools: Vec<String>,
    /// Versions of which a source names one.
    pub versions: Vec<String>,
    /// Repositories of which the image has one.
    pub repositories: Vec<String>,
    /// Containers of which it sits in one.
    pub containers: Vec<String>,
    /// First seen at or after.
    pub first_seen_since: Option<Time>,
    /// First seen before.
    pub first_seen_before: Option<Time>,
    /// Last seen before.
    pub last_seen_before: Option<Time>,
}

impl Picked {
    /// True when nothing is picked by.
    pub fn is_empty(&self) -> bool {
        let lists = [&self.tools, &self.versions, &self.repositories, &self.containers];
        let times = [self.first_seen_since, self.first_seen_before, self.last_seen_before];
        self.severities.is_empty() && lists.iter().all(|list| list.is_empty()) && times.iter().all(Option::is_none)
    }
}

/// A column by which findings are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The worst severity that a source gives, by its name.
    Severity,
    /// Every tool that claims it still.
    Tool,
    /// The image's repository.
    Repository,
}

/// A decision, standing or ended; those that a newer one replaced are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Concluded {
    /// The finding's row.
    pub finding: i64,
    /// What was concluded.
    pub decision: Decision,
    /// When it was taken back or ended, and why.
    pub ended: Option<(Time, String)>,
}

/// The sightings that speak for a finding: its own, or those of the image it was placed from.
const LIVE_SIGHTING: &str = "sighting s JOIN scope c ON c.id = s.scope_id WHERE s.finding_id = COALESCE(f.via, f.id) AND s.gone_at IS NULL \
     AND c.retired = 0 AND (f.via IS NULL OR EXISTS (SELECT 1 FROM placement p WHERE p.scope_id = c.id AND p.asset_id = f.asset_id AND p.container = f.container))";
const OF_IMAGE: &str =
    "finding v JOIN asset a ON a.id = v.asset_id WHERE v.id = COALESCE(f.via, f.id) AND a.kind = 'Image'";

impl Store {
    /// The findings that match.
    ///
    /// # Errors
    /// When the database fails.
    pub fn picked(&self, by: &Picked) -> Result<HashSet<i64>, StoreError> {
        let doing = "picking findings";
        let mut conditions: Vec<String> = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        let mut list = |texts: Vec<Value>, condition: &str| {
            if !texts.is_empty() {
                let marks = vec!["?"; texts.len()].join(", ");
                conditions.push(condition.replace("(?)", &format!("({marks})")));
                values.extend(texts);
            }
        };
        let texts = |texts: &[String]| texts.iter().cloned().map(Value::Text).collect::<Vec<_>>();
        list(by.severities.iter().map(|s| Value::Integer(*s as i64)).collect(), "f.severity IN (?)");
        list(texts(&by.tools), &format!("EXISTS (SELECT 1 FROM {LIVE_SIGHTING} AND c.tool IN (?))"));
        list(texts(&by.versions), &format!("EXISTS (SELECT 1 FROM {LIVE_SIGHTING} AND s.version IN (?))"));
        list(texts(&by.repositories), &format!("EXISTS (SELECT 1 FROM {OF_IMAGE} AND a.name IN (?))"));
        list(texts(&by.containers), "f.container IN (?)");
        let time = |t: Option<Time>| t.map(|t| Value::Integer(t.millis())).into_iter().collect::<Vec<_>>();
        list(time(by.first_seen_since), "f.first_seen >= ?");
        list(time(by.first_seen_before), "f.first_seen < ?");
        list(time(by.last_seen_before), "f.last_seen < ?");
        let filter = if conditions.is_empty() { "1".to_owned() } else { conditions.join(" AND ") };
        let mut statement = self.conn.prepare(&format!("SELECT f.id FROM finding f WHERE {filter}")).doing(doing)?;
        statement.query_map(params_from_iter(values), |r| r.get(0)).and_then(Iterator::collect).doing(doing)
    }

    /// What a column says of every finding that is not resolved; a finding may stand there more than once.
    ///
    /// # Errors
    /// When the database fails.
    pub fn column(&self, column: Column) -> Result<Vec<(i64, String)>, StoreError> {
        let doing = "reading a column of the findings";
        let sql = match column {
            Column::Severity => "SELECT f.id, f.severity FROM finding f WHERE f.presence <> 2".to_owned(),
            Column::Tool => format!(
                "SELECT DISTINCT f.id, t.tool FROM finding f JOIN (SELECT DISTINCT tool FROM scope) t WHERE f.presence <> 2 \
                 AND EXISTS (SELECT 1 FROM {LIVE_SIGHTING} AND c.tool = t.tool)"
            ),
            Column::Repository => "SELECT f.id, a.name FROM finding f JOIN finding v ON v.id = COALESCE(f.via, f.id) \
                 JOIN asset a ON a.id = v.asset_id WHERE f.presence <> 2 AND a.kind = 'Image'"
                .to_owned(),
        };
        let read = |r: &Row<'_>| {
            let text = match column {
                Column::Severity => {
                    let at: usize = r.get::<_, u8>(1)?.into();
                    Severity::ALL.get(at).copied().unwrap_or(Severity::Unknown).as_str().to_owned()
                }
                Column::Tool | Column::Repository => r.get(1)?,
            };
            Ok((r.get(0)?, text))
        };
        let mut statement = self.conn.prepare(&sql).doing(doing)?;
        statement.query_map([], read).and_then(Iterator::collect).doing(doing)
    }

    /// When each finding was first seen.
    ///
    /// # Errors
    /// When the database fails.
    pub fn first_seen(&self) -> Result<HashMap<i64, Time>, StoreError> {
        let doing = "reading when findings were first seen";
        let mut statement = self.conn.prepare_cached("SELECT id, first_seen FROM finding").doing(doing)?;
        let read = |r: &Row<'_>| Ok((r.get(0)?, Time::from_millis(r.get(1)?)));
        statement.query_map([], read).and_then(Iterator::collect).doing(doing)
    }

    /// Every name of a vulnerability that a finding has, with the one that counts.
    ///
    /// # Errors
    /// When the database fails.
    pub fn vuln_names(&self) -> Result<Vec<(String, String)>, StoreError> {
        let doing = "reading the names of vulnerabilities";
        let sql = "SELECT a.alias, v.name FROM vuln_alias a JOIN vuln v ON v.id = a.vuln_id WHERE v.id IN (SELECT vuln_id FROM finding) ORDER BY a.alias";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).and_then(Iterator::collect).doing(doing)
    }

    /// The versions that sources name and still claim.
    ///
    /// # Errors
    /// When the database fails.
    pub fn versions(&self) -> Result<BTreeSet<String>, StoreError> {
        let sql = "SELECT DISTINCT version FROM sighting WHERE gone_at IS NULL AND version <> ''";
        self.texts(sql, "reading versions")
    }

    /// The people and documents that decided.
    ///
    /// # Errors
    /// When the database fails.
    pub fn deciders(&self) -> Result<BTreeSet<String>, StoreError> {
        self.texts("SELECT DISTINCT by_whom FROM decision WHERE revoked_at IS NULL", "reading who decided")
    }

    /// Every decision that no newer one replaced, the soonest end first.
    ///
    /// # Errors
    /// When the database fails or holds what this build cannot have written.
    pub fn concluded(&self) -> Result<Vec<Concluded>, StoreError> {
        let doing = "reading decisions";
        let sql = "SELECT id, finding_id, status, justification, note, by_whom, at, until, revoked_at, revoked_because FROM decision \
                   WHERE revoked_at IS NULL OR revoked_because <> 'replaced' ORDER BY until IS NULL, until, id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        let mut out = Vec::new();
        while let Some(r) = rows.next().doing(doing)? {
            let id: i64 = r.get(0).doing(doing)?;
            let unread = |e: Unspelled| StoreError::Row { table: "decision", row: id, why: e.to_string() };
            let text = |i: usize| r.get::<_, Option<String>>(i).map(Option::unwrap_or_default).doing(doing);
            let time = |i: usize| r.get::<_, Option<i64>>(i).map(|t| t.map(Time::from_millis)).doing(doing);
            let justification = text(3)?;
            let decision = Decision {
                status: text(2)?.parse().map_err(unread)?,
                justification: if justification.is_empty() {
                    None
                } else {
                    Some(justification.parse().map_err(unread)?)
                },
                note: Opaque::readmit(&text(4)?),
                by: Opaque::readmit(&text(5)?),
                at: Time::from_millis(r.get(6).doing(doing)?),
                until: time(7)?,
            };
            let ended = match time(8)? {
                Some(at) => Some((at, text(9)?)),
                None => None,
            };
            out.push(Concluded { finding: r.get(1).doing(doing)?, decision, ended });
        }
        Ok(out)
    }

    fn texts(&self, sql: &str, doing: &'static str) -> Result<BTreeSet<String>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        statement.query_map([], |r| r.get(0)).and_then(Iterator::collect).doing(doing)
    }
}
