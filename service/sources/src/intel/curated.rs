//! Conditions of exploitation that we recorded by hand, from the record or advisory that each row names. Comes in: a
//! table of this build. Goes out: notes. A row names only conditions that are always needed: one that is known not to be
//! met lowers a finding.

use std::collections::HashMap;

use assay_core::condition::Condition;
use assay_core::ids::{BadVulnId, Time, VulnId};
use assay_core::intel::{Feed, IntelNote, Said};
use assay_core::named::Unspelled;
use assay_core::text::Opaque;
use serde::Deserialize;

/// The table: vulnerability, conditions, the address that says so, a sentence of ours.
const TABLE: &str = include_str!("../../conditions.csv");

/// Why the table is refused.
#[derive(Debug, thiserror::Error)]
pub enum BadCurated {
    /// It is not the form that is expected.
    #[error("the table of curated conditions cannot be read")]
    Form(#[from] csv::Error),
    /// A name of a vulnerability cannot be read.
    #[error("a row of curated conditions names no vulnerability")]
    Vuln(#[from] BadVulnId),
    /// A condition is not of the closed list.
    #[error("a row of curated conditions names an unknown condition")]
    Condition(#[from] Unspelled),
}

#[derive(Deserialize)]
struct Row {
    cve: String,
    conditions: String,
    source: String,
}

/// Curated conditions by the vulnerability that they are about.
#[derive(Clone, Debug, Default)]
pub struct Curated(HashMap<VulnId, IntelNote>);

impl Curated {
    /// The table of this build.
    ///
    /// # Errors
    /// Never for the file of this build; a test reads it.
    pub fn bundled() -> Result<Self, BadCurated> {
        Self::parse(TABLE)
    }

    /// Reads a table.
    ///
    /// # Errors
    /// When it lacks a column, or a row names no vulnerability or an unknown condition.
    pub fn parse(table: &str) -> Result<Self, BadCurated> {
        let mut rows = HashMap::new();
        for row in csv::Reader::from_reader(table.as_bytes()).deserialize() {
            let Row { cve, conditions, source } = row?;
            let vuln: VulnId = cve.parse()?;
            let conditions = conditions.split_whitespace().map(|c| c.parse()).collect::<Result<Vec<Condition>, _>>()?;
            let (said, via) = (Said::Conditions(conditions), Opaque::readmit(&source));
            // The table is part of the build: it is as old as the program.
            let note = IntelNote { vuln: vuln.clone(), said, feed: Feed::Curated, via, at: Time::from_millis(0) };
            rows.insert(vuln, note);
        }
        Ok(Self(rows))
    }

    /// The note about a vulnerability, where there is a row.
    pub fn note(&self, vuln: &VulnId) -> Option<&IntelNote> {
        self.0.get(vuln)
    }

    /// All notes, in no order.
    pub fn notes(&self) -> impl Iterator<Item = &IntelNote> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_table_names_known_conditions_and_a_source_in_every_row() {
        let lines = TABLE.lines().count() - 1;
        let curated = Curated::bundled().unwrap();
        assert!(lines >= 40 && curated.notes().count() == lines, "each vulnerability has one row");
        for note in curated.notes() {
            assert!(matches!(&note.said, Said::Conditions(all) if !all.is_empty()), "{}", note.vuln);
            assert!(note.via.reveal().starts_with("https://") && note.vuln.is_cve(), "{}", note.vuln);
        }
    }

    #[test]
    fn a_row_with_an_unknown_condition_is_refused() {
        let with = |row: &str| Curated::parse(&format!("cve,conditions,source,note\n{row}"));
        assert!(with("CVE-2026-0001,local_user race_won,https://a.example,why").is_ok());
        assert!(with("CVE-2026-0001,moon_phase,https://a.example,why").is_err());
        assert!(with("nothing,local_user,https://a.example,why").is_err());
    }
}
