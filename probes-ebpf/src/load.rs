//! Loads the probes, one by one: a hook that is refused is named with what is lost, and stops nothing. Comes in: the
//! compiled object and the settings. Goes out: what attached, what did not, and the maps.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use aya::maps::{Map, MapError};
use aya::programs::trace_point::TracePointError;
use aya::programs::{
    BtfTracePoint, CgroupAttachMode, CgroupSock, CgroupSockAddr, FEntry, Lsm, ProgramError, TracePoint,
};
use aya::{Btf, Ebpf, EbpfError, EbpfLoader};

use crate::cgroups::Hierarchy;
use crate::hooks::{HOOKS, Hook, Part, Rung, Seat};

/// The compiled probes; none when clang was missing at build time.
#[cfg(probes_built)]
pub const OBJECT: Option<&[u8]> = Some(aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/probes.bpf.o")) as &[u8]);
/// The compiled probes; none when clang was missing at build time.
#[cfg(not(probes_built))]
pub const OBJECT: Option<&[u8]> = None;

/// What a person does about an agent without probes.
pub const NOT_BUILT: &str = "built without probes: install clang and rebuild";

/// How one hook stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It runs.
    Attached,
    /// The kernel said that this process may not.
    NotPermitted(String),
    /// This kernel does not have it, or refused the program.
    Unsupported(String),
}

impl Standing {
    /// The word of the contract.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Attached => "attached",
            Self::NotPermitted(_) => "not_permitted",
            Self::Unsupported(_) => "unsupported",
        }
    }

    /// The kernel's own words.
    pub fn detail(&self) -> &str {
        match self {
            Self::Attached => "",
            Self::NotPermitted(why) | Self::Unsupported(why) => why,
        }
    }
}

/// How long a cgroup takes to earn a whole burst again.
const BURST_OVER_NS: u64 = 40_000_000_000;

/// What the probes are told before they are loaded.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The hierarchy that names containers.
    pub hierarchy: Hierarchy,
    /// The node's own mount namespace.
    pub host_mounts: u32,
    /// Size of the ring in bytes: a power of two, at least a page.
    pub ring_bytes: u32,
    /// New records that one cgroup may send at once, and again over [`BURST_OVER_NS`].
    pub burst: u64,
    /// Ports from here on are passing ones.
    pub ephemeral_from: u16,
    /// After how long a known program is reported again.
    pub seen_again_ns: u64,
}

/// The loaded probes. They are detached when this is dropped.
pub struct Loaded {
    ebpf: Option<Ebpf>,
    /// How each hook stands, in the order of [`HOOKS`].
    pub standings: Vec<Standing>,
    /// The rung on which it sits, or the last that was tried; in the same order.
    pub rungs: Vec<Seated>,
}

/// Where a hook came to sit.
#[derive(Clone, Debug)]
pub struct Seated {
    /// The rung.
    pub rung: &'static Rung,
    /// The better ones that were refused, and why.
    pub refused: Vec<String>,
}

/// Loads and attaches what can be. A hook in `without` is left out, as if the kernel had refused it.
pub fn load(object: &[u8], settings: &Settings, without: &[String]) -> Loaded {
    let all = |standing: Standing| Loaded {
        ebpf: None,
        standings: vec![standing; HOOKS.len()],
        rungs: HOOKS.iter().filter_map(|h| h.rungs.last()).map(|rung| Seated { rung, refused: Vec::new() }).collect(),
    };
    let btf = match Btf::from_sys_fs() {
        Ok(btf) => btf,
        Err(error) => return all(Standing::Unsupported(format!("no BTF of the running kernel: {}", chain(&error)))),
    };
    let (mode, id) = (settings.hierarchy.mode as u32, settings.hierarchy.id);
    let ephemeral_from = u32::from(settings.ephemeral_from);
    let (burst, refill_ns) = (settings.burst.max(1), BURST_OVER_NS / settings.burst.max(1));
    let loaded = EbpfLoader::new()
        .btf(Some(&btf))
        .override_global("cfg_cgroup_mode", &mode, true)
        .override_global("cfg_hierarchy", &id, true)
        .override_global("cfg_host_mounts", &settings.host_mounts, true)
        .override_global("cfg_ephemeral_from", &ephemeral_from, true)
        .override_global("cfg_seen_again_ns", &settings.seen_again_ns, true)
        .override_global("cfg_bucket_size", &burst, true)
        .override_global("cfg_bucket_refill_ns", &refill_ns, true)
        .map_max_entries("ring", settings.ring_bytes)
        .load(object);
    let mut ebpf = match loaded {
        Ok(ebpf) => ebpf,
        Err(error) => return all(refused(map_refusal(&error), chain(&error))),
    };
    if let Err(error) = see_tracepoints() {
        tracing::warn!("system call tracepoints cannot be reached: {error}");
    }
    let (standings, rungs) = HOOKS
        .iter()
        .filter_map(|hook| {
            let left_out = |name: &str| without.iter().any(|w| w == name);
            if left_out(hook.short) {
                let seated = Seated { rung: hook.rungs.last()?, refused: Vec::new() };
                return Some((Standing::Unsupported("left out by --without".to_owned()), seated));
            }
            climb(&mut ebpf, hook, &btf, settings, left_out)
        })
        .unzip();
    Loaded { ebpf: Some(ebpf), standings, rungs }
}

