//! What one rule says of the two ends of a connection: whether it chooses the other end, and on which ports. Source:
//! Kubernetes documentation, "Network Policies"; Network Policy API, v1alpha1, for rules of administrators.

use assay_core::observation::Protocol;

use super::ports::Ports;
use crate::cluster::address;
use crate::cluster::homes::Homes;
use crate::cluster::model::{
    AdminPeer, AdminPort, Labels, PolicyPeer, PolicyPort, PortName, Selector, Workload, protocol,
};

/// One end of a connection.
#[derive(Clone, Copy)]
pub(super) enum End<'v> {
    /// A pod in view.
    Pod(Pod<'v>),
    /// Some pod of which nothing is known: only what chooses every pod of every namespace is sure to choose it.
    AnyPod,
    /// An address outside, as a number.
    Address(u128),
}

/// A pod in view.
#[derive(Clone, Copy)]
pub(super) struct Pod<'v> {
    /// Its namespace.
    pub(super) namespace: &'v str,
    /// What it is.
    pub(super) workload: &'v Workload,
}

impl<'v> End<'v> {
    /// The pod that it is.
    pub(super) fn pod(self) -> Option<Pod<'v>> {
        if let Self::Pod(pod) = self { Some(pod) } else { None }
    }

    /// Whether it is chosen by the labels of its namespace and its own; none where that rests on labels not in view.
    fn is_chosen(self, homes: &Homes<'_>, namespaces: &Selector, pods: Option<&Selector>) -> Option<bool> {
        let own = |labels: &Labels| pods.is_none_or(|selector| selector.selects(labels));
        match self {
            Self::Pod(pod) if !own(&pod.workload.labels) => Some(false),
            Self::Pod(pod) => homes.fits(namespaces, pod.namespace),
            Self::AnyPod => Some(is_all(namespaces) && pods.is_none_or(is_all)),
            Self::Address(_) => Some(false),
        }
    }
}

fn is_all(selector: &Selector) -> bool {
    selector.match_labels.is_empty() && selector.match_expressions.is_empty()
}

/// Whether a NetworkPolicy of a namespace means an end; none where that rests on labels not in view.
pub(super) fn means(peer: &PolicyPeer, own: &str, homes: &Homes<'_>, end: End<'_>) -> Option<bool> {
    if let Some(block) = &peer.ip_block {
        let End::Address(number) = end else { return Some(false) };
        let inside = |cidr: &str| address::block(cidr).is_some_and(|all| all.contains(number));
        return Some(inside(&block.cidr) && !block.except.iter().any(|except| inside(except)));
    }
    match (&peer.namespace_selector, &peer.pod_selector) {
        (Some(namespaces), pods) => end.is_chosen(homes, namespaces, pods.as_ref()),
        (None, Some(pods)) => {
            let pod = end.pod().filter(|pod| pod.namespace == own);
            Some(pod.is_some_and(|pod| pods.selects(&pod.workload.labels)))
        }
        (None, None) => Some(false),
    }
}

/// Whether an administrator's policy means an end; none where that rests on labels not in view. Peers that are nodes or
/// names are not evaluated and mean nobody.
pub(super) fn admin_means(peer: &AdminPeer, homes: &Homes<'_>, end: End<'_>) -> Option<bool> {
    if let End::Address(number) = end {
        return Some(peer.networks.iter().any(|cidr| address::block(cidr).is_some_and(|all| all.contains(number))));
    }
    match (&peer.namespaces, &peer.pods) {
        (Some(namespaces), _) => end.is_chosen(homes, namespaces, None),
        (None, Some(pods)) => end.is_chosen(homes, &pods.namespace_selector, Some(&pods.pod_selector)),
        (None, None) => Some(false),
    }
}

/// The ports of a rule. Names are those of the pod that is called; where that is no pod in view they name no port.
pub(super) fn ports(listed: &[PolicyPort], called: Option<Pod<'_>>) -> Ports {
    if listed.is_empty() {
        return Ports::all();
    }
    let one = |port: &PolicyPort| {
        let protocol = protocol(port.protocol.as_deref());
        match &port.port {
            None => Ports::every(protocol),
            Some(PortName::Number(first)) => Ports::of(protocol, *first, port.end_port.unwrap_or(*first)),
            Some(PortName::Name(name)) => {
                let number = called.and_then(|pod| pod.workload.port_named(name, protocol));
                number.map_or(Ports::NONE, |number| Ports::of(protocol, number, number))
            }
        }
    };
    listed.iter().fold(Ports::NONE, |all, port| all.or(&one(port)))
}

/// The ports of an administrator's rule.
pub(super) fn admin_ports(listed: Option<&[AdminPort]>, called: Option<Pod<'_>>) -> Ports {
    let Some(listed) = listed else { return Ports::all() };
    let single = |(protocol, port): (Protocol, u16)| Ports::of(protocol, port, port);
    let one = |port: &AdminPort| {
        if let Some(number) = &port.port_number {
            return single((protocol(number.protocol.as_deref()), number.port));
        }
        if let Some(range) = &port.port_range {
            return Ports::of(protocol(range.protocol.as_deref()), range.start, range.end);
        }
        let named = port.named_port.iter().zip(called).flat_map(|(name, pod)| pod.workload.named_ports(name));
        named.fold(Ports::NONE, |all, port| all.or(&single(port)))
    };
    listed.iter().fold(Ports::NONE, |all, port| all.or(&one(port)))
}
