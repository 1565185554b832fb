//! What the hints come to: the kind of question, the fields that times belong to, the ends of paths. Comes in: what the
//! words say. Goes out: a query, and whether its kind was said or only assumed.

mod times;

use super::super::filters::{End, Filters, NameKind, Which};
use super::super::lexicon::{Ask, Means, Prep, Setting};
use super::super::{Change, PresenceIs, Query, QueryKind as K, Tri};
use super::build::{Built, Place};
use super::settings::resolved_as_change;
use super::{Item, What, opening};
use crate::ids::Time;
use crate::text::Opaque;
use times::times;

/// The query that the words come to, of the kind that is named where one is; `before` is the one they lean on. True when the
/// words name the kind themselves.
pub(super) fn settle(
    built: &Built,
    items: &[Item],
    before: Option<&Query>,
    as_of: Time,
    named: Option<K>,
) -> (Query, bool) {
    let (kind, explicit) = named.map_or_else(|| kind(built, items, before), |kind| (kind, true));
    let effective = match before {
        Some(before) if !explicit => before.kind,
        _ => kind,
    };
    let mut query = Query::new(kind);
    query.filters = built.filters.clone();
    spots(&mut query.filters, built, effective);
    times(&mut query.filters, built, effective, as_of);
    refine(&mut query.filters, built, effective);
    query.order = built.order.unwrap_or(query.order);
    let single = (built.single && kind == K::Top).then_some(1);
    query.limit = built.limit.or(single).unwrap_or(query.limit);
    query.group_by = built.group_by;
    if kind == K::Why && query.filters.finding.is_none() {
        // "Why is X first" names the finding; "why the first" gives its place.
        let n = built.nth.filter(|n| *n > 1 || built.names == 0).or((built.names == 0).then_some(1));
        query.filters.finding = n.map(|n| Which::Nth { n, of: K::Top });
    }
    (query, explicit)
}

fn kind(built: &Built, items: &[Item], before: Option<&Query>) -> (K, bool) {
    let has_end = |s: &super::build::Spot| !matches!(s.at, Place::Names(..));
    if built.kind(K::ChokePoints) || built.cut && (built.path || built.spots.iter().any(has_end)) {
        return (K::ChokePoints, true);
    }
    let first = built.kinds.first().map(|(kind, _)| *kind);
    if first == Some(K::Why) || built.kind(K::Why) && built.nth.is_some_and(|n| n > 1) {
        return (K::Why, true);
    }
    if built.kind(K::Blind) {
        return (K::Blind, true);
    }
    if is_path(built, items) {
        return (K::Paths, true);
    }
    let f = &built.filters;
    let concluded = built.kind(K::Decisions)
        || built.expires
        || built.named(NameKind::Person)
        || !f.decision_status.is_empty()
        || f.expired.is_some()
        || f.inert.is_some();
    if concluded {
        return (K::Decisions, true);
    }
    if built.affects && (built.named(NameKind::Cve) || built.named(NameKind::Package) || !built.strays.is_empty()) {
        return (K::Affected, true);
    }
    let when_seen = built.last_seen && (built.stretches.is_empty() || built.asks(Ask::When));
    let silent = built.named(NameKind::Source) && !built.noun && f.class.is_empty();
    let sources_only = f.stale.is_some() && (built.cues.contains(&NameKind::Source) || silent)
        || built.asks(Ask::When) && built.named(NameKind::Source);
    // "Which scanners do we have".
    let only_sources = built.asks(Ask::Who) && built.cues.as_slice() == [NameKind::Source];
    let only_sources = only_sources
        && built.kinds.is_empty()
        && built.names == 0
        && f.is_empty()
        && !built.noun
        && built.strays.is_empty();
    if built.kind(K::Coverage) || sources_only || when_seen || only_sources {
        return (K::Coverage, true);
    }
    if runs_it(built, items) {
        return (K::WhoRuns, true);
    }
    if built.kind(K::Count) {
        return (K::Count, true);
    }
    if built.kind(K::Fixes) {
        return (K::Fixes, true);
    }
    let moved = built.kind(K::Changed) || !f.change.is_empty() || built.resolved && !built.stretches.is_empty();
    if moved {
        return (K::Changed, true);
    }
    if built.kind(K::Top) {
        return (K::Top, true);
    }
    if built.kind(K::Due) || f.overdue == Some(Tri::Yes) {
        // "Only the overdue ones" narrows the list before.
        let narrows = before.is_some_and(|b| matches!(b.kind, K::List | K::Count | K::Top)) && !built.kind(K::Due);
        return (K::Due, !narrows);
    }
    if built.asks(Ask::How) && built.weak.contains(&K::Fixes) {
        return (K::Fixes, true);
    }
    let only_place = Filters { environment: Vec::new(), ..f.clone() }.is_empty();
    let bare_cve = built.named(NameKind::Cve)
        && only_place
        && !items.iter().any(|i| i.says_findings)
        && !built.weak.contains(&K::List);
    if bare_cve {
        return (K::Affected, before.is_none());
    }
    if built.group_by.is_some() {
        return (K::Count, true);
    }
    if built.by_number {
        return (K::Why, true);
    }
    if built.nth == Some(1) && before.is_none() && built.order.is_none() {
        return (K::Top, true);
    }
    match built.weak.iter().find(|k| **k != K::List) {
        Some(kind) if !(*kind == K::Top && (built.names > 0 || !f.is_empty())) => (*kind, true),
        _ => (K::List, false),
    }
}

