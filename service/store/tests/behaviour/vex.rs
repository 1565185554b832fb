//! VEX documents: a statement stands until a newer version of its document drops it.

use assay_core::observation::{Author, Fact, Subject, VexStatus, What};
use assay_core::ports::Records;

use crate::ledger::Ledger;
use crate::report::{Report, document, hour, o};

fn says(report: Report, vuln: &str, status: VexStatus, document: &str) -> Report {
    let what = What::Vex {
        vuln: vuln.parse().expect("a legal name"),
        status,
        justification: None,
        document: o(document),
        note: o(""),
    };
    let image = assay_core::asset::ImageRef::parse(&o("shop/web:1.0")).expect("a legal image");
    let at = report.received_at();
    report.fact(Fact {
        subject: Subject::Image(image),
        component: None,
        what,
        author: Author::Vendor,
        since: at,
        until: at,
        valid_until: None,
    })
}

fn doc(id: &str, at: i64, vulns: &[&str]) -> Report {
    let report = document(id).by("openvex").at(at);
    vulns.iter().fold(report, |r, vuln| says(r, vuln, VexStatus::NotAffected, id))
}

/// The vulnerabilities of which some document speaks, with the document.
fn stated(ledger: &Ledger<'_, impl Records>) -> Vec<String> {
    let world = ledger.world();
    let facts = world.assets.iter().flat_map(|a| &a.facts);
    let mut all: Vec<String> = facts
        .filter_map(|f| match &f.what {
            What::Vex { vuln, document, .. } => Some(format!("{vuln} by {}", document.reveal())),
            _ => None,
        })
        .collect();
    all.sort();
    all
}

pub(crate) fn a_statement_that_a_newer_version_drops_is_over(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&doc("https://shop/vex", 1, &["CVE-2026-0001", "CVE-2026-0002"]));
    assert_eq!(stated(&ledger).len(), 2);
    ledger.take(&doc("https://shop/vex", 2, &["CVE-2026-0002"]));
    assert_eq!(stated(&ledger), ["CVE-2026-0002 by https://shop/vex"]);
}

pub(crate) fn an_older_version_drops_nothing_and_adds_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&doc("https://shop/vex", 5, &["CVE-2026-0002"]));
    ledger.take(&doc("https://shop/vex", 3, &["CVE-2026-0001"]).received(hour(6)));
    assert_eq!(stated(&ledger), ["CVE-2026-0002 by https://shop/vex"]);
}

pub(crate) fn two_documents_speak_for_themselves(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[doc("a", 1, &["CVE-2026-0001"]), doc("b", 2, &["CVE-2026-0001"]), doc("b", 3, &[])]);
    assert_eq!(stated(&ledger), ["CVE-2026-0001 by a"]);
}

pub(crate) fn a_statement_that_comes_back_stands_again(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[doc("a", 1, &["CVE-2026-0001"]), doc("a", 2, &[]), doc("a", 3, &["CVE-2026-0001"])]);
    assert_eq!(stated(&ledger), ["CVE-2026-0001 by a"]);
}
