// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * What crosses from the kernel to the agent. Every structure is padded by hand, has a twin in src/record.rs, and a test
 * compares the two by this object's BTF. A change of meaning or layout raises EVENT_VERSION.
 */
#ifndef ASSAY_EVENT_H
#define ASSAY_EVENT_H

#include "kernel.h"

#define EVENT_VERSION 2
/* A path is sent leaf first, each name with its NUL; the last name may start at PATH_NAMES_MAX at the latest. */
#define PATH_NAMES_MAX 1024
#define NAME_MAX_BYTES 256
#define PATH_BYTES (PATH_NAMES_MAX + NAME_MAX_BYTES)
#define PATH_DEPTH_MAX 48

enum event_kind {
	EVENT_EXEC = 1,
	EVENT_EXIT = 2,
	EVENT_CGROUP = 3,
	EVENT_FILE = 4,
	EVENT_CALL = 5,
};

/* As the kernel names a task: the last part of the name that was started, which tells what a program of many names is. */
#define COMM_BYTES 16

/* Begins every record of the ring. */
struct event_head {
	u16 version;
	u16 kind;
	u32 size;
	u64 at_ns; /* since boot, suspended time included */
	u64 cgroup;
};

enum exec_flag {
	EXEC_PATH_CUT = 1,	/* the path is longer than is kept */
	EXEC_DETACHED = 2,	/* memfd or another file without a place in the tree */
	EXEC_UNLINKED = 4,	/* no name leads to it any more */
	EXEC_HOST_MOUNTS = 8,	/* the process still sees the node's own file tree: a container runtime at work */
	EXEC_UPPER = 16,	/* the file lies in the writable layer: it is not in the image */
	EXEC_OVERLAY = 32,	/* the file lies on overlayfs, so EXEC_UPPER means something */
	EXEC_JOINED = 64,	/* it ran already when it was put into the cgroup */
	EXEC_FOREIGN = 128,	/* the executable's mount is not one of the process's own: a memfd, or a file of the node */
	EXEC_PARENT_HOST = 256, /* the parent sees the node's own file tree: a runtime started it */
	EXEC_FIRST = 512,	/* number 1 of its own pid namespace */
	EXEC_TERMINAL = 1024,	/* it has a terminal */
	EXEC_STDIN_INET = 2048, /* its standard input is a network connection */
};

struct event_exec {
	struct event_head head;
	u64 ino;
	u64 parent_ino;
	u64 caps;
	u32 dev;
	u32 parent_dev;
	u32 pid;
	u32 parent_pid;
	u32 uid;
	u32 parent_uid;
	u8 comm[COMM_BYTES];
	u32 flags;
	u32 path_size;
	u8 path[PATH_BYTES];
};

/* How every record with the path of a file ends. */
struct path_tail {
	u32 flags; /* enum exec_flag */
	u32 path_size;
	u8 path[PATH_BYTES];
};

enum file_op {
	FILE_MAPPED = 1, /* mapped to run code from it */
	FILE_READ = 2,	 /* part of a package of an interpreter's language, opened to be read */
	FILE_WATCHED = 3, /* a watched name, opened to be read */
	FILE_WRITTEN = 4, /* a watched name, opened to be written */
};

/* A file was mapped or opened. `ino` is the folder's where the folder stands for the package. */
struct event_file {
	struct event_head head;
	u64 ino;
	u64 exe_ino;
	u32 dev;
	u32 exe_dev;
	u32 pid;
	u32 uid;
	u32 op; /* enum file_op */
	u32 pad;
	u32 flags;
	u32 path_size;
	u8 path[PATH_BYTES];
};

/* A call that few programs have a reason for. */
struct event_call {
	struct event_head head;
	u64 exe_ino;
	u64 args[3];
	u32 exe_dev;
	u32 pid;
	u32 uid;
	u32 flags; /* enum exec_flag */
	u32 call;  /* enum hook */
	u32 pad;
};

/* The first process of a container is gone. */
struct event_exit {
	struct event_head head;
	u32 pid;
	s32 code;
};

enum cgroup_op {
	CGROUP_MADE = 1,
	CGROUP_REMOVED = 2,	/* the folder is gone; processes cannot join any more */
	CGROUP_RELEASED = 3,	/* the last reference is gone */
};

struct event_cgroup {
	struct event_head head;
	u32 op;
	u32 path_size;
	u8 path[PATH_BYTES];
};

