//! Propositions about what is published: exploitation, automation, impact, conditions.

use super::exposure::origin_words;
use super::{Arg, Family, Proposition, own};
use crate::catalogue::Predicate;
use crate::context::{Factors, Known, Origin, Proof};
use crate::text::{Opaque, Shaped};

/// Whether it is known to be exploited.
pub(super) fn exploited(said: &mut Vec<Proposition>, factors: &Factors) {
    let family = Family::Exploited;
    match &factors.in_kev {
        Known::Is(listed, Proof { origin, evidence, as_of }) => {
            let date = vec![Arg::Shaped(Shaped::At(*as_of))];
            let (predicate, args) = match (listed, origin) {
                (true, Origin::Kev) => (Predicate::InKev, date),
                (true, _) => (Predicate::ExploitedElsewhere, Vec::new()),
                (false, _) => (Predicate::NotInKev, date),
            };
            said.push(Proposition { predicate, args, evidence: evidence.clone(), as_of: Some(*as_of), family });
        }
        Known::Unknown(because, _) => {
            let args = vec![own(because.as_str())];
            said.push(Proposition {
                predicate: Predicate::KevUnknown,
                args,
                evidence: Vec::new(),
                as_of: None,
                family,
            });
        }
        Known::NotApplicable => {}
    }
}

/// Whether exploitation can be automated, and what an attacker gains.
pub(super) fn gain(said: &mut Vec<Proposition>, factors: &Factors) {
    let read = factors.text.as_ref();
    let by = |probability: Option<u16>| read.zip(probability).map(|(text, p)| (text.by.clone(), p));
    let automatable = by(read.and_then(|t| t.reading.automatable).map(|s| s.probability));
    let impact = by(read.and_then(|t| t.reading.impact).map(|s| s.probability));
    let predicates = [Predicate::Automatable, Predicate::NotAutomatable, Predicate::AutomatableUnknown];
    yes_no(said, &factors.automatable, predicates, (Predicate::AutomatableRead, automatable));
    let predicates = [Predicate::ImpactTotal, Predicate::ImpactPartial, Predicate::ImpactUnknown];
    yes_no(said, &factors.total_impact, predicates, (Predicate::ImpactTotalRead, impact));
}

/// What a model read is said with the model and its probability; it only ever says yes.
fn yes_no(
    said: &mut Vec<Proposition>,
    known: &Known<bool>,
    [yes, no, unknown]: [Predicate; 3],
    (read, by): (Predicate, Option<(Opaque, u16)>),
) {
    let family = Family::Gain;
    if let (Known::Is(true, Proof { origin: Origin::ModelReading, evidence, as_of }), Some((model, p))) = (known, by) {
        let args = vec![Arg::Name(model), Arg::Shaped(Shaped::Probability(p))];
        said.push(Proposition { predicate: read, args, evidence: evidence.clone(), as_of: Some(*as_of), family });
        return;
    }
    match known {
        Known::Is(value, Proof { origin, evidence, as_of }) => {
            let predicate = if *value { yes } else { no };
            let args = vec![Arg::Own(origin_words(*origin))];
            said.push(Proposition { predicate, args, evidence: evidence.clone(), as_of: Some(*as_of), family });
        }
        Known::Unknown(..) => {
            said.push(Proposition { predicate: unknown, args: Vec::new(), evidence: Vec::new(), as_of: None, family });
        }
        Known::NotApplicable => {}
    }
}

/// Whether the recorded conditions of exploitation are met.
pub(super) fn conditions(said: &mut Vec<Proposition>, factors: &Factors) {
    let family = Family::Conditions;
    let (predicate, evidence, as_of) = match &factors.conditions {
        Known::Is(true, p) => (Predicate::ConditionsMet, p.evidence.clone(), Some(p.as_of)),
        Known::Is(false, p) => (Predicate::ConditionsNotMet, p.evidence.clone(), Some(p.as_of)),
        Known::Unknown(..) => (Predicate::ConditionsUnknown, Vec::new(), None),
        Known::NotApplicable => return,
    };
    said.push(Proposition { predicate, args: Vec::new(), evidence, as_of, family });
}
