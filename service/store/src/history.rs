//! What happened over time: moves since an instant, open findings by day, and when each source was heard last.

use assay_core::finding::ResolvedBecause;
use assay_core::ids::{Span, Time};
use assay_core::records::Changed;
use assay_core::text::Opaque;
use rusqlite::params;

use crate::error::{Doing, StoreError};
use crate::open::Store;

/// A tool, as a source of reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// Its name.
    pub tool: Opaque,
    /// How many scopes it speaks for.
    pub scopes: u64,
    /// How many of them have been silent for longer than their rhythm allows.
    pub silent: u64,
    /// When it was heard last.
    pub last_received: Time,
}

impl Store {
    /// Changes after a sequence number, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn changes(&self, after: i64, limit: usize) -> Result<Vec<Changed>, StoreError> {
        let sql = "SELECT seq, at, kind, finding_id, body FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        self.changed(sql, params![after, limit as i64])
    }

    /// Changes of some kinds in a stretch of time, newest first: the last of each finding and kind. That another finding
    /// speaks for one now is no news, and is left out.
    ///
    /// # Errors
    /// When the database fails.
    pub fn changes_between(&self, since: Time, until: Time, kind: &str) -> Result<Vec<Changed>, StoreError> {
        let superseded = format!("\"because\":\"{}\"", ResolvedBecause::Superseded);
        let sql = "SELECT max(seq), at, kind, finding_id, body FROM outbox WHERE at > ?1 AND at <= ?2 AND kind = ?3 AND finding_id IS NOT NULL \
                   AND instr(body, ?4) = 0 GROUP BY finding_id ORDER BY 1 DESC";
        self.changed(sql, params![since.millis(), until.millis(), kind, superseded])
    }

    fn changed(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Changed>, StoreError> {
        let doing = "reading changes";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let rows = statement.query_map(params, |r| {
            Ok(Changed {
                seq: r.get(0)?,
                at: Time::from_millis(r.get(1)?),
                kind: r.get(2)?,
                finding: r.get(3)?,
                body: r.get(4)?,
            })
        });
        rows.and_then(Iterator::collect).doing(doing)
    }

    /// How many findings were open at the end of each of the last `days` days, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn open_by_day(&self, until: Time, days: u32) -> Result<Vec<u64>, StoreError> {
        let sql = "SELECT count(*) FROM finding WHERE first_seen <= ?1 AND (resolved_at IS NULL OR resolved_at > ?1) AND NOT (presence = 2 AND resolved_at IS NULL) AND NOT (presence = 2 AND because = 2)";
        let mut statement = self.conn.prepare_cached(sql).doing("counting by day")?;
        (0..days)
            .rev()
            .map(|back| {
                let at = until - Span::days(i64::from(back));
                statement.query_row([at.millis()], |r| r.get::<_, i64>(0)).map(|n| n as u64).doing("counting by day")
            })
            .collect()
    }

    /// Every source with when it was heard last.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sources(&self, as_of: Time) -> Result<Vec<SourceState>, StoreError> {
        let sql = "SELECT tool, count(*), sum(last_received + ttl_ms < ?1), max(last_received) FROM scope WHERE retired = 0 AND (overtaken = 0 OR spoken & ~overtaken <> 0) AND tool <> 'assay-agent' GROUP BY tool ORDER BY tool";
        let mut statement = self.conn.prepare_cached(sql).doing("reading the sources")?;
        let rows = statement.query_map([as_of.millis()], |r| {
            let n = |i: usize| r.get::<_, i64>(i).map(|v| v as u64);
            Ok(SourceState {
                tool: Opaque::readmit(&r.get::<_, String>(0)?),
                scopes: n(1)?,
                silent: n(2)?,
                last_received: Time::from_millis(r.get(3)?),
            })
        });
        rows.and_then(Iterator::collect).doing("reading the sources")
    }
}
