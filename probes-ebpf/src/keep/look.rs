//! One look at a container. Comes in: its cgroups, and /proc. Goes out: evidence of bounded size, with the count of what
//! found no room. Processes that vanish while they are looked at are left out.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

use assay_core::batch::{ContainerRow, FactBody};
use assay_core::ids::Time;
use serde::Serialize;

use crate::cgroups::Hierarchy;
use crate::container::Container;
use crate::nettable::Socket;
use crate::pods::Identity;
use crate::procscan::{Process, held, process, read_some, table};
use crate::said::KeptCounts;

/// The version of the files.
pub const EVIDENCE_VERSION: u32 = 1;
/// The most bytes of one file, about: names and lines are counted as they are taken.
pub const EVIDENCE_BYTES_MAX: usize = 8 << 20;
/// The most processes of one container.
pub const PROCESSES_MAX: usize = 512;
/// The most open files of one process.
pub const FILES_MAX: usize = 1_024;
/// The most mapped ranges of one process.
pub const MAPS_MAX: usize = 2_048;
/// The most sockets of one container.
pub const SOCKETS_MAX: usize = 4_096;
/// The most records of the agent's own.
pub const RECORDS_MAX: usize = 2_000;
/// The longest name or line.
const LINE_MAX: usize = 512;
/// What every row takes beside its text.
const ROW_BYTES: usize = 48;
/// The most bytes of one table of /proc.
const TABLE_BYTES_MAX: u64 = 2 << 20;
/// How long one look may take: the watch waits for it.
const LOOK_MAX: Duration = Duration::from_secs(2);

/// What of /proc/PID/status is kept: who it runs as, what it may do, and who its parent is.
const STATUS: &[&str] = &[
    "Name",
    "State",
    "PPid",
    "TracerPid",
    "Uid",
    "Gid",
    "NSpid",
    "CapPrm",
    "CapEff",
    "CapBnd",
    "NoNewPrivs",
    "Seccomp",
];

/// Who looks at what, and when.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The node's name.
    pub node: &'a str,
    /// The kernel's boot id.
    pub boot: &'a str,
    /// The container, as the runtime numbers it.
    pub id: &'a str,
    /// Now.
    pub at: Time,
}

/// What a container was at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    version: u32,
    node: String,
    boot: String,
    container: String,
    /// Pod and image, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    named: Option<ContainerRow>,
    at: String,
    watched_since: String,
    /// Cgroups of the container.
    groups: Vec<String>,
    /// By process id.
    pub processes: Vec<ProcessRow>,
    /// Those of their network namespaces that they hold.
    pub sockets: Vec<SocketRow>,
    /// What the agent knows of the container, the last seen first.
    pub records: Vec<RecordRow>,
    /// What was there and found no room, by what it was.
    pub left_out: BTreeMap<&'static str, u64>,
}

/// One process.
#[derive(Clone, Debug, Serialize)]
pub struct ProcessRow {
    /// Its number on the node.
    pub pid: u32,
    /// Path of its executable, with the kernel's mark where that was deleted.
    pub exe: String,
    /// Device and inode of the executable.
    pub file: [u64; 2],
    /// When it started, nanoseconds since boot.
    pub started_ns: u64,
    /// Lines of its status.
    pub status: BTreeMap<&'static str, String>,
    /// Open files, by descriptor.
    pub files: Vec<(u32, String)>,
    /// Mapped ranges, as /proc writes them.
    pub maps: Vec<String>,
}

/// One socket.
#[derive(Clone, Debug, Serialize)]
pub struct SocketRow {
    /// Who holds it.
    pub pid: u32,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Own address and port.
    pub local: String,
    /// The peer's; none when it listens.
    pub peer: Option<String>,
}

/// Something that the agent recorded.
#[derive(Clone, Debug, Serialize)]
pub struct RecordRow {
    /// First seen.
    pub since: String,
    /// Last seen.
    pub until: String,
    /// What.
    pub what: FactBody,
}

impl Evidence {
    /// How much is in it.
    pub fn counts(&self) -> KeptCounts {
        let sum = |of: fn(&ProcessRow) -> usize| self.processes.iter().map(of).sum::<usize>();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        KeptCounts {
            processes: count(self.processes.len()),
            files: count(sum(|p| p.files.len())),
            sockets: count(self.sockets.len()),
            maps: count(sum(|p| p.maps.len())),
            records: count(self.records.len()),
            left_out: u32::try_from(self.left_out.values().sum::<u64>()).unwrap_or(u32::MAX),
        }
    }
}

/// Room that is left, in bytes and time.
struct Room {
    bytes: usize,
    until: Instant,
    left_out: BTreeMap<&'static str, u64>,
}

impl Room {
    /// Takes room for a row with this much text; false and counted when there is none.
    fn takes(&mut self, what: &'static str, text: usize) -> bool {
        let bytes = text + ROW_BYTES;
        let fits = bytes <= self.bytes && Instant::now() < self.until;
        if fits {
            self.bytes -= bytes;
        } else {
            self.leaves(what, 1);
        }
        fits
    }

    fn leaves(&mut self, what: &'static str, n: usize) {
        if n > 0 {
            *self.left_out.entry(what).or_default() += n as u64;
        }
    }
}

/// Looks at a container.
pub fn look(container: &Container, hierarchy: &Hierarchy, around: &Around<'_>) -> Evidence {
    let mut pids: Vec<u32> = container.groups.values().flat_map(|path| hierarchy.processes(path)).collect();
    pids.sort_unstable();
    pids.dedup();
    look_at(&pids, container, around)
}

