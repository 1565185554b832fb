//! Decisions: what people conclude, with reason and end. A decision changes neither presence nor band, points or rank.

use assay_core::finding::Decision;
use assay_core::ids::Time;
use rusqlite::{TransactionBehavior, params};

use crate::audit;
use crate::error::{Doing, StoreError};
use crate::intern::Intern;
use crate::open::Store;

impl Store {
    /// Keeps a decision for a finding; an earlier one of a person gives way to it. `relies_on` is what the finding's
    /// factors were, so that a change of them can bring it back.
    ///
    /// # Errors
    /// When the database fails.
    pub fn decide(
        &mut self,
        finding: i64,
        decision: &Decision,
        relies_on: &str,
        source: &str,
    ) -> Result<(), StoreError> {
        let doing = "keeping a decision";
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        let at = decision.at.millis();
        let sql = "UPDATE decision SET revoked_at = ?2, revoked_because = 'replaced' WHERE finding_id = ?1 AND revoked_at IS NULL AND source = ?3";
        let replaced = tx.execute(sql, params![finding, at, source]).doing(doing)?;
        let passage = Intern::new(&tx, decision.at).passage("decision", &decision.note, "person")?;
        let sql = "INSERT INTO decision (finding_id, status, justification, note, by_whom, at, until, relies_on, source, passage_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let row = params![
            finding,
            decision.status.as_str(),
            decision.justification.map(|j| j.as_str()),
            decision.note.reveal(),
            decision.by.reveal(),
            at,
            decision.until.map(|t| t.millis()),
            relies_on,
            source,
            passage
        ];
        tx.execute(sql, row).doing(doing)?;
        tx.execute(
            "INSERT INTO outbox (at, kind, finding_id, body) VALUES (?1, 'decided', ?2, ?3)",
            params![at, finding, decision.status.as_str()],
        )
        .doing(doing)?;
        let until = decision.until.map(|t| t.to_string()).unwrap_or_default();
        let after = format!("{} until {until}", decision.status);
        let before = if replaced > 0 { "an earlier decision" } else { "" };
        audit::append(
            &tx,
            decision.at,
            decision.by.reveal(),
            "finding.decide",
            &format!("finding:{finding}"),
            before,
            &after,
        )?;
        tx.commit().doing(doing)
    }

    /// Decisions that bind now, with their findings' rows, soonest end first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn decisions(&self, as_of: Time) -> Result<Vec<(i64, Decision)>, StoreError> {
        let doing = "reading decisions";
        let sql = "SELECT DISTINCT finding_id FROM decision WHERE revoked_at IS NULL ORDER BY until IS NULL, until, finding_id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let ids: Vec<i64> = statement.query_map([], |r| r.get(0)).and_then(Iterator::collect).doing(doing)?;
        let mut out = Vec::new();
        for id in ids {
            if let Some(decision) = self.decision_of(id, as_of)? {
                out.push((id, decision));
            }
        }
        Ok(out)
    }
}
