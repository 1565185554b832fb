//! Whose records are, and what becomes of those that are nobody's.

use super::*;
use crate::record::{EVENT_VERSION, EXEC_HOST_MOUNTS, EventExec, EventHead, FileId};

const A: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn clock() -> Clock {
    Clock::at(0, Time::from_secs(0))
}

fn head(at: u64, cgroup: u64) -> EventHead {
    EventHead { version: EVENT_VERSION, kind: 0, size: 0, at_ns: at * 1_000_000_000, cgroup }
}

fn exec(at: u64, cgroup: u64, flags: u32, path: &str) -> Record {
    let fixed = EventExec {
        head: head(at, cgroup),
        ino: 9,
        parent_ino: 1,
        caps: 0,
        dev: 1,
        parent_dev: 1,
        pid: 7,
        parent_pid: 1,
        uid: 0,
        parent_uid: 0,
        comm: [0; 16],
        flags,
        path_size: 0,
    };
    Record::Exec { fixed, path: path.to_owned() }
}

fn made(at: u64, cgroup: u64, path: &str) -> Record {
    Record::Cgroup { head: head(at, cgroup), op: CgroupOp::Made, path: path.to_owned() }
}

fn removed(at: u64, cgroup: u64) -> Record {
    Record::Cgroup { head: head(at, cgroup), op: CgroupOp::Removed, path: String::new() }
}

fn own() -> String {
    format!("/docker/{A}")
}

fn flow(cgroup: u64, role: u8, port: u16, protocol: u8, peer: u8) -> (FlowKey, Flow) {
    let key = FlowKey { cgroup, ino: 9, dev: 1, port, role, protocol, peer, pad: [0; 7] };
    (key, Flow { first_ns: 1_000_000_000, last_ns: 2_000_000_000, count: 3, pid: 7, pad: 0 })
}

fn facts(node: &Node) -> Vec<Said> {
    node.containers.get(A).map(|c| c.facts.iter().map(|(said, _)| said.clone()).collect()).unwrap_or_default()
}

#[test]
fn the_nodes_own_is_left_out_the_runtime_is_set_aside_and_what_nobody_knows_is_counted() {
    let mut node = Node::new(32_768, Span::minutes(5));
    node.apply(&made(1, 1, "/system.slice/sshd.service"), clock(), |_, _| None);
    node.apply(&made(1, 5, &own()), clock(), |_, _| None);
    for record in
        [exec(2, 1, 0, "/usr/sbin/sshd"), exec(2, 5, EXEC_HOST_MOUNTS, "memfd:runc"), exec(2, 99, 0, "/bin/sh")]
    {
        node.apply(&record, clock(), |_, _| None);
    }
    let (key, value) = flow(99, FLOW_CALLS, 443, 6, 7);
    node.flow(&key, &value, 3, clock(), |_, _| None);
    assert_eq!(node.to_ignore, [1]);
    assert_eq!((node.counts.unattributed, node.counts.of_runtime), (4, 1));
    assert!(facts(&node).is_empty());
}

#[test]
fn groups_below_belong_to_the_container_and_it_ends_with_the_last_of_them() {
    let mut node = Node::new(32_768, Span::minutes(5));
    for (id, path) in [(5, own()), (6, format!("{}/init.scope", own()))] {
        node.apply(&made(1, id, &path), clock(), |_, _| None);
    }
    node.apply(&exec(2, 6, 0, "/sbin/init"), clock(), |_, _| None);
    assert_eq!(facts(&node), [Said::Executed { exe: "/sbin/init".to_owned() }]);
    node.apply(&removed(3, 6), clock(), |_, _| None);
    assert_eq!(node.containers[A].ended, None);
    node.apply(&removed(4, 5), clock(), |_, _| None);
    assert_eq!(node.containers[A].ended, Some(Time::from_secs(4)));
    node.apply(&exec(3, 5, 0, "/bin/late"), clock(), |_, _| None);
    assert_eq!(facts(&node).len(), 2, "what was still on its way finds its container");
}

#[test]
fn a_sweep_finds_what_was_missed_and_only_a_whole_one_lets_go() {
    let mut node = Node::new(32_768, Span::minutes(5));
    node.reconcile([(5, own().as_str())].into_iter(), true, Time::from_secs(10));
    assert!(!node.containers[A].start_seen);
    node.apply(&made(9, 5, &own()), clock(), |_, _| None);
    let container = &node.containers[A];
    assert!(container.start_seen && container.since == Time::from_secs(9), "the record came after the sweep");
    node.reconcile(std::iter::empty(), false, Time::from_secs(20));
    assert_eq!(node.containers[A].ended, None, "a sweep that was cut short proves nothing");
    node.reconcile(std::iter::empty(), true, Time::from_secs(30));
    assert_eq!(node.containers[A].ended, Some(Time::from_secs(30)));
}

#[test]
fn flows_carry_the_executable_of_their_file_or_of_their_process_and_udp_needs_a_fixed_port() {
    let mut node = Node::new(32_768, Span::minutes(5));
    node.apply(&made(1, 5, &own()), clock(), |_, _| None);
    let mut take = |row: (FlowKey, Flow)| node.flow(&row.0, &row.1, 1, clock(), |pid, _| Some(format!("/proc-{pid}")));
    take(flow(5, FLOW_LISTENS, 53, 17, 0));
    take(flow(5, FLOW_LISTENS, 40_000, 17, 0));
    take(flow(5, FLOW_LISTENS, 40_000, 6, 0));
    take(flow(5, FLOW_SERVES, 40_000, 6, 2));
    take(flow(5, FLOW_CALLS, 443, 6, 99));
    let exe = || "/proc-7".to_owned();
    let node_peer = assay_core::observation::PeerClass::Node;
    assert_eq!(
        facts(&node),
        [
            Said::Listens { port: 53, protocol: Protocol::Udp, exe: exe() },
            Said::Listens { port: 40_000, protocol: Protocol::Tcp, exe: exe() },
            Said::Talks { port: 40_000, protocol: Protocol::Tcp, role: Role::Server, peer: node_peer, exe: exe() },
        ]
    );
    assert_eq!(node.containers[A].exe(FileId { dev: 1, ino: 9 }), Some("/proc-7"));
}

#[test]
fn a_program_of_a_container_that_sees_the_nodes_files_has_left_it() {
    let mut node = Node::new(32_768, Span::minutes(5));
    node.apply(&made(1, 5, &own()), clock(), |_, _| None);
    node.apply(&exec(2, 5, 0, "/app"), clock(), |_, _| None);
    node.apply(&exec(3, 5, EXEC_HOST_MOUNTS, "/usr/bin/id"), clock(), |_, _| None);
    let left = |said: &Said| matches!(said, Said::Attacked { signal: "container-left", .. });
    assert_eq!(facts(&node).iter().filter(|said| left(said)).count(), 1);
}
