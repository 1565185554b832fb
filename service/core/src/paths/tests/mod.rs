//! Steps stand where facts open them; ways are the best ones; a cut closes every way and no cheaper one does.

mod cuts;
mod steps;

use super::*;
use crate::asset::{AssetKey, Kind};
use crate::context::tests::{controls, now, policy};
use crate::observation::{Author, Capability, HostSetting, Link, Reach, What};
use crate::scene::{CLUSTER, Scene};
use crate::text::Opaque;
use crate::world::AssetIdx;

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

/// A cluster of one namespace, `shop`.
struct Town {
    scene: Scene,
}

impl Town {
    fn new() -> Self {
        Self { scene: Scene::new(now(), policy(), controls()) }
    }

    fn workload(&mut self, name: &str) -> AssetIdx {
        let workload = self.scene.object("Deployment", "shop", name);
        self.scene.fact(workload, Author::Cluster, What::Exists { replicas: Some(1), owner: None, aliases: vec![] });
        workload
    }

    fn exposed(&mut self, name: &str) -> AssetIdx {
        let workload = self.workload(name);
        self.scene.way_in(workload, Author::Cluster, Reach::Public, 443, 8080);
        workload
    }

    fn on_host(&mut self, workload: AssetIdx, settings: &[HostSetting]) {
        let plain = [HostSetting::AsRoot, HostSetting::HostUsers];
        let access = settings.iter().copied().chain(plain).collect();
        self.scene.fact(workload, Author::Cluster, What::OnHost(access)).container = o("main");
    }

    fn account(&mut self, name: &str) -> AssetIdx {
        self.scene.object("ServiceAccount", "shop", name)
    }

    fn runs_as(&mut self, workload: AssetIdx, identity: AssetIdx) {
        self.scene.edge(workload, identity, Author::Cluster, Link::RunsAs { token_mounted: true });
    }

    fn holds(&mut self, identity: AssetIdx, capability: Capability, binding: &str) {
        self.right(identity, capability, binding, false);
    }

    fn holds_everywhere(&mut self, identity: AssetIdx, capability: Capability, binding: &str) {
        self.right(identity, capability, binding, true);
    }

    fn right(&mut self, identity: AssetIdx, capability: Capability, binding: &str, cluster_wide: bool) {
        let key = match cluster_wide {
            true => AssetKey::cluster(&o(CLUSTER)),
            false => AssetKey::namespace(&o(CLUSTER), o("shop")),
        };
        let to = self.scene.asset(key);
        let link = Link::Holds { capability, cluster_wide, names: Vec::new(), binding: o(binding), role: o("Role/r") };
        self.scene.edge(identity, to, Author::Cluster, link);
    }

    fn graph(&self) -> AttackGraph {
        AttackGraph::of(&self.scene.world())
    }

    /// The kinds of the steps on the best way from a workload to a goal, and its doubts.
    fn way(&self, from: AssetIdx, goal: Goal) -> Option<(Vec<StepKind>, u32)> {
        let graph = self.graph();
        let path = Toward::goal(&graph, goal, |_| false).path(&graph, graph.find(Spot::Workload(from))?)?;
        let kinds = path.steps.iter().map(|s| graph.steps[*s as usize].kind);
        Some((kinds.filter(|kind| *kind != StepKind::Within).collect(), path.doubts))
    }
}

/// An identity that is none of a namespace.
fn group(scene: &mut Scene, name: &str) -> AssetIdx {
    scene.asset(AssetKey::object(&o(CLUSTER), Kind::of("Group"), o(""), o(name)))
}