/// The same of these processes.
fn look_at(pids: &[u32], container: &Container, around: &Around<'_>) -> Evidence {
    let until = Instant::now() + LOOK_MAX;
    let mut room = Room { bytes: EVIDENCE_BYTES_MAX, until, left_out: BTreeMap::new() };
    // What the agent knows goes first: it is small, and what is gone is nowhere else.
    let records = records(container, &mut room);
    room.leaves("process", pids.len().saturating_sub(PROCESSES_MAX));
    let alive: Vec<Process> = pids.iter().take(PROCESSES_MAX).filter_map(|pid| process(*pid)).collect();
    let sockets = sockets(&alive, &mut room);
    let mut processes = Vec::new();
    for process in &alive {
        if room.takes("process", process.path.len().min(LINE_MAX) + LINE_MAX) {
            processes.push(row_of(process, &mut room));
        }
    }
    let named = match &container.identity {
        Some(Identity::Named(row)) => Some(row.clone()),
        Some(Identity::Sandbox) | None => None,
    };
    Evidence {
        version: EVIDENCE_VERSION,
        node: around.node.to_owned(),
        boot: around.boot.to_owned(),
        container: around.id.to_owned(),
        named,
        at: around.at.to_string(),
        watched_since: container.since.to_string(),
        groups: container.groups.values().map(|path| cut(path)).take(64).collect(),
        processes,
        sockets,
        records,
        left_out: room.left_out,
    }
}

fn records(container: &Container, room: &mut Room) -> Vec<RecordRow> {
    let mut facts: Vec<_> = container.facts.iter().collect();
    facts.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.until));
    room.leaves("record", facts.len().saturating_sub(RECORDS_MAX));
    let mut rows = Vec::new();
    for (said, seen) in facts.into_iter().take(RECORDS_MAX) {
        if room.takes("record", LINE_MAX) {
            rows.push(RecordRow { since: seen.since.to_string(), until: seen.until.to_string(), what: said.body() });
        }
    }
    rows
}

/// The sockets that these processes hold, each namespace's table read once.
fn sockets(processes: &[Process], room: &mut Room) -> Vec<SocketRow> {
    let mut by_network: BTreeMap<u32, Vec<Process>> = BTreeMap::new();
    for process in processes {
        by_network.entry(process.netns).or_default().push(process.clone());
    }
    let mut rows = Vec::new();
    for members in by_network.values() {
        let Some(first) = members.first() else { continue };
        for socket in held(members, &table(first.pid)) {
            let Some(owner) = members.get(socket.process) else { continue };
            if rows.len() >= SOCKETS_MAX || !room.takes("socket", 128) {
                room.leaves("socket", usize::from(rows.len() >= SOCKETS_MAX));
                continue;
            }
            let Socket { protocol, address, port, peer, .. } = socket.socket;
            rows.push(SocketRow {
                pid: owner.pid,
                protocol: protocol.to_string(),
                local: end(address, port),
                peer: peer.map(|(address, port)| end(address, port)),
            });
        }
    }
    rows
}

fn end(address: [u8; 16], port: u16) -> String {
    let address = Ipv6Addr::from(address);
    match address.to_ipv4_mapped() {
        Some(v4) => format!("{v4}:{port}"),
        None => format!("[{address}]:{port}"),
    }
}

fn row_of(process: &Process, room: &mut Room) -> ProcessRow {
    let at = format!("/proc/{}", process.pid);
    // With the kernel's mark of a deleted file, which the path of a process leaves out.
    let exe = fs::read_link(format!("{at}/exe")).map_or(process.path.clone(), |p| p.to_string_lossy().into_owned());
    let status = read_some(&format!("{at}/status"), TABLE_BYTES_MAX).unwrap_or_default();
    let status = STATUS.iter().filter_map(|wanted| {
        let value = status.lines().find_map(|line| line.strip_prefix(wanted)?.strip_prefix(':'))?;
        Some((*wanted, cut(value.trim())))
    });
    ProcessRow {
        pid: process.pid,
        exe: cut(&exe),
        file: [u64::from(process.exe.dev), process.exe.ino],
        started_ns: process.started_ns,
        status: status.collect(),
        files: open_files(&at, room),
        maps: maps(&at, room),
    }
}

fn open_files(at: &str, room: &mut Room) -> Vec<(u32, String)> {
    let entries: Vec<_> = fs::read_dir(format!("{at}/fd")).into_iter().flatten().flatten().collect();
    room.leaves("file", entries.len().saturating_sub(FILES_MAX));
    let mut files = Vec::new();
    for entry in entries.into_iter().take(FILES_MAX) {
        let Some(number) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else { continue };
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        let target = cut(&target.to_string_lossy());
        if room.takes("file", target.len()) {
            files.push((number, target));
        }
    }
    files.sort_unstable();
    files
}

fn maps(at: &str, room: &mut Room) -> Vec<String> {
    let text = read_some(&format!("{at}/maps"), TABLE_BYTES_MAX).unwrap_or_default();
    room.leaves("map", text.lines().count().saturating_sub(MAPS_MAX));
    let mut lines = Vec::new();
    for line in text.lines().take(MAPS_MAX) {
        let line = cut(line);
        if room.takes("map", line.len()) {
            lines.push(line);
        }
    }
    lines
}

/// At most so many bytes, at the end of a character.
fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(LINE_MAX)].to_owned()
}

#[cfg(test)]
mod tests;
