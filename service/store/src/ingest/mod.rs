//! One report, one transaction. Comes in: a reader that gives records and then a head. Goes out: what changed. Nothing is
//! visible before the commit, and a report that fails on the way leaves no trace.

mod apply;
mod gone;
mod hear;
mod identity;
mod life;
mod loose;
mod merge;
mod overtake;
mod parts;
mod placed;
mod placement;
mod rekey;
mod stage;
mod staged;
mod touched;

use assay_core::ids::Time;
use assay_core::observation::Record;
use assay_core::records::{Counts, Receipt, ReportMeta};
use assay_core::scope::{Head, Skipped};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::audit;
use crate::error::{Doing, StoreError};
use crate::funnel::{self, FunnelStep};
use crate::intern::Intern;
use crate::open::{Store, narrow, widen};

/// One report on its way through the transaction.
struct Settling<'t> {
    conn: &'t Connection,
    report_id: i64,
    received_at: Time,
    /// When the tool looked; when we received it, where the report does not say.
    produced_at: Time,
    /// The report says itself when the tool looked.
    dated: bool,
    tool: String,
    counts: Counts,
    doubted: u64,
}

impl Store {
    /// Takes in one report. `read` gives the records to the closure, which answers false when it wants no more, and
    /// returns the head.
    ///
    /// # Errors
    /// `E` when reading fails, or the database does. Nothing is kept then.
    pub fn ingest<E: From<StoreError>>(
        &mut self,
        meta: &ReportMeta,
        read: impl FnOnce(&mut dyn FnMut(Record) -> bool) -> Result<Head, E>,
    ) -> Result<Receipt, E> {
        self.ingest_with(meta, None, read)
    }

    /// Takes in one batch of a sensor with its step of the funnel: both, or neither.
    ///
    /// # Errors
    /// As [`Self::ingest`].
    pub fn ingest_batch<E: From<StoreError>>(
        &mut self,
        meta: &ReportMeta,
        step: &FunnelStep<'_>,
        read: impl FnOnce(&mut dyn FnMut(Record) -> bool) -> Result<Head, E>,
    ) -> Result<Receipt, E> {
        self.ingest_with(meta, Some(step), read)
    }

    fn ingest_with<E: From<StoreError>>(
        &mut self,
        meta: &ReportMeta,
        step: Option<&FunnelStep<'_>>,
        read: impl FnOnce(&mut dyn FnMut(Record) -> bool) -> Result<Head, E>,
    ) -> Result<Receipt, E> {
        widen(&self.conn)?;
        let receipt = self.ingest_within(meta, step, read);
        narrow(&self.conn)?;
        receipt
    }

    fn ingest_within<E: From<StoreError>>(
        &mut self,
        meta: &ReportMeta,
        step: Option<&FunnelStep<'_>>,
        read: impl FnOnce(&mut dyn FnMut(Record) -> bool) -> Result<Head, E>,
    ) -> Result<Receipt, E> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing("starting a report")?;
        if let Some(receipt) = repeat(&tx, meta)? {
            tx.commit().doing("noting a repeated report")?;
            return Ok(receipt);
        }
        stage::clear(&tx)?;
        let report_id = open_report(&tx, meta)?;
        let mut intern = Intern::new(&tx, meta.received_at);
        let (head, observations) = {
            let mut stage = stage::Stage::new(&tx, &mut intern, report_id);
            let mut failed = None;
            let head = read(&mut |record| {
                failed = stage.take(&record).err();
                failed.is_none()
            });
            match failed {
                Some(error) => return Err(error.into()),
                None => (head?, stage.observations),
            }
        };
        let mut settling = Settling {
            conn: &tx,
            report_id,
            received_at: meta.received_at,
            produced_at: head.produced_at.unwrap_or(meta.received_at),
            dated: head.produced_at.is_some(),
            tool: head.tool.reveal().to_owned(),
            counts: Counts::default(),
            doubted: 0,
        };
        let receipt = settling.settle(&mut intern, meta, &head, observations)?;
        intern.finish()?;
        if let Some(step) = step {
            funnel::add(&tx, step)?;
        }
        tx.commit().doing("keeping a report")?;
        Ok(receipt)
    }
}

