//! Lines and tables that several kinds of answers share: findings with their numbers, counts with what was cut and what
//! is unknown.

use anyhow::Result;
use assay_core::assess::Exposed;
use assay_core::document::{Block, Inline, Line, count, counted, own};
use assay_core::explain::{named, place};
use assay_core::finding::Finding;
use assay_core::order::Ranked;
use assay_core::query::{FilterName, PresenceIs, Query};
use assay_core::text::{Opaque, Own, Shaped};
use assay_core::why::why;
use assay_store::DETAILS_MAX;

use super::sieve::Gathered;
use super::wire::RowWire;
use super::{Chat, Told};
use crate::today;
use crate::wire::FindingWire;

/// The most rows that the words list; more are in the rows of the answer, and counted.
pub(super) const LISTED_MAX: usize = 20;
/// The most combinations of unknowns that are told apart.
const UNKNOWNS_MAX: usize = 4;

/// One thing or several.
pub(super) fn some(n: u64, one: &'static str, many: &'static str) -> [Inline; 2] {
    counted(n, [one, many])
}

/// A stranger's text of our records, such as the name of a band.
pub(super) fn cell(text: &str) -> Inline {
    Inline::Cell(Opaque::readmit(text))
}

impl Chat<'_> {
    /// The findings of some rows, with their details.
    pub(super) fn detailed<'r>(&self, rows: &[Ranked<'r>]) -> Result<Vec<(Ranked<'r>, Finding)>> {
        let ids: Vec<i64> = rows.iter().take(DETAILS_MAX).map(|r| i64::from(r.row.id)).collect();
        let details = self.store.details(&ids, self.snapshot.world.as_of)?;
        Ok(rows.iter().copied().zip(details).collect())
    }

    /// Adds findings as a table, as rows and by their numbers.
    pub(super) fn list_findings(&self, told: &mut Told, findings: &[(Ranked<'_>, Finding)], by_cause: bool) {
        let rows = findings.iter().take(LISTED_MAX).enumerate();
        let rows: Vec<Vec<Line>> = rows.map(|(i, (ranked, finding))| self.row(i, ranked, finding, by_cause)).collect();
        if !rows.is_empty() {
            let head = ["#", "DUE", "WHAT", "WHERE", "WHY"].map(Own::new).to_vec();
            told.blocks.push(Block::Table { head, rows });
        }
        for (ranked, finding) in findings {
            told.findings.push(finding.id);
            told.rows.push(RowWire::Finding(Box::new(FindingWire::of(self.snapshot, finding, ranked))));
        }
    }

    fn row(&self, at: usize, ranked: &Ranked<'_>, finding: &Finding, by_cause: bool) -> Vec<Line> {
        let factors = self.snapshot.factors(finding);
        let mut where_: Line = place(finding);
        if let Some(environment) = factors.environment.value() {
            where_.extend([own("  "), own(environment.as_str())]);
        }
        let mut reason = why(finding, &factors, &self.snapshot.world);
        let same = if by_cause { self.snapshot.same_cause(ranked.row) } else { 0 };
        if same > 1 {
            reason.extend([own("; its fix closes "), count(same)]);
        }
        if let Some(decision) = finding.decision.as_ref().filter(|_| ranked.row.is_decided()) {
            reason.extend([own("; decided: "), own(decision.word())]);
        }
        vec![
            vec![count(at as u64 + 1)],
            self.due_cell(ranked),
            vec![named(finding, &self.snapshot.controls)],
            where_,
            reason,
        ]
    }

    /// When a finding is due, as its cell says it.
    pub(super) fn due_cell(&self, ranked: &Ranked<'_>) -> Line {
        let policy = &self.snapshot.policy;
        let as_of = self.snapshot.world.as_of;
        if !ranked.row.is_open() {
            return vec![own("resolved")];
        }
        let mut line: Line = Vec::new();
        if policy.band(ranked.band).forensic {
            line.push(own("forensic, "));
        }
        match ranked.row.due(policy, ranked.band) {
            Some(due) if due <= as_of => line.extend([own("overdue "), Inline::Ago(due)]),
            Some(due) => line.push(Inline::Shaped(Shaped::For(as_of.until(due)))),
            None => line.push(own("next upgrade")),
        }
        line
    }

    /// How many there are, and of how many.
    pub(super) fn counted(&self, query: &Query, gathered: &Gathered<'_>, shown: usize) -> Vec<Block> {
        let n = gathered.rows.len() as u64;
        let state = match query.filters.presence.as_slice() {
            [PresenceIs::Resolved] => "resolved",
            [PresenceIs::Stale] => "stale",
            [] | [PresenceIs::Open] => "open",
            _ => "recorded",
        };
        let mut line = vec![count(n)];
        if gathered.base != n {
            line.extend([own(" of "), count(gathered.base)]);
        }
        line.extend([own(" "), own(state), own(if gathered.base == 1 { " finding" } else { " findings" })]);
        if narrowed_to_names(query) {
            line.push(own(" there"));
        }
        line.push(own("."));
        let listed = shown.min(LISTED_MAX) as u64;
        if shown > 0 && listed < n {
            line.extend([own(" Shown: the first "), count(listed), own(".")]);
            if cuts_a_tie(gathered, listed as usize) {
                line.push(own(" The cut goes through findings of equal rank."));
            }
        }
        let mut blocks = vec![Block::Line(line)];
        blocks.extend(self.not_counted(gathered));
        blocks
    }

    /// What would match or not if somebody knew, and which observation is missing.
    pub(super) fn not_counted(&self, gathered: &Gathered<'_>) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut by_number: Vec<_> = gathered.unknown.iter().collect();
        by_number.sort_by_key(|(names, n)| (std::cmp::Reverse(**n), (*names).clone()));
        for (names, n) in by_number.iter().take(UNKNOWNS_MAX) {
            let mut line = vec![own("Not counted: ")];
            line.extend(some(**n, " finding whose ", " findings whose "));
            for (i, name) in names.iter().enumerate() {
                line.extend((i > 0).then(|| own(if i + 1 == names.len() { " and " } else { ", " })));
                line.push(own(question(*name)));
            }
            line.push(own(if names.len() == 1 { " is unknown." } else { " are unknown." }));
            blocks.push(Block::Line(line));
        }
        let rest: u64 = by_number.iter().skip(UNKNOWNS_MAX).map(|(_, n)| **n).sum();
        if rest > 0 {
            let mut line = vec![own("Not counted, for other unknowns: ")];
            line.extend(some(rest, " finding.", " findings."));
            blocks.push(Block::Line(line));
        }
        let use_unknown = gathered.unknown.keys().any(|names| names.contains(&FilterName::InUse));
        if use_unknown && let Ok(unseen) = today::unseen(self.store, self.snapshot) {
            for node in unseen.iter().filter(|u| u.findings > 0).take(UNKNOWNS_MAX) {
                let line = vec![
                    own("Node "),
                    Inline::Name(node.node.clone()),
                    own(" has had no sensor since "),
                    Inline::Ago(node.since),
                    own("."),
                ];
                blocks.push(Block::Line(line));
            }
        }
        blocks
    }
}

/// A line of words of ours.
pub(super) fn line(text: &'static str) -> Block {
    Block::Line(vec![own(text)])
}

fn narrowed_to_names(query: &Query) -> bool {
    let f = &query.filters;
    let places = [&f.namespace, &f.workload, &f.container, &f.image, &f.node];
    let lists = places.into_iter().chain([&f.package, &f.service_account, &f.control]);
    lists.into_iter().any(|l| !l.is_empty()) || !f.cve.is_empty()
}

fn cuts_a_tie(gathered: &Gathered<'_>, shown: usize) -> bool {
    match (gathered.rows.get(shown.wrapping_sub(1)), gathered.rows.get(shown)) {
        (Some(last), Some(next)) => last.rank == next.rank,
        _ => false,
    }
}

/// What a filter asks, as people say it.
pub(super) fn question(name: FilterName) -> &'static str {
    match name {
        FilterName::Exposed => "exposure",
        FilterName::Traffic => "traffic",
        FilterName::InUse => "use",
        FilterName::Kev => "place in CISA's catalogue",
        FilterName::Automatable => "automatability",
        FilterName::Impact => "technical impact",
        FilterName::Conditions => "conditions of exploitation",
        FilterName::Environment => "environment",
        FilterName::Attacked => "attack record",
        FilterName::CvssMin => "base score",
        FilterName::EpssMin => "EPSS percentile",
        FilterName::Fix => "fix",
        other => other.as_str(),
    }
}

/// Exposure in words.
pub(super) fn exposure_words(exposed: Exposed) -> &'static str {
    match exposed {
        Exposed::Internal => "not exposed",
        Exposed::Unknown => "exposure unknown",
        Exposed::ByPath => "exposed",
        Exposed::WithTraffic => "exposed, with traffic",
    }
}
