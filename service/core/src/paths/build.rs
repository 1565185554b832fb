//! The graph of a world.

use std::collections::BTreeSet;

use super::escapes;
use super::graph::{AttackGraph, Granted, Ground, ScopeIdx, Spot};
use super::kinds::{Doubt, StepKind};
use super::remedy::Remedy;
use super::rights::{self, Where};
use crate::asset::{AssetKey, Kind, KindClass};
use crate::graph::{Exposure, exposure};
use crate::ids::EvidenceId;
use crate::observation::{Link, PeerClass, PodSecurity, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, World};

/// Subjects that need no name.
const ANONYMOUS: &[&str] = &["system:unauthenticated", "system:anonymous"];

impl AttackGraph {
    /// What an attacker can hold in this world, and the steps between.
    pub fn of(world: &World) -> Self {
        let mut build = Build { graph: Self::default(), world, taken_apart: BTreeSet::new() };
        build.graph.spot_of(Spot::Internet);
        let with_metadata = build.clouds();
        for at in 0..world.assets.len() as u32 {
            let asset = AssetIdx(at);
            match world.asset(asset).key.kind.class() {
                KindClass::Workload if world.replicas(asset).is_none_or(|(wanted, _)| wanted > 0) => {
                    build.workload(asset);
                }
                KindClass::Identity => build.identity(asset),
                _ => {}
            }
        }
        for cluster in with_metadata {
            let doubt = Some(Doubt::CloudIdentity);
            build.graph.step(
                Spot::Node(cluster),
                Spot::Cloud(cluster),
                StepKind::NodeMetadata,
                Ground::default().doubt(doubt),
            );
        }
        build.graph
    }
}

struct Build<'w> {
    graph: AttackGraph,
    world: &'w World,
    /// The namespaces whose wholes lead to their parts already.
    taken_apart: BTreeSet<ScopeIdx>,
}

