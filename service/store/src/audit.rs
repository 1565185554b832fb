//! Who did what, as a chain of hashes: a row that was changed or removed afterwards breaks every later link.

use assay_core::ids::{Digest, Time};
use assay_core::records::Chain;
use rusqlite::{Connection, params};

use crate::error::{Doing, StoreError};
use crate::open::Store;

/// Adds a link. Texts are ours or went through the door.
pub(crate) fn append(
    conn: &Connection,
    at: Time,
    actor: &str,
    action: &str,
    object: &str,
    before: &str,
    after: &str,
) -> Result<(), StoreError> {
    let last: (i64, Vec<u8>) = conn
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        .and_then(|mut s| s.query_row([], |r| Ok((r.get(0)?, r.get(1)?))).or_else(none_yet))
        .doing("reading the audit chain")?;
    let seq = last.0 + 1;
    let hash = link(seq, at, [actor, action, object, before, after], &last.1);
    let sql = "INSERT INTO audit (seq, at, actor, action, object, before, after, prev_hash, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let row = params![seq, at.millis(), actor, action, object, before, after, last.1, hash.bytes().as_slice()];
    conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("writing the audit chain")?;
    Ok(())
}

fn none_yet(error: rusqlite::Error) -> rusqlite::Result<(i64, Vec<u8>)> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok((0, vec![0; 32])),
        other => Err(other),
    }
}

fn link(seq: i64, at: Time, texts: [&str; 5], prev: &[u8]) -> Digest {
    let (seq, at) = (seq.to_be_bytes(), at.millis().to_be_bytes());
    Digest::of_fields(
        [seq.as_slice(), at.as_slice()].into_iter().chain(texts.iter().map(|t| t.as_bytes())).chain([prev]),
    )
}

impl Store {
    /// Checks every link of the audit chain.
    ///
    /// # Errors
    /// When the database fails.
    pub fn verify_audit(&self) -> Result<Chain, StoreError> {
        let sql = "SELECT seq, at, actor, action, object, before, after, prev_hash, hash FROM audit ORDER BY seq";
        let mut statement = self.conn.prepare(sql).doing("reading the audit chain")?;
        let mut rows = statement.query([]).doing("reading the audit chain")?;
        let mut chain = Chain { links: 0, broken_at: None };
        let mut prev = vec![0u8; 32];
        while let Some(row) = rows.next().doing("reading the audit chain")? {
            let text = |i: usize| row.get::<_, String>(i).doing("reading the audit chain");
            let seq: i64 = row.get(0).doing("reading the audit chain")?;
            let at: i64 = row.get(1).doing("reading the audit chain")?;
            let (stored_prev, hash): (Vec<u8>, Vec<u8>) =
                (row.get(7).doing("reading the audit chain")?, row.get(8).doing("reading the audit chain")?);
            let texts = [text(2)?, text(3)?, text(4)?, text(5)?, text(6)?];
            let expected =
                link(seq, Time::from_millis(at), [&texts[0], &texts[1], &texts[2], &texts[3], &texts[4]], &prev);
            chain.links += 1;
            if seq as u64 != chain.links || stored_prev != prev || hash != expected.bytes() {
                chain.broken_at = Some(seq);
                break;
            }
            prev = hash;
        }
        Ok(chain)
    }

    /// Notes an act of a person or token.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note_act(
        &mut self,
        at: Time,
        actor: &str,
        action: &str,
        object: &str,
        after: &str,
    ) -> Result<(), StoreError> {
        append(&self.conn, at, actor, action, object, "", after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_or_missing_link_is_found() {
        let mut store = Store::in_memory().unwrap();
        for n in 0..5 {
            store.note_act(Time::from_secs(n), "cli", "test", &n.to_string(), "").unwrap();
        }
        assert_eq!(store.verify_audit().unwrap(), Chain { links: 5, broken_at: None });
        store.conn.execute("UPDATE audit SET actor = 'mallory' WHERE seq = 3", []).unwrap();
        assert_eq!(store.verify_audit().unwrap().broken_at, Some(3));
        store.conn.execute("DELETE FROM audit WHERE seq = 3", []).unwrap();
        assert_eq!(store.verify_audit().unwrap().broken_at, Some(4));
    }
}
