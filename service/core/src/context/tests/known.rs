//! Law 3: unknown is a value with a reason. No factor is known without evidence and its time; evidence that is gone or
//! has expired leaves an unknown.

use proptest::prelude::*;

use super::{Shop, cases, controls, now, policy};
use crate::assess::{Answer, Attacked, Exposed, FactorName, Inputs, assess};
use crate::context::{FactorRow, SCAN_VALID};
use crate::finding::FindingClass;
use crate::ids::{EvidenceId, Span};
use crate::intel::Feed;
use crate::observation::{Environment, Eye, PodSecurity, What};
use crate::scene::{Scene, random};

fn scene(seed: u64) -> Scene {
    random(seed, now(), &policy(), &controls())
}

/// The same scene without one piece of evidence.
fn without(scene: &mut Scene, evidence: &EvidenceId) {
    match evidence {
        EvidenceId::Fact(id) => scene.facts.retain(|(_, f)| f.id != *id),
        EvidenceId::Edge(id) => scene.edges.retain(|e| e.id != *id),
        EvidenceId::Coverage(id) => scene.coverage.retain(|(_, c)| c.id != *id),
        EvidenceId::Feed(feed, vuln) => {
            let mine = scene.vulns.iter_mut().filter(|v| v.id == *vuln);
            mine.for_each(|v| v.notes.retain(|n| n.feed.as_str() != *feed));
        }
        EvidenceId::Table("feed", _) => scene.feeds.retain(|f| f.feed != Feed::Kev),
        EvidenceId::Table("environment-rule", _) => scene.environments.rules.clear(),
        EvidenceId::Table("conditions", vuln) => {
            let mine = scene.vulns.iter_mut().filter(|v| v.id.as_str() == vuln.as_ref());
            mine.for_each(|v| v.notes.retain(|n| n.feed != Feed::Curated));
        }
        EvidenceId::Table(..) => scene.controls = crate::control::Controls::default(),
        EvidenceId::Record(_) => {}
    }
}

fn rows(scene: &Scene, finding: usize) -> Vec<FactorRow> {
    let world = scene.world();
    scene.see(&world, &scene.findings[finding]).factors.rows(&scene.policy)
}

/// True for values that rest on something that can be taken away: not on the report that claims the finding itself, nor
/// on the enum of rights.
fn rests_on_rows(row: &FactorRow) -> bool {
    let own = |e: &EvidenceId| matches!(e, EvidenceId::Record(_) | EvidenceId::Table("capability", _));
    !row.evidence.iter().any(own)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(2_000)))]

    #[test]
    fn nothing_is_known_without_evidence_and_its_time(seed: u64) {
        let scene = scene(seed);
        for finding in 0..scene.findings.len() {
            for row in rows(&scene, finding) {
                match row.value.as_str() {
                    "unknown" => prop_assert!(row.because.is_some() && row.evidence.is_empty(), "{row:?}"),
                    "not_applicable" => prop_assert_eq!(row.contribution, 0),
                    _ => {
                        prop_assert!(!row.evidence.is_empty(), "{row:?}");
                        prop_assert!(row.as_of.is_some_and(|at| at <= scene.as_of), "{row:?}");
                    }
                }
            }
        }
    }

    /// Takes away what a value is said to rest on, until nothing is left: then it must be unknown.
    #[test]
    fn evidence_that_is_gone_leaves_an_unknown(seed: u64) {
        let scene = scene(seed);
        for finding in 0..scene.findings.len() {
            for first in rows(&scene, finding) {
                let (mut scene, mut row) = (scene.clone(), first);
                while !row.evidence.is_empty() && rests_on_rows(&row) {
                    let cited = row.evidence.clone();
                    cited.iter().for_each(|e| without(&mut scene, e));
                    let name = row.name;
                    row = rows(&scene, finding).into_iter().find(|r| r.name == name).unwrap();
                    prop_assert!(!row.evidence.iter().any(|e| cited.contains(e)), "{row:?} still cites {cited:?}");
                }
                prop_assert!(!rests_on_rows(&row) || matches!(row.value.as_str(), "unknown" | "not_applicable"), "{row:?}");
            }
        }
    }

    #[test]
    fn what_has_expired_is_as_if_it_had_never_been_seen(seed: u64) {
        let scene = scene(seed);
        let (mut expired, mut removed) = (scene.clone(), scene.clone());
        let end = scene.as_of - Span::minutes(1);
        for (_, fact) in &mut expired.facts {
            fact.valid_until = Some(end);
        }
        removed.facts.clear();
        for finding in 0..scene.findings.len() {
            prop_assert_eq!(rows(&expired, finding), rows(&removed, finding));
        }
    }

    #[test]
    fn an_old_scan_says_nothing_about_now(seed: u64) {
        let scene = scene(seed);
        let (mut old, mut removed) = (scene.clone(), scene);
        let at = old.as_of - SCAN_VALID - Span::minutes(1);
        for (_, seen) in old.coverage.iter_mut().filter(|(_, c)| c.window.eye == Eye::CompleteScan) {
            (seen.window.since, seen.window.until) = (at, at);
        }
        removed.coverage.retain(|(_, c)| c.window.eye != Eye::CompleteScan);
        for finding in 0..old.findings.len() {
            prop_assert_eq!(rows(&old, finding), rows(&removed, finding));
        }
    }

    /// The same at the last stage, for every input that has an unknown.
    #[test]
    fn unknown_never_ranks_below_no(seed: u64) {
        let scene = scene(seed);
        let world = scene.world();
        for finding in &scene.findings {
            let inputs = scene.see(&world, finding).factors.inputs();
            for (no, unknown) in pairs(inputs) {
                let (no, unknown) = (assess(no, &scene.policy), assess(unknown, &scene.policy));
                prop_assert!(super::key(&unknown) <= super::key(&no), "{inputs:?}");
                prop_assert!(unknown.worst <= no.worst, "{inputs:?}");
            }
        }
    }
}

