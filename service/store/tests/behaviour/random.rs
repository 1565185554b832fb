//! Laws over random sequences: what came in before changes nothing when it comes again; the order of reports of different
//! scopes does not matter; nothing is fixed without a newer complete report that lacks it; presence is what a slow model
//! says; decisions change nothing that the machine sees; every change has one stored cause.

use std::collections::BTreeMap;

use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::ids::{Span, Time};
use assay_core::ports::Records;
use assay_core::scene::place_and_matter;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed, TestError, TestRunner};

use crate::ledger::{Ledger, Line, because};
use crate::model::{Expected, Model};
use crate::report::Report;
use crate::steps::{Look, Step, class, matter, steps};

/// The longest sequence.
const STEPS_MAX: usize = 60;
/// How many steps a run takes: in CI, and with ASSAY_LONG in the environment.
const STEPS: [usize; 2] = [10_000, 100_000];
/// The same sequences in every run.
const SEED: u64 = 4;

/// Runs the laws until enough steps were taken. `make` makes empty records.
pub(crate) fn laws_hold<K, R: Records>(make: impl Fn() -> (K, R)) {
    let long = usize::from(std::env::var_os("ASSAY_LONG").is_some());
    let config = ProptestConfig {
        // A sequence is half as long as the longest, on the mean.
        cases: (STEPS[long] * 2 / STEPS_MAX) as u32,
        rng_seed: RngSeed::Fixed(SEED),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/behaviour/random.regressions"))),
        max_shrink_iters: 4_000,
        ..ProptestConfig::default()
    };
    let taken = std::cell::Cell::new(0usize);
    let (sequence, shuffle) = (steps(STEPS_MAX), any::<u64>());
    let outcome = TestRunner::new(config).run(&(sequence, shuffle), |(steps, shuffle)| {
        taken.set(taken.get() + steps.len());
        let (_kept, mut records) = make();
        let mut told = Told::new(&mut records);
        for (at, step) in steps.iter().enumerate() {
            told.take(step, at)?;
        }
        let before = told.end()?;
        let (_kept, mut records) = make();
        let shuffled = told_in_another_order(&mut records, &steps, shuffle);
        let names = before.keys().chain(shuffled.keys());
        let differ: Vec<_> = names.filter(|n| before.get(*n) != shuffled.get(*n)).collect();
        let of = |lines: &BTreeMap<String, Line>| differ.first().and_then(|name| lines.get(*name)).cloned();
        prop_assert!(differ.is_empty(), "the order matters for {differ:?}: {:?}, {:?}", of(&before), of(&shuffled));
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Abort(why)) => unreachable!("{why}"),
        Err(TestError::Fail(why, (steps, shuffle))) => {
            let steps: Vec<String> = steps.iter().map(|step| format!("  {step:?}")).collect();
            unreachable!("{why}\nafter\n{}\nshuffled by {shuffle}", steps.join("\n"));
        }
    }
    eprintln!("{} steps", taken.get());
}

/// A ledger, and everything that it was told.
struct Told<'r, R: Records> {
    ledger: Ledger<'r, R>,
    model: Model,
    reports: Vec<Report>,
    names: BTreeMap<i64, String>,
    shown: BTreeMap<i64, Presence>,
    seq: i64,
}

impl<'r, R: Records> Told<'r, R> {
    fn new(records: &'r mut R) -> Self {
        let ledger = Ledger::new(records);
        Self {
            ledger,
            model: Model::default(),
            reports: Vec::new(),
            names: BTreeMap::new(),
            shown: BTreeMap::new(),
            seq: 0,
        }
    }

    fn take(&mut self, step: &Step, at: usize) -> Result<(), TestCaseError> {
        match step {
            Step::Look(look) => self.model.look(look),
            Step::Sweep(sweep) => self.model.sweep(sweep),
            Step::Replay(which) => {
                if !self.reports.is_empty() {
                    let again = self.reports[which.index(self.reports.len())].clone();
                    prop_assert!(self.ledger.take(&again.received(self.ledger.now)).repeats.is_some());
                }
            }
            Step::Decide(which, status) => {
                if !self.names.is_empty() {
                    let finding = *self.names.keys().nth(which.index(self.names.len())).expect("a finding");
                    let until = self.ledger.now + Span::days(9);
                    self.ledger.decide(finding, *status, self.ledger.now, Some(until));
                }
            }
        }
        if let Some(report) = step.report(at) {
            self.ledger.take(&report);
            self.reports.push(report);
        }
        let now = self.look_around();
        let before = std::mem::replace(&mut self.shown, now);
        if matches!(step, Step::Replay(_) | Step::Decide(..)) {
            prop_assert_eq!(&before, &self.shown, "it changes nothing that the machine sees");
        }
        self.causes_are_one(&before)?;
        self.nothing_is_fixed_without_a_look(&before)?;
        self.presence_is_the_models()
    }

