//! The containers of this node and what is known of each. Comes in: records of the ring, flows, scans. Goes out: the
//! state that batches are built from, and the cgroups that the probes may ignore. It reads no clock and no file.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use assay_core::ids::{Span, Time};
use assay_core::observation::{Caps, HoleReason, Protocol, Role};

use crate::attribute::attribute;
use crate::clock::Clock;
use crate::container::{Container, is_runtime};
use crate::coverage::{Gap, Gaps};
use crate::peers;
use crate::record::{
    CgroupOp, EXEC_HOST_MOUNTS, EXEC_PARENT_HOST, EXEC_PATH_CUT, FLOW_CALLS, FLOW_LISTENS, FLOW_SERVES, FileId, FileOp,
    Flow, FlowKey, Record, until_nul,
};
use crate::said::Said;
use crate::signals::{self, Ran};

/// The most containers that are watched at once.
pub const CONTAINERS_MAX: usize = 4_096;
/// A removed cgroup is remembered this long, for what is still on its way.
pub const REMEMBER: Span = Span::secs(60);

/// Where a cgroup belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Container(String),
    Host,
}

/// Counts that are no loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records of a cgroup that nobody knows.
    pub unattributed: u64,
    /// Records of a container runtime at work inside a container's cgroup.
    pub of_runtime: u64,
    /// Facts that did not fit.
    pub facts_over_limit: u64,
    /// Containers that did not fit.
    pub containers_over_limit: u64,
}

/// The node's state.
#[derive(Debug)]
pub struct Node {
    /// By container id.
    pub containers: BTreeMap<String, Container>,
    /// Counts since they were last taken.
    pub counts: Counts,
    /// Cgroups that the probes may ignore from now on.
    pub to_ignore: Vec<u64>,
    /// Ids that the operator named, whatever their shape.
    pub listed: HashSet<String>,
    /// What was not seen of any container.
    pub gaps: Gaps,
    places: HashMap<u64, Place>,
    leaving: VecDeque<(Time, u64)>,
    ephemeral_from: u16,
    settle: Span,
}

impl Node {
    /// An empty node; UDP ports from `ephemeral_from` on are no listeners, and a container may unpack itself for `settle`.
    pub fn new(ephemeral_from: u16, settle: Span) -> Self {
        Self {
            containers: BTreeMap::new(),
            counts: Counts::default(),
            to_ignore: Vec::new(),
            listed: HashSet::new(),
            gaps: Gaps::default(),
            places: HashMap::new(),
            leaving: VecDeque::new(),
            ephemeral_from,
            settle,
        }
    }

    /// Learns a cgroup. `made` is the moment it was made, when that was seen.
    pub fn adopt(&mut self, id: u64, path: &str, now: Time, made: Option<Time>) {
        let known = self.places.contains_key(&id);
        if known && made.is_none() {
            return;
        }
        let Some(found) = attribute(path, |part| self.listed.contains(part)) else {
            self.places.insert(id, Place::Host);
            self.to_ignore.push(id);
            return;
        };
        if !self.containers.contains_key(&found.container) && self.containers.len() >= CONTAINERS_MAX {
            self.counts.containers_over_limit += 1;
            return;
        }
        let fresh = || Container::new(found.pod_uid.clone(), made.unwrap_or(now), made.is_some());
        let container = self.containers.entry(found.container.clone()).or_insert_with(fresh);
        if let Some(made) = made.filter(|_| found.own && !container.start_seen) {
            // A sweep found the folder before its record was read; the record proves that the start was watched.
            container.start_seen = true;
            container.since = made;
            container.missed = None;
        }
        container.groups.insert(id, path.to_owned());
        self.places.insert(id, Place::Container(found.container));
    }

    /// What was not seen of any container.
    pub fn gap(&mut self, gap: Gap) {
        self.gaps.open(gap);
    }

