//! Loads the probes, one by one: a hook that is refused is named with what is lost, and stops nothing. Comes in: the
//! compiled object and the settings. Goes out: what attached, what did not, and the maps.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use aya::maps::{Map, MapError};
use aya::programs::{BtfTracePoint, CgroupAttachMode, CgroupSock, CgroupSockAddr, ProgramError};
use aya::{Btf, Ebpf, EbpfError, EbpfLoader};

use crate::cgroups::Hierarchy;
use crate::hooks::{HOOKS, Hook, Seat};

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

/// What the probes are told before they are loaded.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The hierarchy that names containers.
    pub hierarchy: Hierarchy,
    /// The node's own mount namespace.
    pub host_mounts: u32,
    /// Size of the ring in bytes: a power of two, at least a page.
    pub ring_bytes: u32,
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
}

/// Loads and attaches what can be. A hook in `without` is left out, as if the kernel had refused it.
pub fn load(object: &[u8], settings: &Settings, without: &[String]) -> Loaded {
    let all = |standing: Standing| Loaded { ebpf: None, standings: vec![standing; HOOKS.len()] };
    let btf = match Btf::from_sys_fs() {
        Ok(btf) => btf,
        Err(error) => return all(Standing::Unsupported(format!("no BTF of the running kernel: {}", chain(&error)))),
    };
    let (mode, id) = (settings.hierarchy.mode as u32, settings.hierarchy.id);
    let ephemeral_from = u32::from(settings.ephemeral_from);
    let loaded = EbpfLoader::new()
        .btf(Some(&btf))
        .override_global("cfg_cgroup_mode", &mode, true)
        .override_global("cfg_hierarchy", &id, true)
        .override_global("cfg_host_mounts", &settings.host_mounts, true)
        .override_global("cfg_ephemeral_from", &ephemeral_from, true)
        .override_global("cfg_seen_again_ns", &settings.seen_again_ns, true)
        .map_max_entries("ring", settings.ring_bytes)
        .load(object);
    let mut ebpf = match loaded {
        Ok(ebpf) => ebpf,
        Err(error) => return all(refused(map_refusal(&error), chain(&error))),
    };
    let standings = HOOKS
        .iter()
        .map(|hook| {
            if without.iter().any(|w| w == hook.short || w == hook.name) {
                return Standing::Unsupported("left out by --without".to_owned());
            }
            match attach(&mut ebpf, hook, &btf, settings) {
                Ok(()) => Standing::Attached,
                Err(error) => refused(program_refusal(&error), chain(&error)),
            }
        })
        .collect();
    Loaded { ebpf: Some(ebpf), standings }
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
        self.program_facts(|info| field(info, "recursion_misses:"))
    }

    /// Nanoseconds and runs of each program, by hook number, where the kernel counts them.
    pub fn run_times(&self) -> BTreeMap<usize, (u64, u64)> {
        self.program_facts(|info| Some((field(info, "run_time_ns:")?, field(info, "run_cnt:")?)))
    }

    /// What the kernel says of each program behind its descriptor.
    fn program_facts<T>(&self, read: impl Fn(&str) -> Option<T>) -> BTreeMap<usize, T> {
        let Some(ebpf) = &self.ebpf else { return BTreeMap::new() };
        let of = |hook: &Hook| {
            let fd = ebpf.program(hook.program)?.fd().ok()?;
            read(&std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd())).ok()?)
        };
        HOOKS.iter().enumerate().filter_map(|(i, hook)| Some((i, of(hook)?))).collect()
    }
}

fn field(info: &str, name: &str) -> Option<u64> {
    info.lines().find_map(|l| l.strip_prefix(name))?.trim().parse().ok()
}

fn attach(ebpf: &mut Ebpf, hook: &Hook, btf: &Btf, settings: &Settings) -> Result<(), ProgramError> {
    let program =
        ebpf.program_mut(hook.program).ok_or_else(|| ProgramError::InvalidName { name: hook.program.to_owned() })?;
    match hook.seat {
        Seat::TypedTracepoint(name) => {
            let program: &mut BtfTracePoint = program.try_into()?;
            program.load(name, btf)?;
            program.attach()?;
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
