//! What is told, when, and with which holes.

use super::*;
use crate::clock::Clock;
use crate::record::{CgroupOp, EVENT_VERSION, EventExec, EventHead, Record};

const A: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const ALL: Sight = Sight { executes: true, loads: true, flows: true, signals: true };

fn head(at: u64, cgroup: u64) -> EventHead {
    EventHead { version: EVENT_VERSION, kind: 1, size: 0, at_ns: at * 1_000_000_000, cgroup }
}

fn clock() -> Clock {
    Clock::at(0, Time::from_secs(0))
}

fn made(at: u64, cgroup: u64, op: CgroupOp) -> Record {
    Record::Cgroup { head: head(at, cgroup), op, path: format!("/docker/{A}") }
}

fn exec(at: u64, cgroup: u64, path: &str) -> Record {
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
        flags: 0,
        path_size: 0,
    };
    Record::Exec { fixed, path: path.to_owned() }
}

fn sender() -> Sender {
    Sender { node: "worker-1".to_owned(), boot: "b".to_owned() }
}

fn named(node: &mut Node) {
    let row = ContainerRow {
        id: A.to_owned(),
        namespace: "shop".to_owned(),
        pod: "web-1".to_owned(),
        name: "web".to_owned(),
        image: String::new(),
    };
    node.containers.get_mut(A).unwrap().identity = Some(Identity::Named(row));
}

fn at(secs: i64) -> Time {
    Time::from_secs(secs)
}

fn tell(node: &mut Node, now: i64) -> Vec<Draft> {
    let told = drafts(node, &sender(), ALL, FunnelRow::default(), at(now), false);
    told.iter().for_each(|d| d.note(node, at(now)));
    told
}

#[test]
fn a_short_container_is_told_from_its_start_to_its_end_and_then_never_again() {
    let mut node = Node::new(32_768, Span::minutes(5));
    node.apply(&made(10, 5, CgroupOp::Made), clock(), |_, _| None);
    node.apply(&exec(10, 5, "/bin/true"), clock(), |_, _| None);
    node.apply(&made(11, 5, CgroupOp::Removed), clock(), |_, _| None);
    assert!(tell(&mut node, 12).is_empty(), "its name may still come");
    named(&mut node);
    let drafts = tell(&mut node, 13);
    let [draft] = drafts.as_slice() else { unreachable!("one draft") };
    assert_eq!(draft.batch.facts.len(), 1);
    let windows: Vec<_> = draft
        .batch
        .coverage
        .iter()
        .map(|w| (w.eye.as_str(), w.since.as_str(), w.until.as_str(), w.start_seen, w.holes.len()))
        .collect();
    let (since, until) = ("1970-01-01T00:00:10Z", "1970-01-01T00:00:11Z");
    let eyes = ["sensor_use", "sensor_flows", "sensor_signals"];
    // It was gone before anybody could look whose its program was.
    assert_eq!(windows, eyes.map(|eye| (eye, since, until, true, usize::from(eye == "sensor_use"))));
    assert!(tell(&mut node, 14).is_empty());
    node.forget(at(100));
    assert!(node.containers.is_empty());
}

#[test]
fn what_nobody_names_is_told_without_a_pod_after_a_while_and_anew_with_it() {
    let mut node = Node::new(32_768, Span::minutes(5));
    node.apply(&made(10, 5, CgroupOp::Made), clock(), |_, _| None);
    node.apply(&exec(10, 5, "/bin/sh"), clock(), |_, _| None);
    assert!(tell(&mut node, 39).is_empty());
    assert_eq!(tell(&mut node, 40)[0].batch.containers[0].pod, "");
    named(&mut node);
    node.containers.get_mut(A).unwrap().facts.forget_told();
    let again = tell(&mut node, 41);
    assert_eq!((again[0].batch.containers[0].pod.as_str(), again[0].batch.facts.len()), ("web-1", 1));
}

#[test]
fn late_start_refused_hooks_and_losses_are_holes() {
    let mut node = Node::new(32_768, Span::minutes(5));
    node.adopt(5, &format!("/docker/{A}"), at(100), None);
    named(&mut node);
    let missed = Gap { eye: None, since: at(40), until: at(100), because: HoleReason::LateStart };
    node.containers.get_mut(A).unwrap().missed = Some(missed);
    node.gap(Gap { eye: None, since: at(110), until: at(120), because: HoleReason::Lost });
    node.gap(Gap { eye: None, since: at(10), until: at(20), because: HoleReason::Lost });
    let blind = Sight { executes: true, loads: false, flows: true, signals: true };
    let drafts = drafts(&node, &sender(), blind, FunnelRow::default(), at(200), false);
    let holes = |eye: usize| -> Vec<(&str, &str)> {
        drafts[0].batch.coverage[eye].holes.iter().map(|h| (h.because.as_str(), &h.since[14..19])).collect()
    };
    assert_eq!(holes(0), [("late_start", "00:40"), ("hook_refused", "01:40"), ("lost", "01:50")]);
    assert_eq!(holes(1), [("late_start", "00:40"), ("lost", "01:50")]);
    assert!(!drafts[0].batch.coverage[0].start_seen);
}

#[test]
fn many_facts_are_cut_into_batches_that_the_service_takes() {
    let mut node = Node::new(32_768, Span::minutes(5));
    for container in 0..6_u64 {
        let id = format!("{container:064x}");
        node.adopt(container, &format!("/docker/{id}"), at(1), Some(at(1)));
        let c = node.containers.get_mut(&id).unwrap();
        for i in 0..2_000 {
            c.say(Said::Executed { exe: format!("/bin/{i}") }, at(1), at(1));
        }
    }
    let told = tell(&mut node, 60);
    let facts: usize = told.iter().map(|d| d.batch.facts.len()).sum();
    assert_eq!(facts, 12_000);
    assert!(told.iter().all(|d| d.batch.facts.len() <= BATCH_FACTS_MAX));
    assert_eq!(told.iter().map(|d| d.batch.coverage.len()).sum::<usize>(), 18);
}
