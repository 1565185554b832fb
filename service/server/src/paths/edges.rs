//! Every step by itself, for tools that draw or compare graphs. Inner spots are not shown: a step that leads over them is
//! listed once for each place it comes to.

use std::collections::BTreeSet;

use assay_core::paths::{AttackGraph, StepKind};
use serde::Serialize;

use super::names::Names;
use crate::snapshot::Snapshot;

/// The most steps that one answer lists.
pub(crate) const EDGES_MAX: usize = 200_000;

/// One step on the wire.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct EdgeWire {
    pub(crate) from: String,
    pub(crate) by: &'static str,
    pub(crate) to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) doubt: Option<&'static str>,
}

/// The steps, in order, and whether that is all of them.
pub(crate) fn edges(snapshot: &Snapshot) -> (Vec<EdgeWire>, bool) {
    let graph = AttackGraph::of(&snapshot.world);
    let names = Names { graph: &graph, world: &snapshot.world, closed: BTreeSet::new() };
    let mut found = Vec::new();
    for (at, spot) in (0u32..).zip(&graph.spots).filter(|(_, spot)| !spot.is_inner()) {
        let mut stack: Vec<(u32, StepKind, Option<&'static str>)> = vec![(at, StepKind::Within, None)];
        while let Some((here, by, doubt)) = stack.pop() {
            for (_, step) in graph.out(here) {
                if found.len() >= EDGES_MAX {
                    return (found, false);
                }
                let by = if step.kind == StepKind::Within { by } else { step.kind };
                let doubt = step.doubt.map(|d| d.as_str()).or(doubt);
                let to = graph.spot(step.to);
                if to.is_inner() {
                    stack.push((step.to, by, doubt));
                } else {
                    found.push(EdgeWire { from: names.spot(*spot), by: by.as_str(), to: names.spot(to), doubt });
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    (found, true)
}
