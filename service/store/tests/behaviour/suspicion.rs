//! A report that lacks too much looks broken: it closes nothing until a second look, a changed digest or another
//! version of the tool.

use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::ids::Span;
use assay_core::ports::Records;
use assay_core::scope::Spoken;

use crate::ledger::Ledger;
use crate::report::{Report, hour, image, vuln, vulns};

const LAST: &str = "docker.io/shop/web: CVE-2026-1009 in lib9";

fn web(at: i64, n: usize) -> Report {
    image("shop/web:1.0").at(at).content(1).with(vulns(n))
}

fn stale(ledger: &Ledger<'_, impl Records>) -> usize {
    ledger.findings().iter().filter(|f| f.life.presence == Presence::Stale).count()
}

pub(crate) fn a_sudden_drop_makes_stale_until_a_second_look(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(1, 10));
    let receipt = ledger.take(&web(2, 2));
    assert_eq!((receipt.doubted, receipt.findings.resolved, stale(&ledger)), (8, 0, 8));
    assert_eq!(ledger.story(LAST, 0), ["new", "stale"]);
    let receipt = ledger.take(&web(3, 2));
    assert_eq!((receipt.doubted, receipt.findings.resolved, ledger.open().len()), (0, 8, 2));
    assert_eq!(ledger.story(LAST, 0), ["new", "stale", "resolved fixed"]);
}

pub(crate) fn an_empty_report_where_there_was_something_is_doubted(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(1, 1));
    ledger.take(&web(2, 0));
    assert_eq!(stale(&ledger), 1);
}

pub(crate) fn what_is_found_again_was_never_gone(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web(1, 10), web(2, 2)]);
    let counts = ledger.take(&web(3, 10)).findings;
    assert_eq!((counts.reopened, counts.new, counts.resolved), (0, 0, 0));
    assert_eq!((ledger.open().len(), stale(&ledger)), (10, 0));
    assert_eq!(ledger.story(LAST, 0), ["new", "stale", "refreshed"]);
    assert_eq!(ledger.finding(LAST).life.episode, 1);
}

pub(crate) fn a_changed_digest_or_tool_explains_a_drop(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web(1, 10), web(2, 2).content(2)]);
    assert_eq!(ledger.open().len(), 2);
    ledger.take_all(&[web(3, 10).content(2), web(4, 2).content(2).tool_version("2")]);
    assert_eq!((ledger.open().len(), stale(&ledger)), (2, 0));
}

pub(crate) fn few_missing_rows_are_believed(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web(1, 10), web(2, 5)]);
    assert_eq!((ledger.open().len(), stale(&ledger)), (5, 0), "five fewer are not more than five");
    let others = (0..90).map(|i| vuln(&format!("CVE-2026-{}", 5000 + i), &format!("o{i}")));
    let many = |at: i64, n: usize| web(at, n).with(others.clone());
    ledger.take_all(&[many(3, 10), many(4, 0)]);
    assert_eq!((ledger.open().len(), stale(&ledger)), (90, 0), "a tenth is not more than a fifth");
}

pub(crate) fn as_many_new_rows_as_old_ones_are_no_drop(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(1, 10));
    let renamed = (0..9).map(|i| vuln(&format!("CVE-2026-{}", 5000 + i), &format!("lib{i}")));
    ledger.take(&web(2, 0).with(renamed));
    assert_eq!((ledger.open().len(), stale(&ledger)), (9, 0));
}

pub(crate) fn a_class_that_fell_silent_is_doubted_beside_full_ones(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let libs = (0..100).map(|i| vuln(&format!("CVE-2025-{}", 1000 + i), &format!("npm{i}")).npm());
    ledger.take(&web(1, 4).with(libs.clone()));
    ledger.take(&web(2, 0).with(libs));
    assert_eq!((ledger.open().len(), stale(&ledger)), (104, 4), "the distribution's packages were not read");
}

pub(crate) fn a_second_look_without_a_time_comes_a_minute_later(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let look = |n: usize, key: &str, after: Span| web(1, n).key(key).produced(None).received(hour(1) + after);
    ledger.take(&look(10, "first", Span::ZERO));
    ledger.take(&look(0, "second", Span::minutes(10)));
    ledger.take(&look(0, "third", Span::secs(659)));
    assert_eq!(stale(&ledger), 10, "a client that sends twice did not look twice");
    ledger.take(&look(0, "fourth", Span::minutes(11)));
    assert_eq!(ledger.presence(LAST), Presence::Resolved(ResolvedBecause::Fixed));
}

pub(crate) fn what_one_look_lacked_and_the_next_found_is_doubted_anew(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web(1, 10), web(2, 4)]);
    let odd = (0..10).filter(|i| *i < 2 || *i == 9).map(|i| vulns(10)[i].clone());
    ledger.take(&web(3, 0).with(odd).speaks_for(&[Spoken::OsPackages]));
    assert_eq!(ledger.open().len(), 5, "missing twice: closed");
    assert_eq!(stale(&ledger), 2, "missing for the first time");
    assert_eq!(ledger.presence(LAST), Presence::Open);
}
