//! Looks at what is there: at the start for what is older than the agent, then every minute for what still runs, and
//! at once when records were lost. Comes in: the cgroup tree and /proc. Goes out: containers, facts, and the listeners
//! that the probes cannot know.

use std::collections::{BTreeSet, HashMap};

use assay_core::ids::{Span, Time};
use assay_core::observation::{HoleReason, Protocol, Role};

use crate::cgroups::Hierarchy;
use crate::clock::Clock;
use crate::container::Container;
use crate::coverage::Gap;
use crate::nettable::Socket;
use crate::node::Node;
use crate::peers::Peers;
use crate::procscan::{Held, Process, effective, held, mapped_files, namespace, process, table};
use crate::record::{FLOW_LISTENS, ListenerKey, Owner};
use crate::said::Said;

/// The most processes of one container that are looked at.
pub const PROCESSES_MAX: usize = 4_096;

/// How old a container is when it is first looked at.
pub const SETTLE: Span = Span::secs(5);

/// A listener that is older than the probes.
pub type Listener = (ListenerKey, Owner);

/// What a sweep needs to know of the node.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The tree that names containers.
    pub hierarchy: &'a Hierarchy,
    /// Classes of peers.
    pub peers: &'a Peers,
    /// The node's own mount namespace: a process in it is a runtime at work.
    pub host_mounts: u32,
    /// Until when an earlier agent of this boot watched.
    pub watched_until: Option<Time>,
    /// UDP ports from here on are no listeners.
    pub ephemeral_from: u16,
}

/// Sweeps. The listeners that were found come back, those of the node itself too.
pub fn sweep(node: &mut Node, around: &Surroundings<'_>, clock: Clock) -> Vec<Listener> {
    let now = clock.wall();
    let (groups, cut) = around.hierarchy.walk();
    if cut {
        node.gap(Gap { eye: None, since: now, until: now, because: HoleReason::Suppressed });
    }
    node.reconcile(groups.iter().map(|g| (g.id, g.path.as_str())), !cut, now);
    let mut found = look_at_those(node, around, clock, |_| true);
    let root = groups.first().map_or(1, |g| g.id);
    found.extend(node_listeners(root, &found));
    found
}

/// Looks at the containers that are old enough to have settled and were not looked at: what they loaded at their start is
/// known long before the next sweep.
pub fn look_at_new(node: &mut Node, around: &Surroundings<'_>, clock: Clock) -> Vec<Listener> {
    look_at_those(node, around, clock, |c| !c.looked_at && c.since + SETTLE <= clock.wall())
}

fn look_at_those(
    node: &mut Node,
    around: &Surroundings<'_>,
    clock: Clock,
    which: impl Fn(&Container) -> bool,
) -> Vec<Listener> {
    let mut tables = HashMap::new();
    let mut found = Vec::new();
    let mut over_limit = 0;
    for container in node.containers.values_mut().filter(|c| c.ended.is_none() && which(c)) {
        over_limit += look_at(container, around, clock, &mut tables, &mut found);
        container.looked_at = true;
    }
    node.counts.facts_over_limit += over_limit;
    found
}

fn look_at(
    container: &mut Container,
    around: &Surroundings<'_>,
    clock: Clock,
    tables: &mut HashMap<u32, Vec<Socket>>,
    found: &mut Vec<Listener>,
) -> u64 {
    let now = clock.wall();
    let processes: Vec<(u64, Process)> = container
        .groups
        .iter()
        .flat_map(|(id, path)| around.hierarchy.processes(path).into_iter().map(move |pid| (*id, pid)))
        .take(PROCESSES_MAX)
        .filter_map(|(id, pid)| Some((id, process(pid)?)))
        .filter(|(_, p)| namespace(&format!("/proc/{}/ns/mnt", p.pid)) != Some(around.host_mounts))
        // A runtime that waits to become the container still is its own sealed copy.
        .filter(|(_, p)| !p.path.starts_with("/memfd:"))
        .collect();
    if processes.is_empty() {
        if let Some(at) = container.perhaps_ended {
            container.ended = Some(at);
        }
        return 0;
    }
    container.perhaps_ended = None;
    if !container.start_seen && container.missed.is_none() {
        container.missed = Some(missed(container.since, &processes, around, clock));
    }
    let mut over_limit = 0;
    let mut mapped = BTreeSet::new();
    for (_, p) in &processes {
        over_limit += u64::from(!container.ran(p.exe, &p.path, now));
        // Workers of one server map the same libraries: one of each executable is looked at.
        if mapped.insert(p.path.clone()) {
            container.still_runs(&p.path, now);
            if let Some(effective) = effective(p.pid) {
                over_limit += u64::from(!container.ran_with(effective, now));
            }
            for library in mapped_files(p.pid).iter().filter(|file| **file != p.path) {
                over_limit += u64::from(!container.loaded(library, &p.path, now));
            }
        }
    }
    let (groups, processes): (Vec<u64>, Vec<Process>) = processes.into_iter().unzip();
    for netns in namespaces(&processes) {
        let Some(first) = processes.iter().find(|p| p.netns == netns) else { continue };
        let table = tables.entry(netns).or_insert_with(|| table(first.pid));
        for h in held(&processes, table) {
            let Some((said, listens)) = said(&h, table, &processes, around) else { continue };
            if let (true, Some(p)) = (listens, processes.get(h.process)) {
                container.listens_now(&p.path);
            }
            over_limit += u64::from(!container.say(said, now, now));
            if let (true, Some(p), Some(group)) = (listens, processes.get(h.process), groups.get(h.process)) {
                found.push((listener_key(&h.socket, netns), owner(*group, p)));
            }
        }
    }
    over_limit
}

