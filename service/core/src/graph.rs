//! Paths from the Internet. Comes in: edges of the world. Goes out: for a workload every way in, or why that cannot be
//! told. Reachability is an upper bound; traffic confirms a path and its absence never refutes one.

use std::collections::{HashSet, VecDeque};

use crate::asset::{AssetKey, KindClass};
use crate::ids::{EvidenceId, Time};
use crate::observation::{Admits, Link, PeerClass, Reach, Role, SettledBy, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, EdgeSeen, World};

/// The most ways in that are listed for one workload; more are counted.
pub const PATHS_MAX: usize = 32;
/// The most hops of a way in: entry, route, route, workload.
const HOPS_MAX: usize = 6;
/// The most edges that are looked at for one workload. Beyond it nothing is called internal.
const STEPS_MAX: usize = 20_000;

/// One way in from the Internet to a port of a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The edges, from the Internet on, as indices into [`World::edges`].
    pub edges: Vec<u32>,
    /// The port that is open to the outside.
    pub outside_port: u16,
    /// The port of the pod at the end.
    pub port: u16,
    /// How sure the first step is.
    pub reach: Reach,
    /// The newest traffic seen on the port at the end, with its evidence.
    pub traffic: Option<(Time, EvidenceId)>,
}

/// What can be said about a workload's exposure.
#[derive(Clone, Debug, PartialEq)]
pub enum Exposure {
    /// There is a way in.
    Exposed {
        /// The ways, those with traffic first.
        paths: Vec<Path>,
        /// True when traffic was seen on one of them.
        traffic: bool,
    },
    /// There is none, and everything that could be one was looked at.
    Internal {
        /// What shows it.
        evidence: Vec<EvidenceId>,
        /// When that was seen.
        as_of: Time,
        /// True when it is not running at all.
        not_running: bool,
    },
    /// It cannot be told.
    Unknown {
        /// What would settle it.
        settled_by: SettledBy,
        /// Ways whose first step is not certain.
        paths: Vec<Path>,
    },
}

/// The exposure of a workload.
pub fn exposure(world: &World, workload: AssetIdx) -> Exposure {
    if let Some((0, fact)) = world.replicas(workload) {
        return Exposure::Internal { evidence: vec![fact.evidence()], as_of: fact.until, not_running: true };
    }
    let Ways { public, unsure, internal, all_followed } = ways_in(world, workload);
    if !public.is_empty() {
        let traffic = public.iter().any(|p| p.traffic.is_some());
        return Exposure::Exposed { paths: public, traffic };
    }
    let unknown_by = unsure.iter().find_map(|p| match p.reach {
        Reach::Unknown(by) => Some(by),
        Reach::Internal | Reach::Public => None,
    });
    if let Some(settled_by) = unknown_by.or((!all_followed).then_some(SettledBy::ServicesAndRoutes)) {
        return Exposure::Unknown { settled_by, paths: unsure };
    }
    match world.scanned(workload) {
        Some(scan) => {
            let edges =
                internal.iter().flat_map(|p| p.edges.iter().map(|&e| EvidenceId::Edge(world.edges[e as usize].id)));
            let evidence = std::iter::once(EvidenceId::Coverage(scan.id)).chain(edges).collect();
            Exposure::Internal { evidence, as_of: scan.window.until, not_running: false }
        }
        None => Exposure::Unknown { settled_by: SettledBy::ServicesAndRoutes, paths: Vec::new() },
    }
}

/// Ways in by how sure they are, so that many of one sort never push out one of another.
#[derive(Default)]
struct Ways {
    public: Vec<Path>,
    unsure: Vec<Path>,
    internal: Vec<Path>,
    /// False when a chain was too long, or there were too many, to follow all of them.
    all_followed: bool,
}

impl Ways {
    /// Keeps a way; of a sort that is full, only one with traffic where none has any.
    fn keep(&mut self, path: Path) {
        let sort = match path.reach {
            Reach::Public => &mut self.public,
            Reach::Unknown(_) => &mut self.unsure,
            Reach::Internal => &mut self.internal,
        };
        let quiet = sort.iter().all(|p| p.traffic.is_none());
        if sort.len() < PATHS_MAX {
            sort.push(path);
        } else if let (true, Some(last)) = (quiet && path.traffic.is_some(), sort.last_mut()) {
            *last = path;
        }
    }

    /// Those with traffic first, then in the order of their edges.
    fn sorted(mut self) -> Self {
        for sort in [&mut self.public, &mut self.unsure, &mut self.internal] {
            sort.sort_by(|a, b| {
                (b.reach, b.traffic.is_some(), &a.edges).cmp(&(a.reach, a.traffic.is_some(), &b.edges))
            });
        }
        self
    }
}

