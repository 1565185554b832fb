//! Names that are learnt late: source packages and aliases. Findings merge, ids and decisions stay, nothing is news.

use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::observation::VexStatus;
use assay_core::ports::Records;

use crate::ledger::Ledger;
use crate::report::{Report, Vuln, hour, image, vuln};
use crate::scan::scan;

const OPENSSL: &str = "docker.io/shop/web: CVE-2026-0001 in openssl";
const CVE: &str = "docker.io/shop/web: CVE-2026-0001 in lib";

fn web(at: i64, vulns: impl IntoIterator<Item = Vuln>) -> Report {
    image("shop/web:1.0").at(at).with(vulns)
}

fn ghsa() -> Vuln {
    vuln("GHSA-aaaa-bbbb-cccc", "lib")
}

fn cve() -> Vuln {
    vuln("CVE-2026-0001", "lib")
}

/// Only what was said to be news: merges are none.
fn news(ledger: &Ledger<'_, impl Records>, seq: i64) -> Vec<String> {
    ledger.changes(seq).into_iter().map(|c| c.kind).filter(|kind| kind != "merged").collect()
}

pub(crate) fn a_source_package_that_is_learnt_late_merges(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(1, [vuln("CVE-2026-0001", "libssl3"), vuln("CVE-2026-0001", "libssl-dev")]));
    let old = ["libssl3", "libssl-dev"].map(|p| ledger.finding(&format!("docker.io/shop/web: CVE-2026-0001 in {p}")));
    ledger.decide(old[1].id, VexStatus::Affected, hour(2), Some(hour(99)));
    let seq = ledger.last_change();
    let of = |package: &str| vuln("CVE-2026-0001", package).built_from("openssl");
    let receipt =
        ledger.take(&image("shop/web:1.0").by("grype").at(3).package(&of("libssl3")).package(&of("libssl-dev")));
    assert_eq!((receipt.findings, news(&ledger, seq)), (assay_core::records::Counts::default(), Vec::<String>::new()));
    let one = ledger.finding(OPENSSL);
    assert_eq!((ledger.count(), one.words.len(), one.life.first_seen, one.life.episode), (1, 2, hour(1), 1));
    assert!(one.decision.is_some(), "the decision on one of the two holds for both");
    for old in &old {
        assert_eq!(ledger.records.find(&old.fingerprint.to_string()).expect("the ledger answers"), Some(one.id));
    }
    let counts = ledger.take(&web(4, [vuln("CVE-2026-0001", "libssl3"), vuln("CVE-2026-0001", "libssl-dev")])).findings;
    assert_eq!((counts.unchanged, counts.new, ledger.count()), (1, 0, 1), "whoever names the binary means the source");
}

pub(crate) fn a_source_that_is_told_in_the_same_report_counts_for_all_of_it(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let told = vuln("CVE-2026-0002", "libssl3").built_from("openssl");
    ledger.take(&web(1, [vuln("CVE-2026-0001", "libssl3"), told]));
    assert_eq!(ledger.open(), [OPENSSL, "docker.io/shop/web: CVE-2026-0002 in openssl"]);
    let counts = ledger.take(&web(2, [vuln("CVE-2026-0001", "libssl3"), vuln("CVE-2026-0002", "libssl3")])).findings;
    assert_eq!((counts.unchanged, ledger.count()), (2, 2));
}

pub(crate) fn placed_findings_merge_with_their_image(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(1, [vuln("CVE-2026-0001", "libssl3"), vuln("CVE-2026-0001", "libssl-dev")]));
    ledger.take(&scan(2, 1).deploys("web", "shop/web:1.0"));
    let seq = ledger.last_change();
    let of = |package: &str| vuln("CVE-2026-0001", package).built_from("openssl");
    ledger.take(&image("shop/web:1.0").by("grype").at(3).package(&of("libssl3")).package(&of("libssl-dev")));
    assert_eq!((ledger.open(), ledger.count()), (vec!["shop/web/app: CVE-2026-0001 in openssl".to_owned()], 2));
    assert_eq!(news(&ledger, seq), Vec::<String>::new());
}

pub(crate) fn a_late_cve_merges_the_advisory(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web(1, [ghsa()]), web(2, [cve()]).by("grype")]);
    assert_eq!(ledger.count(), 2, "nobody has said that they are one");
    let old = ledger.finding("docker.io/shop/web: GHSA-aaaa-bbbb-cccc in lib");
    ledger.decide(old.id, VexStatus::UnderInvestigation, hour(2), Some(hour(99)));
    let seq = ledger.last_change();
    let counts = ledger.take(&web(3, [ghsa().alias("CVE-2026-0001")])).findings;
    assert_eq!((counts.new, counts.reopened, counts.resolved, news(&ledger, seq)), (0, 0, 0, vec![]));
    let one = ledger.finding(CVE);
    assert_eq!((ledger.count(), one.words.len(), one.aliases.len()), (1, 2, 1));
    assert_eq!((one.life.first_seen, one.life.episode), (hour(1), 1));
    assert!(one.decision.is_some());
    assert_eq!(ledger.records.find(&old.fingerprint.to_string()).expect("the ledger answers"), Some(one.id));
}

