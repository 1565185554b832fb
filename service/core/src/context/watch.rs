//! How well a sensor watched the containers of a workload. Comes in: its watch windows. Goes out: what a "no" may rest on,
//! or why none may: nobody ever looked, the sensor fell silent, what it watched has ended, or it has not seen enough.

use std::collections::{BTreeMap, BTreeSet};

use super::UnknownBecause;
use crate::ids::{EvidenceId, Span, Time};
use crate::observation::{Eye, Hole, SENSOR_FACT_VALID, SettledBy};
use crate::text::Opaque;
use crate::world::{AssetIdx, CoverageSeen, World};

/// How well a container was watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// Instances wanted, where a scan said so.
    pub replicas: Option<u32>,
    /// Instances watched now.
    pub watched: u32,
    /// Starts seen, of instances that are watched now.
    pub starts: u32,
    /// Since when all of them have been watched: the latest beginning.
    pub since: Time,
    /// Until when: the earliest end.
    pub until: Time,
    /// Stretches in which a watched instance was not seen.
    pub holes: u32,
    /// True when a "no" may rest on it.
    pub whole: bool,
    /// The windows.
    pub evidence: Vec<EvidenceId>,
    /// Instances that were watched and are watched no more.
    pub past: Option<Past>,
    span_min: Span,
    starts_min: u32,
}

/// Instances that a sensor watched once and watches no more, for one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// True when the sensor fell silent while it watched them; false when they ended under its eyes.
    pub silent: bool,
    /// How many.
    pub instances: u32,
    /// The node of the one that was watched last.
    pub node: Opaque,
    /// Since when that one was watched, as far back as what was seen is still known.
    pub since: Time,
    /// Until when.
    pub until: Time,
    /// Their windows.
    pub evidence: Vec<EvidenceId>,
}

impl Past {
    /// How long the last one was watched.
    pub fn span(&self) -> Span {
        self.since.until(self.until)
    }

    /// True while what the sensor saw of them is still known.
    pub fn is_known(&self, at: Time) -> bool {
        self.until.until(at) <= SENSOR_FACT_VALID
    }
}

impl Watch {
    /// How long all instances have been watched; no time at all when none was. What was seen longer ago than facts last is
    /// not known any more, and does not count.
    pub fn span(&self) -> Span {
        if self.watched == 0 { Span::ZERO } else { self.since.until(self.until).min(SENSOR_FACT_VALID) }
    }

    /// Why a "no" may not rest on it, and what would change that.
    pub fn why_not(&self) -> Option<(UnknownBecause, SettledBy)> {
        if self.whole {
            return None;
        }
        let silent = self.past.as_ref().map(|past| past.silent);
        let too_few = self.replicas.is_none_or(|n| self.watched < n);
        Some(match silent {
            Some(true) if too_few || self.watched == 0 => (UnknownBecause::SensorSilent, SettledBy::Sensor),
            Some(false) if self.watched == 0 => (UnknownBecause::Ended, SettledBy::MoreWatching),
            _ if self.watched == 0 => (UnknownBecause::NoSensor, SettledBy::Sensor),
            _ if too_few => (UnknownBecause::NotAllWatched, SettledBy::Sensor),
            _ if self.holes > 0 => (UnknownBecause::WatchedWithHoles, SettledBy::MoreWatching),
            _ => (UnknownBecause::NotWatchedEnough, SettledBy::MoreWatching),
        })
    }
}

