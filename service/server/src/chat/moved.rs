//! What moved in a stretch of time: seen first, come back, gone, more or less urgent, decided. From the records of moves,
//! each with its one cause.

use std::cmp::Reverse;
use std::collections::HashMap;

use anyhow::Result;
use assay_core::document::{Block, Inline, Line, count, own};
use assay_core::explain::{named, place};
use assay_core::finding::ResolvedBecause;
use assay_core::ids::Time;
use assay_core::order::Ranked;
use assay_core::query::{Change, Filters, Query};
use assay_core::records::Changed;
use assay_core::text::Own;
use assay_store::Store;

use super::sieve::Sieve;
use super::tables::{LISTED_MAX, cell};
use super::wire::RowWire;
use super::{Chat, Told};
use crate::snapshot::Snapshot;

/// The moves that filters ask for, newest first; all of them when no sort is asked for.
pub(super) fn changes(store: &Store, snapshot: &Snapshot, filters: &Filters) -> Result<Vec<Changed>> {
    let (since, until) = stretch(snapshot, filters);
    let asked = if filters.change.is_empty() { Change::ALL } else { &filters.change };
    let mut all = Vec::new();
    for change in asked {
        all.extend(store.changes_between(since, until, change.as_str())?);
    }
    all.sort_by_key(|c| Reverse(c.seq));
    Ok(all)
}

/// From when to when: since the newest digest, or 24 hours, when nothing is said. The beginning itself counts.
fn stretch(snapshot: &Snapshot, filters: &Filters) -> (Time, Time) {
    let as_of = snapshot.world.as_of;
    let since = filters.since.map_or(snapshot.news_since, |w| Time::from_millis(w.at(as_of).millis() - 1));
    let until = filters.until.map_or(as_of, |w| Time::from_millis(w.at(as_of).millis() - 1));
    (since, until.min(as_of))
}

impl Chat<'_> {
    pub(super) fn changed(&self, query: &Query) -> Result<Told> {
        let snapshot = self.snapshot;
        let (since, until) = stretch(snapshot, &query.filters);
        // What is gone counts here, so presence does not narrow; the moves themselves are read once.
        let mut narrowed = query.clone();
        (narrowed.filters.change, narrowed.filters.since, narrowed.filters.until) = (Vec::new(), None, None);
        let sieve = Sieve::new(self.store, snapshot, &narrowed)?;
        let rows: HashMap<i64, Ranked<'_>> =
            snapshot.table.list(&snapshot.policy, |_| true).map(|r| (i64::from(r.row.id), r)).collect();
        let mut moves: Vec<(Changed, Ranked<'_>)> = changes(self.store, snapshot, &query.filters)?
            .into_iter()
            .filter_map(|c| c.finding.and_then(|id| rows.get(&id).copied()).map(|r| (c, r)))
            // An image's finding that a workload's speaks for is not told beside it.
            .filter(|(_, r)| !r.row.is_superseded() && sieve.lets_through(r))
            .collect();
        // What one report brought has one time: of it the most urgent comes first.
        moves.sort_by_key(|(c, r)| (Reverse(c.at), r.rank, Reverse(c.seq)));
        let mut told = Told::default();
        let mut line = vec![own("Since "), Inline::Ago(since)];
        if until < snapshot.world.as_of {
            line.extend([own(" and before "), Inline::Ago(until)]);
        }
        line.push(own(": "));
        if moves.is_empty() {
            line.push(own("nothing moved."));
        }
        let sorts = Change::ALL.iter().filter_map(|change| {
            let n = moves.iter().filter(|(c, _)| c.kind == change.as_str()).count() as u64;
            (n > 0).then_some((*change, n))
        });
        for (i, (change, n)) in sorts.enumerate() {
            line.extend((i > 0).then(|| own(", ")));
            line.extend([count(n), own(" "), own(words(change))]);
        }
        if !moves.is_empty() {
            line.push(own("."));
        }
        let shown = moves.len().min(usize::from(query.limit)).min(LISTED_MAX);
        if shown < moves.len() {
            line.extend([own(" Shown: the newest "), count(shown as u64), own(".")]);
        }
        told.blocks.push(Block::Line(line));
        told.blocks.extend(self.still_open(query)?);
        let mut table: Vec<Vec<Line>> = Vec::new();
        for (at, (change, ranked)) in moves.iter().take(usize::from(query.limit)).enumerate() {
            let Some((_, finding)) = self.detailed(&[*ranked])?.into_iter().next() else { continue };
            let because = because(change);
            told.findings.push(finding.id);
            told.rows.push(RowWire::Moved {
                at: change.at.to_string(),
                change: change.kind.clone(),
                because: because.clone(),
                finding: finding.fingerprint.to_string(),
                title: crate::wire::title(snapshot, &finding),
                asset: crate::wire::AssetWire::of(&finding),
            });
            if at < LISTED_MAX {
                let kind = change.kind.parse().map_or("moved", words);
                table.push(vec![
                    vec![count(at as u64 + 1)],
                    vec![Inline::Ago(change.at)],
                    vec![own(kind)],
                    vec![named(&finding, &snapshot.controls)],
                    place(&finding),
                    vec![cell(&because)],
                ]);
            }
        }
        if !table.is_empty() {
            let head = ["#", "WHEN", "MOVE", "WHAT", "WHERE", "BECAUSE"].map(Own::new).to_vec();
            told.blocks.push(Block::Table { head, rows: table });
        } else {
            // A quiet stretch says who was listening.
            told.blocks.extend(self.heard()?);
        }
        self.add_shifts(&mut told, &query.filters, (since, until), usize::from(query.limit))?;
        Ok(told)
    }
}

fn words(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Reopened => "came back",
        Change::Resolved => "gone",
        Change::Worse => "more urgent",
        Change::Better => "less urgent",
        Change::Decided => "decided",
    }
}

/// The one cause of a move, in words of ours.
fn because(change: &Changed) -> String {
    match serde_json::from_str::<serde_json::Value>(&change.body) {
        Ok(body) => {
            let because = body.get("because").and_then(|b| b.as_str()).unwrap_or_default();
            because.parse().map_or_else(|_| because.to_owned(), |b| resolved(b).to_owned())
        }
        Err(_) => change.body.replace('_', " "),
    }
}

fn resolved(because: ResolvedBecause) -> &'static str {
    match because {
        ResolvedBecause::Fixed => "a newer, complete report of its scope lacks it",
        ResolvedBecause::AssetGone => "its asset is gone",
        ResolvedBecause::Superseded => "another finding speaks for it now",
        ResolvedBecause::SourceWithdrew => "the source took its word back",
        ResolvedBecause::ScopeRetired => "its scope was retired",
        ResolvedBecause::Quiet => "attempts stopped",
        ResolvedBecause::ClosedByPerson => "a person closed it",
    }
}
