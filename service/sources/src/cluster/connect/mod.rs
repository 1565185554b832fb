//! Which workload may call which, on which ports, by the network policies in view. Comes in: objects. Goes out: every pair
//! of ends with the ports that are open between them. A connection is open where the rules of both its ends let it through:
//! first those of administrators, then those of the pod's namespace, last the administrators' baseline; what no rule speaks
//! of is open. It is an upper bound: where a rule rests on labels that are not in view, it is taken to open and not to close.

mod ports;
mod rules;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use assay_core::asset::AssetKey;
use assay_core::text::{Door, Opaque};

pub use ports::Ports;
use rules::{End, Pod};

use super::address;
use super::gathered::Gathered;
use super::homes::Homes;
use super::model::{AdminPolicy, AdminRule, Body, NetworkPolicy, PolicyRule};
use super::object::Object;
use super::spans::Spans;
use super::view::View;

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A workload in view.
    Workload(AssetKey),
    /// Any other pod of the cluster, whatever its labels.
    AnyPod,
    /// Addresses outside of the cluster, as numbers: one of IPv4 is its form in IPv6.
    Outside(Spans),
}

/// What one end may call at another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Who calls.
    pub from: Party,
    /// Who is called.
    pub to: Party,
    /// On which ports.
    pub ports: Ports,
    /// False where an end is on the network of its host: Kubernetes leaves open what policies do to it.
    pub certain: bool,
}

/// Every open connection of the workloads in view, or of one of them, in order. It takes time with the square of their
/// number where none is named. A workload does not call itself here.
pub fn connections(gathered: &Gathered, cluster: &Opaque, door: &dyn Door, of: Option<&AssetKey>) -> Vec<Connection> {
    let view = View::new(&gathered.objects, cluster, door);
    let network = Network::of(&gathered.objects);
    let ended = |at: usize| view.workload(at).is_none_or(|workload| workload.wanted == 0);
    let places: Vec<usize> =
        view.workloads().map(|(at, _)| at).filter(|at| view.owner[*at].is_none() && !ended(*at)).collect();
    let mut all: BTreeMap<(Party, Party), (Ports, bool)> = BTreeMap::new();
    let mut add = |from: Party, to: Party, ports: Ports, certain: bool| {
        if !ports.is_empty() {
            // Pods of one workload that have labels of their own: what any of them may.
            let kept = all.entry((from, to)).or_insert((Ports::NONE, true));
            *kept = (kept.0.or(&ports), kept.1 && certain);
        }
    };
    let pod = |at: usize| Some(Pod { namespace: &view.objects[at].namespace, workload: view.workload(at)? });
    for (at, one) in places.iter().filter_map(|at| Some((*at, pod(*at)?))) {
        let key = &view.raised[at];
        let asked = of.is_none_or(|of| of == key);
        let alone = !one.workload.spec.host_network;
        let (end, workload) = (End::Pod(one), || Party::Workload(key.clone()));
        for (other, two) in places.iter().filter_map(|at| Some((&view.raised[*at], pod(*at)?))) {
            if other != key && (asked || of.is_some_and(|of| of == other)) {
                let certain = alone && !two.workload.spec.host_network;
                add(workload(), Party::Workload(other.clone()), network.ports(end, End::Pod(two)), certain);
            }
        }
        if asked {
            add(workload(), Party::AnyPod, network.ports(end, End::AnyPod), alone);
            add(Party::AnyPod, workload(), network.ports(End::AnyPod, end), alone);
            for (addresses, ports) in network.outside(one, Way::Out) {
                add(workload(), Party::Outside(addresses), ports, alone);
            }
            for (addresses, ports) in network.outside(one, Way::In) {
                add(Party::Outside(addresses), workload(), ports, alone);
            }
        }
    }
    all.into_iter().map(|((from, to), (ports, certain))| Connection { from, to, ports, certain }).collect()
}