    /// The presence of every finding, and their names.
    fn look_around(&mut self) -> BTreeMap<i64, Presence> {
        let mut shown = BTreeMap::new();
        let each = |row: &assay_core::order::StoredRow<'_>| {
            shown.insert(row.id, row.presence);
        };
        self.ledger.records.each_row(self.ledger.now, each).expect("the ledger answers");
        let unknown: Vec<i64> = shown.keys().copied().filter(|id| !self.names.contains_key(id)).collect();
        for finding in self.ledger.records.details(&unknown, self.ledger.now).expect("the ledger answers") {
            self.names.insert(finding.id, place_and_matter(&finding));
        }
        shown
    }

    /// Each finding whose presence changed has one stored change that says so; no other has any.
    fn causes_are_one(&mut self, before: &BTreeMap<i64, Presence>) -> Result<(), TestCaseError> {
        let changes = self.ledger.changes(self.seq);
        self.seq = changes.last().map_or(self.seq, |c| c.seq);
        let mut told: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for change in changes.iter().filter(|c| c.kind != "decided") {
            let finding = change.finding.expect("it is about a finding");
            let because = because(&change.body);
            told.entry(finding).or_default().push(format!("{} {because}", change.kind));
        }
        for (finding, now) in &self.shown {
            let because = match now {
                Presence::Resolved(because) => because.as_str(),
                Presence::Open | Presence::Stale => "",
            };
            let expected: Vec<String> = match (before.get(finding), now) {
                (None, Presence::Resolved(_)) => vec![format!("resolved {because}")],
                (None, _) => vec!["new ".to_owned()],
                (Some(before), now) if before == now => vec![],
                (_, Presence::Resolved(_)) => vec![format!("resolved {because}")],
                (_, Presence::Stale) => vec!["stale ".to_owned(), "reopened ".to_owned()],
                (_, Presence::Open) => vec!["refreshed ".to_owned(), "reopened ".to_owned()],
            };
            let told = told.remove(finding).unwrap_or_default();
            let right = match told.as_slice() {
                [] => expected.is_empty(),
                [one] => expected.contains(one),
                _ => false,
            };
            prop_assert!(
                right,
                "{}: {before:?} to {now:?} told as {told:?}",
                self.names[finding],
                before = before.get(finding)
            );
        }
        prop_assert!(told.is_empty(), "changes of findings that are not there: {told:?}");
        Ok(())
    }

    /// Some complete report of the class, of that image or of one that ran there, had looked and not found it.
    fn nothing_is_fixed_without_a_look(&self, before: &BTreeMap<i64, Presence>) -> Result<(), TestCaseError> {
        let fixed = Presence::Resolved(ResolvedBecause::Fixed);
        let newly = self.shown.iter().filter(|(id, now)| **now == fixed && before.get(id) != Some(&fixed));
        for name in newly.map(|(finding, _)| &self.names[finding]) {
            let looked = |look: &Look| look.complete && lacks(look, name);
            let of_object = name.ends_with("privileged");
            prop_assert!(of_object || self.model.looks().iter().any(looked), "{name} is fixed, and nobody looked");
        }
        Ok(())
    }

    fn presence_is_the_models(&self) -> Result<(), TestCaseError> {
        let mut expected = self.model.expected();
        for (finding, presence) in &self.shown {
            let name = &self.names[finding];
            let right = match expected.remove(name) {
                Some(Expected::Exactly(right)) => *presence == right,
                Some(Expected::NotHere) => matches!(presence, Presence::Resolved(_)),
                None => false,
            };
            prop_assert!(right, "{name} is {presence:?}, expected {:?}", self.model.expected().get(name));
        }
        let missing: Vec<_> = expected.into_iter().filter(|(_, e)| *e != Expected::NotHere).collect();
        prop_assert!(missing.is_empty(), "never heard of: {missing:?}");
        Ok(())
    }

    /// Everything once more changes nothing. Returns what no order may change.
    fn end(mut self) -> Result<BTreeMap<String, Line>, TestCaseError> {
        let before = self.ledger.dump();
        for report in self.reports.iter().rev() {
            self.ledger.take(report);
        }
        prop_assert_eq!(&before, &self.ledger.dump());
        prop_assert_eq!(self.ledger.changes(self.seq), vec![]);
        prop_assert_eq!(self.ledger.records.verify_audit().expect("the ledger answers").broken_at, None);
        Ok(settled(before))
    }
}

/// True when the report looked for this flaw of its image and did not find it.
fn lacks(look: &Look, name: &str) -> bool {
    let flaw = (0..crate::steps::FLAWS).find(|f| name.ends_with(&format!(": {}", matter(*f))));
    let here = name.starts_with("shop/") || name.starts_with(&format!("docker.io/shop/image{}:", look.image));
    here && flaw.is_some_and(|f| look.classes.contains(&class(f)) && !look.claims().any(|c| c == f))
}

/// The same reports, each scope's in its order, the scopes mixed in another way; with the times that they had.
fn told_in_another_order<R: Records>(records: &mut R, steps: &[Step], shuffle: u64) -> BTreeMap<String, Line> {
    let mut lines: BTreeMap<(usize, usize, usize), Vec<(usize, Report)>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        if let (Some(scope), Some(report)) = (step.scope(), step.report(at)) {
            lines.entry(scope).or_default().push((at, report));
        }
    }
    let mut ledger = Ledger::new(records);
    let mut state = shuffle;
    while !lines.is_empty() {
        // xorshift: any order will do, the same one for the same number.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let scope = *lines.keys().nth((state % lines.len() as u64) as usize).expect("a scope");
        let left = lines.get_mut(&scope).expect("a scope");
        ledger.take(&left.remove(0).1);
        if left.is_empty() {
            lines.remove(&scope);
        }
    }
    settled(ledger.dump())
}

/// What no order of scopes may change: everything of what is there, and of images whether and why it is not. When a
/// container was first seen with a flaw, and how often it came and went, is history.
fn settled(dump: BTreeMap<String, Line>) -> BTreeMap<String, Line> {
    let never = Time::from_millis(0);
    let placed = |name: &str| name.contains(" shop/");
    let here = |line: &Line| !matches!(line.presence, Presence::Resolved(_));
    dump.into_iter()
        .filter(|(name, line)| !placed(name) || here(line))
        .map(|(name, line)| {
            let seen = if placed(&name) { (never, never) } else { (line.first_seen, line.last_seen) };
            let line = Line { first_seen: seen.0, last_seen: seen.1, episode: 0, decision: None, ..line };
            (name, line)
        })
        .collect()
}
