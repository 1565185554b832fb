//! Attack paths. Comes in: the world. Goes out: a graph of what an attacker can hold and of the steps between, the
//! shortest ways through it, what falls with a workload, and the cheapest set of changes that closes all ways.
//!
//! A step stands where its precondition is met by facts; where something that is not in view could still stop it, it is
//! there with its doubt. Paths are an upper bound: nobody tried them. Names take no part.

mod build;
mod cut;
mod escapes;
mod graph;
mod kinds;
mod remedy;
mod rights;
mod search;

pub use cut::{Choke, Cut, cut};
pub use graph::{AttackGraph, Granted, Scope, ScopeIdx, Spot, Step};
pub use kinds::{Doubt, StepKind, StepRow};
pub use remedy::Remedy;
pub use search::{Blast, Goal, Path, Toward};

#[cfg(test)]
mod tests;
