//! The twins of `bpf/event.h`. Comes in: bytes of the ring and of the maps. Goes out: typed records. Bytes that do not
//! fit are refused with a reason, never guessed at.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The version of the layout that this build reads.
pub const EVENT_VERSION: u16 = 2;
/// Number of hooks in the object.
pub const HOOK_COUNT: usize = 24;

const KIND_EXEC: u16 = 1;
const KIND_EXIT: u16 = 2;
const KIND_CGROUP: u16 = 3;
const KIND_FILE: u16 = 4;
const KIND_CALL: u16 = 5;

/// The path is longer than is kept.
pub const EXEC_PATH_CUT: u32 = 1;
/// A memfd, or another file without a place in the tree.
pub const EXEC_DETACHED: u32 = 2;
/// No name leads to the file any more.
pub const EXEC_UNLINKED: u32 = 4;
/// The process still sees the node's own file tree: a container runtime at work.
pub const EXEC_HOST_MOUNTS: u32 = 8;
/// The file lies in the writable layer of an overlay.
pub const EXEC_UPPER: u32 = 16;
/// The file lies on overlayfs.
pub const EXEC_OVERLAY: u32 = 32;
/// The process ran already when it was put into the cgroup.
pub const EXEC_JOINED: u32 = 64;
/// The executable's mount is not one of the process's own: a memfd, or a file of the node.
pub const EXEC_FOREIGN: u32 = 128;
/// The parent sees the node's own file tree: a container runtime started it.
pub const EXEC_PARENT_HOST: u32 = 256;
/// Number 1 of its own pid namespace.
pub const EXEC_FIRST: u32 = 512;
/// It has a terminal.
pub const EXEC_TERMINAL: u32 = 1024;
/// Its standard input is a network connection.
pub const EXEC_STDIN_INET: u32 = 2048;

/// A flow's role on the wire between kernel and agent: it listens.
pub const FLOW_LISTENS: u8 = 1;
/// It was called.
pub const FLOW_SERVES: u8 = 2;
/// It calls.
pub const FLOW_CALLS: u8 = 3;

/// Begins every record of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct EventHead {
    /// [`EVENT_VERSION`].
    pub version: u16,
    /// Which record follows.
    pub kind: u16,
    /// The whole record, in bytes.
    pub size: u32,
    /// Nanoseconds since boot.
    pub at_ns: u64,
    /// The cgroup, in the hierarchy that names containers.
    pub cgroup: u64,
}

/// A program started; the path follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct EventExec {
    /// The head.
    pub head: EventHead,
    /// Inode of the executable.
    pub ino: u64,
    /// Inode of the parent's executable.
    pub parent_ino: u64,
    /// Effective capabilities.
    pub caps: u64,
    /// Device of the executable, in the kernel's own form.
    pub dev: u32,
    /// Device of the parent's executable.
    pub parent_dev: u32,
    /// The process.
    pub pid: u32,
    /// Its parent.
    pub parent_pid: u32,
    /// Effective user.
    pub uid: u32,
    /// The parent's effective user.
    pub parent_uid: u32,
    /// The last part of the name that was started, cut, padded with zeros.
    pub comm: [u8; 16],
    /// `EXEC_*`.
    pub flags: u32,
    /// Bytes of path that follow.
    pub path_size: u32,
}

/// A file was mapped or opened; the path follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct EventFile {
    /// The head.
    pub head: EventHead,
    /// Inode of the file, or of the folder that stands for its package.
    pub ino: u64,
    /// Inode of the executable that did it.
    pub exe_ino: u64,
    /// Device of the file.
    pub dev: u32,
    /// Device of the executable.
    pub exe_dev: u32,
    /// The process.
    pub pid: u32,
    /// Effective user.
    pub uid: u32,
    /// `FILE_*` of the C side.
    pub op: u32,
    /// Zero.
    pub pad: u32,
    /// `EXEC_*`.
    pub flags: u32,
    /// Bytes of path that follow.
    pub path_size: u32,
}

/// A call that few programs have a reason for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct EventCall {
    /// The head.
    pub head: EventHead,
    /// Inode of the executable that did it.
    pub exe_ino: u64,
    /// The first arguments of the call.
    pub args: [u64; 3],
    /// Device of the executable.
    pub exe_dev: u32,
    /// The process.
    pub pid: u32,
    /// Effective user.
    pub uid: u32,
    /// `EXEC_*`.
    pub flags: u32,
    /// Number of the hook.
    pub call: u32,
    /// Zero.
    pub pad: u32,
}

/// Value of the `buckets` map: what a cgroup may still send of what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Bucket {
    /// Records that it may send at once.
    pub tokens: u64,
    /// When that was last reckoned.
    pub filled_ns: u64,
    /// Records that were held back so far.
    pub held: u64,
}

/// The first process of a container is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct EventExit {
    /// The head.
    pub head: EventHead,
    /// The process.
    pub pid: u32,
    /// Exit code as `wait` reports it.
    pub code: i32,
}

