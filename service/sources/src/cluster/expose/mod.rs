//! How the outside gets in. Comes in: all objects in view. Goes out: for each object the edges that it makes, from the
//! Internet to an entry and from an entry to the workloads behind it; and which workloads some public way leads to. The
//! core walks the edges. A network policy closes a way only where nothing out of view can open it again.

mod balancer;
mod controllers;
mod gateways;
mod policies;
mod routes;

use std::collections::btree_map::Entry as Kept;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use assay_core::asset::AssetKey;
use assay_core::ids::Time;
use assay_core::observation::{Admits, Author, Edge, Entry, Link, Protocol, Reach, SettledBy};
use assay_core::text::{Door, Opaque};

use super::ToldBy;
use super::address;
use super::homes::Homes;
use super::model::{Body, GatewayRoute, Ingress, Node, Service, Workload, protocol};
use super::view::View;
use controllers::Controllers;
use gateways::Grants;
use policies::{Callers, Policies, Target};
use routes::{Behind, Labelled, Route};

/// A port that is open but whose number is not told: a node port that the server has yet to give, or a process on the
/// host's network that declares none.
pub(super) const PORT_UNTOLD: u16 = 0;

/// What was found.
#[derive(Default)]
pub(super) struct Ways {
    /// The edges that each object makes.
    pub(super) edges: HashMap<usize, Vec<Edge>>,
    /// The workloads that some public way leads to.
    pub(super) exposed: HashSet<AssetKey>,
}

/// What the search is told beside the objects.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) told_by: ToldBy,
    pub(super) complete: bool,
    pub(super) as_of: Time,
    pub(super) door: &'a dyn Door,
}

/// Finds every way in.
pub(super) fn ways(view: &View<'_>, around: Around<'_>) -> Ways {
    let serving = controllers::serving(view);
    let mut finder = Finder {
        view,
        around,
        nodes: Nodes::of(view, around.complete),
        homes: Homes::of(view.objects),
        labelled: Labelled::of(view),
        policies: Policies::of(view, &serving, around.complete),
        services: HashMap::new(),
        reached: HashMap::new(),
        left_open: HashSet::new(),
        grants: Grants::of(view),
        ways: Ways::default(),
    };
    for at in 0..view.objects.len() {
        match &view.objects[at].body {
            Body::Service(service) => finder.service(at, service),
            Body::Workload(_) => finder.host_ports(at),
            Body::Node(node) => finder.node(at, node),
            _ => {}
        }
    }
    // Ingresses and Gateways come last: who gets to one depends on who gets to its controller.
    let controllers = Controllers::of(view, &serving, |at| finder.reached.get(&view.raised[at]).copied());
    for at in 0..view.objects.len() {
        match &view.objects[at].body {
            Body::Ingress(ingress) => {
                let reach = controllers.reach(&view.objects[at], ingress, around.told_by);
                finder.ingress(at, ingress, reach);
            }
            Body::GatewayRoute(route) => finder.gateway_route(at, route, &controllers),
            Body::OtherRoute => finder.beside(at, Entry::Ingress, [PORT_UNTOLD]),
            _ => {}
        }
    }
    let reached = std::mem::take(&mut finder.reached);
    finder.ways.exposed.extend(reached.into_iter().filter(|(_, reach)| *reach == Reach::Public).map(|(key, _)| key));
    finder.ways
}

struct Finder<'a, 'v> {
    view: &'a View<'v>,
    around: Around<'a>,
    nodes: Nodes<'v>,
    homes: Homes<'v>,
    labelled: Labelled<'v>,
    policies: Policies<'v>,
    /// The workloads behind each Service, and how far the callers of a route get to them; none where nobody can tell.
    services: HashMap<AssetKey, Option<Vec<(AssetKey, Reach)>>>,
    /// Who gets to each workload, at best.
    reached: HashMap<AssetKey, Reach>,
    /// Where it was said already that any workload of a namespace may be meant, by entry and port.
    left_open: HashSet<(Box<str>, Entry, u16)>,
    /// What objects of other namespaces may refer to.
    grants: Grants<'v>,
    ways: Ways,
}

