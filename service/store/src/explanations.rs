//! What a model chose, kept so that equal facts are arranged once and every shown text can be replayed.

use assay_core::ids::{Digest, Time};
use assay_core::ports::ModelId;
use rusqlite::{OptionalExtension, params};

use crate::error::{Doing, StoreError};
use crate::open::Store;

/// One answer of a model to one brief.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRecord {
    /// The brief, by its predicates.
    pub brief: Digest,
    /// The version of the catalogue.
    pub catalogue: String,
    /// The model.
    pub model: ModelId,
    /// The plan that was told.
    pub plan: String,
    /// Whether the model chose it.
    pub by_model: bool,
    /// Why the template did, when it did.
    pub because: String,
    /// The prompt.
    pub prompt: Digest,
    /// What the model wrote.
    pub raw: String,
    /// How long it took.
    pub ms: i64,
    /// When.
    pub at: Time,
}

impl Store {
    /// The plan that a model chose before for an equal brief.
    ///
    /// # Errors
    /// When the database fails.
    pub fn plan(&self, brief: &Digest, catalogue: &str, model: &ModelId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT plan FROM explanation WHERE brief_digest = ?1 AND catalogue = ?2 AND model = ?3 AND chosen_by = 'model'";
        let key = params![brief.bytes().as_slice(), catalogue, model.digest.to_string()];
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(key, |r| r.get(0)).optional())
            .doing("reading a plan")
    }

    /// Keeps what a model answered.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_plan(&mut self, record: &PlanRecord) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO explanation (brief_digest, catalogue, model, plan, chosen_by, because, prompt_sha, raw, ms, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let row = params![
            record.brief.bytes().as_slice(),
            record.catalogue,
            record.model.digest.to_string(),
            record.plan,
            if record.by_model { "model" } else { "template" },
            record.because,
            record.prompt.bytes().as_slice(),
            record.raw,
            record.ms,
            record.at.millis()
        ];
        self.conn.execute(sql, row).doing("keeping a plan")?;
        Ok(())
    }
}
