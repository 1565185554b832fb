//! What a change moves: the same findings in a world without what the change takes away. Nothing is stored.

use std::collections::HashMap;

use anyhow::Result;
use assay_core::observation::Link;
use assay_core::order::{RankTable, Ranking};
use assay_core::paths::Remedy;
use assay_core::policy::Policy;
use assay_core::world::{EdgeSeen, World};
use assay_store::Store;
use serde::Serialize;

use super::names::Names;
use crate::snapshot::Snapshot;

/// Findings that move from one band to another.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct MovedWire {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) findings: usize,
}

/// What moves, the most urgent band first; none where the change takes away what only ways rest on.
pub(super) fn moves(
    store: &Store,
    snapshot: &Snapshot,
    names: &Names<'_>,
    remedy: Remedy,
) -> Result<Option<Vec<MovedWire>>> {
    let Some(world) = without(names, remedy) else { return Ok(None) };
    let gain =
        |class, name: &assay_core::text::Opaque| snapshot.controls.gain_of(class, name.reveal()).map(|(gain, ..)| gain);
    let mut ranking = Ranking::new(&world, &snapshot.names, gain);
    store.each_row(world.as_of, |row| ranking.add(row))?;
    let (before, after) =
        (bands(&snapshot.table, &snapshot.policy), bands(&ranking.finish(&snapshot.policy), &snapshot.policy));
    let mut moved: HashMap<(u8, u8), usize> = HashMap::new();
    for (id, was) in before {
        if let Some(is) = after.get(&id).filter(|is| **is != was) {
            *moved.entry((was, *is)).or_default() += 1;
        }
    }
    let mut moved: Vec<_> = moved.into_iter().collect();
    moved.sort_unstable();
    let name = |band: u8| snapshot.policy.band(band).name.clone();
    Ok(Some(
        moved.into_iter().map(|((from, to), n)| MovedWire { from: name(from), to: name(to), findings: n }).collect(),
    ))
}

fn bands(table: &RankTable, policy: &Policy) -> HashMap<u32, u8> {
    table.list(policy, |row| row.is_open() && !row.is_decided()).map(|ranked| (ranked.row.id, ranked.band)).collect()
}

fn without(names: &Names<'_>, remedy: Remedy) -> Option<World> {
    let world = names.world;
    let gone: Box<dyn Fn(&EdgeSeen) -> bool> = match remedy {
        Remedy::CloseEntry(workload) => {
            Box::new(move |e| e.to == workload && matches!(e.link, Link::Routes { .. } | Link::Enters { .. }))
        }
        Remedy::UnmountToken(workload) => {
            Box::new(move |e| e.from == workload && matches!(e.link, Link::RunsAs { .. }))
        }
        Remedy::RemoveBinding(at) => {
            let granted = &names.graph.granted[at as usize];
            let scope = &names.graph.scopes[granted.scope.0 as usize];
            Box::new(move |e| {
                let Link::Holds { binding, cluster_wide, .. } = &e.link else { return false };
                let to = &world.asset(e.to).key;
                *binding == granted.binding
                    && to.cluster == scope.cluster
                    && scope.namespace.as_ref().map_or(*cluster_wide, |n| !cluster_wide && to.name == *n)
            })
        }
        Remedy::EnforceBaseline(_)
        | Remedy::DropSetting(..)
        | Remedy::UnmountFolders(_)
        | Remedy::RefuseAnonymous(_)
        | Remedy::WithdrawSecret(..) => return None,
    };
    Some(world.without(&*gone))
}
