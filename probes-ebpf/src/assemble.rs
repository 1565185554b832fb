//! Puts batches together. Comes in: the node's state at one moment. Goes out: drafts of bounded size, with the note of
//! what they tell, so that a draft which cannot be handed on is simply made again. Windows are told from their one start
//! with all their holes: a later row replaces an earlier one.

use std::collections::BTreeMap;

use assay_core::batch::{BATCH_VERSION, ContainerRow, CoverageRow, FactRow, FunnelRow, HoleRow, SensorBatch};
use assay_core::ids::{Span, Time};
use assay_core::observation::{Eye, HoleReason};

use crate::container::Container;
use crate::coverage::{EYES, Gap, Gaps};
use crate::node::Node;
use crate::pods::Identity;
use crate::said::Said;

/// The most facts of one batch.
pub const BATCH_FACTS_MAX: usize = 4_000;
/// The most containers of one batch.
pub const BATCH_CONTAINERS_MAX: usize = 500;
/// How often the windows of a container are told.
pub const WINDOWS_EVERY: Span = Span::minutes(1);
/// How long a container's facts wait for its name.
pub const NAME_WAIT: Span = Span::secs(30);

/// What the hooks that run allow to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Programs that start are seen.
    pub executes: bool,
    /// Files that are loaded and read are seen as it happens.
    pub loads: bool,
    /// Sockets are seen.
    pub flows: bool,
    /// All that signals are made of is seen.
    pub signals: bool,
}

/// A batch without its number, and what it tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The rows.
    pub batch: SensorBatch,
    /// Facts in it, by container, with the last-seen that the service learns.
    told: Vec<(String, Said, Time)>,
    /// Containers whose windows are in it.
    windows: Vec<String>,
    /// Containers of which nothing is left to be told.
    settled: Vec<String>,
}

/// Who sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The node's name.
    pub node: String,
    /// The kernel's boot id.
    pub boot: String,
}

/// Everything that should be told now. `last` is the end of the agent: everything is told, named or not. The funnel goes
/// with the first draft.
pub fn drafts(node: &Node, sender: &Sender, sight: Sight, funnel: FunnelRow, now: Time, last: bool) -> Vec<Draft> {
    let mut drafts = vec![Draft::empty(sender, now)];
    for (id, container) in &node.containers {
        let ending = last || container.ended.is_some();
        let Some(row) = row_of(id, container, now, last) else { continue };
        let mut facts: Vec<_> = container.facts.to_tell(ending).collect();
        let due = container.windows_told.is_none_or(|told| told + WINDOWS_EVERY <= now);
        let windows = !container.settled && (due || ending);
        if facts.is_empty() && !windows {
            continue;
        }
        while !facts.is_empty() || windows {
            let rest = facts.split_off(facts.len().min(BATCH_FACTS_MAX));
            let whole = rest.is_empty();
            let draft = Draft::with_room(&mut drafts, facts.len(), sender, now);
            let index = draft.batch.containers.len();
            draft.batch.containers.push(row.clone());
            for (said, seen) in facts {
                let (since, until) = (seen.since.to_string(), seen.until.to_string());
                draft.batch.facts.push(FactRow { container: index, since, until, what: said.body() });
                draft.told.push((id.clone(), said.clone(), seen.until));
            }
            if whole {
                if windows {
                    draft.batch.coverage.extend(
                        EYES.iter().map(|eye| {
                            window(index, *eye, container, &node.gaps, sight, container.ended.unwrap_or(now))
                        }),
                    );
                    draft.windows.push(id.clone());
                }
                if container.ended.is_some() {
                    draft.settled.push(id.clone());
                }
                break;
            }
            facts = rest;
        }
    }
    let facts = drafts.iter().map(|d| d.batch.facts.len() as u64).sum();
    if let Some(first) = drafts.first_mut() {
        first.batch.funnel = FunnelRow { facts, ..funnel };
    }
    drafts.retain(|d| !d.batch.containers.is_empty() || d.batch.funnel != FunnelRow::default());
    drafts
}

