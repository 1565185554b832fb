//! The words of OpenVEX as the command line takes them, each with what it does.

use assay_core::observation::{Justification, VexStatus};
use clap::builder::{PossibleValue, PossibleValuesParser};

/// The statuses of a decision, each with its effect.
pub(super) fn statuses() -> PossibleValuesParser {
    let effect = |status: &VexStatus| match status {
        VexStatus::NotAffected => "Cannot be exploited here: out of today and due until --until; say why",
        VexStatus::Affected => {
            "Can be exploited here: stays in today and due; with --until the risk is accepted until that day, and --note says why"
        }
        VexStatus::Fixed => "Mended here: out of today and due, for good where there is no --until",
        VexStatus::UnderInvestigation => "Somebody is looking: stays in today and due",
    };
    VexStatus::ALL.iter().map(|s| PossibleValue::new(s.as_str()).help(effect(s))).collect::<Vec<_>>().into()
}

/// The justifications of `not_affected`.
pub(super) fn justifications() -> PossibleValuesParser {
    let means = |justification: &Justification| match justification {
        Justification::ComponentNotPresent => "The component is not in the product",
        Justification::VulnerableCodeNotPresent => "The component is there, the vulnerable code is not",
        Justification::VulnerableCodeNotInExecutePath => "The vulnerable code is never run",
        Justification::VulnerableCodeCannotBeControlled => "An attacker cannot make the vulnerable code do harm",
        Justification::InlineMitigationsAlreadyExist => "Something built in stands in the way",
    };
    Justification::ALL.iter().map(|j| PossibleValue::new(j.as_str()).help(means(j))).collect::<Vec<_>>().into()
}
