//! Passages on SQLite: words by FTS5, vectors as int8 with a scale, scanned whole. Both lie in the file of the records.

mod dot;
mod index;

use assay_core::ports::{ModelId, Passages};
use rusqlite::{OptionalExtension, TransactionBehavior, params};

pub use index::VectorIndex;

use crate::error::{Doing, StoreError};
use crate::open::Store;

/// A word that stands in more texts than this says little; it is used only when the question has no rarer ones.
const COMMON_TEXTS: i64 = 2_000;
/// The rarest words of a question are always used, however common.
const RAREST_KEPT: usize = 2;
/// The most words of a question that are used.
const WORDS_MAX: usize = 12;

impl Passages for Store {
    type Error = StoreError;

    fn without_vector(&self, model: &ModelId, limit: usize) -> Result<Vec<(i64, String)>, StoreError> {
        let doing = "reading texts without a vector";
        // Decisions first: there are few and people look for them. Then what open findings of the worst severity say.
        let sql = "SELECT p.id, p.text FROM passage p WHERE p.model IS NOT ?1 ORDER BY p.kind = 'decision' DESC, \
                   (SELECT max(f.severity) FROM sighting s JOIN finding f ON f.id = s.finding_id WHERE s.passage_id = p.id AND f.presence < 2) DESC, p.id LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let rows =
            statement.query_map(params![model.digest.bytes().as_slice(), limit as i64], |r| Ok((r.get(0)?, r.get(1)?)));
        rows.and_then(Iterator::collect).doing(doing)
    }

    fn put_vectors(&mut self, model: &ModelId, vectors: &[(i64, Vec<f32>)]) -> Result<(), StoreError> {
        let doing = "keeping vectors";
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        for (id, vector) in vectors {
            let (scale, codes) = dot::quantise(vector);
            let bytes: Vec<u8> = codes.iter().map(|c| *c as u8).collect();
            let sql = "UPDATE passage SET model = ?2, scale = ?3, vector = ?4 WHERE id = ?1";
            let row = params![id, model.digest.bytes().as_slice(), f64::from(scale), bytes];
            tx.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        }
        tx.commit().doing(doing)
    }

    fn near(&self, model: &ModelId, vector: &[f32], kinds: &[&str], limit: usize) -> Result<Vec<i64>, StoreError> {
        Ok(self.vector_index(model)?.near(vector, kinds, limit))
    }

    fn matching(&self, words: &str, kinds: &[&str], limit: usize) -> Result<Vec<i64>, StoreError> {
        let doing = "searching by words";
        let Some(query) = self.rarest(words)? else { return Ok(Vec::new()) };
        let sql = "SELECT w.rowid FROM passage_words w JOIN passage p ON p.id = w.rowid WHERE passage_words MATCH ?1 \
                   AND (?2 = '' OR instr(?2, ' ' || p.kind || ' ') > 0) ORDER BY bm25(passage_words), w.rowid LIMIT ?3";
        let kinds = if kinds.is_empty() { String::new() } else { format!(" {} ", kinds.join(" ")) };
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        statement.query_map(params![query, kinds, limit as i64], |r| r.get(0)).and_then(Iterator::collect).doing(doing)
    }
}

impl Store {
    /// How many texts there are, and how many have a vector of this model.
    ///
    /// # Errors
    /// When the database fails.
    pub fn vector_progress(&self, model: &ModelId) -> Result<(u64, u64), StoreError> {
        let sql = "SELECT count(*), count(CASE WHEN model = ?1 THEN 1 END) FROM passage";
        let read = |r: &rusqlite::Row<'_>| Ok((r.get::<_, i64>(0)? as u64, r.get::<_, i64>(1)? as u64));
        self.conn.query_row(sql, [model.digest.bytes().as_slice()], read).doing("counting vectors")
    }

    /// All vectors of a model, for scanning.
    ///
    /// # Errors
    /// When the database fails.
    pub fn vector_index(&self, model: &ModelId) -> Result<VectorIndex, StoreError> {
        let doing = "reading vectors";
        let sql = "SELECT id, kind, scale, vector FROM passage WHERE model = ?1 ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([model.digest.bytes().as_slice()]).doing(doing)?;
        let mut index = VectorIndex::default();
        while let Some(row) = rows.next().doing(doing)? {
            let kind = row.get_ref(1).doing(doing)?.as_str().unwrap_or_default();
            let vector = row.get_ref(3).doing(doing)?.as_blob().unwrap_or_default();
            index.push(row.get(0).doing(doing)?, kind, row.get::<_, f64>(2).doing(doing)? as f32, vector);
        }
        Ok(index)
    }

    /// The findings whose texts these are, and the findings that decisions with these texts are about, in the order given.
    ///
    /// # Errors
    /// When the database fails.
    pub fn findings_of_passages(&self, passages: &[i64], limit: usize) -> Result<Vec<(i64, bool)>, StoreError> {
        let doing = "reading what a text belongs to";
        let mut out: Vec<(i64, bool)> = Vec::new();
        let sql = "SELECT finding_id, 1 FROM decision WHERE passage_id = ?1 UNION ALL SELECT f.id, 0 FROM finding f JOIN vuln v ON v.id = f.vuln_id WHERE v.passage_id = ?1 AND f.presence < 2 \
                   UNION ALL SELECT s.finding_id, 0 FROM sighting s JOIN finding f ON f.id = s.finding_id WHERE s.passage_id = ?1 AND f.presence < 2 LIMIT 3";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        for passage in passages {
            let found: Vec<(i64, bool)> = statement
                .query_map([passage], |r| Ok((r.get(0)?, r.get(1)?)))
                .and_then(Iterator::collect)
                .doing(doing)?;
            for one in found {
                if !out.iter().any(|(id, _)| *id == one.0) && out.len() < limit {
                    out.push(one);
                }
            }
        }
        Ok(out)
    }

    /// An FTS5 query of a question's rarest words; none when it has no word that stands anywhere.
    fn rarest(&self, words: &str) -> Result<Option<String>, StoreError> {
        let doing = "looking words up";
        let mut counted: Vec<(i64, String)> = Vec::new();
        let mut statement = self.conn.prepare_cached("SELECT doc FROM passage_vocab WHERE term = ?1").doing(doing)?;
        for word in words.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() >= 2) {
            let word = word.to_lowercase();
            if counted.iter().any(|(_, w)| *w == word) {
                continue;
            }
            if let Some(texts) = statement.query_row([&word], |r| r.get::<_, i64>(0)).optional().doing(doing)? {
                counted.push((texts, word));
            }
        }
        counted.sort();
        let used = counted
            .iter()
            .enumerate()
            .filter(|(i, (texts, _))| *i < RAREST_KEPT || *texts <= COMMON_TEXTS)
            .take(WORDS_MAX);
        let query: Vec<String> = used.map(|(_, (_, word))| format!("\"{word}\"")).collect();
        Ok((!query.is_empty()).then(|| query.join(" OR ")))
    }
}

#[cfg(test)]
mod tests;
