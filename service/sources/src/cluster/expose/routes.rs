//! From an Ingress to Services and from a Service to workloads: selectors, and ports by number and name.

use std::collections::HashMap;

use assay_core::asset::{AssetKey, Kind};
use assay_core::observation::Protocol;

use crate::cluster::model::{
    Body, Container, Endpoints, Ingress, IngressBackend, Labels, Listener, PortName, Service, Workload,
};
use crate::cluster::object::Object;
use crate::cluster::view::View;

/// A port of a Service that leads to a port of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) to: AssetKey,
    /// The object that was chosen.
    pub(super) at: usize,
    pub(super) port: u16,
    pub(super) node_port: u16,
    pub(super) target_port: u16,
    pub(super) protocol: Protocol,
}

/// The workloads that Services can choose from, by namespace and label; and pods by their addresses.
pub(super) struct Labelled<'v> {
    by_label: HashMap<(&'v str, &'v str, &'v str), Vec<usize>>,
    by_address: HashMap<&'v str, Vec<usize>>,
    /// Lists of addresses, by namespace and Service.
    lists: HashMap<(&'v str, &'v str), Vec<&'v Endpoints>>,
}

/// What stands behind a Service.
pub(super) enum Behind {
    /// These.
    Routes(Vec<Route>),
    /// It chooses nobody, and the list of its addresses is not in view: it may be any workload beside it.
    Unlisted,
}

impl<'v> Labelled<'v> {
    /// Finds them all. A pod that has ended is nobody's endpoint, and what is between a pod and its owner has the labels
    /// of either.
    pub(super) fn of(view: &View<'v>) -> Self {
        let (mut by_label, mut by_address): (HashMap<_, Vec<usize>>, HashMap<&str, Vec<usize>>) = Default::default();
        for (at, workload) in view.workloads() {
            let object = &view.objects[at];
            let is_pod = &*object.kind == "Pod";
            let ended = is_pod && workload.wanted == 0;
            if !ended && (is_pod || view.owner[at].is_none()) {
                for (key, value) in &workload.labels {
                    by_label.entry((&*object.namespace, &**key, &**value)).or_default().push(at);
                }
                for address in &workload.addresses {
                    by_address.entry(address).or_default().push(at);
                }
            }
        }
        let mut lists: HashMap<_, Vec<&Endpoints>> = HashMap::new();
        for object in view.objects {
            if let Body::Endpoints(list) = &object.body {
                lists.entry((&*object.namespace, &*list.service)).or_default().push(list);
            }
        }
        Self { by_label, by_address, lists }
    }

    /// The workloads of a namespace that have a label.
    fn with<'a>(&'a self, namespace: &'a str, key: &'a str, value: &'a str) -> &'a [usize] {
        self.by_label.get(&(namespace, key, value)).map_or(&[], Vec::as_slice)
    }

    /// Everything behind a Service. Without a selector its endpoints are somebody else's list.
    pub(super) fn behind(&self, view: &View<'_>, object: &Object, service: &Service) -> Behind {
        let spec = &service.spec;
        if spec.sort.as_deref() == Some("ExternalName") {
            return Behind::Routes(Vec::new());
        }
        // The rarest label leaves the fewest to look at.
        let Some(candidates) = spec
            .selector
            .iter()
            .map(|(key, value)| self.with(&object.namespace, key, value))
            .min_by_key(|all| all.len())
        else {
            return self.listed(view, object, service);
        };
        let mut routes: Vec<Route> = Vec::new();
        for at in candidates {
            let Some(workload) = view.workload(*at).filter(|w| selects(&spec.selector, &w.labels)) else { continue };
            for port in &spec.ports {
                let protocol = protocol(port.protocol.as_deref());
                let target = match &port.target_port {
                    None | Some(PortName::Number(0)) => Some(port.port),
                    Some(PortName::Number(number)) => Some(*number),
                    // A pod without a port of that name is no endpoint of this port.
                    Some(PortName::Name(name)) => named_port(workload, name, protocol),
                };
                let Some(target_port) = target else { continue };
                let to = view.raised[*at].clone();
                routes.push(Route { to, at: *at, port: port.port, node_port: port.node_port, target_port, protocol });
            }
        }
        Behind::Routes(routes)
    }

