//! The records in C and in Rust are the same bytes: names, offsets and sizes, read from the object that is loaded.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod btf;

use std::mem::{offset_of, size_of};

use assay_probes::hooks::MAPS;
use assay_probes::load::OBJECT;
use assay_probes::record::{
    Bucket, EventCall, EventCgroup, EventExec, EventExit, EventFile, EventHead, Flow, FlowKey, HookCounts, ListenerKey,
    Owner,
};

type Layout = (&'static str, usize, Vec<(&'static str, usize)>);

macro_rules! layout {
    ($name:literal, $rust:ty, $($member:ident),+) => {
        ($name, size_of::<$rust>(), vec![$((stringify!($member), offset_of!($rust, $member))),+])
    };
}

fn layouts() -> Vec<Layout> {
    vec![
        layout!("event_head", EventHead, version, kind, size, at_ns, cgroup),
        layout!(
            "event_exec",
            EventExec,
            head,
            ino,
            parent_ino,
            caps,
            dev,
            parent_dev,
            pid,
            parent_pid,
            uid,
            parent_uid,
            comm,
            flags,
            path_size
        ),
        layout!("event_file", EventFile, head, ino, exe_ino, dev, exe_dev, pid, uid, op, pad, flags, path_size),
        layout!("event_call", EventCall, head, exe_ino, args, exe_dev, pid, uid, flags, call, pad),
        layout!("bucket", Bucket, tokens, filled_ns, held),
        layout!("event_exit", EventExit, head, pid, code),
        layout!("event_cgroup", EventCgroup, head, op, path_size),
        layout!("flow_key", FlowKey, cgroup, ino, dev, port, role, protocol, peer, pad),
        layout!("flow", Flow, first_ns, last_ns, count, pid, pad),
        layout!("owner", Owner, cgroup, ino, dev, pid, role, pad),
        layout!("listener_key", ListenerKey, address, netns, port, pad),
        layout!(
            "hook_counts",
            HookCounts,
            hits,
            records,
            known,
            ignored,
            lost_ring,
            lost_map,
            lost_owner,
            lost_read,
            held_back
        ),
    ]
}

/// None in a build without clang, said aloud; with ASSAY_REQUIRE_PROBES=1 that is a failure.
fn types() -> Option<btf::Types> {
    let Some(object) = OBJECT else {
        assert!(std::env::var_os("ASSAY_REQUIRE_PROBES").is_none(), "the probes were not built");
        eprintln!("SKIPPED: the probes were not built (no clang)");
        return None;
    };
    Some(btf::Types::of_object(object))
}

#[test]
fn every_record_has_one_layout_in_c_and_in_rust() {
    let Some(types) = types() else { return };
    for (name, size, members) in layouts() {
        let c = types.structure(name).unwrap_or_else(|| panic!("{name} is not in the object's BTF"));
        // The path at the end of a record is not part of the fixed structure on this side.
        let fixed: Vec<_> = c.members.iter().filter(|(member, _)| member != "path").cloned().collect();
        let ours: Vec<_> = members.iter().map(|(member, at)| ((*member).to_owned(), *at)).collect();
        assert_eq!(fixed, ours, "{name}");
        let c_size = c.members.iter().find(|(member, _)| member == "path").map_or(c.size, |(_, at)| *at);
        assert_eq!(c_size, size, "{name}");
    }
}

#[test]
fn the_sizes_of_the_maps_are_those_that_the_agent_states() {
    let Some(types) = types() else { return };
    for (name, size) in MAPS {
        assert_eq!(types.map_size(name), Some(size as usize), "{name}");
    }
}
