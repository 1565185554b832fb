//! Whether a package is in use, and whether anybody watched well enough to say that it is not.

use std::collections::BTreeMap;

use super::{Known, Origin, Proof, UnknownBecause};
use crate::asset::PackageKey;
use crate::ids::{EvidenceId, Span, Time};
use crate::observation::{Eye, SettledBy, UseLevel, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, CoverageSeen, FactSeen, World};

/// How well a container was watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// Instances wanted, where a scan said so.
    pub replicas: Option<u32>,
    /// Instances watched now.
    pub watched: u32,
    /// Starts seen.
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
    span_min: Span,
    starts_min: u32,
}

impl Watch {
    /// How long all instances have been watched.
    pub fn span(&self) -> Span {
        self.since.until(self.until)
    }

    /// Why a "no" may not rest on it, and what would change that.
    pub fn why_not(&self) -> Option<(UnknownBecause, SettledBy)> {
        if self.whole {
            return None;
        }
        Some(match self {
            w if w.watched == 0 => (UnknownBecause::NoSensor, SettledBy::Sensor),
            w if w.replicas.is_none_or(|n| w.watched < n) => (UnknownBecause::NotAllWatched, SettledBy::Sensor),
            w if w.holes > 0 => (UnknownBecause::WatchedWithHoles, SettledBy::MoreWatching),
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
        span_min: rules.span_min,
        starts_min: rules.starts_min,
    };
    let mut watched: BTreeMap<&Opaque, u32> = BTreeMap::new();
    for seen in latest_windows(world, workload, container, eye) {
        let window = &seen.window;
        watch.starts += u32::from(window.start_seen);
        let count = watched.entry(&seen.container).or_default();
        if window.until.until(at) > rules.silent_after {
            continue;
        }
        *count += 1;
        watch.since = watch.since.max(window.since);
        watch.until = watch.until.min(window.until);
        watch.holes += window.holes.iter().filter(|h| h.until > h.since && h.until > window.since).count() as u32;
        watch.evidence.push(EvidenceId::Coverage(seen.id));
    }
    // Of a workload as a whole, the container that was watched least.
    watch.watched = watched.into_values().min().unwrap_or(0);
    if let Some((_, fact)) = replicas {
        watch.evidence.push(fact.evidence());
    }
    let all = watch.replicas.is_some_and(|n| n > 0 && watch.watched >= n);
    watch.whole = all && watch.holes == 0 && watch.span() >= watch.span_min && watch.starts >= watch.starts_min;
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

/// Whether and how a package is in use.
#[derive(Clone, Debug, PartialEq)]
pub enum Use {
    /// It is.
    Yes {
        /// How far.
        level: UseLevel,
        /// By which executable.
        exe: Opaque,
        /// The port that the same process listens on.
        listens: Option<u16>,
        /// The proof.
        proof: Proof,
    },
    /// Nothing used it while it was watched well.
    No(Watch),
    /// Nobody can tell.
    Unknown(UnknownBecause, SettledBy, Option<Watch>),
}

impl Use {
    /// For a package in a container of an asset.
    pub fn of(world: &World, asset: Option<AssetIdx>, container: &Opaque, package: Option<&PackageKey>) -> Self {
        let (Some(asset), Some(package)) = (asset, package) else {
            return Self::Unknown(UnknownBecause::NotPlaced, SettledBy::ClusterScan, None);
        };
        if world.asset(asset).key.kind.class() != crate::asset::KindClass::Workload {
            return Self::Unknown(UnknownBecause::NotPlaced, SettledBy::ClusterScan, None);
        }
        if let Some((level, exe, listens, fact)) = strongest(world, asset, container, package) {
            let proof = Proof::by(Origin::Sensor, fact.evidence(), fact.until);
            return Self::Yes { level, exe: exe.clone(), listens, proof };
        }
        let watch = watch(world, asset, container, Eye::SensorUse);
        match watch.why_not() {
            None => Self::No(watch),
            Some((why, by)) => Self::Unknown(why, by, (watch.watched > 0).then_some(watch)),
        }
    }

    /// As a factor.
    pub fn known(&self) -> Known<bool> {
        match self {
            Self::Yes { proof, .. } => Known::Is(true, proof.clone()),
            Self::No(watch) => {
                Known::Is(false, Proof { origin: Origin::Sensor, evidence: watch.evidence.clone(), as_of: watch.until })
            }
            Self::Unknown(why, by, _) => Known::Unknown(*why, Some(*by)),
        }
    }
}

/// Whether a package is in use, as a factor.
pub fn in_use(world: &World, asset: Option<AssetIdx>, container: &Opaque, package: Option<&PackageKey>) -> Known<bool> {
    Use::of(world, asset, container, package).known()
}

type Strongest<'w> = (UseLevel, &'w Opaque, Option<u16>, &'w FactSeen);

/// The use that says most: the process that listens first, then the furthest level, then the newest.
fn strongest<'w>(world: &'w World, asset: AssetIdx, container: &Opaque, package: &PackageKey) -> Option<Strongest<'w>> {
    let uses = world.facts(asset).filter(|f| f.container == *container).filter_map(|f| match (&f.what, &f.component) {
        (What::InUse { level, exe, listens }, Some(used)) if same_package(used, package) => {
            Some((*level, exe, *listens, f))
        }
        _ => None,
    });
    uses.max_by_key(|(level, _, listens, f)| (listens.is_some(), *level, f.until, std::cmp::Reverse(f.id)))
}

/// The same package, whatever binary package of it; artifacts are compared where both sides know theirs.
fn same_package(used: &PackageKey, found: &PackageKey) -> bool {
    let artifact = used.artifact.is_empty() || found.artifact.is_empty() || used.artifact == found.artifact;
    used.ecosystem == found.ecosystem
        && used.namespace == found.namespace
        && used.counted_name() == found.counted_name()
        && artifact
}
