//! A ledger, and everything that it was told; after each step it is held against the laws.

use std::collections::BTreeMap;

use assay_core::finding::{Decision, Presence};
use assay_core::ids::{Span, Time};
use assay_core::ports::Records;
use assay_core::records::Receipt;
use assay_core::scene::{Dice, place_and_matter};
use assay_core::text::Opaque;

use super::model::{Must, expected};
use super::step::{Report, Step};
use crate::ground::Fault;

/// A law that does not hold, or a ledger that does not answer.
pub(super) enum Broken {
    Law(String),
    Ledger(Fault),
}

impl<E: Into<Fault>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Ledger(error.into())
    }
}

type Held = Result<(), Broken>;

fn hold(holds: bool, law: impl FnOnce() -> String) -> Held {
    if holds { Ok(()) } else { Err(Broken::Law(law())) }
}

/// Tells a ledger a sequence, and another one the same in another order of scopes.
pub(super) fn laws_hold<R: Records>(mut make: impl FnMut() -> Result<R, Fault>, steps: &[Step], order: u64) -> Held {
    let mut records = make()?;
    let mut told = Told::new(&mut records);
    for at in 0..steps.len() {
        told.take(&steps[..=at])?;
    }
    let before = told.end()?;
    let mut records = make()?;
    let after = shuffled(&mut records, steps, order)?;
    let differing = before.keys().chain(after.keys()).find(|name| before.get(*name) != after.get(*name));
    hold(differing.is_none(), || {
        let name = differing.map(String::as_str).unwrap_or_default();
        format!("the order of scopes matters: {name} is {:?} and {:?}", before.get(name), after.get(name))
    })
}

/// A finding, as far as no order of scopes may change it.
type Line = (Presence, Vec<String>);

struct Told<'r, R: Records> {
    records: &'r mut R,
    now: Time,
    reports: Vec<Report>,
    names: BTreeMap<i64, String>,
    shown: BTreeMap<i64, Presence>,
    seq: i64,
}

impl<'r, R: Records> Told<'r, R> {
    fn new(records: &'r mut R) -> Self {
        let (reports, names, shown) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { records, now: Time::from_millis(0), reports, names, shown, seq: 0 }
    }

    /// Takes the last of these steps.
    fn take(&mut self, steps: &[Step]) -> Held {
        let Some(step) = steps.last() else { return Ok(()) };
        match step {
            Step::Again(which) if !self.reports.is_empty() => {
                let again = self.reports[which % self.reports.len()].clone();
                let receipt = give(self.records, &again)?;
                hold(receipt.repeats.is_some(), || "a report that came in before is taken for a new one".to_owned())?;
            }
            Step::Decide(which, status) if !self.names.is_empty() => {
                let finding = self.names.keys().nth(which % self.names.len()).copied().unwrap_or_default();
                let until = Some(self.now + Span::days(9));
                let (note, by, at) = (Opaque::readmit("looked"), Opaque::readmit("ana"), self.now);
                let decision = Decision { status: *status, justification: None, note, by, at, until };
                self.records.decide(finding, &decision, "{}", "person")?;
            }
            _ => {}
        }
        if let Some(report) = step.report(steps.len())? {
            self.now = self.now.max(report.meta.received_at);
            give(self.records, &report)?;
            self.reports.push(report);
        }
        let before = std::mem::take(&mut self.shown);
        self.look_around()?;
        let by_reports = matches!(step, Step::Look(_) | Step::Sweep(_));
        hold(by_reports || before == self.shown, || {
            let moved = self.shown.iter().find(|(id, now)| before.get(id) != Some(now));
            let name = moved.and_then(|(id, _)| self.names.get(id));
            format!("a repeat or a decision moved {}", name.map_or("a finding", String::as_str))
        })?;
        self.one_cause_a_change(&before)?;
        self.presence_is_the_models(&expected(steps))
    }

    /// The presence of every finding, and the names of new ones.
    fn look_around(&mut self) -> Held {
        let shown = &mut self.shown;
        self.records.each_row(self.now, |row| {
            shown.insert(row.id, row.presence);
        })?;
        let unknown: Vec<i64> = shown.keys().copied().filter(|id| !self.names.contains_key(id)).collect();
        for finding in self.records.details(&unknown, self.now)? {
            self.names.insert(finding.id, place_and_matter(&finding));
        }
        Ok(())
    }

