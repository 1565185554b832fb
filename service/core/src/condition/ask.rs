//! One predicate a condition. Comes in: a container of a workload. Goes out: whether the world shows the condition there.
//! "Not met" needs somebody who may lower, and an eye that would have seen it.

use super::{Condition, Met, Unmeasured};
use crate::context::{FOOTHOLD_AGE_MAX, watch};
use crate::ids::EvidenceId;
use crate::observation::{
    AttackStage, Capability, Eye, HostSetting, Link, PeerClass, PodSecurity, Protocol, Role, What,
};
use crate::text::Opaque;
use crate::world::{AssetIdx, EdgeSeen, FactSeen, World};

/// Ports that debugging and management interfaces are known by: Java's debug wire protocol, its management extensions
/// (registered port and the one of most manuals), Node's inspector. Sources: IANA's registry of ports, the manuals of both.
const DEBUG_PORTS: [u16; 4] = [5005, 1099, 9010, 9229];

/// Settings that give a Linux capability which flaws are known to ask for. `NET_RAW` is not among them: nearly every
/// container has it, so that holding it says nothing of the one that a text means.
const CAPABILITIES: [HostSetting; 8] = [
    HostSetting::Privileged,
    HostSetting::SysAdmin,
    HostSetting::SysModule,
    HostSetting::SysPtrace,
    HostSetting::SysRawio,
    HostSetting::DacReadSearch,
    HostSetting::Bpf,
    HostSetting::NetAdmin,
];

const NAMESPACES: [HostSetting; 3] = [HostSetting::HostPid, HostSetting::HostIpc, HostSetting::HostNetwork];

/// Rights by which one's own code gets into a container.
const STARTERS: [Capability; 5] = [
    Capability::CreatePods,
    Capability::CreateWorkloads,
    Capability::ChangePods,
    Capability::ExecPods,
    Capability::DebugPods,
];

/// Whether a condition is met for a container of a workload.
pub fn met(condition: Condition, world: &World, workload: AssetIdx, container: &Opaque) -> Met {
    let place = Place { world, workload, container };
    match condition {
        Condition::ListeningPort => place.listens(|_, _| true),
        Condition::UdpListener => place.listens(|_, protocol| protocol == Protocol::Udp),
        Condition::DebugInterface => {
            let known = |port: u16, protocol| protocol == Protocol::Tcp && DEBUG_PORTS.contains(&port);
            // Such an interface may be open on any port.
            place.seen(|what| matches!(what, What::Listens { port, protocol, .. } if known(*port, *protocol)))
        }
        Condition::NetworkAdjacent => place.on_the_nodes_segment(),
        Condition::OutboundConnection => place.calls_out(),
        Condition::LocalUser => place.fell(),
        Condition::PrivilegedContainer => place.level(),
        Condition::HostNamespace => place.holds(&NAMESPACES, true),
        // The scan tells folders that matter; that none of them is mounted does not mean that none is.
        Condition::HostPathMounted => {
            let folders: Vec<_> = HostSetting::ALL.iter().copied().filter(|s| s.is_of_folder()).collect();
            place.holds(&folders, false)
        }
        // A text may mean a capability that the scan does not tell.
        Condition::CapabilityHeld => place.holds(&CAPABILITIES, false),
        Condition::TokenMounted => place.token(),
        Condition::ContainerStart => {
            place.may(|held| STARTERS.iter().any(|wanted| held == *wanted || held.gives(*wanted)))
        }
        Condition::ApiServerAccess => place.may(|_| true),
        Condition::ManInTheMiddle
        | Condition::AuthenticatedUser
        | Condition::PrivilegedUser
        | Condition::UserInteractionBrowser
        | Condition::CraftedFile
        | Condition::BuildsUntrusted
        | Condition::FunctionCalled
        | Condition::ComponentLoaded
        | Condition::OptionOn
        | Condition::DefaultSecret
        | Condition::UserNamespace
        | Condition::SetuidProgram
        | Condition::KernelModule
        | Condition::RaceWon
        | Condition::SpecificPlatform => Met::Unknown(Unmeasured::Never),
    }
}

struct Place<'a> {
    world: &'a World,
    workload: AssetIdx,
    container: &'a Opaque,
}