/// The first rung that attaches; else the last, with why.
fn climb(
    ebpf: &mut Ebpf,
    hook: &Hook,
    btf: &Btf,
    settings: &Settings,
    left_out: impl Fn(&str) -> bool,
) -> Option<(Standing, Seated)> {
    let mut refusals = Vec::new();
    let mut standing = None;
    for rung in hook.rungs {
        let tried = if left_out(rung.name) {
            Standing::Unsupported("left out by --without".to_owned())
        } else {
            match sit(ebpf, rung, btf, settings) {
                Ok(()) => return Some((Standing::Attached, Seated { rung, refused: refusals })),
                Err(error) => refused(program_refusal(&error), chain(&error)),
            }
        };
        refusals.push(format!("{}: {}", rung.name, tried.detail()));
        standing = Some((tried, rung));
    }
    let (standing, rung) = standing?;
    refusals.pop();
    Some((standing, Seated { rung, refused: refusals }))
}

fn sit(ebpf: &mut Ebpf, rung: &Rung, btf: &Btf, settings: &Settings) -> Result<(), ProgramError> {
    for (number, part) in rung.parts.iter().enumerate() {
        match attach(ebpf, part, btf, settings) {
            // Not every machine has every older form of a call.
            Err(ProgramError::TracePointError(TracePointError::FileError { io_error, .. }))
                if number > 0 && io_error.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
    }
    Ok(())
}

/// Where tracepoints have their numbers. Systems mount it at the start; a minimal one may not, and then the agent does,
/// if it may: in a container that is seen by nobody else.
fn see_tracepoints() -> io::Result<()> {
    const AT: &str = "/sys/kernel/tracing";
    if [AT, "/sys/kernel/debug/tracing"].iter().any(|at| std::path::Path::new(at).join("events").exists()) {
        return Ok(());
    }
    Ok(rustix::mount::mount("tracefs", AT, "tracefs", rustix::mount::MountFlags::empty(), None)?)
}

impl Loaded {
    /// Takes a map out, to be used on its own thread.
    pub fn take(&mut self, name: &str) -> Option<Map> {
        self.ebpf.as_mut()?.take_map(name)
    }

    /// True when at least one hook runs.
    pub fn any(&self) -> bool {
        self.standings.contains(&Standing::Attached)
    }

    /// True when this hook runs.
    pub fn runs(&self, hook: usize) -> bool {
        self.standings.get(hook) == Some(&Standing::Attached)
    }

    /// Runs that the kernel left out because the same program was already running on that CPU, by hook number.
    pub fn recursions(&self) -> BTreeMap<usize, u64> {
        self.program_facts(|info| field(info, "recursion_misses:"), |a, b| a + b)
    }

    /// Nanoseconds and runs of each program, by hook number, where the kernel counts them.
    pub fn run_times(&self) -> BTreeMap<usize, (u64, u64)> {
        let of = |info: &str| Some((field(info, "run_time_ns:")?, field(info, "run_cnt:")?));
        self.program_facts(of, |a, b| (a.0 + b.0, a.1 + b.1))
    }

    /// What the kernel says of each program behind its descriptor.
    fn program_facts<T>(&self, read: impl Fn(&str) -> Option<T>, add: impl Fn(T, T) -> T + Copy) -> BTreeMap<usize, T> {
        let Some(ebpf) = &self.ebpf else { return BTreeMap::new() };
        let of = |part: &Part| {
            let fd = ebpf.program(part.program)?.fd().ok()?;
            read(&std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd())).ok()?)
        };
        let sum = |seated: &Seated| seated.rung.parts.iter().filter_map(of).reduce(add);
        self.rungs.iter().enumerate().filter_map(|(i, seated)| Some((i, sum(seated)?))).collect()
    }
}