/// How well an eye watched a container of a workload (an empty name: any container of it) at the world's instant.
pub fn watch(world: &World, workload: AssetIdx, container: &Opaque, eye: Eye) -> Watch {
    let (at, rules) = (world.as_of, world.watching);
    let replicas = world.replicas(workload);
    let mut watch = Watch {
        replicas: replicas.map(|(n, _)| n),
        watched: 0,
        starts: 0,
        since: Time::from_millis(i64::MIN),
        until: at,
        holes: 0,
        whole: false,
        evidence: Vec::new(),
        past: None,
        span_min: rules.span_min,
        starts_min: rules.starts_min,
    };
    let windows = latest_windows(world, workload, container, eye);
    let done = done(world, workload, &windows);
    let mut watched: BTreeMap<&Opaque, u32> = BTreeMap::new();
    let mut before = Vec::new();
    for seen in windows {
        let window = &seen.window;
        if window.until.until(at) > rules.silent_after {
            before.push(seen);
            if !done.contains(&seen.container) {
                watched.entry(&seen.container).or_default();
            }
            continue;
        }
        *watched.entry(&seen.container).or_default() += 1;
        // What an earlier instance read at its start, this one may not: another image, another day.
        watch.starts += u32::from(window.start_seen);
        watch.since = watch.since.max(window.since);
        watch.until = watch.until.min(window.until);
        // What ended when the window began is no part of it; a hole of no length is one all the same.
        let inside = |h: &&Hole| h.until > window.since || h.since >= window.since;
        watch.holes += window.holes.iter().filter(inside).count() as u32;
        watch.evidence.push(EvidenceId::Coverage(seen.id));
    }
    // Of a workload as a whole, the container that was watched least.
    watch.watched = watched.into_values().min().unwrap_or(0);
    watch.past = past(world, workload, &before);
    if let Some((_, fact)) = replicas {
        watch.evidence.push(fact.evidence());
    }
    let all = watch.replicas.is_some_and(|n| n > 0 && watch.watched >= n);
    let span = if watch.watched == 0 { Span::ZERO } else { watch.since.until(watch.until) };
    watch.whole = all && watch.holes == 0 && span >= watch.span_min && watch.starts >= watch.starts_min;
    watch
}

/// One window an instance: the one that lasts longest. What was watched before an agent's restart counts no more.
fn latest_windows<'w>(world: &'w World, workload: AssetIdx, container: &Opaque, eye: Eye) -> Vec<&'w CoverageSeen> {
    let mut latest: Vec<&CoverageSeen> = Vec::new();
    let mine = world.asset(workload).coverage.iter();
    for seen in mine.filter(|c| c.window.eye == eye && (container.is_empty() || c.container == *container)) {
        let same = |c: &&CoverageSeen| c.container == seen.container && c.window.instance == seen.window.instance;
        match latest.iter().position(same) {
            Some(at) if latest[at].window.until < seen.window.until => latest[at] = seen,
            Some(_) => {}
            None => latest.push(seen),
        }
    }
    latest
}

/// Containers that have done their work while others of the workload run on, such as those that prepare it: each of their
/// instances ended under the eyes of a sensor that saw its start and missed nothing.
fn done<'w>(world: &World, workload: AssetIdx, windows: &[&'w CoverageSeen]) -> BTreeSet<&'w Opaque> {
    let runs = |c: &&&CoverageSeen| c.window.until.until(world.as_of) <= world.watching.silent_after;
    if !windows.iter().any(|c| runs(&c)) {
        return BTreeSet::new();
    }
    let ended = |c: &CoverageSeen| {
        !runs(&&c) && !fell_silent(world, workload, c) && c.window.start_seen && c.window.holes.is_empty()
    };
    let names: BTreeSet<&Opaque> = windows.iter().map(|c| &c.container).collect();
    names.into_iter().filter(|name| windows.iter().filter(|c| c.container == **name).all(|c| ended(c))).collect()
}

/// What is known of instances that are watched no more: of those whose sensor fell silent, where there are any, because
/// they may run on unseen; else of those that ended.
fn past(world: &World, workload: AssetIdx, before: &[&CoverageSeen]) -> Option<Past> {
    let silent = before.iter().any(|c| fell_silent(world, workload, c));
    let same: Vec<_> = before.iter().filter(|c| fell_silent(world, workload, c) == silent).collect();
    let last = same.iter().max_by_key(|c| (c.window.until, std::cmp::Reverse(c.id)))?;
    let known = world.as_of - SENSOR_FACT_VALID;
    let recent: Vec<_> = same.iter().filter(|c| c.window.until >= known || c.id == last.id).collect();
    Some(Past {
        silent,
        instances: recent.len() as u32,
        node: last.window.node.clone(),
        since: last.window.since.max(known).min(last.window.until),
        until: last.window.until,
        evidence: recent.iter().map(|c| EvidenceId::Coverage(c.id)).collect(),
    })
}

/// True when a window ends where its sensor fell silent: what it watched may run on. Else the sensor went on and saw the
/// instance no more.
fn fell_silent(world: &World, workload: AssetIdx, seen: &CoverageSeen) -> bool {
    let silent_after = world.watching.silent_after;
    let cluster = &world.asset(workload).key.cluster;
    world
        .sensor_heard(cluster, &seen.window.node)
        .is_none_or(|heard| heard.until(world.as_of) > silent_after && seen.window.until.until(heard) <= silent_after)
}
