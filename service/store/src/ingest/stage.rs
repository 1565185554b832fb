//! Observations of the report at hand, on the way from the reader to the ledger. They lie in temporary tables of the same
//! transaction, because what they belong to is known only when the report's head comes, last. Memory stays bounded
//! whatever the size of the report.

use std::collections::HashSet;

use assay_core::asset::{AssetKey, PackageKey};
use assay_core::intel::{Feed, IntelNote};
use assay_core::observation::{Claim, Flaw, Observation, Record, Subject};
use assay_core::text::Opaque;
use rusqlite::{Connection, params};

use super::staged::{ClaimRow, LooseRow, SubjectRow};
use crate::error::{Doing, StoreError};
use crate::intel;
use crate::intern::Intern;
use crate::twin::SaidRow;

/// How many notes are remembered, so that what a report says a thousand times is written once.
const NOTES_REMEMBERED_MAX: usize = 200_000;

/// The temporary tables, empty. Those after the staged ones say what this commit has to look at again.
pub(crate) fn clear(conn: &Connection) -> Result<(), StoreError> {
    let sql = "CREATE TEMP TABLE IF NOT EXISTS stage_claim (id INTEGER PRIMARY KEY, body TEXT NOT NULL, passage_id INTEGER, observation_id INTEGER NOT NULL);
        CREATE TEMP TABLE IF NOT EXISTS stage_loose (id INTEGER PRIMARY KEY, body TEXT NOT NULL, observation_id INTEGER NOT NULL);
        CREATE TEMP TABLE IF NOT EXISTS stage_said (scope_id INTEGER NOT NULL, fp BLOB NOT NULL, component TEXT NOT NULL, claim_id INTEGER NOT NULL,
            asset_id INTEGER NOT NULL, spoken INTEGER, severity INTEGER NOT NULL, details INTEGER NOT NULL, PRIMARY KEY (scope_id, fp, component)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS temp.stage_said_by_claim ON stage_said(claim_id);
        CREATE TEMP TABLE IF NOT EXISTS stage_alias (name TEXT NOT NULL, alias TEXT NOT NULL, PRIMARY KEY (name, alias)) WITHOUT ROWID;
        CREATE TEMP TABLE IF NOT EXISTS stage_source (subject TEXT NOT NULL, ecosystem TEXT NOT NULL, binary_name TEXT NOT NULL, source_name TEXT NOT NULL,
            PRIMARY KEY (subject, ecosystem, binary_name, source_name)) WITHOUT ROWID;
        CREATE TEMP TABLE IF NOT EXISTS touched (finding_id INTEGER PRIMARY KEY, said INTEGER NOT NULL, born INTEGER NOT NULL);
        CREATE TEMP TABLE IF NOT EXISTS moved_asset (asset_id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE IF NOT EXISTS moved_image (asset_id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE IF NOT EXISTS restated (asset_id INTEGER PRIMARY KEY);
        DELETE FROM stage_claim; DELETE FROM stage_loose; DELETE FROM stage_said; DELETE FROM stage_alias; DELETE FROM stage_source; DELETE FROM touched;
        DELETE FROM moved_asset; DELETE FROM moved_image; DELETE FROM restated;";
    conn.execute_batch(sql).doing("preparing the staging tables")
}

/// Takes records one by one.
pub(crate) struct Stage<'a, 'c> {
    conn: &'c Connection,
    intern: &'a mut Intern<'c>,
    report_id: i64,
    /// Records that count as observations.
    pub(crate) observations: u64,
    noted: HashSet<(i64, Feed, String)>,
}

impl<'a, 'c> Stage<'a, 'c> {
    pub(crate) fn new(conn: &'c Connection, intern: &'a mut Intern<'c>, report_id: i64) -> Self {
        Self { conn, intern, report_id, observations: 0, noted: HashSet::new() }
    }

    /// Takes one record.
    pub(crate) fn take(&mut self, record: &Record) -> Result<(), StoreError> {
        self.observations += u64::from(record.kind.counts());
        let observation_id = self.observe(record)?;
        for observation in &record.yields {
            match observation {
                Observation::Claim(claim) => self.claim(claim, observation_id)?,
                Observation::Fact(fact) => self.loose(&LooseRow::from(fact.as_ref()), observation_id)?,
                Observation::Edge(edge) => self.loose(&LooseRow::from(edge.as_ref()), observation_id)?,
                Observation::Coverage(window) => self.loose(&LooseRow::from(window.as_ref()), observation_id)?,
                Observation::Intel(note) => self.intel(note)?,
            }
        }
        Ok(())
    }

    /// The record itself, so that evidence leads back to its place in the report. Its details live with the sighting or
    /// fact that cites it.
    fn observe(&self, record: &Record) -> Result<i64, StoreError> {
        let sql = "INSERT INTO observation (report_id, locator, kind, author, seen_at, body) VALUES (?1, ?2, ?3, ?4, ?5, '') \
                   ON CONFLICT (report_id, locator) DO UPDATE SET kind = kind RETURNING id";
        let row = params![
            self.report_id,
            record.locator.as_ref(),
            record.kind.as_str(),
            record.author.as_str(),
            record.seen_at.map(|t| t.millis())
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.query_row(row, |r| r.get(0))).doing("keeping a record")
    }

    fn claim(&mut self, claim: &Claim, observation_id: i64) -> Result<(), StoreError> {
        let passage = self.intern.passage("claim", &claim.text, "scanner")?;
        if let Flaw::Vulnerability { id, aliases, package, .. } = &claim.flaw {
            self.source(&claim.subject, &package.key)?;
            for alias in aliases {
                let sql = "INSERT OR IGNORE INTO stage_alias (name, alias) VALUES (?1, ?2)";
                self.conn
                    .prepare_cached(sql)
                    .and_then(|mut s| s.execute([id.as_str(), alias.as_str()]))
                    .doing("keeping an alias")?;
            }
        }
        let body = serde_json::to_string(&ClaimRow::from(claim)).unwrap_or_default();
        let sql = "INSERT INTO stage_claim (body, passage_id, observation_id) VALUES (?1, ?2, ?3)";
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.execute(params![body, passage, observation_id]))
            .doing("staging a claim")?;
        Ok(())
    }

    /// Which source package a claim names: learnt before any claim is identified, so that all of a report count alike.
    fn source(&self, subject: &Subject, package: &PackageKey) -> Result<(), StoreError> {
        let Some(source) = package.source.as_ref().filter(|_| package.of_distribution()) else { return Ok(()) };
        let subject = serde_json::to_string(&SubjectRow::from(subject)).unwrap_or_default();
        let sql =
            "INSERT OR IGNORE INTO stage_source (subject, ecosystem, binary_name, source_name) VALUES (?1, ?2, ?3, ?4)";
        let row = params![subject, package.ecosystem.reveal(), package.name.reveal(), source.reveal()];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("keeping a source package")?;
        Ok(())
    }

    fn loose(&self, row: &LooseRow, observation_id: i64) -> Result<(), StoreError> {
        let body = serde_json::to_string(row).unwrap_or_default();
        let sql = "INSERT INTO stage_loose (body, observation_id) VALUES (?1, ?2)";
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.execute(params![body, observation_id]))
            .doing("staging a fact")?;
        Ok(())
    }

    /// What a report carries of published sources is kept at once: it belongs to the vulnerability, not to the report.
    fn intel(&mut self, note: &IntelNote) -> Result<(), StoreError> {
        let vuln = self.intern.vuln(&note.vuln)?;
        let question = SaidRow::of(&note.said).map_or_else(|| "text".to_owned(), |(question, _)| question);
        if self.noted.len() >= NOTES_REMEMBERED_MAX {
            self.noted.clear();
        }
        if self.noted.insert((vuln, note.feed, question)) {
            intel::put(self.conn, self.intern, vuln, note)?;
        }
        Ok(())
    }
}

/// The asset and container of a subject, once the report's artifact is known.
pub(crate) fn place_of(subject: &Subject, artifact: Option<&AssetKey>) -> Option<(AssetKey, Opaque)> {
    let none = || Opaque::readmit("");
    match subject {
        Subject::Artifact => artifact.map(|a| (a.clone(), none())),
        Subject::Image(image) => Some((AssetKey::image(image.repository.clone()), none())),
        Subject::Object { at, container } => Some((at.clone(), container.clone().unwrap_or_else(none))),
    }
}
