//! Whether something was attacked in the last seven days. What happened to a workload counts for the identities that it
//! runs as, for its namespace and for the cluster. The other way round nothing is known: an identity that was misused may
//! have been taken from a workload that runs as it, or not, so such a workload is not called quiet.

use super::granted::stage_here;
use super::watch::watch;
use super::{FOOTHOLD_AGE_MAX, Known, Origin, Proof, UnknownBecause};
use crate::assess::Attacked;
use crate::asset::KindClass;
use crate::graph;
use crate::observation::{AttackStage, Eye, SettledBy, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, FactSeen, World};

/// The most watch windows that "none seen" cites; it rests on all of them.
const EVIDENCE_MAX: usize = 100;

/// The worst that was recorded on an asset or on the workloads that stand for it, or that nothing was and all were watched.
pub(super) fn attacked(world: &World, asset: AssetIdx) -> Known<Attacked> {
    let workloads = graph::exposed_by(world, asset);
    let itself = (!workloads.contains(&asset)).then_some(asset);
    let places = workloads.iter().copied().chain(itself);
    let facts = places.flat_map(|place| world.facts(place).map(move |f| (place, f)));
    let recorded = facts.filter_map(|(place, f)| recent(world, place, f).map(|stage| (stage, f)));
    let worst = recorded.max_by_key(|(stage, f)| (*stage, f.until, std::cmp::Reverse(f.id)));
    match worst {
        Some((stage, fact)) => Known::Is(Attacked::of(stage), Proof::by(Origin::Sensor, fact.evidence(), fact.until)),
        None => quiet(world, asset, &workloads),
    }
}

/// The workload whose foothold makes something that is none itself urgent: the first of those that stand for it. None where
/// it is a workload, or has a foothold of its own.
pub fn foothold_below(world: &World, asset: AssetIdx) -> Option<AssetIdx> {
    let fell = |place: AssetIdx| world.facts(place).any(|f| recent(world, place, f) == Some(AttackStage::Foothold));
    let mut below = graph::exposed_by(world, asset).into_iter().filter(|w| *w != asset && fell(*w));
    if fell(asset) { None } else { below.next() }
}

fn recent(world: &World, about: AssetIdx, fact: &FactSeen) -> Option<AttackStage> {
    match &fact.what {
        What::Attacked { stage, signal } if fact.until.until(world.as_of) <= FOOTHOLD_AGE_MAX => {
            Some(stage_here(world, about, &fact.container, &signal.0, *stage).0)
        }
        _ => None,
    }
}

/// Nothing was recorded: whether that says anything. It does when all workloads are known and each was watched whole.
fn quiet(world: &World, asset: AssetIdx, workloads: &[AssetIdx]) -> Known<Attacked> {
    let by_scan = Some(SettledBy::ClusterScan);
    match world.asset(asset).key.kind.class() {
        KindClass::Workload => {}
        // Nodes and identities of people run no containers of their own.
        KindClass::Node => return Known::Unknown(UnknownBecause::NoContainer, None),
        KindClass::Identity if world.scanned(asset).is_none() => {
            return Known::Unknown(UnknownBecause::NoWorkload, by_scan);
        }
        KindClass::Namespace | KindClass::Cluster if world.scanned(asset).is_none() => {
            return Known::Unknown(UnknownBecause::NoScan, by_scan);
        }
        KindClass::Identity | KindClass::Namespace | KindClass::Cluster if workloads.is_empty() => {
            return Known::Unknown(UnknownBecause::NoContainer, None);
        }
        KindClass::Identity | KindClass::Namespace | KindClass::Cluster => {}
        _ => return Known::Unknown(UnknownBecause::NoWorkload, None),
    }
    let whole = Opaque::readmit("");
    let (mut evidence, mut as_of) = (Vec::new(), world.as_of);
    let mut unseen: Option<(UnknownBecause, Option<SettledBy>)> = None;
    for workload in workloads {
        let watch = watch(world, *workload, &whole, Eye::SensorSignals);
        let why = watch.why_not().map(|(because, by)| (because, Some(by)));
        match if misused(world, *workload) { Some((UnknownBecause::IdentityAttacked, None)) } else { why } {
            // Of several reasons the same one is told, whatever the order of rows.
            Some(why) => unseen = Some(unseen.map_or(why, |known| known.min(why))),
            None => {
                evidence.extend(watch.evidence.into_iter().take(EVIDENCE_MAX - evidence.len().min(EVIDENCE_MAX)));
                as_of = as_of.min(watch.until);
            }
        }
    }
    match unseen {
        Some((because, by)) => Known::Unknown(because, by),
        None => Known::Is(Attacked::NoneSeen, Proof { origin: Origin::Sensor, evidence, as_of }),
    }
}

/// True when an attack was recorded on an identity that a workload is said to run as, whoever says so.
fn misused(world: &World, workload: AssetIdx) -> bool {
    world.identities(workload).any(|e| world.facts(e.to).any(|f| recent(world, e.to, f).is_some()))
}
