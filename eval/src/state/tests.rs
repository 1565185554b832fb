use assay_core::environment::EnvironmentRules;
use assay_core::finding::{Decision, Finding, Presence};
use assay_core::ids::{Digest, Span, Time};
use assay_core::intel::{FeedState, IntelNote};
use assay_core::observation::Record;
use assay_core::order::{Names, StoredRow};
use assay_core::records::{Chain, Changed, Imported, Move, Receipt, ReportMeta, StandingDecision};
use assay_core::scope::Head;
use assay_core::world::{Watching, World};
use assay_store::{Store, StoreError};

use super::*;

/// What a ledger can get wrong.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    /// It takes every report for a complete one.
    AllComplete,
    /// It goes by the order of arrival.
    ByArrival,
    /// It knows no report again.
    Forgetful,
    /// A decision hides what is there.
    DecidedIsGone,
    /// It tells every change twice.
    ToldTwice,
    /// It believes any drop.
    NoDoubt,
    /// It speaks for the image's first tool alone.
    OneTool,
}

/// The real ledger with one thing wrong.
struct Broken {
    store: Store,
    wrong: Wrong,
    taken: u64,
}

impl Records for Broken {
    type Error = StoreError;

    fn ingest<E: From<StoreError>>(
        &mut self,
        meta: &ReportMeta,
        read: impl FnOnce(&mut dyn FnMut(Record) -> bool) -> Result<Head, E>,
    ) -> Result<Receipt, E> {
        self.taken += 1;
        let (wrong, taken, mut meta) = (self.wrong, self.taken, meta.clone());
        if wrong == Wrong::Forgetful {
            meta.idem_key = Digest::of_bytes(&taken.to_be_bytes());
            meta.received_at = meta.received_at + Span::secs(taken as i64);
        }
        self.store.ingest(&meta, |take| {
            let mut head = read(take)?;
            match wrong {
                Wrong::AllComplete => head.parts.iter_mut().for_each(|part| part.complete = true),
                Wrong::ByArrival => head.produced_at = None,
                Wrong::NoDoubt => head.tool_version = assay_core::text::Opaque::readmit(&taken.to_string()),
                Wrong::OneTool => head.tool = assay_core::text::Opaque::readmit("trivy"),
                Wrong::Forgetful | Wrong::DecidedIsGone | Wrong::ToldTwice => {}
            }
            Ok(head)
        })
    }

