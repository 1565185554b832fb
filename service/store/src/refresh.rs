//! Band moves: written once, when the band or the row of the table moves, and never changed afterwards.

use std::collections::HashMap;

use assay_core::ids::Time;
use assay_core::records::Move;
use rusqlite::{TransactionBehavior, params};

use crate::error::{Doing, StoreError};
use crate::open::Store;
use crate::tickets::ids_json;

/// How many clocks are read at once.
const CLOCKS_MAX: usize = 20_000;

impl Store {
    /// Writes moves, and a row for those who follow, in one transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record_moves(&mut self, at: Time, policy: &str, moves: &[Move]) -> Result<(), StoreError> {
        let doing = "recording moves of bands";
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        for m in moves {
            let sql = "INSERT INTO assessment_change (finding_id, seq, at, band_from, band_to, row_id, points, inputs, policy, why) VALUES \
                       (?1, (SELECT COALESCE(max(seq), 0) + 1 FROM assessment_change WHERE finding_id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
            let row =
                params![m.finding, at.millis(), m.from, m.to, m.row, m.points, m.inputs.as_slice(), policy, m.why];
            tx.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
            let recorded = i64::from(m.to) << 16 | i64::from(m.row);
            let sql = "UPDATE finding SET recorded = ?2, clock_start = ?3 WHERE id = ?1";
            tx.prepare_cached(sql)
                .and_then(|mut s| s.execute(params![m.finding, recorded, m.clock_start.millis()]))
                .doing(doing)?;
            if m.from.is_some_and(|from| from != m.to) {
                let sql = "INSERT INTO outbox (at, kind, finding_id, body) VALUES (?1, ?2, ?3, ?4)";
                let kind = if m.from.is_some_and(|from| m.to < from) { "worse" } else { "better" };
                tx.prepare_cached(sql)
                    .and_then(|mut s| s.execute(params![at.millis(), kind, m.finding, m.why]))
                    .doing(doing)?;
            }
        }
        tx.commit().doing(doing)
    }

    /// The clock and episode start of each of some findings, for the deadline after a move.
    ///
    /// # Errors
    /// When the database fails.
    pub fn clocks(&self, findings: &[i64]) -> Result<HashMap<i64, (Time, Time)>, StoreError> {
        let doing = "reading clocks";
        let sql = "SELECT f.id, f.clock_start, f.episode_start FROM json_each(?1) j JOIN finding f ON f.id = j.value";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut clocks = HashMap::with_capacity(findings.len());
        for some in findings.chunks(CLOCKS_MAX) {
            let rows = statement.query_map([ids_json(some)], |r| {
                Ok((r.get(0)?, (Time::from_millis(r.get(1)?), Time::from_millis(r.get(2)?))))
            });
            for row in rows.doing(doing)? {
                let (id, clock) = row.doing(doing)?;
                clocks.insert(id, clock);
            }
        }
        Ok(clocks)
    }

    /// The moves of a finding, oldest first: when, from, to, why, and the sixteen bytes.
    ///
    /// # Errors
    /// When the database fails.
    pub fn moves_of(&self, finding: i64) -> Result<Vec<(Time, Move)>, StoreError> {
        let doing = "reading moves of bands";
        let sql = "SELECT at, band_from, band_to, row_id, points, inputs, why FROM assessment_change WHERE finding_id = ?1 ORDER BY at, seq";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let rows = statement.query_map([finding], |r| {
            let at = Time::from_millis(r.get(0)?);
            let m = Move {
                finding,
                from: r.get(1)?,
                to: r.get(2)?,
                row: r.get(3)?,
                points: r.get(4)?,
                inputs: r.get(5)?,
                clock_start: at,
                why: r.get(6)?,
            };
            Ok((at, m))
        });
        rows.and_then(Iterator::collect).doing(doing)
    }
}