/// For each input: its lowest value, and unknown.
fn pairs(i: Inputs) -> Vec<(Inputs, Inputs)> {
    let missing = crate::assess::MISSING;
    let mut pairs = vec![
        (Inputs { exposure: Exposed::Internal, ..i }, Inputs { exposure: Exposed::Unknown, ..i }),
        (Inputs { attacked: Attacked::NoneSeen, ..i }, Inputs { attacked: Attacked::Unknown, ..i }),
        (Inputs { automatable: Answer::No, ..i }, Inputs { automatable: Answer::Unknown, ..i }),
        (Inputs { total_impact: Answer::No, ..i }, Inputs { total_impact: Answer::Unknown, ..i }),
        (Inputs { environment: Some(Environment::Test), ..i }, Inputs { environment: None, ..i }),
        (Inputs { environment: Some(Environment::Sandbox), ..i }, Inputs { environment: None, ..i }),
        (Inputs { blast: 0, ..i }, Inputs { blast: missing, ..i }),
    ];
    if i.class == FindingClass::Vulnerability {
        pairs.extend([
            (Inputs { in_kev: Answer::No, ..i }, Inputs { in_kev: Answer::Unknown, ..i }),
            (Inputs { in_use: Answer::No, ..i }, Inputs { in_use: Answer::Unknown, ..i }),
            (Inputs { conditions: Answer::No, ..i }, Inputs { conditions: Answer::Unknown, ..i }),
            (Inputs { epss: 0, ..i }, Inputs { epss: missing, ..i }),
            (Inputs { cvss: 0, ..i }, Inputs { cvss: missing, ..i }),
        ]);
    }
    pairs
}

#[test]
fn a_fact_that_a_scan_saw_long_ago_is_no_longer_known() {
    let mut shop = Shop::new();
    let web = shop.web;
    let old = now() - SCAN_VALID - Span::minutes(1);
    let fact = shop.scene.fact(
        web,
        crate::observation::Author::Cluster,
        What::Exists { replicas: Some(0), owner: None, aliases: vec![] },
    );
    fact.until = old;
    let fact = shop.scene.fact(web, crate::observation::Author::Cluster, What::PodSecurity(PodSecurity::Restricted));
    fact.until = old;
    shop.scene.coverage.clear();
    assert_eq!(shop.value(FactorName::Exposure), "unknown", "that it did not run says nothing about today");
}

#[test]
fn what_is_missing_is_named_with_what_would_settle_it() {
    let shop = Shop::new();
    for name in [FactorName::InUse, FactorName::Attacked, FactorName::InKev, FactorName::Environment] {
        let row = shop.row(name);
        assert!(row.value == "unknown" && row.settled_by.is_some(), "{row:?}");
    }
}

#[test]
fn an_epss_value_is_known_for_seven_days() {
    use crate::intel::Said;
    let mut shop = Shop::new();
    let said = Said::Epss { probability: 9_000, percentile: 9_900 };
    shop.scene.note(&super::vuln(), Feed::Epss, now() - Span::days(8), said.clone());
    assert_eq!(shop.value(FactorName::Epss), "unknown");
    shop.scene.note(&super::vuln(), Feed::Epss, now() - Span::days(6), said);
    assert_eq!(shop.value(FactorName::Epss), "99");
}

/// A complete scan shows which workloads are reached. It does not show who uses a role or a config map.
#[test]
fn what_no_workload_stands_for_is_not_called_internal() {
    for kind in ["ClusterRole", "RoleBinding", "ConfigMap", "Service", "NetworkPolicy"] {
        let mut shop = Shop::new();
        let object = shop.scene.object(kind, "shop", "it");
        let control = crate::observation::ControlId(crate::text::Opaque::readmit("held-total"));
        let matter = crate::finding::Matter::Control { control, path: crate::text::Opaque::readmit("") };
        shop.scene.finding(object, "", matter);
        let world = shop.scene.world();
        let seen = shop.scene.see(&world, &shop.scene.findings[1]);
        assert_eq!(seen.factors.exposure.value(), None, "{kind}");
    }
}
