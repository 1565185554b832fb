//! Law 4: who may lower. Whoever else speaks may only raise, whatever is said, and in whatever order the rows lie.

use proptest::prelude::*;

use super::{Shop, cases, controls, key, now, policy, vuln};
use crate::assess::FactorName;
use crate::condition::Condition;
use crate::finding::Matter;
use crate::ids::Span;
use crate::intel::{Feed, Said, TechnicalImpact};
use crate::observation::{
    Admits, AttackStage, Author, Capability, ControlId, Environment, Eye, Justification, Link, Outcome, PodSecurity,
    Reach, VexStatus, What,
};
use crate::reading::{Reading, Sure};
use crate::scene::{Dice, Scene, package, random};
use crate::text::Opaque;
use crate::world::AssetIdx;

/// One thing that lowers when somebody says it who may.
struct Lowering {
    name: &'static str,
    factor: FactorName,
    /// The value with the word of somebody who may lower.
    low: &'static str,
    /// The value with the word of anybody else.
    else_: &'static str,
    say: fn(&mut Shop, Author),
}

const LOWERING: &[Lowering] = &[
    Lowering {
        name: "it is a test place",
        factor: FactorName::Environment,
        low: "test",
        else_: "unknown",
        say: |shop, author| {
            shop.scene.fact(shop.web, author, What::Environment(Environment::Test));
        },
    },
    Lowering {
        name: "it is a sandbox",
        factor: FactorName::Environment,
        low: "sandbox",
        else_: "unknown",
        say: |shop, author| {
            shop.scene.fact(shop.web, author, What::Environment(Environment::Sandbox));
        },
    },
    Lowering {
        name: "it does not run",
        factor: FactorName::Exposure,
        low: "internal",
        else_: "exposed",
        say: |shop, author| {
            shop.scene.facts.clear();
            shop.scene.way_in(shop.web, Author::Cluster, Reach::Public, 443, 8080);
            shop.scene.fact(shop.web, author, What::Exists { replicas: Some(0), owner: None, aliases: vec![] });
        },
    },
    Lowering {
        name: "its entry is internal",
        factor: FactorName::Exposure,
        low: "internal",
        else_: "unknown",
        say: |shop, author| {
            shop.scene.way_in(shop.web, author, Reach::Internal, 443, 8080);
        },
    },
    Lowering {
        name: "it has one replica, the one that is watched",
        factor: FactorName::InUse,
        low: "no",
        else_: "unknown",
        say: |shop, author| {
            shop.scene.facts.clear();
            shop.scene.fact(shop.web, author, What::Exists { replicas: Some(1), owner: None, aliases: vec![] });
            shop.watch(Eye::SensorUse, 1, Span::days(3));
        },
    },
    Lowering {
        name: "it meets the baseline",
        factor: FactorName::Conditions,
        low: "no",
        else_: "unknown",
        say: |shop, author| {
            let said = Said::Conditions(vec![Condition::PrivilegedContainer]);
            shop.scene.note(&vuln(), Feed::Curated, now(), said);
            shop.scene.fact(shop.web, author, What::PodSecurity(PodSecurity::Restricted));
        },
    },
    Lowering {
        name: "it mounts no token",
        factor: FactorName::Conditions,
        low: "no",
        else_: "unknown",
        say: |shop, author| {
            let said = Said::Conditions(vec![Condition::TokenMounted]);
            shop.scene.note(&vuln(), Feed::Curated, now(), said);
            let identity = shop.scene.object("ServiceAccount", "shop", "web");
            shop.scene.edge(shop.web, identity, author, Link::RunsAs { token_mounted: false });
        },
    },
];

#[test]
fn only_those_may_lower_who_may() {
    for lowering in LOWERING {
        for author in Author::ALL {
            let mut shop = Shop::new();
            (lowering.say)(&mut shop, *author);
            let expected = if author.may_lower() { lowering.low } else { lowering.else_ };
            assert_eq!(shop.value(lowering.factor), expected, "{author} says that {}", lowering.name);
        }
    }
}

#[test]
fn those_who_may_lower_are_these() {
    let may: Vec<&str> = Author::ALL.iter().filter(|a| a.may_lower()).map(|a| a.as_str()).collect();
    assert_eq!(may, ["kernel", "cluster", "cluster_admin", "authority", "person"]);
}

/// What is merely shown changes nothing, whoever says it: a VEX statement becomes a decision or stays a fact.
#[test]
fn statements_and_outcomes_are_shown_and_change_nothing() {
    let before = Shop::new().assessment();
    for author in Author::ALL {
        for status in VexStatus::ALL {
            let mut shop = Shop::new();
            let what = What::Vex {
                vuln: vuln(),
                status: *status,
                justification: Some(Justification::VulnerableCodeNotPresent),
                document: Opaque::readmit("vex"),
                note: Opaque::readmit("not affected"),
            };
            shop.scene.fact(shop.web, *author, what);
            let control = ControlId(Opaque::readmit("held-total"));
            shop.scene.fact(shop.web, *author, What::Outcome { control, outcome: Outcome::Pass });
            assert_eq!(shop.assessment(), before, "{author} says {status}");
        }
    }
}

