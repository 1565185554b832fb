//! What a report may close: only what it speaks for, whole, and newer than what was said.

use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::observation::Severity;
use assay_core::ports::Records;
use assay_core::records::Counts;
use assay_core::scope::{Scope, Spoken};

use crate::ledger::Ledger;
use crate::report::{Report, hour, image, objects, stream, tree, vuln, vulns};
use crate::scan::{deployment, of_object};

const FIRST: &str = "docker.io/shop/web: CVE-2026-1000 in lib0";
const LAST: &str = "docker.io/shop/web: CVE-2026-1009 in lib9";
const FIXED: Presence = Presence::Resolved(ResolvedBecause::Fixed);

fn web(at: i64, n: usize) -> Report {
    image("shop/web:1.0").at(at).with(vulns(n))
}

pub(crate) fn a_complete_newer_report_closes_exactly_what_it_lacks(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(1, 10));
    let counts = ledger.take(&web(2, 9)).findings;
    assert_eq!(counts, Counts { unchanged: 9, resolved: 1, ..Counts::default() });
    assert_eq!((ledger.presence(LAST), ledger.open().len()), (FIXED, 9));
    let life = ledger.finding(LAST).life;
    assert_eq!((life.last_seen, life.resolved_at), (hour(1), Some(hour(2))));
    assert_eq!(ledger.finding(FIRST).life.last_seen, hour(2));
}

pub(crate) fn an_incomplete_report_closes_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(1, 10));
    ledger.take(&web(2, 2).incomplete());
    ledger.take(&web(3, 0).skipping("Results[0]"));
    assert_eq!(ledger.open().len(), 10);
    let receipt = ledger.take(&web(4, 11).incomplete());
    assert_eq!((receipt.complete, receipt.findings.new), (false, 1), "what it says counts all the same");
}

pub(crate) fn an_older_report_closes_and_adds_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(5, 10));
    let before = ledger.dump();
    let older = ledger.take(&web(3, 4).received(hour(6)).with([vuln("CVE-2026-7777", "old")]));
    assert_eq!(older.findings, Counts::default());
    assert_eq!(ledger.dump_at(hour(5)), before);
    ledger.take(&web(4, 12).incomplete().received(hour(7)));
    assert_eq!(ledger.open().len(), 10);
}

pub(crate) fn a_report_of_equal_age_closes_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(1, 10));
    ledger.take(&web(1, 8).received(hour(2)));
    assert_eq!(ledger.open().len(), 10);
}

pub(crate) fn a_late_report_takes_nothing_back_that_was_said_after_it(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(3, 10).incomplete());
    ledger.take(&web(2, 8).received(hour(4)));
    assert_eq!(ledger.open().len(), 10, "it was made before the two were seen");
    ledger.take(&web(5, 8));
    assert_eq!(ledger.open().len(), 8);
}

pub(crate) fn an_older_word_does_not_replace_a_newer_one(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let say = |severity| [vuln("CVE-2026-1000", "lib0").severity(severity)];
    ledger.take(&image("shop/web:1.0").at(3).incomplete().with(say(Severity::Critical)));
    ledger.take(&image("shop/web:1.0").at(2).received(hour(4)).incomplete().with(say(Severity::Low)));
    assert_eq!(ledger.finding(FIRST).severity, Severity::Critical);
}

pub(crate) fn a_class_that_was_not_spoken_for_is_not_closed(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let lib = vuln("CVE-2026-2000", "left-pad").npm();
    let every = [Spoken::OsPackages, Spoken::LanguagePackages, Spoken::Secret];
    ledger.take(&web(1, 3).with([lib.clone()]).secret("aws-key", "app/.env").speaks_for(&every));
    ledger.take(&web(2, 0).with([lib]).content(2).speaks_for(&[Spoken::LanguagePackages]));
    assert_eq!(ledger.open().len(), 5, "neither secrets nor the distribution were looked at");
    ledger.take(&web(3, 3).content(3).speaks_for(&[Spoken::OsPackages, Spoken::LanguagePackages]));
    assert_eq!(ledger.presence("docker.io/shop/web: CVE-2026-2000 in left-pad"), FIXED);
    assert_eq!(ledger.presence("docker.io/shop/web: aws-key in app/.env"), Presence::Open);
}

pub(crate) fn a_return_is_a_new_episode_of_the_same_finding(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web(1, 10), web(2, 9)]);
    let before = ledger.finding(LAST);
    let counts = ledger.take(&web(3, 10)).findings;
    assert_eq!(counts, Counts { reopened: 1, unchanged: 9, ..Counts::default() });
    let after = ledger.finding(LAST);
    assert_eq!((after.id, after.fingerprint), (before.id, before.fingerprint));
    assert_eq!((after.life.first_seen, after.life.episode), (hour(1), 2));
    assert_eq!((after.life.episode_start, after.clock_start, after.life.resolved_at), (hour(3), hour(3), None));
    assert_eq!(ledger.story(LAST, 0), ["new", "resolved fixed", "reopened"]);
}

pub(crate) fn a_tree_without_a_name_opens_and_never_closes(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let (a, b) = (vuln("CVE-2026-0001", "a").npm(), vuln("CVE-2026-0002", "b").npm());
    ledger.take(&tree("").with([a.clone(), b.clone()]));
    let receipt = ledger.take(&tree("").at(2).with([a.clone()]));
    assert!(!receipt.complete);
    assert_eq!(ledger.open().len(), 2);
    ledger.take(&tree("shop").with([a.clone(), b]));
    ledger.take(&tree("shop").at(2).with([a]));
    assert_eq!(ledger.open().len(), 3, "a named one closes");
}

pub(crate) fn events_close_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let web = deployment("web");
    ledger.take(&stream("falco").fails(&web, "shell-in-container", None));
    let receipt = ledger.take(&stream("falco").at(2).fails(&web, "other-rule", None));
    assert!(!receipt.complete && receipt.scopes == [r#"["stream"]"#]);
    assert_eq!(ledger.open().len(), 2);
}

pub(crate) fn parts_of_one_scope_are_one_part(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let web = deployment("web");
    let scope: Scope = of_object(&web);
    let report = |at: i64, controls: &[&str], content: u64| {
        let mut report = objects().at(at).part(scope.clone(), &[Spoken::Misconfiguration], Some(content));
        report = report.part(scope.clone(), &[Spoken::Secret], Some(content));
        controls.iter().fold(report, |r, control| r.fails(&web, control, Some(&scope)))
    };
    let first = ledger.take(&report(1, &["privileged", "host-pid"], 1));
    assert_eq!((first.findings.new, first.scopes.len()), (2, 1));
    let second = ledger.take(&report(2, &["privileged"], 2));
    assert_eq!(second.findings, Counts { unchanged: 1, resolved: 1, ..Counts::default() });
}