    /// Each finding whose presence changed has one stored change that says so; no other has any.
    fn one_cause_a_change(&mut self, before: &BTreeMap<i64, Presence>) -> Held {
        let changes = self.records.changes(self.seq, usize::MAX >> 1)?;
        self.seq = changes.last().map_or(self.seq, |c| c.seq);
        let mut told: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for change in changes.into_iter().filter(|c| c.kind != "decided") {
            told.entry(change.finding.unwrap_or_default()).or_default().push(change.kind);
        }
        for (id, now) in &self.shown {
            let kinds = told.remove(id).unwrap_or_default();
            let legal: &[&str] = match (before.get(id), now) {
                // What another finding speaks for from its first moment is no news.
                (None, Presence::Resolved(_)) => &["resolved"],
                (None, _) => &["new"],
                (Some(before), now) if before == now => &[],
                (_, Presence::Resolved(_)) => &["resolved"],
                (_, Presence::Stale) => &["stale", "reopened"],
                (_, Presence::Open) => &["refreshed", "reopened"],
            };
            let right = match kinds.as_slice() {
                [] => legal.is_empty(),
                [one] => legal.contains(&one.as_str()),
                _ => false,
            };
            hold(right, || {
                let name = self.names.get(id).map_or("a finding", String::as_str);
                format!("{name} went from {:?} to {now:?}, told as {kinds:?}", before.get(id))
            })?;
        }
        hold(told.is_empty(), || format!("changes of findings that are not there: {told:?}"))
    }

    fn presence_is_the_models(&self, expected: &BTreeMap<String, Must>) -> Held {
        for (id, presence) in &self.shown {
            let name = self.names.get(id).map_or("", String::as_str);
            let must = expected.get(name);
            let right = match must {
                Some(Must::Be(right)) => presence == right,
                Some(Must::BeGone) => matches!(presence, Presence::Resolved(_)),
                None => false,
            };
            hold(right, || format!("{name} is {presence:?}, and must {must:?}"))?;
        }
        let missing = expected.iter().find(|(name, must)| {
            **must != Must::BeGone && !self.shown.keys().any(|id| self.names.get(id) == Some(name))
        });
        hold(missing.is_none(), || format!("never heard of: {missing:?}"))
    }

    /// Everything once more changes nothing. Gives what no order may change.
    fn end(self) -> Result<BTreeMap<String, Line>, Broken> {
        let before = dump(self.records, self.now)?;
        for report in self.reports.iter().rev() {
            give(self.records, report)?;
        }
        hold(dump(self.records, self.now)? == before, || "all reports once more changed something".to_owned())?;
        let news = self.records.changes(self.seq, usize::MAX >> 1)?;
        hold(news.is_empty(), || format!("all reports once more are news: {:?}", news.first()))?;
        let chain = self.records.verify_audit()?;
        hold(chain.broken_at.is_none(), || format!("the audit chain is broken at {:?}", chain.broken_at))?;
        Ok(settled(before))
    }
}

fn give<R: Records>(records: &mut R, report: &Report) -> Result<Receipt, Fault> {
    records.ingest(&report.meta, |take| {
        for record in &report.records {
            if !take(record.clone()) {
                return Err("the ledger wants no more".into());
            }
        }
        Ok(report.head.clone())
    })
}

/// The same reports, those of one scope in their order, the scopes mixed in another way; with the times that they had.
fn shuffled<R: Records>(records: &mut R, steps: &[Step], order: u64) -> Result<BTreeMap<String, Line>, Broken> {
    let mut scopes: BTreeMap<(usize, usize), Vec<Report>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        if let (Some(scope), Some(report)) = (step.scope(), step.report(at + 1)?) {
            scopes.entry(scope).or_default().push(report);
        }
    }
    let (mut dice, mut now) = (Dice::new(order), Time::from_millis(0));
    let mut queues: Vec<std::vec::IntoIter<Report>> = scopes.into_values().map(Vec::into_iter).collect();
    while !queues.is_empty() {
        let at = dice.below(queues.len());
        match queues[at].next() {
            Some(report) => {
                now = now.max(report.meta.received_at);
                give(records, &report)?;
            }
            None => drop(queues.remove(at)),
        }
    }
    Ok(settled(dump(records, now)?))
}

fn dump<R: Records>(records: &R, at: Time) -> Result<BTreeMap<String, Line>, Fault> {
    let mut ids = Vec::new();
    records.each_row(at, |row| ids.push(row.id))?;
    let lines = records.details(&ids, at)?.into_iter().map(|f| {
        let words = f.words.iter().map(|w| format!("{} {:?}", w.tool.reveal(), w.stands));
        (place_and_matter(&f), (f.life.presence, words.collect()))
    });
    Ok(lines.collect())
}

/// Of a container, only what is there: when it was first seen with a flaw, and what became of it, is history.
fn settled(dump: BTreeMap<String, Line>) -> BTreeMap<String, Line> {
    let gone = |presence: &Presence| matches!(presence, Presence::Resolved(_));
    dump.into_iter().filter(|(name, (presence, _))| !name.starts_with("shop/") || !gone(presence)).collect()
}
