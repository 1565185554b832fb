//! Which findings a query means. Comes in: its filters. Goes out: for each row of the rank table yes, no, or unknown with
//! the question that is. What is unknown is never counted as yes or no: it is counted on its own.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use assay_core::assess::{Answer, Attacked, Exposed, Inputs, MISSING};
use assay_core::ids::Time;
use assay_core::observation::Capability;
use assay_core::order::{Ranked, Row};
use assay_core::query::{FilterName, Filters, Impact, PresenceIs, Query, Tri};
use assay_core::text::Opaque;
use assay_store::{Picked, Store};

use super::scope::{assets, repository, together};
use super::{concluded, moved};
use crate::snapshot::Snapshot;

/// What a row comes to under one filter.
enum Verdict {
    Yes,
    No,
    Unknown,
}

/// Filters of one polarity, resolved to rows.
struct Tests {
    filters: Filters,
    assets: Option<HashSet<u32>>,
    packages: Option<HashSet<u32>>,
    vulns: Option<HashSet<u32>>,
    controls: Option<HashSet<u32>>,
    ids: Option<HashSet<i64>>,
    bands: Option<Vec<u8>>,
}

/// The filters of a query, resolved.
pub(super) struct Sieve<'a> {
    snapshot: &'a Snapshot,
    holds: Tests,
    not: Option<Tests>,
}

/// The findings that a query means, in order.
pub(super) struct Gathered<'a> {
    pub(super) rows: Vec<Ranked<'a>>,
    /// How many there are where only names and presence are asked for.
    pub(super) base: u64,
    /// How many would match if an unknown were settled, by the questions that are.
    pub(super) unknown: BTreeMap<Vec<FilterName>, u64>,
}

impl<'a> Sieve<'a> {
    /// Resolves the filters of a query.
    pub(super) fn new(store: &Store, snapshot: &'a Snapshot, query: &Query) -> Result<Self> {
        let not = query.filters.not.as_deref().map(|f| Tests::new(store, snapshot, f, false)).transpose()?;
        Ok(Self { snapshot, holds: Tests::new(store, snapshot, &query.filters, true)?, not })
    }

    /// The findings, in order. `also` narrows them further, as today does by decisions.
    pub(super) fn gather(&self, also: impl Fn(&Row) -> bool) -> Gathered<'a> {
        let policy = &self.snapshot.policy;
        let mut out = Gathered { rows: Vec::new(), base: 0, unknown: BTreeMap::new() };
        let named = |row: &Row| self.is_present(row) && self.holds.names(row) && also(row);
        for ranked in self.snapshot.table.list(policy, |_| true).filter(|r| named(r.row)) {
            if self.not.as_ref().is_some_and(|not| not.any_name(ranked.row)) {
                continue;
            }
            out.base += 1;
            match self.judge(&ranked) {
                None => {}
                Some(unknown) if unknown.is_empty() => out.rows.push(ranked),
                Some(unknown) => *out.unknown.entry(unknown).or_default() += 1,
            }
        }
        // Rank is told among what is listed.
        let mut last: Option<(u32, u32)> = None;
        for (at, ranked) in out.rows.iter_mut().enumerate() {
            let rank = match last {
                Some((before, rank)) if before == ranked.rank => rank,
                _ => at as u32 + 1,
            };
            last = Some((ranked.rank, rank));
            ranked.rank = rank;
        }
        out
    }

    /// True for a row that the names, the values and the presence let through, whatever is unknown.
    pub(super) fn lets_through(&self, ranked: &Ranked<'_>) -> bool {
        let out = self.not.as_ref().is_some_and(|not| not.any_name(ranked.row));
        self.holds.names(ranked.row) && !out && self.judge(ranked).is_some_and(|unknown| unknown.is_empty())
    }

    fn is_present(&self, row: &Row) -> bool {
        let asked = &self.holds.filters.presence;
        if asked.is_empty() {
            return row.is_open();
        }
        asked.iter().any(|p| match p {
            PresenceIs::Open => row.is_open() && !row.is_stale(),
            PresenceIs::Stale => row.is_open() && row.is_stale(),
            PresenceIs::Resolved => !row.is_open() && !row.is_superseded(),
        })
    }

    /// None when a filter says no; else the filters that cannot say.
    fn judge(&self, ranked: &Ranked<'_>) -> Option<Vec<FilterName>> {
        let inputs = self.snapshot.table.inputs(ranked.row);
        let mut unknown = Vec::new();
        for (name, verdict) in self.holds.values(ranked, &inputs, self.snapshot) {
            match verdict {
                Verdict::Yes => {}
                Verdict::No => return None,
                Verdict::Unknown => unknown.push(name),
            }
        }
        if let Some(not) = &self.not {
            for (name, verdict) in not.values(ranked, &inputs, self.snapshot) {
                match verdict {
                    Verdict::Yes => return None,
                    Verdict::No => {}
                    Verdict::Unknown => unknown.push(name),
                }
            }
        }
        Some(unknown)
    }
}

