//! The surest and shortest ways to a goal, from everywhere at once, and what falls with a workload.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::graph::{AttackGraph, Spot};
use crate::named;

named! {
    /// What attackers want.
    pub enum Goal {
        /// Everything in a cluster.
        ClusterAdmin = "cluster-admin",
        /// A node.
        Node = "node",
        /// The identity that a cloud gives to a node.
        Cloud = "cloud",
        /// Any secret.
        Secret = "secret",
    }
}

impl Goal {
    /// True where this goal is reached.
    pub const fn is(self, spot: Spot) -> bool {
        match self {
            Self::ClusterAdmin => matches!(spot, Spot::ClusterAdmin(_)),
            Self::Node => matches!(spot, Spot::Node(_)),
            Self::Cloud => matches!(spot, Spot::Cloud(_)),
            Self::Secret => matches!(spot, Spot::Secret(_) | Spot::Secrets(_)),
        }
    }
}

/// A way, as places in [`AttackGraph::steps`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The steps, from the beginning on.
    pub steps: Vec<u32>,
    /// How many of them are in doubt.
    pub doubts: u32,
}

/// The best way to a goal from every spot: fewest doubts first, then fewest steps. Of equal ones the one whose next step
/// stands first in the graph.
#[derive(Clone, Debug)]
pub struct Toward {
    /// Doubts, steps and the next step, by spot; none where no way leads there.
    best: Vec<Option<(u32, u32, Option<u32>)>>,
}

impl Toward {
    /// Looks for the ways to a goal. Steps that `closed` names are not there.
    pub fn goal(graph: &AttackGraph, goal: Goal, closed: impl Fn(u32) -> bool) -> Self {
        let mut best: Vec<Option<(u32, u32, Option<u32>)>> = vec![None; graph.spots.len()];
        let mut queue = BinaryHeap::new();
        for (at, spot) in (0u32..).zip(&graph.spots) {
            if goal.is(*spot) {
                best[at as usize] = Some((0, 0, None));
                queue.push(Reverse((0, 0, at)));
            }
        }
        while let Some(Reverse((doubts, steps, at))) = queue.pop() {
            if best[at as usize].is_none_or(|(d, s, _)| (d, s) != (doubts, steps)) {
                continue;
            }
            for &s in graph.into[at as usize].iter().filter(|s| !closed(**s)) {
                let step = &graph.steps[s as usize];
                let way = (doubts + u32::from(step.doubt.is_some()), steps + 1, Some(s));
                let known = &mut best[step.from as usize];
                if known.is_none_or(|old| (way.0, way.1, way.2) < old) {
                    let shorter = known.is_none_or(|(d, n, _)| (way.0, way.1) < (d, n));
                    *known = Some(way);
                    if shorter {
                        queue.push(Reverse((way.0, way.1, step.from)));
                    }
                }
            }
        }
        Self { best }
    }

    /// How many doubts lie on the best way from a spot; none where no way leads on.
    pub fn doubts(&self, from: u32) -> Option<u32> {
        self.best[from as usize].map(|(doubts, ..)| doubts)
    }

    /// The best way from a spot; none where no way leads on. The goal itself is no step away.
    pub fn path(&self, graph: &AttackGraph, from: u32) -> Option<Path> {
        let (doubts, ..) = self.best[from as usize]?;
        let (mut at, mut steps) = (from, Vec::new());
        while let Some((_, _, Some(next))) = self.best[at as usize] {
            steps.push(next);
            at = graph.steps[next as usize].to;
        }
        Some(Path { steps, doubts })
    }
}

/// What falls with a spot: what can be reached from it, without any doubt, and at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blast {
    /// Reached for sure.
    pub sure: BTreeSet<Spot>,
    /// Reached if every doubt turns out badly; those for sure are among them.
    pub all: BTreeSet<Spot>,
}

impl Blast {
    /// What falls with a spot; the spot itself is not counted.
    pub fn of(graph: &AttackGraph, from: u32) -> Self {
        let reached = |with_doubts: bool| {
            let mut seen = vec![false; graph.spots.len()];
            let mut stack = vec![from];
            seen[from as usize] = true;
            while let Some(at) = stack.pop() {
                for (_, step) in graph.out(at).filter(|(_, step)| with_doubts || step.doubt.is_none()) {
                    if !std::mem::replace(&mut seen[step.to as usize], true) {
                        stack.push(step.to);
                    }
                }
            }
            let others = (0u32..).zip(&graph.spots).filter(|(at, _)| *at != from && seen[*at as usize]);
            others.map(|(_, spot)| *spot).filter(|spot| !spot.is_inner()).collect()
        };
        Self { sure: reached(false), all: reached(true) }
    }
}