impl Draft {
    fn empty(sender: &Sender, now: Time) -> Self {
        Self {
            batch: SensorBatch {
                version: BATCH_VERSION,
                node: sender.node.clone(),
                boot: sender.boot.clone(),
                sequence: 0,
                sent_at: now.to_string(),
                containers: Vec::new(),
                facts: Vec::new(),
                coverage: Vec::new(),
                funnel: FunnelRow::default(),
            },
            told: Vec::new(),
            windows: Vec::new(),
            settled: Vec::new(),
        }
    }

    /// The draft at the end, or a new one where that has no room.
    fn with_room<'a>(drafts: &'a mut Vec<Self>, facts: usize, sender: &Sender, now: Time) -> &'a mut Self {
        let full = drafts.last().is_none_or(|d| {
            d.batch.facts.len() + facts > BATCH_FACTS_MAX || d.batch.containers.len() >= BATCH_CONTAINERS_MAX
        });
        if full {
            drafts.push(Self::empty(sender, now));
        }
        let end = drafts.len() - 1;
        &mut drafts[end]
    }

    /// The draft was handed on: what it tells is told.
    pub fn note(&self, node: &mut Node, now: Time) {
        for (id, said, until) in &self.told {
            if let Some(container) = node.containers.get_mut(id) {
                container.facts.told(said, *until);
            }
        }
        for id in &self.windows {
            if let Some(container) = node.containers.get_mut(id) {
                container.windows_told = Some(now);
            }
        }
        for id in &self.settled {
            if let Some(container) = node.containers.get_mut(id) {
                container.settled = true;
            }
        }
    }
}

/// Adds what happened in a stretch that could not be handed on to the next one.
pub fn add_funnel(to: &mut FunnelRow, more: &FunnelRow) {
    to.hook_hits += more.hook_hits;
    to.records += more.records;
    to.unattributed += more.unattributed;
    for (reason, n) in &more.lost {
        *to.lost.entry(reason.clone()).or_insert(0) += n;
    }
}

/// Losses as the funnel names them.
pub fn lost_row(rows: impl IntoIterator<Item = (String, u64)>) -> BTreeMap<String, u64> {
    let mut lost = BTreeMap::new();
    for (reason, n) in rows.into_iter().filter(|(_, n)| *n > 0) {
        *lost.entry(reason).or_insert(0) += n;
    }
    lost
}

/// The container's row; none while its name may still come.
fn row_of(id: &str, container: &Container, now: Time, last: bool) -> Option<ContainerRow> {
    match &container.identity {
        Some(Identity::Named(row)) => Some(row.clone()),
        Some(Identity::Sandbox) => None,
        None if last || container.since + NAME_WAIT <= now => Some(ContainerRow {
            id: id.to_owned(),
            namespace: String::new(),
            pod: String::new(),
            name: String::new(),
            image: String::new(),
        }),
        None => None,
    }
}

fn window(index: usize, eye: Eye, container: &Container, everyone: &Gaps, sight: Sight, until: Time) -> CoverageRow {
    let since = container.since;
    // The calendar clock may have been set back.
    let until = until.max(since);
    let mut holes = Vec::new();
    holes.extend(container.missed.map(|missed| hole(&missed)));
    let sees = match eye {
        Eye::SensorUse => sight.executes && sight.loads,
        Eye::SensorFlows => sight.flows,
        Eye::SensorSignals => sight.signals,
        Eye::CompleteScan | Eye::AuditLog | Eye::CompleteRights => false,
    };
    if !sees {
        holes.push(hole(&Gap { eye: None, since, until, because: HoleReason::HookRefused }));
    }
    if eye == Eye::SensorUse && container.has_unasked() {
        // Used, and not known yet of what.
        holes.push(hole(&Gap { eye: None, since: until, until, because: HoleReason::Suppressed }));
    }
    let within = container.gaps.within(eye, since, until).chain(everyone.within(eye, since, until));
    holes.extend(within.map(|gap| hole(&gap)));
    CoverageRow {
        container: index,
        eye: eye.to_string(),
        since: since.to_string(),
        until: until.to_string(),
        start_seen: container.start_seen,
        holes,
    }
}

fn hole(gap: &Gap) -> HoleRow {
    HoleRow { since: gap.since.to_string(), until: gap.until.to_string(), because: gap.because.to_string() }
}

#[cfg(test)]
mod tests;
