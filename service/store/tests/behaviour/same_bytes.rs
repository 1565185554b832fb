//! The same report again, a report that fails, and what receipts say.

use assay_core::ports::Records;
use assay_core::records::Counts;
use assay_core::scope::Head;

use crate::ledger::{Ledger, days};
use crate::report::{Report, hour, image, vuln, vulns};
use crate::scan::scan;

pub(crate) fn the_same_bytes_change_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let report = image("shop/web:1.0").with(vulns(10));
    let first = ledger.take(&report);
    assert_eq!(first.findings, Counts { new: 10, ..Counts::default() });
    let (dump, seq) = (ledger.dump(), ledger.last_change());
    for _ in 0..3 {
        let again = ledger.take(&report);
        assert_eq!(
            (again.repeats, again.findings),
            (Some(first.report), Counts { unchanged: 10, ..Counts::default() })
        );
        assert_eq!((again.scopes, again.observations), (first.scopes.clone(), 10));
    }
    assert_eq!((ledger.dump(), ledger.last_change()), (dump, seq));
}

pub(crate) fn a_repeat_after_other_reports_changes_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let mut reports = vec![image("shop/web:1.0").with(vulns(10))];
    reports.push(image("shop/web:1.0").at(2).with(vulns(9)));
    reports.push(image("shop/web:1.1").at(3).with(vulns(8)));
    reports.push(image("shop/web:1.1").by("grype").at(4).with(vulns(3)));
    reports.push(scan(5, 1).deploys("web", "shop/web:1.1"));
    ledger.take_all(&reports);
    let (dump, seq) = (ledger.dump(), ledger.last_change());
    for report in reports.iter().rev().chain(&reports) {
        let again = ledger.take(report);
        assert!(again.repeats.is_some() && again.findings.unchanged <= 10);
        assert_eq!(Counts { unchanged: 0, ..again.findings }, Counts::default());
    }
    assert_eq!((ledger.dump(), ledger.last_change()), (dump, seq));
}

pub(crate) fn a_repeated_key_answers_with_the_first_report(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let first = ledger.take(&image("shop/web:1.0").key("run 7").with(vulns(3)));
    let other = ledger.take(&image("shop/web:1.0").key("run 7").at(2).with(vulns(1)));
    assert_eq!(other.repeats, Some(first.report));
    assert_eq!(ledger.open().len(), 3);
    let theirs = ledger.take(&image("shop/web:1.0").key("run 7").sent_by("ci").at(2).with(vulns(2)));
    assert_eq!(theirs.repeats, None, "a key is bound to its sender");
}

pub(crate) fn the_same_words_of_another_sender_are_no_news(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let report = image("shop/web:1.0").with(vulns(4));
    ledger.take(&report);
    let (open, seq) = (ledger.open(), ledger.last_change());
    let again = ledger.take(&report.clone().sent_by("ci"));
    assert_eq!((again.repeats, again.findings), (None, Counts { unchanged: 4, ..Counts::default() }));
    assert_eq!((ledger.open(), ledger.last_change()), (open, seq));
}

pub(crate) fn a_repeat_counts_as_heard(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let report = image("shop/web:1.0").with(vulns(1));
    ledger.take(&report);
    let silent = |ledger: &Ledger<'_, _>, hours: i64| ledger.dump_at(hour(1 + hours)).values().all(|l| l.silent);
    assert!(!silent(&ledger, 7 * 24) && silent(&ledger, 7 * 24 + 1));
    ledger.take(&report.clone().received(hour(1) + days(6)));
    assert!(!silent(&ledger, 13 * 24) && silent(&ledger, 13 * 24 + 1));
}

/// A reader's failure, or the ledger's.
#[derive(Debug)]
enum Failed<E> {
    Reader,
    Ledger(E),
}

impl<E: std::error::Error> From<E> for Failed<E> {
    fn from(error: E) -> Self {
        Self::Ledger(error)
    }
}

