//! The rows behind controls, rights and signals: what a failure means. Comes in: one CSV. Goes out: title, standard and
//! the two columns that the decision table asks for. A rule of a tool that no row maps gets no answers, only unknowns.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::finding::{FindingClass, Matter};
use crate::observation::Capability;
use crate::text::Own;

/// What the decision table needs to know about a failure without a CVE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gain {
    /// The flaw itself answers on the network: an attacker needs no foothold first.
    pub needs_no_foothold: bool,
    /// Node, cluster admin or credentials are gained.
    pub total: bool,
    /// Nothing is gained by it alone: good housekeeping, such as a missing probe. No deadline hangs on it.
    pub nothing: bool,
}

/// One control or signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRow {
    /// Its id: `pss-privileged`.
    pub id: Box<str>,
    /// What is wrong when it fails, as a short noun phrase.
    pub title: Own,
    /// The standard it belongs to: `PSS baseline`, `ATT&CK T1611`; empty where none.
    pub standard: Box<str>,
    /// Ids of the OWASP Kubernetes Top 10.
    pub owasp: Vec<Box<str>>,
    /// What a failure gives.
    pub gain: Gain,
    /// What to do.
    pub remedy: Own,
    /// Where the rule comes from.
    pub source: Box<str>,
}

/// All controls, by id.
#[derive(Clone, Debug, Default)]
pub struct Controls {
    rows: BTreeMap<Box<str>, ControlRow>,
}

/// Why the table is refused.
#[derive(Debug, thiserror::Error)]
pub enum BadControls {
    /// It is not the CSV that is expected.
    #[error("the table of controls cannot be read")]
    Csv(#[from] csv::Error),
    /// An id stands twice.
    #[error("control `{0}` stands twice")]
    Twice(Box<str>),
}

/// A row of controls, or one of signals, which has ATT&CK techniques for its standard and says what to look at next.
#[derive(Deserialize)]
struct Row {
    id: String,
    title: String,
    #[serde(default)]
    standard: String,
    #[serde(default)]
    owasp: String,
    #[serde(default)]
    attack: String,
    needs_no_foothold: String,
    control_gained: String,
    #[serde(alias = "next")]
    remedy: String,
    #[serde(default)]
    source: String,
}

impl Controls {
    /// Reads the table.
    ///
    /// # Errors
    /// When a column is missing or an id stands twice.
    pub fn parse(csv: &str) -> Result<Self, BadControls> {
        Self::default().and(csv)
    }

    /// Adds the rows of another table, such as that of signals.
    ///
    /// # Errors
    /// When a column is missing or an id stands twice.
    pub fn and(self, csv: &str) -> Result<Self, BadControls> {
        let mut rows = self.rows;
        for row in csv::Reader::from_reader(csv.as_bytes()).deserialize::<Row>() {
            let row = row?;
            let techniques = (!row.attack.is_empty()).then(|| format!("ATT&CK {}", row.attack));
            let control = ControlRow {
                id: row.id.as_str().into(),
                title: Own::catalogued(row.title),
                standard: techniques.unwrap_or(row.standard).into(),
                owasp: row.owasp.split_whitespace().map(Into::into).collect(),
                gain: Gain {
                    needs_no_foothold: row.needs_no_foothold == "yes",
                    total: row.control_gained == "total",
                    nothing: row.control_gained == "none",
                },
                remedy: Own::catalogued(row.remedy),
                source: row.source.into(),
            };
            if let Some(twice) = rows.insert(control.id.clone(), control) {
                return Err(BadControls::Twice(twice.id));
            }
        }
        Ok(Self { rows })
    }

    /// The row of a control, where it is one of ours.
    pub fn get(&self, id: &str) -> Option<&ControlRow> {
        self.rows.get(id)
    }

    /// All rows, by id.
    pub fn iter(&self) -> impl Iterator<Item = &ControlRow> {
        self.rows.values()
    }

    /// What a failure of this matter gives, with the table and row that say so; none for a rule that no row maps.
    pub fn gain(&self, matter: &Matter) -> Option<(Gain, &'static str, Box<str>)> {
        let (class, name) = match matter {
            Matter::Vulnerability { .. } => return None,
            Matter::Control { control, .. } => (FindingClass::Misconfiguration, control.0.reveal()),
            Matter::Signal { signal, .. } => (FindingClass::Signal, signal.0.reveal()),
            Matter::Secret { detector, .. } => (FindingClass::Secret, detector.reveal()),
            Matter::Rbac { capability, .. } => (FindingClass::Rbac, capability.as_str()),
        };
        self.gain_of(class, name)
    }

    /// The same by class and name, as rows of findings have them.
    pub fn gain_of(&self, class: FindingClass, name: &str) -> Option<(Gain, &'static str, Box<str>)> {
        let row = |table: &'static str, id: &str| self.get(id).map(|row| (row.gain, table, row.id.clone()));
        match class {
            FindingClass::Vulnerability => None,
            FindingClass::Misconfiguration | FindingClass::Benchmark => row("control", name),
            FindingClass::Signal => row("signal", name),
            // Whatever its detector: who has a secret has what it opens.
            FindingClass::Secret => row("control", name).or_else(|| row("control", SECRET_IN_CLEAR)),
            FindingClass::Rbac => {
                let capability = name.parse::<Capability>().ok()?;
                let gain = Gain { needs_no_foothold: false, total: capability.row().total, nothing: false };
                Some((gain, "capability", capability.as_str().into()))
            }
        }
    }
}

/// The row that stands for every detector without one of its own.
const SECRET_IN_CLEAR: &str = "secret-in-clear";

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "id,title,standard,owasp,needs_no_foothold,control_gained,remedy,source\n\
        pss-privileged,a privileged container,PSS baseline,K01 K03,no,total,Set privileged to false.,Pod Security Standards\n";

    #[test]
    fn a_row_says_what_a_failure_gives() {
        let controls = Controls::parse(TABLE).unwrap();
        let row = controls.get("pss-privileged").unwrap();
        assert_eq!(
            (row.standard.as_ref(), row.owasp.len(), row.gain.total, row.gain.needs_no_foothold),
            ("PSS baseline", 2, true, false)
        );
        assert!(controls.get("trivy/AVD-DS-0002").is_none());
    }

    #[test]
    fn housekeeping_gives_nothing() {
        let controls = Controls::parse(&TABLE.replace("total", "none")).unwrap();
        let gain = controls.get("pss-privileged").unwrap().gain;
        assert_eq!((gain.total, gain.nothing), (false, true));
    }

    #[test]
    fn signals_stand_beside_controls_under_their_techniques() {
        let signals = "id,title,attack,stage,needs_no_foothold,control_gained,next\n\
            release-agent,a write to release_agent,T1611,foothold,no,total,Look at the node.\n";
        let controls = Controls::parse(TABLE).unwrap().and(signals).unwrap();
        let row = controls.get("release-agent").unwrap();
        assert_eq!((row.standard.as_ref(), row.remedy.as_str()), ("ATT&CK T1611", "Look at the node."));
        assert!(controls.get("pss-privileged").is_some());
        assert!(matches!(controls.and(signals), Err(BadControls::Twice(_))));
    }

    #[test]
    fn an_id_stands_once() {
        let twice = format!("{TABLE}{}", TABLE.lines().last().unwrap());
        assert!(matches!(Controls::parse(&twice), Err(BadControls::Twice(_))));
    }
}