    fn each_row(&self, as_of: Time, mut each: impl FnMut(&StoredRow<'_>)) -> Result<(), StoreError> {
        self.store.each_row(as_of, |row| {
            let gone = Presence::Resolved(assay_core::finding::ResolvedBecause::ClosedByPerson);
            let presence = if self.wrong == Wrong::DecidedIsGone && row.decided { gone } else { row.presence };
            each(&StoredRow { presence, ..row.clone() });
        })
    }

    fn changes(&self, after: i64, limit: usize) -> Result<Vec<Changed>, StoreError> {
        let changes = self.store.changes(after, limit)?;
        let times = if self.wrong == Wrong::ToldTwice { 2 } else { 1 };
        Ok(changes.into_iter().flat_map(|change| vec![change; times]).collect())
    }

    fn import_feed<E: From<StoreError>>(
        &mut self,
        sha256: Digest,
        at: Time,
        give: impl FnOnce(&mut dyn FnMut(IntelNote) -> bool) -> Result<Vec<FeedState>, E>,
    ) -> Result<Imported, E> {
        self.store.import_feed(sha256, at, give)
    }

    fn names(&self) -> Result<Names, StoreError> {
        self.store.names()
    }

    fn world(
        &self,
        as_of: Time,
        environments: EnvironmentRules,
        watching: Watching,
        names: &Names,
    ) -> Result<World, StoreError> {
        self.store.world(as_of, environments, watching, names)
    }

    fn find(&self, text: &str) -> Result<Option<i64>, StoreError> {
        self.store.find(text)
    }

    fn details(&self, ids: &[i64], as_of: Time) -> Result<Vec<Finding>, StoreError> {
        self.store.details(ids, as_of)
    }

    fn decide(&mut self, finding: i64, decision: &Decision, relies_on: &str, source: &str) -> Result<(), StoreError> {
        self.store.decide(finding, decision, relies_on, source)
    }

    fn standing_decisions(&self) -> Result<Vec<StandingDecision>, StoreError> {
        self.store.standing_decisions()
    }

    fn revoke_decision(&mut self, id: i64, at: Time, because: &str, kind: &str) -> Result<(), StoreError> {
        self.store.revoke_decision(id, at, because, kind)
    }

    fn record_moves(&mut self, at: Time, policy: &str, moves: &[Move]) -> Result<(), StoreError> {
        self.store.record_moves(at, policy, moves)
    }

    fn moves_of(&self, finding: i64) -> Result<Vec<(Time, Move)>, StoreError> {
        self.store.moves_of(finding)
    }

    fn verify_audit(&self) -> Result<Chain, StoreError> {
        self.store.verify_audit()
    }
}

/// Looks until the first sequence that breaks a law.
fn first_broken(wrong: Wrong) -> Option<String> {
    let make = || Ok(Broken { store: Store::in_memory()?, wrong, taken: 0 });
    (0..60).find_map(|seed| run(make, 1, seed).unwrap().failed.into_iter().next())
}

#[test]
fn the_real_ledger_breaks_no_law() {
    let outcome = run(|| Ok(Store::in_memory()?), 300, SEED).unwrap();
    assert_eq!(outcome.met, Some(true), "{:#?}", outcome.failed);
    assert!(outcome.cases >= 300);
}

#[test]
fn the_same_seed_gives_the_same_row() {
    let make = || Ok(Broken { store: Store::in_memory()?, wrong: Wrong::ToldTwice, taken: 0 });
    assert_eq!(run(make, 1, 7).unwrap(), run(make, 1, 7).unwrap());
}

#[test]
fn a_ledger_that_takes_every_report_for_complete_is_caught() {
    assert!(first_broken(Wrong::AllComplete).is_some_and(|why| why.contains("must")));
}

#[test]
fn a_ledger_that_goes_by_arrival_is_caught() {
    assert!(first_broken(Wrong::ByArrival).is_some_and(|why| why.contains("must")));
}

#[test]
fn a_ledger_that_knows_no_report_again_is_caught() {
    assert!(first_broken(Wrong::Forgetful).is_some_and(|why| why.contains("for a new one")));
}

#[test]
fn a_ledger_in_which_decisions_hide_is_caught() {
    assert!(first_broken(Wrong::DecidedIsGone).is_some_and(|why| why.contains("a decision moved")));
}

#[test]
fn a_ledger_that_tells_twice_is_caught() {
    assert!(first_broken(Wrong::ToldTwice).is_some_and(|why| why.contains("told as")));
}

#[test]
fn a_ledger_that_believes_every_drop_is_caught() {
    assert!(first_broken(Wrong::NoDoubt).is_some_and(|why| why.contains("must")));
}

/// Two tools in one scope take each other's words away, and their order matters.
#[test]
fn a_ledger_that_mixes_tools_is_caught() {
    assert!(first_broken(Wrong::OneTool).is_some());
}

/// What is shown is as short as it can be: no step of it is idle.
#[test]
fn a_broken_sequence_is_made_short() {
    let why = first_broken(Wrong::ToldTwice).unwrap();
    let (_, steps) = why.split_once("; after ").unwrap();
    assert_eq!(steps.matches("; ").count(), 0, "one report is enough: {steps}");
}

#[test]
fn a_named_sequence_is_taken_again() {
    let make = || Ok(Broken { store: Store::in_memory()?, wrong: Wrong::ToldTwice, taken: 0 });
    let why = first_broken(Wrong::ToldTwice).unwrap();
    let words: Vec<&str> = why.split([' ', ':']).collect();
    let line = format!("{{\"id\":\"again\",\"seed\":{},\"order\":{}}}", words[1], words[3]);
    let outcome = replay(make, &read(&line).unwrap()).unwrap();
    assert_eq!(outcome.failed[0].split_once(": ").unwrap().1, why.split_once(": ").unwrap().1);
}
