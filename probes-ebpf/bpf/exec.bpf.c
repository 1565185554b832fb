// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Programs that start, and the first process of a container that ends. */
#include "task.h"

/*
 * A file that a cgroup runs from the same parent, under the same name and in the same way, says nothing new: one record,
 * and one again after a while, so that "last seen" stays true.
 */
INLINE void report(struct hook_counts *n, u32 hook, struct task_struct *task, u64 cgroup, u32 flags)
{
	struct task_struct *parent = GET(task, real_parent);
	struct file *file = exe_file(task);
	struct cred *cred = GET(task, cred);
	struct cred *parent_cred = GET(parent, cred);
	struct exe_id exe, parent_exe;
	struct seen_key key = {};
	u64 comm[2] = {};
	struct event_exec *record;
	struct path_tail *tail;
	struct room *room;
	u64 now = bpf_ktime_get_boot_ns();

	if (is_ignored(cgroup)) {
		COUNT(n, ignored);
		return;
	}
	exe_of(task, &exe);
	exe_of(parent, &parent_exe);
	key.cgroup = cgroup;
	key.ino = exe.ino;
	key.dev = exe.dev;
	key.parent_ino = parent_exe.ino;
	key.parent_dev = parent_exe.dev;
	bpf_probe_read_kernel(comm, COMM_BYTES, &task->comm);
	key.name = comm[0] ^ comm[1] << 1;
	flags |= standing(task, file) | streams(task) | overlay_flags(GET(file, f_inode));
	if (!exe.nlink)
		flags |= EXEC_UNLINKED;
	key.flags = flags;
	key.what = SEEN_EXEC + !GET(cred, euid.val);
	if (!exe.ino) {
		COUNT(n, lost_read);
		return;
	}
	if (!is_news(n, &key, now))
		return;
	room = take_room(n, hook);
	if (!room)
		return;
	record = &room->event.exec;
	begin(&record->head, EVENT_EXEC, cgroup);
	record->ino = exe.ino;
	record->dev = exe.dev;
	record->parent_ino = parent_exe.ino;
	record->parent_dev = parent_exe.dev;
	bpf_probe_read_kernel(&record->caps, sizeof(record->caps), &cred->cap_effective);
	record->uid = GET(cred, euid.val);
	record->pid = GET(task, tgid);
	record->parent_pid = GET(parent, tgid);
	record->parent_uid = GET(parent_cred, euid.val);
	__builtin_memcpy(record->comm, comm, COMM_BYTES);
	record->flags = flags;
	tail = (struct path_tail *)&record->flags;
	walk_path(tail, GET(file, f_path), task);
	say(n, &key, now, &record->head, __builtin_offsetof(struct event_exec, path) + path_bytes(tail));
	give_room(room);
}

SEC("tp_btf/sched_process_exec")
int exec(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct hook_counts *n = count_hit(HOOK_EXEC);

	if (n)
		report(n, HOOK_EXEC, task, cgroup_of(task), 0);
	return 0;
}

/* A process that started elsewhere and was put into a container's cgroup later: an exec into a running container. */
SEC("tp_btf/cgroup_attach_task")
int cgroup_join(u64 *ctx)
{
	struct cgroup *cgroup = (void *)ctx[0];
	struct task_struct *task = (void *)ctx[2];
	struct hook_counts *n = count_hit(HOOK_JOIN);
	struct cgroup_root *root = GET(cgroup, root);

	if (!n)
		return 0;
	if (GET(root, hierarchy_id) != cfg_hierarchy || !exe_file(task)) {
		COUNT(n, ignored);
		return 0;
	}
	report(n, HOOK_JOIN, task, cgroup_id(cgroup), EXEC_JOINED);
	return 0;
}

/* Only the process that is number 1 of its own pid namespace: with it the container ends, and says how. */
SEC("tp_btf/sched_process_exit")
int exit_first(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct hook_counts *n = count_hit(HOOK_EXIT);
	struct event_exit record = {};

	if (!n)
		return 0;
	if (!is_first(task)) {
		COUNT(n, ignored);
		return 0;
	}
	begin(&record.head, EVENT_EXIT, cgroup_of(task));
	record.pid = GET(task, tgid);
	record.code = GET(task, exit_code);
	send(n, &record.head, sizeof(record));
	return 0;
}
