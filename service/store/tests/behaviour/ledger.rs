//! Any implementation of the records, with what a test asks of it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use assay_core::environment::EnvironmentRules;
use assay_core::finding::{Decision, Finding, Presence};
use assay_core::ids::{Span, Time};
use assay_core::observation::VexStatus;
use assay_core::order::StoredRow;
use assay_core::ports::Records;
use assay_core::reconcile::Word;
use assay_core::records::{Changed, Receipt};
use assay_core::scene::place_and_matter;
use assay_core::world::{Watching, World};

use crate::report::{Report, o};

/// Records under test.
pub(crate) struct Ledger<'r, R: Records> {
    pub(crate) records: &'r mut R,
    /// The newest instant that a report was received.
    pub(crate) now: Time,
}

/// A finding, as far as every implementation must agree on it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) presence: Presence,
    pub(crate) silent: bool,
    pub(crate) severity: String,
    pub(crate) fix: bool,
    pub(crate) first_seen: Time,
    pub(crate) last_seen: Time,
    pub(crate) episode: u32,
    pub(crate) aliases: Vec<String>,
    pub(crate) words: Vec<String>,
    pub(crate) decision: Option<VexStatus>,
}

impl<'r, R: Records> Ledger<'r, R>
where
    R::Error: Debug,
{
    pub(crate) fn new(records: &'r mut R) -> Self {
        Self { records, now: crate::report::hour(0) }
    }

    /// Takes a report in.
    pub(crate) fn take(&mut self, report: &Report) -> Receipt {
        self.now = self.now.max(report.received_at());
        let receipt = self.records.ingest(&report.meta(), |give| {
            for record in report.records() {
                assert!(give(record.clone()), "the ledger wants no more");
            }
            Ok::<_, R::Error>(report.head())
        });
        receipt.expect("the ledger answers")
    }

    /// Takes several in.
    pub(crate) fn take_all<'a>(&mut self, reports: impl IntoIterator<Item = &'a Report>) {
        for report in reports {
            self.take(report);
        }
    }

    /// Every finding, whatever its presence.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.findings_at(self.now)
    }

    pub(crate) fn findings_at(&self, at: Time) -> Vec<Finding> {
        let mut ids = Vec::new();
        self.records.each_row(at, |row| ids.push(row.id)).expect("the ledger answers");
        ids.chunks(500).flat_map(|ids| self.records.details(ids, at).expect("the ledger answers")).collect()
    }

    /// The finding whose place and matter read like this: see [`name`].
    pub(crate) fn finding(&self, name: &str) -> Finding {
        let all = self.findings();
        let names: Vec<String> = all.iter().map(place_and_matter).collect();
        let found = all.into_iter().find(|f| place_and_matter(f) == name);
        found.unwrap_or_else(|| unreachable!("no finding {name} among {names:#?}"))
    }

    pub(crate) fn presence(&self, name: &str) -> Presence {
        self.finding(name).life.presence
    }

    /// Names of the findings that are open or stale.
    pub(crate) fn open(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .findings()
            .iter()
            .filter(|f| f.life.presence < Presence::Resolved(LEAST))
            .map(place_and_matter)
            .collect();
        names.sort();
        names
    }

    /// How many findings there are in all.
    pub(crate) fn count(&self) -> usize {
        self.findings().len()
    }

    /// Everything about every finding, by fingerprint.
    pub(crate) fn dump(&self) -> BTreeMap<String, Line> {
        self.dump_at(self.now)
    }

    pub(crate) fn dump_at(&self, at: Time) -> BTreeMap<String, Line> {
        let mut rows = BTreeMap::new();
        let mut each = |row: &StoredRow<'_>| {
            rows.insert(row.id, (row.silent, row.fix, row.presence));
        };
        self.records.each_row(at, &mut each).expect("the ledger answers");
        let lines = self.findings_at(at).into_iter().map(|f| {
            let (silent, fix, presence) = rows[&f.id];
            assert_eq!(presence, f.life.presence, "list and page agree on {}", place_and_matter(&f));
            let line = Line {
                presence: f.life.presence,
                silent,
                severity: f.severity.to_string(),
                fix,
                first_seen: f.life.first_seen,
                last_seen: f.life.last_seen,
                episode: f.life.episode,
                aliases: f.aliases.iter().map(ToString::to_string).collect(),
                words: f.words.iter().map(word).collect(),
                decision: f.decision.as_ref().map(|d| d.status),
            };
            (format!("{} {}", f.fingerprint, place_and_matter(&f)), line)
        });
        lines.collect()
    }

    /// The changes since a sequence number that are about findings.
    pub(crate) fn changes(&self, after: i64) -> Vec<Changed> {
        self.records
            .changes(after, 1_000_000)
            .expect("the ledger answers")
            .into_iter()
            .filter(|c| c.finding.is_some())
            .collect()
    }

    /// The last sequence number.
    pub(crate) fn last_change(&self) -> i64 {
        self.records.changes(0, 1_000_000).expect("the ledger answers").last().map_or(0, |c| c.seq)
    }

    /// The kinds and causes of a finding's changes since a sequence number, in order.
    pub(crate) fn story(&self, name: &str, after: i64) -> Vec<String> {
        let id = self.finding(name).id;
        self.changes(after)
            .into_iter()
            .filter(|c| c.finding == Some(id))
            .map(|c| match because(&c.body) {
                "" => c.kind,
                because => format!("{} {because}", c.kind),
            })
            .collect()
    }

    /// A person decides.
    pub(crate) fn decide(&mut self, finding: i64, status: VexStatus, at: Time, until: Option<Time>) {
        let decision = Decision { status, justification: None, note: o("looked"), by: o("ana"), at, until };
        self.records.decide(finding, &decision, "{}", "person").expect("the ledger answers");
    }

    pub(crate) fn world(&self) -> World {
        self.world_at(self.now)
    }

    pub(crate) fn world_at(&self, at: Time) -> World {
        let names = self.records.names().expect("the ledger answers");
        self.records.world(at, EnvironmentRules::default(), Watching::default(), &names).expect("the ledger answers")
    }
}

/// The cause in a change's body.
pub(crate) fn because(body: &str) -> &str {
    let Some((_, rest)) = body.split_once("\"because\":\"") else { return "" };
    rest.split_once('"').map_or("", |(because, _)| because)
}

/// The first cause: everything before it is not resolved.
pub(crate) const LEAST: assay_core::finding::ResolvedBecause = assay_core::finding::ResolvedBecause::ALL[0];

fn word(word: &assay_core::finding::SourceWord) -> String {
    let stands = match word.stands {
        Word::Live => "live".to_owned(),
        Word::Silent => "silent".to_owned(),
        Word::Gone(because) => format!("gone {because}"),
    };
    format!("{} {} {} {stands}", word.tool.reveal(), word.sighting.component.reveal(), word.sighting.version.reveal())
}

/// A day later.
pub(crate) fn days(n: i64) -> Span {
    Span::days(n)
}