/// Ways from here to there; and which workloads the Internet gets to, which is the same question.
fn is_path(built: &Built, items: &[Item]) -> bool {
    let f = &built.filters;
    let only_places = f.severity.is_empty() && f.class.is_empty() && f.kev.is_none() && f.in_use.is_none();
    let from_to = [Prep::From, Prep::To].iter().all(|p| built.spots.iter().any(|s| s.prep == Some(*p)));
    // "Internet to monitoring?"
    let from_outside = matches!(built.spots.first().map(|s| (&s.at, s.prep)), Some((Place::Internet, None)))
        && built.spots.iter().skip(1).any(|s| s.prep == Some(Prep::To));
    if (built.path || from_to || from_outside) && !built.kind(K::Coverage) {
        return true;
    }
    if f.exposed != Some(Tri::Yes) || !only_places || built.noun || built.affects || built.kind(K::Count) {
        return false;
    }
    let one_place = built.names == 1 && built.named(NameKind::Workload);
    let asks_how = one_place && matches!(opening(items), Some(Ask::Is | Ask::How));
    let asks_which = built.asks(Ask::Who)
        && built.cues.contains(&NameKind::Workload)
        && !built.runs
        && !built.named(NameKind::Package)
        && !built.named(NameKind::Cve);
    asks_how || asks_which
}

/// Whether findings are what is asked about, before any word about workloads: "findings of workloads that run as it".
fn about_findings(items: &[Item]) -> bool {
    let first = items.iter().find_map(|item| match item.what {
        What::Means(Means::Set(Setting::Class(_) | Setting::Severity(_))) => Some(true),
        What::Means(Means::Noun) => Some(item.says_findings),
        What::Means(Means::Cue(_) | Means::Runs | Means::Has) | What::Names(_) => Some(false),
        _ => None,
    });
    first == Some(true)
}

fn runs_it(built: &Built, items: &[Item]) -> bool {
    let verb = built.runs || built.has;
    let object = [NameKind::Package, NameKind::Image, NameKind::ServiceAccount, NameKind::Node, NameKind::Version]
        .into_iter()
        .any(|kind| built.named(kind));
    let unknown = built.runs && built.strays.iter().any(|s| s.is_name);
    let workloads_with = object && built.cues.contains(&NameKind::Workload) && !built.named(NameKind::Workload);
    let f = &built.filters;
    let asked = built.asks(Ask::Who)
        || built.asks(Ask::Where)
        || built.asks(Ask::Other)
        || built.asks(Ask::Is)
        || built.noun
        || built.weak.contains(&K::List)
        || built.kind(K::Count) && built.cues.contains(&NameKind::Workload);
    // "Who openssl" and nothing else.
    let only_who = (built.asks(Ask::Who) || built.asks(Ask::Where))
        && f.is_empty()
        && !built.noun
        && built.weak.is_empty()
        && built.cues.is_empty();
    let only_who = only_who && (built.named(NameKind::Package) || built.named(NameKind::Image)) && !built.affects;
    if about_findings(items) && !built.kind(K::Count) {
        return false;
    }
    (verb && asked || workloads_with || only_who)
        && (object || unknown)
        && built.kinds.iter().all(|(k, _)| *k == K::Count)
        && f.severity.is_empty()
        && f.class.is_empty()
        && (!built.kind(K::Count) || built.cues.contains(&NameKind::Workload))
}

