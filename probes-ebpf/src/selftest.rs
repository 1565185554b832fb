//! Acts in a cgroup of its own and looks whether the probes found it. Comes in: loaded probes. Goes out: one row a step.
//! A step that is not found again means that facts of that kind are unknown on this node, whatever the hooks say.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::cgroups::Hierarchy;
use crate::clock::Clock;
use crate::drain::Maps;
use crate::load::Loaded;
use crate::reader::Reader;
use crate::record::{CgroupOp, FLOW_CALLS, FLOW_LISTENS, FLOW_SERVES, FileId, FileOp, FlowKey, Record};

const TCP: u8 = 6;
const UDP: u8 = 17;
/// A file that looks like a part of a package.
const MODULE: &str = "module.py";
/// How long a record may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct SelfTest {
    /// Whether it ran.
    pub ran: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// One row a step.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Serialize)]
pub struct Step {
    /// What was done.
    pub step: &'static str,
    /// Whether it was found again.
    pub found: bool,
}

/// What was done, to be looked for.
struct Act {
    cgroup: u64,
    file: FileId,
    path: PathBuf,
    port: u16,
}

impl SelfTest {
    /// It did not run.
    pub fn not_run(because: impl Into<String>) -> Self {
        Self { because: Some(because.into()), ..Self::default() }
    }
}

/// Acts, and looks for each act in what the probes sent.
pub fn self_test(loaded: &mut Loaded, hierarchy: &Hierarchy) -> SelfTest {
    let Some(ring) = loaded.take("ring") else { return SelfTest::not_run("the probes have no ring") };
    let reader = match Reader::start(ring) {
        Ok(reader) => reader,
        Err(error) => return SelfTest::not_run(error.to_string()),
    };
    let mut maps = match Maps::take(loaded) {
        Ok(maps) => maps,
        Err(error) => return SelfTest::not_run(error.to_string()),
    };
    let room = match Room::make(hierarchy) {
        Ok(room) => room,
        Err(error) => return SelfTest::not_run(format!("no cgroup or file of its own can be made: {error}")),
    };
    let act = match room.act() {
        Ok(act) => act,
        Err(error) => return SelfTest::not_run(format!("the acting process failed: {error}")),
    };
    drop(room);
    let records = records_of(&reader, act.cgroup);
    let flows: Vec<FlowKey> = maps
        .moved_flows(Clock::read().boot_ns())
        .map(|rows| rows.into_iter().map(|(key, ..)| key).filter(|key| key.cgroup == act.cgroup).collect())
        .unwrap_or_default();
    let flow = |role, protocol| {
        flows.iter().any(|f| f.role == role && f.protocol == protocol && f.port == act.port && f.exe() == act.file)
    };
    let made = records.iter().any(|r| matches!(r, Record::Cgroup { op: CgroupOp::Made, .. }));
    let removed = records.iter().any(|r| matches!(r, Record::Cgroup { op: CgroupOp::Removed, .. }));
    let execs: Vec<_> = records
        .iter()
        .filter_map(|r| if let Record::Exec { fixed, path } = r { Some((fixed, path)) } else { None })
        .collect();
    let used = |wanted: FileOp, folder: Option<&Path>| {
        records.iter().any(|r| match r {
            Record::File { fixed, op, path } => {
                *op == wanted && fixed.exe() == act.file && folder.is_none_or(|folder| Path::new(path) == folder)
            }
            _ => false,
        })
    };
    let step = |step, found| Step { step, found };
    SelfTest {
        ran: true,
        because: None,
        steps: vec![
            step("cgroup", made && removed),
            step("exec", execs.iter().any(|(_, path)| Path::new(path) == act.path)),
            step("same_file", execs.iter().any(|(fixed, _)| fixed.exe() == act.file)),
            step("listen", flow(FLOW_LISTENS, TCP)),
            step("accept", flow(FLOW_SERVES, TCP)),
            step("connect", flow(FLOW_CALLS, TCP)),
            step("bind", flow(FLOW_LISTENS, UDP)),
            step("datagram", flow(FLOW_CALLS, UDP)),
            step("load", used(FileOp::Mapped, None)),
            step("read", used(FileOp::Read, act.path.parent())),
            step("call", records.iter().any(|r| matches!(r, Record::Call(call) if call.exe() == act.file))),
        ],
    }
}

