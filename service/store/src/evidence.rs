//! What a cited id stands for, in one line of ours around what was recorded.

use assay_core::ids::{EvidenceId, Time};
use rusqlite::{OptionalExtension, params};

use crate::error::{Doing, StoreError};
use crate::open::Store;

impl Store {
    /// What a piece of evidence is: where it was recorded, by whom, when.
    ///
    /// # Errors
    /// When the database fails.
    pub fn evidence(&self, id: &EvidenceId, as_of: Time) -> Result<String, StoreError> {
        let doing = "reading evidence";
        let text = match id {
            EvidenceId::Record(row) => {
                let sql = "SELECT r.tool, r.tool_version, o.kind, o.locator, r.produced_at, r.received_at, r.sha256, o.author FROM observation o JOIN report r ON r.id = o.report_id WHERE o.id = ?1";
                self.conn.query_row(sql, [row], |r| {
                    let at = |i: usize| r.get::<_, i64>(i).map(|t| Time::from_millis(t).to_string());
                    let sha: [u8; 32] = r.get(6)?;
                    let sha = assay_core::ids::Digest::from_bytes(sha);
                    let t = |i: usize| r.get::<_, String>(i);
                    Ok(format!(
                        "{} {} reported a {} at {}, produced {}, received {}, report {sha}, author {}",
                        t(0)?,
                        t(1)?,
                        t(2)?,
                        t(3)?,
                        at(4)?,
                        at(5)?,
                        t(7)?
                    ))
                })
            }
            EvidenceId::Fact(row) => {
                let sql = "SELECT f.source, f.body, f.since, f.until, f.author, a.kind, a.namespace, a.name, f.container, o.locator FROM fact f JOIN asset a ON a.id = f.asset_id \
                           JOIN observation o ON o.id = f.observation_id WHERE f.id = ?1";
                self.conn.query_row(sql, [row], |r| {
                    let at = |i: usize| r.get::<_, i64>(i).map(|t| Time::from_millis(t).to_string());
                    let t = |i: usize| r.get::<_, String>(i);
                    Ok(format!(
                        "{} says of {} {}/{} {}: {} from {} to {}, author {}, record {}",
                        t(0)?,
                        t(5)?,
                        t(6)?,
                        t(7)?,
                        t(8)?,
                        t(1)?,
                        at(2)?,
                        at(3)?,
                        t(4)?,
                        t(9)?
                    ))
                })
            }
            EvidenceId::Edge(row) => {
                let sql = "SELECT e.source, f.kind, f.namespace, f.name, e.body, t.kind, t.namespace, t.name, e.since, e.until, e.author, o.locator FROM edge e \
                           JOIN asset f ON f.id = e.from_id JOIN asset t ON t.id = e.to_id JOIN observation o ON o.id = e.observation_id WHERE e.id = ?1";
                self.conn.query_row(sql, [row], |r| {
                    let at = |i: usize| r.get::<_, i64>(i).map(|t| Time::from_millis(t).to_string());
                    let t = |i: usize| r.get::<_, String>(i);
                    Ok(format!(
                        "{}: {} {}/{} to {} {}/{}: {}, seen {} to {}, author {}, record {}",
                        t(0)?,
                        t(1)?,
                        t(2)?,
                        t(3)?,
                        t(5)?,
                        t(6)?,
                        t(7)?,
                        t(4)?,
                        at(8)?,
                        at(9)?,
                        t(10)?,
                        t(11)?
                    ))
                })
            }
            EvidenceId::Coverage(row) => {
                let sql = "SELECT c.eye, a.kind, a.namespace, a.name, c.container, c.instance, c.node, c.since, c.until, c.start_seen, c.holes FROM coverage c JOIN asset a ON a.id = c.asset_id WHERE c.id = ?1";
                self.conn.query_row(sql, [row], |r| {
                    let at = |i: usize| r.get::<_, i64>(i).map(|t| Time::from_millis(t).to_string());
                    let t = |i: usize| r.get::<_, String>(i);
                    let start = if r.get::<_, bool>(9)? { "start seen" } else { "start not seen" };
                    Ok(format!(
                        "{} watched {} {}/{} {} ({}) on {} from {} to {}, {start}, holes {}",
                        t(0)?,
                        t(1)?,
                        t(2)?,
                        t(3)?,
                        t(4)?,
                        t(5)?,
                        t(6)?,
                        at(7)?,
                        at(8)?,
                        t(10)?
                    ))
                })
            }
            EvidenceId::Feed(feed, vuln) => {
                let sql = "SELECT i.body, i.at, i.via FROM intel i JOIN vuln_alias v ON v.vuln_id = i.vuln_id WHERE v.alias = ?1 AND i.feed = ?2 ORDER BY i.question DESC, i.at DESC LIMIT 1";
                self.conn.query_row(sql, params![vuln.as_str(), feed], |r| {
                    let via: String = r.get(2)?;
                    let via = if via.is_empty() { String::new() } else { format!(", carried by {via}") };
                    Ok(format!(
                        "{feed} says of {vuln}: {}, {}{via}",
                        r.get::<_, String>(0)?,
                        Time::from_millis(r.get(1)?)
                    ))
                })
            }
            EvidenceId::Table("feed", name) => {
                let sql = "SELECT published, imported, row_count FROM feed WHERE feed = ?1";
                self.conn.query_row(sql, [name.as_ref()], |r| {
                    let at = |i: usize| r.get::<_, i64>(i).map(|t| Time::from_millis(t).to_string());
                    Ok(format!(
                        "the {name} catalogue of {} with {} entries, imported {}, does not list it",
                        at(0)?,
                        r.get::<_, i64>(2)?,
                        at(1)?
                    ))
                })
            }
            EvidenceId::Table(table, row) => Ok(format!("row `{row}` of Assay's own table `{table}`, as of {as_of}")),
        };
        Ok(text.optional().doing(doing)?.unwrap_or_else(|| "it has been pruned".to_owned()))
    }
}