/// Gives some records of a report, then fails.
fn break_off<R: Records>(records: &mut R, report: &Report, after: usize) {
    let taken = records.ingest(&report.meta(), |give| {
        for record in report.records().iter().take(after) {
            give(record.clone());
        }
        Err::<Head, _>(Failed::<R::Error>::Reader)
    });
    assert!(matches!(taken, Err(Failed::Reader)), "{taken:?}");
}

pub(crate) fn a_reader_that_fails_leaves_no_trace(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&image("shop/web:1.0").with(vulns(5)));
    let before =
        (ledger.dump(), ledger.last_change(), ledger.records.verify_audit().expect("the ledger answers").links);
    let names = ledger.records.names().expect("the ledger answers").packages.len();
    let second = image("shop/web:1.0").at(2).with(vec![vuln("CVE-2026-9999", "new").alias("GHSA-aaaa-bbbb-cccc")]);
    for after in [0, 1] {
        break_off(ledger.records, &second, after);
        break_off(ledger.records, &scan(3, 1).deploys("web", "shop/web:1.0"), after);
    }
    assert_eq!(
        (ledger.dump(), ledger.last_change(), ledger.records.verify_audit().expect("the ledger answers").links),
        before
    );
    assert_eq!(ledger.records.names().expect("the ledger answers").packages.len(), names);
    let taken = ledger.take(&second);
    assert_eq!((taken.repeats, taken.findings.new), (None, 1), "its key was not used up");
}

pub(crate) fn a_receipt_counts_each_finding_once(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let two = |version: &str| {
        ["libssl3", "libssl-dev"].map(|package| vuln("CVE-2026-0001", package).built_from("openssl").version(version))
    };
    let [first, second] = [vuln("CVE-2026-0002", "zlib1g"), vuln("CVE-2026-0003", "bash")];
    let report = image("shop/web:1.0").with(two("1.0")).with([first.clone(), second.clone()]);
    assert_eq!(ledger.take(&report).findings, Counts { new: 3, ..Counts::default() });
    let counts = ledger.take(&image("shop/web:1.0").at(2).with(two("1.1")).with([first.clone()])).findings;
    assert_eq!(counts, Counts { updated: 1, unchanged: 1, resolved: 1, ..Counts::default() });
    let counts = ledger.take(&image("shop/web:1.0").at(3).with(two("1.1")).with([first, second])).findings;
    assert_eq!(counts, Counts { unchanged: 2, reopened: 1, ..Counts::default() });
}

pub(crate) fn a_receipt_counts_what_a_scan_places(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&image("shop/web:1.0").with(vulns(3)));
    let counts = ledger.take(&scan(2, 1).deploys("web", "shop/web:1.0").deploys("api", "shop/web:1.0")).findings;
    assert_eq!(counts, Counts { new: 6, ..Counts::default() }, "three flaws in two containers");
    let counts = ledger.take(&image("shop/web:1.0").at(3).with(vulns(4)).content(2)).findings;
    assert_eq!(counts, Counts { new: 1, unchanged: 3, ..Counts::default() }, "a report counts what it claims, once");
    let counts = ledger.take(&image("shop/web:1.0").at(4).with(vulns(3)).content(3)).findings;
    assert_eq!(counts, Counts { resolved: 1, unchanged: 3, ..Counts::default() });
    let counts = ledger.take(&scan(5, 2).deploys("web", "shop/web:1.0")).findings;
    assert_eq!(counts, Counts { resolved: 3, ..Counts::default() }, "one of the two containers is gone");
}

pub(crate) fn repetitions_in_a_report_come_in_any_order(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let old = vuln("CVE-2026-0001", "kernel").version("5.1").severity(assay_core::observation::Severity::Low);
    let new = vuln("CVE-2026-0001", "kernel").version("5.2");
    ledger.take(&image("shop/web:1.0").with([old.clone(), new.clone()]));
    let said = ledger.finding("docker.io/shop/web: CVE-2026-0001 in kernel");
    let counts = ledger.take(&image("shop/web:1.0").at(2).with([new, old])).findings;
    assert_eq!(counts, Counts { unchanged: 1, ..Counts::default() });
    assert_eq!(said.severity, assay_core::observation::Severity::High, "the graver word of the two");
}
