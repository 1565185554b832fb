//! Factors as every surface lists them: name, value, where it comes from, what it rests on, and its points.

use super::{Factors, Known, Origin, UnknownBecause};
use crate::assess::{Contribution, FactorName, Inputs, contributions};
use crate::ids::{EvidenceId, Time};
use crate::observation::SettledBy;
use crate::policy::{Policy, Question};

/// One factor in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct FactorRow {
    /// Which.
    pub name: FactorName,
    /// Its value, spelled as in the contract.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it rests on; empty when it is unknown.
    pub evidence: Vec<EvidenceId>,
    /// The time for which it is known.
    pub as_of: Option<Time>,
    /// What the policy assumes in its place, when it is unknown and the table asks for it.
    pub assumed: Option<&'static str>,
    /// Why it is unknown.
    pub because: Option<UnknownBecause>,
    /// What would settle it.
    pub settled_by: Option<SettledBy>,
    /// Points it adds.
    pub contribution: u16,
}

impl Factors {
    /// All factors, in the order of [`FactorName::ALL`].
    pub fn rows(&self, policy: &Policy) -> Vec<FactorRow> {
        let inputs = self.inputs();
        let row = |c: &Contribution| {
            let row = self.row(c);
            let assumed = row.because.and_then(|_| assumed(policy, c.factor, &inputs));
            FactorRow { assumed, ..row }
        };
        contributions(inputs, policy).iter().map(row).collect()
    }

    fn row(&self, c: &Contribution) -> FactorRow {
        let yes_no = |v: &bool| if *v { "yes" } else { "no" }.to_owned();
        match c.factor {
            FactorName::Environment => fill(c, &self.environment, |v| v.to_string()),
            FactorName::Exposure => fill(c, &self.exposure, |v| v.to_string()),
            FactorName::InUse => fill(c, &self.in_use, yes_no),
            FactorName::Attacked => fill(c, &self.attacked, |v| v.to_string()),
            FactorName::Conditions => fill(c, &self.conditions, yes_no),
            FactorName::InKev => fill(c, &self.in_kev, yes_no),
            FactorName::Automatable => fill(c, &self.automatable, yes_no),
            FactorName::TechnicalImpact => {
                fill(c, &self.total_impact, |v| if *v { "total" } else { "partial" }.to_owned())
            }
            FactorName::Epss => fill(c, &self.epss, |v| v.to_string()),
            FactorName::Cvss => fill(c, &self.cvss, |v| format!("{}.{}", v / 10, v % 10)),
            FactorName::BlastRadius => fill(c, &self.blast_radius, |v| v.to_string()),
            FactorName::Fix => fill(c, &self.fix, yes_no),
            FactorName::Preference => fill(c, &self.preference, |v| v.to_string()),
        }
    }
}

fn fill<T>(c: &Contribution, known: &Known<T>, spell: impl Fn(&T) -> String) -> FactorRow {
    let bare = |value: &str| FactorRow {
        name: c.factor,
        value: value.to_owned(),
        origin: Origin::Default,
        evidence: Vec::new(),
        as_of: None,
        assumed: None,
        because: None,
        settled_by: None,
        contribution: c.points,
    };
    match known {
        Known::Is(value, proof) => FactorRow {
            origin: proof.origin,
            evidence: proof.evidence.clone(),
            as_of: Some(proof.as_of),
            ..bare(&spell(value))
        },
        Known::Unknown(because, settled_by) => {
            FactorRow { because: Some(*because), settled_by: *settled_by, ..bare("unknown") }
        }
        Known::NotApplicable => bare("not_applicable"),
    }
}

/// What the policy's table assumes for an unknown factor, where it asks for it.
fn assumed(policy: &Policy, factor: FactorName, inputs: &Inputs) -> Option<&'static str> {
    let asks = |q: Question| {
        matches!(
            (factor, q),
            (FactorName::InKev, Question::InKev | Question::Exploitation)
                | (FactorName::Exposure, Question::PubliclyExposed | Question::SystemExposure)
                | (FactorName::Automatable, Question::Automatable)
                | (FactorName::TechnicalImpact, Question::TechnicalImpact)
        )
    };
    policy.asked.iter().find(|a| asks(a.question)).map(|a| a.question.values()[usize::from(a.assumed(inputs))])
}
