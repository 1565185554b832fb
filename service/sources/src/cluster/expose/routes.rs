//! From an Ingress to Services and from a Service to workloads: selectors, and ports by number and name.

use std::collections::HashMap;

use assay_core::asset::{AssetKey, Kind};
use assay_core::observation::Protocol;

use crate::cluster::model::{Body, Container, Ingress, IngressBackend, Labels, PortName, Service, Workload};
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

/// The workloads that Services can choose from, by namespace and label.
pub(super) struct Labelled<'v>(HashMap<(&'v str, &'v str, &'v str), Vec<usize>>);

impl<'v> Labelled<'v> {
    /// Finds them all. A pod that has ended is nobody's endpoint, and what is between a pod and its owner has the labels
    /// of either.
    pub(super) fn of(view: &View<'v>) -> Self {
        let mut found: HashMap<(&str, &str, &str), Vec<usize>> = HashMap::new();
        for (at, workload) in view.workloads() {
            let object = &view.objects[at];
            let is_pod = &*object.kind == "Pod";
            let ended = is_pod && workload.wanted == 0;
            if !ended && (is_pod || view.owner[at].is_none()) {
                for (key, value) in &workload.labels {
                    found.entry((&object.namespace, key, value)).or_default().push(at);
                }
            }
        }
        Self(found)
    }

    /// The workloads of a namespace that have a label.
    fn with<'a>(&'a self, namespace: &'a str, key: &'a str, value: &'a str) -> &'a [usize] {
        self.0.get(&(namespace, key, value)).map_or(&[], Vec::as_slice)
    }

    /// Everything behind a Service. Without a selector nothing is chosen: its endpoints are somebody else's list.
    pub(super) fn behind(&self, view: &View<'_>, object: &Object, service: &Service) -> Vec<Route> {
        let spec = &service.spec;
        if spec.sort.as_deref() == Some("ExternalName") {
            return Vec::new();
        }
        // The rarest label leaves the fewest to look at.
        let Some(candidates) = spec
            .selector
            .iter()
            .map(|(key, value)| self.with(&object.namespace, key, value))
            .min_by_key(|all| all.len())
        else {
            return Vec::new();
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
        routes
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
