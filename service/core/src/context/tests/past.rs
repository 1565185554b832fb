//! What was watched and is watched no more: silence, an end, and work that is done are three things.

use super::{Shop, now};
use crate::assess::FactorName;
use crate::brief::{Arg, Proposition};
use crate::catalogue::Predicate;
use crate::context::UnknownBecause;
use crate::document::plain;
use crate::explain::clause;
use crate::ids::Span;
use crate::observation::{Author, Eye, SettledBy, What};
use crate::text::{Opaque, Shaped};

/// One container that was watched for two days until four hours ago, and ran a shell and then python.
fn watched_until_four_hours_ago(eye: Eye) -> Shop {
    let mut shop = Shop::new();
    let until = now() - Span::hours(4);
    let window = &mut shop.scene.window(shop.web, "web", eye, Span::days(2)).window;
    (window.since, window.until) = (until - Span::days(2), until);
    for (exe, before) in [("/bin/sh", 5), ("/usr/bin/python3", 4)] {
        let fact = shop.scene.fact(shop.web, Author::Kernel, What::Executed { exe: Opaque::readmit(exe) });
        fact.container = Opaque::readmit("web");
        (fact.since, fact.until) = (now() - Span::hours(before), now() - Span::hours(before));
    }
    shop
}

/// The sensor of the same node watches something else until now.
fn and_the_sensor_goes_on(shop: &mut Shop) {
    let other = shop.scene.object("Deployment", "shop", "other");
    shop.scene.window(other, "other", Eye::SensorUse, Span::days(2));
}

fn use_said(shop: &Shop) -> Proposition {
    let world = shop.scene.world();
    let said = shop.scene.see(&world, &shop.scene.findings[0]).brief.propositions;
    said.into_iter().find(|p| p.predicate.as_str().starts_with("use")).unwrap()
}

#[test]
fn a_sensor_that_fell_silent_is_the_reason_and_what_it_saw_is_said() {
    for (eye, factor) in [(Eye::SensorUse, FactorName::InUse), (Eye::SensorSignals, FactorName::Attacked)] {
        let row = watched_until_four_hours_ago(eye).row(factor);
        assert_eq!((row.because, row.settled_by), (Some(UnknownBecause::SensorSilent), Some(SettledBy::Sensor)));
    }
    let p = use_said(&watched_until_four_hours_ago(Eye::SensorUse));
    assert_eq!(p.predicate, Predicate::UseSilent);
    assert_eq!(p.as_of, Some(now() - Span::hours(4)));
    assert_eq!(
        plain(&clause(&p, super::catalogue())),
        "Whether openssl is in use is unknown: the sensor on node node-1 was last heard 2026-11-23T23:02:00Z; in 2 d until \
         then it saw /usr/bin/python3 run and no use of the package; a sensor on every node that runs it would tell."
    );
}

#[test]
fn one_replica_whose_sensor_fell_silent_is_the_reason_for_all() {
    let mut shop = watched_until_four_hours_ago(Eye::SensorUse);
    shop.scene.coverage.last_mut().unwrap().1.window.node = Opaque::readmit("node-2");
    shop.watch(Eye::SensorUse, 2, Span::days(3));
    assert_eq!(shop.row(FactorName::InUse).because, Some(UnknownBecause::SensorSilent));
}

#[test]
fn runs_that_ended_are_counted_with_what_they_executed() {
    let mut shop = watched_until_four_hours_ago(Eye::SensorUse);
    let window = &mut shop.scene.window(shop.web, "web", Eye::SensorUse, Span::ZERO).window;
    (window.since, window.until) = (now() - Span::hours(31), now() - Span::hours(30));
    and_the_sensor_goes_on(&mut shop);
    let row = shop.row(FactorName::InUse);
    assert_eq!((row.because, row.settled_by), (Some(UnknownBecause::Ended), Some(SettledBy::MoreWatching)));
    assert_eq!(
        plain(&clause(&use_said(&shop), super::catalogue())),
        "Whether openssl is in use is unknown: 2 runs were watched in 7 days, the last until 2026-11-23T23:02:00Z; 2 programs ran, \
         at last /usr/bin/python3, and no use of the package was seen; more time watched by the sensor would tell."
    );
}

#[test]
fn what_ended_before_facts_expired_is_not_said_to_be_unused() {
    let mut shop = watched_until_four_hours_ago(Eye::SensorUse);
    shop.scene.facts.retain(|(_, f)| matches!(f.what, What::Exists { .. }));
    let window = &mut shop.scene.coverage.last_mut().unwrap().1.window;
    (window.since, window.until) = (now() - Span::days(10), now() - Span::days(8));
    let p = use_said(&shop);
    assert_eq!(
        (p.predicate, shop.row(FactorName::InUse).because),
        (Predicate::UseUnknown, Some(UnknownBecause::SensorSilent))
    );
}

#[test]
fn a_container_that_prepares_a_pod_and_ends_is_no_hole() {
    let mut shop = Shop::new();
    shop.watch(Eye::SensorSignals, 3, Span::days(3));
    for _ in 0..3 {
        let window = &mut shop.scene.window(shop.web, "prepare", Eye::SensorSignals, Span::days(3)).window;
        window.until = window.since + Span::minutes(1);
    }
    assert_eq!(shop.value(FactorName::Attacked), "none_seen");
    shop.scene.coverage.last_mut().unwrap().1.window.start_seen = false;
    assert_eq!(shop.value(FactorName::Attacked), "unknown", "nobody saw all of it");
}

#[test]
fn no_more_is_said_than_is_remembered() {
    let mut shop = Shop::new();
    shop.watch(Eye::SensorUse, 3, Span::days(30));
    let world = shop.scene.world();
    let brief = shop.scene.see(&world, &shop.scene.findings[0]).brief;
    let unused = brief.propositions.iter().find(|p| p.predicate == Predicate::NotUsed).unwrap();
    assert_eq!(unused.args[1], Arg::Shaped(Shaped::For(Span::days(7))), "uses are remembered for seven days");
}
