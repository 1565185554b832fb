//! What exploitation asks for, as predicates that the world can answer. Comes in: conditions of a vulnerability, from
//! curated rows or a model's reading. Goes out: met, not met, or unknown, each with evidence.

use crate::ids::{EvidenceId, Time};
use crate::named;
use crate::observation::{Author, Eye, Link, PodSecurity, Protocol, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, EdgeSeen, World};

named! {
    /// The closed list of conditions.
    pub enum Condition {
        /// The product listens on a port.
        ListeningPort = "listening_port",
        /// It takes datagrams.
        UdpListener = "udp_listener",
        /// The pod runs below the baseline of the Pod Security Standards.
        PrivilegedContainer = "privileged_container",
        /// A service account's token is mounted.
        TokenMounted = "token_mounted",
        /// The attacker has a user on the machine or runs code in the container already.
        LocalUser = "local_user",
        /// Somebody opens a crafted file.
        CraftedFile = "crafted_file",
        /// An option that is off by default is on.
        OptionOn = "option_on",
    }
}

/// Whether one condition is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// It is.
    Yes(Vec<EvidenceId>, Time),
    /// It is not.
    No(Vec<EvidenceId>, Time),
    /// The world cannot tell.
    Unknown,
}

/// Whether a condition is met for a container of a workload.
pub fn met(condition: Condition, world: &World, workload: AssetIdx, container: &Opaque) -> Met {
    match condition {
        Condition::ListeningPort => listens(world, workload, container, None),
        Condition::UdpListener => listens(world, workload, container, Some(Protocol::Udp)),
        Condition::PrivilegedContainer => level(world, workload),
        Condition::TokenMounted => token(world, workload),
        Condition::LocalUser | Condition::CraftedFile | Condition::OptionOn => Met::Unknown,
    }
}

fn listens(world: &World, workload: AssetIdx, container: &Opaque, only: Option<Protocol>) -> Met {
    let seen = world
        .facts(workload)
        .filter(|f| {
            f.container == *container
                && matches!(f.what, What::Listens { protocol, .. } if only.is_none_or(|p| p == protocol))
        })
        .max_by_key(|f| (f.until, std::cmp::Reverse(f.id)));
    if let Some(fact) = seen {
        return Met::Yes(vec![fact.evidence()], fact.until);
    }
    match crate::context::watch(world, workload, container, Eye::SensorFlows) {
        watch if watch.whole => Met::No(watch.evidence, watch.until),
        _ => Met::Unknown,
    }
}

fn level(world: &World, workload: AssetIdx) -> Met {
    match world.pod_security(workload) {
        Some((PodSecurity::Privileged, f)) => Met::Yes(vec![f.evidence()], f.until),
        Some((_, f)) => Met::No(vec![f.evidence()], f.until),
        None => Met::Unknown,
    }
}

/// A mounted token is believed of anybody who may lower, then its absence, then a mounted token of anybody else.
fn token(world: &World, workload: AssetIdx) -> Met {
    let said = |mounted: bool, lowers: bool| {
        world.identities(workload).find(|e| {
            matches!(e.link, Link::RunsAs { token_mounted } if token_mounted == mounted)
                && e.may_lower(world.as_of) == lowers
        })
    };
    let proof = |e: &EdgeSeen| (vec![EvidenceId::Edge(e.id)], e.until);
    if let Some((evidence, at)) = said(true, true).map(proof) {
        return Met::Yes(evidence, at);
    }
    if let Some((evidence, at)) = said(false, true).map(proof) {
        return Met::No(evidence, at);
    }
    said(true, false).map(proof).map_or(Met::Unknown, |(evidence, at)| Met::Yes(evidence, at))
}

/// All conditions of a vulnerability together: not met when one is known not to be, met when all are known to be. What a
/// model read may only raise: from it alone nothing is "not met".
pub fn all_met(conditions: &[Condition], author: Author, world: &World, workload: AssetIdx, container: &Opaque) -> Met {
    let mut evidence = Vec::new();
    let mut as_of = world.as_of;
    let mut unknown = conditions.is_empty();
    for condition in conditions {
        match met(*condition, world, workload, container) {
            Met::No(proof, at) if author.may_lower() => return Met::No(proof, at),
            Met::No(..) | Met::Unknown => unknown = true,
            Met::Yes(proof, at) => {
                evidence.extend(proof);
                as_of = as_of.min(at);
            }
        }
    }
    if unknown { Met::Unknown } else { Met::Yes(evidence, as_of) }
}