impl Tests {
    fn new(store: &Store, snapshot: &Snapshot, filters: &Filters, positive: bool) -> Result<Self> {
        let names = &snapshot.names;
        let some = |list: &[Opaque]| !list.is_empty();
        let packages = some(&filters.package).then(|| {
            let hit = |key: &assay_core::asset::PackageKey| {
                filters.package.iter().any(|n| *n == *key.counted_name() || *n == key.name)
            };
            names.packages.iter().filter(|(_, key)| hit(key)).map(|(id, _)| *id as u32).collect()
        });
        let controls = some(&filters.control).then(|| {
            // Who asks for a right asks for its sorts too: who lists secrets reads them.
            let general = |n: &Opaque| n.reveal().parse().ok().and_then(Capability::sort_of);
            let asked = |n: &Opaque| {
                let sort = general(n).is_some_and(|g| filters.control.iter().any(|c| c.reveal() == g.as_str()));
                filters.control.contains(n) || sort
            };
            names.controls.iter().filter(|(_, n)| asked(n)).map(|(id, _)| *id as u32).collect()
        });
        let vulns = (!filters.cve.is_empty())
            .then(|| filters.cve.iter().filter_map(|id| snapshot.world.vuln(id)).map(|v| v.0).collect());
        let bands = some(&filters.band).then(|| {
            let order = |name: &Opaque| snapshot.policy.bands.iter().position(|b| b.name == name.reveal());
            filters.band.iter().filter_map(order).map(|i| i as u8).collect()
        });
        Ok(Self {
            assets: assets(&snapshot.world, filters, positive),
            packages,
            vulns,
            controls,
            ids: ids(store, snapshot, filters, positive)?,
            bands,
            filters: filters.clone(),
        })
    }

    /// Whether the names that are asked for are those of the row.
    fn names(&self, row: &Row) -> bool {
        let set = |set: &Option<HashSet<u32>>, value: u32| set.as_ref().is_none_or(|s| s.contains(&value));
        set(&self.assets, row.asset)
            && set(&self.packages, row.package)
            && set(&self.vulns, row.vuln)
            && set(&self.controls, row.control)
    }

    /// Whether one of the names is one of the row: what is left out by any of them is left out.
    fn any_name(&self, row: &Row) -> bool {
        let set = |set: &Option<HashSet<u32>>, value: u32| set.as_ref().is_some_and(|s| s.contains(&value));
        set(&self.assets, row.asset)
            || set(&self.packages, row.package)
            || set(&self.vulns, row.vuln)
            || set(&self.controls, row.control)
    }

    /// Every filter of values that is set, with what it says of the row.
    fn values(&self, ranked: &Ranked<'_>, inputs: &Inputs, snapshot: &Snapshot) -> Vec<(FilterName, Verdict)> {
        use FilterName as N;
        let f = &self.filters;
        let row = ranked.row;
        let as_of = snapshot.world.as_of;
        let mut out: Vec<(FilterName, Verdict)> = Vec::new();
        let mut plain = |name: N, set: bool, holds: bool| {
            if set {
                out.push((name, if holds { Verdict::Yes } else { Verdict::No }));
            }
        };
        plain(N::Severity, self.ids.is_some(), self.ids.as_ref().is_some_and(|s| s.contains(&i64::from(row.id))));
        plain(N::Class, !f.class.is_empty(), f.class.contains(&row.class));
        plain(N::Band, self.bands.is_some(), self.bands.as_ref().is_some_and(|b| b.contains(&ranked.band)));
        let due = row.due(&snapshot.policy, ranked.band);
        plain(N::Overdue, f.overdue.is_some(), f.overdue == Some(tri(due.is_some_and(|d| d <= as_of))));
        plain(N::DueBefore, f.due_before.is_some(), before(due, f.due_before.map(|w| w.at(as_of))));
        plain(N::DueAfter, f.due_after.is_some(), f.due_after.is_some_and(|w| due.is_some_and(|d| d >= w.at(as_of))));
        plain(N::Decision, f.decision.is_some(), f.decision == Some(tri(row.is_decided())));
        plain(N::Stale, f.stale.is_some(), f.stale == Some(tri(row.is_stale())));
        let asked = [
            (N::Exposed, f.exposed, inputs.exposure.publicly()),
            (N::Traffic, f.traffic, traffic(inputs.exposure)),
            (N::InUse, f.in_use, inputs.in_use),
            (N::Kev, f.kev, inputs.in_kev),
            (N::Automatable, f.automatable, inputs.automatable),
            (N::Conditions, f.conditions, inputs.conditions),
            (N::Fix, f.fix, inputs.fix),
            (N::Impact, f.impact.map(impact), inputs.total_impact),
        ];
        out.extend(asked.into_iter().filter_map(|(name, want, is)| want.map(|w| (name, answered(w, is)))));
        if !f.environment.is_empty() {
            let verdict = inputs.environment.map_or(Verdict::Unknown, |e| yes(f.environment.contains(&e)));
            out.push((N::Environment, verdict));
        }
        if !f.attacked.is_empty() {
            let verdict = match inputs.attacked {
                Attacked::Unknown if !f.attacked.contains(&Attacked::Unknown) => Verdict::Unknown,
                is => yes(f.attacked.contains(&is)),
            };
            out.push((N::Attacked, verdict));
        }
        let least = |min: u8, is: u8| if is == MISSING { Verdict::Unknown } else { yes(is >= min) };
        out.extend(f.cvss_min.map(|min| (N::CvssMin, least(min.0, inputs.cvss))));
        out.extend(f.epss_min.map(|min| (N::EpssMin, least(min.0, inputs.epss))));
        out
    }
}

