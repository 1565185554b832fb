//! Tags of one image: a rebuild is no news, a newer tag speaks for what an older one said, release lines run in
//! parallel. The answer hangs on what was produced when, never on what came in first.

use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::ports::Records;
use assay_core::records::Counts;
use assay_core::scope::Spoken;

use crate::ledger::Ledger;
use crate::report::{Report, hour, image, vulns};
use crate::scan::scan;

const FIRST: &str = "docker.io/shop/web: CVE-2026-1000 in lib0";
const LAST: &str = "docker.io/shop/web: CVE-2026-1009 in lib9";
const SUPERSEDED: Presence = Presence::Resolved(ResolvedBecause::Superseded);

fn web(tag: &str, at: i64, n: usize) -> Report {
    image(&format!("shop/web:{tag}")).at(at).content(at as u64).with(vulns(n))
}

pub(crate) fn a_rebuild_is_no_news(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web("1.0", 1, 10));
    let before = ledger.finding(FIRST);
    ledger.decide(before.id, assay_core::observation::VexStatus::Affected, hour(2), Some(hour(900)));
    let seq = ledger.last_change();
    let counts = ledger.take(&web("1.1", 3, 10)).findings;
    assert_eq!((counts.new, counts.resolved, counts.reopened), (0, 0, 0));
    let after = ledger.finding(FIRST);
    assert_eq!((after.id, after.fingerprint, after.life.first_seen), (before.id, before.fingerprint, hour(1)));
    assert_eq!((after.life.episode, after.life.presence, after.clock_start), (1, Presence::Open, before.clock_start));
    assert!(after.decision.is_some());
    assert_eq!((ledger.count(), ledger.changes(seq).len()), (10, 0));
}

pub(crate) fn a_newer_tag_speaks_for_what_it_lacks_and_never_says_fixed(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 10), web("1.1", 2, 9)]);
    assert_eq!((ledger.presence(LAST), ledger.open().len()), (SUPERSEDED, 9));
    assert_eq!(ledger.story(LAST, 0), ["new", "resolved superseded"]);
}

pub(crate) fn an_incomplete_report_of_a_newer_tag_overtakes_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 10), web("1.1", 2, 3).incomplete()]);
    assert_eq!(ledger.open().len(), 10);
}

pub(crate) fn equal_times_overtake_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 10), web("1.1", 1, 3).received(hour(2))]);
    assert_eq!(ledger.open().len(), 10);
}

pub(crate) fn a_class_that_the_newer_tag_was_not_looked_at_for_stays(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let secret = "docker.io/shop/web: aws-key in app/.env";
    let every = [Spoken::OsPackages, Spoken::LanguagePackages, Spoken::Secret];
    ledger.take(&web("1.0", 1, 3).secret("aws-key", "app/.env").speaks_for(&every));
    ledger.take(&web("1.1", 2, 2));
    assert_eq!(ledger.presence(secret), Presence::Open);
    assert_eq!(ledger.presence("docker.io/shop/web: CVE-2026-1002 in lib2"), SUPERSEDED);
    ledger.take(&web("1.2", 3, 2).speaks_for(&every));
    assert_eq!(ledger.presence(secret), SUPERSEDED);
}

pub(crate) fn two_release_lines_flap_once_at_most(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 10), web("2.0", 2, 2)]);
    assert_eq!(ledger.open().len(), 2);
    ledger.take(&web("1.0", 3, 10));
    let (open, seq) = (ledger.open(), ledger.last_change());
    assert_eq!((open.len(), ledger.finding(LAST).life.episode), (10, 1));
    for at in (4..20).step_by(2) {
        ledger.take_all(&[web("2.0", at, 2), web("1.0", at + 1, 10)]);
        assert_eq!(ledger.open(), open);
    }
    assert_eq!(ledger.changes(seq), []);
}

pub(crate) fn the_order_of_arrival_is_no_matter(records: &mut impl Records) {
    let open = |order: &[usize], repository: &str, ledger: &mut Ledger<'_, _>| {
        let name = format!("shop/{repository}");
        for &i in order {
            let tag = ["1.0", "1.1", "2.0", "1.1"][i];
            let n = [10, 6, 2, 5][i];
            let at = [1, 2, 3, 4][i];
            let report = image(&format!("{name}:{tag}")).at(at).content(at as u64).with(vulns(n));
            ledger.take(&report.received(hour(10)));
        }
        let all = ledger.open().into_iter().filter(|f| f.starts_with(&format!("docker.io/{name}: ")));
        all.map(|f| f.replace(repository, "")).collect::<Vec<_>>()
    };
    let mut ledger = Ledger::new(records);
    let expected = open(&[0, 1, 2, 3], "image", &mut ledger);
    assert_eq!(expected.len(), 5, "1.1 is a line of its own, and newer than 2.0");
    for (n, order) in [[1, 0, 2, 3], [2, 1, 0, 3], [2, 1, 3, 0], [1, 3, 2, 0], [0, 2, 1, 3]].iter().enumerate() {
        assert_eq!(open(order, &format!("image{n}"), &mut ledger), expected, "{order:?}");
    }
}

pub(crate) fn each_tool_has_its_own_history(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 10), web("1.1", 2, 2).by("grype")]);
    assert_eq!(ledger.open().len(), 10, "trivy has not seen 1.1");
}

pub(crate) fn a_tag_that_runs_is_not_overtaken(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 10), scan(2, 1).deploys("web", "shop/web:1.0"), web("1.1", 3, 2)]);
    assert_eq!(ledger.presence("shop/web/app: CVE-2026-1009 in lib9"), Presence::Open);
    ledger.take(&scan(4, 2).deploys("web", "shop/web:1.1"));
    assert_eq!(ledger.presence(LAST), SUPERSEDED, "nothing runs 1.0 any longer");
    assert_eq!(ledger.open().len(), 2);
}

pub(crate) fn an_overtaken_tag_that_starts_to_run_counts_again(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 10), web("1.1", 2, 2)]);
    assert_eq!(ledger.presence(LAST), SUPERSEDED);
    ledger.take(&scan(3, 1).deploys("web", "shop/web:1.0"));
    assert_eq!(ledger.presence("shop/web/app: CVE-2026-1009 in lib9"), Presence::Open);
    ledger.take(&scan(4, 2));
    assert_eq!(ledger.presence(LAST), SUPERSEDED);
    assert_eq!(ledger.presence(FIRST), Presence::Open);
}

pub(crate) fn a_second_report_of_a_rebuild_counts_what_changed(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web("1.0", 1, 10));
    let counts = ledger.take(&web("1.1", 2, 9)).findings;
    assert_eq!(Counts { updated: 0, ..counts }, Counts::default(), "one fell away, and that is no fix");
    assert_eq!(counts.updated, 9);
}
