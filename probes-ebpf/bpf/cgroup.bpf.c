// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Cgroups that come and go: a container's name is in the path, and its window opens and closes here. */
#include "task.h"

INLINE int tell(u64 *ctx, u32 hook, u32 op)
{
	struct cgroup *cgroup = (void *)ctx[0];
	const char *path = (void *)ctx[1];
	struct hook_counts *n = count_hit(hook);
	struct event_cgroup *record;
	struct room *room;
	struct cgroup_root *root;
	long got;

	if (!n)
		return 0;
	/* On a hybrid node a container has one cgroup a hierarchy; one of them names it. */
	root = GET(cgroup, root);
	if (GET(root, hierarchy_id) != cfg_hierarchy) {
		COUNT(n, ignored);
		return 0;
	}
	room = take_room(n, hook);
	if (!room)
		return 0;
	record = &room->event.cgroup;
	begin(&record->head, EVENT_CGROUP, cgroup_id(cgroup));
	record->op = op;
	got = bpf_probe_read_kernel_str(record->path, PATH_BYTES, path);
	if (got <= 0 || got > PATH_BYTES) {
		COUNT(n, lost_read);
	} else {
		record->path_size = got;
		send(n, &record->head, __builtin_offsetof(struct event_cgroup, path) + got);
	}
	give_room(room);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int cgroup_make(u64 *ctx)
{
	return tell(ctx, HOOK_CGROUP_MAKE, CGROUP_MADE);
}

SEC("tp_btf/cgroup_rmdir")
int cgroup_remove(u64 *ctx)
{
	return tell(ctx, HOOK_CGROUP_REMOVE, CGROUP_REMOVED);
}

SEC("tp_btf/cgroup_release")
int cgroup_release(u64 *ctx)
{
	return tell(ctx, HOOK_CGROUP_RELEASE, CGROUP_RELEASED);
}
