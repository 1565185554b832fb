//! From an Ingress to Services and from a Service to workloads: selectors, and ports by number and name.

use std::collections::HashMap;

use assay_core::asset::{AssetKey, Kind};
use assay_core::observation::Protocol;

use crate::cluster::model::{
    Address, Body, Endpoints, Ingress, IngressBackend, Labels, Listener, PortName, Service, ServicePort, protocol,
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
    /// Pods that do not show an address, by namespace and name.
    without_address: HashMap<(&'v str, &'v str), usize>,
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
        let mut without_address = HashMap::new();
        for (at, workload) in view.workloads() {
            let object = &view.objects[at];
            let is_pod = &*object.kind == "Pod";
            let ended = is_pod && workload.wanted == 0;
            if !ended && (is_pod || view.owner[at].is_none()) {
                for (key, value) in &workload.labels {
                    by_label.entry((&*object.namespace, &**key, &**value)).or_default().push(at);
                }
                if is_pod && workload.addresses.is_empty() {
                    without_address.insert((&*object.namespace, &*object.name), at);
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
        Self { by_label, by_address, without_address, lists }
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
                    Some(PortName::Name(name)) => workload.port_named(name, protocol),
                };
                let Some(target_port) = target else { continue };
                let to = view.raised[*at].clone();
                routes.push(Route { to, at: *at, port: port.port, node_port: port.node_port, target_port, protocol });
            }
        }
        Behind::Routes(routes)
    }

    /// The pods whose addresses a list names. An address of no pod is outside of the cluster, if pods show theirs; a pod
    /// that shows none is found by the name that the list gives for it.
    fn listed(&self, view: &View<'_>, object: &Object, service: &Service) -> Behind {
        let lists = self.lists.get(&(&*object.namespace, &*object.name)).map_or(&[][..], Vec::as_slice);
        let said = |address: &Address| {
            let name = address.pod.as_deref()?;
            self.without_address.get(&(&*object.namespace, name)).copied()
        };
        let named = lists.iter().flat_map(|list| &list.addresses).any(|address| said(address).is_some());
        if lists.is_empty() || (self.by_address.is_empty() && !named) {
            return Behind::Unlisted;
        }
        let mut routes: Vec<Route> = Vec::new();
        for (list, port) in lists.iter().flat_map(|list| service.spec.ports.iter().map(move |port| (list, port))) {
            let same_name = |l: &&Listener| l.name.as_deref().unwrap_or("") == port.name.as_deref().unwrap_or("");
            let pods = list.addresses.iter().flat_map(|address| {
                let by_address = self.by_address.get(&*address.ip).map_or(&[][..], Vec::as_slice);
                by_address.iter().copied().chain(said(address))
            });
            for (at, listener) in pods.flat_map(|at| list.listeners.iter().filter(same_name).map(move |l| (at, l))) {
                let target_port = if listener.port == 0 { port.port } else { listener.port };
                let (to, protocol) = (view.raised[at].clone(), protocol(port.protocol.as_deref()));
                routes.push(Route { to, at, port: port.port, node_port: port.node_port, target_port, protocol });
            }
        }
        Behind::Routes(routes)
    }
}

/// True when every label of the selector is there.
fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
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
    if let Some(of_pods) = &backend.of_pods {
        return Some((key, port_of_pods(view, &object.namespace, name, of_pods.as_ref())?));
    }
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

/// The port of a Service behind a Route of OpenShift, which names it, or its pods' port, or nothing: then it is the first.
fn port_of_pods(view: &View<'_>, namespace: &str, name: &str, wanted: Option<&PortName>) -> Option<u16> {
    let at = view.find("Service", namespace, name)?;
    let Body::Service(service) = &view.objects[at].body else { return None };
    let fits = |port: &&ServicePort| match wanted {
        None => true,
        Some(PortName::Number(number)) => match &port.target_port {
            None => port.port == *number,
            Some(target) => *target == PortName::Number(*number),
        },
        Some(wanted @ PortName::Name(name)) => {
            port.name.as_ref() == Some(name) || port.target_port.as_ref() == Some(wanted)
        }
    };
    service.spec.ports.iter().find(fits).map(|port| port.port)
}
