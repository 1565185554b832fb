// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Who listens, who is called and who calls. Nothing is sent: flows are counted in a map that the agent drains, so a busy
 * server costs one map update a connection and no record.
 */
#include "task.h"

enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT = 2,
	TCP_SYN_RECV = 3,
	TCP_CLOSE = 7,
	TCP_LISTEN = 10,
};

enum {
	AF_INET = 2,
	AF_INET6 = 10,
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
			n->records++;
			return;
		}
		/* Another CPU may have been first; else the map is full. */
		flow = bpf_map_lookup_elem(&flows, &key);
	}
	if (!flow) {
		n->lost_map++;
		return;
	}
	__sync_fetch_and_add(&flow->count, 1);
	flow->last_ns = now;
	flow->pid = owner->pid;
	n->known++;
}

/* Accept runs wherever the packet came in, so the current task is a stranger. What the listening socket was marked with
 * was copied to this one; a listener older than the agent is in `listeners`; on v2 the socket knows its cgroup. */
INLINE int find_owner(struct owner *out, struct sock *sk, struct listener_key *key)
{
	struct owner *found = bpf_map_lookup_elem(&listeners, key);

	if (!found) {
		__builtin_memset(key->address, 0, sizeof(key->address));
		found = bpf_map_lookup_elem(&listeners, key);
	}
	if (found) {
		*out = *found;
		return 1;
	}
	if (cfg_cgroup_mode != CGROUP_V2)
		return 0;
	__builtin_memset(out, 0, sizeof(*out));
	out->cgroup = cgroup_id(GET(sk, sk_cgrp_data.cgroup));
	out->role = FLOW_LISTENS;
	return out->cgroup != 0;
}

SEC("tp_btf/inet_sock_set_state")
int sock_state(u64 *ctx)
{
	struct sock *sk = (void *)ctx[0];
	int before = ctx[1], after = ctx[2];
	struct hook_counts *n = count_hit(HOOK_SOCKET);
	struct owner owner = {}, *mark;
	struct listener_key local = {};
	struct peer_key peer = { .bits = 128 };
	struct net *net;
	u16 protocol, wire, family, port;
	u32 *class, where;
	u8 role = 0;

	if (!n)
		return 0;
	protocol = GET(sk, sk_protocol);
	wire = protocol == IPPROTO_MPTCP ? IPPROTO_TCP : protocol;
	if (after == TCP_LISTEN)
		role = FLOW_LISTENS;
	else if (after == TCP_SYN_SENT && before == TCP_CLOSE)
		role = FLOW_CALLS;
	else if (after == TCP_ESTABLISHED && (before == TCP_SYN_RECV || before == TCP_SYN_SENT))
		role = before == TCP_SYN_RECV ? FLOW_SERVES : FLOW_CALLS;
	if (!role || (wire != IPPROTO_TCP && wire != IPPROTO_SCTP)) {
		n->ignored++;
		return 0;
	}
	if (after != TCP_ESTABLISHED) {
		own(&owner, role);
		mark = bpf_sk_storage_get(&owners, (void *)ctx[0], 0, BPF_SK_STORAGE_GET_F_CREATE);
		if (mark)
			*mark = owner;
		if (is_ignored(owner.cgroup)) {
			n->ignored++;
			return 0;
		}
		if (!mark)
			n->lost_map++;
		else if (role == FLOW_CALLS)
			n->ignored++; /* counted once it is answered */
		else
			count_flow(n, &owner, role, wire, GET(sk, __sk_common.skc_num), 0);
		return 0;
	}

	family = GET(sk, __sk_common.skc_family);
	if (family == AF_INET) {
		mapped(local.address, GET(sk, __sk_common.skc_rcv_saddr));
		mapped(peer.address, GET(sk, __sk_common.skc_daddr));
	} else {
		struct in6_addr address = GET(sk, __sk_common.skc_v6_rcv_saddr);
		__builtin_memcpy(local.address, &address, 16);
		address = GET(sk, __sk_common.skc_v6_daddr);
		__builtin_memcpy(peer.address, &address, 16);
	}
	local.port = GET(sk, __sk_common.skc_num);
	net = GET(sk, __sk_common.skc_net.net);
	local.netns = GET(net, ns.inum);
	class = bpf_map_lookup_elem(&peers, &peer);
	where = class ? *class : PEER_PUBLIC;
	/* Loopback by any name: a pod that calls its own address. */
	if (same_address(local.address, peer.address))
		where = PEER_LOOPBACK;
	mark = bpf_sk_storage_get(&owners, (void *)ctx[0], 0, 0);
	if (mark) {
		owner = *mark;
		/* A simultaneous open answers through SYN_RECV too, but nobody listened. */
		role = owner.role == FLOW_CALLS ? FLOW_CALLS : FLOW_SERVES;
	} else if (role != FLOW_SERVES || !find_owner(&owner, sk, &local)) {
		n->lost_owner++;
		return 0;
	}
	if (is_ignored(owner.cgroup)) {
		n->ignored++;
		return 0;
	}
	port = role == FLOW_CALLS ? host_order(GET(sk, __sk_common.skc_dport)) : local.port;
	count_flow(n, &owner, role, wire, port, where);
	return 0;
}

/* UDP has no listening state: a socket bound to a port is what comes next to it. */
INLINE int bound(struct bpf_sock *ctx, u32 hook)
{
	struct hook_counts *n = count_hit(hook);
	struct owner owner = {};
	u16 port = ctx->src_port;

	if (!n)
		return 1;
	if (ctx->protocol != IPPROTO_UDP || !port) {
		n->ignored++;
		return 1;
	}
	own(&owner, FLOW_LISTENS);
	if (is_ignored(owner.cgroup)) {
		n->ignored++;
		return 1;
	}
	count_flow(n, &owner, FLOW_LISTENS, IPPROTO_UDP, port, 0);
	return 1;
}

SEC("cgroup/post_bind4")
int bind4(struct bpf_sock *ctx)
{
	return bound(ctx, HOOK_BIND4);
}

SEC("cgroup/post_bind6")
int bind6(struct bpf_sock *ctx)
{
	return bound(ctx, HOOK_BIND6);
}
