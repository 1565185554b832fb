// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The maps, the settings that the agent writes before loading, and how a run of a hook is counted. */
#ifndef ASSAY_MAPS_H
#define ASSAY_MAPS_H

#include "calls.h"
#include "event.h"

/* Which cgroup names a task: its place in the v2 tree, or in the v1 hierarchy of one controller. */
enum cgroup_mode {
	CGROUP_V2 = 0,
	CGROUP_V1_MEMORY = 1,
	CGROUP_V1_PIDS = 2,
};

const volatile u32 cfg_cgroup_mode = CGROUP_V2;
const volatile u32 cfg_hierarchy = 0;
const volatile u32 cfg_host_mounts = 0;
const volatile u32 cfg_ephemeral_from = 32768;
const volatile u64 cfg_seen_again_ns = 300000000000ULL;
/* What is new of one cgroup: as many records at once, and one more each time this many nanoseconds have passed. */
const volatile u64 cfg_bucket_size = 4096;
const volatile u64 cfg_bucket_refill_ns = 10000000ULL;

/* Records on their way to the agent, in bytes; what does not fit is counted. */
struct {
	MAP_TYPE(BPF_MAP_TYPE_RINGBUF);
	MAP_SIZE(1 << 20);
} ring SEC(".maps");

/* Counts of what each hook saw, sent and lost. */
struct {
	MAP_TYPE(BPF_MAP_TYPE_PERCPU_ARRAY);
	MAP_SIZE(HOOK_COUNT);
	MAP_KEY(u32);
	MAP_VALUE(struct hook_counts);
} counts SEC(".maps");

/* Room to put a record together: too large for the stack. */
struct room {
	union any_event event;
	u64 taken;
};

/* One room a hook, so that no hook writes over another's. */
struct {
	MAP_TYPE(BPF_MAP_TYPE_PERCPU_ARRAY);
	MAP_SIZE(HOOK_COUNT);
	MAP_KEY(u32);
	MAP_VALUE(struct room);
} scratch SEC(".maps");

/* Small LRU maps evict early in batches, so this one is not small. */
struct {
	MAP_TYPE(BPF_MAP_TYPE_LRU_HASH);
	MAP_SIZE(65536);
	MAP_KEY(struct seen_key);
	MAP_VALUE(u64);
} seen SEC(".maps");

/* Connections whose next record waits. */
struct {
	MAP_TYPE(BPF_MAP_TYPE_HASH);
	MAP_SIZE(16384);
	MAP_KEY(struct flow_key);
	MAP_VALUE(struct flow);
} flows SEC(".maps");

struct {
	MAP_TYPE(BPF_MAP_TYPE_SK_STORAGE);
	MAP_FLAGS(BPF_F_NO_PREALLOC | BPF_F_CLONE);
	MAP_KEY(int);
	MAP_VALUE(struct owner);
} owners SEC(".maps");

/* Listeners that are older than the agent. */
struct {
	MAP_TYPE(BPF_MAP_TYPE_HASH);
	MAP_SIZE(4096);
	MAP_FLAGS(BPF_F_NO_PREALLOC);
	MAP_KEY(struct listener_key);
	MAP_VALUE(struct owner);
} listeners SEC(".maps");

/* Address ranges of Services, pods and nodes. */
struct {
	MAP_TYPE(BPF_MAP_TYPE_LPM_TRIE);
	MAP_SIZE(4096);
	MAP_FLAGS(BPF_F_NO_PREALLOC);
	MAP_KEY(struct peer_key);
	MAP_VALUE(u32);
} peers SEC(".maps");

/* Cgroups of the node's own processes, told by the agent: what they do is left out before it costs anything. */
struct {
	MAP_TYPE(BPF_MAP_TYPE_LRU_HASH);
	MAP_SIZE(16384);
	MAP_KEY(u64);
	MAP_VALUE(u32);
} ignored SEC(".maps");

