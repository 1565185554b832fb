//! The watch: loads, looks around, then takes records in and tells what changed, until it is told to stop. Comes in:
//! options. Goes out: batches. Everything that can be slow (service, spool) is elsewhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use assay_core::batch::FunnelRow;
use assay_core::ids::Time;
use assay_core::observation::{Eye, HoleReason, PeerClass};

use crate::assemble::{Sender, Sight, add_funnel, drafts, lost_row};
use crate::cgroups::{Hierarchy, HierarchyError};
use crate::clock::Clock;
use crate::coverage::Gap;
use crate::drain::{DrainError, HookDelta, Maps, hook_name};
use crate::hooks::number;
use crate::load::{Loaded, NOT_BUILT, OBJECT, Settings, load};
use crate::node::Node;
use crate::outlet::Outlet;
use crate::peers::{Peers, Range};
use crate::pods::{Identity, Pods, PodsError};
use crate::procscan::{namespace, process};
use crate::reader::{Reader, ReaderError};
use crate::ship::{PosterError, Service, Shipper};
use crate::spool::{Limits, Mark, Spool, SpoolError};
use crate::sweep::{Surroundings, sweep};

/// How often what is there is looked at again.
pub const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// The longest wait between two looks at the stop flag.
const LOOK: Duration = Duration::from_millis(200);

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
    /// Ranges of the cluster's own addresses.
    pub ranges: Vec<(Range, PeerClass)>,
    /// Hooks to leave out.
    pub without: Vec<String>,
}

