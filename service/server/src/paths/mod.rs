//! Attack paths as people and tools read them. Comes in: a snapshot, where ways begin and what attackers want. Goes out:
//! ways in, ways on from there, what falls with a workload, and the changes that close most.

mod change;
mod edges;
mod names;
mod svg;
mod ways;
mod what_if;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use assay_core::paths::{AttackGraph, Blast, Goal, Spot, StepKind, Toward, cut};
use assay_core::world::AssetIdx;
use assay_store::Store;
use serde::Serialize;

use crate::Usage;
use crate::snapshot::Snapshot;
use crate::wire::full_name;
use change::ChangeWire;
pub(crate) use edges::edges;
use names::Names;
pub(crate) use svg::svg;
use ways::WayWire;

/// The most ways that one answer lists; all are counted.
const LISTED_MAX: usize = 100;
/// The most changes of a cut of which it is computed what they move.
const MOVED_MAX: usize = 5;

/// What the ways do not take into account: said wherever they are shown.
pub(crate) const LIMITS: &str = "upper bounds: nobody tried these ways. They follow entries, tokens, rights, secrets and settings of containers; the network between pods, and what admission webhooks refuse, is not looked at";

/// Where ways begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// At what the Internet reaches.
    Internet,
    /// At any workload.
    Any,
    /// At one workload.
    Workload(AssetIdx),
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) from: From,
    pub(crate) to: Vec<Goal>,
    /// Whether to compute which findings a change moves.
    pub(crate) what_if: bool,
}

/// The answer on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct PathsWire {
    /// How many beginnings come to which goal.
    pub(crate) reached: Vec<ReachedWire>,
    /// Attack paths: the best one for each beginning and goal.
    pub(crate) paths: Vec<AttackWire>,
    /// How many of them there are; those that are listed are the first.
    pub(crate) paths_total: usize,
    pub(crate) choke_points: CutWire,
    /// What falls with the workload that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blast: Option<BlastWire>,
    /// Ways in from the Internet, by entry and port.
    pub(crate) ways: Vec<WayWire>,
    /// Workloads of which nobody can tell whether the Internet reaches them, with no way in view: none begins there.
    pub(crate) exposure_unknown: usize,
    /// Bindings whose roles are not in view: what they give leads nowhere here.
    pub(crate) rights_unknown: usize,
    pub(crate) as_of: String,
    pub(crate) limits: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct ReachedWire {
    pub(crate) goal: &'static str,
    pub(crate) sure: usize,
    pub(crate) in_doubt: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct AttackWire {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) goal: &'static str,
    pub(crate) sure: bool,
    pub(crate) steps: Vec<HopWire>,
    pub(crate) open_findings: u64,
    pub(crate) most_urgent: Option<String>,
}

/// One step that is shown: the inner ones on its way are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct HopWire {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) by: Vec<&'static str>,
    pub(crate) needs: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) doubt: Vec<&'static str>,
    pub(crate) evidence: Vec<String>,
    /// True where one of the changes of the cut closes it.
    pub(crate) cut: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct CutWire {
    /// The goals that it is about.
    pub(crate) goals: Vec<&'static str>,
    pub(crate) changes: Vec<ChangeWire>,
    pub(crate) effort: u64,
    /// Beginnings with a way to one of the goals, counted once a goal: all of them are closed.
    pub(crate) closes: usize,
    /// False where some way is closed by no change that is known; then there are no changes.
    pub(crate) possible: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct BlastWire {
    pub(crate) sure: BTreeMap<&'static str, usize>,
    pub(crate) at_most: BTreeMap<&'static str, usize>,
}

/// Open findings by asset: how many, and the band of the most urgent that nobody has decided.
pub(crate) struct Urgent {
    open: Vec<u64>,
    most: Vec<Option<u8>>,
}

impl Urgent {
    fn of(snapshot: &Snapshot) -> Self {
        let assets = snapshot.world.assets.len();
        let mut urgent = Self { open: vec![0; assets], most: vec![None; assets] };
        for ranked in snapshot.table.list(&snapshot.policy, |row| row.is_open()) {
            let at = ranked.row.asset as usize;
            if let (Some(n), Some(slot)) = (urgent.open.get_mut(at), urgent.most.get_mut(at)) {
                *n += 1;
                if !ranked.row.is_decided() {
                    slot.get_or_insert(ranked.band);
                }
            }
        }
        urgent
    }

    fn open(&self, asset: AssetIdx) -> u64 {
        self.open[asset.0 as usize]
    }

    fn rank(&self, asset: AssetIdx) -> u8 {
        self.most[asset.0 as usize].unwrap_or(u8::MAX)
    }

    fn band(&self, snapshot: &Snapshot, asset: AssetIdx) -> Option<String> {
        self.most[asset.0 as usize].map(|band| snapshot.policy.band(band).name.clone())
    }
}

/// Reads where ways begin: `internet`, `any`, or a workload as `NAMESPACE/NAME`.
pub(crate) fn beginning(snapshot: &Snapshot, text: &str) -> Result<From, Usage> {
    match text {
        "internet" => return Ok(From::Internet),
        "any" => return Ok(From::Any),
        _ => {}
    }
    let world = &snapshot.world;
    let mut found = world.workloads().filter(|w| full_name(&world.asset(*w).key) == text);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(From::Workload(one)),
        (Some(_), Some(_)) => Err(Usage(format!("two workloads are called `{text}`: they are of different kinds"))),
        (None, _) => Err(Usage(format!(
            "no workload is called `{text}`: internet, any, or NAMESPACE/NAME; `assay assets` lists them"
        ))),
    }
}

