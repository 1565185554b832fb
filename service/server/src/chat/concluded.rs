//! What people concluded: decisions with their end, those that have ended, and those that cover nothing any more.

use std::collections::HashMap;

use anyhow::Result;
use assay_core::document::{Block, Inline, count, own};
use assay_core::explain::{named, place};
use assay_core::ids::Time;
use assay_core::order::Ranked;
use assay_core::query::{Filters, Query, Tri};
use assay_core::text::Own;
use assay_store::Concluded;

use super::sieve::Sieve;
use super::tables::{LISTED_MAX, some};
use super::wire::RowWire;
use super::{Chat, Told};
use crate::wire::DecisionWire;

/// True for a decision of this status, by this person, with this end. One that was taken back before its day counts for
/// nobody; one that has run out only where that is asked.
pub(super) fn matches(concluded: &Concluded, filters: &Filters, as_of: Time) -> bool {
    let decision = &concluded.decision;
    let over = decision.until.is_some_and(|until| until <= as_of);
    let stands = concluded.ended.is_none() && !over;
    let end = match filters.expired {
        Some(Tri::Yes) => over,
        _ => stands,
    };
    let status = filters.decision_status.is_empty() || filters.decision_status.contains(&decision.status);
    let by = filters.by.as_ref().is_none_or(|by| *by == decision.by);
    let before = filters.expires_before.map(|w| w.at(as_of));
    end && status && by && before.is_none_or(|limit| decision.until.is_some_and(|until| until < limit))
}

impl Chat<'_> {
    pub(super) fn decisions(&self, query: &Query) -> Result<Told> {
        let snapshot = self.snapshot;
        let as_of = snapshot.world.as_of;
        let f = &query.filters;
        // The findings are narrowed by what is not about decisions; what is gone may still be decided.
        let mut narrowed = query.clone();
        let n = &mut narrowed.filters;
        (n.decision_status, n.by, n.expired, n.inert) = (Vec::new(), None, None, None);
        (n.expires_before, n.since, n.until, n.decision) = (None, None, None, None);
        let sieve = Sieve::new(self.store, snapshot, &narrowed)?;
        let rows: HashMap<i64, Ranked<'_>> =
            snapshot.table.list(&snapshot.policy, |_| true).map(|r| (i64::from(r.row.id), r)).collect();
        let since = f.since.map(|w| w.at(as_of));
        let until = f.until.map(|w| w.at(as_of));
        let mut found: Vec<(Concluded, Ranked<'_>)> = Vec::new();
        for concluded in self.store.concluded()? {
            let Some(ranked) = rows.get(&concluded.finding).copied() else { continue };
            let at = concluded.decision.at;
            let inert = !ranked.row.is_open();
            let asked = matches(&concluded, f, as_of)
                && since.is_none_or(|s| at >= s)
                && until.is_none_or(|u| at < u)
                && f.inert.is_none_or(|want| (want == Tri::Yes) == inert);
            if asked && sieve.lets_through(&ranked) {
                found.push((concluded, ranked));
            }
        }
        let mut told = Told::default();
        let inert = found.iter().filter(|(_, r)| !r.row.is_open()).count() as u64;
        let mut line = Vec::new();
        line.extend(some(found.len() as u64, " decision", " decisions"));
        line.push(own(match f.expired {
            Some(Tri::Yes) => " that ran out.",
            _ => " in force.",
        }));
        if inert > 0 {
            line.extend([own(" Covering nothing that is open: "), count(inert), own(".")]);
        }
        let shown = found.len().min(usize::from(query.limit)).min(LISTED_MAX);
        if shown < found.len() {
            line.extend([own(" Shown: the "), count(shown as u64), own(" that end first.")]);
        }
        told.blocks.push(Block::Line(line));
        let mut table = Vec::new();
        for (at, (concluded, ranked)) in found.iter().take(usize::from(query.limit)).enumerate() {
            let Some((_, finding)) = self.detailed(&[*ranked])?.into_iter().next() else { continue };
            let decision = &concluded.decision;
            told.findings.push(finding.id);
            told.rows.push(RowWire::Decision {
                decision: DecisionWire::of(decision, as_of),
                finding: finding.fingerprint.to_string(),
                title: crate::wire::title(snapshot, &finding),
                asset: crate::wire::AssetWire::of(&finding),
                inert: !ranked.row.is_open(),
            });
            if at < LISTED_MAX {
                table.push(vec![
                    vec![count(at as u64 + 1)],
                    vec![decision.until.map_or(own("no end"), Inline::Ago)],
                    vec![own(decision.word())],
                    vec![named(&finding, &snapshot.controls)],
                    place(&finding),
                    vec![Inline::Cell(decision.by.clone())],
                ]);
            }
        }
        if !table.is_empty() {
            let head = ["#", "ENDS", "STATUS", "WHAT", "WHERE", "BY"].map(Own::new).to_vec();
            told.blocks.push(Block::Table { head, rows: table });
        }
        Ok(told)
    }
}