/* Room for any record; it also keeps every layout in the object's BTF, where the layout test reads it. */
union any_event {
	struct event_exec exec;
	struct event_exit exit;
	struct event_cgroup cgroup;
	struct event_file file;
	struct event_call call;
};

enum flow_role {
	FLOW_LISTENS = 1,
	FLOW_SERVES = 2,
	FLOW_CALLS = 3,
};

struct flow_key {
	u64 cgroup;
	u64 ino;
	u32 dev;
	u16 port;
	u8 role;
	u8 protocol;
	u8 peer; /* enum peer_class; 0 where there is no peer */
	u8 pad[7];
};

struct flow {
	u64 first_ns;
	u64 last_ns;
	u64 count;
	u32 pid; /* who did it last */
	u32 pad;
};

struct seen_key {
	u64 cgroup;
	u64 ino;
	u64 parent_ino;
	u64 name; /* of an exec, the name it is called by: a program of many names is many programs */
	u32 dev;
	u32 parent_dev;
	u32 what; /* enum seen_what */
	u32 flags; /* of an exec, enum exec_flag: an odd start is never hidden behind an ordinary one */
};

/* What a key of `seen` is about. */
enum seen_what {
	SEEN_EXEC = 0, /* ino by parent_ino; plus 1 as root */
	SEEN_FILE = 2, /* plus enum file_op: ino used by the executable parent_ino */
	SEEN_CALL = 8, /* plus enum hook: the executable ino */
};

/* What a cgroup may still send of what is new; what does not fit is counted here, by whose it was. */
struct bucket {
	u64 tokens;
	u64 filled_ns;
	u64 held;
};

/* A file name of which every opening matters, padded with zeros. */
#define WATCHED_NAME 32
struct watched_name {
	u8 name[WATCHED_NAME];
};

enum watched_how {
	WATCHED_READ = 1,
	WATCHED_WRITE = 2,
	WATCHED_FOLDER = 4, /* everything written into a folder of this name */
};

/* Whose socket it is; follows the socket, and the sockets accepted from it. */
struct owner {
	u64 cgroup;
	u64 ino;
	u32 dev;
	u32 pid;
	u32 role; /* enum flow_role: FLOW_LISTENS or FLOW_CALLS */
	u32 pad;
};

/* Listeners that are older than the agent: its scan of /proc fills them in. */
struct listener_key {
	u8 address[16]; /* IPv4 as ::ffff:a.b.c.d; all zero for any address */
	u32 netns;
	u16 port;
	u16 pad;
};

/* In the order of the service's list. The agent fills the table; these two are said without it. */
enum peer_class {
	PEER_LOOPBACK = 1,
	PEER_PUBLIC = 7,
};

struct peer_key {
	u32 bits;
	u8 address[16];
};

enum hook {
	HOOK_EXEC = 0,
	HOOK_EXIT = 1,
	HOOK_CGROUP_MAKE = 2,
	HOOK_CGROUP_REMOVE = 3,
	HOOK_CGROUP_RELEASE = 4,
	HOOK_SOCKET = 5,
	HOOK_BIND4 = 6,
	HOOK_BIND6 = 7,
	HOOK_JOIN = 8,
	HOOK_CONNECT4 = 9,
	HOOK_CONNECT6 = 10,
	HOOK_SENDMSG4 = 11,
	HOOK_SENDMSG6 = 12,
	HOOK_RECVMSG4 = 13,
	HOOK_RECVMSG6 = 14,
	HOOK_MMAP = 15,
	HOOK_OPEN = 16,
	HOOK_PTRACE = 17,
	HOOK_SETNS = 18,
	HOOK_UNSHARE = 19,
	HOOK_MOUNT = 20,
	HOOK_BPF = 21,
	HOOK_MODULE = 22,
	HOOK_MEMFD = 23,
	HOOK_COUNT = 24,
};

/* Every run of a hook ends in exactly one of these, besides `hits`. */
struct hook_counts {
	u64 hits;
	u64 records;	/* left through the ring, or stands in `flows` */
	u64 known;	/* said before */
	u64 ignored;	/* of no interest: the node's own processes, another hierarchy, a state that says nothing */
	u64 lost_ring;	/* the ring was full */
	u64 lost_map;	/* a map was full */
	u64 lost_owner; /* a socket whose process is not known */
	u64 lost_read;	/* a helper failed */
	u64 held_back;	/* the cgroup had no token left: its own window has a hole then */
};

#endif
