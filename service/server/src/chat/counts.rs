//! How many match, and how many of each: counts are results of a query and nothing else.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use assay_core::asset::{ImageRef, KindClass};
use assay_core::document::{Block, count, counted};
use assay_core::order::Ranked;
use assay_core::query::{GroupBy, Query};
use assay_core::text::Own;
use assay_store::Column;

use super::names::vuln;
use super::scope::nodes;
use super::tables::{LISTED_MAX, cell};
use super::wire::RowWire;
use super::{Chat, Told};
use crate::wire::full_name;

/// For a finding the groups that it counts in.
type Keys<'a> = Box<dyn Fn(&Ranked<'_>) -> Vec<String> + 'a>;

impl Chat<'_> {
    pub(super) fn count(&self, query: &Query) -> Result<Told> {
        let gathered = self.gathered(query, |_| true)?;
        let mut told = Told { blocks: self.counted(query, &gathered, 0), ..Told::default() };
        told.blocks.extend(self.still_open(query)?);
        let Some(group) = query.group_by else {
            told.rows.push(RowWire::Count { group: None, count: gathered.rows.len() as u64 });
            return Ok(told);
        };
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let keys = self.keys(group)?;
        for ranked in &gathered.rows {
            for key in keys(ranked) {
                *counts.entry(key).or_default() += 1;
            }
        }
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        let shown = counts.len().min(usize::from(query.limit).max(LISTED_MAX));
        let rows = counts[..shown].iter().map(|(key, n)| vec![vec![cell(key)], vec![count(*n)]]).collect();
        told.blocks.push(Block::Table { head: vec![Own::new("BY"), Own::new("FINDINGS")], rows });
        if shown < counts.len() {
            told.blocks
                .push(Block::Line(counted((counts.len() - shown) as u64, [" more group.", " more groups."]).to_vec()));
        }
        told.rows = counts.into_iter().map(|(key, count)| RowWire::Count { group: Some(key), count }).collect();
        Ok(told)
    }

    /// For a finding the groups that it counts in.
    fn keys(&self, group: GroupBy) -> Result<Keys<'_>> {
        let snapshot = self.snapshot;
        let column = |column: Column| -> Result<HashMap<i64, Vec<String>>> {
            let mut by: HashMap<i64, Vec<String>> = HashMap::new();
            for (id, text) in self.store.column(column)? {
                by.entry(id).or_default().push(text);
            }
            Ok(by)
        };
        let of = |by: HashMap<i64, Vec<String>>| -> Keys<'_> {
            let none = || vec!["(none)".to_owned()];
            Box::new(move |r| by.get(&i64::from(r.row.id)).cloned().unwrap_or_else(none))
        };
        let text = |t: Option<&str>| vec![t.filter(|t| !t.is_empty()).unwrap_or("(none)").to_owned()];
        Ok(match group {
            GroupBy::Severity => of(column(Column::Severity)?),
            GroupBy::Source => of(column(Column::Tool)?),
            GroupBy::Image => {
                let mut by = column(Column::Repository)?;
                by.values_mut().flatten().for_each(|t| *t = ImageRef::familiar(t).to_owned());
                of(by)
            }
            GroupBy::Band => Box::new(|r| vec![snapshot.policy.band(r.band).name.clone()]),
            GroupBy::Class => Box::new(|r| vec![r.row.class.as_str().to_owned()]),
            GroupBy::Environment => Box::new(move |r| {
                text(Some(snapshot.table.inputs(r.row).environment.map_or("unknown", |e| e.as_str())))
            }),
            GroupBy::Exposed => Box::new(|r| vec![snapshot.table.inputs(r.row).exposure.as_str().to_owned()]),
            GroupBy::InUse => Box::new(|r| vec![r.row.in_use().as_str().to_owned()]),
            GroupBy::Cve => Box::new(move |r| text(vuln(snapshot, r.row.vuln).map(|v| v.as_str()))),
            GroupBy::Package => Box::new(move |r| {
                text(snapshot.names.packages.get(&i64::from(r.row.package)).map(|p| p.counted_name().reveal()))
            }),
            GroupBy::Control => {
                Box::new(move |r| text(snapshot.names.controls.get(&i64::from(r.row.control)).map(|c| c.reveal())))
            }
            GroupBy::Namespace => Box::new(move |r| {
                text(snapshot.world.assets.get(r.row.asset as usize).map(|a| a.key.namespace.reveal()))
            }),
            GroupBy::Workload => Box::new(move |r| {
                let asset = snapshot.world.assets.get(r.row.asset as usize);
                let workload = asset.filter(|a| a.key.kind.class() == KindClass::Workload);
                let full = workload.map(|a| full_name(&a.key));
                text(full.as_deref())
            }),
            GroupBy::Node => Box::new(move |r| {
                let nodes: Vec<String> =
                    nodes(&snapshot.world, r.row.asset).iter().map(|n| n.reveal().to_owned()).collect();
                if nodes.is_empty() { text(None) } else { nodes }
            }),
        })
    }
}
