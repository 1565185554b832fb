//! The scopes a report speaks for, and how it stands to the reports before it.

use assay_core::ids::{Digest, Span, Time};
use assay_core::reconcile::{self, Standing};
use assay_core::scope::{Head, Part, Scope, Spoken, SpokenSet};
use rusqlite::{OptionalExtension, params};

use super::Settling;
use crate::error::{Doing, StoreError};

/// A scope of which only one report is known stays fresh for this long.
const TTL_SINGLE: Span = Span::days(7);
/// No scope falls silent sooner than this.
const TTL_MIN: Span = Span::hours(24);
/// A scope falls silent after this many of its usual gaps.
const TTL_GAPS: i64 = 3;
/// The reports that the usual gap is taken from.
const GAPS_MAX: i64 = 20;

/// One part of the report, with its row and standing.
pub(super) struct OpenPart {
    pub(super) scope_id: i64,
    pub(super) key: String,
    pub(super) scope: Scope,
    pub(super) complete: bool,
    /// Complete, newer than every complete report before it, and able to close at all.
    pub(super) newest: bool,
    pub(super) standing: Standing,
}

impl Settling<'_> {
    /// Opens the scope rows of a report and notes the report in each scope's history.
    pub(super) fn open_parts(
        &self,
        head: &Head,
        produced_at: Time,
        sha256: Digest,
    ) -> Result<Vec<OpenPart>, StoreError> {
        let stream = [Part { scope: Scope::Stream, classes: SpokenSet::default(), complete: false, content: None }];
        let parts: &[Part] = if head.parts.is_empty() { &stream } else { &head.parts };
        parts.iter().map(|part| self.open_part(part, head, produced_at, sha256)).collect()
    }

    fn open_part(&self, part: &Part, head: &Head, produced_at: Time, sha256: Digest) -> Result<OpenPart, StoreError> {
        let key = part.scope.key().to_string();
        let complete = part.complete && part.scope.can_close();
        let before: Option<(i64, Option<Vec<u8>>, String)> = self
            .conn
            .prepare_cached("SELECT id, content, tool_version FROM scope WHERE tool = ?1 AND scope_key = ?2")
            .and_then(|mut s| s.query_row([&self.tool, &key], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional())
            .doing("reading a scope")?;
        let scope_id = match &before {
            Some((id, ..)) => *id,
            None => self.new_scope(part, &key)?,
        };
        let newest_complete = self.newest_complete(scope_id)?;
        let mut standing = Standing::default();
        for class in Spoken::ALL {
            let last = newest_complete[*class as usize];
            if complete && part.classes.contains(*class) && reconcile::newer(produced_at, last) {
                standing.closes.insert(*class);
            }
            if last.is_some_and(|last| produced_at < last) {
                standing.outdated.insert(*class);
            }
        }
        let newest = complete && newest_complete.iter().flatten().all(|last| produced_at > *last);
        if let Some((_, content, tool_version)) = &before {
            let content = content.as_deref().and_then(|b| <[u8; 32]>::try_from(b).ok()).map(Digest::from_bytes);
            standing.same_content_and_tool =
                reconcile::unchanged((content, part.content), (tool_version, head.tool_version.reveal()));
        }
        self.note_report(scope_id, part, head, produced_at, sha256, complete, newest)?;
        Ok(OpenPart { scope_id, key, scope: part.scope.clone(), complete, newest, standing })
    }

    fn new_scope(&self, part: &Part, key: &str) -> Result<i64, StoreError> {
        let (repository, version, platform) = match &part.scope {
            Scope::Image { repository, version, platform } => {
                (Some(repository.reveal()), Some(version.reveal()), Some(platform.reveal()))
            }
            _ => (None, None, None),
        };
        let sql = "INSERT INTO scope (tool, scope_key, repository, version, platform, last_received, ttl_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let row =
            params![self.tool, key, repository, version, platform, self.received_at.millis(), TTL_SINGLE.millis()];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("opening a scope")?;
        Ok(self.conn.last_insert_rowid())
    }

    /// For each class, when the newest complete report that spoke for it was produced.
    fn newest_complete(&self, scope_id: i64) -> Result<[Option<Time>; Spoken::ALL.len()], StoreError> {
        let mut newest = [None; Spoken::ALL.len()];
        let sql = "SELECT produced_at, spoken FROM scope_report WHERE scope_id = ?1 AND complete = 1";
        let mut statement = self.conn.prepare_cached(sql).doing("reading a scope's history")?;
        let mut rows = statement.query([scope_id]).doing("reading a scope's history")?;
        while let Some(row) = rows.next().doing("reading a scope's history")? {
            let at = Time::from_millis(row.get(0).doing("reading a scope's history")?);
            let spoken = SpokenSet::from_bits(row.get(1).doing("reading a scope's history")?);
            for class in Spoken::ALL.iter().filter(|c| spoken.contains(**c)) {
                let slot = &mut newest[*class as usize];
                *slot = (*slot).max(Some(at));
            }
        }
        Ok(newest)
    }

    #[expect(clippy::too_many_arguments, reason = "one row of history, written in one place")]
    fn note_report(
        &self,
        scope_id: i64,
        part: &Part,
        head: &Head,
        produced_at: Time,
        sha256: Digest,
        complete: bool,
        newest: bool,
    ) -> Result<(), StoreError> {
        let doing = "noting a report in its scope";
        let sql = "INSERT OR REPLACE INTO scope_report (scope_id, report_id, produced_at, received_at, sha256, spoken, complete) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let spoken = part.classes.bits();
        let row = params![
            scope_id,
            self.report_id,
            produced_at.millis(),
            self.received_at.millis(),
            sha256.bytes().as_slice(),
            spoken,
            complete
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        let digest = match &part.scope {
            Scope::Image { .. } => part.content.map(|d| d.bytes().to_vec()),
            _ => None,
        };
        let sql = "UPDATE scope SET last_received = max(last_received, ?2), ttl_ms = ?3, digest = COALESCE(?4, digest) WHERE id = ?1";
        let row = params![scope_id, self.received_at.millis(), self.ttl(scope_id)?.millis(), digest];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        if newest {
            let sql = "UPDATE scope SET content = ?2, tool_version = ?3 WHERE id = ?1";
            let row = params![scope_id, part.content.map(|d| d.bytes().to_vec()), head.tool_version.reveal()];
            self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        }
        Ok(())
    }

    /// Three times the median gap between its reports, never under a day; seven days for a single report.
    fn ttl(&self, scope_id: i64) -> Result<Span, StoreError> {
        let doing = "reading a scope's rhythm";
        let sql =
            "SELECT DISTINCT received_at FROM scope_report WHERE scope_id = ?1 ORDER BY received_at DESC LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let times: Vec<i64> =
            statement.query_map([scope_id, GAPS_MAX], |r| r.get(0)).and_then(Iterator::collect).doing(doing)?;
        let mut gaps: Vec<i64> = times.windows(2).map(|w| w[0] - w[1]).collect();
        gaps.sort_unstable();
        Ok(match gaps.get(gaps.len() / 2) {
            Some(gap) => Time::from_millis(0).until(Time::from_millis(gap.saturating_mul(TTL_GAPS))).max(TTL_MIN),
            None => TTL_SINGLE,
        })
    }
}
