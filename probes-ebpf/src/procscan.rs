//! What /proc knows of the processes of a container: those that are older than the agent, and those that still run.
//! Comes in: process ids of one cgroup. Goes out: executables and sockets with the process they belong to. Entries that
//! vanish while they are read are left out; every read has a limit.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use assay_core::observation::{Caps, Protocol};

use crate::nettable::{Socket, sockets};
use crate::record::FileId;

/// The most bytes of one table of sockets.
pub const TABLE_BYTES_MAX: u64 = 4 << 20;
/// The most descriptors of one process that are looked at.
pub const DESCRIPTORS_MAX: usize = 16_384;
/// What the kernel adds to the path of a file that has no name any more.
const DELETED: &str = " (deleted)";
/// Clock ticks of /proc/PID/stat: fixed on every architecture that runs containers.
const TICK_NS: u64 = 10_000_000;

/// A process that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id, as the agent sees it.
    pub pid: u32,
    /// Its executable.
    pub exe: FileId,
    /// Path of the executable in its own tree.
    pub path: String,
    /// When it started, nanoseconds since boot.
    pub started_ns: u64,
    /// Its network namespace.
    pub netns: u32,
}

/// A socket and the process that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The socket.
    pub socket: Socket,
    /// Whose it is: index into the processes that were given.
    pub process: usize,
}

/// The process, as long as it lives and has an executable.
pub fn process(pid: u32) -> Option<Process> {
    let at = format!("/proc/{pid}");
    let shown = fs::read_link(format!("{at}/exe")).ok()?.to_string_lossy().into_owned();
    let meta = fs::metadata(format!("{at}/exe")).ok()?;
    let path = shown.strip_suffix(DELETED).map_or(shown.clone(), str::to_owned);
    Some(Process {
        pid,
        exe: FileId { dev: kernel_dev(meta.dev()), ino: meta.ino() },
        path,
        started_ns: started(&read_some(&format!("{at}/stat"), 4096)?)?,
        netns: namespace(&format!("{at}/ns/net"))?,
    })
}

/// The capabilities that a process has in effect.
pub fn effective(pid: u32) -> Option<Caps> {
    let status = read_some(&format!("/proc/{pid}/status"), 16_384)?;
    status.lines().find_map(|line| line.strip_prefix("CapEff:"))?.trim().parse().ok()
}

/// Files that this process has mapped to run code from, its own executable among them.
pub fn mapped_files(pid: u32) -> BTreeSet<String> {
    let maps = read_some(&format!("/proc/{pid}/maps"), TABLE_BYTES_MAX).unwrap_or_default();
    maps.lines().filter_map(mapped_file).collect()
}

/// `7f00-7f01 r-xp 00000000 08:01 42   /usr/lib/libssl.so.3`; a name may hold spaces.
fn mapped_file(line: &str) -> Option<String> {
    let mut rest = line;
    let mut word = || {
        let (word, after) = rest.trim_start().split_once(' ')?;
        rest = after;
        Some(word)
    };
    let (_, rights) = (word()?, word()?);
    let (_, _, _) = (word()?, word()?, word()?);
    let path = rest.trim_start();
    (rights.contains('x') && path.starts_with('/')).then(|| path.strip_suffix(DELETED).unwrap_or(path).to_owned())
}

/// Number of the namespace that a link of /proc/PID/ns names: `net:[4026531840]`.
pub fn namespace(link: &str) -> Option<u32> {
    let shown = fs::read_link(link).ok()?.to_string_lossy().into_owned();
    shown.split_once('[')?.1.strip_suffix(']')?.parse().ok()
}

/// Every socket of the network namespace that this process is in.
pub fn table(pid: u32) -> Vec<Socket> {
    let files = [("tcp", Protocol::Tcp), ("tcp6", Protocol::Tcp), ("udp", Protocol::Udp), ("udp6", Protocol::Udp)];
    let read = |(file, protocol)| {
        let text = read_some(&format!("/proc/{pid}/net/{file}"), TABLE_BYTES_MAX).unwrap_or_default();
        sockets(&text, protocol)
    };
    files.into_iter().flat_map(read).collect()
}

/// Which of the sockets are held by which of the processes. The first that holds one owns it: a server hands its
/// listening socket down to its workers.
pub fn held(processes: &[Process], table: &[Socket]) -> Vec<Held> {
    let mut wanted: HashMap<u64, &Socket> = table.iter().map(|s| (s.inode, s)).collect();
    let mut found = Vec::new();
    for (index, process) in processes.iter().enumerate() {
        if wanted.is_empty() {
            break;
        }
        let Ok(entries) = fs::read_dir(format!("/proc/{}/fd", process.pid)) else { continue };
        for entry in entries.flatten().take(DESCRIPTORS_MAX) {
            let Some(socket) = socket_inode(&entry.path()).and_then(|inode| wanted.remove(&inode)) else { continue };
            found.push(Held { socket: socket.clone(), process: index });
        }
    }
    found
}

fn socket_inode(descriptor: &Path) -> Option<u64> {
    let target = fs::read_link(descriptor).ok()?;
    target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The start is the 22nd field; the second, the name, may hold spaces and brackets.
fn started(stat: &str) -> Option<u64> {
    let after_name = stat.rsplit_once(')')?.1;
    let ticks: u64 = after_name.split_ascii_whitespace().nth(19)?.parse().ok()?;
    Some(ticks.saturating_mul(TICK_NS))
}

/// A device number as the kernel itself writes it: 12 bits of major above 20 bits of minor.
pub(crate) fn kernel_dev(dev: u64) -> u32 {
    (rustix::fs::major(dev) << 20) | (rustix::fs::minor(dev) & 0x000f_ffff)
}

pub(crate) fn read_some(path: &str, bytes_max: u64) -> Option<String> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(bytes_max).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_found_behind_any_process_name() {
        let rest = "S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 250 1000 100";
        for name in ["sh", "a b", "x) S 9 9 (y", "(((("] {
            assert_eq!(started(&format!("42 ({name}) {rest}")), Some(2_500_000_000), "{name}");
        }
        assert_eq!(started("42 (sh) S 1"), None);
    }

    #[test]
    fn only_code_that_is_a_file_counts_as_loaded() {
        for (line, file) in [
            (
                "7f00-7f01 r-xp 00000000 08:01 42                         /usr/lib/libssl.so.3",
                Some("/usr/lib/libssl.so.3"),
            ),
            ("7f00-7f01 r-xp 00000000 08:01 42 /opt/my app/lib x.so (deleted)", Some("/opt/my app/lib x.so")),
            ("7f00-7f01 r--p 00000000 08:01 42                         /usr/lib/libssl.so.3", None),
            ("7f00-7f01 r-xp 00000000 00:00 0                          [vdso]", None),
            ("7f00-7f01 rwxp 00000000 00:00 0 ", None),
            ("", None),
        ] {
            assert_eq!(mapped_file(line).as_deref(), file, "{line}");
        }
        assert!(!mapped_files(std::process::id()).is_empty());
    }

    #[test]
    fn this_process_and_its_listener_are_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let me = process(std::process::id()).unwrap();
        assert!(me.path.starts_with('/') && me.exe.ino != 0 && me.netns != 0, "{me:?}");
        let table = table(me.pid);
        let held = held(&[me], &table);
        assert!(effective(std::process::id()).is_some() && effective(u32::MAX).is_none());
        assert!(held.iter().any(|h| h.socket.port == port && h.socket.peer.is_none()), "port {port} in {held:?}");
    }
}
