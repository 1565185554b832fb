// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Who a task is: its cgroup, its executable, and the path of a file as the task's own root sees it. */
#ifndef ASSAY_TASK_H
#define ASSAY_TASK_H

#include "calls.h"
#include "event.h"
#include "maps.h"

#define OVERLAYFS_MAGIC 0x794c7630

struct exe_id {
	u64 ino;
	u32 dev;
	u32 nlink;
};

INLINE u64 cgroup_id(struct cgroup *cgroup)
{
	struct kernfs_node *node = GET(cgroup, kn);
	return GET(node, id);
}

/*
 * With v1 controllers mounted the v2 tree often knows nothing (every task in its root), so the agent says which
 * hierarchy names containers on this node. The index of a controller is a build option of the kernel: relocated.
 */
INLINE u64 cgroup_of(struct task_struct *task)
{
	struct css_set *set = GET(task, cgroups);
	struct cgroup_subsys_state **at = &set->subsys[0];
	struct cgroup_subsys_state *state = 0;

	if (cfg_cgroup_mode == CGROUP_V2)
		return cgroup_id(GET(set, dfl_cgrp));
	if (cfg_cgroup_mode == CGROUP_V1_MEMORY)
		at += ENUM_VALUE(enum cgroup_subsys_id, memory_cgrp_id);
	else
		at += ENUM_VALUE(enum cgroup_subsys_id, pids_cgrp_id);
	bpf_probe_read_kernel(&state, sizeof(state), at);
	return cgroup_id(GET(state, cgroup));
}

INLINE struct file *exe_file(struct task_struct *task)
{
	struct mm_struct *mm = GET(task, mm);
	return GET(mm, exe_file);
}

INLINE void exe_of(struct task_struct *task, struct exe_id *id)
{
	struct file *file = exe_file(task);
	struct inode *inode = GET(file, f_inode);
	struct super_block *sb = GET(inode, i_sb);
	id->ino = GET(inode, i_ino);
	id->nlink = GET(inode, i_nlink);
	id->dev = GET(sb, s_dev);
}

INLINE int is_ignored(u64 cgroup)
{
	return bpf_map_lookup_elem(&ignored, &cgroup) != 0;
}

/* Whether this process is number 1 of a pid namespace of its own. */
INLINE int is_first(struct task_struct *task)
{
	struct pid *pid = GET(task, thread_pid);
	u32 level = GET(pid, level);
	int own = 0;

	if (level && level < 32) {
		struct upid *number = &pid->numbers[0];
		bpf_probe_read_kernel(&own, sizeof(own), (void *)number + level * SIZE_OF(struct upid) + OFFSET_OF(struct upid, nr));
	}
	return own == 1;
}

INLINE struct mnt_namespace *mounts_of(struct task_struct *task)
{
	struct nsproxy *spaces = GET(task, nsproxy);
	return GET(spaces, mnt_ns);
}

/* Where a process stands: what tells a container runtime at work from the workload. */
INLINE u32 standing(struct task_struct *task, struct file *exe)
{
	struct mnt_namespace *mounts = mounts_of(task);
	struct vfsmount *at = GET(exe, f_path.mnt);
	struct mount *mount = (void *)at - OFFSET_OF(struct mount, mnt);
	struct mnt_namespace *parent = mounts_of(GET(task, real_parent));
	u32 flags = 0;

	if (GET(mounts, ns.inum) == cfg_host_mounts)
		flags |= EXEC_HOST_MOUNTS;
	if (GET(parent, ns.inum) == cfg_host_mounts)
		flags |= EXEC_PARENT_HOST;
	if (GET(mount, mnt_ns) != mounts)
		flags |= EXEC_FOREIGN;
	if (is_first(task))
		flags |= EXEC_FIRST;
	return flags;
}

#define S_IFMT 0170000
#define S_IFSOCK 0140000

/* Whether a terminal is there, and whether what a process reads first is a network connection. */
INLINE u32 streams(struct task_struct *task)
{
	struct signal_struct *signal = GET(task, signal);
	struct files_struct *files = GET(task, files);
	struct fdtable *table = GET(files, fdt);
	struct file **at = GET(table, fd);
	u32 flags = GET(signal, tty) ? EXEC_TERMINAL : 0;
	struct file *input = 0;
	struct socket *socket;
	struct sock *sk;
	u16 family;

	bpf_probe_read_kernel(&input, sizeof(input), at);
	if ((GET(GET(input, f_inode), i_mode) & S_IFMT) != S_IFSOCK)
		return flags;
	socket = GET(input, private_data);
	sk = GET(socket, sk);
	family = GET(sk, __sk_common.skc_family);
	/* Some servers hand their listening socket to what they start; nobody is at its other end. */
	if ((family != AF_INET && family != AF_INET6) || GET(sk, __sk_common.skc_state) != TCP_ESTABLISHED)
		return flags;
	return flags | EXEC_STDIN_INET;
}

/* Whether a file lies in the writable layer of an overlay. The upper dentry follows the inode in struct ovl_inode, in
 * every release so far; that structure is missing from BTF where overlay is a module. */
INLINE u32 overlay_flags(struct inode *inode)
{
	struct super_block *sb = GET(inode, i_sb);
	void *upper = 0;

	if (GET(sb, s_magic) != OVERLAYFS_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + SIZE_OF(struct inode));
	return upper ? EXEC_OVERLAY | EXEC_UPPER : EXEC_OVERLAY;
}

/*
 * Writes the names from a file or folder up to the task's root, leaf first, into the record. Size and flags live in the record
 * and not in registers: the verifier then sees one state a round instead of one for every way through the rounds before.
 */
INLINE void walk_path(struct path_tail *record, struct path at, struct task_struct *task)
{
	struct fs_struct *fs = GET(task, fs);
	struct path root = GET(fs, root);

	record->path_size = 0;
	for (int i = 0; i < PATH_DEPTH_MAX; i++) {
		struct dentry *top, *up;
		u32 size;
		long got;

		if (at.dentry == root.dentry && at.mnt == root.mnt)
			return;
		top = GET(at.mnt, mnt_root);
		up = GET(at.dentry, d_parent);
		if (at.dentry == top) {
			struct mount *mount = (void *)at.mnt - OFFSET_OF(struct mount, mnt);
			struct mount *parent = GET(mount, mnt_parent);
			if (parent != mount) {
				at.dentry = GET(mount, mnt_mountpoint);
				at.mnt = (void *)parent + OFFSET_OF(struct mount, mnt);
				continue;
			}
			up = at.dentry;
		}
		size = *(volatile u32 *)&record->path_size;
		if (up == at.dentry) {
			if (size)
				return;
			record->flags |= EXEC_DETACHED;
		}
		if (size > PATH_NAMES_MAX)
			break;
		got = bpf_probe_read_kernel_str(record->path + size, NAME_MAX_BYTES, GET(at.dentry, d_name.name));
		if (got <= 0)
			break;
		*(volatile u32 *)&record->path_size = size + got;
		if (up == at.dentry)
			return;
		at.dentry = up;
	}
	record->flags |= EXEC_PATH_CUT;
}

/* How much of a record's path there is to send. */
INLINE u64 path_bytes(struct path_tail *record)
{
	u32 size = *(volatile u32 *)&record->path_size;

	return size > PATH_BYTES ? PATH_BYTES : size;
}

#endif
