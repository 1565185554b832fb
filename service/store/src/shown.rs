//! Texts that were shown. Comes in: the record from which a text can be written again. Goes out: each record beside the link
//! of the audit chain that holds its digest. A record that was changed, or a link without one, is told, never passed over.

use assay_core::ids::{Digest, Time};
use rusqlite::{OptionalExtension, TransactionBehavior, params};

use crate::audit::append;
use crate::error::{Doing, StoreError};
use crate::open::Store;

/// The act in the audit chain.
const SHOWN: &str = "shown";
/// The most records of shown texts that are kept, in records: the newest. Their links in the audit chain stay.
pub const SHOWN_MAX: usize = 1_000;

/// One link about a shown text, with its record where that is still kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRecord {
    /// The number of the link.
    pub seq: i64,
    /// When it was shown.
    pub at: Time,
    /// What was shown.
    pub object: String,
    /// The record; none once it made room for newer ones.
    pub body: Option<String>,
    /// Whether the record is the one that the link speaks of.
    pub whole: bool,
}

impl Store {
    /// Keeps the record of a shown text and adds its link, in one transaction. What is kept already is not kept again.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_shown(&mut self, at: Time, actor: &str, object: &str, body: &str) -> Result<(), StoreError> {
        self.keep_shown_up_to(SHOWN_MAX, at, actor, object, body)
    }

    fn keep_shown_up_to(
        &mut self,
        max: usize,
        at: Time,
        actor: &str,
        object: &str,
        body: &str,
    ) -> Result<(), StoreError> {
        let doing = "keeping a shown text";
        let digest = Digest::of_bytes(body.as_bytes());
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        let known: Option<i64> = tx
            .prepare_cached("SELECT seq FROM shown WHERE sha256 = ?1")
            .and_then(|mut s| s.query_row([digest.bytes().as_slice()], |r| r.get(0)).optional())
            .doing(doing)?;
        if known.is_some() {
            return Ok(());
        }
        append(&tx, at, actor, SHOWN, object, "", &digest.to_string())?;
        let sql = "INSERT INTO shown (seq, sha256, body) VALUES ((SELECT max(seq) FROM audit), ?1, ?2)";
        tx.prepare_cached(sql).and_then(|mut s| s.execute(params![digest.bytes().as_slice(), body])).doing(doing)?;
        let sql = "DELETE FROM shown WHERE seq <= (SELECT seq FROM shown ORDER BY seq DESC LIMIT 1 OFFSET ?1)";
        tx.prepare_cached(sql).and_then(|mut s| s.execute([max as i64])).doing(doing)?;
        tx.commit().doing(doing)
    }

    /// Hands on every link about a shown text, oldest first.
    ///
    /// # Errors
    /// When the database fails, or the closure does.
    pub fn each_shown<E: From<StoreError>>(&self, mut take: impl FnMut(ShownRecord) -> Result<(), E>) -> Result<(), E> {
        let doing = "reading shown texts";
        let sql = "SELECT a.seq, a.at, a.object, a.after, s.body FROM audit a LEFT JOIN shown s ON s.seq = a.seq \
                   WHERE a.action = ?1 ORDER BY a.seq";
        let mut statement = self.conn.prepare(sql).doing(doing)?;
        let mut rows = statement.query([SHOWN]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let linked: String = row.get(3).doing(doing)?;
            let body: Option<String> = row.get(4).doing(doing)?;
            let whole = body.as_ref().is_none_or(|b| Digest::of_bytes(b.as_bytes()).to_string() == linked);
            take(ShownRecord {
                seq: row.get(0).doing(doing)?,
                at: Time::from_millis(row.get(1).doing(doing)?),
                object: row.get(2).doing(doing)?,
                body,
                whole,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(store: &Store) -> Vec<(String, Option<String>, bool)> {
        let mut out = Vec::new();
        store
            .each_shown(|r| {
                out.push((r.object, r.body, r.whole));
                Ok::<(), StoreError>(())
            })
            .unwrap();
        out
    }

    #[test]
    fn the_newest_records_are_kept_and_every_link_stays() {
        let mut store = Store::in_memory().unwrap();
        for n in 0..4 {
            store.keep_shown_up_to(2, Time::from_secs(n), "cli", &format!("text {n}"), &n.to_string()).unwrap();
        }
        let told: Vec<_> = all(&store).into_iter().map(|(object, body, _)| (object, body.is_some())).collect();
        let text = |n: u8, kept| (format!("text {n}"), kept);
        assert_eq!(told, [text(0, false), text(1, false), text(2, true), text(3, true)]);
        assert_eq!(store.verify_audit().unwrap().broken_at, None);
    }

    #[test]
    fn the_same_record_is_kept_once() {
        let mut store = Store::in_memory().unwrap();
        for at in 0..3 {
            store.keep_shown(Time::from_secs(at), "cli", "explanation x", "{}").unwrap();
        }
        assert_eq!(all(&store).len(), 1);
        assert_eq!(store.verify_audit().unwrap().links, 1);
    }

    #[test]
    fn a_record_that_was_changed_is_not_the_one_of_its_link() {
        let mut store = Store::in_memory().unwrap();
        store.keep_shown(Time::from_secs(0), "cli", "explanation x", "{\"a\":1}").unwrap();
        store.conn.execute("UPDATE shown SET body = '{\"a\":2}'", []).unwrap();
        assert!(!all(&store)[0].2);
        assert_eq!(store.verify_audit().unwrap().broken_at, None, "the chain itself holds");
    }
}