/// A cgroup came or went; its path follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct EventCgroup {
    /// The head.
    pub head: EventHead,
    /// `CGROUP_*` of the C side.
    pub op: u32,
    /// Bytes of path that follow.
    pub path_size: u32,
}

/// Key of the `flows` map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct FlowKey {
    /// Whose.
    pub cgroup: u64,
    /// By which executable: inode.
    pub ino: u64,
    /// By which executable: device.
    pub dev: u32,
    /// The port that names the flow.
    pub port: u16,
    /// `FLOW_*`.
    pub role: u8,
    /// IP protocol number.
    pub protocol: u8,
    /// Index into the agent's list of peer classes.
    pub peer: u8,
    /// Zero.
    pub pad: [u8; 7],
}

/// Value of the `flows` map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Flow {
    /// First seen, since boot.
    pub first_ns: u64,
    /// Last seen, since boot.
    pub last_ns: u64,
    /// How often.
    pub count: u64,
    /// The process that did it last.
    pub pid: u32,
    /// Zero.
    pub pad: u32,
}

/// Whose socket it is: value of the `listeners` map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Owner {
    /// The cgroup.
    pub cgroup: u64,
    /// Inode of the executable.
    pub ino: u64,
    /// Device of the executable.
    pub dev: u32,
    /// The process.
    pub pid: u32,
    /// `FLOW_LISTENS` or `FLOW_CALLS`.
    pub role: u32,
    /// Zero.
    pub pad: u32,
}

/// Key of the `listeners` map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ListenerKey {
    /// IPv6, or IPv4 as `::ffff:a.b.c.d`; all zero for any address.
    pub address: [u8; 16],
    /// The network namespace's inode.
    pub netns: u32,
    /// The port.
    pub port: u16,
    /// Zero.
    pub pad: u16,
}

/// What became of the runs of one hook on one CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct HookCounts {
    /// Times it ran.
    pub hits: u64,
    /// Records that left.
    pub records: u64,
    /// Said before.
    pub known: u64,
    /// Of no interest.
    pub ignored: u64,
    /// The ring was full.
    pub lost_ring: u64,
    /// A map was full.
    pub lost_map: u64,
    /// Nobody knows whose it was.
    pub lost_owner: u64,
    /// A helper failed.
    pub lost_read: u64,
    /// The cgroup had used up what it may send: a hole of its own window.
    pub held_back: u64,
}

/// A file, as the kernel knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    /// The device, in the kernel's own form.
    pub dev: u32,
    /// The inode.
    pub ino: u64,
}

/// A record of the ring, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A program started.
    Exec {
        /// The fixed part.
        fixed: EventExec,
        /// Path of the executable, as the process's own root sees it.
        path: String,
    },
    /// A file was mapped or opened.
    File {
        /// The fixed part.
        fixed: EventFile,
        /// What was done.
        op: FileOp,
        /// Its path, as the process's own root sees it.
        path: String,
    },
    /// A call that few programs have a reason for.
    Call(EventCall),
    /// The first process of a container is gone.
    Exit(EventExit),
    /// A cgroup came or went.
    Cgroup {
        /// The head.
        head: EventHead,
        /// What happened.
        op: CgroupOp,
        /// Its path in the hierarchy.
        path: String,
    },
}

/// What was done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOp {
    /// Mapped to run code from it.
    Mapped,
    /// A part of a package, opened to be read.
    Read,
    /// A watched name, opened to be read.
    WatchedRead,
    /// A watched name, opened to be written.
    WatchedWrite,
}

/// What happened to a cgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CgroupOp {
    /// It was made.
    Made,
    /// Its folder is gone.
    Removed,
    /// Its last reference is gone.
    Released,
}

/// Bytes that are no record of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// Fewer bytes than the record needs.
    #[error("a record was cut short")]
    Short,
    /// Another version of the layout.
    #[error("record version {0}, this agent reads {EVENT_VERSION}")]
    Version(u16),
    /// A kind or value outside its list.
    #[error("record kind {0} with an unknown value")]
    Unknown(u16),
}

impl EventExec {
    /// The executable.
    pub const fn exe(&self) -> FileId {
        FileId { dev: self.dev, ino: self.ino }
    }

    /// The parent's executable.
    pub const fn parent(&self) -> FileId {
        FileId { dev: self.parent_dev, ino: self.parent_ino }
    }
}

impl EventFile {
    /// The executable that did it.
    pub const fn exe(&self) -> FileId {
        FileId { dev: self.exe_dev, ino: self.exe_ino }
    }
}

impl EventCall {
    /// The executable that did it.
    pub const fn exe(&self) -> FileId {
        FileId { dev: self.exe_dev, ino: self.exe_ino }
    }
}

impl FlowKey {
    /// The executable.
    pub const fn exe(&self) -> FileId {
        FileId { dev: self.dev, ino: self.ino }
    }
}

