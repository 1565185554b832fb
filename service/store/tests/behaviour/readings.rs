//! Readings of texts: which are handed out, in which order, and what becomes of them when the text or the reader changes.

use assay_core::condition::Condition;
use assay_core::ids::{Digest, EvidenceId};
use assay_core::intel::{Feed, FeedState, IntelNote, Said};
use assay_core::observation::Severity;
use assay_core::ports::ModelId;
use assay_core::reading::{Reading, Spanned, Sure};
use assay_store::{ReadJob, ReadText, Store};

use crate::ledger::Ledger;
use crate::report::{hour, image, o, vuln};

fn reader(name: &str) -> ModelId {
    ModelId { name: name.into(), digest: Digest::of_bytes(name.as_bytes()) }
}

fn text(vuln: &str, text: &str, feed: Feed) -> IntelNote {
    IntelNote {
        vuln: vuln.parse().expect("the store answers"),
        said: Said::Text(o(text)),
        feed,
        via: o(""),
        at: hour(1),
    }
}

fn import(store: &mut Store, notes: &[IntelNote]) {
    let sha = Digest::of_bytes(format!("{notes:?}").as_bytes());
    let state = FeedState { feed: Feed::CveRecord, published: hour(1), imported: hour(1), rows: 1 };
    let give = |take: &mut dyn FnMut(IntelNote) -> bool| {
        notes.iter().for_each(|note| assert!(take(note.clone())));
        Ok::<_, assay_store::StoreError>(vec![state])
    };
    store.import_feed(sha, hour(1), give).expect("the store answers");
}

/// A store with three vulnerabilities of one image.
fn store() -> Store {
    let mut store = Store::in_memory().expect("the store answers");
    let mut ledger = Ledger::new(&mut store);
    ledger.take(&image("shop/web:1.0").with([
        vuln("CVE-2026-0001", "a").severity(Severity::Low),
        vuln("CVE-2026-0002", "b").severity(Severity::Critical),
        vuln("CVE-2026-0003", "c").severity(Severity::Medium),
    ]));
    store
}

fn unread(store: &Store, by: &str) -> Vec<String> {
    store
        .unread(ReadJob::Values, &reader(by), 10)
        .expect("the store answers")
        .into_iter()
        .map(|(_, text)| text)
        .collect()
}

/// Reads everything as automatable.
fn read_all(store: &mut Store, by: &str) {
    let texts = store.unread(ReadJob::Values, &reader(by), 10).expect("the store answers");
    let sure = Some(Sure { value: true, probability: 9_300 });
    let conditions = vec![Spanned { condition: Condition::OptionOn, start: 2, end: 9 }];
    let read = |(passage, _)| {
        let reading = Reading { automatable: sure, ..Reading::default() };
        ReadText { passage, reading, conditions: conditions.clone() }
    };
    let rows: Vec<ReadText> = texts.into_iter().map(read).collect();
    store.put_readings(ReadJob::Values, &reader(by), hour(2), &rows).expect("the store answers");
}

/// Who read each vulnerability's text, by the world.
fn readers(store: &mut Store) -> Vec<(String, String)> {
    let ledger = Ledger::new(store);
    let world = ledger.world();
    let of = |n: &IntelNote| match &n.said {
        Said::Read(by) => Some((n.vuln.to_string(), by.by.to_string())),
        _ => None,
    };
    world.vulns.iter().flat_map(|v| &v.notes).filter_map(of).collect()
}

#[test]
fn texts_of_records_are_handed_out_worst_first_and_once() {
    let mut store = store();
    import(
        &mut store,
        &[
            text("CVE-2026-0001", "a low one", Feed::CveRecord),
            text("CVE-2026-0002", "a critical one", Feed::CveRecord),
            text("CVE-2026-0003", " \n\t ", Feed::CveRecord),
            text("CVE-2026-0009", "of no finding", Feed::CveRecord),
        ],
    );
    assert_eq!(unread(&store, "m"), ["a critical one", "a low one"]);
    assert_eq!(store.reading_progress(ReadJob::Values, &reader("m")).expect("the store answers"), (2, 0));
    read_all(&mut store, "m");
    assert_eq!(unread(&store, "m"), Vec::<String>::new());
    assert_eq!(store.reading_progress(ReadJob::Values, &reader("m")).expect("the store answers"), (2, 2));
    assert_eq!(
        store.reading_progress(ReadJob::Conditions, &reader("m")).expect("the store answers"),
        (2, 0),
        "another job"
    );
    assert_eq!(readers(&mut store).len(), 2);
}

