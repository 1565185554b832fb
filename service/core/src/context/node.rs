//! Whether the Internet gets to a node: by its own addresses. A benchmark speaks of a group of nodes and names none of
//! them, so of a group only that is said which is so of every node of the cluster.

use super::situation::exposed;
use super::{Known, UnknownBecause};
use crate::assess::Exposed;
use crate::graph::{self, Exposure};
use crate::ids::EvidenceId;
use crate::observation::{Link, Reach, SettledBy};
use crate::world::{AssetIdx, EdgeSeen, World};

/// The ways to a node or a group of nodes, and what they come to.
pub(super) fn exposure(world: &World, asset: AssetIdx) -> (Exposure, Known<Exposed>) {
    if world.asset(asset).key.kind.as_str() == "Node" {
        return alone(world, asset);
    }
    let cluster = &world.asset(asset).key.cluster;
    let is_node = |a: &AssetIdx| {
        let key = &world.asset(*a).key;
        key.kind.as_str() == "Node" && key.cluster == *cluster
    };
    let mut known: Vec<(Exposure, Known<Exposed>)> = Vec::new();
    for node in (0..world.assets.len() as u32).map(AssetIdx).filter(is_node) {
        let (ways, value) = alone(world, node);
        if let Known::Unknown(because, _) = value {
            return unknown(because, SettledBy::Nodes);
        }
        known.push((ways, value));
    }
    let public = known.iter().filter(|(_, value)| value.value() != Some(Exposed::Internal)).count();
    match public {
        _ if known.is_empty() => unknown(UnknownBecause::NodesNotInView, SettledBy::Nodes),
        0 => internal(world, known),
        all if all == known.len() => known.swap_remove(0),
        _ => unknown(UnknownBecause::NodesDiffer, SettledBy::NodeNames),
    }
}

/// One node. A scan that shows it says who gets to its addresses, all of which stand in it.
fn alone(world: &World, node: AssetIdx) -> (Exposure, Known<Exposed>) {
    let entered = |e: &&EdgeSeen| matches!(e.link, Link::Enters { .. });
    let closed =
        |e: &EdgeSeen| matches!(e.link, Link::Enters { reach: Reach::Internal, .. }) && e.may_lower(world.as_of);
    let ways = match graph::exposure(world, node) {
        ways @ Exposure::Exposed { .. } => ways,
        _ if world.into(node).any(|e| entered(&e)) && world.into(node).filter(entered).all(closed) => {
            let edges = || world.into(node).filter(entered);
            let as_of = edges().map(|e| e.until).min().unwrap_or(world.as_of);
            let evidence = edges().map(|e| EvidenceId::Edge(e.id)).collect();
            Exposure::Internal { evidence, as_of, not_running: false }
        }
        _ => return unknown(UnknownBecause::NodesNotInView, SettledBy::Nodes),
    };
    let value = exposed(world, &ways);
    (ways, value)
}

/// No node has an address that the Internet reaches.
fn internal(world: &World, nodes: Vec<(Exposure, Known<Exposed>)>) -> (Exposure, Known<Exposed>) {
    let (mut all, mut oldest) = (Vec::new(), world.as_of);
    for (ways, _) in nodes {
        let Exposure::Internal { evidence, as_of, .. } = ways else { continue };
        all.extend(evidence);
        oldest = oldest.min(as_of);
    }
    all.sort();
    all.dedup();
    let ways = Exposure::Internal { evidence: all, as_of: oldest, not_running: false };
    let value = exposed(world, &ways);
    (ways, value)
}

fn unknown(because: UnknownBecause, settled_by: SettledBy) -> (Exposure, Known<Exposed>) {
    (Exposure::Unknown { settled_by, paths: Vec::new() }, Known::Unknown(because, Some(settled_by)))
}