impl Record {
    /// Reads one record of the ring.
    ///
    /// # Errors
    /// When the bytes are no record of this version.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadRecord> {
        let (head, _) = EventHead::read_from_prefix(bytes).map_err(|_| BadRecord::Short)?;
        if head.version != EVENT_VERSION {
            return Err(BadRecord::Version(head.version));
        }
        match head.kind {
            KIND_EXEC => {
                let (fixed, rest) = EventExec::read_from_prefix(bytes).map_err(|_| BadRecord::Short)?;
                let names = rest.get(..fixed.path_size as usize).ok_or(BadRecord::Short)?;
                Ok(Self::Exec { fixed, path: join_names(names, fixed.flags) })
            }
            KIND_EXIT => {
                let (exit, _) = EventExit::read_from_prefix(bytes).map_err(|_| BadRecord::Short)?;
                Ok(Self::Exit(exit))
            }
            KIND_CGROUP => {
                let (fixed, rest) = EventCgroup::read_from_prefix(bytes).map_err(|_| BadRecord::Short)?;
                let path = rest.get(..fixed.path_size as usize).ok_or(BadRecord::Short)?;
                let op = match fixed.op {
                    1 => CgroupOp::Made,
                    2 => CgroupOp::Removed,
                    3 => CgroupOp::Released,
                    _ => return Err(BadRecord::Unknown(head.kind)),
                };
                Ok(Self::Cgroup { head, op, path: until_nul(path) })
            }
            KIND_FILE => {
                let (fixed, rest) = EventFile::read_from_prefix(bytes).map_err(|_| BadRecord::Short)?;
                let names = rest.get(..fixed.path_size as usize).ok_or(BadRecord::Short)?;
                let op = match fixed.op {
                    1 => FileOp::Mapped,
                    2 => FileOp::Read,
                    3 => FileOp::WatchedRead,
                    4 => FileOp::WatchedWrite,
                    _ => return Err(BadRecord::Unknown(head.kind)),
                };
                Ok(Self::File { fixed, op, path: join_names(names, fixed.flags) })
            }
            KIND_CALL => {
                let (call, _) = EventCall::read_from_prefix(bytes).map_err(|_| BadRecord::Short)?;
                Ok(Self::Call(call))
            }
            kind => Err(BadRecord::Unknown(kind)),
        }
    }
}

/// The kernel sends names leaf first, each with its NUL.
fn join_names(names: &[u8], flags: u32) -> String {
    let mut parts: Vec<&[u8]> = names.split(|&b| b == 0).filter(|p| !p.is_empty()).collect();
    parts.reverse();
    let joined = String::from_utf8_lossy(&parts.join(&b'/')).into_owned();
    match (flags & EXEC_DETACHED != 0, flags & EXEC_PATH_CUT != 0) {
        (true, _) => joined,
        (false, true) => format!("../{joined}"),
        (false, false) => format!("/{joined}"),
    }
}

/// The text before the first NUL.
pub fn until_nul(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|&b| b == 0).next().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(flags: u32, names: &[u8]) -> Vec<u8> {
        let fixed = EventExec {
            head: EventHead { version: EVENT_VERSION, kind: KIND_EXEC, size: 0, at_ns: 5, cgroup: 7 },
            ino: 1,
            parent_ino: 2,
            caps: 0,
            dev: 3,
            parent_dev: 3,
            pid: 10,
            parent_pid: 1,
            uid: 0,
            parent_uid: 0,
            comm: [0; 16],
            flags,
            path_size: u32::try_from(names.len()).unwrap(),
        };
        [fixed.as_bytes(), names].concat()
    }

    #[test]
    fn a_path_sent_leaf_first_is_put_in_order() {
        for (flags, names, path) in [
            (0, &b"nginx\0sbin\0usr\0"[..], "/usr/sbin/nginx"),
            (EXEC_DETACHED, b"memfd:x\0", "memfd:x"),
            (EXEC_PATH_CUT, b"c\0b\0", "../b/c"),
            (0, b"a b\nc\0", "/a b\nc"),
        ] {
            let Ok(Record::Exec { path: got, .. }) = Record::parse(&exec(flags, names)) else {
                unreachable!("an exec")
            };
            assert_eq!(got, path);
        }
    }

    #[test]
    fn short_old_and_unknown_records_are_refused_with_the_reason() {
        let whole = exec(0, b"sh\0bin\0");
        for cut in 0..whole.len() {
            assert_eq!(Record::parse(&whole[..cut]), Err(BadRecord::Short), "{cut} bytes");
        }
        let mut other = whole.clone();
        other[0] = 9;
        assert_eq!(Record::parse(&other), Err(BadRecord::Version(9)));
        let mut odd = whole;
        odd[2] = 77;
        assert_eq!(Record::parse(&odd), Err(BadRecord::Unknown(77)));
    }
}
