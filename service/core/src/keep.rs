//! Evidence that a node keeps before anybody patches. Comes in: the world, and the findings whose band asks for forensics.
//! Goes out: the containers of one node of which its agent is to keep evidence, and what was kept of a finding's container.
//! An order names a container and nothing else: what is looked at, and how much of it, is the agent's own.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::ids::{EvidenceId, Span, Time};
use crate::observation::{Eye, Kept, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, World};

/// The most containers that one answer orders evidence of: the next answer orders more.
pub const ORDERS_MAX: usize = 32;
/// A container that was watched longer ago than this has ended, or its node is silent.
pub const WATCHED_WITHIN: Span = Span::minutes(15);

/// Evidence that was kept, with its proof.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen<'w> {
    /// What.
    pub kept: &'w Kept,
    /// When.
    pub at: Time,
    /// The fact.
    pub fact: i64,
}

impl Seen<'_> {
    /// As evidence.
    pub fn evidence(&self) -> EvidenceId {
        EvidenceId::Fact(self.fact)
    }
}

/// What was kept of a finding's containers since its deadline runs, the newest first.
pub fn kept<'w>(finding: &Finding, world: &'w World) -> Vec<Seen<'w>> {
    let Some(asset) = world.find(&finding.place.asset) else { return Vec::new() };
    let container = &finding.place.container;
    let mut seen: Vec<Seen<'w>> = world
        .facts(asset)
        .filter(|f| f.since >= finding.clock_start && (container.is_empty() || f.container == *container))
        .filter_map(|f| match &f.what {
            What::Kept(kept) => Some(Seen { kept, at: f.since, fact: f.id }),
            _ => None,
        })
        .collect();
    seen.sort_by_key(|seen| (std::cmp::Reverse(seen.at), seen.fact));
    seen
}

/// The containers of a node of which evidence is wanted: all of the workloads that urgent findings sit on, because those
/// of a pod share its network and often more, where the node's own sensor watches them and has kept nothing since the
/// finding's deadline runs. `urgent` gives the workload, and since when the deadline runs.
pub fn orders(world: &World, urgent: impl IntoIterator<Item = (AssetIdx, Time)>, node: &Opaque) -> BTreeSet<Opaque> {
    let mut wanted = BTreeSet::new();
    for (asset, since) in urgent {
        for instance in instances(world, asset, node).filter(|id| !is_kept(world, asset, id, node, since)) {
            if wanted.len() == ORDERS_MAX {
                return wanted;
            }
            wanted.insert(instance.clone());
        }
    }
    wanted
}

/// True when the node's agent has kept evidence of a container since then. Deadlines are told by the second.
fn is_kept(world: &World, asset: AssetIdx, instance: &Opaque, node: &Opaque, since: Time) -> bool {
    world.facts(asset).any(|f| match &f.what {
        What::Kept(kept) => kept.instance == *instance && kept.node == *node && f.since >= since,
        _ => false,
    })
}

/// The runtime's numbers of the containers that the sensor of a node watches now.
fn instances<'w>(world: &'w World, asset: AssetIdx, node: &Opaque) -> impl Iterator<Item = &'w Opaque> {
    let windows = world.asset(asset).coverage.iter().map(|c| &c.window).filter(move |window| {
        window.eye == Eye::SensorSignals
            && window.node == *node
            && !window.instance.is_empty()
            && window.until.until(world.as_of) <= WATCHED_WITHIN
    });
    windows.map(|window| &window.instance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::{controls, now, policy};
    use crate::finding::Matter;
    use crate::ids::Digest;
    use crate::observation::{Author, ControlId};
    use crate::scene::Scene;

    fn o(text: &str) -> Opaque {
        Opaque::readmit(text)
    }

    struct Laid {
        scene: Scene,
        web: AssetIdx,
    }

    impl Laid {
        /// A miner in container `web`, of which node-1 watches two instances.
        fn new() -> Self {
            let mut scene = Scene::new(now(), policy(), controls());
            let web = scene.object("Deployment", "shop", "web");
            for instance in ["c1", "c2"] {
                scene.window(web, "web", Eye::SensorSignals, Span::hours(3)).window.instance = o(instance);
            }
            let matter = Matter::Signal { signal: ControlId(o("miner")), discriminator: o("") };
            scene.finding(web, "web", matter);
            Self { scene, web }
        }

        fn ordered(&self, node: &str) -> Vec<String> {
            let urgent = self.scene.findings.iter().map(|finding| (self.web, finding.clock_start));
            let orders = orders(&self.scene.world(), urgent, &o(node));
            orders.iter().map(|id| id.reveal().to_owned()).collect()
        }

        fn keep(&mut self, instance: &str, ago: Span) {
            let kept = Kept {
                node: o("node-1"),
                instance: o(instance),
                file: o("f.json"),
                sha256: Digest::of_bytes(b"f"),
                bytes: 1,
                processes: 1,
                files: 1,
                sockets: 1,
                maps: 1,
                records: 1,
                left_out: 0,
            };
            let at = now() - ago;
            let fact = self.scene.fact(self.web, Author::Kernel, What::Kept(Box::new(kept)));
            (fact.since, fact.until, fact.container) = (at, at, o("web"));
        }
    }

    #[test]
    fn a_node_is_asked_for_its_own_containers_until_they_are_kept() {
        let mut laid = Laid::new();
        assert_eq!(laid.ordered("node-1"), ["c1", "c2"]);
        assert_eq!(laid.ordered("node-2"), [""; 0], "another node's containers are none of its own");
        laid.keep("c1", Span::minutes(10));
        assert_eq!(laid.ordered("node-1"), ["c2"]);
        let world = laid.scene.world();
        assert_eq!(kept(&laid.scene.findings[0], &world).len(), 1);
    }

    #[test]
    fn what_was_kept_before_the_finding_came_is_no_evidence_of_it() {
        let mut laid = Laid::new();
        laid.keep("c1", Span::hours(2));
        assert_eq!(laid.ordered("node-1"), ["c1", "c2"]);
        assert!(kept(&laid.scene.findings[0], &laid.scene.world()).is_empty());
    }

    #[test]
    fn nobody_is_asked_for_what_he_watches_no_more() {
        let mut laid = Laid::new();
        for (_, seen) in &mut laid.scene.coverage {
            seen.window.until = now() - WATCHED_WITHIN - Span::secs(1);
        }
        assert_eq!(laid.ordered("node-1"), [""; 0]);
    }

    #[test]
    fn what_was_kept_of_another_container_of_the_pod_is_not_told_of_this_ones_finding() {
        let mut laid = Laid::new();
        laid.keep("c1", Span::minutes(10));
        laid.scene.facts.iter_mut().for_each(|(_, fact)| fact.container = o("sidecar"));
        assert!(kept(&laid.scene.findings[0], &laid.scene.world()).is_empty());
        laid.scene.findings[0].place.container = o("");
        assert_eq!(kept(&laid.scene.findings[0], &laid.scene.world()).len(), 1, "a finding of all of them");
    }

    #[test]
    fn one_answer_orders_so_many_and_no_more() {
        let mut laid = Laid::new();
        for n in 0..100 {
            laid.scene.window(laid.web, "web", Eye::SensorSignals, Span::hours(3)).window.instance =
                o(&format!("x{n}"));
        }
        assert_eq!(laid.ordered("node-1").len(), ORDERS_MAX);
    }
}