fn yes(holds: bool) -> Verdict {
    if holds { Verdict::Yes } else { Verdict::No }
}

fn tri(holds: bool) -> Tri {
    if holds { Tri::Yes } else { Tri::No }
}

fn before(due: Option<Time>, limit: Option<Time>) -> bool {
    due.zip(limit).is_some_and(|(due, limit)| due < limit)
}

fn impact(asked: Impact) -> Tri {
    match asked {
        Impact::Total => Tri::Yes,
        Impact::Partial => Tri::No,
        Impact::Unknown => Tri::Unknown,
    }
}

/// A path without traffic on it is one without; what nobody knows stays unknown.
fn traffic(exposure: Exposed) -> Answer {
    match exposure {
        Exposed::WithTraffic => Answer::Yes,
        Exposed::ByPath | Exposed::Internal => Answer::No,
        Exposed::Unknown => Answer::Unknown,
    }
}

fn answered(want: Tri, is: Answer) -> Verdict {
    match (want, is) {
        // The class has no such question.
        (_, Answer::NotApplicable) => Verdict::No,
        (Tri::Unknown, Answer::Unknown) => Verdict::Yes,
        (Tri::Unknown, _) => Verdict::No,
        (_, Answer::Unknown) => Verdict::Unknown,
        (Tri::Yes, Answer::Yes) | (Tri::No, Answer::No) => Verdict::Yes,
        (Tri::Yes, Answer::No) | (Tri::No, Answer::Yes) => Verdict::No,
    }
}

/// The findings that columns of the records pick.
fn ids(store: &Store, snapshot: &Snapshot, filters: &Filters, positive: bool) -> Result<Option<HashSet<i64>>> {
    let as_of = snapshot.world.as_of;
    let texts = |list: &[Opaque]| list.iter().map(|o| o.reveal().to_owned()).collect::<Vec<_>>();
    let picked = Picked {
        severities: filters.severity.clone(),
        tools: texts(&filters.source),
        versions: texts(&filters.version),
        containers: texts(&filters.container),
        repositories: filters.image.iter().map(|i| repository(&snapshot.world, i)).collect(),
        first_seen_since: filters.first_seen_since.map(|w| w.at(as_of)),
        first_seen_before: filters.first_seen_before.map(|w| w.at(as_of)),
        last_seen_before: filters.last_seen_before.map(|w| w.at(as_of)),
    };
    let mut sets: Vec<HashSet<i64>> = Vec::new();
    if !picked.is_empty() {
        sets.push(store.picked(&picked)?);
    }
    let moves = !filters.change.is_empty() || filters.since.is_some() || filters.until.is_some();
    if moves {
        sets.push(moved::changes(store, snapshot, filters)?.into_iter().filter_map(|c| c.finding).collect());
    }
    let decided = !filters.decision_status.is_empty()
        || filters.by.is_some()
        || filters.expired.is_some()
        || filters.expires_before.is_some();
    if decided {
        let matching = store.concluded()?.into_iter().filter(|c| concluded::matches(c, filters, as_of));
        sets.push(matching.map(|c| c.finding).collect());
    }
    Ok(together(sets, positive))
}