impl Finder<'_, '_> {
    fn service(&mut self, at: usize, service: &Service) {
        let object = &self.view.objects[at];
        let key = self.view.keys[at].clone();
        let sort = service.spec.sort.as_deref().unwrap_or("ClusterIP");
        let mut entries: Vec<(Entry, Reach, u16)> = Vec::new();
        for port in &service.spec.ports {
            match sort {
                "LoadBalancer" => {
                    let reach = balancer::of_service(service, &object.meta.annotations, self.around.told_by);
                    entries.push((Entry::LoadBalancer, reach, port.port));
                }
                "NodePort" => entries.push((Entry::NodePort, self.nodes.any, port.node_port)),
                _ => {}
            }
            entries.extend(external_ips(service).map(|reach| (Entry::ExternalIp, reach, port.port)));
        }
        let best = entries.iter().map(|(_, reach, _)| *reach).max();
        for (entry, reach, port) in each_once(entries) {
            self.enters(at, key.clone(), Link::Enters { reach, entry, host: None, port });
        }
        let behind = match self.labelled.behind(self.view, object, service) {
            Behind::Routes(routes) => routes,
            Behind::Unlisted => {
                if best.is_some_and(|reach| reach != Reach::Internal) {
                    let ports = service.spec.ports.iter().map(|port| port.port);
                    self.beside(at, Entry::LoadBalancer, ports);
                }
                self.services.insert(key, None);
                return;
            }
        };
        let ports = |route: &Route| [Some(route.port), Some(route.node_port).filter(|_| sort == "NodePort")];
        let ways = behind.iter().flat_map(|route| ports(route).into_iter().flatten().map(move |port| (route, port)));
        let callers = match service.spec.external_traffic_policy.as_deref() {
            Some("Local") if sort == "LoadBalancer" => Callers::Balanced,
            Some("Local") => Callers::Kept,
            _ => Callers::Rewritten,
        };
        // Pods of one workload may have labels of their own: the widest counts.
        let mut links: BTreeMap<(AssetKey, u16, u16, Protocol), Admits> = BTreeMap::new();
        let mut targets: BTreeMap<AssetKey, Admits> = BTreeMap::new();
        for (route, port) in ways {
            let target = Target { at: route.at, port: route.target_port, protocol: route.protocol, callers };
            let admits = self.policies.admits(self.view, target);
            widen(links.entry((route.to.clone(), port, route.target_port, route.protocol)), admits);
            widen(targets.entry(route.to.clone()), admits);
        }
        for ((to, port, target_port, protocol), admits) in links {
            self.push(at, key.clone(), to, Link::Routes { host: None, port, target_port, protocol, admits });
        }
        if let Some(reach) = best {
            targets.iter().for_each(|(target, admits)| self.reach(target, reach.min(admits.direct)));
        }
        let targets = targets.into_iter().map(|(target, admits)| (target, admits.routed));
        self.services.insert(key, Some(targets.collect()));
    }

    /// Ports of the host, for workloads that nothing in view owns: an owner says the same for all its pods.
    fn host_ports(&mut self, at: usize) {
        let Some(workload) = self.view.workload(at).filter(|_| self.view.owner[at].is_none()) else { return };
        let key = self.view.raised[at].clone();
        let spec = &workload.spec;
        let nodes = self.nodes.of_pods(workload);
        let mut entries: Vec<(Entry, Reach, u16, u16, Protocol)> = Vec::new();
        for port in spec.all_containers().flat_map(|(_, _, container)| &container.ports) {
            let bound = port.host_ip.as_deref().is_some_and(address::is_loopback);
            let protocol = protocol(port.protocol.as_deref());
            if port.host_port != 0 {
                let reach = if bound { Reach::Internal } else { nodes };
                entries.push((Entry::HostPort, reach, port.host_port, port.container_port, protocol));
            } else if spec.host_network {
                entries.push((Entry::HostNetwork, nodes, port.container_port, port.container_port, protocol));
            }
        }
        if spec.host_network && entries.is_empty() {
            entries.push((Entry::HostNetwork, nodes, PORT_UNTOLD, PORT_UNTOLD, Protocol::Tcp));
        }
        for (entry, reach, port, pod_port, protocol) in each_once(entries) {
            let target = Target { at, port: pod_port, protocol, callers: Callers::Rewritten };
            let reach = reach.min(self.policies.admits(self.view, target).direct);
            self.enters(at, key.clone(), Link::Enters { reach, entry, host: None, port });
            if port != pod_port {
                self.push(
                    at,
                    key.clone(),
                    key.clone(),
                    Link::Routes { host: None, port, target_port: pod_port, protocol, admits: Admits::ALL },
                );
            }
            self.reach(&key, reach);
        }
    }

