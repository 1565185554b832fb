//! What an attacker can hold, and the steps between, as arrays.

use std::collections::HashMap;

use super::kinds::{Doubt, StepKind};
use super::remedy::Remedy;
use crate::ids::EvidenceId;
use crate::observation::HostSetting;
use crate::text::Opaque;
use crate::world::AssetIdx;

/// A cluster, or a namespace of one, as a place in [`AttackGraph::scopes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeIdx(pub u32);

/// A cluster, or a namespace of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The cluster.
    pub cluster: Opaque,
    /// The namespace; none for the whole cluster.
    pub namespace: Option<Opaque>,
}

/// Something that an attacker can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// The outside.
    Internet,
    /// A workload: any of its containers.
    Workload(AssetIdx),
    /// The token that a workload is handed, whosever it is.
    Token(AssetIdx),
    /// The folders of the node that a workload mounts.
    HostFolders(AssetIdx),
    /// A setting that a workload has, on its way to the node.
    Setting(AssetIdx, HostSetting),
    /// A ServiceAccount, User or Group.
    Identity(AssetIdx),
    /// What one binding gives: a place in [`AttackGraph::granted`].
    Binding(u32),
    /// Every pod of a scope.
    Pods(ScopeIdx),
    /// New pods in a scope.
    NewPods(ScopeIdx),
    /// Every account of a scope.
    Identities(ScopeIdx),
    /// Every secret of a scope.
    Secrets(ScopeIdx),
    /// One secret.
    Secret(AssetIdx),
    /// A node of a cluster, whichever.
    Node(ScopeIdx),
    /// What the cloud lets a node do.
    Cloud(ScopeIdx),
    /// Everything in a cluster.
    ClusterAdmin(ScopeIdx),
}

impl Spot {
    /// True for what is shown by what it leads to, and not by itself.
    pub const fn is_inner(self) -> bool {
        matches!(
            self,
            Self::Token(_)
                | Self::HostFolders(_)
                | Self::Setting(..)
                | Self::Pods(_)
                | Self::NewPods(_)
                | Self::Identities(_)
        )
    }
}

/// What one binding gives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Granted {
    /// The binding, as `Kind/name`.
    pub binding: Opaque,
    /// Where it counts.
    pub scope: ScopeIdx,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// From this spot.
    pub from: u32,
    /// To that one.
    pub to: u32,
    /// How.
    pub kind: StepKind,
    /// What could still stop it.
    pub doubt: Option<Doubt>,
    /// What closes this step alone; none where only what stands at one of its ends does.
    pub remedy: Option<Remedy>,
    /// What shows it.
    pub evidence: Vec<EvidenceId>,
}

/// Spots and steps. The order of both follows from the world alone.
#[derive(Clone, Debug, Default)]
pub struct AttackGraph {
    /// What can be held.
    pub spots: Vec<Spot>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Clusters and namespaces.
    pub scopes: Vec<Scope>,
    /// Bindings.
    pub granted: Vec<Granted>,
    /// Workloads of which nobody can tell whether the Internet reaches them, with no way in view.
    pub unseen_entries: usize,
    /// Bindings of which nobody can tell all that they give: their roles are not in view.
    pub unseen_roles: usize,
    pub(super) out: Vec<Vec<u32>>,
    pub(super) into: Vec<Vec<u32>>,
    pub(super) spot_at: HashMap<Spot, u32>,
    pub(super) step_at: HashMap<(u32, u32, StepKind), u32>,
    pub(super) scope_at: HashMap<Scope, ScopeIdx>,
    pub(super) granted_at: HashMap<Granted, u32>,
}

impl AttackGraph {
    /// Where a spot is, where it is there.
    pub fn find(&self, spot: Spot) -> Option<u32> {
        self.spot_at.get(&spot).copied()
    }

    /// The spot at a place.
    pub fn spot(&self, at: u32) -> Spot {
        self.spots[at as usize]
    }

    /// The steps from a spot.
    pub fn out(&self, at: u32) -> impl Iterator<Item = (u32, &Step)> {
        self.out[at as usize].iter().map(|&s| (s, &self.steps[s as usize]))
    }

    /// What closes everything that goes through a spot; none where nothing does.
    pub fn remedy(&self, at: u32) -> Option<Remedy> {
        match self.spot(at) {
            Spot::Binding(binding) => Some(Remedy::RemoveBinding(binding)),
            Spot::HostFolders(workload) => Some(Remedy::UnmountFolders(workload)),
            Spot::Setting(workload, setting) => Some(Remedy::DropSetting(workload, setting)),
            Spot::Token(workload) => Some(Remedy::UnmountToken(workload)),
            _ => None,
        }
    }

    pub(super) fn spot_of(&mut self, spot: Spot) -> u32 {
        *self.spot_at.entry(spot).or_insert_with(|| {
            self.spots.push(spot);
            self.out.push(Vec::new());
            self.into.push(Vec::new());
            self.spots.len() as u32 - 1
        })
    }

    pub(super) fn scope(&mut self, cluster: &Opaque, namespace: Option<&Opaque>) -> ScopeIdx {
        let scope = Scope { cluster: cluster.clone(), namespace: namespace.cloned() };
        if let Some(known) = self.scope_at.get(&scope) {
            return *known;
        }
        let idx = ScopeIdx(self.scopes.len() as u32);
        self.scopes.push(scope.clone());
        self.scope_at.insert(scope, idx);
        idx
    }

    pub(super) fn granted(&mut self, granted: Granted) -> u32 {
        let next = self.granted.len() as u32;
        let at = *self.granted_at.entry(granted.clone()).or_insert(next);
        if at == next {
            self.granted.push(granted);
        }
        at
    }

    /// Adds a step, once for its ends and kind: of two the surer one stays.
    pub(super) fn step(&mut self, from: Spot, to: Spot, kind: StepKind, step: Ground) {
        let (from, to) = (self.spot_of(from), self.spot_of(to));
        if from == to {
            return;
        }
        let next = self.steps.len() as u32;
        let at = *self.step_at.entry((from, to, kind)).or_insert(next);
        if at != next {
            let known = &mut self.steps[at as usize];
            if step.doubt.is_none() && known.doubt.is_some() {
                (known.doubt, known.evidence) = (None, step.evidence);
            }
            return;
        }
        self.out[from as usize].push(at);
        self.into[to as usize].push(at);
        let Ground { doubt, remedy, evidence } = step;
        self.steps.push(Step { from, to, kind, doubt, remedy, evidence });
    }
}

/// What a step rests on.
#[derive(Clone, Debug, Default)]
pub(super) struct Ground {
    pub(super) doubt: Option<Doubt>,
    pub(super) remedy: Option<Remedy>,
    pub(super) evidence: Vec<EvidenceId>,
}

impl Ground {
    pub(super) fn shown(evidence: impl IntoIterator<Item = EvidenceId>) -> Self {
        Self { evidence: evidence.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn doubt(self, doubt: Option<Doubt>) -> Self {
        Self { doubt, ..self }
    }

    pub(super) fn remedy(self, remedy: Remedy) -> Self {
        Self { remedy: Some(remedy), ..self }
    }
}