impl<'a> Place<'a> {
    /// What is so in this container now.
    fn facts(&self) -> impl Iterator<Item = &'a FactSeen> {
        let container = self.container;
        self.world.facts(self.workload).filter(move |f| f.container == *container)
    }

    /// Met by the newest such fact; that there is none says nothing.
    fn seen(&self, is_one: impl Fn(&What) -> bool) -> Met {
        let newest = self.facts().filter(|f| is_one(&f.what)).max_by_key(|f| (f.until, std::cmp::Reverse(f.id)));
        newest.map_or(Met::Unknown(Unmeasured::NotSeen), yes)
    }

    /// Nothing of this sort was seen, and a sensor watched the network of every instance long enough to say so.
    fn nothing_on_the_network(&self) -> Met {
        match watch(self.world, self.workload, self.container, Eye::SensorFlows) {
            watch if watch.whole => Met::No(watch.evidence, watch.until),
            _ => Met::Unknown(Unmeasured::NotWatched),
        }
    }

    fn listens(&self, is_one: impl Fn(u16, Protocol) -> bool) -> Met {
        let seen = |what: &What| matches!(what, What::Listens { port, protocol, .. } if is_one(*port, *protocol));
        match self.seen(seen) {
            Met::Unknown(_) => self.nothing_on_the_network(),
            met => met,
        }
    }

    /// A container on its node's network that listens is reached by whoever stands on the node's segment. Of the cluster's
    /// own network nobody knows here who else is on it.
    fn on_the_nodes_segment(&self) -> Met {
        match (self.holds(&[HostSetting::HostNetwork], false), self.seen(|what| matches!(what, What::Listens { .. }))) {
            (Met::Yes(mut evidence, at), Met::Yes(more, then)) => {
                evidence.extend(more);
                Met::Yes(evidence, at.min(then))
            }
            _ => Met::Unknown(Unmeasured::NotSeen),
        }
    }

    /// A call to a public address may be one to the attacker's server. That none was seen refutes nothing: it is the attack
    /// that makes the product call.
    fn calls_out(&self) -> Met {
        let public = |what: &What| matches!(what, What::Talks { role: Role::Client, peer: PeerClass::Public, .. });
        match self.seen(public) {
            Met::Yes(evidence, at) => Met::Yes(evidence, at),
            Met::No(..) | Met::Unknown(_) => Met::Unknown(Unmeasured::NotSeen),
        }
    }

    /// Who has a foothold in the workload runs code there.
    fn fell(&self) -> Met {
        let recent = |f: &&FactSeen| {
            matches!(f.what, What::Attacked { stage: AttackStage::Foothold, .. })
                && f.until.until(self.world.as_of) <= FOOTHOLD_AGE_MAX
        };
        let newest = self.world.facts(self.workload).filter(recent);
        let newest = newest.max_by_key(|f| (f.until, std::cmp::Reverse(f.id)));
        newest.map_or(Met::Unknown(Unmeasured::NotSeen), yes)
    }

    fn level(&self) -> Met {
        match self.world.pod_security(self.workload) {
            Some((PodSecurity::Privileged, f)) => yes(f),
            Some((_, f)) => Met::No(vec![f.evidence()], f.until),
            None => Met::Unknown(Unmeasured::NotScanned),
        }
    }

    /// The newest word of those who may lower about what the container holds of its node; where none of them has spoken,
    /// anybody's that it holds one of these.
    fn holds(&self, settings: &[HostSetting], absence_counts: bool) -> Met {
        let access = |f: &FactSeen| match f.what {
            What::OnHost(access) => Some(settings.iter().any(|s| access.has(*s))),
            _ => None,
        };
        let fresh = self.facts().filter(|f| f.is_fresh(self.world.as_of));
        let said = fresh.filter_map(|f| access(f).map(|has| (has, f)));
        let heard = said.filter(|(has, f)| f.author.may_lower() || *has);
        let word = heard.max_by_key(|(has, f)| {
            let rank = f.author.may_lower();
            (rank, rank.then_some(f.until), *has, f.until, std::cmp::Reverse(f.id))
        });
        match word {
            Some((true, fact)) => yes(fact),
            Some((false, fact)) if absence_counts => Met::No(vec![fact.evidence()], fact.until),
            Some((false, _)) => Met::Unknown(Unmeasured::NotSeen),
            None => Met::Unknown(Unmeasured::NotScanned),
        }
    }

    /// A mounted token is believed of anybody who may lower, then its absence, then a mounted token of anybody else.
    fn token(&self) -> Met {
        let said = |mounted: bool, lowers: bool| {
            self.world.identities(self.workload).find(|e| {
                matches!(e.link, Link::RunsAs { token_mounted } if token_mounted == mounted)
                    && e.may_lower(self.world.as_of) == lowers
            })
        };
        let proof = |e: &EdgeSeen| (vec![EvidenceId::Edge(e.id)], e.until);
        if let Some((evidence, at)) = said(true, true).map(proof) {
            return Met::Yes(evidence, at);
        }
        if let Some((evidence, at)) = said(false, true).map(proof) {
            return Met::No(evidence, at);
        }
        let weak = said(true, false).map(proof);
        weak.map_or(Met::Unknown(Unmeasured::NotScanned), |(evidence, at)| Met::Yes(evidence, at))
    }

    /// A right that the workload's own token gives: who is in the container has it too. Others may have it without, so that
    /// its absence says nothing.
    fn may(&self, wanted: impl Fn(Capability) -> bool) -> Met {
        let Met::Yes(mut evidence, at) = self.token() else { return Met::Unknown(Unmeasured::NotSeen) };
        let mounted = self.world.identities(self.workload).filter(|e| e.link == Link::RunsAs { token_mounted: true });
        let held = mounted.flat_map(|e| self.world.out(e.to));
        let right = held.filter(|e| matches!(&e.link, Link::Holds { capability, .. } if wanted(*capability)));
        match right.max_by_key(|e| (e.until, std::cmp::Reverse(e.id))) {
            Some(edge) => {
                evidence.push(EvidenceId::Edge(edge.id));
                Met::Yes(evidence, at.min(edge.until))
            }
            None => Met::Unknown(Unmeasured::NotSeen),
        }
    }
}

fn yes(fact: &FactSeen) -> Met {
    Met::Yes(vec![fact.evidence()], fact.until)
}
