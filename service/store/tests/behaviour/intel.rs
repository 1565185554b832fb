//! Published intelligence: the newest word of each source, whatever came in first.

use assay_core::ids::{Digest, Time};
use assay_core::intel::{Feed, FeedState, IntelNote, Said};
use assay_core::ports::Records;
use assay_core::records::Imported;

use crate::ledger::Ledger;
use crate::report::{hour, image, o, vuln};

fn epss(vuln: &str, probability: u16, at: Time) -> IntelNote {
    let said = Said::Epss { probability, percentile: probability };
    IntelNote { vuln: vuln.parse().expect("a legal name"), said, feed: Feed::Epss, via: o(""), at }
}

fn import<R: Records>(ledger: &mut Ledger<'_, R>, at: i64, notes: &[IntelNote]) -> Imported {
    let sha = Digest::of_bytes(format!("{notes:?}").as_bytes());
    let state = FeedState { feed: Feed::Epss, published: hour(at), imported: hour(at), rows: notes.len() as u64 };
    let imported = ledger.records.import_feed(sha, hour(at), |give| {
        assert!(notes.iter().all(|note| give(note.clone())), "the ledger wants no more");
        Ok::<_, R::Error>(vec![state])
    });
    imported.expect("the ledger answers")
}

fn probability(ledger: &Ledger<'_, impl Records>, id: &str) -> Vec<u16> {
    let world = ledger.world();
    let vuln = world.vulns.iter().find(|v| v.id.as_str() == id);
    let notes = vuln.map(|v| v.notes.clone()).unwrap_or_default();
    notes
        .iter()
        .filter_map(|n| if let Said::Epss { probability, .. } = n.said { Some(probability) } else { None })
        .collect()
}

pub(crate) fn the_newest_word_wins_whatever_came_first(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&image("shop/web:1.0").with([vuln("CVE-2026-0001", "a"), vuln("CVE-2026-0002", "b")]));
    import(&mut ledger, 1, &[epss("CVE-2026-0001", 100, hour(1)), epss("CVE-2026-0002", 900, hour(3))]);
    import(&mut ledger, 2, &[epss("CVE-2026-0001", 800, hour(2)), epss("CVE-2026-0002", 200, hour(2))]);
    assert_eq!((probability(&ledger, "CVE-2026-0001"), probability(&ledger, "CVE-2026-0002")), (vec![800], vec![900]));
}

pub(crate) fn equal_times_are_settled_the_same_way_in_any_order(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&image("shop/web:1.0").with([vuln("CVE-2026-0001", "a"), vuln("CVE-2026-0002", "b")]));
    for (first, second) in [("CVE-2026-0001", "CVE-2026-0002"), ("CVE-2026-0002", "CVE-2026-0001")] {
        import(&mut ledger, 1, &[epss(first, 100, hour(1)), epss(second, 700, hour(1))]);
    }
    assert_eq!(probability(&ledger, "CVE-2026-0001"), probability(&ledger, "CVE-2026-0002"));
}

pub(crate) fn the_same_feed_again_changes_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let notes = [epss("CVE-2026-0001", 100, hour(1))];
    assert!(!import(&mut ledger, 1, &notes).repeated);
    let again = import(&mut ledger, 2, &notes);
    assert_eq!((again.repeated, again.notes), (true, 0));
}

pub(crate) fn a_feed_that_breaks_off_leaves_no_trace<R: Records>(records: &mut R) {
    let mut ledger = Ledger::new(records);
    ledger.take(&image("shop/web:1.0").with([vuln("CVE-2026-0001", "a")]));
    let failed = ledger.records.import_feed(Digest::of_bytes(b"x"), hour(1), |give| {
        give(epss("CVE-2026-0001", 100, hour(1)));
        Err::<Vec<FeedState>, _>(Broken)
    });
    assert!(failed.is_err() && probability(&ledger, "CVE-2026-0001").is_empty());
}

/// A feed that cannot be read, or records that cannot be written.
#[derive(Debug)]
struct Broken;

impl<E: std::error::Error> From<E> for Broken {
    fn from(_: E) -> Self {
        Self
    }
}

pub(crate) fn when_two_names_become_one_the_newest_word_stays(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let (cve, ghsa) = ("CVE-2026-0001", "GHSA-aaaa-bbbb-cccc");
    ledger.take(&image("shop/web:1.0").with([vuln(cve, "a"), vuln(ghsa, "a")]));
    import(&mut ledger, 1, &[epss(cve, 100, hour(1)), epss(ghsa, 800, hour(2))]);
    ledger.take(&image("shop/web:1.0").at(2).with([vuln(cve, "a").alias(ghsa)]));
    assert_eq!(probability(&ledger, cve), [800]);
}
