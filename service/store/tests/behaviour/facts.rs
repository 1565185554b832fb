//! Facts, edges and watch windows: what a late or older batch may change, and what it may not.

use assay_core::ids::Time;
use assay_core::observation::{Author, Coverage, Eye, Fact, Hole, HoleReason, Subject, UseLevel, What};
use assay_core::ports::Records;
use assay_core::world::FactSeen;

use crate::ledger::Ledger;
use crate::report::{Report, hour, o, stream, vuln};
use crate::scan::{deployment, manifests, object, scan};

fn in_use(level: UseLevel, since: Time, until: Time) -> Fact {
    Fact {
        subject: Subject::Object { at: deployment("web"), container: Some(o("app")) },
        component: Some(vuln("CVE-2026-0001", "bash").package()),
        what: What::InUse { level, exe: o("/bin/bash"), listens: None },
        author: Author::Kernel,
        since,
        until,
        valid_until: Some(until + crate::ledger::days(7)),
    }
}

fn batch(at: i64) -> Report {
    stream("assay-agent").at(at)
}

fn uses(ledger: &Ledger<'_, impl Records>, at: Time) -> Vec<FactSeen> {
    let world = ledger.world_at(at);
    let Some(web) = world.find(&deployment("web")) else { return Vec::new() };
    world.asset(web).facts.iter().filter(|f| matches!(f.what, What::InUse { .. })).cloned().collect()
}

pub(crate) fn the_same_fact_grows_and_an_old_batch_takes_nothing_back(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&batch(5).fact(in_use(UseLevel::Executed, hour(4), hour(5))));
    ledger.take(&batch(7).fact(in_use(UseLevel::Executed, hour(6), hour(7))));
    let grown = uses(&ledger, hour(8));
    let [fact] = &grown[..] else { unreachable!("{grown:?}") };
    assert_eq!((fact.since, fact.until), (hour(4), hour(7)));
    ledger.take(&batch(2).received(hour(9)).fact(in_use(UseLevel::Executed, hour(1), hour(2))));
    let late = uses(&ledger, hour(9));
    assert_eq!((late[0].since, late[0].until, late[0].valid_until), (hour(1), hour(7), fact.valid_until));
    assert_eq!(late.len(), 1);
}

pub(crate) fn a_fact_is_known_until_it_ends(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&batch(5).fact(in_use(UseLevel::Executed, hour(4), hour(5))));
    let end = hour(5) + crate::ledger::days(7);
    assert_eq!((uses(&ledger, end).len(), uses(&ledger, end + assay_core::ids::Span::secs(1)).len()), (1, 0));
}

pub(crate) fn what_an_object_no_longer_says_ends_with_its_next_manifest(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let web = deployment("web");
    let level = |at: i64| Fact {
        subject: Subject::Object { at: web.clone(), container: None },
        component: None,
        what: What::PodSecurity(assay_core::observation::PodSecurity::Restricted),
        author: Author::ClusterAdmin,
        since: hour(at),
        until: hour(at),
        valid_until: None,
    };
    ledger.take_all(&[manifests(1).manifest(&web, 1).fact(level(1)), manifests(2).manifest(&web, 2)]);
    let restricted = |at: i64| {
        let world = ledger.world_at(hour(at));
        let web = world.find(&web).map(|i| world.asset(i).facts.clone()).unwrap_or_default();
        web.iter().any(|f| matches!(f.what, What::PodSecurity(_)))
    };
    assert!(!restricted(2));
}

pub(crate) fn an_older_scan_brings_no_fact_back(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let web = deployment("web");
    let level = |at: i64| Fact {
        subject: Subject::Object { at: web.clone(), container: None },
        component: None,
        what: What::PodSecurity(assay_core::observation::PodSecurity::Restricted),
        author: Author::Cluster,
        since: hour(at),
        until: hour(at),
        valid_until: None,
    };
    ledger.take_all(&[scan(1, 1).exists(&web).fact(level(1)), scan(4, 2).exists(&web)]);
    ledger.take(&scan(3, 3).received(hour(5)).exists(&web).fact(level(3)));
    let world = ledger.world();
    let facts = world.find(&web).map(|i| world.asset(i).facts.clone()).unwrap_or_default();
    assert!(!facts.iter().any(|f| matches!(f.what, What::PodSecurity(_))), "it was taken back at hour 4");
}

fn window(until: i64, start_seen: bool, holes: &[(i64, i64)]) -> Coverage {
    let hole =
        |(since, until): &(i64, i64)| Hole { since: hour(*since), until: hour(*until), because: HoleReason::Lost };
    Coverage {
        subject: Subject::Object { at: deployment("web"), container: Some(o("app")) },
        eye: Eye::SensorUse,
        instance: o("c1"),
        node: o("n1"),
        since: hour(1),
        until: hour(until),
        start_seen,
        holes: holes.iter().map(hole).collect(),
    }
}

pub(crate) fn a_window_grows_and_a_late_word_takes_nothing_back(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&batch(2).window(window(2, true, &[])));
    ledger.take(&batch(6).window(window(6, false, &[(3, 4)])));
    ledger.take(&batch(4).received(hour(7)).window(window(4, false, &[])));
    let world = ledger.world();
    let web = world.find(&deployment("web")).map(|i| world.asset(i).coverage.clone()).unwrap_or_default();
    let [seen] = &web[..] else { unreachable!("{web:?}") };
    assert_eq!((seen.window.until, seen.window.start_seen, seen.window.holes.len()), (hour(6), true, 1));
}

pub(crate) fn a_pod_runs_one_image_in_a_container(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let pod = object("Pod", "shop", "web-1");
    ledger.take(&batch(1).runs(&pod, "app", "shop/web:1.0"));
    ledger.take(&batch(2).runs_digest(&pod, "app", "shop/web:1.0", crate::scan::running(7)));
    assert_eq!(ledger.world().edges.len(), 1, "now the digest is known");
    ledger.take(&batch(3).runs_digest(&pod, "app", "shop/web:1.1", crate::scan::running(8)));
    let world = ledger.world();
    let images: Vec<_> =
        world.images(world.find(&pod).expect("the pod")).map(|(_, _, tag, digest)| (tag.cloned(), digest)).collect();
    assert_eq!(images, [(Some(o("1.1")), crate::scan::running(8))]);
}
