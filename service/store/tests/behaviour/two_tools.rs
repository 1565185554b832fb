//! Two tools, one flaw, one finding.

use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::ports::Records;
use assay_core::records::Counts;

use crate::ledger::Ledger;
use crate::report::{Report, hour, image, vuln, vulns};

const FIRST: &str = "docker.io/shop/web: CVE-2026-1000 in lib0";

fn by(tool: &str, at: i64, n: usize) -> Report {
    image("shop/web:1.0").by(tool).at(at).with(vulns(n))
}

pub(crate) fn two_tools_make_one_finding_that_names_both(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&by("trivy", 1, 3));
    let counts = ledger.take(&by("grype", 2, 3)).findings;
    assert_eq!(counts, Counts { updated: 3, ..Counts::default() });
    let finding = ledger.finding(FIRST);
    let tools: Vec<&str> = finding.words.iter().map(|w| w.tool.reveal()).collect();
    assert_eq!((ledger.count(), tools), (3, vec!["grype", "trivy"]));
    assert_eq!((finding.life.first_seen, finding.life.last_seen), (hour(1), hour(2)));
}

pub(crate) fn the_silence_of_one_does_not_outvote_the_other(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[by("trivy", 1, 3), by("grype", 2, 3), by("trivy", 3, 2)]);
    let third = "docker.io/shop/web: CVE-2026-1002 in lib2";
    assert_eq!(ledger.presence(third), Presence::Open);
    let disagree: Vec<String> =
        ledger.dump().into_iter().filter(|(k, _)| k.contains("lib2")).flat_map(|(_, l)| l.words).collect();
    assert_eq!(disagree, ["grype lib2 1.0 live", "trivy lib2 1.0 gone fixed"], "the disagreement is shown");
    ledger.take(&by("grype", 4, 2));
    assert_eq!(ledger.presence(third), Presence::Resolved(ResolvedBecause::Fixed));
}

pub(crate) fn a_broken_report_of_one_leaves_the_other_standing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[by("trivy", 1, 3), by("grype", 2, 2), by("trivy", 3, 0)]);
    assert_eq!(ledger.presence(FIRST), Presence::Open);
    assert_eq!(ledger.presence("docker.io/shop/web: CVE-2026-1002 in lib2"), Presence::Stale);
}

pub(crate) fn binary_packages_of_one_source_are_one_finding(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let of = |package: &str| vuln("CVE-2026-0001", package).built_from("openssl");
    ledger.take(&image("shop/web:1.0").with([of("libssl3"), of("libssl-dev"), vuln("CVE-2026-0001", "openssl")]));
    let finding = ledger.finding("docker.io/shop/web: CVE-2026-0001 in openssl");
    assert_eq!((ledger.count(), finding.words.len()), (1, 3));
    ledger.take(&image("shop/web:1.0").at(2).with([of("libssl3")]));
    assert_eq!(ledger.presence("docker.io/shop/web: CVE-2026-0001 in openssl"), Presence::Open);
    ledger.take(&image("shop/web:1.0").at(3).with([vuln("CVE-2026-0002", "bash")]));
    assert_eq!(ledger.open(), ["docker.io/shop/web: CVE-2026-0002 in bash"]);
}

pub(crate) fn the_order_of_two_tools_does_not_matter(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    // The later report comes in first.
    ledger.take_all(&[by("grype", 2, 3), by("trivy", 1, 3)]);
    let life = ledger.finding(FIRST).life;
    assert_eq!((life.first_seen, life.last_seen, life.episode), (hour(1), hour(2), 1));
}
