// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Acts of an attacker that busybox has no applet for: each is done for real, in a container of a test. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const NOTHING[] = { "true", NULL };

static int copy_into(int to)
{
	struct stat size;
	int from = open("/bin/busybox", O_RDONLY);

	return fstat(from, &size) || sendfile(to, from, NULL, size.st_size) != size.st_size;
}

static int from_memory(void)
{
	int fd = memfd_create("payload", MFD_CLOEXEC);

	if (fd < 0 || copy_into(fd))
		return 1;
	return fexecve(fd, NOTHING, environ);
}

static int deleted(void)
{
	int fd = open("/tmp/gone", O_RDWR | O_CREAT, 0755);

	if (fd < 0 || copy_into(fd))
		return 1;
	close(fd);
	fd = open("/tmp/gone", O_RDONLY | O_CLOEXEC);
	unlink("/tmp/gone");
	return fexecve(fd, NOTHING, environ);
}

static int trace(void)
{
	pid_t child = fork();

	if (!child) {
		pause();
		return 0;
	}
	ptrace(PTRACE_ATTACH, child, NULL, NULL);
	kill(child, 9);
	return 0;
}

static int listener(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	return bind(fd, (void *)&at, sizeof(at)) || listen(fd, 1) ? -1 : fd;
}

static int call(const char *from, const char *address, int port)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(from) };
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(address) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	bind(fd, (void *)&own, sizeof(own));
	connect(fd, (void *)&at, sizeof(at));
	return fd;
}

static int reverse_shell(void)
{
	int server = listener(4444);

	if (server < 0)
		return 1;
	if (dup2(call("127.0.0.1", "127.0.0.1", 4444), 0))
		return 1;
	return execl("/bin/sh", "sh", "-c", ":", NULL);
}

/* The agent reads which ports are open about once a second. */
static int server_shell(void)
{
	if (listener(8088) < 0)
		return 1;
	sleep(4);
	if (!fork())
		return execl("/bin/sh", "sh", "-c", ":", NULL);
	wait(NULL);
	return 0;
}

static int gain_root(void)
{
	int fd = open("/tmp/elevated", O_RDWR | O_CREAT, 0755);

	if (fd < 0 || copy_into(fd) || fchmod(fd, 04755))
		return 1;
	close(fd);
	if (setuid(1000))
		return 1;
	if (!fork())
		return execv("/tmp/elevated", NOTHING);
	wait(NULL);
	return 0;
}

/* As a dynamic linker does, without the rest of it. */
static int load(const char *library)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, open(library, O_RDONLY), 0) == MAP_FAILED;
}

int main(int count, char **args)
{
	const char *act = count > 1 ? args[1] : "";

	if (!strcmp(act, "memory"))
		return from_memory();
	if (!strcmp(act, "load"))
		return load(args[2]);
	if (!strcmp(act, "deleted"))
		return deleted();
	if (!strcmp(act, "trace"))
		return trace();
	if (!strcmp(act, "reverse-shell"))
		return reverse_shell();
	if (!strcmp(act, "server-shell"))
		return server_shell();
	if (!strcmp(act, "root"))
		return gain_root();
	if (!strcmp(act, "bpf"))
		return syscall(SYS_bpf, 5, NULL, 0), 0;
	if (!strcmp(act, "setns"))
		return setns(open("/proc/self/ns/uts", O_RDONLY), CLONE_NEWUTS), 0;
	if (!strcmp(act, "metadata"))
		return listener(80), call("10.9.9.9", "169.254.169.254", 80), 0;
	fprintf(stderr, "no such act: %s\n", act);
	return 1;
}
