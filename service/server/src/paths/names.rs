//! Spots and steps in words. Inner spots are not shown: what leads to them and on from them is one step.

use std::collections::BTreeSet;

use assay_core::paths::{AttackGraph, ScopeIdx, Spot, StepKind};
use assay_core::text::Opaque;
use assay_core::world::{AssetIdx, World};

use super::{HopWire, shown};
use crate::wire::full_name;

/// The graph, with the world that has the names.
pub(super) struct Names<'g> {
    pub(super) graph: &'g AttackGraph,
    pub(super) world: &'g World,
    /// The steps that the cut closes.
    pub(super) closed: BTreeSet<u32>,
}

/// The word under which spots are counted; none for those that are counted by others.
pub(super) const fn word(spot: Spot) -> Option<&'static str> {
    match spot {
        Spot::Workload(_) => Some("workloads"),
        Spot::Identity(_) => Some("identities"),
        Spot::Secret(_) => Some("secrets"),
        Spot::Secrets(_) => Some("namespaces' secrets"),
        Spot::Node(_) => Some("nodes of a cluster"),
        Spot::Cloud(_) => Some("cloud identities"),
        Spot::ClusterAdmin(_) => Some("cluster admins"),
        _ => None,
    }
}

impl Names<'_> {
    /// What is meant, where names alone do not say it.
    pub(super) fn spot(&self, spot: Spot) -> String {
        match spot {
            Spot::Internet => "internet".to_owned(),
            Spot::Workload(asset) => full_name(&self.world.asset(asset).key),
            Spot::Identity(asset) | Spot::Secret(asset) => self.with_kind(asset),
            Spot::Binding(at) => {
                let granted = &self.graph.granted[at as usize];
                match &self.graph.scopes[granted.scope.0 as usize].namespace {
                    Some(namespace) => format!("{} in {}", granted.binding.reveal(), namespace.reveal()),
                    None => granted.binding.reveal().to_owned(),
                }
            }
            Spot::Secrets(scope) => format!("secrets of {}", self.scope(scope)),
            Spot::Node(scope) => format!("a node of {}", self.scope(scope)),
            Spot::Cloud(scope) => format!("the cloud identity of {}", self.scope(scope)),
            Spot::ClusterAdmin(scope) => format!("cluster admin of {}", self.scope(scope)),
            Spot::Token(asset) | Spot::HostFolders(asset) | Spot::Setting(asset, _) => {
                full_name(&self.world.asset(asset).key)
            }
            Spot::Pods(scope) => format!("pods of {}", self.scope(scope)),
            Spot::NewPods(scope) => format!("new pods of {}", self.scope(scope)),
            Spot::Identities(scope) => format!("accounts of {}", self.scope(scope)),
        }
    }

    fn with_kind(&self, asset: AssetIdx) -> String {
        let key = &self.world.asset(asset).key;
        let kind = key.kind.before_name().unwrap_or_else(|| key.kind.to_string());
        match key.namespace.is_empty() {
            true => format!("{kind} {}", key.name.reveal()),
            false => format!("{kind} {}", full_name(key)),
        }
    }

    /// A namespace by its name, a cluster by its own.
    pub(super) fn scope(&self, scope: ScopeIdx) -> &str {
        let scope = &self.graph.scopes[scope.0 as usize];
        scope.namespace.as_ref().map_or_else(|| scope.cluster.reveal(), Opaque::reveal)
    }

    /// The steps of a way, those over inner spots in one.
    pub(super) fn hops(&self, steps: &[u32]) -> Vec<HopWire> {
        let mut hops = Vec::new();
        let (mut kinds, mut doubt, mut evidence, mut from): (Vec<StepKind>, Vec<&'static str>, Vec<String>, _) =
            (Vec::new(), Vec::new(), Vec::new(), None);
        let mut cut = false;
        for (at, step) in steps.iter().map(|s| (s, &self.graph.steps[*s as usize])) {
            cut |= self.closed.contains(at);
            let (here, to) = (self.graph.spot(step.from), self.graph.spot(step.to));
            let begin = *from.get_or_insert(here);
            kinds.push(step.kind);
            doubt.extend(step.doubt.map(|d| d.as_str()));
            for id in &step.evidence {
                let id = id.to_string();
                if !evidence.contains(&id) {
                    evidence.push(id);
                }
            }
            if to.is_inner() {
                continue;
            }
            let shown = shown(std::mem::take(&mut kinds));
            hops.push(HopWire {
                from: self.spot(begin),
                to: self.spot(to),
                by: shown.iter().map(|kind| kind.as_str()).collect(),
                needs: shown.iter().map(|kind| kind.row().needs).collect(),
                doubt: std::mem::take(&mut doubt),
                evidence: std::mem::take(&mut evidence),
                cut: std::mem::take(&mut cut),
            });
            from = None;
        }
        hops
    }
}
