//! The ladder as a table: each hook, where it sits in the kernel, and what is lost without it. A new hook is a row here,
//! a program in `bpf/`, and a value of `enum hook` in `bpf/event.h`.

/// One hook.
#[derive(Clone, Copy, Debug)]
pub struct Hook {
    /// Its name in the doctor's list: where it sits in the kernel.
    pub name: &'static str,
    /// Its short name in counts of losses.
    pub short: &'static str,
    /// The program in the object.
    pub program: &'static str,
    /// How it is attached.
    pub seat: Seat,
    /// What it tells.
    pub tells: &'static str,
    /// What is lost without it.
    pub lost: &'static str,
    /// What is no longer whole when one of its records is lost.
    pub sees: Sees,
}

/// What a hook watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// What runs.
    Use,
    /// What listens and talks.
    Flows,
    /// Which containers there are: without it nothing of a container can be relied on.
    Containers,
}

/// How a program is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// A tracepoint whose arguments are typed by the kernel's BTF.
    TypedTracepoint(&'static str),
    /// The root of the cgroup v2 tree, where sockets are bound.
    CgroupBind,
    /// The root of the cgroup v2 tree, where addresses are used.
    CgroupAddress,
}

/// Every hook, by its number in `enum hook`.
pub const HOOKS: [Hook; crate::record::HOOK_COUNT] = [
    Hook {
        name: "tp_btf/sched_process_exec",
        short: "exec",
        program: "exec",
        seat: Seat::TypedTracepoint("sched_process_exec"),
        tells: "programs that start",
        lost: "what runs in a container after the agent's start: in-use facts, and every proof that a package is not run",
        sees: Sees::Use,
    },
    Hook {
        name: "tp_btf/sched_process_exit",
        short: "exit",
        program: "exit_first",
        seat: Seat::TypedTracepoint("sched_process_exit"),
        tells: "containers that end",
        lost: "the moment a container ends: its window closes when its cgroup goes, seconds later",
        sees: Sees::Containers,
    },
    Hook {
        name: "tp_btf/cgroup_mkdir",
        short: "cgroup_mkdir",
        program: "cgroup_make",
        seat: Seat::TypedTracepoint("cgroup_mkdir"),
        tells: "containers that begin",
        lost: "containers that live shorter than one sweep, and the proof that a container was watched from its start",
        sees: Sees::Containers,
    },
    Hook {
        name: "tp_btf/cgroup_rmdir",
        short: "cgroup_rmdir",
        program: "cgroup_remove",
        seat: Seat::TypedTracepoint("cgroup_rmdir"),
        tells: "containers that are removed",
        lost: "the moment a container is removed: its window closes at the next sweep",
        sees: Sees::Containers,
    },
    Hook {
        name: "tp_btf/cgroup_release",
        short: "cgroup_release",
        program: "cgroup_release",
        seat: Seat::TypedTracepoint("cgroup_release"),
        tells: "cgroups whose last reference is gone",
        lost: "when a removed cgroup's id can be forgotten: it is kept for a fixed time instead",
        sees: Sees::Containers,
    },
    Hook {
        name: "tp_btf/inet_sock_set_state",
        short: "socket",
        program: "sock_state",
        seat: Seat::TypedTracepoint("inet_sock_set_state"),
        tells: "TCP and SCTP: who listens, is called and calls",
        lost: "traffic: which ports are served, by which program, for whom; only listeners found by the sweep remain",
        sees: Sees::Flows,
    },
    Hook {
        name: "cgroup/post_bind4",
        short: "bind4",
        program: "bind4",
        seat: Seat::CgroupBind,
        tells: "UDP ports bound on IPv4",
        lost: "UDP listeners on IPv4 between two sweeps",
        sees: Sees::Flows,
    },
    Hook {
        name: "cgroup/post_bind6",
        short: "bind6",
        program: "bind6",
        seat: Seat::CgroupBind,
        tells: "UDP ports bound on IPv6",
        lost: "UDP listeners on IPv6 between two sweeps",
        sees: Sees::Flows,
    },
    Hook {
        name: "tp_btf/cgroup_attach_task",
        short: "cgroup_attach",
        program: "cgroup_join",
        seat: Seat::TypedTracepoint("cgroup_attach_task"),
        tells: "processes that are put into a running container",
        lost: "programs that a person or a probe runs in a container by joining it without a new exec, between two sweeps",
        sees: Sees::Use,
    },
    Hook {
        name: "cgroup/connect4",
        short: "connect4",
        program: "connect4",
        seat: Seat::CgroupAddress,
        tells: "UDP sockets that are bound to one peer, IPv4",
        lost: "UDP clients and servers on IPv4 that connect their socket",
        sees: Sees::Flows,
    },
    Hook {
        name: "cgroup/connect6",
        short: "connect6",
        program: "connect6",
        seat: Seat::CgroupAddress,
        tells: "UDP sockets that are bound to one peer, IPv6",
        lost: "UDP clients and servers on IPv6 that connect their socket",
        sees: Sees::Flows,
    },
    Hook {
        name: "cgroup/sendmsg4",
        short: "sendmsg4",
        program: "sendmsg4",
        seat: Seat::CgroupAddress,
        tells: "datagrams that are sent, IPv4",
        lost: "UDP talk on IPv4: name lookups, QUIC, answers of servers",
        sees: Sees::Flows,
    },
    Hook {
        name: "cgroup/sendmsg6",
        short: "sendmsg6",
        program: "sendmsg6",
        seat: Seat::CgroupAddress,
        tells: "datagrams that are sent, IPv6",
        lost: "UDP talk on IPv6: name lookups, QUIC, answers of servers",
        sees: Sees::Flows,
    },
    Hook {
        name: "cgroup/recvmsg4",
        short: "recvmsg4",
        program: "recvmsg4",
        seat: Seat::CgroupAddress,
        tells: "datagrams that servers receive, IPv4",
        lost: "UDP servers on IPv4 that receive and never answer",
        sees: Sees::Flows,
    },
    Hook {
        name: "cgroup/recvmsg6",
        short: "recvmsg6",
        program: "recvmsg6",
        seat: Seat::CgroupAddress,
        tells: "datagrams that servers receive, IPv6",
        lost: "UDP servers on IPv6 that receive and never answer",
        sees: Sees::Flows,
    },
];

/// The maps and their fixed sizes: entries, bytes for the ring. None of them grows; what does not fit is counted.
pub const MAPS: [(&str, u32); 7] = [
    ("ring", 1 << 20),
    ("seen", 65_536),
    ("flows", 16_384),
    ("ignored", 16_384),
    ("listeners", 4_096),
    ("peers", 4_096),
    ("counts", crate::record::HOOK_COUNT as u32),
];

/// Numbers of hooks that the code asks for by name.
pub mod number {
    /// Programs that start.
    pub const EXEC: usize = 0;
    /// Containers that begin.
    pub const CGROUP_MAKE: usize = 2;
    /// Sockets.
    pub const SOCKET: usize = 5;
}