/// Where batches go.
#[derive(Clone, Debug)]
pub enum To {
    /// The standard output.
    Print,
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
    /// The spool cannot be used.
    #[error("the spool cannot be used")]
    Spool(#[from] SpoolError),
    /// The shipper cannot start.
    #[error("batches cannot be sent")]
    Ship(#[from] PosterError),
    /// Standard output is closed.
    #[error("batches cannot be printed")]
    Print(#[source] std::io::Error),
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
pub fn settings() -> Result<Settings, HierarchyError> {
    let own = |pid: &str| namespace(&format!("/proc/{pid}/ns/mnt"));
    Ok(Settings {
        hierarchy: Hierarchy::find()?,
        // Without the right to look at the first process the agent must itself be in the node's file tree.
        host_mounts: own("1").or_else(|| own("self")).unwrap_or(0),
        seen_again_ns: 300_000_000_000,
    })
}

/// Watches until `stop` is set, `once` is over, or something breaks that cannot be gone without.
///
/// # Errors
/// See [`RunError`].
pub fn run(options: &Options, stop: &Arc<AtomicBool>) -> Result<(), RunError> {
    let object = OBJECT.ok_or(RunError::NotBuilt)?;
    let settings = settings()?;
    let mut loaded = load(object, &settings, &options.without);
    if !loaded.any() {
        let why = loaded.standings.first().map_or("", |s| s.detail());
        return Err(RunError::NothingAttaches(why.to_owned()));
    }
    let ring = loaded.take("ring").ok_or(DrainError::Missing("ring"))?;
    let reader = Reader::start(ring)?;
    let mut maps = Maps::take(&mut loaded)?;
    let peers = Peers::new(options.ranges.clone());
    maps.fill_peers(&peers)?;

    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned();
    let (outlet, left) = outlet(&options.to, &boot)?;
    let pods = Pods::open(node_root(), options.pods.as_deref())?;
    let ephemeral_from = ephemeral_from();
    let mut node = Node::new(ephemeral_from);
    node.listed = pods.listed().map(str::to_owned).collect();
    let mut watch = Watch {
        sight: Sight { executes: loaded.runs(number::EXEC), loads: false, flows: loaded.runs(number::SOCKET) },
        loaded,
        maps,
        reader,
        settings,
        peers,
        pods,
        node,
        outlet,
        sender: Sender { node: options.node.clone(), boot },
        watched_until: left.map(|m| Time::from_millis(m.watched_until)),
        ephemeral_from,
        unsent: FunnelRow::default(),
        last: Clock::read().wall(),
        sweep_at: Instant::now(),
    };
    watch.go(options, stop)
}

struct Watch {
    sight: Sight,
    loaded: Loaded,
    maps: Maps,
    reader: Reader,
    settings: Settings,
    peers: Peers,
    pods: Pods,
    node: Node,
    outlet: Outlet,
    sender: Sender,
    watched_until: Option<Time>,
    ephemeral_from: u16,
    unsent: FunnelRow,
    last: Time,
    sweep_at: Instant,
}

impl Watch {
    fn go(&mut self, options: &Options, stop: &Arc<AtomicBool>) -> Result<(), RunError> {
        let end = options.once.map(|once| Instant::now() + once);
        self.sweep()?;
        let mut tick_at = Instant::now() + options.every;
        loop {
            let over = stop.load(Ordering::Relaxed) || end.is_some_and(|end| Instant::now() >= end);
            if over || Instant::now() >= tick_at {
                self.take_waiting();
                self.tick(over)?;
                tick_at = Instant::now() + options.every;
            }
            if over {
                return Ok(());
            }
            let next = end.map_or(tick_at, |end| end.min(tick_at));
            match self.reader.records.recv_timeout(next.saturating_duration_since(Instant::now()).min(LOOK)) {
                Ok(record) => {
                    self.node.apply(&record, Clock::read());
                    self.take_waiting();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(RunError::ReaderEnded),
            }
        }
    }

    /// One queue's length at most, so that a flood cannot put the tick off for ever.
    fn take_waiting(&mut self) {
        let clock = Clock::read();
        for record in self.reader.records.try_iter().take(crate::reader::QUEUE_MAX) {
            self.node.apply(&record, clock);
        }
    }

    fn tick(&mut self, last: bool) -> Result<(), RunError> {
        let clock = Clock::read();
        let now = clock.wall();
        for (key, flow, count) in self.maps.moved_flows(clock.boot_ns())? {
            self.node.flow(&key, &flow, count, clock, |pid| process(pid).map(|p| p.path));
        }
        let blind = self.count(now)?;
        if blind || last || Instant::now() >= self.sweep_at {
            self.sweep()?;
        }
        for gap in self.outlet.gaps() {
            self.node.gap(gap);
        }
        self.name_containers();
        self.tell_ignored()?;
        for draft in drafts(&self.node, &self.sender, self.sight, self.unsent.clone(), now, last) {
            if !self.outlet.offer(draft.batch.clone()).map_err(RunError::Print)? {
                // The queue is full: the facts stay untold, and the next tick tries again.
                break;
            }
            self.unsent = FunnelRow::default();
            draft.note(&mut self.node, now);
        }
        self.node.forget(now);
        self.last = now;
        Ok(())
    }

    /// Counts what the hooks did and opens holes for what was lost. True when the list of containers may have gaps.
    fn count(&mut self, now: Time) -> Result<bool, RunError> {
        let deltas = self.maps.hook_deltas(&self.loaded)?;
        let mut blind = false;
        let mut lost = Vec::new();
        for (hook, delta) in deltas.iter().enumerate() {
            let before = lost.len();
            lost.extend(delta.lost().map(|(reason, n)| (format!("{}/{reason}", hook_name(hook)), n)));
            if lost.len() > before {
                blind |= self.open_hole(hook, now);
            }
        }
        for (reason, n) in self.reader.lost() {
            if n > 0 {
                self.node.gap(Gap { eye: None, since: self.last, until: now, because: HoleReason::Lost });
                blind = true;
                lost.push((reason.to_owned(), n));
            }
        }
        let counts = std::mem::take(&mut self.node.counts);
        lost.push(("facts/over_limit".to_owned(), counts.facts_over_limit));
        lost.push(("containers/over_limit".to_owned(), counts.containers_over_limit));
        let sum = |of: fn(&HookDelta) -> u64| deltas.iter().map(of).sum();
        let row = FunnelRow {
            hook_hits: sum(|d| d.counts.hits),
            records: sum(|d| d.counts.records),
            facts: 0,
            lost: lost_row(lost),
            unattributed: counts.unattributed,
        };
        add_funnel(&mut self.unsent, &row);
        Ok(blind)
    }

    fn open_hole(&mut self, hook: usize, now: Time) -> bool {
        let (eye, blind) = match hook_name(hook) {
            "exec" | "cgroup_attach" => (Some(Eye::SensorUse), false),
            "socket" | "bind4" | "bind6" => (Some(Eye::SensorFlows), false),
            _ => (None, true),
        };
        self.node.gap(Gap { eye, since: self.last, until: now, because: HoleReason::Lost });
        blind
    }

    fn sweep(&mut self) -> Result<(), RunError> {
        let around = Surroundings {
            hierarchy: &self.settings.hierarchy,
            peers: &self.peers,
            host_mounts: self.settings.host_mounts,
            watched_until: self.watched_until,
            ephemeral_from: self.ephemeral_from,
        };
        for (key, owner) in sweep(&mut self.node, &around, Clock::read()) {
            self.maps.add_listener(&key, &owner)?;
        }
        self.sweep_at = Instant::now() + SWEEP_EVERY;
        self.tell_ignored()
    }

    fn tell_ignored(&mut self) -> Result<(), RunError> {
        for cgroup in std::mem::take(&mut self.node.to_ignore) {
            self.maps.ignore(cgroup)?;
        }
        Ok(())
    }

    /// Names come late: the kubelet writes them after the container has begun.
    fn name_containers(&mut self) {
        match self.pods.reload() {
            Ok(true) => self.node.listed = self.pods.listed().map(str::to_owned).collect(),
            Ok(false) => {}
            Err(error) => tracing::warn!("{error}: the list as it was before is used"),
        }
        for (id, container) in &mut self.node.containers {
            let whole =
                |i: &Identity| matches!(i, Identity::Sandbox) || matches!(i, Identity::Named(r) if !r.name.is_empty());
            if container.identity.as_ref().is_some_and(whole) {
                continue;
            }
            let found = self.pods.identify(id, container.pod_uid.as_deref());
            if found.is_some() && found != container.identity {
                container.identity = found;
                container.facts.forget_told();
                container.windows_told = None;
            }
        }
    }
}

fn outlet(to: &To, boot: &str) -> Result<(Outlet, Option<Mark>), RunError> {
    match to {
        To::Print => Ok((Outlet::Print { next: 0 }, None)),
        To::Service { service, spool, limits } => {
            // Milliseconds since boot are more than any agent of this boot can have sent before its folder was lost.
            let first = Clock::read().boot_ns() / 1_000_000;
            let (spool, left) = Spool::open(spool, *limits, boot, first)?;
            Ok((Outlet::Ship(Shipper::start(spool, service.clone())?), left))
        }
    }
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
