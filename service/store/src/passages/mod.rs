//! Passages on SQLite: words by FTS5, vectors as int8 with a scale, scanned whole. Both lie in the file of the records.

mod dot;
mod index;

use std::collections::HashSet;

use assay_core::ports::{ModelId, Passages};
use rusqlite::{OptionalExtension, TransactionBehavior, params};

pub use index::VectorIndex;

use crate::error::{Doing, StoreError};
use crate::open::Store;

/// A word that stands in more texts than this says little; it is used only when the question has no rarer ones.
const COMMON_TEXTS: i64 = 2_000;
/// So many of a question's rarest words are used where none is rare.
const RAREST_KEPT: usize = 2;
/// A word tells two texts alike when it stands in at most one text of so many, or in so few.
const TELLING_SHARE: i64 = 20;
const TELLING_LEAST: i64 = 4;
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
        self.matching_most(words, kinds, 1, limit)
    }
}

impl Store {
    /// The texts that hold at least some number of the rarest words of a question, best first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn matching_most(
        &self,
        words: &str,
        kinds: &[&str],
        least: usize,
        limit: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let doing = "searching by words";
        let mut rare = self.rarest(words)?;
        if least > 1 {
            // In a small collection even "the" is rare among the words of a question.
            let texts: i64 = self.conn.query_row("SELECT count(*) FROM passage", [], |r| r.get(0)).doing(doing)?;
            let most = (texts / TELLING_SHARE).max(TELLING_LEAST);
            rare.retain(|(stands_in, _)| *stands_in <= most);
        }
        let rare: Vec<String> = rare.into_iter().map(|(_, word)| word).collect();
        if rare.is_empty() || rare.len() < least {
            return Ok(Vec::new());
        }
        let query = rare.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" OR ");
        let sql = "SELECT w.rowid, p.text FROM passage_words w JOIN passage p ON p.id = w.rowid WHERE passage_words MATCH ?1 \
                   AND (?2 = '' OR instr(?2, ' ' || p.kind || ' ') > 0) ORDER BY bm25(passage_words), w.rowid LIMIT ?3";
        let kinds = if kinds.is_empty() { String::new() } else { format!(" {} ", kinds.join(" ")) };
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        // The best by BM25 hold the most rare words: some more of them are read than are asked for.
        let read = if least > 1 { limit.saturating_mul(4) } else { limit };
        let mut rows = statement.query(params![query, kinds, read as i64]).doing(doing)?;
        let mut out = Vec::new();
        while out.len() < limit {
            let Some(row) = rows.next().doing(doing)? else { break };
            let holds = |text: &str| {
                let words: HashSet<String> = words_of(text).collect();
                rare.iter().filter(|word| words.contains(*word)).count()
            };
            if least <= 1 || row.get_ref(1).doing(doing)?.as_str().is_ok_and(|text| holds(text) >= least) {
                out.push(row.get(0).doing(doing)?);
            }
        }
        Ok(out)
    }

    /// The passage that says what a finding is about: its vulnerability's text, else what a source says.
    ///
    /// # Errors
    /// When the database fails.
    pub fn passage_of(&self, finding: i64) -> Result<Option<(i64, String)>, StoreError> {
        let sql = "SELECT p.id, p.text FROM passage p JOIN (SELECT 0 AS ord, v.passage_id AS id FROM finding f JOIN vuln v ON v.id = f.vuln_id WHERE f.id = ?1 \
                   UNION ALL SELECT 1, s.passage_id FROM sighting s WHERE s.finding_id = ?1 AND s.gone_at IS NULL) u ON u.id = p.id ORDER BY u.ord, length(p.text) DESC, p.id LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql).doing("reading a text")?;
        statement.query_row([finding], |r| Ok((r.get(0)?, r.get(1)?))).optional().doing("reading a text")
    }

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

    /// A question's rarest words and in how many texts each stands, rarest first; none of those that stand nowhere. Where
    /// one is rare the common ones are left out: to count and to rank their texts takes longer than all else, and changes
    /// little.
    fn rarest(&self, words: &str) -> Result<Vec<(i64, String)>, StoreError> {
        let doing = "looking words up";
        let (mut rare, mut common): (Vec<(i64, String)>, Vec<String>) = (Vec::new(), Vec::new());
        let mut seen: HashSet<String> = HashSet::new();
        // No further than it takes to know that a word is common.
        let sql = "SELECT count(*) FROM (SELECT rowid FROM passage_words WHERE passage_words MATCH ?1 LIMIT ?2)";
        let mut up_to = self.conn.prepare_cached(sql).doing(doing)?;
        for word in words_of(words).filter(|w| w.len() >= 2) {
            if !seen.insert(word.clone()) {
                continue;
            }
            let asked = params![format!("\"{word}\""), COMMON_TEXTS + 1];
            match up_to.query_row(asked, |r| r.get::<_, i64>(0)).doing(doing)? {
                0 => {}
                texts if texts <= COMMON_TEXTS => rare.push((texts, word)),
                _ => common.push(word),
            }
        }
        let most = if rare.is_empty() { RAREST_KEPT } else { WORDS_MAX };
        if rare.is_empty() {
            let mut exactly = self.conn.prepare_cached("SELECT doc FROM passage_vocab WHERE term = ?1").doing(doing)?;
            for word in common {
                let texts = exactly.query_row([&word], |r| r.get::<_, i64>(0)).optional().doing(doing)?;
                rare.extend(texts.map(|texts| (texts, word)));
            }
        }
        rare.sort();
        rare.truncate(most);
        Ok(rare)
    }
}

/// The words of a text, as the index of words cuts them: letters and digits, in small letters.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase)
}

#[cfg(test)]
mod tests;
