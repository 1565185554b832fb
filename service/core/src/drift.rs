//! What a container does that its manifest does not say. Comes in: the world. Goes out: ports that a program listens on and
//! that no container of its pod names. A manifest need not name a port for it to be reached: where a container names none
//! at all, nothing is known, and nothing is said. It raises and lowers nothing.

use crate::ids::{EvidenceId, Time};
use crate::observation::{Protocol, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, FactSeen, World};

/// A port that is listened on and not named.
#[derive(Clone, Debug, PartialEq)]
pub struct Unnamed<'w> {
    /// The port, in the pod's network.
    pub port: u16,
    /// How.
    pub protocol: Protocol,
    /// The program.
    pub exe: &'w Opaque,
    /// The listener, and what the manifest names.
    pub evidence: Vec<EvidenceId>,
    /// When it was last seen to listen.
    pub as_of: Time,
}

/// The ports that the containers of a workload listen on and its manifest does not name, by port; of one container, or of
/// all where none is given.
pub fn unnamed_ports<'w>(world: &'w World, workload: AssetIdx, container: &Opaque) -> Vec<Unnamed<'w>> {
    let named: Vec<&FactSeen> = world.facts(workload).filter(|f| is_of_now(world, workload, f)).collect();
    let in_pod = |port: u16, protocol: Protocol| named.iter().any(|f| names(f).contains(&(port, protocol)));
    let mut found: Vec<Unnamed<'w>> = Vec::new();
    for fact in world.facts(workload) {
        let What::Listens { port, protocol, exe } = &fact.what else { continue };
        if !fact.is_seen_in(&fact.container) || !(container.is_empty() || fact.container == *container) {
            continue;
        }
        let Some(of_its) = named.iter().find(|f| f.container == fact.container) else { continue };
        if !in_pod(*port, *protocol) {
            let evidence = vec![fact.evidence(), of_its.evidence()];
            found.push(Unnamed { port: *port, protocol: *protocol, exe, evidence, as_of: fact.until });
        }
    }
    found.sort_by(|a, b| (a.port, a.protocol, &a.evidence).cmp(&(b.port, b.protocol, &b.evidence)));
    found
}

fn names(fact: &FactSeen) -> &[(u16, Protocol)] {
    match &fact.what {
        What::NamesPorts(ports) => ports,
        _ => &[],
    }
}

/// Whether a container still names these ports: what it holds of its node is told by every scan, its ports only where it
/// names some. Ports that are older are of a manifest that is gone.
fn is_of_now(world: &World, workload: AssetIdx, fact: &FactSeen) -> bool {
    let newest = world.facts(workload).filter(|f| f.container == fact.container && matches!(f.what, What::OnHost(_)));
    matches!(fact.what, What::NamesPorts(_))
        && fact.is_fresh(world.as_of)
        && newest.map(|f| f.until).max().is_none_or(|scanned| fact.until >= scanned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::{controls, now, policy};
    use crate::ids::Span;
    use crate::observation::{Author, HostAccess};
    use crate::scene::Scene;

    fn o(text: &str) -> Opaque {
        Opaque::readmit(text)
    }

    struct Laid {
        scene: Scene,
        web: AssetIdx,
    }

    impl Laid {
        fn new() -> Self {
            let mut scene = Scene::new(now(), policy(), controls());
            let web = scene.object("Deployment", "shop", "web");
            Self { scene, web }
        }

        fn names(&mut self, container: &str, ports: &[u16]) -> &mut FactSeen {
            let ports = ports.iter().map(|port| (*port, Protocol::Tcp)).collect();
            let fact = self.scene.fact(self.web, Author::Cluster, What::NamesPorts(ports));
            fact.container = o(container);
            fact
        }

        fn listens(&mut self, container: &str, port: u16, author: Author) {
            let what = What::Listens { port, protocol: Protocol::Tcp, exe: o("/app") };
            self.scene.fact(self.web, author, what).container = o(container);
        }

        fn found(&self, container: &str) -> Vec<u16> {
            let world = self.scene.world();
            unnamed_ports(&world, self.web, &o(container)).iter().map(|found| found.port).collect()
        }
    }

    #[test]
    fn a_port_that_no_container_of_the_pod_names_is_drift() {
        let mut laid = Laid::new();
        laid.names("web", &[8080]);
        laid.names("metrics", &[9090]);
        for port in [4444, 8080, 9090] {
            laid.listens("web", port, Author::Kernel);
        }
        assert_eq!(laid.found("web"), [4444], "containers of a pod share its network, and what is named in it");
        assert_eq!(laid.found(""), [4444]);
        assert_eq!(laid.found("metrics"), [0u16; 0]);
        let world = laid.scene.world();
        assert_eq!(unnamed_ports(&world, laid.web, &o("web"))[0].evidence.len(), 2);
    }

    #[test]
    fn a_container_that_names_no_port_says_nothing_about_ports() {
        let mut laid = Laid::new();
        laid.listens("web", 4444, Author::Kernel);
        assert_eq!(laid.found("web"), [0u16; 0]);
        laid.names("metrics", &[9090]);
        assert_eq!(laid.found("web"), [0u16; 0]);
    }

    #[test]
    fn only_what_a_sensor_saw_and_a_manifest_of_now_count() {
        let mut laid = Laid::new();
        laid.names("web", &[8080]);
        laid.listens("web", 4444, Author::Scanner);
        assert_eq!(laid.found("web"), [0u16; 0], "a tool's event is its reason to speak, not what is usual");
        laid.listens("web", 4444, Author::Kernel);
        assert_eq!(laid.found("web"), [4444]);
        laid.names("web", &[8080]).until = now() - Span::days(1);
        laid.scene.facts.remove(0);
        assert_eq!(laid.found("web"), [4444], "there is no newer scan");
        laid.scene.fact(laid.web, Author::Cluster, What::OnHost(HostAccess::default())).container = o("web");
        assert_eq!(laid.found("web"), [0u16; 0], "the newest scan shows no named port");
    }
}