    /// The pods whose addresses a list names. An address of no pod is outside of the cluster, if pods show theirs.
    fn listed(&self, view: &View<'_>, object: &Object, service: &Service) -> Behind {
        let lists = self.lists.get(&(&*object.namespace, &*object.name)).map_or(&[][..], Vec::as_slice);
        if lists.is_empty() || self.by_address.is_empty() {
            return Behind::Unlisted;
        }
        let mut routes: Vec<Route> = Vec::new();
        for (list, port) in lists.iter().flat_map(|list| service.spec.ports.iter().map(move |port| (list, port))) {
            let same_name = |l: &&Listener| l.name.as_deref().unwrap_or("") == port.name.as_deref().unwrap_or("");
            let pods = list.addresses.iter().filter_map(|address| self.by_address.get(&**address)).flatten();
            for (at, listener) in pods.flat_map(|at| list.listeners.iter().filter(same_name).map(move |l| (at, l))) {
                let target_port = if listener.port == 0 { port.port } else { listener.port };
                let (to, protocol) = (view.raised[*at].clone(), protocol(port.protocol.as_deref()));
                routes.push(Route { to, at: *at, port: port.port, node_port: port.node_port, target_port, protocol });
            }
        }
        Behind::Routes(routes)
    }
}

/// True when every label of the selector is there.
fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// A named port: of the containers first, then of init containers that keep running.
pub(super) fn named_port(workload: &Workload, name: &str, protocol: Protocol) -> Option<u16> {
    let sidecars = workload.spec.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always"));
    let all = workload.spec.containers.iter().chain(sidecars);
    all.flat_map(|c: &Container| &c.ports)
        .find(|port| port.name.as_deref() == Some(name) && self::protocol(port.protocol.as_deref()) == protocol)
        .map(|port| port.container_port)
}

pub(super) fn protocol(text: Option<&str>) -> Protocol {
    match text {
        Some("UDP") => Protocol::Udp,
        Some("SCTP") => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}

/// Every backend of an Ingress with the host it is asked for under; the default one answers for any host.
pub(super) fn backends(ingress: &Ingress) -> Vec<(Option<&str>, &IngressBackend)> {
    let rules = ingress.spec.rules.iter().flat_map(|rule| {
        let host = rule.host.as_deref().filter(|host| !host.is_empty());
        rule.http.paths.iter().map(move |path| (host, &path.backend))
    });
    rules.chain(ingress.spec.default_backend.iter().map(|backend| (None, backend))).collect()
}

/// The port of the outside: 443 where the host is served with TLS. Controllers answer 80 too then, with a redirect to
/// the same place, which is no second way in.
pub(super) fn outside_port(ingress: &Ingress, host: Option<&str>) -> u16 {
    let covers = |pattern: &str| match (host, pattern.strip_prefix('*')) {
        (Some(host), Some(rest)) => {
            host.strip_suffix(rest).is_some_and(|first| !first.is_empty() && !first.contains('.'))
        }
        (Some(host), None) => host == pattern,
        (None, _) => false,
    };
    let tls = ingress.spec.tls.iter().any(|tls| tls.hosts.is_empty() || tls.hosts.iter().any(|h| covers(h)));
    if tls { 443 } else { 80 }
}

/// The Service that a backend names, and its port by number. A name that cannot be looked up leads nowhere.
pub(super) fn backend_port(view: &View<'_>, object: &Object, backend: &IngressBackend) -> Option<(AssetKey, u16)> {
    let (name, port) = backend.target()?;
    let key = view.key(Kind::of("Service"), &object.namespace, name);
    let number = match port? {
        PortName::Number(number) => number,
        PortName::Name(port_name) => {
            let at = view.find("Service", &object.namespace, name)?;
            let Body::Service(service) = &view.objects[at].body else { return None };
            service.spec.ports.iter().find(|port| port.name.as_deref() == Some(&*port_name))?.port
        }
    };
    Some((key, number))
}
