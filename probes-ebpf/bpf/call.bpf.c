// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Calls that few programs have a reason for. What they mean is for the agent to say. */
#include "task.h"

/* `asks` tells what a call asks for, where that makes another call of it: an address in memory does not. */
INLINE int called(u64 *args, u32 count, u32 hook, u64 asks)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct hook_counts *n = count_hit(hook);
	struct cred *cred = GET(task, cred);
	struct event_call record = {};
	struct seen_key key = {};
	struct exe_id exe;
	u64 now = bpf_ktime_get_boot_ns(), cgroup = cgroup_of(task);

	if (!n)
		return 0;
	exe_of(task, &exe);
	if (!exe.ino || is_ignored(cgroup)) {
		COUNT(n, ignored);
		return 0;
	}
	key.cgroup = cgroup;
	key.ino = exe.ino;
	key.dev = exe.dev;
	key.parent_ino = asks;
	key.what = SEEN_CALL + hook;
	if (!is_news(n, &key, now))
		return 0;
	begin(&record.head, EVENT_CALL, cgroup);
	record.exe_ino = exe.ino;
	record.exe_dev = exe.dev;
	/* The kernel refuses a program that reads past the arguments of its call. */
	record.args[0] = args[0];
	record.args[1] = count > 1 ? args[1] : 0;
	record.args[2] = count > 2 ? args[2] : 0;
	record.pid = GET(task, tgid);
	record.uid = GET(cred, euid.val);
	record.flags = standing(task, exe_file(task));
	record.call = hook;
	say(n, &key, now, &record.head, sizeof(record));
	return 0;
}

#define CALL(name, program, count, hook, asks)                                                                         \
	SEC("tracepoint/syscalls/sys_enter_" name)                                                                     \
	int program(struct sys_enter *ctx)                                                                             \
	{                                                                                                              \
		return called(ctx->args, count, hook, asks);                                                           \
	}

CALL("ptrace", ptrace_call, 3, HOOK_PTRACE, ctx->args[0])
CALL("setns", setns_call, 2, HOOK_SETNS, ctx->args[1])
CALL("unshare", unshare_call, 1, HOOK_UNSHARE, ctx->args[0])
CALL("mount", mount_call, 3, HOOK_MOUNT, 0)
CALL("move_mount", move_mount_call, 3, HOOK_MOUNT, 1)
CALL("bpf", bpf_call, 3, HOOK_BPF, ctx->args[0])
CALL("init_module", module_call, 3, HOOK_MODULE, 0)
CALL("finit_module", module_file_call, 3, HOOK_MODULE, 0)
CALL("memfd_create", memfd_call, 2, HOOK_MEMFD, 0)
