//! Silence: a source that says nothing for longer than its rhythm makes its findings stale, never resolved.

use assay_core::finding::Presence;
use assay_core::ids::Span;
use assay_core::ports::Records;

use crate::ledger::{Ledger, days};
use crate::report::{Report, hour, image, vulns};
use crate::scan::scan;

fn web(tool: &str, at: i64) -> Report {
    image("shop/web:1.0").by(tool).at(at).with(vulns(1))
}

/// How many findings are shown silent, and how many are not, leaving out what is resolved.
fn silent(ledger: &Ledger<'_, impl Records>, hours: i64) -> (usize, usize) {
    let lines = ledger.dump_at(hour(hours));
    let open: Vec<bool> = lines.values().filter(|l| l.presence == Presence::Open).map(|l| l.silent).collect();
    let quiet = open.iter().filter(|s| **s).count();
    (quiet, open.len() - quiet)
}

pub(crate) fn a_single_report_is_fresh_for_seven_days(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web("trivy", 0));
    assert_eq!((silent(&ledger, 7 * 24), silent(&ledger, 7 * 24 + 1)), ((0, 1), (1, 0)));
}

pub(crate) fn a_source_is_silent_after_three_of_its_gaps(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    for at in [0, 24, 48, 72] {
        ledger.take(&web("trivy", at));
    }
    assert_eq!((silent(&ledger, 72 + 72), silent(&ledger, 72 + 73)), ((0, 1), (1, 0)));
}

pub(crate) fn no_source_is_silent_within_a_day(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    for at in [0, 1, 2] {
        ledger.take(&web("trivy", at));
    }
    assert_eq!((silent(&ledger, 26), silent(&ledger, 27)), ((0, 1), (1, 0)));
}

pub(crate) fn one_source_that_speaks_is_enough(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("trivy", 0), web("grype", 24 * 5)]);
    assert_eq!((silent(&ledger, 24 * 8), silent(&ledger, 24 * 12 + 1)), ((0, 1), (1, 0)));
    let states: Vec<String> = ledger.dump_at(hour(24 * 8)).into_values().flat_map(|l| l.words).collect();
    assert_eq!(states, ["grype lib0 1.0 live", "trivy lib0 1.0 silent"], "each source says for itself");
}

pub(crate) fn a_placed_finding_is_as_silent_as_its_image(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("trivy", 0), scan(1, 1).deploys("web", "shop/web:1.0")]);
    assert_eq!((silent(&ledger, 7 * 24), silent(&ledger, 7 * 24 + 1)), ((0, 1), (1, 0)));
    ledger.take(&scan(7 * 24, 2).deploys("web", "shop/web:1.0"));
    assert_eq!(silent(&ledger, 7 * 24 + 1), (1, 0), "that the container runs is no look at its image");
    ledger.take(&web("trivy", 7 * 24 + 2));
    assert_eq!(silent(&ledger, 7 * 24 + 2), (0, 1));
}

pub(crate) fn silence_resolves_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web("trivy", 0));
    let later = hour(0) + days(400) + Span::hours(1);
    assert!(ledger.findings_at(later).iter().all(|f| f.life.presence == Presence::Open));
}
