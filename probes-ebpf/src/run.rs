//! Starts the watch: loads the probes, opens the spool, and hands over. Comes in: options. Goes out: a watch that runs, or
//! the reason why there is none.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use assay_core::batch::FunnelRow;
use assay_core::ids::{Span, Time};
use assay_core::observation::PeerClass;

use crate::assemble::{Sender, Sight};
use crate::cgroups::{Hierarchy, HierarchyError, Which};
use crate::clock::Clock;
use crate::drain::{DrainError, Maps};
use crate::hooks::{HOOKS, number};
use crate::keep::Keeper;
use crate::load::{Loaded, NOT_BUILT, OBJECT, Settings, Standing, load};
use crate::node::Node;
use crate::outlet::Outlet;
use crate::peers::{Peers, Range};
use crate::pods::api::{ApiServer, Asker};
use crate::pods::follow::{Follower, Paces};
use crate::pods::{Pods, PodsError};
use crate::procscan::namespace;
use crate::reader::{Reader, ReaderError};
use crate::ship::{Pauses, PosterError, Service, Shipper};
use crate::signals::watched;
use crate::spool::{Limits, Mark, Spool, SpoolError};
use crate::watch::{Pace, Watch};

/// The ring's size where nobody asks for another.
pub const RING_BYTES: u32 = 1 << 20;

/// New records that one container may send at once where nobody asks for another number.
pub const BURST: u64 = 4_096;

/// What the watch is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// The node's name.
    pub node: String,
    /// Where batches go.
    pub to: To,
    /// How often batches are made.
    pub every: Duration,
    /// Stop after this time.
    pub once: Option<Duration>,
    /// The operator's list of containers.
    pub pods: Option<PathBuf>,
    /// The API server that lists the node's pods, and how often it is asked.
    pub api_server: Option<(ApiServer, Paces)>,
    /// Ranges of the cluster's own addresses.
    pub ranges: Vec<(Range, PeerClass)>,
    /// Hooks to leave out.
    pub without: Vec<String>,
    /// Which cgroup hierarchy names containers.
    pub cgroups: Which,
    /// Size of the ring in bytes.
    pub ring_bytes: u32,
    /// New records that one cgroup may send at once.
    pub burst: u64,
    /// How long a container may unpack itself.
    pub settle: Span,
}

/// Where batches go.
#[derive(Clone, Debug)]
pub enum To {
    /// The standard output.
    Print,
    /// A new file.
    File(PathBuf),
    /// A service, by way of a spool.
    Service {
        /// Which.
        service: Service,
        /// Where the spool is.
        spool: PathBuf,
        /// Its limits.
        limits: Limits,
    },
}