/// A way in the making, walked backwards from the workload.
struct Tail<'w> {
    /// The edges so far, the last of the way first.
    edges: Vec<u32>,
    /// Where it begins so far.
    here: AssetIdx,
    /// The port that it must be entered by; none at the workload itself.
    port: Option<u16>,
    /// The port of the pod at its end.
    pod_port: Option<u16>,
    /// The host name that it is for; none for any.
    host: Option<&'w Opaque>,
    /// What network policies on it let through.
    admits: Admits,
}

/// Every way from the Internet to the workload, searched backwards so that only its own neighbourhood is walked.
fn ways_in(world: &World, workload: AssetIdx) -> Ways {
    let mut ways = Ways { all_followed: true, ..Ways::default() };
    let end = Tail { edges: Vec::new(), here: workload, port: None, pod_port: None, host: None, admits: Admits::ALL };
    let mut queue = VecDeque::from([end]);
    let own = world.asset(workload).into.iter().map(|&e| &world.edges[e as usize]).filter(|edge| edge.from == workload);
    let handed_on: HashSet<u16> = own
        .filter_map(|edge| match edge.link {
            Link::Routes { port, target_port, .. } if port != target_port => Some(port),
            _ => None,
        })
        .collect();
    let mut steps = 0;
    while let Some(tail) = queue.pop_front() {
        for &e in &world.asset(tail.here).into {
            steps += 1;
            if steps > STEPS_MAX {
                ways.all_followed = false;
                return ways.sorted();
            }
            let edge = &world.edges[e as usize];
            let longer = || tail.edges.iter().copied().chain([e]).collect::<Vec<u32>>();
            match &edge.link {
                // A port of the host that is handed on to another one of the pod: the step that does so is walked on its own.
                Link::Enters { port, .. } if tail.edges.is_empty() && handed_on.contains(port) => {}
                Link::Enters { reach, port, host, entry }
                    if tail.port.is_none_or(|p| p == *port) && (tail.host.is_none() || tail.host == host.as_ref()) =>
                {
                    let pod_port = tail.pod_port.unwrap_or(*port);
                    ways.keep(Path {
                        edges: longer().into_iter().rev().collect(),
                        outside_port: *port,
                        port: pod_port,
                        reach: believed(*reach, edge, world.as_of).min(tail.admits.through(*entry)),
                        traffic: traffic(world, workload, pod_port),
                    });
                }
                Link::Routes { host, port, target_port, admits, .. }
                    if tail.port.is_none_or(|p| p == *target_port) && !tail.edges.contains(&e) =>
                {
                    if tail.edges.len() + 1 >= HOPS_MAX {
                        ways.all_followed = false;
                        continue;
                    }
                    queue.push_back(Tail {
                        edges: longer(),
                        here: edge.from,
                        port: Some(*port),
                        pod_port: tail.pod_port.or(Some(*target_port)),
                        host: host.as_ref().or(tail.host),
                        admits: tail.admits.and(Admits {
                            direct: believed(admits.direct, edge, world.as_of),
                            routed: believed(admits.routed, edge, world.as_of),
                        }),
                    });
                }
                _ => {}
            }
        }
    }
    ways.sorted()
}

/// A way in is believed from anybody; that a way is closed only from those who may lower, and not for ever.
fn believed(reach: Reach, edge: &EdgeSeen, at: Time) -> Reach {
    match reach {
        Reach::Internal if !edge.may_lower(at) => Reach::Unknown(SettledBy::ClusterScan),
        reach => reach,
    }
}

/// The newest time that something called the workload on this port from elsewhere.
fn traffic(world: &World, workload: AssetIdx, port: u16) -> Option<(Time, EvidenceId)> {
    world
        .facts(workload)
        .filter(|f| matches!(f.what, What::Talks { role: Role::Server, port: p, peer, .. } if p == port && peer != PeerClass::Loopback))
        .max_by_key(|f| (f.until, std::cmp::Reverse(f.id)))
        .map(|f| (f.until, f.evidence()))
}

/// The workloads whose exposure decides about an asset that is none itself: of an identity those that run as it, of a
/// namespace or cluster those in it, of a role binding none that could be named.
pub fn exposed_by(world: &World, asset: AssetIdx) -> Vec<AssetIdx> {
    let key: &AssetKey = &world.asset(asset).key;
    match key.kind.class() {
        KindClass::Workload => vec![asset],
        KindClass::Identity => world.run_as(asset).collect(),
        KindClass::Namespace => {
            let workload = |at: &AssetIdx| world.asset(*at).key.kind.class() == KindClass::Workload;
            world.fleet_in(&key.cluster, &key.name).iter().copied().filter(workload).collect()
        }
        KindClass::Cluster => world.workloads().filter(|w| world.asset(*w).key.cluster == key.cluster).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
