//! What orders a band: points of each factor, by the policy's weights.

use super::{Answer, Attacked, Exposed, FACTORS, FactorName, Inputs, MISSING};
use crate::finding::FindingClass;
use crate::observation::Environment;
use crate::policy::Policy;

/// Points of one factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Which factor.
    pub factor: FactorName,
    /// How many points it adds.
    pub points: u16,
}

/// The points of each factor; they add up to [`Assessment::points`].
pub fn contributions(inputs: Inputs, policy: &Policy) -> [Contribution; FACTORS] {
    let points = &policy.points;
    let scaled = |value: u8, max: u16| ((u32::from(value.min(100)) * u32::from(max) + 50) / 100) as u16;
    let answered = |answer: Answer, table: &crate::policy::AnswerPoints| match answer {
        Answer::Yes => table.yes,
        Answer::No => table.no,
        Answer::Unknown => table.unknown,
        Answer::NotApplicable => 0,
    };
    let is_vulnerability = inputs.class == FindingClass::Vulnerability;
    let published = |value: u8, max: u16, missing: u16| match (is_vulnerability, value) {
        (false, _) => 0,
        (true, MISSING) => missing,
        (true, value) => scaled(value, max),
    };
    let of = |factor: FactorName| -> u16 {
        match factor {
            FactorName::Environment => match inputs.environment {
                Some(Environment::Production) => points.environment.production,
                Some(Environment::Test) => points.environment.test,
                Some(Environment::Sandbox) => points.environment.sandbox,
                None => points.environment.unknown,
            },
            FactorName::Exposure => match inputs.exposure {
                Exposed::WithTraffic => points.exposure.exposed_with_traffic,
                Exposed::ByPath => points.exposure.exposed,
                Exposed::Unknown => points.exposure.unknown,
                Exposed::Internal => points.exposure.internal,
            },
            FactorName::InUse => answered(inputs.in_use, &points.in_use),
            FactorName::Attacked => match inputs.attacked {
                Attacked::Foothold => points.attacked.foothold,
                Attacked::Attempt => points.attacked.attempt,
                Attacked::Unknown => points.attacked.unknown,
                Attacked::NoneSeen => points.attacked.none_seen,
            },
            FactorName::Conditions => answered(inputs.conditions, &points.conditions),
            FactorName::InKev | FactorName::Automatable | FactorName::TechnicalImpact => 0,
            FactorName::Epss => published(inputs.epss, points.scaled.epss_max, points.scaled.epss_missing),
            FactorName::Cvss => published(inputs.cvss, points.scaled.cvss_max, points.scaled.cvss_missing),
            FactorName::BlastRadius => match inputs.blast {
                MISSING => points.scaled.blast_radius_unknown,
                blast => scaled(blast, points.scaled.blast_radius_max),
            },
            FactorName::Fix => {
                if is_vulnerability && inputs.fix == Answer::Yes {
                    points.scaled.fix
                } else {
                    0
                }
            }
            FactorName::Preference => u16::from(inputs.preference).min(points.scaled.preference_max),
        }
    };
    let mut out = [Contribution { factor: FactorName::Environment, points: 0 }; FACTORS];
    for (slot, factor) in out.iter_mut().zip(FactorName::ALL) {
        *slot = Contribution { factor: *factor, points: of(*factor) };
    }
    out
}