/// The watch cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No probes in this binary.
    #[error("{NOT_BUILT}")]
    NotBuilt,
    /// Not one hook attached.
    #[error("no hook attaches here: {0}")]
    NothingAttaches(String),
    /// No cgroup tree.
    #[error(transparent)]
    Hierarchy(#[from] HierarchyError),
    /// The maps cannot be used.
    #[error("the probes' maps cannot be used")]
    Drain(#[from] DrainError),
    /// The ring cannot be read.
    #[error(transparent)]
    Reader(#[from] ReaderError),
    /// The operator's list cannot be read.
    #[error("the list of containers cannot be used")]
    Pods(#[from] PodsError),
    /// The file for a capture cannot be made.
    #[error("{} cannot be made: a capture never takes another file's place", path.display())]
    Capture {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The spool cannot be used.
    #[error("the spool cannot be used")]
    Spool(#[from] SpoolError),
    /// The shipper cannot start.
    #[error("batches cannot be sent")]
    Ship(#[from] PosterError),
    /// Standard output is closed, or the shipping thread ended.
    #[error("batches cannot be handed on")]
    Outlet(#[source] std::io::Error),
    /// The reading thread ended.
    #[error("the reading thread ended")]
    ReaderEnded,
}

impl RunError {
    /// True when something that is needed is missing on this machine or in this binary.
    pub const fn is_missing_part(&self) -> bool {
        matches!(self, Self::NotBuilt | Self::NothingAttaches(_) | Self::Hierarchy(_))
    }
}

/// The settings of the probes on this node.
///
/// # Errors
/// When no cgroup hierarchy is found.
pub fn settings(which: Which) -> Result<Settings, HierarchyError> {
    let own = |pid: &str| namespace(&format!("/proc/{pid}/ns/mnt"));
    Ok(Settings {
        hierarchy: Hierarchy::find(which)?,
        ring_bytes: RING_BYTES,
        burst: BURST,
        ephemeral_from: ephemeral_from(),
        // Without the right to look at the first process the agent must itself be in the node's file tree.
        host_mounts: own("1").or_else(|| own("self")).unwrap_or(0),
        seen_again_ns: 300_000_000_000,
    })
}

/// Watches until `stop` is set, `once` is over, or something breaks that cannot be gone without.
///
/// # Errors
/// See [`RunError`].
pub fn run(options: &Options, stop: &AtomicBool) -> Result<(), RunError> {
    let object = OBJECT.ok_or(RunError::NotBuilt)?;
    let settings = Settings { ring_bytes: options.ring_bytes, burst: options.burst, ..settings(options.cgroups)? };
    let mut loaded = load(object, &settings, &options.without);
    if !loaded.any() {
        let why = loaded.standings.first().map_or("", |s| s.detail());
        return Err(RunError::NothingAttaches(why.to_owned()));
    }
    for (hook, standing) in HOOKS.iter().zip(&loaded.standings).filter(|(_, s)| **s != Standing::Attached) {
        tracing::warn!("{} {}: lost is {} ({})", hook.short, standing.as_str(), hook.lost, standing.detail());
    }
    let ring = loaded.take("ring").ok_or(DrainError::Missing("ring"))?;
    let reader = Reader::start(ring)?;
    let mut maps = Maps::take(&mut loaded)?;
    let peers = Peers::new(options.ranges.clone());
    maps.fill_peers(&peers)?;
    maps.fill_watched(&watched())?;

    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned();
    let (outlet, left) = outlet(&options.to, &boot)?;
    let pods = pods(options)?;
    let mut node = Node::new(settings.ephemeral_from, options.settle);
    node.listed = pods.listed().map(str::to_owned).collect();
    let mut watch = Watch {
        sight: sight(&loaded),
        loaded,
        maps,
        reader,
        settings,
        peers,
        pods,
        node,
        outlet,
        keeper: keeper(&options.to),
        sender: Sender { node: options.node.clone(), boot },
        watched_until: left.map(|m| Time::from_millis(m.watched_until)),
        pace: Pace::begin(options.every, options.once),
        unsent: FunnelRow::default(),
        last: Clock::read().wall(),
        ask_from: String::new(),
    };
    watch.go(stop)
}

fn sight(loaded: &Loaded) -> Sight {
    let executes = loaded.runs(number::EXEC);
    // A kernel that cannot load modules has no such call, and nothing is missed. No signal is made of files in memory that
    // are not run.
    let no_modules = !Path::new("/proc/modules").exists();
    let seen = |call| loaded.runs(call) || call == number::MODULE && no_modules;
    Sight {
        executes,
        loads: loaded.runs(number::MMAP) && loaded.runs(number::OPEN),
        flows: loaded.runs(number::SOCKET),
        signals: executes && loaded.runs(number::OPEN) && number::CALLS.filter(|call| *call != number::MEMFD).all(seen),
    }
}

fn outlet(to: &To, boot: &str) -> Result<(Outlet, Option<Mark>), RunError> {
    match to {
        To::Print => Ok((Outlet::lines(Box::new(std::io::stdout())), None)),
        To::File(path) => {
            let file = File::options().write(true).create_new(true).open(path);
            let file = file.map_err(|source| RunError::Capture { path: path.clone(), source })?;
            Ok((Outlet::lines(Box::new(std::io::BufWriter::new(file))), None))
        }
        To::Service { service, spool, limits } => {
            // Milliseconds since boot are more than any agent of this boot can have sent before its folder was lost.
            let first = Clock::read().boot_ns() / 1_000_000;
            let (spool, left) = Spool::open(spool, *limits, boot, first)?;
            Ok((Outlet::Ship(Shipper::start(spool, service.clone(), Pauses::default())?), left))
        }
    }
}

/// Evidence is kept where a service can order it, in a folder beside what waits to be sent.
fn keeper(to: &To) -> Option<Keeper> {
    match to {
        To::Print | To::File(_) => None,
        To::Service { spool, .. } => Some(Keeper::new(spool.join("kept"))),
    }
}

/// The sources of names. Without the API server the others go on.
fn pods(options: &Options) -> Result<Pods, PodsError> {
    let mut pods = Pods::open(node_root(), options.pods.as_deref())?;
    if let Some((server, paces)) = &options.api_server {
        match Follower::start(Asker::new(server.clone(), &options.node), &options.node, *paces) {
            Ok(follower) => pods.follow(follower),
            Err(error) => tracing::warn!("the API server is not asked for pods: {error}"),
        }
    }
    Ok(pods)
}

/// The node's file tree, as far as this process may look into it.
fn node_root() -> &'static Path {
    let node = Path::new("/proc/1/root");
    if fs::metadata(node.join("proc")).is_ok() { node } else { Path::new("/") }
}

fn ephemeral_from() -> u16 {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    text.split_whitespace().next().and_then(|low| low.parse().ok()).unwrap_or(32_768)
}