impl Settling<'_> {
    /// The steps of a report, in the only order that works: names before identity, the world before presence.
    fn settle(
        &mut self,
        intern: &mut Intern<'_>,
        meta: &ReportMeta,
        head: &Head,
        observations: u64,
    ) -> Result<Receipt, StoreError> {
        intern.as_of(self.produced_at);
        let parts = self.open_parts(head, meta.sha256)?;
        self.join_aliases(intern)?;
        self.keep_loose(intern, head, &parts)?;
        self.retire_what_is_gone(&parts)?;
        self.learn_sources(intern, head)?;
        self.identify(intern, head, &parts)?;
        self.note_returned(intern)?;
        for part in &parts.list {
            self.reconcile_part(intern, part)?;
        }
        let replaced = self.place()?;
        self.overtake(&parts, replaced)?;
        self.move_lives()?;
        let complete = !parts.list.is_empty() && parts.list.iter().all(|p| p.complete);
        let receipt = Receipt {
            report: self.report_id,
            repeats: None,
            scopes: parts.list.iter().map(|p| p.key.clone()).collect(),
            complete,
            observations,
            findings: self.counts,
            skipped: head
                .skipped
                .iter()
                .map(|Skipped { locator, reason }| (locator.to_string(), reason.to_string()))
                .collect(),
            doubted: self.doubted,
            hint: head.hint.map(str::to_owned),
        };
        let result = serde_json::to_string(&receipt).unwrap_or_default();
        let sql = "UPDATE report SET tool = ?2, tool_version = ?3, produced_at = ?4, complete = ?5, result = ?6 WHERE id = ?1";
        let row =
            params![self.report_id, self.tool, head.tool_version.reveal(), self.produced_at.millis(), complete, result];
        self.conn.execute(sql, row).doing("closing a report")?;
        let object = format!("report:{} {}", self.report_id, self.tool);
        audit::append(
            self.conn,
            meta.received_at,
            meta.sender.reveal(),
            "report.ingest",
            &object,
            "",
            &meta.sha256.to_string(),
        )?;
        Ok(receipt)
    }
}

fn open_report(conn: &Connection, meta: &ReportMeta) -> Result<i64, StoreError> {
    let sql = "INSERT INTO report (idem_key, sender, tool, tool_version, format, produced_at, received_at, sha256, complete, result) \
               VALUES (?1, ?2, '', '', ?3, ?4, ?4, ?5, 0, '')";
    let row = params![
        meta.idem_key.bytes().as_slice(),
        meta.sender.reveal(),
        meta.format,
        meta.received_at.millis(),
        meta.sha256.bytes().as_slice()
    ];
    conn.execute(sql, row).doing("opening a report")?;
    Ok(conn.last_insert_rowid())
}

/// A repeated key changes nothing, but its scopes have been heard of again.
fn repeat(conn: &Connection, meta: &ReportMeta) -> Result<Option<Receipt>, StoreError> {
    let sql = "SELECT id, result FROM report WHERE idem_key = ?1";
    let known: Option<(i64, String)> = conn
        .query_row(sql, [meta.idem_key.bytes().as_slice()], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()
        .doing("looking for the report")?;
    let Some((report, result)) = known else { return Ok(None) };
    let first: Receipt = serde_json::from_str(&result).map_err(|e| StoreError::Row {
        table: "report",
        row: report,
        why: e.to_string(),
    })?;
    let sql = "UPDATE scope SET last_received = max(last_received, ?2) WHERE id IN (SELECT scope_id FROM scope_report WHERE report_id = ?1)";
    conn.execute(sql, params![report, meta.received_at.millis()]).doing("noting a repeated report")?;
    let Counts { new, updated, unchanged, reopened, .. } = first.findings;
    let findings = Counts { unchanged: new + updated + unchanged + reopened, ..Counts::default() };
    Ok(Some(Receipt { repeats: Some(report), findings, doubted: 0, ..first }))
}
