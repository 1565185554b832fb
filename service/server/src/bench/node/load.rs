//! Loads that a node has: a server that is asked, a build, a copy.

use std::time::Instant;

use anyhow::Result;

use super::super::row::Aim;
use super::container::Container;

/// A load, and what it may cost to watch it.
pub(super) struct Load {
    pub(super) what: &'static str,
    pub(super) run: fn(&Container) -> Result<()>,
    /// How much slower it may be.
    pub(super) slower: Aim,
    /// How many of the hooks' runs may become records.
    pub(super) records: Option<Aim>,
}

pub(super) const LOADS: [Load; 3] = [
    Load {
        what: "a web server that is asked 1,500 times, a process a request",
        run: |c| {
            c.exec("i=0; while [ $i -lt 1500 ]; do wget -q -O /dev/null http://127.0.0.1:8080/page; i=$((i+1)); done")
        },
        slower: Aim::AtMost(2.0),
        records: Some(Aim::AtMost(0.1)),
    },
    Load {
        what: "a build: 1,500 files written, copied, read and searched by programs of their own",
        run: |c| {
            c.exec(
                "mkdir -p /tmp/b; i=0; while [ $i -lt 1500 ]; do echo \"line $i\" > /tmp/b/$i.c; cp /tmp/b/$i.c /tmp/b/$i.o; \
                 grep -q line /tmp/b/$i.o; i=$((i+1)); done; cat /tmp/b/*.o > /tmp/all; rm -r /tmp/b",
            )
        },
        slower: Aim::AtMost(3.0),
        records: Some(Aim::AtMost(1.0)),
    },
    Load {
        what: "dd of 20 GB in blocks of 1 MB",
        run: |c| c.exec("dd if=/dev/zero of=/dev/null bs=1M count=20000 2>/dev/null"),
        slower: Aim::AtMost(2.0),
        records: None,
    },
];

/// Nanoseconds of the cheapest system call, over many.
pub(super) fn cheapest_call() -> f64 {
    const CALLS: u32 = 5_000_000;
    let started = Instant::now();
    for _ in 0..CALLS {
        std::hint::black_box(std::os::unix::process::parent_id());
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
}
