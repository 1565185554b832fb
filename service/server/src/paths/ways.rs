//! Ways in from the Internet: through which entry and port a workload is reached. Comes in: a snapshot. Goes out: one entry
//! a way, those to the most urgent findings first.

use assay_core::assess::Exposed;
use assay_core::context::Situation;
use serde::Serialize;

use super::Urgent;
use crate::inventory::{PathWire, exposure};
use crate::snapshot::Snapshot;
use crate::wire::full_name;

/// One way in on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct WayWire {
    pub(crate) workload: String,
    pub(crate) exposure: &'static str,
    #[serde(flatten)]
    pub(crate) path: PathWire,
    pub(crate) open_findings: u64,
    pub(crate) most_urgent: Option<String>,
}

/// How exposed a workload is by one of its ways: traffic on another way does not count for this one.
fn of_way(workload: &'static str, traffic: bool) -> &'static str {
    if !traffic && workload == Exposed::WithTraffic.as_str() { Exposed::ByPath.as_str() } else { workload }
}

/// Every way in from the Internet, certain or not.
pub(super) fn ways(snapshot: &Snapshot, urgent: &Urgent) -> Vec<WayWire> {
    let world = &snapshot.world;
    let mut ways: Vec<(u8, WayWire)> = Vec::new();
    for workload in world.workloads() {
        let situation = Situation::of(world, Some(workload));
        let shown = exposure(world, &situation.exposure, &situation.ways);
        for one in shown.paths {
            let way = WayWire {
                workload: full_name(&world.asset(workload).key),
                exposure: of_way(shown.value, one.traffic.is_some()),
                path: one,
                open_findings: urgent.open(workload),
                most_urgent: urgent.band(snapshot, workload),
            };
            ways.push((urgent.rank(workload), way));
        }
    }
    ways.sort_by(|(a, x), (b, y)| {
        (a, x.path.traffic.is_none(), &x.workload, x.path.outside_port).cmp(&(
            b,
            y.path.traffic.is_none(),
            &y.workload,
            y.path.outside_port,
        ))
    });
    ways.into_iter().map(|(_, way)| way).collect()
}