    /// The addresses of a node itself: what listens on it is not told, such as its kubelet.
    fn node(&mut self, at: usize, node: &Node) {
        let link = Link::Enters { reach: node_reach(node), entry: Entry::NodeAddress, host: None, port: PORT_UNTOLD };
        self.enters(at, self.view.keys[at].clone(), link);
    }

    fn ingress(&mut self, at: usize, ingress: &Ingress, reach: Reach) {
        let object = &self.view.objects[at];
        let key = self.view.keys[at].clone();
        let backends = routes::backends(ingress);
        let doors = backends.iter().map(|(host, _)| (*host, routes::outside_port(ingress, *host)));
        for (host, port) in each_once(doors) {
            let host = host.map(|host| Opaque::admit_name(host, self.around.door));
            self.enters(at, key.clone(), Link::Enters { reach, entry: Entry::Ingress, host, port });
        }
        let targets = backends.iter().filter_map(|(host, backend)| {
            let (service, target) = routes::backend_port(self.view, object, backend)?;
            Some((*host, routes::outside_port(ingress, *host), service, target))
        });
        for (host, port, service, target_port) in each_once(targets) {
            self.behind(at, &service, (Entry::Ingress, reach), port);
            let host = host.map(|host| Opaque::admit_name(host, self.around.door));
            let route = Link::Routes { host, port, target_port, protocol: Protocol::Tcp, admits: Admits::ALL };
            self.push(at, key.clone(), service, route);
        }
    }

    /// A route of the Gateway API: each of its host names on each listener that takes it. The word that it hangs there may
    /// itself be uncertain, which stands on the step behind the Gateway: others may hang there for certain.
    fn gateway_route(&mut self, at: usize, route: &GatewayRoute, controllers: &Controllers<'_>) {
        for hung in gateways::hung(self.view, (&self.homes, &self.grants), at, route) {
            let Body::Gateway(gateway) = &self.view.objects[hung.gateway].body else { continue };
            let reach = controllers.reach_of_gateway(gateway, self.around.told_by);
            let key = self.view.keys[hung.gateway].clone();
            let host = hung.host.map(|host| Opaque::admit_name(&host, self.around.door));
            self.enters(
                at,
                key.clone(),
                Link::Enters { reach, entry: Entry::Gateway, host: host.clone(), port: hung.port },
            );
            let sure = if hung.sure { Reach::Public } else { Reach::Unknown(SettledBy::ServicesAndRoutes) };
            for (service, target_port) in hung.services {
                self.behind(at, &service, (Entry::Gateway, reach.min(sure)), hung.port);
                let admits = Admits { direct: sure, routed: sure };
                let (host, port, protocol) = (host.clone(), hung.port, hung.protocol);
                self.push(at, key.clone(), service, Link::Routes { host, port, target_port, protocol, admits });
            }
        }
    }

    /// What callers of a route reach behind a Service.
    fn behind(&mut self, at: usize, service: &AssetKey, (entry, reach): (Entry, Reach), port: u16) {
        match self.services.get(service).cloned() {
            Some(None) if reach != Reach::Internal => self.beside(at, entry, [port]),
            behind => {
                behind.flatten().iter().flatten().for_each(|(target, routed)| self.reach(target, reach.min(*routed)));
            }
        }
    }