#[test]
fn a_text_that_a_scanner_gave_is_never_read() {
    let mut store = store();
    import(&mut store, &[text("CVE-2026-0001", "by a scanner", Feed::Cvss)]);
    assert_eq!(unread(&store, "m"), Vec::<String>::new());
    // The same words of the record are its own.
    import(&mut store, &[text("CVE-2026-0001", "by a scanner", Feed::CveRecord)]);
    assert_eq!(unread(&store, "m"), ["by a scanner"]);
    // Words of a record that a scanner says of another vulnerability are a scanner's.
    import(&mut store, &[text("CVE-2026-0002", "by a scanner", Feed::Cvss)]);
    read_all(&mut store, "m");
    assert_eq!(readers(&mut store), [("CVE-2026-0001".to_owned(), "m".to_owned())]);
}

#[test]
fn a_withdrawn_record_is_not_read_and_what_was_read_of_it_is_silent() {
    let mut store = store();
    import(&mut store, &[text("CVE-2026-0001", "a flaw", Feed::CveRecord)]);
    read_all(&mut store, "m");
    assert_eq!(readers(&mut store).len(), 1);
    let said = Said::Rejected;
    let feed = Feed::CveRecord;
    import(
        &mut store,
        &[IntelNote { vuln: "CVE-2026-0001".parse().expect("the store answers"), said, feed, via: o(""), at: hour(2) }],
    );
    assert_eq!((readers(&mut store).len(), unread(&store, "other").len()), (0, 0));
}

#[test]
fn a_new_reader_and_a_new_text_make_the_old_reading_give_way() {
    let mut store = store();
    import(&mut store, &[text("CVE-2026-0001", "a flaw", Feed::CveRecord)]);
    read_all(&mut store, "old");
    assert_eq!(unread(&store, "new"), ["a flaw"]);
    read_all(&mut store, "new");
    assert_eq!(readers(&mut store), [("CVE-2026-0001".to_owned(), "new".to_owned())]);
    import(&mut store, &[text("CVE-2026-0001", "a flaw, told better", Feed::CveRecord)]);
    assert_eq!((readers(&mut store).len(), unread(&store, "new").len()), (0, 1));
}

#[test]
fn a_reading_is_cited_with_its_reader_and_its_text() {
    let mut store = store();
    import(&mut store, &[text("CVE-2026-0001", "a flaw", Feed::CveRecord)]);
    read_all(&mut store, "m");
    let cited = store
        .evidence(&EvidenceId::Feed("reading", "CVE-2026-0001".parse().expect("the store answers")), hour(3))
        .unwrap();
    let sha = Digest::of_bytes(b"a flaw").to_string();
    for part in ["m (sha256:", &sha, "CVE-2026-0001", "9300", "option_on"] {
        assert!(cited.contains(part), "{part}: {cited}");
    }
    let other = EvidenceId::Feed("reading", "CVE-2026-0002".parse().expect("the store answers"));
    assert_eq!(store.evidence(&other, hour(3)).expect("the store answers"), "it has been pruned");
}

#[test]
fn when_two_names_become_one_the_text_of_the_record_stays() {
    let mut store = Store::in_memory().expect("the store answers");
    let (cve, ghsa) = ("CVE-2026-0001", "GHSA-aaaa-bbbb-cccc");
    Ledger::new(&mut store).take(&image("shop/web:1.0").with([vuln(cve, "a"), vuln(ghsa, "a")]));
    import(&mut store, &[text(cve, "by a scanner", Feed::Cvss), text(ghsa, "of the record", Feed::CveRecord)]);
    Ledger::new(&mut store).take(&image("shop/web:1.0").at(2).with([vuln(cve, "a").alias(ghsa)]));
    assert_eq!(unread(&store, "m"), ["of the record"]);
}
