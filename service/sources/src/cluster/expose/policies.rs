//! What network policies let through. Comes in: the policies in view. Goes out: for a port of a workload, whether callers
//! from outside get to it. Source: Kubernetes documentation, "Network Policies": policies only ever add callers, a pod
//! that none selects takes all, and what a node rewrites the address of is left open.

use std::collections::HashMap;

use assay_core::observation::{Admits, Protocol, Reach, SettledBy};

use super::controllers::Serving;
use crate::cluster::address::leaves_public;
use crate::cluster::homes::Homes;
use crate::cluster::model::{
    Body, NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule, PortName, Workload, protocol as of_text,
};
use crate::cluster::view::View;

/// All policies in view.
pub(super) struct Policies<'v> {
    by_namespace: HashMap<&'v str, Vec<&'v NetworkPolicy>>,
    /// The labels of the namespaces in view.
    homes: Homes<'v>,
    /// Workloads that serve Ingresses.
    controllers: Vec<usize>,
    /// Nothing that could add a caller is out of view: no policy missing, none of another sort.
    all_known: bool,
}

/// A port of a workload, seen from outside.
#[derive(Clone, Copy)]
pub(super) struct Target {
    /// The workload's place among the objects.
    pub(super) at: usize,
    pub(super) port: u16,
    pub(super) protocol: Protocol,
    pub(super) callers: Callers,
}

/// Whose address a pod sees when somebody from outside calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    /// The caller's.
    Kept,
    /// The caller's, or that of the load balancer where it is a proxy. Source: Kubernetes documentation, "Using Source IP",
    /// cross-platform support.
    Balanced,
    /// The caller's, or that of a node that passed the call on.
    Rewritten,
}

impl<'v> Policies<'v> {
    pub(super) fn of(view: &View<'v>, serving: &[Serving], complete: bool) -> Self {
        let mut by_namespace: HashMap<&str, Vec<&NetworkPolicy>> = HashMap::new();
        let mut all_known = complete;
        for object in view.objects {
            match &object.body {
                Body::NetworkPolicy(policy) => by_namespace.entry(&object.namespace).or_default().push(policy),
                Body::AdminPolicy(_) | Body::OtherPolicy => all_known = false,
                _ => {}
            }
        }
        // An owner has the labels of its pods.
        let owners = serving.iter().map(|s| s.workload).filter(|at| view.owner[*at].is_none());
        Self { by_namespace, homes: Homes::of(view.objects), controllers: owners.collect(), all_known }
    }

    /// What is let through to a port of a workload.
    pub(super) fn admits(&self, view: &View<'v>, target: Target) -> Admits {
        let Some(workload) = view.workload(target.at) else { return Admits::ALL };
        let namespace = &*view.objects[target.at].namespace;
        let all = self.by_namespace.get(namespace).map_or(&[][..], Vec::as_slice);
        let mut isolating =
            all.iter().filter(|p| p.spec.is_for_ingress() && p.spec.pod_selector.selects(&workload.labels)).peekable();
        if isolating.peek().is_none() {
            return Admits::ALL;
        }
        let rules: Vec<&PolicyRule> =
            isolating.flat_map(|p| &p.spec.ingress).filter(|rule| on_port(rule, workload, target)).collect();
        if rules.iter().any(|rule| rule.from.is_empty() || rule.from.iter().any(is_of_the_internet)) {
            return Admits::ALL;
        }
        if workload.spec.host_network {
            // What a policy does to a pod on the host's network is not defined.
            let undefined = Reach::Unknown(SettledBy::NetworkPlugin);
            return Admits { direct: undefined, routed: undefined };
        }
        let undefined = match target.callers {
            Callers::Kept => false,
            // A proxy's address may lie in a block, and in nothing else that a rule can name.
            Callers::Balanced => rules.iter().flat_map(|rule| &rule.from).any(|peer| peer.ip_block.is_some()),
            Callers::Rewritten => true,
        };
        let direct = if undefined && self.all_known { Reach::Unknown(SettledBy::NetworkPlugin) } else { self.closed() };
        let through = self.controllers.iter().map(|&at| self.through(view, at, namespace, &rules));
        let routed = through.max().unwrap_or(Reach::Unknown(SettledBy::RouteController));
        Admits { direct, routed }
    }

    /// Closed, unless a policy that is not in view may open it.
    fn closed(&self) -> Reach {
        if self.all_known { Reach::Internal } else { Reach::Unknown(SettledBy::NetworkPolicies) }
    }

    /// Whether the pods of a controller are let through.
    fn through(&self, view: &View<'v>, controller: usize, namespace: &str, rules: &[&PolicyRule]) -> Reach {
        let Some(workload) = view.workload(controller) else { return self.closed() };
        if workload.spec.host_network {
            return Reach::Unknown(SettledBy::NetworkPlugin);
        }
        let home = &*view.objects[controller].namespace;
        let peers = rules.iter().flat_map(|rule| &rule.from);
        let verdicts = peers.map(|peer| {
            let pods = peer.pod_selector.as_ref().is_none_or(|s| s.selects(&workload.labels));
            match (&peer.ip_block, &peer.namespace_selector, &peer.pod_selector) {
                // Addresses of pods are not known here.
                (Some(_), ..) => Reach::Unknown(SettledBy::NetworkPolicies),
                (None, Some(_), _) if !pods => self.closed(),
                (None, Some(selector), _) => match self.homes.fits(selector, home) {
                    Some(true) => Reach::Public,
                    Some(false) => self.closed(),
                    None => Reach::Unknown(SettledBy::NetworkPolicies),
                },
                (None, None, Some(_)) if pods && home == namespace => Reach::Public,
                (None, None, _) => self.closed(),
            }
        });
        verdicts.max().unwrap_or_else(|| self.closed())
    }
}

fn is_of_the_internet(peer: &PolicyPeer) -> bool {
    peer.ip_block.as_ref().is_some_and(|block| leaves_public(&block.cidr, &block.except))
}

/// True when a rule speaks of the port.
fn on_port(rule: &PolicyRule, workload: &Workload, target: Target) -> bool {
    let fits = |port: &PolicyPort| {
        let protocol = of_text(port.protocol.as_deref());
        protocol == target.protocol
            && match (&port.port, port.end_port) {
                (None, _) => true,
                (Some(PortName::Number(first)), Some(last)) => (*first..=last).contains(&target.port),
                (Some(PortName::Number(number)), None) => *number == target.port,
                (Some(PortName::Name(name)), _) => workload.port_named(name, protocol) == Some(target.port),
            }
    };
    rule.ports.is_empty() || rule.ports.iter().any(fits)
}
