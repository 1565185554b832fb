//! The ladder as a table: each hook, the rungs on which it can sit in the kernel, best first, and what is lost without
//! it. A new hook is a row here, a program in `bpf/`, and a value of `enum hook` in `bpf/event.h`.

/// One hook.
#[derive(Clone, Copy, Debug)]
pub struct Hook {
    /// Its short name in counts of losses.
    pub short: &'static str,
    /// Where it can sit, best first: the first rung that attaches is used.
    pub rungs: &'static [Rung],
    /// What it tells.
    pub tells: &'static str,
    /// What is lost without it.
    pub lost: &'static str,
    /// What is no longer whole when one of its records is lost.
    pub sees: Sees,
}

/// One way to attach a hook.
#[derive(Clone, Copy, Debug)]
pub struct Rung {
    /// Its name in the doctor's list: where it sits in the kernel.
    pub name: &'static str,
    /// The programs of the object and their places. The first must attach; the others where the kernel has their place.
    pub parts: &'static [Part],
    /// What it costs beyond its own run time; empty when nothing.
    pub costs: &'static str,
}

/// A program of the object and its place.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The program.
    pub program: &'static str,
    /// How it is attached.
    pub seat: Seat,
}

/// What a hook watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// What runs.
    Use,
    /// What listens and talks.
    Flows,
    /// What is done that few programs have a reason for.
    Signals,
    /// Which containers there are: without it nothing of a container can be relied on.
    Containers,
}