/// The newest word of those who may lower stands; where rows lie in the ledger says nothing.
#[test]
fn the_order_of_rows_decides_nothing() {
    let facts = [
        (Author::Tenant, What::Environment(Environment::Production)),
        (Author::ClusterAdmin, What::Environment(Environment::Test)),
        (Author::Tenant, What::PodSecurity(PodSecurity::Restricted)),
        (Author::Cluster, What::PodSecurity(PodSecurity::Privileged)),
        (Author::Tenant, What::Exists { replicas: Some(0), owner: None, aliases: vec![] }),
    ];
    let of = |order: &[usize]| {
        let mut shop = Shop::new();
        let said = Said::Conditions(vec![Condition::PrivilegedContainer]);
        shop.scene.note(&vuln(), Feed::Curated, now(), said);
        shop.scene.way_in(shop.web, Author::Cluster, Reach::Public, 443, 8080);
        for i in order {
            let (author, what) = facts[*i].clone();
            shop.scene.fact(shop.web, author, what);
        }
        [FactorName::Environment, FactorName::Conditions, FactorName::Exposure].map(|f| shop.value(f))
    };
    let expected = ["test", "yes", "exposed"].map(str::to_owned);
    assert_eq!(of(&[0, 1, 2, 3, 4]), expected);
    assert_eq!(of(&[4, 3, 2, 1, 0]), expected);
}

#[test]
fn of_two_scans_the_newer_one_is_believed() {
    let mut shop = Shop::new();
    shop.scene.way_in(shop.web, Author::Cluster, Reach::Public, 443, 8080);
    let fact = shop.scene.fact(
        shop.web,
        Author::ClusterAdmin,
        What::Exists { replicas: Some(0), owner: None, aliases: vec![] },
    );
    fact.until = now() - Span::days(2);
    assert_eq!(shop.value(FactorName::Exposure), "exposed", "the older one says that it does not run");
}

/// An identity that a tenant names must not hide the one that the pods really run as.
#[test]
fn a_second_identity_does_not_hide_the_first() {
    let of = |tenant_first: bool| {
        let mut shop = Shop::new();
        let said = Said::Conditions(vec![Condition::TokenMounted]);
        shop.scene.note(&vuln(), Feed::Curated, now(), said);
        let (weak, strong) = (
            shop.scene.object("ServiceAccount", "shop", "weak"),
            shop.scene.object("ServiceAccount", "shop", "strong"),
        );
        let mut edges = [(weak, Author::Tenant, false), (strong, Author::Cluster, true)];
        if !tenant_first {
            edges.reverse();
        }
        for (to, author, token_mounted) in edges {
            shop.scene.edge(shop.web, to, author, Link::RunsAs { token_mounted });
        }
        let (capability, binding) = (Capability::ClusterAdmin, Opaque::readmit("b"));
        let cluster = shop.scene.object("Cluster", "", "demo");
        let role = Opaque::readmit("r");
        let link = Link::Holds { capability, cluster_wide: true, names: vec![], binding, role };
        shop.scene.edge(strong, cluster, Author::Cluster, link);
        [FactorName::Conditions, FactorName::BlastRadius].map(|f| shop.value(f))
    };
    assert_eq!(of(true), of(false));
    assert_eq!(of(true)[0], "yes");
}

/// Ways that nobody gets through are cheap to write. They must not push out the one that is open.
#[test]
fn a_flood_of_closed_ways_does_not_hide_the_open_one() {
    for author in [Author::Cluster, Author::Tenant] {
        let mut shop = Shop::new();
        for _ in 0..400 {
            shop.scene.way_in(shop.web, author, Reach::Internal, 443, 8080);
        }
        let internet = shop.scene.asset(crate::asset::AssetKey::internet());
        let ingress = shop.scene.object("Ingress", "shop", "front");
        let service = shop.scene.object("Service", "shop", "front");
        let link = |port, target_port| Link::Routes {
            host: None,
            port,
            target_port,
            protocol: crate::observation::Protocol::Tcp,
            admits: Admits::ALL,
        };
        let entry = crate::observation::Entry::Ingress;
        let enters = Link::Enters { reach: Reach::Public, entry, host: None, port: 443 };
        shop.scene.edge(internet, ingress, Author::Cluster, enters);
        shop.scene.edge(ingress, service, Author::Cluster, link(443, 80));
        shop.scene.edge(service, shop.web, Author::Cluster, link(80, 8080));
        assert_eq!(shop.value(FactorName::Exposure), "exposed");
    }
}

