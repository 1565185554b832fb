//! Decisions: what people conclude, with reason and end. A decision changes neither presence nor band, points or rank.

use assay_core::finding::{Decision, takes_out};
use assay_core::ids::Time;
use assay_core::records::{PastDecision, PastEnd, StandingDecision, WITHDRAWN};
use assay_core::text::Opaque;
use rusqlite::{OptionalExtension, ToSql, TransactionBehavior, params};

use crate::audit;
use crate::error::{Doing, StoreError};
use crate::intern::Intern;
use crate::open::Store;
use crate::tickets::ids_json;

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
        let sql = "SELECT EXISTS (SELECT 1 FROM finding WHERE id = ?1)";
        if !tx.query_row(sql, [finding], |r| r.get::<_, bool>(0)).doing(doing)? {
            return Err(StoreError::NoFinding);
        }
        let sql = "UPDATE decision SET revoked_at = ?2, revoked_because = 'replaced' WHERE finding_id = ?1 AND revoked_at IS NULL AND source = ?3";
        let replaced = tx.execute(sql, params![finding, at, source]).doing(doing)?;
        let mut intern = Intern::new(&tx, decision.at);
        let passage = intern.passage("decision", &decision.note, "person")?;
        intern.finish()?;
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

    /// Takes a decision back, with the cause; what happened is announced under `kind`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn revoke_decision(&mut self, id: i64, at: Time, because: &str, kind: &str) -> Result<(), StoreError> {
        let doing = "taking a decision back";
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        let sql = "UPDATE decision SET revoked_at = ?2, revoked_because = ?3 WHERE id = ?1 AND revoked_at IS NULL RETURNING finding_id, status, until";
        let ended: Option<(i64, String, Option<i64>)> = tx
            .query_row(sql, params![id, at.millis(), because], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
            .optional()
            .doing(doing)?;
        if let Some((finding, status, until)) = ended {
            // What was taken out is due again: its clock starts with the end of the decision.
            if status.parse().is_ok_and(|status| takes_out(status, until.map(Time::from_millis))) {
                tx.execute(
                    "UPDATE finding SET clock_start = ?2 WHERE id = ?1 AND presence < 2",
                    params![finding, at.millis()],
                )
                .doing(doing)?;
            }
            tx.execute(
                "INSERT INTO outbox (at, kind, finding_id, body) VALUES (?1, ?2, ?3, ?4)",
                params![at.millis(), kind, finding, because],
            )
            .doing(doing)?;
            audit::append(&tx, at, "assay", "decision.end", &format!("finding:{finding}"), "", because)?;
        }
        tx.commit().doing(doing)
    }

    /// Ends a person's decision for a finding because a person takes it back; true when there was one. What it bought is
    /// not kept: the deadline runs as if it had never been made.
    ///
    /// # Errors
    /// When the database fails.
    pub fn withdraw(&mut self, finding: i64, at: Time, by: &Opaque) -> Result<bool, StoreError> {
        let doing = "withdrawing a decision";
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        let sql = "UPDATE decision SET revoked_at = ?2, revoked_because = ?3 WHERE finding_id = ?1 AND revoked_at IS NULL AND source = 'person' RETURNING status";
        let status: Option<String> =
            tx.query_row(sql, params![finding, at.millis(), WITHDRAWN], |r| r.get(0)).optional().doing(doing)?;
        if let Some(status) = &status {
            tx.execute(
                "INSERT INTO outbox (at, kind, finding_id, body) VALUES (?1, 'decision_withdrawn', ?2, ?3)",
                params![at.millis(), finding, status],
            )
            .doing(doing)?;
            let object = format!("finding:{finding}");
            audit::append(&tx, at, by.reveal(), "decision.withdraw", &object, status, "")?;
        }
        tx.commit().doing(doing)?;
        Ok(status.is_some())
    }

    /// Every decision that was not taken back: its row, finding, source, the decision, and what it relies on.
    ///
    /// # Errors
    /// When the database fails or holds what this build cannot have written.
    pub fn standing_decisions(&self) -> Result<Vec<StandingDecision>, StoreError> {
        let doing = "reading decisions";
        let sql = "SELECT status, justification, note, by_whom, at, until, id, finding_id, source, relies_on FROM decision WHERE revoked_at IS NULL ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let rows = statement.query_map([], |r| Ok((decision_row(r)?, r.get(6)?, r.get(7)?, r.get(8)?, r.get(9)?)));
        let rows: Vec<(DecisionRow, i64, i64, String, String)> = rows.and_then(Iterator::collect).doing(doing)?;
        rows.into_iter()
            .map(|(row, id, finding, source, relies_on)| {
                Ok(StandingDecision { id, finding, source, decision: decision(row, finding)?, relies_on })
            })
            .collect()
    }

    /// Past decisions about the same vulnerability or control elsewhere, and earlier ones about this finding; newest first.
    ///
    /// # Errors
    /// When the database fails or holds what this build cannot have written.
    pub fn decisions_like(&self, finding: i64, limit: usize) -> Result<Vec<PastDecision>, StoreError> {
        let like = "SELECT d.id FROM finding me JOIN finding f ON f.class = me.class AND (f.vuln_id = me.vuln_id OR f.control_id = me.control_id) \
                    JOIN decision d ON d.finding_id = f.id WHERE me.id = ?1 AND (d.finding_id <> me.id OR d.revoked_at IS NOT NULL)";
        self.past_decisions(like, finding, limit)
    }

    /// Past decisions about some findings, newest first.
    ///
    /// # Errors
    /// When the database fails or holds what this build cannot have written.
    pub fn decisions_about(&self, findings: &[i64], limit: usize) -> Result<Vec<PastDecision>, StoreError> {
        let about = "SELECT d.id FROM decision d WHERE d.finding_id IN (SELECT value FROM json_each(?1))";
        self.past_decisions(about, ids_json(findings), limit)
    }

    fn past_decisions(&self, which: &str, of: impl ToSql, limit: usize) -> Result<Vec<PastDecision>, StoreError> {
        let doing = "reading past decisions";
        let sql = format!(
            "SELECT status, justification, note, by_whom, at, until, finding_id, CASE WHEN revoked_at IS NULL THEN NULL ELSE COALESCE(revoked_because, '') END FROM decision WHERE id IN ({which}) ORDER BY at DESC, id DESC LIMIT ?2"
        );
        let mut statement = self.conn.prepare_cached(&sql).doing(doing)?;
        let rows = statement.query_map(params![of, limit as i64], |r| {
            let because: Option<String> = r.get(7)?;
            let ended = because.map(|because| match because.as_str() {
                "replaced" => PastEnd::Replaced,
                WITHDRAWN => PastEnd::Withdrawn,
                _ => PastEnd::Lapsed,
            });
            Ok((decision_row(r)?, r.get(6)?, ended))
        });
        let rows: Vec<(DecisionRow, i64, Option<PastEnd>)> = rows.and_then(Iterator::collect).doing(doing)?;
        rows.into_iter()
            .map(|(row, finding, ended)| Ok(PastDecision { decision: decision(row, finding)?, finding, ended }))
            .collect()
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

/// Status, justification, note, by whom, when, until when.
pub(crate) type DecisionRow = (String, Option<String>, String, String, i64, Option<i64>);

/// The first six columns of a row that begins with a decision's.
pub(crate) fn decision_row(r: &rusqlite::Row<'_>) -> rusqlite::Result<DecisionRow> {
    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?))
}

/// The decision of a row.
pub(crate) fn decision(
    (status, justification, note, by, at, until): DecisionRow,
    finding: i64,
) -> Result<Decision, StoreError> {
    let unread =
        |e: assay_core::named::Unspelled| StoreError::Row { table: "decision", row: finding, why: e.to_string() };
    Ok(Decision {
        status: status.parse().map_err(unread)?,
        justification: justification.map(|j| j.parse()).transpose().map_err(unread)?,
        note: Opaque::readmit(&note),
        by: Opaque::readmit(&by),
        at: Time::from_millis(at),
        until: until.map(Time::from_millis),
    })
}