/// Everything of this cgroup, until its removal was seen or patience ends.
fn records_of(reader: &Reader, cgroup: u64) -> Vec<Record> {
    let until = Instant::now() + PATIENCE;
    let mut records = Vec::new();
    while let Ok(record) = reader.records.recv_timeout(until.saturating_duration_since(Instant::now())) {
        let of = match &record {
            Record::Exec { fixed, .. } => fixed.head.cgroup,
            Record::File { fixed, .. } => fixed.head.cgroup,
            Record::Call(call) => call.head.cgroup,
            Record::Exit(exit) => exit.head.cgroup,
            Record::Cgroup { head, .. } => head.cgroup,
        };
        let removed = matches!(record, Record::Cgroup { op: CgroupOp::Removed, .. });
        if of == cgroup {
            records.push(record);
            if removed {
                break;
            }
        }
    }
    records
}

/// A cgroup and a file of the test's own; both go when this is dropped.
struct Room {
    cgroup: PathBuf,
    folder: PathBuf,
}

impl Room {
    fn make(hierarchy: &Hierarchy) -> io::Result<Self> {
        let name = format!("assay-doctor-{}", std::process::id());
        let room = Self { cgroup: hierarchy.folder(&name), folder: std::env::temp_dir().join(name) };
        fs::create_dir(&room.cgroup)?;
        fs::create_dir(&room.folder)?;
        Ok(room)
    }

    fn act(&self) -> io::Result<Act> {
        let path = self.folder.join("probe");
        let this = std::env::current_exe()?;
        fs::copy(&this, &path)?;
        fs::write(self.folder.join(MODULE), "")?;
        let meta = fs::metadata(&path)?;
        let mut child = Command::new(this)
            .arg("self-test")
            .arg("--cgroup")
            .arg(&self.cgroup)
            .arg("--become-file")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        if let Some(out) = child.stdout.take() {
            out.take(64).read_to_string(&mut said)?;
        }
        if !child.wait()?.success() {
            return Err(io::Error::other("it did not end well"));
        }
        let port = said.trim().parse().map_err(|_| io::Error::other("it named no port"))?;
        let cgroup = fs::metadata(&self.cgroup)?.ino();
        let file = FileId { dev: crate::procscan::kernel_dev(meta.dev()), ino: meta.ino() };
        Ok(Act { cgroup, file, path: fs::canonicalize(&path)?, port })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What cannot be removed is named after this process and empty.
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_dir(&self.cgroup);
    }
}

/// The acting process: enters the cgroup and becomes the file; as the file it listens, connects and names its port.
///
/// # Errors
/// When any of it is not possible.
pub fn act(cgroup: Option<&Path>, become_file: Option<&Path>) -> io::Result<()> {
    if let Some(cgroup) = cgroup {
        fs::write(cgroup.join("cgroup.procs"), "0")?;
    }
    if let Some(file) = become_file {
        return Err(Command::new(file).arg("self-test").exec());
    }
    fs::read(std::env::current_exe()?.with_file_name(MODULE))?;
    drop(rustix::fs::memfd_create("assay-self-test", rustix::fs::MemfdFlags::CLOEXEC)?);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let _caller = TcpStream::connect(("127.0.0.1", port))?;
    let _called = listener.accept()?;
    // The same number for both protocols: one is enough to be looked for.
    let receiver = UdpSocket::bind(("127.0.0.1", port))?;
    receiver.send_to(b"assay", ("127.0.0.1", port))?;
    writeln!(io::stdout(), "{port}")
}
