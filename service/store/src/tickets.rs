//! Tickets: what a tracker sent under a key, and the findings that it named. A finding keeps its tickets when it is
//! rebuilt, renamed or joined with another.

use assay_core::ids::Time;
use assay_core::text::Opaque;
use rusqlite::{TransactionBehavior, params};

use crate::error::{Doing, StoreError};
use crate::intern::Intern;
use crate::open::Store;

/// Ids as the JSON array that `json_each` takes.
pub(crate) fn ids_json(ids: &[i64]) -> String {
    serde_json::Value::from(ids).to_string()
}

impl Store {
    /// Keeps a ticket. The same key again replaces what was known of it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_ticket(&mut self, key: &Opaque, text: &Opaque, at: Time, findings: &[i64]) -> Result<(), StoreError> {
        let doing = "keeping a ticket";
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        let mut intern = Intern::new(&tx, at);
        let passage = intern.passage("ticket", text, "tracker")?;
        intern.finish()?;
        let sql = "INSERT INTO ticket (key, passage_id, at) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET passage_id = ?2, at = ?3";
        tx.execute(sql, params![key.reveal(), passage, at.millis()]).doing(doing)?;
        tx.execute("DELETE FROM ticket_finding WHERE key = ?1", [key.reveal()]).doing(doing)?;
        for finding in findings {
            let sql = "INSERT OR IGNORE INTO ticket_finding (key, finding_id) VALUES (?1, ?2)";
            tx.prepare_cached(sql).and_then(|mut s| s.execute(params![key.reveal(), finding])).doing(doing)?;
        }
        tx.commit().doing(doing)
    }

    /// Keys of tickets that name one of these findings, or one with the root cause of one of them; newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn tickets_of(&self, findings: &[i64], limit: usize) -> Result<Vec<Opaque>, StoreError> {
        let sql = "SELECT t.key FROM ticket t JOIN ticket_finding n ON n.key = t.key JOIN finding f ON f.id = n.finding_id \
                   WHERE f.cause IN (SELECT cause FROM finding WHERE id IN (SELECT value FROM json_each(?1))) \
                   GROUP BY t.key ORDER BY t.at DESC, t.key LIMIT ?2";
        self.tickets(sql, findings, limit)
    }

    /// Keys of tickets whose text one of these passages is, in the order given.
    ///
    /// # Errors
    /// When the database fails.
    pub fn tickets_of_passages(&self, passages: &[i64], limit: usize) -> Result<Vec<Opaque>, StoreError> {
        let sql =
            "SELECT t.key FROM json_each(?1) p JOIN ticket t ON t.passage_id = p.value ORDER BY p.key, t.key LIMIT ?2";
        self.tickets(sql, passages, limit)
    }

    fn tickets(&self, sql: &str, ids: &[i64], limit: usize) -> Result<Vec<Opaque>, StoreError> {
        let doing = "reading tickets";
        let ids = ids_json(ids);
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let rows = statement.query_map(params![ids, limit as i64], |r| r.get::<_, String>(0));
        let keys: Vec<String> = rows.and_then(Iterator::collect).doing(doing)?;
        Ok(keys.iter().map(|k| Opaque::readmit(k)).collect())
    }
}
