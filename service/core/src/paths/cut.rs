//! The cheapest set of changes that closes every way to some goals: a minimum cut. Comes in: the graph, where ways begin
//! and end. Goes out: the changes, with what each of them does alone. Exact: every remedy is one step or one spot, which is
//! taken apart into an entrance and an exit with the remedy's effort between them.
//! Source: Ford and Fulkerson, "Maximal Flow through a Network", 1956.

use std::collections::BTreeSet;

use petgraph::Graph;
use petgraph::algo::dinics;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::graph::{AttackGraph, Spot};
use super::remedy::Remedy;
use super::search::{Goal, Toward};

/// More than all efforts together: what no change closes.
const NEVER: u64 = 1 << 40;

/// One change of a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choke {
    /// The change.
    pub remedy: Remedy,
    /// How many beginnings lose their last way to one of the goals by this change alone, counted once a goal.
    pub closes_alone: usize,
}

/// The cheapest set of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// The changes, those that close most alone first.
    pub chokes: Vec<Choke>,
    /// All efforts together.
    pub effort: u64,
    /// How many beginnings have a way to one of the goals now, counted once a goal.
    pub ways: usize,
    /// False when some way is closed by no change that is known.
    pub possible: bool,
}

/// The cheapest changes that close every way from these spots to these goals. Ways with doubts count too.
pub fn cut(graph: &AttackGraph, from: &[u32], goals: &[Goal]) -> Cut {
    let ways = count(graph, from, goals, |_| false);
    if ways == 0 {
        return Cut { possible: true, ..Cut::default() };
    }
    let flow = Flow::of(graph, from, goals);
    let (effort, remedies) = flow.minimum();
    if effort >= NEVER {
        return Cut { ways, possible: false, ..Cut::default() };
    }
    let mut chokes: Vec<Choke> = remedies
        .into_iter()
        .map(|remedy| {
            let closed = graph.closed_by(&[remedy].into());
            Choke { remedy, closes_alone: ways - count(graph, from, goals, |step| closed.contains(&step)) }
        })
        .collect();
    chokes.sort_by_key(|choke| (std::cmp::Reverse(choke.closes_alone), choke.remedy));
    Cut { chokes, effort, ways, possible: true }
}

/// How many of the beginnings have a way to each goal.
fn count(graph: &AttackGraph, from: &[u32], goals: &[Goal], closed: impl Fn(u32) -> bool) -> usize {
    let ways = goals.iter().map(|goal| {
        let toward = Toward::goal(graph, *goal, &closed);
        // From outside every entry is a beginning of its own.
        let begins = from.iter().flat_map(|&at| match graph.spot(at) {
            Spot::Internet => graph.out(at).filter(|(s, _)| !closed(*s)).map(|(_, step)| step.to).collect(),
            _ => vec![at],
        });
        begins.filter(|at| toward.doubts(*at).is_some()).count()
    });
    ways.sum()
}

impl AttackGraph {
    /// The steps that these changes close.
    pub fn closed_by(&self, changes: &BTreeSet<Remedy>) -> BTreeSet<u32> {
        let closes = |remedy: Option<Remedy>| remedy.is_some_and(|remedy| changes.contains(&remedy));
        let closed = (0u32..)
            .zip(&self.steps)
            .filter(|(_, step)| closes(step.remedy) || closes(self.remedy(step.from)) || closes(self.remedy(step.to)));
        closed.map(|(at, _)| at).collect()
    }
}

/// The network whose flow is looked for.
struct Flow {
    network: Graph<(), u64, petgraph::Directed, u32>,
    /// What closes an edge of the network, by its index.
    remedies: Vec<Option<Remedy>>,
    source: NodeIndex,
    sink: NodeIndex,
}

impl Flow {
    fn of(graph: &AttackGraph, from: &[u32], goals: &[Goal]) -> Self {
        let mut network = Graph::with_capacity(graph.spots.len() * 2 + 2, graph.steps.len() + graph.spots.len());
        let mut remedies = Vec::new();
        let (source, sink) = (network.add_node(()), network.add_node(()));
        let spots: Vec<[NodeIndex; 2]> =
            graph.spots.iter().map(|_| [network.add_node(()), network.add_node(())]).collect();
        let mut pipe = |a: NodeIndex, b: NodeIndex, remedy: Option<Remedy>| {
            network.add_edge(a, b, remedy.map_or(NEVER, Remedy::effort));
            remedies.push(remedy);
        };
        for (at, [entrance, exit]) in (0u32..).zip(&spots) {
            pipe(*entrance, *exit, graph.remedy(at));
            if goals.iter().any(|goal| goal.is(graph.spot(at))) {
                pipe(*exit, sink, None);
            }
        }
        for &at in from {
            pipe(source, spots[at as usize][0], None);
        }
        for step in &graph.steps {
            pipe(spots[step.from as usize][1], spots[step.to as usize][0], step.remedy);
        }
        Self { network, remedies, source, sink }
    }

    /// The effort of the cheapest cut, and its remedies: those of the edges that lead from what the source still reaches
    /// to what it does not.
    fn minimum(&self) -> (u64, BTreeSet<Remedy>) {
        let (effort, flows) = dinics(&self.network, self.source, self.sink);
        let mut reached = vec![false; self.network.node_count()];
        let mut stack = vec![self.source];
        reached[self.source.index()] = true;
        while let Some(at) = stack.pop() {
            let ahead = self.network.edges(at).filter(|e| flows[e.id().index()] < *e.weight()).map(|e| e.target());
            let back = self.network.edges_directed(at, petgraph::Incoming);
            let back = back.filter(|e| flows[e.id().index()] > 0).map(|e| e.source());
            for next in ahead.chain(back) {
                if !std::mem::replace(&mut reached[next.index()], true) {
                    stack.push(next);
                }
            }
        }
        let crossing =
            self.network.edge_references().filter(|e| reached[e.source().index()] && !reached[e.target().index()]);
        (effort, crossing.filter_map(|e| self.remedies[e.id().index()]).collect())
    }
}
