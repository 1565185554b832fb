// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * A socket's owner, where its peer is, and the count of a flow. Nothing is sent: flows are counted in a map that the agent
 * drains, so a busy server costs one map update a connection and no record.
 */
#ifndef ASSAY_FLOW_H
#define ASSAY_FLOW_H

#include "task.h"

enum {
	IPPROTO_TCP = 6,
	IPPROTO_UDP = 17,
	IPPROTO_SCTP = 132,
	IPPROTO_MPTCP = 262,
};

INLINE u16 host_order(u16 port)
{
	return __builtin_bswap16(port);
}

INLINE void own(struct owner *owner, u32 role)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct exe_id exe;

	exe_of(task, &exe);
	owner->cgroup = cgroup_of(task);
	owner->ino = exe.ino;
	owner->dev = exe.dev;
	owner->pid = GET(task, tgid);
	owner->role = role;
	owner->pad = 0;
}

/* An address in the one form that the maps use: IPv6, or IPv4 as ::ffff:a.b.c.d. */
INLINE void mapped(u8 *out, u32 v4)
{
	__builtin_memset(out, 0, 10);
	out[10] = 0xff;
	out[11] = 0xff;
	__builtin_memcpy(out + 12, &v4, 4);
}

INLINE int same_address(const u8 *a, const u8 *b)
{
	const u32 *x = (const u32 *)a, *y = (const u32 *)b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3];
}

INLINE u32 peer_class(struct peer_key *peer)
{
	u32 *class = bpf_map_lookup_elem(&peers, peer);

	return class ? *class : PEER_PUBLIC;
}

INLINE void count_flow(struct hook_counts *n, struct owner *owner, u8 role, u8 protocol, u16 port, u8 peer)
{
	struct flow_key key = {
		.cgroup = owner->cgroup,
		.ino = owner->ino,
		.dev = owner->dev,
		.port = port,
		.role = role,
		.protocol = protocol,
		.peer = peer,
	};
	u64 now = bpf_ktime_get_boot_ns();
	struct flow fresh = { .first_ns = now, .last_ns = now, .count = 1, .pid = owner->pid };
	struct flow *flow = bpf_map_lookup_elem(&flows, &key);

	if (!flow) {
		if (!bpf_map_update_elem(&flows, &key, &fresh, BPF_NOEXIST)) {
			COUNT(n, records);
			return;
		}
		/* Another CPU may have been first; else the map is full. */
		flow = bpf_map_lookup_elem(&flows, &key);
	}
	if (!flow) {
		COUNT(n, lost_map);
		return;
	}
	__sync_fetch_and_add(&flow->count, 1);
	flow->last_ns = now;
	flow->pid = owner->pid;
	COUNT(n, known);
}

#endif
