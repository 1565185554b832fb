//! `assay funnel`: from hook hits to what is due today, with every loss.

use std::collections::BTreeMap;

use anyhow::Result;
use assay_core::ids::{Span, Time};
use assay_core::observation::What;
use assay_core::text::grouped;
use assay_core::world::World;
use assay_store::{Funnel as Counts, FunnelHour};
use serde::Serialize;

use super::table::columns;
use super::{print_json, print_text};
use crate::Ended;
use crate::app::App;
use crate::cli::{Funnel, FunnelBy, Global, Output};
use crate::today;

#[derive(Debug, Serialize)]
struct FunnelWire {
    since: String,
    until: String,
    hook_hits: u64,
    records: u64,
    facts: u64,
    unattributed: u64,
    lost: BTreeMap<String, u64>,
    /// Signs of attack, each once a place and signal.
    signals: usize,
    findings_open: u64,
    due_within_14_days: u64,
    today: usize,
    hours: Vec<HourWire>,
}

#[derive(Debug, Serialize)]
struct HourWire {
    hour: String,
    node: String,
    hook_hits: u64,
    records: u64,
    facts: u64,
    unattributed: u64,
    lost: u64,
}

pub(crate) fn run(global: &Global, args: &Funnel) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let until = snapshot.world.as_of;
    let since = until - Span::hours(24);
    let today = today::gather(&store, &snapshot)?;
    let hours = store.funnel_hours(since, until)?;
    let f = &today.funnel;
    let wire = FunnelWire {
        since: since.to_string(),
        until: until.to_string(),
        hook_hits: f.hook_hits,
        records: f.records,
        facts: f.facts,
        unattributed: f.unattributed,
        lost: f.lost.clone(),
        signals: signals(&snapshot.world, since),
        findings_open: today.open,
        due_within_14_days: today.due_soon,
        today: today.items.len(),
        hours: hours
            .iter()
            .map(|h| HourWire {
                hour: h.hour.to_string(),
                node: h.node.clone(),
                hook_hits: h.counts.hook_hits,
                records: h.counts.records,
                facts: h.counts.facts,
                unattributed: h.counts.unattributed,
                lost: h.counts.lost.values().sum(),
            })
            .collect(),
    };
    match global.output {
        Output::Json => print_json(&wire)?,
        _ => {
            let by = args.by.filter(|_| !hours.is_empty()).map(|by| format!("\n{}", split(&hours, by)));
            print_text(&(text(&wire) + &by.unwrap_or_default()))?;
        }
    }
    Ok(Ended::Done)
}

/// The signs of attack that were seen since then.
fn signals(world: &World, since: Time) -> usize {
    let facts = world.assets.iter().flat_map(|asset| &asset.facts);
    facts.filter(|f| f.holds(world.as_of) && f.until >= since && matches!(f.what, What::Attacked { .. })).count()
}

fn text(w: &FunnelWire) -> String {
    if w.hours.is_empty() {
        return format!(
            "no sensor reported in the last 24 h\n{:>14}  open findings\n{:>14}  due within 14 days\n{:>14}  today\n",
            grouped(w.findings_open),
            grouped(w.due_within_14_days),
            w.today
        );
    }
    let lost: u64 = w.lost.values().sum();
    let mut out = format!("{} to {}\n", w.since, w.until);
    let rows = [
        ("hook hits", w.hook_hits),
        ("records", w.records),
        ("facts", w.facts),
        ("signals", w.signals as u64),
        ("open findings", w.findings_open),
        ("due within 14 days", w.due_within_14_days),
        ("today", w.today as u64),
    ];
    for (what, count) in rows {
        out.push_str(&format!("{:>14}  {what}\n", grouped(count)));
    }
    out.push_str(&format!(
        "{:>14}  lost\n{:>14}  belonged to no known container\n",
        grouped(lost),
        grouped(w.unattributed)
    ));
    for (reason, count) in &w.lost {
        out.push_str(&format!("{:>14}    {reason}\n", grouped(*count)));
    }
    out
}

/// What each hour, or each node, gave and lost.
fn split(hours: &[FunnelHour], by: FunnelBy) -> String {
    let mut parts: BTreeMap<String, Counts> = BTreeMap::new();
    for hour in hours {
        let key = match by {
            FunnelBy::Hour => hour.hour.to_minute(),
            FunnelBy::Node => hour.node.clone(),
        };
        parts.entry(key).or_default().add(hour.counts.clone());
    }
    let heard = |c: &Counts| c.nodes.values().max().copied().map_or_else(String::new, Time::to_minute);
    let row = |(key, c): (&String, &Counts)| {
        let counts = [c.hook_hits, c.records, c.facts, c.lost.values().sum(), c.unattributed].map(grouped);
        let [hits, records, facts, lost, nowhere] = counts;
        [key.clone(), hits, records, facts, lost, nowhere, heard(c)]
    };
    let head = match by {
        FunnelBy::Hour => "HOUR",
        FunnelBy::Node => "NODE",
    };
    let rows: Vec<[String; 7]> = parts.iter().map(row).collect();
    columns([head, "HOOK HITS", "RECORDS", "FACTS", "LOST", "NO CONTAINER", "LAST HEARD"], &rows)
}
