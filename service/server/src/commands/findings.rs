//! `assay findings`: the list, by band, then points.

use anyhow::Result;
use assay_core::finding::{FindingClass, Status};
use assay_core::ids::{Fingerprint, VulnId};
use assay_core::order::Ranked;
use assay_store::{DETAILS_MAX, Store};
use serde::Serialize;

use super::{band_order, ended, print_json, print_text};
use crate::app::App;
use crate::cli::{Findings, Global, Output};
use crate::snapshot::Snapshot;
use crate::wire::FindingWire;
use crate::{Ended, Usage};

/// A list of findings on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct ListWire {
    pub(crate) findings: Vec<FindingWire>,
    /// How many there are in all; `findings` may hold fewer.
    pub(crate) total: usize,
    /// The last finding of this page, when there are more: `after` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
    pub(crate) as_of: String,
    pub(crate) policy: String,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) band: Option<u8>,
    pub(crate) namespace: Option<String>,
    pub(crate) vuln: Option<VulnId>,
    pub(crate) class: Option<FindingClass>,
    pub(crate) status: Option<StatusFilter>,
    pub(crate) limit: usize,
    /// Go on after this finding: pages by key, not by number.
    pub(crate) after: Option<Fingerprint>,
}

/// Which statuses a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusFilter {
    All,
    Open,
    /// Open, with a decision that takes it out of today.
    Decided,
    Only(Status),
}

impl std::str::FromStr for StatusFilter {
    type Err = Usage;
    fn from_str(text: &str) -> Result<Self, Usage> {
        match text {
            "all" => Ok(Self::All),
            "open" => Ok(Self::Open),
            "decided" => Ok(Self::Decided),
            other => other.parse().map(Self::Only).map_err(|e| Usage(format!("{e}, decided, or all"))),
        }
    }
}

pub(crate) fn run(global: &Global, args: &Findings) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let filter = Filter {
        band: args.band.as_deref().map(|b| band_order(&snapshot.policy, b)).transpose()?,
        namespace: args.namespace.clone(),
        vuln: args.cve.as_deref().map(|c| c.parse()).transpose().map_err(Usage::from_error)?,
        class: args.class.as_deref().map(|c| c.parse()).transpose().map_err(Usage::from_error)?,
        status: args.status.as_deref().map(|s| s.parse()).transpose()?,
        limit: usize::from(args.limit),
        after: None,
    };
    let list = list(&store, &snapshot, &filter)?;
    match global.output {
        Output::Json => print_json(&list)?,
        _ => print_text(&table(&list))?,
    }
    ended(global, &snapshot)
}

/// The findings that a filter lets through, in order.
pub(crate) fn list(store: &Store, snapshot: &Snapshot, filter: &Filter) -> Result<ListWire> {
    let world = &snapshot.world;
    let vuln = match &filter.vuln {
        // A name that no finding has matches nothing, whatever it is an alias of.
        Some(id) => Some(store.vuln_row(id)?.and_then(|row| world.vuln_row(row))),
        None => None,
    };
    let shown = |row: &assay_core::order::Row| {
        let presence = match filter.status {
            None => row.is_open(),
            Some(StatusFilter::All) => !row.is_superseded(),
            Some(StatusFilter::Open | StatusFilter::Only(Status::New | Status::Open | Status::Reopened)) => {
                row.is_open() && !row.is_stale()
            }
            Some(StatusFilter::Decided) => row.is_open() && row.is_decided(),
            Some(StatusFilter::Only(Status::Stale)) => row.is_open() && row.is_stale(),
            Some(StatusFilter::Only(Status::Resolved)) => !row.is_open() && !row.is_superseded(),
        };
        let namespace = filter
            .namespace
            .as_deref()
            .is_none_or(|n| world.assets.get(row.asset as usize).is_some_and(|a| a.key.namespace.reveal() == n));
        presence
            && namespace
            && filter.class.is_none_or(|c| row.class == c)
            && vuln.is_none_or(|v| v.is_some_and(|v| v.0 == row.vuln))
    };
    let in_band = |r: &Ranked<'_>| filter.band.is_none_or(|b| r.band == b);
    let after = filter.after.map(|fp| store.find(&fp.to_string())).transpose()?.flatten();
    let limit = filter.limit.min(DETAILS_MAX);
    let mut total = 0;
    let mut passed = filter.after.is_none();
    let mut more = false;
    let mut findings = Vec::new();
    let mut page: Vec<Ranked<'_>> = Vec::new();
    // A status that hangs on clocks is told from the details; then every open row is a candidate.
    let by_clock = matches!(filter.status, Some(StatusFilter::Only(Status::New | Status::Open | Status::Reopened)));
    for ranked in snapshot.table.list(&snapshot.policy, shown).filter(in_band) {
        let wire = if by_clock {
            let finding = store.details(&[i64::from(ranked.row.id)], world.as_of)?;
            let wire = finding.first().map(|f| FindingWire::of(snapshot, f, &ranked));
            match wire.filter(|w| filter.status == w.status.parse().ok().map(StatusFilter::Only)) {
                Some(wire) => Some(wire),
                None => continue,
            }
        } else {
            None
        };
        total += 1;
        if !passed {
            passed = after == Some(i64::from(ranked.row.id));
            continue;
        }
        if page.len() + findings.len() >= limit {
            more = true;
            continue;
        }
        match wire {
            Some(wire) => findings.push(wire),
            None => page.push(ranked),
        }
    }
    if !by_clock {
        findings = wires(store, snapshot, &page)?;
    }
    let policy = format!("{} {}", snapshot.policy.id, snapshot.policy.version);
    let next = findings.last().filter(|_| more).map(|f| f.id.clone());
    Ok(ListWire { findings, total, next, as_of: world.as_of.to_string(), policy })
}

/// The details of ranked rows, in their order.
pub(crate) fn wires(store: &Store, snapshot: &Snapshot, page: &[Ranked<'_>]) -> Result<Vec<FindingWire>> {
    let ids: Vec<i64> = page.iter().map(|r| i64::from(r.row.id)).collect();
    let details = store.details(&ids, snapshot.world.as_of)?;
    Ok(details.iter().zip(page).map(|(finding, ranked)| FindingWire::of(snapshot, finding, ranked)).collect())
}

fn table(list: &ListWire) -> String {
    if list.findings.is_empty() {
        return "no finding is like that; --status all shows those that are resolved too\n".to_owned();
    }
    let mut out = String::new();
    for f in &list.findings {
        out.push_str(&format!(
            "{:11}  {:15}  {:5}  {}  {}{}\n",
            f.short_id(),
            f.band,
            f.score,
            f.title,
            f.asset.place(),
            f.decided()
        ));
    }
    if list.findings.len() < list.total {
        out.push_str(&format!("{} of {} shown; --limit shows more\n", list.findings.len(), list.total));
    }
    out
}