/// How a program is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// A tracepoint whose arguments are typed by the kernel's BTF.
    TypedTracepoint(&'static str),
    /// A hook of the kernel's security modules.
    Security(&'static str),
    /// The entry of a function of the kernel.
    FunctionEntry(&'static str),
    /// The entry or exit of a system call.
    SystemCall(&'static str),
    /// The root of the cgroup v2 tree, where sockets are bound.
    CgroupBind,
    /// The root of the cgroup v2 tree, where addresses are used.
    CgroupAddress,
}

/// Any system call tracepoint puts every process on the kernel's slower way into system calls.
const SLOWER_CALLS: &str = "every system call of every process takes the kernel's slower path while this is attached";

const fn plain(name: &'static str, parts: &'static [Part]) -> Rung {
    Rung { name, parts, costs: "" }
}

const fn calls(name: &'static str, parts: &'static [Part]) -> Rung {
    Rung { name, parts, costs: SLOWER_CALLS }
}

/// Every hook, by its number in `enum hook`.
pub const HOOKS: [Hook; crate::record::HOOK_COUNT] = [
    Hook {
        short: "exec",
        rungs: &[plain(
            "tp_btf/sched_process_exec",
            &[Part { program: "exec", seat: Seat::TypedTracepoint("sched_process_exec") }],
        )],
        tells: "programs that start",
        lost: "what runs in a container after the agent's start: in-use facts, and every proof that a package is not run",
        sees: Sees::Use,
    },
    Hook {
        short: "exit",
        rungs: &[plain(
            "tp_btf/sched_process_exit",
            &[Part { program: "exit_first", seat: Seat::TypedTracepoint("sched_process_exit") }],
        )],
        tells: "containers that end",
        lost: "the moment a container ends: its window closes when its cgroup goes, seconds later",
        sees: Sees::Containers,
    },
    Hook {
        short: "cgroup_mkdir",
        rungs: &[plain(
            "tp_btf/cgroup_mkdir",
            &[Part { program: "cgroup_make", seat: Seat::TypedTracepoint("cgroup_mkdir") }],
        )],
        tells: "containers that begin",
        lost: "containers that live shorter than one sweep, and the proof that a container was watched from its start",
        sees: Sees::Containers,
    },
    Hook {
        short: "cgroup_rmdir",
        rungs: &[plain(
            "tp_btf/cgroup_rmdir",
            &[Part { program: "cgroup_remove", seat: Seat::TypedTracepoint("cgroup_rmdir") }],
        )],
        tells: "containers that are removed",
        lost: "the moment a container is removed: its window closes at the next sweep",
        sees: Sees::Containers,
    },
    Hook {
        short: "cgroup_release",
        rungs: &[plain(
            "tp_btf/cgroup_release",
            &[Part { program: "cgroup_release", seat: Seat::TypedTracepoint("cgroup_release") }],
        )],
        tells: "cgroups whose last reference is gone",
        lost: "when a removed cgroup's id can be forgotten: it is kept for a fixed time instead",
        sees: Sees::Containers,
    },
    Hook {
        short: "socket",
        rungs: &[plain(
            "tp_btf/inet_sock_set_state",
            &[Part { program: "sock_state", seat: Seat::TypedTracepoint("inet_sock_set_state") }],
        )],
        tells: "TCP and SCTP: who listens, is called and calls",
        lost: "traffic: which ports are served, by which program, for whom; only listeners found by the sweep remain",
        sees: Sees::Flows,
    },
    Hook {
        short: "bind4",
        rungs: &[plain("cgroup/post_bind4", &[Part { program: "bind4", seat: Seat::CgroupBind }])],
        tells: "UDP ports bound on IPv4",
        lost: "UDP listeners on IPv4 between two sweeps",
        sees: Sees::Flows,
    },
    Hook {
        short: "bind6",
        rungs: &[plain("cgroup/post_bind6", &[Part { program: "bind6", seat: Seat::CgroupBind }])],
        tells: "UDP ports bound on IPv6",
        lost: "UDP listeners on IPv6 between two sweeps",
        sees: Sees::Flows,
    },
    Hook {
        short: "cgroup_attach",
        rungs: &[plain(
            "tp_btf/cgroup_attach_task",
            &[Part { program: "cgroup_join", seat: Seat::TypedTracepoint("cgroup_attach_task") }],
        )],
        tells: "processes that are put into a running container",
        lost: "programs that a person or a probe runs in a container by joining it without a new exec, between two sweeps",
        sees: Sees::Use,
    },
    Hook {
        short: "connect4",
        rungs: &[plain("cgroup/connect4", &[Part { program: "connect4", seat: Seat::CgroupAddress }])],
        tells: "UDP sockets that are bound to one peer, IPv4",
        lost: "UDP clients and servers on IPv4 that connect their socket",
        sees: Sees::Flows,
    },
    Hook {
        short: "connect6",
        rungs: &[plain("cgroup/connect6", &[Part { program: "connect6", seat: Seat::CgroupAddress }])],
        tells: "UDP sockets that are bound to one peer, IPv6",
        lost: "UDP clients and servers on IPv6 that connect their socket",
        sees: Sees::Flows,
    },
    Hook {
        short: "sendmsg4",
        rungs: &[plain("cgroup/sendmsg4", &[Part { program: "sendmsg4", seat: Seat::CgroupAddress }])],
        tells: "datagrams that are sent, IPv4",
        lost: "UDP talk on IPv4: name lookups, QUIC, answers of servers",
        sees: Sees::Flows,
    },
    Hook {
        short: "sendmsg6",
        rungs: &[plain("cgroup/sendmsg6", &[Part { program: "sendmsg6", seat: Seat::CgroupAddress }])],
        tells: "datagrams that are sent, IPv6",
        lost: "UDP talk on IPv6: name lookups, QUIC, answers of servers",
        sees: Sees::Flows,
    },
    Hook {
        short: "recvmsg4",
        rungs: &[plain("cgroup/recvmsg4", &[Part { program: "recvmsg4", seat: Seat::CgroupAddress }])],
        tells: "datagrams that servers receive, IPv4",
        lost: "UDP servers on IPv4 that receive and never answer",
        sees: Sees::Flows,
    },
    Hook {
        short: "recvmsg6",
        rungs: &[plain("cgroup/recvmsg6", &[Part { program: "recvmsg6", seat: Seat::CgroupAddress }])],
        tells: "datagrams that servers receive, IPv6",
        lost: "UDP servers on IPv6 that receive and never answer",
        sees: Sees::Flows,
    },
    Hook {
        short: "mmap",
        rungs: &[
            plain("lsm/mmap_file", &[Part { program: "mmap_lsm", seat: Seat::Security("mmap_file") }]),
            plain(
                "fentry/security_mmap_file",
                &[Part { program: "mmap_entry", seat: Seat::FunctionEntry("security_mmap_file") }],
            ),
            calls(
                "syscalls/sys_enter_mmap",
                &[Part { program: "mmap_call", seat: Seat::SystemCall("sys_enter_mmap") }],
            ),
        ],
        tells: "libraries that are loaded",
        lost: "libraries loaded between two sweeps, and every proof that a package is not loaded",
        sees: Sees::Use,
    },
    Hook {
        short: "open",
        rungs: &[
            plain("lsm/file_open", &[Part { program: "open_lsm", seat: Seat::Security("file_open") }]),
            plain(
                "fentry/security_file_open",
                &[Part { program: "open_entry", seat: Seat::FunctionEntry("security_file_open") }],
            ),
            calls(
                "syscalls/sys_exit_openat",
                &[
                    Part { program: "openat_call", seat: Seat::SystemCall("sys_exit_openat") },
                    Part { program: "openat2_call", seat: Seat::SystemCall("sys_exit_openat2") },
                    Part { program: "open_call", seat: Seat::SystemCall("sys_exit_open") },
                    Part { program: "creat_call", seat: Seat::SystemCall("sys_exit_creat") },
                ],
            ),
        ],
        tells: "parts of packages that interpreters read, and files of which every opening matters",
        lost: "use of packages of Python, Java, JavaScript and Ruby, the proof that one is not used, and signals about files",
        sees: Sees::Use,
    },
    Hook {
        short: "ptrace",
        rungs: &[calls(
            "syscalls/sys_enter_ptrace",
            &[Part { program: "ptrace_call", seat: Seat::SystemCall("sys_enter_ptrace") }],
        )],
        tells: "processes that trace others",
        lost: "the signal that a process traces or writes into another",
        sees: Sees::Signals,
    },
    Hook {
        short: "setns",
        rungs: &[calls(
            "syscalls/sys_enter_setns",
            &[Part { program: "setns_call", seat: Seat::SystemCall("sys_enter_setns") }],
        )],
        tells: "processes that enter namespaces",
        lost: "the signal that a process enters other namespaces",
        sees: Sees::Signals,
    },
    Hook {
        short: "unshare",
        rungs: &[calls(
            "syscalls/sys_enter_unshare",
            &[Part { program: "unshare_call", seat: Seat::SystemCall("sys_enter_unshare") }],
        )],
        tells: "processes that make namespaces",
        lost: "the signal that a process makes namespaces of its own",
        sees: Sees::Signals,
    },
    Hook {
        short: "mount",
        rungs: &[calls(
            "syscalls/sys_enter_mount",
            &[
                Part { program: "mount_call", seat: Seat::SystemCall("sys_enter_mount") },
                Part { program: "move_mount_call", seat: Seat::SystemCall("sys_enter_move_mount") },
            ],
        )],
        tells: "file systems that are mounted",
        lost: "the signal that a file system is mounted from inside a container",
        sees: Sees::Signals,
    },
    Hook {
        short: "bpf",
        rungs: &[calls(
            "syscalls/sys_enter_bpf",
            &[Part { program: "bpf_call", seat: Seat::SystemCall("sys_enter_bpf") }],
        )],
        tells: "BPF programs that are loaded",
        lost: "the signal that a container loads a BPF program",
        sees: Sees::Signals,
    },
    Hook {
        short: "module",
        rungs: &[calls(
            "syscalls/sys_enter_finit_module",
            &[
                Part { program: "module_file_call", seat: Seat::SystemCall("sys_enter_finit_module") },
                Part { program: "module_call", seat: Seat::SystemCall("sys_enter_init_module") },
            ],
        )],
        tells: "kernel modules that are loaded",
        lost: "the signal that a container loads a kernel module",
        sees: Sees::Signals,
    },
    Hook {
        short: "memfd",
        rungs: &[calls(
            "syscalls/sys_enter_memfd_create",
            &[Part { program: "memfd_call", seat: Seat::SystemCall("sys_enter_memfd_create") }],
        )],
        tells: "files that are made in memory",
        lost: "which program made a file in memory; that it was run is still seen",
        sees: Sees::Signals,
    },
];

/// The maps and their fixed sizes: entries, bytes for the ring. None of them grows; what does not fit is counted.
pub const MAPS: [(&str, u32); 9] = [
    ("ring", 1 << 20),
    ("seen", 65_536),
    ("flows", 16_384),
    ("ignored", 16_384),
    ("listeners", 4_096),
    ("peers", 4_096),
    ("buckets", 16_384),
    ("watched", 256),
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
    /// Libraries that are loaded.
    pub const MMAP: usize = 15;
    /// Files that are opened.
    pub const OPEN: usize = 16;
    /// Processes that trace others.
    pub const PTRACE: usize = 17;
    /// Processes that enter namespaces.
    pub const SETNS: usize = 18;
    /// Processes that make namespaces.
    pub const UNSHARE: usize = 19;
    /// File systems that are mounted.
    pub const MOUNT: usize = 20;
    /// BPF programs that are loaded.
    pub const BPF: usize = 21;
    /// Kernel modules that are loaded.
    pub const MODULE: usize = 22;
    /// Files that are made in memory.
    pub const MEMFD: usize = 23;
    /// The first and the last of the calls that few programs have a reason for.
    pub const CALLS: std::ops::RangeInclusive<usize> = 17..=23;
}