    /// The cgroups that exist: learns those that were missed, and where these are all, lets go of those that are gone.
    pub fn reconcile<'a>(&mut self, present: impl Iterator<Item = (u64, &'a str)>, all: bool, now: Time) {
        let mut here = HashSet::new();
        for (id, path) in present {
            here.insert(id);
            self.adopt(id, path, now, None);
        }
        if !all {
            return;
        }
        let gone: Vec<u64> = self.places.keys().filter(|id| !here.contains(id)).copied().collect();
        for id in gone {
            if !self.leaving.iter().any(|(_, leaving)| *leaving == id) {
                self.remove(id, now);
            }
        }
    }

    /// Takes one record in. `name` finds the executable of a process where its file is not known.
    pub fn apply(&mut self, record: &Record, clock: Clock, name: impl Fn(u32, FileId) -> Option<String>) {
        let settle = self.settle;
        match record {
            Record::Cgroup { head, op, path } => {
                let at = clock.instant(head.at_ns);
                match op {
                    CgroupOp::Made => self.adopt(head.cgroup, path, at, Some(at)),
                    CgroupOp::Removed => self.remove(head.cgroup, at),
                    // Kept a while after removal anyway: flows are drained later than the ring.
                    CgroupOp::Released => {}
                }
            }
            Record::Exec { fixed, path } => {
                let at = clock.instant(fixed.head.at_ns);
                let Some(container) = self.container(fixed.head.cgroup, 1) else { return };
                if is_runtime(fixed.flags, container.begun) {
                    // The runtime comes from the node. What comes from the container and sees the node's files got out.
                    let got_out =
                        container.begun && fixed.flags & (EXEC_HOST_MOUNTS | EXEC_PARENT_HOST) == EXEC_HOST_MOUNTS;
                    let signs = signals::got_out().filter(|_| got_out);
                    let over = container.signs(signs, path, settle, at);
                    self.counts.facts_over_limit += over;
                    self.counts.of_runtime += u64::from(!got_out);
                    return;
                }
                let called = until_nul(&fixed.comm);
                let parent = container.exe(fixed.parent()).map(str::to_owned);
                // The runtime's own process is no parent that could have been turned.
                let server = parent.filter(|parent| container.facts.port_of(parent).is_some());
                let usual = match &server {
                    Some(server) if signals::is_shell(path, &called) => container.is_usual_shell(server, at),
                    _ => true,
                };
                let act = Ran {
                    path,
                    called: &called,
                    flags: fixed.flags,
                    server: server.as_deref(),
                    usual,
                    settled: !container.is_unpacked(fixed.exe(), settle, at),
                    gains_root: fixed.uid == 0 && fixed.parent_uid != 0 && fixed.flags & EXEC_PARENT_HOST == 0,
                };
                // The first program is what the container is for.
                let begun = std::mem::replace(&mut container.begun, true);
                let mut over = u64::from(!container.ran(fixed.exe(), path, at));
                over += u64::from(!container.ran_with(Caps::of_bits(fixed.caps), at));
                over += container.signs(signals::ran(&act).filter(|_| begun), path, settle, at);
                self.counts.facts_over_limit += over;
            }
            Record::File { fixed, op, path } => {
                let at = clock.instant(fixed.head.at_ns);
                let Some(container) = self.container(fixed.head.cgroup, 1) else { return };
                let Some(exe) = container.doer(fixed.exe(), fixed.flags, || name(fixed.pid, fixed.exe())) else {
                    self.counts.of_runtime += 1;
                    return;
                };
                // What lies deeper than is told cannot be looked up.
                container.known_in_part |= fixed.flags & EXEC_PATH_CUT != 0;
                let over = match op {
                    FileOp::Mapped => u64::from(!container.loaded(path, &exe, at)),
                    FileOp::Read => u64::from(!container.read(path, &exe, at)),
                    FileOp::WatchedRead | FileOp::WatchedWrite => {
                        container.signs(signals::opened(path, *op, &exe), &exe, settle, at)
                    }
                };
                self.counts.facts_over_limit += over;
            }
            Record::Call(call) => {
                let at = clock.instant(call.head.at_ns);
                let Some(container) = self.container(call.head.cgroup, 1) else { return };
                let Some(exe) = container.doer(call.exe(), call.flags, || name(call.pid, call.exe())) else {
                    self.counts.of_runtime += 1;
                    return;
                };
                let over = container.signs(signals::called(call.call as usize, &call.args), &exe, settle, at);
                self.counts.facts_over_limit += over;
            }
            Record::Exit(exit) => {
                let at = clock.instant(exit.head.at_ns);
                if let Some(container) = self.container(exit.head.cgroup, 1) {
                    container.perhaps_ended = Some(at);
                }
            }
        }
    }

    /// Takes one drained flow in. `count` is how often it happened since it was last drained; `name` finds the
    /// executable of a process where its file is not known.
    pub fn flow(
        &mut self,
        key: &FlowKey,
        flow: &Flow,
        count: u64,
        clock: Clock,
        name: impl Fn(u32, FileId) -> Option<String>,
    ) {
        let settle = self.settle;
        let Some(container) = self.container(key.cgroup, count) else { return };
        let known = container.exe(key.exe()).map(str::to_owned);
        let exe = known.or_else(|| name(flow.pid, key.exe())).unwrap_or_default();
        if !exe.is_empty() && key.ino != 0 {
            container.name_exe(key.exe(), &exe);
        }
        let protocol = match key.protocol {
            17 => Protocol::Udp,
            132 => Protocol::Sctp,
            _ => Protocol::Tcp,
        };
        let talks = |role| peers::of_number(key.peer).map(|peer| (role, peer));
        let said = match (key.role, talks(if key.role == FLOW_SERVES { Role::Server } else { Role::Client })) {
            (FLOW_LISTENS, _) if protocol == Protocol::Udp && key.port >= self.ephemeral_from => return,
            (FLOW_LISTENS, _) => Said::Listens { port: key.port, protocol, exe },
            (FLOW_SERVES | FLOW_CALLS, Some((role, peer))) => Said::Talks { port: key.port, protocol, role, peer, exe },
            _ => return,
        };
        let (since, until) = (clock.instant(flow.first_ns), clock.instant(flow.last_ns));
        if let Some(container) = self.container(key.cgroup, 0) {
            if let Said::Listens { exe, .. } = &said {
                container.listens_now(exe);
            }
            let sign = signals::talked(&said);
            let (Said::Listens { exe, .. } | Said::Talks { exe, .. }) = &said else { return };
            let exe = exe.clone();
            let mut over = u64::from(!container.say(said, since, until));
            over += container.signs(sign.into_iter(), &exe, settle, until);
            self.counts.facts_over_limit += over;
        }
    }

    /// Records of this cgroup were held back in the kernel: its container has a hole.
    pub fn held_back(&mut self, cgroup: u64, since: Time, until: Time) {
        if let Some(container) = self.container(cgroup, 0) {
            container.gaps.open(Gap { eye: None, since, until, because: HoleReason::Suppressed });
        }
    }

    /// Forgets cgroups that left a while ago, and containers that ended and were told to the end.
    pub fn forget(&mut self, now: Time) {
        while self.leaving.front().is_some_and(|(left, _)| *left + REMEMBER <= now) {
            if let Some((_, id)) = self.leaving.pop_front() {
                self.places.remove(&id);
            }
        }
        self.containers.retain(|_, c| c.ended.is_none_or(|at| at + REMEMBER > now) || !c.settled);
    }

    /// The container of a cgroup. A cgroup that nobody knows is counted.
    fn container(&mut self, cgroup: u64, count: u64) -> Option<&mut Container> {
        match self.places.get(&cgroup) {
            Some(Place::Container(id)) => self.containers.get_mut(id),
            Some(Place::Host) => None,
            None => {
                self.counts.unattributed += count;
                None
            }
        }
    }

    fn remove(&mut self, id: u64, at: Time) {
        self.leaving.push_back((at, id));
        let Some(Place::Container(name)) = self.places.get(&id) else { return };
        if let Some(container) = self.containers.get_mut(name) {
            container.groups.remove(&id);
            if container.groups.is_empty() {
                container.ended.get_or_insert(container.perhaps_ended.unwrap_or(at));
            }
        }
    }
}

#[cfg(test)]
mod tests;
