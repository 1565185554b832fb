//! Law 5: "not in use", "none seen" and "not met" do not stand across a hole, whatever opened it.

use super::{Shop, now, vuln};
use crate::assess::FactorName;
use crate::asset::UNNAMED_PACKAGE;
use crate::condition::Condition;
use crate::context::UnknownBecause;
use crate::finding::Matter;
use crate::ids::Span;
use crate::intel::{Feed, Said};
use crate::observation::{Author, Eye, Hole, HoleReason, UseLevel, What};
use crate::scene::package;
use crate::text::Opaque;

/// An eye, and the "no" that rests on it.
const NOES: &[(Eye, FactorName, &str)] = &[
    (Eye::SensorUse, FactorName::InUse, "no"),
    (Eye::SensorSignals, FactorName::Attacked, "none_seen"),
    (Eye::SensorFlows, FactorName::Conditions, "no"),
];

/// Three replicas watched for three days, starts seen, no hole.
fn watched(eye: Eye) -> Shop {
    let mut shop = Shop::new();
    shop.scene.note(&vuln(), Feed::Curated, now(), Said::Conditions(vec![Condition::ListeningPort]));
    shop.watch(eye, 3, Span::days(3));
    shop
}

#[test]
fn a_whole_watch_says_no() {
    for (eye, factor, no) in NOES {
        let row = watched(*eye).row(*factor);
        assert_eq!(row.value, *no, "{eye}");
        assert!(row.evidence.len() >= 3, "every window is cited");
    }
}

#[test]
fn every_reason_for_a_hole_breaks_every_no() {
    for (eye, factor, _) in NOES {
        for because in HoleReason::ALL {
            // At the beginning, in the middle, at the end; long, and as short as a clock can tell.
            for (since, length) in [(0, 1), (60, 30), (60, 0), (71 * 60 + 59, 1)] {
                let mut shop = watched(*eye);
                let (_, seen) = shop.scene.coverage.last_mut().unwrap();
                let since = seen.window.since + Span::minutes(since);
                seen.window.holes.push(Hole { since, until: since + Span::minutes(length), because: *because });
                let row = shop.row(*factor);
                assert_eq!(row.value, "unknown", "{eye}, {because}, {length} min");
                if *factor != FactorName::Conditions {
                    assert_eq!(row.because, Some(UnknownBecause::WatchedWithHoles));
                }
            }
        }
    }
}

#[test]
fn where_the_sensor_would_not_know_a_use_nothing_is_unused() {
    let used = |shop: &mut Shop, name: &str, level| {
        let what = What::InUse { level, exe: Opaque::readmit("/usr/bin/app"), listens: None };
        let web = shop.web;
        let fact = shop.scene.fact(web, Author::Kernel, what);
        fact.component = Some(package("deb", name, ""));
        fact.container = Opaque::readmit("web");
    };
    for (name, level, value, because) in [
        ("curl", UseLevel::Perhaps, "no", None),
        ("openssl", UseLevel::Perhaps, "unknown", Some(UnknownBecause::PerhapsUsed)),
        (UNNAMED_PACKAGE, UseLevel::Perhaps, "unknown", Some(UnknownBecause::PerhapsUsed)),
        ("openssl", UseLevel::Read, "yes", None),
    ] {
        let mut shop = watched(Eye::SensorUse);
        used(&mut shop, name, level);
        let row = shop.row(FactorName::InUse);
        assert_eq!((row.value.as_str(), row.because), (value, because), "{name} {level}");
    }
    for (kind, value) in
        [("deb", "no"), ("apk", "no"), ("rpm", "no"), ("pypi", "no"), ("npm", "no"), ("golang", "no"), ("maven", "no")]
            .into_iter()
            .chain(["gem", "cargo", "nuget", "composer", "generic", ""].map(|kind| (kind, "unknown")))
    {
        let mut shop = watched(Eye::SensorUse);
        let package = package(kind, "openssl", "");
        shop.scene.findings[0].matter = Matter::Vulnerability { id: vuln(), package };
        assert_eq!(shop.value(FactorName::InUse), value, "{kind}");
    }
}

#[test]
fn a_hole_before_the_window_breaks_nothing() {
    let mut shop = watched(Eye::SensorUse);
    let (_, seen) = shop.scene.coverage.last_mut().unwrap();
    let until = seen.window.since;
    seen.window.holes.push(Hole { since: until - Span::hours(1), until, because: HoleReason::LateStart });
    assert_eq!(shop.value(FactorName::InUse), "no");
}

#[test]
fn a_watch_that_is_not_whole_says_nothing() {
    type Change = fn(&mut Shop);
    let changes: &[(&str, Change)] = &[
        ("a replica is not watched", |shop| {
            shop.scene.coverage.pop();
        }),
        ("one instance has been silent for a quarter of an hour", |shop| {
            let (_, seen) = shop.scene.coverage.last_mut().unwrap();
            seen.window.until = now() - Span::minutes(16);
        }),
        ("one instance has been watched for an hour only", |shop| {
            let (_, seen) = shop.scene.coverage.last_mut().unwrap();
            seen.window.since = now() - Span::hours(1);
        }),
        ("no start was seen", |shop| {
            shop.scene.coverage.iter_mut().for_each(|(_, seen)| seen.window.start_seen = false);
        }),
        ("nobody knows how many replicas there are", |shop| shop.scene.facts.clear()),
        ("it is another container", |shop| {
            let (_, seen) = shop.scene.coverage.last_mut().unwrap();
            seen.container = Opaque::readmit("proxy");
        }),
        ("it is another eye", |shop| {
            let (_, seen) = shop.scene.coverage.last_mut().unwrap();
            seen.window.eye = Eye::CompleteScan;
        }),
        ("the agent restarted an hour ago", |shop| {
            let (about, mut seen) = shop.scene.coverage.last().unwrap().clone();
            shop.scene.coverage.last_mut().unwrap().1.window.until = now() - Span::hours(1);
            seen.window.since = now() - Span::hours(1);
            seen.window.start_seen = false;
            shop.scene.coverage.push((about, seen));
        }),
    ];
    for (eye, factor, _) in NOES {
        for (name, change) in changes {
            let mut shop = watched(*eye);
            change(&mut shop);
            assert_eq!(shop.value(*factor), "unknown", "{eye}: {name}");
        }
    }
}

#[test]
fn a_scan_with_a_hole_is_no_complete_scan() {
    let mut shop = Shop::new();
    assert_eq!(shop.value(FactorName::Exposure), "internal");
    for because in HoleReason::ALL {
        let (_, scan) = shop.scene.coverage.first_mut().unwrap();
        scan.window.holes = vec![Hole { since: now(), until: now(), because: *because }];
        assert_eq!(shop.value(FactorName::Exposure), "unknown", "{because}");
    }
}
