//! What may be said is entailed: every fact has its proof, every negative one its coverage, and lowering facts come with
//! what raises.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::context::tests::{Shop, cases, controls, now, policy};
use crate::observation::{Author, Capability, ControlId, Eye, Link, Severity, What};
use crate::scene::{Scene, random};

fn scene(seed: u64) -> Scene {
    random(seed, now(), &policy(), &controls())
}

/// Says that something is not so. It stands only on evidence of somebody who looked.
const NEGATIVE: &[Predicate] = &[
    Predicate::Internal,
    Predicate::NotRunning,
    Predicate::NotUsed,
    Predicate::NoneSeen,
    Predicate::NotInKev,
    Predicate::ConditionsNotMet,
    Predicate::NotAutomatable,
    Predicate::ImpactPartial,
    Predicate::GainsAfterFoothold,
    Predicate::GainsPartial,
    Predicate::RunBy,
    Predicate::NotInProfile,
    Predicate::RightNotSeen,
];

/// Says that nobody knows, or that nothing was recorded. It rests on nothing.
const WITHOUT_PROOF: &[Predicate] = &[
    Predicate::TrafficNotSeen,
    Predicate::ExposureUnknown,
    Predicate::UseUnknown,
    Predicate::AttackUnknown,
    Predicate::KevUnknown,
    Predicate::ConditionsUnknown,
    Predicate::AutomatableUnknown,
    Predicate::ImpactUnknown,
    Predicate::EnvironmentUnknown,
    Predicate::GainUnknown,
    Predicate::RunByUnknown,
];

fn resolves(scene: &Scene, evidence: &EvidenceId) -> bool {
    match evidence {
        EvidenceId::Fact(id) => scene.facts.iter().any(|(_, f)| f.id == *id && f.holds(scene.as_of)),
        EvidenceId::Edge(id) => scene.edges.iter().any(|e| e.id == *id),
        EvidenceId::Coverage(id) => scene.coverage.iter().any(|(_, c)| c.id == *id),
        EvidenceId::Record(id) => scene.findings.iter().flat_map(|f| &f.words).any(|w| w.record == *id),
        EvidenceId::Feed(feed, vuln) => {
            let mine = scene.vulns.iter().filter(|v| v.id == *vuln);
            mine.flat_map(|v| &v.notes).any(|n| n.feed.as_str() == *feed)
        }
        EvidenceId::Table("environment-rule", row) => {
            row.parse::<usize>().is_ok_and(|n| (1..=scene.environments.rules.len()).contains(&n))
        }
        EvidenceId::Table("feed", _) => !scene.feeds.is_empty(),
        EvidenceId::Table("conditions", vuln) => {
            let mine = scene.vulns.iter().filter(|v| v.id.as_str() == vuln.as_ref());
            mine.flat_map(|v| &v.notes).any(|n| n.feed == crate::intel::Feed::Curated)
        }
        EvidenceId::Table("capability", right) => right.parse::<Capability>().is_ok(),
        EvidenceId::Table(_, row) => scene.controls.get(row).is_some(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(2_000)))]

    #[test]
    fn every_proposition_has_its_slots_its_proof_and_its_time(seed: u64) {
        let scene = scene(seed);
        let world = scene.world();
        for finding in &scene.findings {
            let brief = scene.see(&world, finding).brief;
            prop_assert_eq!(brief.left_out, 0, "all of it fits");
            for p in &brief.propositions {
                prop_assert_eq!(p.args.len(), p.predicate.slots().len(), "{}", p.predicate);
                prop_assert!(p.evidence.iter().all(|e| resolves(&scene, e)), "{p:?}");
                prop_assert_eq!(p.evidence.is_empty(), WITHOUT_PROOF.contains(&p.predicate), "{:?}", p);
                prop_assert!(p.evidence.is_empty() || p.as_of.is_some_and(|at| at <= scene.as_of), "{p:?}");
            }
        }
    }

    /// A fact that lowers never stands without its twin that may raise.
    #[test]
    fn what_lowers_is_told_with_what_raises(seed: u64) {
        let scene = scene(seed);
        let world = scene.world();
        for finding in &scene.findings {
            let brief = scene.see(&world, finding).brief;
            let said: Vec<Predicate> = brief.propositions.iter().map(|p| p.predicate).collect();
            let any = |of: &[Predicate]| of.iter().filter(|p| said.contains(p)).count();
            use Predicate as P;
            prop_assert_eq!(any(&[P::ExposedPath]), any(&[P::TrafficSeen, P::TrafficNotSeen]));
            prop_assert_eq!(any(&[P::GainsAfterFoothold, P::GainsFootholdFree]), any(&[P::GainsTotal, P::GainsPartial]));
            prop_assert_eq!(any(&[P::ExposedPath, P::ExposedUntold, P::Internal, P::NotRunning, P::ExposureUnknown]), 1);
            prop_assert_eq!(any(&[P::Foothold, P::Attempt, P::NoneSeen, P::AttackUnknown]), 1);
            prop_assert_eq!(any(&[P::Environment, P::EnvironmentUnknown]), 1);
            if finding.class == FindingClass::Vulnerability {
                prop_assert_eq!(any(&[P::UsedByListener, P::Used, P::NotUsed, P::UseUnknown, P::UseHalfSeen, P::UseSilent, P::UseEnded]), 1);
                prop_assert_eq!(any(&[P::InKev, P::ExploitedElsewhere, P::NotInKev, P::KevUnknown]), 1);
                prop_assert_eq!(any(&[P::ConditionsMet, P::ConditionsNotMet, P::ConditionsUnknown]), 1);
            }
        }
    }
}