pub(crate) fn an_alias_known_before_makes_one_finding(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web(1, [cve().alias("GHSA-aaaa-bbbb-cccc")]), web(2, [ghsa()]).by("grype")]);
    assert_eq!((ledger.count(), ledger.finding(CVE).words.len()), (1, 2));
}

pub(crate) fn two_cves_are_never_joined(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let other = vuln("CVE-2026-0002", "lib");
    ledger.take(&web(1, [cve().alias("CVE-2026-0002"), other.clone()]));
    assert_eq!(ledger.count(), 2);
    ledger.take(&web(2, [cve().alias("GHSA-aaaa-bbbb-cccc"), other.alias("DSA-9")]));
    ledger.take(&web(3, [ghsa().alias("DSA-9"), cve(), vuln("CVE-2026-0002", "lib")]));
    assert_eq!(ledger.open(), [CVE, "docker.io/shop/web: CVE-2026-0002 in lib"]);
}

pub(crate) fn an_advisory_of_several_cves_is_none_of_them(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(1, [ghsa().alias("CVE-2026-0001").alias("CVE-2026-0002"), cve(), vuln("CVE-2026-0002", "lib")]));
    assert_eq!(ledger.count(), 3);
    ledger.take(&image("shop/api:1.0").at(1).with([cve().alias("DSA-7"), vuln("CVE-2026-0002", "lib").alias("DSA-7")]));
    assert!(ledger.finding(CVE).aliases.is_empty(), "{:?}", ledger.finding(CVE).aliases);
}

pub(crate) fn an_open_and_a_closed_one_merge_without_news(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web(1, [cve(), vuln("CVE-2026-0009", "x")]), web(2, [vuln("CVE-2026-0009", "x")])]);
    ledger.take(&web(3, [ghsa()]).by("grype"));
    assert_eq!(ledger.presence(CVE), Presence::Resolved(ResolvedBecause::Fixed));
    let seq = ledger.last_change();
    let counts = ledger.take(&image("shop/api:1.0").at(4).with([ghsa().alias("CVE-2026-0001")])).findings;
    let one = ledger.finding(CVE);
    assert_eq!((one.life.presence, one.life.first_seen), (Presence::Open, hour(1)));
    assert_eq!((counts.reopened, counts.new), (0, 1), "only the other image's is new");
    assert_eq!(news(&ledger, seq), ["new"]);
    assert_eq!((one.life.episode_start, one.life.resolved_at), (hour(3), None), "the open one's episode goes on");
}

pub(crate) fn when_both_were_seen_in_one_scope_the_live_word_stays(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    // The tool changed its mind about the name: the CVE is gone, the advisory is there, in the same scope and package.
    ledger.take_all(&[web(1, [cve(), vuln("CVE-2026-0009", "x")]), web(2, [ghsa(), vuln("CVE-2026-0009", "x")])]);
    ledger.take(&image("shop/api:1.0").at(3).with([ghsa().alias("CVE-2026-0001")]));
    let one = ledger.finding(CVE);
    assert_eq!((one.life.presence, one.words.len()), (Presence::Open, 1));
    let counts = ledger.take(&web(4, [ghsa(), vuln("CVE-2026-0009", "x")])).findings;
    assert_eq!((counts.unchanged, counts.reopened), (2, 0));
}

pub(crate) fn the_order_of_alias_and_claims_does_not_matter(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let of = |n: usize| {
        let name = format!("shop/web{n}:1.0");
        let (id, other) = (format!("CVE-2026-000{n}"), ["GHSA-aaaa-bbbb-ccc2", "GHSA-aaaa-bbbb-ccc3"][n - 2]);
        let report = |tool: &str, vuln: Vuln| image(&name).by(tool).at(1).with([vuln]);
        [
            report("trivy", vuln(&id, "lib")),
            report("grype", vuln(other, "lib")),
            report("snyk", vuln(other, "lib").alias(&id)),
        ]
    };
    let ([a, b, c], [d, e, f]) = (of(2), of(3));
    ledger.take_all(&[a, b, c]);
    ledger.take_all(&[f, e, d]);
    let (one, two) = (
        ledger.finding("docker.io/shop/web2: CVE-2026-0002 in lib"),
        ledger.finding("docker.io/shop/web3: CVE-2026-0003 in lib"),
    );
    assert_eq!((one.life, one.words.len(), one.aliases.len()), (two.life, two.words.len(), two.aliases.len()));
    assert_eq!(ledger.count(), 2);
}

pub(crate) fn what_runs_teaches_the_image(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web(1, [vuln("CVE-2026-0001", "libssl3")]));
    let pod = crate::scan::object("Pod", "shop", "web-1");
    let known = vuln("CVE-2026-0001", "libssl3").built_from("openssl").package();
    let fact = assay_core::observation::Fact {
        subject: assay_core::observation::Subject::Object { at: pod.clone(), container: Some(crate::report::o("app")) },
        component: Some(known),
        what: assay_core::observation::What::Executed { exe: crate::report::o("/usr/bin/openssl") },
        author: assay_core::observation::Author::Kernel,
        since: hour(2),
        until: hour(2),
        valid_until: None,
    };
    ledger.take(&crate::report::stream("assay-agent").at(2).runs(&pod, "app", "shop/web:1.0").fact(fact));
    assert_eq!(ledger.presence("shop/web-1/app: CVE-2026-0001 in openssl"), Presence::Open);
    assert_eq!(ledger.count(), 2);
}
