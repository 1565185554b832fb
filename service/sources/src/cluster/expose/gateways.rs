//! What hangs on a Gateway. Comes in: a route and everything in view. Goes out: the listeners that take it, the host names it
//! is then for, and the Services behind it. Source: Gateway API, specification of v1: ParentReference, AllowedRoutes, Listener,
//! ReferenceGrant.

use std::collections::HashMap;

use assay_core::asset::{AssetKey, Kind};
use assay_core::observation::Protocol;

use crate::cluster::homes::Homes;
use crate::cluster::model::{
    BackendRef, Body, GATEWAY_GROUP, GatewayListener, GatewayRoute, GatewayRouteSpec, GrantFrom, GrantTo, ParentRef,
    ReferenceGrant,
};
use crate::cluster::object::Object;
use crate::cluster::view::View;

/// A route on one listener, for one host name.
pub(super) struct Hung {
    /// The Gateway's place among the objects.
    pub(super) gateway: usize,
    /// The host name; none for any.
    pub(super) host: Option<String>,
    /// The port that it listens on.
    pub(super) port: u16,
    pub(super) protocol: Protocol,
    /// The Services that it leads to, each with its port.
    pub(super) services: Vec<(AssetKey, u16)>,
    /// False where it rests on labels that are not in view whether the listener takes the route.
    pub(super) sure: bool,
}

/// Everywhere that a route hangs.
pub(super) fn hung(
    view: &View<'_>,
    (homes, grants): (&Homes<'_>, &Grants<'_>),
    at: usize,
    route: &GatewayRoute,
) -> Vec<Hung> {
    let object = &view.objects[at];
    let services = services(view, grants, object, &route.spec);
    let mut all = Vec::new();
    for parent in route.spec.parent_refs.iter().filter(|parent| is_gateway(parent)) {
        let home = parent.namespace.as_deref().unwrap_or(&object.namespace);
        let Some(gateway) = view.find("Gateway", home, &parent.name) else { continue };
        let Body::Gateway(body) = &view.objects[gateway].body else { continue };
        for listener in body.spec.listeners.iter().filter(|listener| is_meant(parent, listener)) {
            let fits = takes_kind(listener, &object.kind);
            let taken = takes_namespace(listener, homes, home, &object.namespace);
            if !fits || taken == Some(false) {
                continue;
            }
            let protocol = if &*listener.protocol == "UDP" { Protocol::Udp } else { Protocol::Tcp };
            all.extend(hosts(listener, &object.kind, &route.spec.hostnames).into_iter().map(|host| Hung {
                gateway,
                host,
                port: listener.port,
                protocol,
                services: services.clone(),
                sure: taken == Some(true),
            }));
        }
    }
    all
}

/// A parent may also be a Service, within a mesh: that is no way in.
fn is_gateway(parent: &ParentRef) -> bool {
    parent.group.as_deref().unwrap_or(GATEWAY_GROUP) == GATEWAY_GROUP
        && parent.kind.as_deref().unwrap_or("Gateway") == "Gateway"
}

fn is_meant(parent: &ParentRef, listener: &GatewayListener) -> bool {
    parent.section_name.as_ref().is_none_or(|name| *name == listener.name)
        && parent.port.is_none_or(|port| port == listener.port)
}

/// Kinds of routes that each protocol takes. Of a protocol of somebody's own nobody knows: it takes all.
const KINDS: &[(&str, &[&str])] = &[
    ("HTTP", &["HTTPRoute", "GRPCRoute"]),
    ("HTTPS", &["HTTPRoute", "GRPCRoute"]),
    ("TLS", &["TLSRoute", "TCPRoute"]),
    ("TCP", &["TCPRoute"]),
    ("UDP", &["UDPRoute"]),
];

fn takes_kind(listener: &GatewayListener, kind: &str) -> bool {
    let by_protocol = KINDS.iter().find(|(protocol, _)| *protocol == &*listener.protocol);
    let listed = &listener.allowed_routes.kinds;
    by_protocol.is_none_or(|(_, kinds)| kinds.contains(&kind))
        && (listed.is_empty() || listed.iter().any(|allowed| &*allowed.kind == kind))
}

/// Whether a listener takes routes of a namespace; none where its labels are not in view.
fn takes_namespace(listener: &GatewayListener, homes: &Homes<'_>, own: &str, namespace: &str) -> Option<bool> {
    let allowed = &listener.allowed_routes.namespaces;
    match allowed.from.as_deref().unwrap_or("Same") {
        "All" => Some(true),
        "Same" => Some(own == namespace),
        "Selector" => homes.fits(&allowed.selector, namespace),
        _ => Some(false),
    }
}