#[test]
fn negative_words_and_words_without_proof_are_apart() {
    assert!(NEGATIVE.iter().all(|p| !WITHOUT_PROOF.contains(p)));
}

/// The scenes that properties look at say everything that can be said, but for what needs more than one report.
#[test]
fn scenes_reach_every_predicate() {
    let mut left: BTreeSet<Predicate> = Predicate::ALL.iter().copied().collect();
    for seed in 0..20_000 {
        let scene = scene(seed);
        let world = scene.world();
        for finding in &scene.findings {
            scene.see(&world, finding).brief.propositions.iter().for_each(|p| {
                left.remove(&p.predicate);
            });
        }
        if left.is_empty() {
            return;
        }
    }
    unreachable!("never said: {left:?}");
}

fn said(shop: &Shop, finding: usize) -> Vec<Proposition> {
    let world = shop.scene.world();
    shop.scene.see(&world, &shop.scene.findings[finding]).brief.propositions
}

fn find(said: &[Proposition], predicate: Predicate) -> Option<&Proposition> {
    said.iter().find(|p| p.predicate == predicate)
}

#[test]
fn a_tool_that_says_it_twice_is_one_tool() {
    let mut shop = Shop::new();
    let finding = &mut shop.scene.findings[0];
    let word = |tool: &str, severity| {
        let mut word = finding.words[0].clone();
        (word.tool, word.sighting.severity) = (Opaque::readmit(tool), severity);
        word
    };
    let words = vec![word("trivy", Severity::Low), word("grype", Severity::High), word("trivy", Severity::Medium)];
    let mut gone = word("other", Severity::Critical);
    gone.stands = Word::Gone(ResolvedBecause::Fixed);
    finding.words = words;
    finding.words.push(gone);
    let said = said(&shop, 0);
    let reported = find(&said, Predicate::ReportedByMany).unwrap();
    assert_eq!(reported.args[0], Arg::Shaped(Shaped::Count(2)));
    assert_eq!(reported.args[1], Arg::Own(Own::new("high")), "what was taken back no longer counts");
}

fn identity(shop: &mut Shop, runs: bool) {
    let runner = shop.scene.object("ServiceAccount", "shop", "runner");
    if runs {
        shop.scene.edge(shop.web, runner, Author::Cluster, Link::RunsAs { token_mounted: true });
    }
    shop.scene.finding(runner, "", Matter::Rbac { capability: Capability::ReadSecrets, cluster_wide: true });
}

#[test]
fn an_identity_was_watched_as_long_as_its_workload() {
    let mut shop = Shop::new();
    identity(&mut shop, true);
    shop.watch(Eye::SensorSignals, 3, Span::days(3));
    let said = said(&shop, 1);
    assert_eq!(find(&said, Predicate::NoneSeen).unwrap().args, [Arg::Shaped(Shaped::For(Span::days(3)))]);
}

#[test]
fn that_nothing_runs_as_an_identity_needs_a_complete_scan() {
    let mut shop = Shop::new();
    identity(&mut shop, false);
    let count = |said: &[Proposition]| find(said, Predicate::RunBy).map(|p| p.args[0].clone());
    assert_eq!(count(&said(&shop, 1)), Some(Arg::Shaped(Shaped::Count(0))));
    shop.scene.coverage.clear();
    let unseen = said(&shop, 1);
    assert!(count(&unseen).is_none() && find(&unseen, Predicate::RunByUnknown).is_some());
}

#[test]
fn whose_foothold_and_whose_pod_is_said() {
    let mut shop = Shop::new();
    identity(&mut shop, true);
    let signal = ControlId(Opaque::readmit("shell-in-container"));
    let stage = crate::observation::AttackStage::Foothold;
    shop.scene.fact(shop.web, Author::Kernel, What::Attacked { stage, signal });
    shop.scene.way_in(shop.web, Author::Cluster, crate::observation::Reach::Public, 443, 8080);
    let whose = |finding| {
        let said = said(&shop, finding);
        [(Predicate::Foothold, 0), (Predicate::ExposedPath, 1)]
            .map(|(p, slot)| find(&said, p).unwrap().args[slot].clone())
    };
    assert_eq!(whose(0), [own("this workload"), own("the pod")]);
    assert_eq!(whose(1), [own("a workload that runs as it"), own("a pod that runs as it")]);
}

#[test]
fn what_is_resolved_is_not_said_to_be_so() {
    let mut shop = Shop::new();
    let control = ControlId(Opaque::readmit("held-total"));
    let finding = shop.scene.finding(shop.web, "web", Matter::Control { control, path: Opaque::readmit("") });
    finding.life.presence = Presence::Resolved(ResolvedBecause::Fixed);
    finding.life.resolved_at = Some(now());
    finding.words[0].stands = Word::Gone(ResolvedBecause::Fixed);
    let said = said(&shop, 1);
    assert!(find(&said, Predicate::FailedControlWhole).is_none());
    assert_eq!(find(&said, Predicate::Resolved).unwrap().as_of, Some(now()));
}
