// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* All hook families as one object, so that they share their maps; each program is still loaded on its own. */
#include "exec.bpf.c"
#include "cgroup.bpf.c"
#include "socket.bpf.c"
#include "datagram.bpf.c"
#include "file.bpf.c"
#include "call.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