fn field(info: &str, name: &str) -> Option<u64> {
    info.lines().find_map(|l| l.strip_prefix(name))?.trim().parse().ok()
}

fn attach(ebpf: &mut Ebpf, part: &Part, btf: &Btf, settings: &Settings) -> Result<(), ProgramError> {
    let program =
        ebpf.program_mut(part.program).ok_or_else(|| ProgramError::InvalidName { name: part.program.to_owned() })?;
    match part.seat {
        Seat::TypedTracepoint(name) => {
            let program: &mut BtfTracePoint = program.try_into()?;
            program.load(name, btf)?;
            program.attach()?;
        }
        Seat::Security(name) => {
            // Where the BPF module is not active the program attaches all the same, and is never run.
            let active = std::fs::read_to_string("/sys/kernel/security/lsm").map_err(|e| {
                io::Error::new(e.kind(), "whether bpf is an active security module cannot be read here (securityfs)")
            })?;
            if !active.split(',').any(|module| module.trim() == "bpf") {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "bpf is no active security module here").into());
            }
            let program: &mut Lsm = program.try_into()?;
            program.load(name, btf)?;
            program.attach()?;
        }
        Seat::FunctionEntry(name) => {
            let program: &mut FEntry = program.try_into()?;
            program.load(name, btf)?;
            program.attach()?;
        }
        Seat::SystemCall(name) => {
            let program: &mut TracePoint = program.try_into()?;
            program.load()?;
            program.attach("syscalls", name)?;
        }
        // Attached by a link (kernel 5.7 and later; the ring asks for 5.8 anyway), which always goes beside the programs of
        // others and never in their place. A link takes no attach flags: `Single` means none here.
        Seat::CgroupBind => {
            let program: &mut CgroupSock = program.try_into()?;
            program.load()?;
            program.attach(unified_root(settings)?, CgroupAttachMode::Single)?;
        }
        Seat::CgroupAddress => {
            let program: &mut CgroupSockAddr = program.try_into()?;
            program.load()?;
            program.attach(unified_root(settings)?, CgroupAttachMode::Single)?;
        }
    }
    Ok(())
}

fn unified_root(settings: &Settings) -> io::Result<File> {
    let missing = "no cgroup v2 tree is mounted where the agent can see it";
    let root = settings.hierarchy.unified.as_ref();
    File::open(root.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, missing))?)
}

fn refused(kind: Option<io::ErrorKind>, detail: String) -> Standing {
    match kind {
        Some(io::ErrorKind::PermissionDenied) => Standing::NotPermitted(detail),
        _ => Standing::Unsupported(detail),
    }
}

/// The verifier says EACCES of a program that it does not like; that is no question of rights.
fn program_refusal(error: &ProgramError) -> Option<io::ErrorKind> {
    match error {
        ProgramError::LoadError { io_error, verifier_log } if verifier_log.to_string().trim().is_empty() => {
            Some(io_error.kind())
        }
        ProgramError::SyscallError(error) => Some(error.io_error.kind()),
        ProgramError::IOError(error) => Some(error.kind()),
        _ => None,
    }
}

fn map_refusal(error: &EbpfError) -> Option<io::ErrorKind> {
    match error {
        EbpfError::MapError(MapError::CreateError { io_error, .. }) => Some(io_error.kind()),
        EbpfError::MapError(MapError::SyscallError(error)) => Some(error.io_error.kind()),
        _ => None,
    }
}

/// The error with its sources, in one line and not too long: a verifier's log goes on for pages.
fn chain(error: &dyn std::error::Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(source) = next {
        parts.push(source.to_string());
        next = source.source();
    }
    let lines: Vec<&str> = parts.iter().flat_map(|p| p.lines()).filter(|l| !l.trim().is_empty()).collect();
    let skip = lines.len().saturating_sub(6);
    let kept = lines.iter().take(1).chain(lines.iter().skip(skip.max(1))).copied().collect::<Vec<_>>().join("; ");
    kept.chars().take(600).collect()
}