/// The host names that a listener and a route have in common; none of them, and the route does not hang there. Kinds that
/// know no host names hang there for any.
fn hosts(listener: &GatewayListener, kind: &str, wanted: &[Box<str>]) -> Vec<Option<String>> {
    if matches!(kind, "TCPRoute" | "UDPRoute") {
        return vec![None];
    }
    let own = listener.hostname.as_deref().filter(|host| !host.is_empty());
    match (own, wanted) {
        (own, []) => vec![own.map(str::to_owned)],
        (None, wanted) => wanted.iter().map(|host| Some(host.to_string())).collect(),
        (Some(own), wanted) => {
            let common = wanted.iter().filter_map(|host| narrower(own, host));
            common.map(|host| Some(host.to_owned())).collect()
        }
    }
}

/// The one of two host names that lies within the other. `*.example.com` holds every name below it, however deep.
fn narrower<'h>(one: &'h str, other: &'h str) -> Option<&'h str> {
    let holds = |wide: &str, host: &str| {
        let below = |end: &str| host.strip_suffix(end).is_some_and(|first| !first.is_empty());
        wide == host || wide.strip_prefix('*').is_some_and(below)
    };
    if holds(one, other) {
        Some(other)
    } else if holds(other, one) {
        Some(one)
    } else {
        None
    }
}

/// The Services behind a route that may refer to them. What has no weight is sent nothing.
fn services(view: &View<'_>, grants: &Grants<'_>, object: &Object, spec: &GatewayRouteSpec) -> Vec<(AssetKey, u16)> {
    let backends = spec.rules.iter().flat_map(|rule| &rule.backend_refs).filter(|b| b.weight != Some(0));
    let of_services = backends.filter(|b| {
        b.group.as_deref().unwrap_or_default().is_empty() && b.kind.as_deref().unwrap_or("Service") == "Service"
    });
    let mut all: Vec<(AssetKey, u16)> = Vec::new();
    for backend in of_services {
        let home = backend.namespace.as_deref().unwrap_or(&object.namespace);
        let (Some(port), true) = (backend.port, grants.let_refer(object, home, backend)) else { continue };
        let found = (view.key(Kind::of("Service"), home, &backend.name), port);
        if !all.contains(&found) {
            all.push(found);
        }
    }
    all
}

/// The words of each namespace that objects of others may refer to its own.
pub(super) struct Grants<'v> {
    by_namespace: HashMap<&'v str, Vec<&'v ReferenceGrant>>,
}

impl<'v> Grants<'v> {
    pub(super) fn of(view: &View<'v>) -> Self {
        let mut by_namespace: HashMap<&str, Vec<&ReferenceGrant>> = HashMap::new();
        for object in view.objects {
            if let Body::ReferenceGrant(grant) = &object.body {
                by_namespace.entry(&object.namespace).or_default().push(grant);
            }
        }
        Self { by_namespace }
    }

    fn let_refer(&self, object: &Object, home: &str, backend: &BackendRef) -> bool {
        let from =
            |f: &GrantFrom| &*f.group == GATEWAY_GROUP && f.kind == object.kind && f.namespace == object.namespace;
        let to = |t: &GrantTo| {
            t.group.is_empty() && &*t.kind == "Service" && t.name.as_ref().is_none_or(|name| *name == backend.name)
        };
        let grants = self.by_namespace.get(home).into_iter().flatten();
        home == &*object.namespace
            || grants.into_iter().any(|g| g.spec.from.iter().any(from) && g.spec.to.iter().any(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_host_names_the_narrower_one_counts() {
        for (one, other, both) in [
            ("*.example.com", "shop.example.com", Some("shop.example.com")),
            ("a.b.example.com", "*.example.com", Some("a.b.example.com")),
            ("*.example.com", "*.shop.example.com", Some("*.shop.example.com")),
            ("*.example.com", "example.com", None),
            ("shop.example.com", "shop.example.com", Some("shop.example.com")),
            ("shop.example.com", "admin.example.com", None),
            ("*.example.com", "shop.example.org", None),
        ] {
            assert_eq!(narrower(one, other), both, "{one} {other}");
        }
    }

    #[test]
    fn a_listener_takes_what_its_protocol_and_its_list_take() {
        let listener = |protocol: &str, kinds: &[&str]| {
            let mut listener = GatewayListener { protocol: protocol.into(), ..GatewayListener::default() };
            let kind = |kind: &&str| crate::cluster::model::RouteKind { kind: (*kind).into() };
            listener.allowed_routes.kinds = kinds.iter().map(kind).collect();
            listener
        };
        assert!(takes_kind(&listener("HTTPS", &[]), "GRPCRoute"));
        assert!(!takes_kind(&listener("HTTPS", &["HTTPRoute"]), "GRPCRoute"));
        assert!(!takes_kind(&listener("HTTP", &["TCPRoute"]), "TCPRoute"), "the protocol has the last word");
        assert!(takes_kind(&listener("example.com/quic", &[]), "UDPRoute"));
    }
}
