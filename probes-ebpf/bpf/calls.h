// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The kernel's helper calls that the probes use, by their fixed numbers, and the words in which maps and sections are
 * declared. Written here so that nothing but clang is needed to build.
 */
#ifndef ASSAY_CALLS_H
#define ASSAY_CALLS_H

#include "kernel.h"

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

#define MAP_TYPE(val) int (*type)[val]
#define MAP_SIZE(val) int (*max_entries)[val]
#define MAP_FLAGS(val) int (*map_flags)[val]
#define MAP_KEY(of) of *key
#define MAP_VALUE(of) of *value

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_CLONE = 512,
	BPF_SK_STORAGE_GET_F_CREATE = 1,
};

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static u64 (*bpf_get_current_task)(void) = (void *)35;
static void *(*bpf_sk_storage_get)(void *map, void *sk, void *value, u64 flags) = (void *)107;
static long (*bpf_probe_read_kernel)(void *dst, u32 size, const void *from) = (void *)113;
static long (*bpf_probe_read_kernel_str)(void *dst, u32 size, const void *from) = (void *)115;
static u64 (*bpf_ktime_get_boot_ns)(void) = (void *)125;
static long (*bpf_ringbuf_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;

/* One member of a kernel structure, read safely; zero when the pointer leads nowhere. */
#define GET(from, member)                                                                                              \
	({                                                                                                             \
		__typeof__((from)->member) got;                                                                        \
		__builtin_memset(&got, 0, sizeof(got));                                                                \
		bpf_probe_read_kernel(&got, sizeof(got), &(from)->member);                                             \
		got;                                                                                                   \
	})

#define OFFSET_OF(type, member) __builtin_preserve_field_info(((type *)0)->member, 0)
#define SIZE_OF(type) __builtin_preserve_type_info(*(type *)0, 1)
#define ENUM_VALUE(type, value) __builtin_preserve_enum_value(*(type *)value, 1)

#endif