/// A connection as one of its ends sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

/// All policies in view.
struct Network<'v> {
    homes: Homes<'v>,
    by_namespace: HashMap<&'v str, Vec<&'v NetworkPolicy>>,
    /// Those of administrators that come first, in their order.
    admin: Vec<&'v AdminPolicy>,
    /// Those that come last.
    baseline: Vec<&'v AdminPolicy>,
}

impl<'v> Network<'v> {
    fn of(objects: &'v [Object]) -> Self {
        let mut by_namespace: HashMap<&str, Vec<&NetworkPolicy>> = HashMap::new();
        let (mut admin, mut baseline) = (Vec::new(), Vec::new());
        for object in objects {
            match &object.body {
                Body::NetworkPolicy(policy) => by_namespace.entry(&object.namespace).or_default().push(policy),
                Body::AdminPolicy(policy) if policy.baseline => baseline.push((&object.name, &**policy)),
                Body::AdminPolicy(policy) => admin.push((&object.name, &**policy)),
                _ => {}
            }
        }
        // Of equal priorities the order is not defined; by name it is at least always the same.
        admin.sort_by_key(|(name, policy)| (policy.spec.priority, *name));
        baseline.sort_by_key(|(name, _)| *name);
        let bodies = |all: Vec<(&Box<str>, &'v AdminPolicy)>| all.into_iter().map(|(_, policy)| policy).collect();
        Self { homes: Homes::of(objects), by_namespace, admin: bodies(admin), baseline: bodies(baseline) }
    }

    /// The ports on which one end may call the other.
    fn ports(&self, from: End<'_>, to: End<'_>) -> Ports {
        let out = from.pod().map_or_else(Ports::all, |pod| self.let_through(Way::Out, pod, to));
        let into = to.pod().map_or_else(Ports::all, |pod| self.let_through(Way::In, pod, from));
        out.and(&into)
    }

    /// What the rules for one pod let through.
    fn let_through(&self, way: Way, own: Pod<'_>, other: End<'_>) -> Ports {
        if own.workload.spec.host_network {
            return Ports::all();
        }
        let called = if way == Way::In { Some(own) } else { other.pod() };
        let first = self.by_admins(&self.admin, way, (own, other, called), Ports::all());
        let left = first.left;
        match self.by_namespace(way, own, other, called) {
            Some(open) => first.open.or(&left.and(&open)),
            None => {
                let last = self.by_admins(&self.baseline, way, (own, other, called), left);
                first.open.or(&last.open).or(&last.left)
            }
        }
    }

    /// What policies of administrators decide of the ports that are left to them: the first rule that speaks of a port.
    fn by_admins(
        &self,
        policies: &[&AdminPolicy],
        way: Way,
        (own, other, called): (Pod<'_>, End<'_>, Option<Pod<'_>>),
        mut undecided: Ports,
    ) -> Decided {
        let (mut open, mut passed) = (Ports::NONE, Ports::NONE);
        let is_subject =
            |p: &&&AdminPolicy| rules::admin_means(&p.spec.subject, &self.homes, End::Pod(own)).unwrap_or(false);
        for rule in policies.iter().filter(is_subject).flat_map(|p| admin_rules(p, way)) {
            let allows = &*rule.action == "Allow";
            let peers = if way == Way::In { &rule.from } else { &rule.to };
            if !peers.iter().any(|peer| rules::admin_means(peer, &self.homes, other).unwrap_or(allows)) {
                continue;
            }
            let here = rules::admin_ports(rule.ports.as_deref(), called).and(&undecided);
            undecided = undecided.without(&here);
            match &*rule.action {
                "Allow" => open = open.or(&here),
                "Deny" => {}
                // `Pass`; what is no action is no decision.
                _ => passed = passed.or(&here),
            }
        }
        Decided { open, left: undecided.or(&passed) }
    }

    /// What the policies of a pod's namespace let through together; none where no policy is for it.
    fn by_namespace(&self, way: Way, own: Pod<'_>, other: End<'_>, called: Option<Pod<'_>>) -> Option<Ports> {
        let all = self.by_namespace.get(own.namespace).map_or(&[][..], Vec::as_slice);
        let is_for = |p: &&&NetworkPolicy| {
            let types = if way == Way::In { p.spec.is_for_ingress() } else { p.spec.is_for_egress() };
            types && p.spec.pod_selector.selects(&own.workload.labels)
        };
        let mut isolating = all.iter().filter(is_for).peekable();
        isolating.peek()?;
        let rules = isolating.flat_map(|p| if way == Way::In { &p.spec.ingress } else { &p.spec.egress });
        let meant = |rule: &&PolicyRule| {
            let peers = if way == Way::In { &rule.from } else { &rule.to };
            let means = |peer| rules::means(peer, own.namespace, &self.homes, other).unwrap_or(true);
            peers.is_empty() || peers.iter().any(means)
        };
        Some(rules.filter(meant).fold(Ports::NONE, |open, rule| open.or(&rules::ports(&rule.ports, called))))
    }

    /// The addresses outside that a pod may call, or be called from, by the ports that are open between them.
    fn outside(&self, pod: Pod<'_>, way: Way) -> Vec<(Spans, Ports)> {
        let mut by_ports: BTreeMap<Ports, Spans> = BTreeMap::new();
        for all in self.told_apart(pod.namespace, way) {
            // Every rule holds for all of them or for none: one stands for all.
            let Some((first, _)) = all.iter().next() else { continue };
            let (own, other) = (End::Pod(pod), End::Address(first));
            let ports = if way == Way::Out { self.ports(own, other) } else { self.ports(other, own) };
            let known = by_ports.entry(ports).or_default();
            *known = known.or(&all);
        }
        by_ports.into_iter().filter(|(ports, _)| !ports.is_empty()).map(|(ports, all)| (all, ports)).collect()
    }

    /// All addresses, cut wherever a block of some rule begins or ends.
    fn told_apart(&self, namespace: &str, way: Way) -> Vec<Spans> {
        let mut blocks: Vec<Spans> = Vec::new();
        for policy in self.by_namespace.get(namespace).into_iter().flatten() {
            let rules = if way == Way::In { &policy.spec.ingress } else { &policy.spec.egress };
            let peers = rules.iter().flat_map(|rule| if way == Way::In { &rule.from } else { &rule.to });
            for block in peers.filter_map(|peer| peer.ip_block.as_ref()) {
                blocks
                    .extend(std::iter::once(&block.cidr).chain(&block.except).filter_map(|cidr| address::block(cidr)));
            }
        }
        for policy in self.admin.iter().chain(&self.baseline) {
            let peers = admin_rules(policy, way).iter().flat_map(|r| if way == Way::In { &r.from } else { &r.to });
            blocks.extend(peers.flat_map(|peer| &peer.networks).filter_map(|cidr| address::block(cidr)));
        }
        blocks.extend([address::all_v4(), address::all_v6()]);
        let ends = blocks.iter().flat_map(Spans::iter).flat_map(|(first, last)| [Some(first), last.checked_add(1)]);
        let cuts: BTreeSet<u128> = ends.flatten().collect();
        let nexts = cuts.iter().skip(1).map(|next| next - 1).chain([u128::MAX]);
        cuts.iter().zip(nexts).map(|(first, last)| Spans::between(*first, last)).collect()
    }
}

fn admin_rules(policy: &AdminPolicy, way: Way) -> &[AdminRule] {
    if way == Way::In { &policy.spec.ingress } else { &policy.spec.egress }
}

/// What some policies decided.
struct Decided {
    /// Open for good.
    open: Ports,
    /// Left to those that come after.
    left: Ports,
}

#[cfg(test)]
mod tests;
