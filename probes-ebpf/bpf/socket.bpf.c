// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* TCP and SCTP: who listens, who is called and who calls. */
#include "flow.h"

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
	u32 where;
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
		COUNT(n, ignored);
		return 0;
	}
	if (after != TCP_ESTABLISHED) {
		own(&owner, role);
		mark = bpf_sk_storage_get(&owners, (void *)ctx[0], 0, BPF_SK_STORAGE_GET_F_CREATE);
		if (mark)
			*mark = owner;
		if (is_ignored(owner.cgroup)) {
			COUNT(n, ignored);
			return 0;
		}
		if (!mark)
			COUNT(n, lost_map);
		else if (role == FLOW_CALLS)
			COUNT(n, ignored); /* counted once it is answered */
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
	where = peer_class(&peer);
	/* Loopback by any name: a pod that calls its own address. */
	if (same_address(local.address, peer.address))
		where = PEER_LOOPBACK;
	mark = bpf_sk_storage_get(&owners, (void *)ctx[0], 0, 0);
	if (mark) {
		owner = *mark;
		/* A simultaneous open answers through SYN_RECV too, but nobody listened. */
		role = owner.role == FLOW_CALLS ? FLOW_CALLS : FLOW_SERVES;
	} else if (role != FLOW_SERVES || !find_owner(&owner, sk, &local)) {
		COUNT(n, lost_owner);
		return 0;
	}
	if (is_ignored(owner.cgroup)) {
		COUNT(n, ignored);
		return 0;
	}
	port = role == FLOW_CALLS ? host_order(GET(sk, __sk_common.skc_dport)) : local.port;
	count_flow(n, &owner, role, wire, port, where);
	return 0;
}
