//! Orders to keep evidence. Comes in: a snapshot and a node whose agent has just posted. Goes out: the containers of that
//! node of which evidence is wanted, because an open finding on them asks for forensics and nobody has decided it.

use assay_core::asset::KindClass;
use assay_core::ids::Time;
use assay_core::keep::orders;
use assay_core::order::{Ranked, Row};
use assay_core::text::Opaque;
use assay_core::world::AssetIdx;

use crate::snapshot::Snapshot;
use crate::today::counts;

/// The containers of a node to keep evidence of, as its runtime numbers them.
pub(crate) fn wanted(snapshot: &Snapshot, node: &Opaque) -> Vec<String> {
    let forensic = |ranked: &Ranked<'_>| snapshot.policy.band(ranked.band).forensic;
    let last = snapshot.policy.bands.iter().rposition(|band| band.forensic);
    let Some(last) = last else { return Vec::new() };
    // The list is in the order of bands: what stands behind the last of these asks for nothing.
    let urgent = snapshot.table.list(&snapshot.policy, counts).take_while(|r| usize::from(r.band) <= last);
    let urgent = urgent.filter(forensic).filter_map(|ranked| workload(snapshot, ranked.row));
    orders(&snapshot.world, urgent, node).iter().map(|instance| instance.reveal().to_owned()).collect()
}

/// The workload that a row sits on, and since when its deadline runs.
fn workload(snapshot: &Snapshot, row: &Row) -> Option<(AssetIdx, Time)> {
    let asset = snapshot.world.assets.get(row.asset as usize)?;
    let runs = asset.key.kind.class() == KindClass::Workload;
    runs.then(|| (AssetIdx(row.asset), Time::from_secs(i64::from(row.clock))))
}