/// Looks for all of it.
pub(crate) fn paths(store: &Store, snapshot: &Snapshot, asked: &Asked) -> Result<PathsWire> {
    let (graph, urgent) = (AttackGraph::of(&snapshot.world), Urgent::of(snapshot));
    let mut names = Names { graph: &graph, world: &snapshot.world, closed: BTreeSet::new() };
    let choke_points = choke_points(store, snapshot, &mut names, asked)?;
    let begins: Vec<Begin> = beginnings(&graph, asked.from);
    let goals = if asked.to.is_empty() { Goal::ALL.to_vec() } else { asked.to.clone() };
    let mut reached = Vec::new();
    let mut found: Vec<(usize, u32, u8, AttackWire)> = Vec::new();
    for (n, goal) in goals.iter().enumerate() {
        let toward = Toward::goal(&graph, *goal, |_| false);
        let (mut sure, mut in_doubt) = (0, 0);
        for begin in &begins {
            let Some(path) = toward.path(&graph, begin.at) else { continue };
            let doubts = path.doubts + u32::from(begin.entry.is_some_and(|s| graph.steps[s as usize].doubt.is_some()));
            *(if doubts == 0 { &mut sure } else { &mut in_doubt }) += 1;
            let steps: Vec<u32> = begin.entry.into_iter().chain(path.steps).collect();
            let (hops, place) = (names.hops(&steps), begin.workload(&graph));
            let Some(last) = hops.last() else { continue };
            let wire = AttackWire {
                from: names.spot(graph.spot(begin.at)),
                to: last.to.clone(),
                goal: goal.as_str(),
                sure: doubts == 0,
                open_findings: place.map_or(0, |w| urgent.open(w)),
                most_urgent: place.and_then(|w| urgent.band(snapshot, w)),
                steps: hops,
            };
            found.push((n, doubts, place.map_or(u8::MAX, |w| urgent.rank(w)), wire));
        }
        reached.push(ReachedWire { goal: goal.as_str(), sure, in_doubt });
    }
    found.sort_by(|(g, d, u, x), (h, e, v, y)| (g, d, u, &x.from).cmp(&(h, e, v, &y.from)));
    let paths_total = found.len();
    let paths = found.into_iter().take(LISTED_MAX).map(|(.., wire)| wire).collect();
    let blast = match asked.from {
        From::Workload(workload) => graph.find(Spot::Workload(workload)).map(|at| blast(&graph, at)),
        From::Internet | From::Any => None,
    };
    Ok(PathsWire {
        reached,
        paths,
        paths_total,
        choke_points,
        blast,
        ways: ways::ways(snapshot, &urgent),
        exposure_unknown: graph.unseen_entries,
        rights_unknown: graph.unseen_roles,
        as_of: snapshot.world.as_of.to_string(),
        limits: LIMITS,
    })
}

/// Where a way begins: behind the step from outside, where there is one.
struct Begin {
    entry: Option<u32>,
    at: u32,
}

impl Begin {
    fn workload(&self, graph: &AttackGraph) -> Option<AssetIdx> {
        if let Spot::Workload(workload) = graph.spot(self.at) { Some(workload) } else { None }
    }
}

fn beginnings(graph: &AttackGraph, from: From) -> Vec<Begin> {
    let here = |at: u32| Begin { entry: None, at };
    match from {
        From::Internet => graph.out(0).map(|(s, step)| Begin { entry: Some(s), at: step.to }).collect(),
        From::Any => {
            let all = (0u32..).zip(&graph.spots).filter(|(_, spot)| matches!(spot, Spot::Workload(_)));
            all.map(|(at, _)| here(at)).collect()
        }
        From::Workload(workload) => graph.find(Spot::Workload(workload)).map(here).into_iter().collect(),
    }
}

/// The cut. That a workload is handed its own secrets is mostly why it runs: secrets count only when they are asked for.
fn choke_points(store: &Store, snapshot: &Snapshot, names: &mut Names<'_>, asked: &Asked) -> Result<CutWire> {
    let goals = match asked.to.is_empty() {
        true => vec![Goal::ClusterAdmin, Goal::Node, Goal::Cloud],
        false => asked.to.clone(),
    };
    let from: Vec<u32> = match asked.from {
        From::Internet => vec![0],
        other => beginnings(names.graph, other).into_iter().map(|begin| begin.at).collect(),
    };
    let cut = cut(names.graph, &from, &goals);
    names.closed = names.graph.closed_by(&cut.chokes.iter().map(|choke| choke.remedy).collect());
    let mut changes = Vec::new();
    for (n, choke) in cut.chokes.iter().enumerate() {
        let mut change = names.change(choke.remedy);
        change.closes_alone = choke.closes_alone;
        if asked.what_if && n < MOVED_MAX {
            change.moves = what_if::moves(store, snapshot, names, choke.remedy)?;
        }
        changes.push(change);
    }
    let goals = goals.iter().map(|goal| goal.as_str()).collect();
    Ok(CutWire { goals, changes, effort: cut.effort, closes: cut.ways, possible: cut.possible })
}

fn blast(graph: &AttackGraph, at: u32) -> BlastWire {
    let blast = Blast::of(graph, at);
    let count = |spots: &BTreeSet<Spot>| {
        let mut counts = BTreeMap::new();
        for word in spots.iter().filter_map(|spot| names::word(*spot)) {
            *counts.entry(word).or_default() += 1;
        }
        counts
    };
    BlastWire { sure: count(&blast.sure), at_most: count(&blast.all) }
}

/// The step kinds of a hop, without those that only take a whole apart.
fn shown(kinds: Vec<StepKind>) -> Vec<StepKind> {
    let shown: Vec<StepKind> = kinds.iter().copied().filter(|kind| *kind != StepKind::Within).collect();
    if shown.is_empty() { vec![StepKind::Within] } else { shown }
}
