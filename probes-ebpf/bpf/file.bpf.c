// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Files that are used without being executed: libraries that are mapped, parts of packages that an interpreter reads, and
 * files of which every opening matters. One report, several rungs: a security hook where the kernel has it, else the
 * entry of the function behind it, else the system calls.
 */
#include "task.h"

#define PROT_EXEC 4
#define OPENED_TO_WRITE 3 /* O_WRONLY | O_RDWR */
#define ENDING 8

/* Eight bytes at the end of a name, read as one number; a shorter name is filled up with zeros in front. */
INLINE u64 ending_of(const unsigned char *name, u32 len)
{
	u64 end = 0;
	u32 size = len < ENDING ? len : ENDING;

	if (!size)
		return 0;
	bpf_probe_read_kernel((void *)&end + (ENDING - size), size & (ENDING * 2 - 1), name + (len - size));
	return end;
}

#define B(c, at) ((u64)(c) << (8 * (at)))
#define END2(a, b) (B(a, 6) | B(b, 7))
#define END3(a, b, c) (B(a, 5) | B(b, 6) | B(c, 7))
#define END4(a, b, c, d) (B(a, 4) | B(b, 5) | B(c, 6) | B(d, 7))
#define END5(a, b, c, d, e) (B(a, 3) | B(b, 4) | B(c, 5) | B(d, 6) | B(e, 7))
#define LAST(end, n) ((end) >> (64 - 8 * (n)) << (64 - 8 * (n)))

enum part {
	PART_NONE = 0,
	PART_FILE = 1,	/* the file stands for itself: an archive */
	PART_FOLDER = 2, /* its folder stands for it: one of many sources of a package */
};

INLINE enum part part_of_package(u64 end)
{
	u64 four = LAST(end, 4), five = LAST(end, 5);

	if (four == END4('.', 'j', 'a', 'r') || four == END4('.', 'w', 'a', 'r') || four == END4('.', 'e', 'a', 'r') ||
	    five == END5('.', 'n', 'o', 'd', 'e'))
		return PART_FILE;
	if (four == END4('.', 'p', 'y', 'c') || four == END4('.', 'm', 'j', 's') || four == END4('.', 'c', 'j', 's') ||
	    four == END4('.', 'p', 'h', 'p') || LAST(end, 3) == END3('.', 'p', 'y') || LAST(end, 3) == END3('.', 'j', 's') ||
	    LAST(end, 3) == END3('.', 'r', 'b') || LAST(end, 3) == END3('.', 'p', 'm') || LAST(end, 3) == END3('.', 'p', 'l') ||
	    five == END5('.', 'b', 'e', 'a', 'm') || four == END4('.', 'l', 'u', 'a') || four == END4('.', 't', 'c', 'l'))
		return PART_FOLDER;
	return PART_NONE;
}

/* The folder of many Python packages: a module of one file lies in it, or in its cache, beside those of others. */
INLINE int is_shared_folder(struct dentry *folder)
{
	u64 packages = *(u64 *)"packages";
	const unsigned char *name = GET(folder, d_name.name);
	u32 len = GET(folder, d_name.len);

	if (len == 11 && ending_of(name, len) == *(u64 *)"ycache__") {
		folder = GET(folder, d_parent);
		name = GET(folder, d_name.name);
		len = GET(folder, d_name.len);
	}
	return len == 13 && ending_of(name, len) == packages;
}

/* A file in the hands of a task: how it is used, and what stands for it. */
struct used {
	struct task_struct *task;
	struct file *file;
	struct dentry *dentry;
	struct inode *inode;
	u64 cgroup;
	u32 op;
};

INLINE void report_use(struct hook_counts *n, u32 hook, struct used *used)
{
	struct super_block *sb = GET(used->inode, i_sb);
	struct task_struct *task = used->task;
	struct cred *cred = GET(task, cred);
	struct seen_key key = {};
	struct event_file *record;
	struct path_tail *tail;
	struct room *room;
	struct exe_id exe;
	struct path at;
	u64 now = bpf_ktime_get_boot_ns();

	exe_of(task, &exe);
	key.cgroup = used->cgroup;
	key.ino = GET(used->inode, i_ino);
	key.dev = GET(sb, s_dev);
	key.parent_ino = exe.ino;
	key.parent_dev = exe.dev;
	key.what = SEEN_FILE + used->op;
	if (!exe.ino || (used->op == FILE_MAPPED && key.ino == exe.ino && key.dev == exe.dev)) {
		COUNT(n, ignored);
		return;
	}
	if (!key.ino) {
		COUNT(n, lost_read);
		return;
	}
	if (!is_news(n, &key, now))
		return;
	room = take_room(n, hook);
	if (!room)
		return;
	record = &room->event.file;
	begin(&record->head, EVENT_FILE, key.cgroup);
	record->ino = key.ino;
	record->dev = key.dev;
	record->exe_ino = exe.ino;
	record->exe_dev = exe.dev;
	record->pid = GET(task, tgid);
	record->uid = GET(cred, euid.val);
	record->op = used->op;
	record->pad = 0;
	record->flags = standing(task, exe_file(task)) | overlay_flags(used->inode);
	at = GET(used->file, f_path);
	at.dentry = used->dentry;
	tail = (struct path_tail *)&record->flags;
	walk_path(tail, at, task);
	say(n, &key, now, &record->head, __builtin_offsetof(struct event_file, path) + path_bytes(tail));
	give_room(room);
}