#[test]
fn a_chain_too_long_to_follow_is_unknown_and_not_internal() {
    let mut shop = Shop::new();
    let internet = shop.scene.asset(crate::asset::AssetKey::internet());
    let routes: Vec<AssetIdx> = (0..12).map(|i| shop.scene.object("Service", "shop", &format!("hop-{i}"))).collect();
    let link = || Link::Routes {
        host: None,
        port: 80,
        target_port: 80,
        protocol: crate::observation::Protocol::Tcp,
        admits: Admits::ALL,
    };
    let entry = crate::observation::Entry::LoadBalancer;
    let enters = Link::Enters { reach: Reach::Public, entry, host: None, port: 80 };
    shop.scene.edge(internet, routes[0], Author::Cluster, enters);
    for pair in routes.windows(2) {
        shop.scene.edge(pair[0], pair[1], Author::Cluster, link());
    }
    shop.scene.edge(routes[11], shop.web, Author::Cluster, link());
    assert_eq!(shop.value(FactorName::Exposure), "unknown");
}

/// Attempts are cheap to make. They must not push out a foothold, nor narrow what may have happened.
#[test]
fn attempts_do_not_cover_a_foothold() {
    let signal = || ControlId(Opaque::readmit("shell-in-container"));
    let mut shop = Shop::new();
    let attack = |stage| What::Attacked { stage, signal: signal() };
    let fact = shop.scene.fact(shop.web, Author::Kernel, attack(AttackStage::Foothold));
    fact.until = now() - Span::days(2);
    for _ in 0..50 {
        shop.scene.fact(shop.web, Author::Kernel, attack(AttackStage::Attempt));
    }
    assert_eq!(shop.value(FactorName::Attacked), "foothold");
    let matter = Matter::Signal { signal: signal(), discriminator: Opaque::readmit("d") };
    let finding = shop.scene.finding(shop.web, "web", matter);
    finding.stage = Some(AttackStage::Attempt);
    let world = shop.scene.world();
    let seen = shop.scene.see(&world, &shop.scene.findings[1]);
    assert_eq!(seen.factors.attacked.value(), Some(crate::assess::Attacked::Foothold), "the asset has a foothold");
}

#[test]
fn an_attempt_does_not_narrow_the_bands_that_are_possible() {
    let worst = |attempt: bool| {
        let mut shop = Shop::new();
        let matter = Matter::Control {
            control: ControlId(Opaque::readmit("held-total")),
            path: Opaque::readmit("spec.containers.securityContext"),
        };
        shop.scene.finding(shop.web, "web", matter);
        if attempt {
            let signal = ControlId(Opaque::readmit("shell-in-container"));
            shop.scene.fact(shop.web, Author::Kernel, What::Attacked { stage: AttackStage::Attempt, signal });
        }
        let world = shop.scene.world();
        shop.scene.see(&world, &shop.scene.findings[1]).assessment.worst
    };
    assert!(worst(true) <= worst(false), "nobody watched whether it succeeded");
}

/// What a model read may raise against the default, and never lower.
#[test]
fn a_reading_only_raises() {
    let with = |automatable, impact| {
        let mut shop = Shop::new();
        let reading = Reading {
            automatable: Some(Sure { value: automatable, probability: 9_300 }),
            impact: Some(Sure { value: impact, probability: 9_300 }),
            ..Reading::default()
        };
        shop.scene.read(&vuln(), now(), reading, &[]);
        shop
    };
    let low = with(false, TechnicalImpact::Partial);
    assert_eq!(low.value(FactorName::Automatable), "unknown");
    assert_eq!(low.value(FactorName::TechnicalImpact), "unknown");
    let high = with(true, TechnicalImpact::Total);
    assert_eq!(
        (high.value(FactorName::Automatable), high.value(FactorName::TechnicalImpact)),
        ("yes".into(), "total".into())
    );
    let mut shop = Shop::new();
    shop.scene.read(&vuln(), now(), Reading::default(), &[Condition::PrivilegedContainer]);
    shop.scene.fact(shop.web, Author::Cluster, What::PodSecurity(PodSecurity::Restricted));
    assert_eq!(shop.value(FactorName::Conditions), "unknown", "not met by a model's word alone");
}

fn scene(seed: u64) -> Scene {
    random(seed, now(), &policy(), &controls())
}