    /// Where nobody can tell what a way leads to, it may lead to any workload of the namespace.
    fn beside(&mut self, at: usize, entry: Entry, ports: impl IntoIterator<Item = u16>) {
        let namespace = &*self.view.objects[at].namespace;
        let said = |port: &u16| self.left_open.contains(&(Box::from(namespace), entry, *port));
        let ports: Vec<u16> = each_once(ports).filter(|port| !said(port)).collect();
        if ports.is_empty() {
            return;
        }
        let beside = self.view.workloads().filter(|(w, _)| *self.view.objects[*w].namespace == *namespace);
        let beside: Vec<AssetKey> = each_once(beside.map(|(w, _)| self.view.raised[w].clone())).collect();
        let reach = Reach::Unknown(SettledBy::ServicesAndRoutes);
        self.left_open.extend(ports.iter().map(|port| (Box::from(namespace), entry, *port)));
        for (port, key) in ports.into_iter().flat_map(|port| beside.iter().map(move |key| (port, key.clone()))) {
            self.enters(at, key, Link::Enters { reach, entry, host: None, port });
        }
    }

    fn reach(&mut self, workload: &AssetKey, reach: Reach) {
        let best = self.reached.entry(workload.clone()).or_insert(reach);
        *best = (*best).max(reach);
    }

    fn enters(&mut self, at: usize, to: AssetKey, link: Link) {
        self.push(at, AssetKey::internet(), to, link);
    }

    fn push(&mut self, at: usize, from: AssetKey, to: AssetKey, link: Link) {
        let edge = Edge { from, to, link, author: self.author(), since: self.around.as_of };
        self.ways.edges.entry(at).or_default().push(edge);
    }

    /// Types, ports, selectors and addresses are what the server enforces, whoever wrote the object.
    fn author(&self) -> Author {
        self.around.told_by.enforced()
    }
}

/// Keeps what lets more through.
fn widen<K: Ord>(known: Kept<'_, K, Admits>, admits: Admits) {
    let kept = known.or_insert(admits);
    *kept = Admits { direct: kept.direct.max(admits.direct), routed: kept.routed.max(admits.routed) };
}

/// The values in their order, each the first time only.
fn each_once<T: Clone + Eq + Hash>(values: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    let mut seen = HashSet::new();
    values.into_iter().filter(move |value| seen.insert(value.clone()))
}

/// Who gets to the external addresses of a Service. They are public where one of them is.
fn external_ips(service: &Service) -> Option<Reach> {
    let reach = |ip: &str| match ip.parse() {
        Ok(ip) if !address::is_public(ip) => Reach::Internal,
        _ => Reach::Public,
    };
    service.spec.external_ips.iter().map(|ip| reach(ip)).max()
}

/// Who gets to the nodes.
struct Nodes<'v> {
    by_name: HashMap<&'v str, Reach>,
    /// To a port that is open on all of them. Nodes that nobody showed may have any address.
    any: Reach,
}

impl<'v> Nodes<'v> {
    fn of(view: &View<'v>, complete: bool) -> Self {
        let nodes = view.objects.iter().filter_map(|object| match &object.body {
            Body::Node(node) => Some((&*object.name, node_reach(node))),
            _ => None,
        });
        let by_name: HashMap<&str, Reach> = nodes.collect();
        let unseen = if complete && !by_name.is_empty() { Reach::Internal } else { Reach::Unknown(SettledBy::Nodes) };
        let any = by_name.values().copied().chain([unseen]).max().unwrap_or(unseen);
        Self { by_name, any }
    }

    /// To a port of those that run a workload's pods: of one node where the pod is bound to it.
    fn of_pods(&self, workload: &Workload) -> Reach {
        let bound = workload.spec.node_name.as_deref().and_then(|name| self.by_name.get(name));
        bound.copied().unwrap_or(self.any)
    }
}

/// Who gets to a node. A node without an address may get any.
fn node_reach(node: &Node) -> Reach {
    let addresses = node.status.addresses.iter().filter(|a| matches!(&*a.sort, "ExternalIP" | "InternalIP"));
    let mut known = addresses.filter_map(|a| a.address.parse().ok()).peekable();
    if known.peek().is_none() {
        return Reach::Unknown(SettledBy::Nodes);
    }
    if known.any(address::is_public) { Reach::Public } else { Reach::Internal }
}