/* What each cgroup may still send. */
struct {
	MAP_TYPE(BPF_MAP_TYPE_LRU_HASH);
	MAP_SIZE(16384);
	MAP_KEY(u64);
	MAP_VALUE(struct bucket);
} buckets SEC(".maps");

/* Filled by the agent from its table of signals. */
struct {
	MAP_TYPE(BPF_MAP_TYPE_HASH);
	MAP_SIZE(256);
	MAP_KEY(struct watched_name);
	MAP_VALUE(u32);
} watched SEC(".maps");

/* A program of a cgroup can be preempted by itself on the same CPU, so even per-CPU counts are added to in one step. */
#define COUNT(n, what) __sync_fetch_and_add(&(n)->what, 1)

INLINE struct hook_counts *count_hit(u32 hook)
{
	struct hook_counts *n = bpf_map_lookup_elem(&counts, &hook);
	if (n)
		COUNT(n, hits);
	return n;
}

/*
 * On some kernels a security hook may be preempted and run again on the same processor: whoever comes second finds the room
 * taken, and is counted as lost rather than mixed with the first.
 */
INLINE struct room *take_room(struct hook_counts *n, u32 hook)
{
	struct room *room = bpf_map_lookup_elem(&scratch, &hook);

	if (room && !__sync_val_compare_and_swap(&room->taken, 0, 1))
		return room;
	COUNT(n, lost_read);
	return 0;
}

INLINE void give_room(struct room *room)
{
	__sync_lock_test_and_set(&room->taken, 0);
}

/* Two processors may read their clocks in either order. */
INLINE int is_due(u64 now, u64 last)
{
	return now > last && now - last >= cfg_seen_again_ns;
}

INLINE void begin(struct event_head *head, u16 kind, u64 cgroup)
{
	head->version = EVENT_VERSION;
	head->kind = kind;
	head->at_ns = bpf_ktime_get_boot_ns();
	head->cgroup = cgroup;
}

/* Sends a record; true when it left. */
INLINE int send(struct hook_counts *n, struct event_head *head, u64 size)
{
	head->size = size;
	if (bpf_ringbuf_output(&ring, head, size, 0)) {
		COUNT(n, lost_ring);
		return 0;
	}
	COUNT(n, records);
	return 1;
}

/*
 * Whether this cgroup may send one more record of something new. Two processors may take the same token now and then:
 * the limit is meant to keep order, not to count.
 */
INLINE int may_send(struct hook_counts *n, u64 cgroup, u64 now)
{
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &cgroup);
	u64 more;

	if (!bucket) {
		struct bucket full = { .tokens = cfg_bucket_size - 1, .filled_ns = now };
		bpf_map_update_elem(&buckets, &cgroup, &full, BPF_ANY);
		return 1;
	}
	more = now > bucket->filled_ns ? (now - bucket->filled_ns) / cfg_bucket_refill_ns : 0;
	if (more) {
		bucket->filled_ns = now;
		bucket->tokens = bucket->tokens + more > cfg_bucket_size ? cfg_bucket_size : bucket->tokens + more;
	}
	if (!bucket->tokens) {
		COUNT(bucket, held);
		COUNT(n, held_back);
		return 0;
	}
	bucket->tokens -= 1;
	return 1;
}

/* Whether this was not said yet, or not for a while, and the cgroup may say it now; counted where not. */
INLINE int is_news(struct hook_counts *n, struct seen_key *key, u64 now)
{
	u64 *last = bpf_map_lookup_elem(&seen, key);

	if (last && !is_due(now, *last)) {
		COUNT(n, known);
		return 0;
	}
	return may_send(n, key->cgroup, now);
}

/* Remembered only once it has left: a full ring must not turn into silence. */
INLINE void say(struct hook_counts *n, struct seen_key *key, u64 now, struct event_head *head, u64 size)
{
	if (send(n, head, size))
		bpf_map_update_elem(&seen, key, &now, BPF_ANY);
}

#endif
