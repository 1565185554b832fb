//! How good an order is, without a reference that somebody wrote. Comes in: a finding as the road sees it, and a plan. Goes
//! out: two shares that were fixed before anything was run. A fact weighs what it does to the finding's place in the list:
//! first what decides the band, then the points that its factor gives. What has no factor (who reported it, doubts about
//! the sources) has no weight and is passed over.

use assay_core::assess::{FactorName, contributions};
use assay_core::brief::{Brief, Handle};
use assay_core::catalogue::Predicate as P;
use assay_core::finding::FindingClass;
use assay_core::plan::Plan;
use assay_core::policy::{Policy, Question};
use assay_core::scene::Seen;

/// What decides the band weighs more than all points together.
const DECIDES: u32 = 10_000;

/// The weight of each fact, by handle.
pub fn weights(seen: &Seen, policy: &Policy) -> Vec<Option<u32>> {
    let class = seen.factors.class;
    let given = contributions(seen.factors.inputs(), policy);
    let decides = |factor: FactorName| {
        let by_table = seen.brief.decided_by.iter().any(|d| asks(d.question, class) == factor);
        by_table || (seen.assessment.incident && factor == FactorName::Attacked)
    };
    let weight = |factor: FactorName| {
        let points = given.iter().filter(|c| c.factor == factor).map(|c| u32::from(c.points)).sum::<u32>();
        points + if decides(factor) { DECIDES } else { 0 }
    };
    seen.brief.propositions.iter().map(|p| factor(p.predicate).map(weight)).collect()
}

/// The share of pairs of facts of different weight in which the heavier one is told first; none where all weigh the same.
pub fn ordered(plan: &Plan, weights: &[Option<u32>]) -> Option<f64> {
    let told: Vec<u32> = handles(plan).filter_map(|h| weights.get(usize::from(h.0)).copied().flatten()).collect();
    let (mut right, mut all) = (0u32, 0u32);
    for (i, first) in told.iter().enumerate() {
        for second in &told[i + 1..] {
            right += u32::from(first > second);
            all += u32::from(first != second);
        }
    }
    (all > 0).then(|| f64::from(right) / f64::from(all))
}

/// The share of facts that stand right after one of their own family, among those that could; none where each family has
/// one fact.
pub fn grouped(plan: &Plan, brief: &Brief) -> Option<f64> {
    let families: Vec<_> = handles(plan).filter_map(|h| brief.get(h)).map(|p| p.family).collect();
    let beside = families.windows(2).filter(|pair| pair[0] == pair[1]).count();
    let distinct = families.iter().collect::<std::collections::HashSet<_>>().len();
    let could = families.len() - distinct;
    (could > 0).then(|| beside as f64 / could as f64)
}

fn handles(plan: &Plan) -> impl Iterator<Item = Handle> {
    plan.sentences.iter().flatten().copied()
}

/// The factor that a question of the policy is answered from.
fn asks(question: Question, class: FindingClass) -> FactorName {
    match question {
        Question::InKev | Question::Exploitation if class == FindingClass::Vulnerability => FactorName::InKev,
        Question::InKev | Question::Exploitation => FactorName::Attacked,
        Question::PubliclyExposed | Question::SystemExposure => FactorName::Exposure,
        Question::Automatable => FactorName::Automatable,
        Question::TechnicalImpact => FactorName::TechnicalImpact,
        Question::HumanImpact => FactorName::Environment,
    }
}

/// The factor that a fact speaks of.
const fn factor(predicate: P) -> Option<FactorName> {
    use FactorName as F;
    Some(match predicate {
        P::ExposedPath
        | P::ExposedUntold
        | P::TrafficSeen
        | P::TrafficNotSeen
        | P::Internal
        | P::NotRunning
        | P::ExposureUnknown => F::Exposure,
        P::UsedByListener | P::Used | P::NotUsed | P::UseUnknown | P::UseHalfSeen | P::UseSilent | P::UseEnded => {
            F::InUse
        }
        P::Foothold | P::Attempt | P::NoneSeen | P::AttackUnknown | P::MadeForIt => F::Attacked,
        P::InKev | P::ExploitedElsewhere | P::NotInKev | P::KevUnknown => F::InKev,
        P::ConditionsMet | P::ConditionsNotMet | P::ConditionsUnknown => F::Conditions,
        P::Automatable
        | P::AutomatableRead
        | P::NotAutomatable
        | P::AutomatableUnknown
        | P::GainsFootholdFree
        | P::GainsAfterFoothold => F::Automatable,
        P::ImpactTotal
        | P::ImpactTotalRead
        | P::ImpactPartial
        | P::ImpactUnknown
        | P::GainsTotal
        | P::GainsPartial
        | P::GainUnknown => F::TechnicalImpact,
        P::Environment | P::EnvironmentUnknown => F::Environment,
        P::PortNotNamed
        | P::EvidenceKept
        | P::ReportedBy
        | P::ReportedByMany
        | P::FailedControl
        | P::FailedControlWhole
        | P::HoldsRight
        | P::RunBy
        | P::RunByAtLeast
        | P::RunByUnknown
        | P::RightNotSeen
        | P::SecretOpen
        | P::SignalSeen
        | P::SignalPrevented
        | P::InProfile
        | P::NotInProfile
        | P::Silent
        | P::Resolved
        | P::ToolsDisagree => return None,
    })
}