/// Puts names into the filters of their kind, or at the ends of paths.
fn spots(filters: &mut Filters, built: &Built, kind: K) {
    let ends = matches!(kind, K::Paths | K::ChokePoints);
    if ends && filters.exposed == Some(Tri::Yes) {
        filters.exposed = None;
        filters.from = Some(End::Internet);
    }
    // "Can ci-runner get to a node": what stands before the way is where it begins.
    let two = built.spots.iter().filter(|s| is_an_end(s)).count() > 1;
    let begins =
        built.spots.first().filter(|s| two && matches!(s.prep, None | Some(Prep::In)) && is_an_end(s)).is_some()
            && built.spots.iter().skip(1).any(|s| matches!(s.prep, None | Some(Prep::To)) && is_an_end(s));
    for (at, spot) in built.spots.iter().enumerate() {
        match (&spot.at, ends && !spot.not) {
            (Place::Names(name, values), true) if begins && at == 0 => {
                filters.from = values.first().map(|v| End::Named(*name, v.clone()));
            }
            (Place::Names(name, values), true) if is_end(*name, spot.prep) => {
                let end = values.first().map(|v| End::Named(*name, v.clone()));
                if spot.prep == Some(Prep::From) { filters.from = end } else { filters.to = end }
            }
            (Place::Names(name, values), _) => named(filters, *name, values, spot.not),
            (Place::Internet, true) if spot.prep == Some(Prep::To) => filters.to = Some(End::Internet),
            (Place::Internet, true) => filters.from = Some(End::Internet),
            (Place::Internet, false) => filters.exposed = filters.exposed.or(Some(Tri::Yes)),
            (at, true) => {
                let end = fixed_end(at);
                if spot.prep == Some(Prep::From) { filters.from = end } else { filters.to = end }
            }
            (Place::ClusterAdmin, false) => filters.control.push(Opaque::readmit("cluster-admin")),
            (Place::Secrets, false) => filters.class.push(crate::finding::FindingClass::Secret),
            (Place::CloudIdentity | Place::Nodes, false) => {}
        }
    }
}

/// Whether a path could begin or end there.
fn is_an_end(spot: &super::build::Spot) -> bool {
    !matches!(&spot.at, Place::Names(kind, _) if !is_end(*kind, Some(Prep::To)))
}

fn fixed_end(at: &Place) -> Option<End> {
    match at {
        Place::ClusterAdmin => Some(End::ClusterAdmin),
        Place::CloudIdentity => Some(End::CloudIdentity),
        Place::Nodes => Some(End::Node),
        Place::Secrets => Some(End::Secret),
        Place::Internet => Some(End::Internet),
        Place::Names(..) => None,
    }
}

/// A workload, identity or node named in a question about paths is an end of one; a namespace only behind "from" or "to".
fn is_end(kind: NameKind, prep: Option<Prep>) -> bool {
    let directed = matches!(prep, Some(Prep::From | Prep::To));
    match kind {
        NameKind::Workload | NameKind::ServiceAccount | NameKind::Node => true,
        NameKind::Namespace => directed,
        _ => false,
    }
}

fn named(filters: &mut Filters, kind: NameKind, values: &[Opaque], not: bool) {
    if kind == NameKind::Person {
        filters.by = values.first().cloned();
        return;
    }
    let target = if not { filters.not.get_or_insert_default().as_mut() } else { filters };
    if kind == NameKind::Cve {
        for value in values {
            if let Some(id) = value.reveal().parse().ok().filter(|id| !target.cve.contains(id)) {
                target.cve.push(id);
            }
        }
        return;
    }
    let list = match kind {
        NameKind::Namespace => &mut target.namespace,
        NameKind::Workload => &mut target.workload,
        NameKind::Container => &mut target.container,
        NameKind::Image => &mut target.image,
        NameKind::Package => &mut target.package,
        NameKind::Version => &mut target.version,
        NameKind::ServiceAccount => &mut target.service_account,
        NameKind::Node => &mut target.node,
        NameKind::Control => &mut target.control,
        NameKind::Source => &mut target.source,
        NameKind::Band => &mut target.band,
        NameKind::Cve | NameKind::Person => return,
    };
    for value in values {
        if !list.contains(value) {
            list.push(value.clone());
        }
    }
}

/// What is said by the kind already, and what depends on it.
fn refine(filters: &mut Filters, built: &Built, kind: K) {
    if built.resolved && !matches!(kind, K::Fixes | K::Due) {
        if matches!(kind, K::ChokePoints | K::Paths | K::Top) {
            return;
        }
        let in_time = !built.stretches.is_empty() || matches!(kind, K::Changed);
        if in_time && matches!(kind, K::Changed | K::Count) {
            resolved_as_change(filters);
        } else {
            filters.presence = vec![PresenceIs::Resolved];
        }
    }
    let in_use = built.runs && !built.has && !matches!(kind, K::WhoRuns | K::Paths | K::ChokePoints | K::Affected);
    if in_use && filters.in_use.is_none() {
        filters.in_use = Some(if built.unused { Tri::No } else { Tri::Yes });
    }
    if kind == K::Decisions && matches!(filters.change.as_slice(), [Change::Decided] | [Change::New]) {
        filters.change.clear();
    }
    // "Why is this vulnerability low" asks about its rank, not about the severity that a source claims.
    if kind == K::Why && !filters.cve.is_empty() {
        filters.severity.clear();
    }
    // "Could a compromised pod reach it" supposes the attack.
    if matches!(kind, K::Paths | K::ChokePoints) {
        filters.attacked.clear();
    }
    if kind == K::Coverage {
        filters.kev = None;
    }
    if kind == K::Fixes && filters.fix == Some(Tri::Yes) {
        filters.fix = None;
    }
}