/* Mounts that no process has in its tree: what overlayfs opens below itself is no use by anybody. */
INLINE int is_internal(struct file *file)
{
	struct vfsmount *at = GET(file, f_path.mnt);
	struct mount *mount = (void *)at - OFFSET_OF(struct mount, mnt);
	u64 space = (u64)GET(mount, mnt_ns);

	return !space || space >= (u64)-4096;
}

/* A script without an ending: its interpreter goes by its name and opens it. */
INLINE int is_own_script(struct task_struct *task, const unsigned char *name)
{
	u64 comm[2] = {}, own[2] = {};

	bpf_probe_read_kernel(comm, sizeof(comm), &task->comm);
	if (bpf_probe_read_kernel_str(own, sizeof(own), name) <= 1)
		return 0;
	return comm[0] == own[0] && comm[1] == own[1];
}

/* The file by itself, in the hands of the current task; nothing where it is of no interest. */
INLINE struct hook_counts *begin_use(u32 hook, struct file *file, struct used *used)
{
	struct hook_counts *n = count_hit(hook);

	if (!n)
		return 0;
	used->task = (void *)bpf_get_current_task();
	used->cgroup = cgroup_of(used->task);
	if (!file || is_ignored(used->cgroup) || is_internal(file)) {
		COUNT(n, ignored);
		return 0;
	}
	used->file = file;
	used->dentry = GET(file, f_path.dentry);
	used->inode = GET(file, f_inode);
	return n;
}

INLINE void mapped_code(u32 hook, struct file *file)
{
	struct used used = { .op = FILE_MAPPED };
	struct hook_counts *n = begin_use(hook, file, &used);

	if (n)
		report_use(n, hook, &used);
}

/* Whether a name, or with WATCHED_FOLDER that of the folder above, is one of those that are watched for this. */
INLINE int is_watched(const unsigned char *name, u32 how)
{
	struct watched_name key = {};
	u32 *hows;

	if (bpf_probe_read_kernel_str(key.name, sizeof(key.name), name) <= 0)
		return 0;
	/* What the string left behind its end would make another key of it. */
	for (int i = 1, ended = 0; i < WATCHED_NAME; i++) {
		ended |= !key.name[i - 1];
		if (ended)
			key.name[i] = 0;
	}
	hows = bpf_map_lookup_elem(&watched, &key);
	return hows && (*hows & how);
}

INLINE void opened(u32 hook, struct file *file)
{
	struct used used = {};
	struct hook_counts *n = begin_use(hook, file, &used);
	const unsigned char *name;
	struct dentry *folder;
	int writes;

	if (!n)
		return;
	name = GET(used.dentry, d_name.name);
	folder = GET(used.dentry, d_parent);
	writes = GET(file, f_flags) & OPENED_TO_WRITE;
	if (is_watched(name, writes ? WATCHED_WRITE : WATCHED_READ) ||
	    (writes && is_watched(GET(folder, d_name.name), WATCHED_FOLDER))) {
		used.op = writes ? FILE_WRITTEN : FILE_WATCHED;
	} else if (!writes) {
		enum part part = part_of_package(ending_of(name, GET(used.dentry, d_name.len)));

		if (part == PART_FOLDER && !is_shared_folder(folder)) {
			used.dentry = folder;
			used.inode = GET(folder, d_inode);
		}
		if (part != PART_NONE || is_own_script(used.task, name))
			used.op = FILE_READ;
	}
	if (!used.op) {
		COUNT(n, ignored);
		return;
	}
	report_use(n, hook, &used);
}

SEC("lsm/mmap_file")
int mmap_lsm(u64 *ctx)
{
	if (ctx[2] & PROT_EXEC)
		mapped_code(HOOK_MMAP, (void *)ctx[0]);
	return 0;
}

SEC("fentry/security_mmap_file")
int mmap_entry(u64 *ctx)
{
	if (ctx[1] & PROT_EXEC)
		mapped_code(HOOK_MMAP, (void *)ctx[0]);
	return 0;
}

SEC("lsm/file_open")
int open_lsm(u64 *ctx)
{
	opened(HOOK_OPEN, (void *)ctx[0]);
	return 0;
}

SEC("fentry/security_file_open")
int open_entry(u64 *ctx)
{
	opened(HOOK_OPEN, (void *)ctx[0]);
	return 0;
}

/* The open file behind a descriptor of the current process. */
INLINE struct file *file_of(s64 descriptor)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct files_struct *files = GET(task, files);
	struct fdtable *table = GET(files, fdt);
	struct file **at = GET(table, fd);
	struct file *file = 0;

	if (descriptor < 0 || descriptor >= GET(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), at + descriptor);
	return file;
}

SEC("tracepoint/syscalls/sys_enter_mmap")
int mmap_call(struct sys_enter *ctx)
{
	s32 descriptor = (s32)ctx->args[4];

	if (ctx->args[2] & PROT_EXEC && descriptor >= 0)
		mapped_code(HOOK_MMAP, file_of(descriptor));
	return 0;
}

INLINE int open_returned(struct sys_exit *ctx)
{
	if (ctx->result >= 0)
		opened(HOOK_OPEN, file_of(ctx->result));
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_open")
int open_call(struct sys_exit *ctx)
{
	return open_returned(ctx);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int openat_call(struct sys_exit *ctx)
{
	return open_returned(ctx);
}

SEC("tracepoint/syscalls/sys_exit_openat2")
int openat2_call(struct sys_exit *ctx)
{
	return open_returned(ctx);
}

SEC("tracepoint/syscalls/sys_exit_creat")
int creat_call(struct sys_exit *ctx)
{
	return open_returned(ctx);
}
