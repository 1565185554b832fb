//! What was read out of the texts of CVE records. Comes in: readings, by the reader's digest. Goes out: texts that this
//! reader has not read yet, most urgent first, and the readings as intelligence. It must never hand out a text that a
//! scanner gave, nor one of a record that was withdrawn.

use std::collections::HashMap;

use assay_core::ids::Time;
use assay_core::intel::{Feed, IntelNote, Said};
use assay_core::named;
use assay_core::ports::ModelId;
use assay_core::reading::{ReadBy, Reading, Spanned};
use assay_core::text::Opaque;
use rusqlite::{TransactionBehavior, params};

use crate::error::{Doing, StoreError};
use crate::open::Store;
use crate::twin::{ReadingRow, vuln_id};

named! {
    /// What is read out of a text. Each has a reader of its own.
    pub enum ReadJob {
        /// The values of closed questions, by a model.
        Values = "values",
        /// Conditions of exploitation with their places, by the table of phrases.
        Conditions = "conditions",
    }
}

/// One text that was read.
#[derive(Clone, Debug)]
pub struct ReadText {
    /// The text's row.
    pub passage: i64,
    /// What passed.
    pub reading: Reading,
    /// The conditions that it names.
    pub conditions: Vec<Spanned>,
}

/// Texts of CVE records that a finding names, not withdrawn, with something in them. What was read already is sorted out
/// before a text or a finding is looked at.
const TEXTS: &str = "FROM vuln v LEFT JOIN reading r ON r.passage_id = v.passage_id AND r.job = ?1 JOIN passage p ON p.id = v.passage_id \
     WHERE v.from_record = 1 AND trim(p.text, char(9, 10, 13, 32)) <> '' AND EXISTS (SELECT 1 FROM finding f WHERE f.vuln_id = v.id) \
     AND NOT EXISTS (SELECT 1 FROM intel i WHERE i.vuln_id = v.id AND i.question = 'rejected')";

impl Store {
    /// Texts that this reader has not read, most urgent first: by the band of the open findings that name them, then by
    /// their severity.
    ///
    /// # Errors
    /// When the database fails.
    pub fn unread(&self, job: ReadJob, by: &ModelId, limit: usize) -> Result<Vec<(i64, String)>, StoreError> {
        let doing = "looking for texts to read";
        // The band stands in the high bits of what was recorded; the lowest is the most urgent.
        let of_open = |what: &str| format!("(SELECT {what} FROM finding f WHERE f.vuln_id = v.id AND f.presence < 2)");
        let (band, severity) = (of_open("min(f.recorded >> 16)"), of_open("max(f.severity)"));
        let sql = format!(
            "SELECT p.id, p.text, min({band}) AS band, max({severity}) AS severity {TEXTS} AND r.digest IS NOT ?2 GROUP BY p.id \
             ORDER BY band IS NULL, band, severity DESC, p.id LIMIT ?3"
        );
        let mut statement = self.conn.prepare_cached(&sql).doing(doing)?;
        let asked = params![job.as_str(), by.digest.bytes().as_slice(), limit as i64];
        statement.query_map(asked, |r| Ok((r.get(0)?, r.get(1)?))).and_then(Iterator::collect).doing(doing)
    }

    /// How many texts there are to read, and how many this reader has read.
    ///
    /// # Errors
    /// When the database fails.
    pub fn reading_progress(&self, job: ReadJob, by: &ModelId) -> Result<(u64, u64), StoreError> {
        let sql = format!("SELECT count(DISTINCT p.id), count(DISTINCT CASE WHEN r.digest = ?2 THEN p.id END) {TEXTS}");
        let read = |r: &rusqlite::Row<'_>| Ok((r.get::<_, i64>(0)? as u64, r.get::<_, i64>(1)? as u64));
        let asked = params![job.as_str(), by.digest.bytes().as_slice()];
        self.conn.prepare_cached(&sql).and_then(|mut s| s.query_row(asked, read)).doing("counting texts that were read")
    }

    /// Keeps what a reader read; what an earlier reader read of the same texts gives way.
    ///
    /// # Errors
    /// When the database fails. Nothing is kept then.
    pub fn put_readings(&mut self, job: ReadJob, by: &ModelId, at: Time, texts: &[ReadText]) -> Result<(), StoreError> {
        let doing = "keeping readings";
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        for text in texts {
            let row = ReadingRow::of(&text.reading, &text.conditions);
            let body = serde_json::to_string(&row).unwrap_or_default();
            let sql = "INSERT INTO reading (passage_id, job, digest, by_whom, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                       ON CONFLICT (passage_id, job) DO UPDATE SET digest = excluded.digest, by_whom = excluded.by_whom, at = excluded.at, body = excluded.body";
            let digest = by.digest.bytes().as_slice();
            let values = params![text.passage, job.as_str(), digest, by.name, at.millis(), body];
            tx.prepare_cached(sql).and_then(|mut s| s.execute(values)).doing(doing)?;
        }
        if !texts.is_empty() {
            let sql = "INSERT INTO outbox (at, kind, body) VALUES (?1, 'intel', ?2)";
            tx.execute(sql, params![at.millis(), Feed::Reading.as_str()]).doing(doing)?;
        }
        tx.commit().doing(doing)
    }

    /// What was read about vulnerabilities that a finding names, by the vulnerability's row.
    pub(crate) fn readings(&self) -> Result<HashMap<i64, Vec<IntelNote>>, StoreError> {
        let doing = "reading what was read";
        let sql = "SELECT v.id, v.name, r.by_whom, r.at, r.body, r.job FROM vuln v JOIN reading r ON r.passage_id = v.passage_id \
                   WHERE v.from_record = 1 AND v.id IN (SELECT vuln_id FROM finding) \
                   AND NOT EXISTS (SELECT 1 FROM intel i WHERE i.vuln_id = v.id AND i.question = 'rejected') ORDER BY v.id, r.job";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        let mut notes: HashMap<i64, Vec<IntelNote>> = HashMap::new();
        while let Some(row) = rows.next().doing(doing)? {
            let id: i64 = row.get(0).doing(doing)?;
            let unread = |why: String| StoreError::Row { table: "reading", row: id, why };
            let text = |i: usize| row.get::<_, String>(i).doing(doing);
            let vuln = vuln_id(&text(1)?).map_err(|e| unread(e.to_string()))?;
            let body: ReadingRow = serde_json::from_str(&text(4)?).map_err(|e| unread(e.to_string()))?;
            let (reading, conditions) = body.read().map_err(|e| unread(e.to_string()))?;
            let by_model = text(5)? == ReadJob::Values.as_str();
            let said = Said::Read(Box::new(ReadBy { by: text(2)?.into(), by_model, reading, conditions }));
            let at = Time::from_millis(row.get(3).doing(doing)?);
            let note = IntelNote { vuln, said, feed: Feed::Reading, via: Opaque::readmit(""), at };
            notes.entry(id).or_default().push(note);
        }
        Ok(notes)
    }
}
