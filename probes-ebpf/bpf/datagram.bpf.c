// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * UDP, where no state says who listens: who binds a port, and where datagrams go to and come from. All of it runs in the
 * process that does it, so the owner is the current task. Each program lets pass what it sees.
 */
#include "flow.h"

/* A socket bound to a port is what comes next to a listener. */
INLINE int bound(struct bpf_sock *ctx, u32 hook)
{
	struct hook_counts *n = count_hit(hook);
	struct owner owner = {};
	u16 port = ctx->src_port;

	if (!n)
		return 1;
	if (ctx->protocol != IPPROTO_UDP || !port) {
		COUNT(n, ignored);
		return 1;
	}
	own(&owner, FLOW_LISTENS);
	if (is_ignored(owner.cgroup)) {
		COUNT(n, ignored);
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

/*
 * From a fixed port it is a server that answers or is asked, whichever side spoke first; from a passing port it is a
 * client, and what comes back to it says nothing new.
 */
INLINE int datagram(struct bpf_sock_addr *ctx, struct peer_key *peer, u32 hook, int received)
{
	struct hook_counts *n = count_hit(hook);
	struct bpf_sock *sk = ctx->sk;
	struct owner owner = {};
	u32 local;

	if (!n)
		return 1;
	if (ctx->protocol != IPPROTO_UDP || !sk) {
		COUNT(n, ignored);
		return 1;
	}
	local = sk->src_port;
	if (local >= cfg_ephemeral_from)
		local = 0;
	if (!local && (received || !ctx->user_port)) {
		COUNT(n, ignored);
		return 1;
	}
	own(&owner, local ? FLOW_LISTENS : FLOW_CALLS);
	if (is_ignored(owner.cgroup)) {
		COUNT(n, ignored);
		return 1;
	}
	peer->bits = 128;
	if (local)
		count_flow(n, &owner, FLOW_SERVES, IPPROTO_UDP, local, peer_class(peer));
	else
		count_flow(n, &owner, FLOW_CALLS, IPPROTO_UDP, host_order(ctx->user_port), peer_class(peer));
	return 1;
}

INLINE int datagram4(struct bpf_sock_addr *ctx, u32 hook, int received)
{
	struct peer_key peer = {};

	mapped(peer.address, ctx->user_ip4);
	return datagram(ctx, &peer, hook, received);
}

INLINE int datagram6(struct bpf_sock_addr *ctx, u32 hook, int received)
{
	struct peer_key peer = {};
	u32 *words = (u32 *)peer.address;

	words[0] = ctx->user_ip6[0];
	words[1] = ctx->user_ip6[1];
	words[2] = ctx->user_ip6[2];
	words[3] = ctx->user_ip6[3];
	return datagram(ctx, &peer, hook, received);
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return datagram4(ctx, HOOK_CONNECT4, 0);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return datagram6(ctx, HOOK_CONNECT6, 0);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	return datagram4(ctx, HOOK_SENDMSG4, 0);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	return datagram6(ctx, HOOK_SENDMSG6, 0);
}

SEC("cgroup/recvmsg4")
int recvmsg4(struct bpf_sock_addr *ctx)
{
	return datagram4(ctx, HOOK_RECVMSG4, 1);
}

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *ctx)
{
	return datagram6(ctx, HOOK_RECVMSG6, 1);
}