/// Everything that somebody who may not lower can add, at any place among the rows.
fn add_word(scene: &mut Scene, seed: u64) {
    let mut dice = Dice::new(seed);
    let author = dice.pick(&[Author::Tenant, Author::Scanner, Author::Vendor, Author::Model]);
    // Another scene gives the word: any fact, edge or reading that can be drawn.
    let other = random(dice.number(), now(), &policy(), &controls());
    match dice.below(3) {
        0 if !other.facts.is_empty() => {
            let (_, mut fact) = other.facts[dice.below(other.facts.len())].clone();
            fact.author = author;
            fact.id += 10_000;
            let about = AssetIdx(dice.below(scene.assets.len()) as u32);
            let at = dice.below(scene.facts.len() + 1);
            scene.facts.insert(at, (about, fact));
        }
        1 if !other.edges.is_empty() => {
            let mut edge = other.edges[dice.below(other.edges.len())].clone();
            edge.author = author;
            edge.id += 10_000;
            edge.from = AssetIdx(dice.below(scene.assets.len()) as u32);
            edge.to = AssetIdx(dice.below(scene.assets.len()) as u32);
            let at = dice.below(scene.edges.len() + 1);
            scene.edges.insert(at, edge);
        }
        _ => {
            let readings: Vec<_> =
                other.vulns.iter().flat_map(|v| &v.notes).filter(|n| n.feed == Feed::Reading).collect();
            if let (Some(note), Some(vuln)) = (readings.first(), scene.vulns.first_mut()) {
                // A vulnerability is read once a question.
                let question = std::mem::discriminant(&note.said);
                if !vuln.notes.iter().any(|n| n.feed == Feed::Reading && std::mem::discriminant(&n.said) == question) {
                    vuln.notes.push((*note).clone());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(4_000)))]

    /// Law 4 for everything that can be said at all.
    #[test]
    fn no_word_of_those_who_may_not_lower_lowers_anything(seed: u64, word: u64) {
        let before = scene(seed);
        let mut after = before.clone();
        add_word(&mut after, word);
        let (world, other) = (before.world(), after.world());
        for (a, b) in before.findings.iter().zip(&after.findings) {
            let (old, new) = (before.see(&world, a), after.see(&other, b));
            prop_assert!(key(&new.assessment) <= key(&old.assessment), "{:?}\n{:?}", old.factors.inputs(), new.factors.inputs());
            prop_assert!(new.assessment.worst <= old.assessment.worst, "{:?}\n{:?}", old.factors.inputs(), new.factors.inputs());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(1_000)))]

    /// C9: whatever is read out of the text of a vulnerability, nothing becomes less urgent by it.
    #[test]
    fn no_reading_lowers_anything(seed: u64, word: u64) {
        let before = scene(seed);
        let mut after = before.clone();
        let other = random(word, now(), &policy(), &controls());
        let readings = other.vulns.iter().flat_map(|v| &v.notes).filter(|n| n.feed == Feed::Reading);
        for (vuln, note) in after.vulns.iter_mut().zip(readings) {
            if vuln.notes.iter().all(|n| n.feed != Feed::Reading) {
                vuln.notes.push(note.clone());
            }
        }
        let (world, other) = (before.world(), after.world());
        for (a, b) in before.findings.iter().zip(&after.findings) {
            let (old, new) = (before.see(&world, a), after.see(&other, b));
            prop_assert!(key(&new.assessment) <= key(&old.assessment), "{:?}\n{:?}", old.factors.inputs(), new.factors.inputs());
            prop_assert!(new.assessment.worst <= old.assessment.worst, "{:?}", new.factors.inputs());
        }
    }
}

#[test]
fn the_package_of_another_ecosystem_is_another_package() {
    let mut shop = Shop::new();
    let what = What::InUse {
        level: crate::observation::UseLevel::Loaded,
        exe: Opaque::readmit("/usr/bin/node"),
        listens: None,
    };
    let fact = shop.scene.fact(shop.web, Author::Kernel, what);
    fact.container = Opaque::readmit("web");
    fact.component = Some(package("npm", "openssl", "app"));
    assert_eq!(shop.value(FactorName::InUse), "unknown");
}

/// That the one workload in view is not reached says nothing of those that nobody looked for.
#[test]
fn an_identity_is_internal_only_after_a_whole_scan() {
    let of = |scanned: bool| {
        let mut shop = Shop::new();
        let runner = shop.scene.object("ServiceAccount", "lab", "runner");
        shop.scene.edge(shop.web, runner, Author::Cluster, Link::RunsAs { token_mounted: true });
        let matter = Matter::Rbac { capability: Capability::ReadSecrets, cluster_wide: false };
        shop.scene.finding(runner, "", matter);
        if scanned {
            shop.scene.scanned(runner);
        }
        let world = shop.scene.world();
        shop.scene.see(&world, &shop.scene.findings[1]).factors.exposure.value()
    };
    assert_eq!((of(false), of(true)), (None, Some(crate::assess::Exposed::Internal)));
}