/// What a socket says, and whether it listens on TCP.
fn said(held: &Held, table: &[Socket], processes: &[Process], around: &Surroundings<'_>) -> Option<(Said, bool)> {
    let socket = &held.socket;
    let (protocol, exe) = (socket.protocol, processes.get(held.process)?.path.clone());
    let Some((peer, peer_port)) = socket.peer else {
        let passing = protocol == Protocol::Udp && socket.port >= around.ephemeral_from;
        let listens = Said::Listens { port: socket.port, protocol, exe };
        return (!passing).then_some((listens, protocol == Protocol::Tcp));
    };
    let peer = around.peers.class(&socket.address, &peer);
    let serves = table.iter().any(|s| s.peer.is_none() && s.port == socket.port && s.protocol == protocol);
    let (role, port) = if serves { (Role::Server, socket.port) } else { (Role::Client, peer_port) };
    Some((Said::Talks { port, protocol, role, peer, exe }, false))
}

/// From the start of its oldest process, or from the end of the earlier agent's watch, to now.
fn missed(since: Time, processes: &[(u64, Process)], around: &Surroundings<'_>, clock: Clock) -> Gap {
    let oldest = processes.iter().map(|(_, p)| p.started_ns).min().unwrap_or(clock.boot_ns());
    let began = clock.instant(oldest).min(since);
    match around.watched_until.filter(|until| began < *until && *until <= since) {
        Some(until) => Gap { eye: None, since: until, until: since, because: HoleReason::Restart },
        None => Gap { eye: None, since: began, until: since, because: HoleReason::LateStart },
    }
}

fn namespaces(processes: &[Process]) -> Vec<u32> {
    let mut all: Vec<u32> = processes.iter().map(|p| p.netns).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Listeners in the node's own network that no container holds: theirs must not count as sockets without an owner.
fn node_listeners(root: u64, known: &[Listener]) -> Vec<Listener> {
    let own = |pid: &str| namespace(&format!("/proc/{pid}/ns/net"));
    let (Some(netns), me) = (own("1").or_else(|| own("self")), std::process::id()) else { return Vec::new() };
    // The agent's own table serves where it shares the node's network, which it needs no further right to read.
    let pid = if own("self") == Some(netns) { me } else { 1 };
    let listening = table(pid).into_iter().filter(|s| s.peer.is_none() && s.protocol == Protocol::Tcp);
    let keys = listening.map(|s| listener_key(&s, netns));
    let owner = Owner { cgroup: root, ino: 0, dev: 0, pid: 0, role: u32::from(FLOW_LISTENS), pad: 0 };
    keys.filter(|key| !known.iter().any(|(k, _)| k == key)).map(|key| (key, owner)).collect()
}

fn listener_key(socket: &Socket, netns: u32) -> ListenerKey {
    ListenerKey { address: socket.address, netns, port: socket.port, pad: 0 }
}

fn owner(cgroup: u64, process: &Process) -> Owner {
    let (ino, dev) = (process.exe.ino, process.exe.dev);
    Owner { cgroup, ino, dev, pid: process.pid, role: u32::from(FLOW_LISTENS), pad: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cgroups::Mode;
    use crate::record::FileId;

    #[test]
    fn what_was_missed_reaches_back_to_the_containers_start_or_to_the_earlier_agents_end() {
        let hierarchy = Hierarchy { mode: Mode::V2, id: 0, root: "/".into(), unified: None };
        let peers = Peers::new([]);
        let clock = Clock::at(1_000_000_000_000, Time::from_secs(1_000));
        let exe = FileId { dev: 1, ino: 1 };
        let started =
            |secs: u64| Process { pid: 1, exe, path: "/app".to_owned(), started_ns: secs * 1_000_000_000, netns: 1 };
        let processes = [(1, started(700)), (1, started(400))];
        for (watched_until, since, because) in [
            (None, 400, HoleReason::LateStart),
            (Some(900), 900, HoleReason::Restart),
            (Some(300), 400, HoleReason::LateStart),
        ] {
            let around = Surroundings {
                hierarchy: &hierarchy,
                peers: &peers,
                host_mounts: 1,
                watched_until: watched_until.map(Time::from_secs),
                ephemeral_from: 32_768,
            };
            let gap = missed(Time::from_secs(1_000), &processes, &around, clock);
            assert_eq!((gap.since, gap.until, gap.because), (Time::from_secs(since), Time::from_secs(1_000), because));
        }
    }
}
