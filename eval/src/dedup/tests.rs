use assay_core::observation::{Flaw, Observation};

use super::*;
use crate::testing::Real;

fn pairs() -> Vec<Pair> {
    read(PAIRS).unwrap().0
}

fn reports() -> Vec<Report> {
    read("").unwrap().1
}

fn measured(ground: &Real) -> [Outcome; 2] {
    run(&pairs(), &reports(), ground).unwrap()
}

/// A reader that gets the identity of a package wrong.
fn wrong(record: Record, spoil: impl Fn(&mut assay_core::asset::PackageKey)) -> Record {
    let mut record = record;
    for observation in &mut record.yields {
        match observation {
            Observation::Claim(claim) => {
                if let Flaw::Vulnerability { package, .. } = &mut claim.flaw {
                    spoil(&mut package.key);
                }
            }
            Observation::Fact(fact) => fact.component.iter_mut().for_each(&spoil),
            _ => {}
        }
    }
    record
}

#[test]
fn every_pair_ends_where_it_must() {
    for outcome in measured(&Real::new()) {
        assert_eq!(outcome.met, Some(true), "{}: {:#?}", outcome.measure, outcome.failed);
    }
    let pairs = pairs();
    let same = pairs.iter().filter(|p| p.same).count();
    assert!(same >= 25 && pairs.len() - same >= 15, "{same} of {}", pairs.len());
}

#[test]
fn a_reader_that_forgets_sources_loses_recall() {
    let [precision, recall] = measured(&Real::spoiling(|r| wrong(r, |key| key.source = None)));
    assert_eq!((precision.met, recall.met), (Some(true), Some(false)));
    assert!(recall.failed.iter().any(|f| f.starts_with("two-binaries-of-a-source")), "{:#?}", recall.failed);
}

#[test]
fn a_reader_that_forgets_places_loses_precision() {
    let [precision, _] = measured(&Real::spoiling(|r| wrong(r, |key| key.artifact = Opaque::readmit(""))));
    assert_eq!(precision.met, Some(false));
    assert!(precision.failed.iter().any(|f| f.starts_with("two-jars")), "{:#?}", precision.failed);
}

#[test]
fn a_reader_that_forgets_ecosystems_loses_precision() {
    let [precision, _] = measured(&Real::spoiling(|r| {
        wrong(r, |key| {
            (key.ecosystem, key.artifact) = (Opaque::readmit("any"), Opaque::readmit(""));
        })
    }));
    assert!(precision.failed.iter().any(|f| f.starts_with("one-name-in-two-ecosystems")), "{:#?}", precision.failed);
}

/// What no report says is no success.
#[test]
fn a_word_that_stands_nowhere_counts_against() {
    let lost = |same: bool| {
        let mut pair = pairs().remove(0);
        (pair.same, pair.one.package) = (same, "never-heard-of".to_owned());
        run(&[pair], &reports(), &Real::new()).unwrap().map(|o| o.met)
    };
    assert_eq!(lost(true)[1], Some(false));
    assert_eq!(lost(false)[0], Some(false));
}

#[test]
fn reports_of_ones_own_take_the_place_of_ours() {
    let report = REPORTS[2].1.replace('\n', "");
    let pair = PAIRS.lines().find(|l| l.contains("a-source-rpm\"")).unwrap();
    let (pairs, reports) = read(&format!("{{\"id\":\"mine\",\"report\":{report}}}\n{pair}")).unwrap();
    assert_eq!((pairs.len(), reports.len(), reports[0].0.as_str()), (1, 1, "mine"));
    let [_, recall] = run(&pairs, &reports, &Real::new()).unwrap();
    assert_eq!(recall.met, Some(false), "the other tool's report is not there");
    assert!(read(r#"{"id":"x","same":true}"#).is_err());
}