impl Build<'_> {
    fn cluster(&mut self, key: &AssetKey) -> ScopeIdx {
        self.graph.scope(&key.cluster, None)
    }

    /// The namespace of a thing, and how its cluster's wholes lead to its own.
    fn namespace(&mut self, cluster: &Opaque, namespace: &Opaque) -> ScopeIdx {
        let (all, own) = (self.graph.scope(cluster, None), self.graph.scope(cluster, Some(namespace)));
        if self.taken_apart.insert(own) {
            for [whole, part] in [
                [Spot::Pods(all), Spot::Pods(own)],
                [Spot::Identities(all), Spot::Identities(own)],
                [Spot::Secrets(all), Spot::Secrets(own)],
            ] {
                self.graph.step(whole, part, StepKind::Within, Ground::default());
            }
            let enforced = self.world.enforced(cluster, namespace).map(|(level, fact)| (level, fact.evidence()));
            self.new_pods(own, all, enforced);
        }
        own
    }

    /// What new pods of a scope can be: any account of it, and as near to the node as admission lets them.
    fn new_pods(&mut self, own: ScopeIdx, cluster: ScopeIdx, enforced: Option<(PodSecurity, EvidenceId)>) {
        let new = Spot::NewPods(own);
        self.graph.step(new, Spot::Identities(own), StepKind::PodCreate, Ground::default());
        self.graph.step(new, Spot::Secrets(own), StepKind::PodCreate, Ground::default());
        let ground = match enforced {
            Some((PodSecurity::Baseline | PodSecurity::Restricted, _)) => return,
            Some((PodSecurity::Privileged, evidence)) => Ground::shown([evidence]),
            None => Ground::default(),
        };
        let ground = ground.doubt(Some(Doubt::Admission));
        // Whoever makes pods anywhere finds a namespace that asks for nothing.
        let ground = if own == cluster { ground } else { ground.remedy(Remedy::EnforceBaseline(own)) };
        self.graph.step(new, Spot::Node(cluster), StepKind::PodCreate, ground);
    }

    /// The clusters in which a sensor saw the metadata service called, with the steps of those who called it.
    fn clouds(&mut self) -> BTreeSet<ScopeIdx> {
        let mut clouds = BTreeSet::new();
        for workload in self.world.workloads() {
            let calls = |what: &What| matches!(what, What::Talks { peer: PeerClass::Metadata, .. });
            let Some(fact) = self.world.facts(workload).find(|f| calls(&f.what)) else { continue };
            let cluster = self.cluster(&self.world.asset(workload).key);
            clouds.insert(cluster);
            let ground = Ground::shown([fact.evidence()]);
            self.graph.step(Spot::Workload(workload), Spot::Cloud(cluster), StepKind::MetadataCall, ground);
        }
        clouds
    }

    fn workload(&mut self, workload: AssetIdx) {
        let key = &self.world.asset(workload).key;
        let (cluster, own) = (self.cluster(key), self.namespace(&key.cluster, &key.namespace));
        let here = Spot::Workload(workload);
        self.entry(workload);
        self.graph.step(Spot::Pods(own), here, StepKind::Within, Ground::default());
        let everywhere = key.kind.as_str() == "DaemonSet";
        let doubt = (!everywhere).then_some(Doubt::Placement);
        self.graph.step(Spot::Node(cluster), here, StepKind::PodAttach, Ground::default().doubt(doubt));
        for edge in self.world.out(workload) {
            let ground = Ground::shown([EvidenceId::Edge(edge.id)]);
            match edge.link {
                Link::RunsAs { token_mounted: true } => {
                    self.graph.step(here, Spot::Token(workload), StepKind::Within, Ground::default());
                    self.graph.step(Spot::Token(workload), Spot::Identity(edge.to), StepKind::IdentityAssume, ground);
                }
                Link::IsHanded => {
                    let ground = ground.remedy(Remedy::WithdrawSecret(workload, edge.to));
                    self.graph.step(Spot::Secrets(own), Spot::Secret(edge.to), StepKind::Within, Ground::default());
                    self.graph.step(here, Spot::Secret(edge.to), StepKind::SecretMount, ground);
                }
                _ => {}
            }
        }
        for fact in self.world.facts(workload).filter(|fact| fact.is_fresh(self.world.as_of)) {
            if let What::OnHost(access) = fact.what {
                escapes::add(&mut self.graph, workload, cluster, access, &fact.evidence());
            }
        }
    }

    /// The way in from the Internet, where there is one or may be one.
    fn entry(&mut self, workload: AssetIdx) {
        let (paths, doubt) = match exposure(self.world, workload) {
            Exposure::Exposed { paths, .. } => (paths, None),
            Exposure::Unknown { paths, .. } if !paths.is_empty() => (paths, Some(Doubt::Reach)),
            Exposure::Unknown { .. } => {
                self.graph.unseen_entries += 1;
                return;
            }
            Exposure::Internal { .. } => return,
        };
        let Some(first) = paths.first() else { return };
        let edges = first.edges.iter().map(|&e| EvidenceId::Edge(self.world.edges[e as usize].id));
        let traffic = first.traffic.iter().map(|(_, fact)| fact.clone());
        let ground = Ground::shown(edges.chain(traffic)).doubt(doubt).remedy(Remedy::CloseEntry(workload));
        self.graph.step(Spot::Internet, Spot::Workload(workload), StepKind::EndpointExploit, ground);
    }

    fn identity(&mut self, identity: AssetIdx) {
        let key = &self.world.asset(identity).key;
        let here = Spot::Identity(identity);
        if key.kind.as_str() == "ServiceAccount" {
            let own = self.namespace(&key.cluster, &key.namespace);
            self.graph.step(Spot::Identities(own), here, StepKind::Within, Ground::default());
            self.groups(key, here);
        }
        let mut holds = false;
        for edge in self.world.out(identity) {
            let (capability, cluster_wide, names, binding) = match &edge.link {
                Link::Holds { capability, cluster_wide, names, binding, .. } => {
                    (*capability, *cluster_wide, names, binding)
                }
                Link::MayHold { .. } => {
                    self.graph.unseen_roles += 1;
                    continue;
                }
                _ => continue,
            };
            holds = true;
            let target = &self.world.asset(edge.to).key;
            let cluster = self.cluster(key);
            // Its own scope counts, also where nothing else of it is in view.
            let scope = if cluster_wide { cluster } else { self.namespace(&key.cluster, &target.name) };
            if cluster_wide && self.taken_apart.insert(cluster) {
                self.new_pods(cluster, cluster, None);
            }
            let given = Spot::Binding(self.graph.granted(Granted { binding: binding.clone(), scope }));
            let ground = Ground::shown([EvidenceId::Edge(edge.id)]);
            self.graph.step(here, given, StepKind::PermissionDiscover, ground.clone());
            rights::add(&mut self.graph, self.world, given, capability, Where { scope, cluster, names }, &ground);
        }
        if holds && ANONYMOUS.contains(&key.name.reveal()) {
            let ground = Ground::default().doubt(Some(Doubt::Endpoint)).remedy(Remedy::RefuseAnonymous(identity));
            self.graph.step(Spot::Internet, here, StepKind::ApiAnonymous, ground);
        }
    }

    /// An account has the rights of the groups that it is in. Source: Kubernetes documentation, "Using RBAC Authorization",
    /// referring to subjects.
    fn groups(&mut self, account: &AssetKey, here: Spot) {
        let of_namespace = format!("system:serviceaccounts:{}", account.namespace.reveal());
        for name in ["system:serviceaccounts", "system:authenticated", &of_namespace] {
            let group =
                AssetKey::object(&account.cluster, Kind::of("Group"), Opaque::readmit(""), Opaque::readmit(name));
            if let Some(group) = self.world.find(&group) {
                self.graph.step(here, Spot::Identity(group), StepKind::GroupMember, Ground::default());
            }
        }
    }
}
