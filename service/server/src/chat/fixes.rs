//! Which fix closes most: findings by root cause, the most closed first. Code orders fixes, never a model.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use anyhow::Result;
use assay_core::document::{Block, count, own};
use assay_core::query::Query;
use assay_core::text::Own;

use super::tables::{LISTED_MAX, cell, some};
use super::wire::RowWire;
use super::{Chat, Told};
use crate::today::{FixFirst, fix_line};
use crate::wire::FixWire;

/// The findings of one root cause.
struct Cause {
    head: usize,
    closes: u64,
    assets: BTreeSet<u32>,
    band: u8,
}

impl Chat<'_> {
    pub(super) fn fixes(&self, query: &Query) -> Result<Told> {
        let asked = query.filters.decision.is_some();
        let gathered = self.gathered(query, |row| asked || !row.is_decided())?;
        let without = gathered.rows.iter().filter(|r| !r.row.has_fix()).count() as u64;
        let mut causes: HashMap<u32, Cause> = HashMap::new();
        for (at, ranked) in gathered.rows.iter().enumerate().filter(|(_, r)| r.row.has_fix()) {
            let new = || Cause { head: at, closes: 0, assets: BTreeSet::new(), band: ranked.band };
            let cause = causes.entry(ranked.row.cause).or_insert_with(new);
            cause.closes += 1;
            cause.assets.insert(ranked.row.asset);
        }
        let mut causes: Vec<Cause> = causes.into_values().collect();
        // Equal numbers: the more urgent first, then the order of the list.
        causes.sort_by_key(|c| (Reverse(c.closes), c.band, c.head));
        let closed: u64 = causes.iter().map(|c| c.closes).sum();
        let mut line = Vec::new();
        line.extend(some(causes.len() as u64, " fix closes ", " fixes close "));
        line.extend(some(closed, " open finding.", " open findings."));
        if without > 0 {
            line.extend([own(" Without a known fix: "), count(without), own(".")]);
        }
        let shown = causes.len().min(usize::from(query.limit)).min(LISTED_MAX);
        if shown < causes.len() {
            line.extend([own(" Shown: the first "), count(shown as u64), own(", by how many they close.")]);
        }
        let mut told = Told { blocks: vec![Block::Line(line)], ..Told::default() };
        let mut rows = Vec::new();
        for (at, cause) in causes.iter().take(shown).enumerate() {
            let head = [gathered.rows[cause.head]];
            let Some((ranked, finding)) = self.detailed(&head)?.into_iter().next() else { continue };
            let band = self.snapshot.policy.band(ranked.band).name.as_str();
            let Some(mend) = self.snapshot.mend(self.store, ranked.row)? else { continue };
            told.findings.push(finding.id);
            told.rows.push(RowWire::Fix {
                finding: finding.fingerprint.to_string(),
                title: crate::wire::title(self.snapshot, &finding),
                fix: Some(FixWire { version: (&mend.version).into() }),
                image: finding.image.as_ref().map(|i| (&i.repository).into()),
                closes: cause.closes,
                workloads: cause.assets.len() as u64,
                most_urgent: band.to_owned(),
            });
            let fix =
                FixFirst { finding, version: mend.version, closes: cause.closes, workloads: cause.assets.len() as u64 };
            rows.push(vec![vec![count(at as u64 + 1)], fix_line(&fix), vec![cell(band)]]);
        }
        if !rows.is_empty() {
            let head = ["#", "FIX", "MOST URGENT"].map(Own::new).to_vec();
            told.blocks.push(Block::Table { head, rows });
        }
        told.blocks.extend(self.not_counted(&gathered));
        Ok(told)
    }
}
