//! Whether something was attacked in the last seven days. Signals are about containers: what happened to a workload counts
//! for the identities that it runs as, for its namespace and for the cluster, and never the other way round.

use super::watch::watch;
use super::{FOOTHOLD_AGE_MAX, Known, Origin, Proof, UnknownBecause};
use crate::assess::Attacked;
use crate::asset::KindClass;
use crate::graph;
use crate::observation::{Eye, SettledBy, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, World};

/// The most watch windows that "none seen" cites; it rests on all of them.
const EVIDENCE_MAX: usize = 100;

/// The worst that was recorded on an asset or on the workloads that stand for it, or that nothing was and all were watched.
pub(super) fn attacked(world: &World, asset: AssetIdx) -> Known<Attacked> {
    let workloads = graph::exposed_by(world, asset);
    let itself = (!workloads.contains(&asset)).then_some(asset);
    let facts = workloads.iter().copied().chain(itself).flat_map(|place| world.facts(place));
    let worst = facts
        .filter(|f| f.until.until(world.as_of) <= FOOTHOLD_AGE_MAX)
        .filter_map(|f| match f.what {
            What::Attacked { stage, .. } => Some((stage, f)),
            _ => None,
        })
        .max_by_key(|(stage, f)| (*stage, f.until, std::cmp::Reverse(f.id)));
    match worst {
        Some((stage, fact)) => Known::Is(Attacked::of(stage), Proof::by(Origin::Sensor, fact.evidence(), fact.until)),
        None => quiet(world, asset, &workloads),
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
    let mut unseen: Option<(UnknownBecause, SettledBy)> = None;
    for workload in workloads {
        let watch = watch(world, *workload, &whole, Eye::SensorSignals);
        match watch.why_not() {
            // Of several reasons the same one is told, whatever the order of rows.
            Some(why) => unseen = Some(unseen.map_or(why, |known| known.min(why))),
            None => {
                evidence.extend(watch.evidence.into_iter().take(EVIDENCE_MAX - evidence.len().min(EVIDENCE_MAX)));
                as_of = as_of.min(watch.until);
            }
        }
    }
    match unseen {
        Some((because, by)) => Known::Unknown(because, Some(by)),
        None => Known::Is(Attacked::NoneSeen, Proof { origin: Origin::Sensor, evidence, as_of }),
    }
}
