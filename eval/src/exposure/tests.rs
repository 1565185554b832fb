use assay_core::observation::{Admits, Link, Observation, Reach};

use super::*;
use crate::testing::Real;

fn measured(ground: &Real) -> [Outcome; 4] {
    run(&read(CASES).unwrap(), ground).unwrap()
}

/// Every link of a record, spoilt.
fn links(mut record: Record, spoil: fn(&mut Link)) -> Record {
    for observation in &mut record.yields {
        if let Observation::Edge(edge) = observation {
            spoil(&mut edge.link);
        }
    }
    record
}

#[test]
fn every_workload_stands_as_the_documentation_demands() {
    let unmet: Vec<Outcome> = measured(&Real::new()).into_iter().filter(|o| o.met != Some(true)).collect();
    assert!(unmet.is_empty(), "{unmet:#?}");
}

#[test]
fn there_are_enough_cases_of_every_sort() {
    let cases = read(CASES).unwrap();
    let verdicts: Vec<&Verdict> = cases.iter().flat_map(|case| case.expect.values()).collect();
    let exposed = verdicts.iter().filter(|v| v.is_exposed()).count();
    let unknown = verdicts.iter().filter(|v| matches!(v, Verdict::Unknown(_))).count();
    assert!(cases.len() >= 60 && exposed >= 40 && unknown >= 12, "{} {exposed} {unknown}", cases.len());
    assert!(verdicts.len() - exposed - unknown >= 40);
}

#[test]
fn a_scan_that_closes_ways_loses_recall() {
    let close: fn(Record) -> Record = |record| {
        links(record, |link| {
            if let Link::Enters { reach, .. } = link {
                *reach = Reach::Internal;
            }
        })
    };
    let [recall, ..] = measured(&Real::spoiling(close));
    assert_eq!((recall.met, recall.value), (Some(false), 0.0));
}

#[test]
fn a_scan_that_forgets_policies_loses_precision() {
    let open: fn(Record) -> Record = |record| {
        links(record, |link| {
            if let Link::Routes { admits, .. } = link {
                *admits = Admits::ALL;
            }
        })
    };
    let [_, precision, _, exact] = measured(&Real::spoiling(open));
    assert_eq!((precision.met, exact.met), (Some(false), Some(false)));
    assert!(precision.failed.iter().any(|f| f.starts_with("policy-denies-local")), "{:#?}", precision.failed);
}

#[test]
fn what_the_objects_settle_may_not_be_unknown() {
    let doubt: fn(Record) -> Record = |record| {
        links(record, |link| {
            if let Link::Enters { reach, .. } = link {
                *reach = Reach::Unknown(SettledBy::Nodes);
            }
        })
    };
    let [_, _, unsure, _] = measured(&Real::spoiling(doubt));
    assert_eq!(unsure.met, Some(false));
}

#[test]
fn a_line_without_a_page_or_with_an_unknown_reason_is_refused() {
    let line = CASES.lines().next().unwrap();
    let bad = |from: &str, to: &str| {
        let spoilt = line.replace(from, to);
        assert_ne!(spoilt, line);
        read(&spoilt).unwrap_err().to_string()
    };
    assert!(bad("https://", "see ").contains("no page"));
    assert!(bad(r#""is": "exposed", "ports": [8080]"#, r#""is": "unknown", "settled_by": "luck""#).contains("luck"));
}
