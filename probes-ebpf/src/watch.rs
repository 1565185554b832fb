//! The watch itself: takes records in, drains the maps, looks around, and tells what changed. Comes in: the loaded probes
//! and the clock. Goes out: batches. Everything that can be slow (service, spool) is elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use assay_core::batch::FunnelRow;
use assay_core::ids::Time;
use assay_core::observation::{Eye, HoleReason};

use crate::assemble::{Sender, Sight, add_funnel, drafts, lost_row};
use crate::cgroups::Hierarchy;
use crate::clock::Clock;
use crate::container::Container;
use crate::coverage::Gap;
use crate::drain::{HookDelta, Maps, hook_name};
use crate::hooks::{HOOKS, MAPS, Sees};
use crate::keep::Keeper;
use crate::load::{Loaded, Settings, Standing};
use crate::node::Node;
use crate::outlet::Outlet;
use crate::packages::{Inside, owners};
use crate::peers::Peers;
use crate::pods::{Identity, Pods};
use crate::procscan::process;
use crate::reader::{QUEUE_MAX, Reader};
use crate::record::FileId;
use crate::run::RunError;
use crate::sweep::{Listener, Surroundings, look_at_new, sweep};

/// How often what is there is looked at again.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// The most containers whose packages are asked for in one tick.
const ASKED_MAX: usize = 8;
/// The longest wait between two looks at the stop flag.
const LOOK: Duration = Duration::from_millis(200);

/// When what is due.
pub(crate) struct Pace {
    every: Duration,
    tick_at: Instant,
    sweep_at: Instant,
    end: Option<Instant>,
}

impl Pace {
    pub(crate) fn begin(every: Duration, once: Option<Duration>) -> Self {
        let now = Instant::now();
        Self { every, tick_at: now + every, sweep_at: now, end: once.map(|once| now + once) }
    }

    fn is_over(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// True when a tick is due; the next one is then set.
    fn is_tick(&mut self) -> bool {
        let due = Instant::now() >= self.tick_at;
        if due {
            self.tick_at = Instant::now() + self.every;
        }
        due
    }

    fn is_sweep(&self) -> bool {
        Instant::now() >= self.sweep_at
    }

    fn swept(&mut self) {
        self.sweep_at = Instant::now() + SWEEP_EVERY;
    }

    fn wait(&self) -> Duration {
        let next = self.end.map_or(self.tick_at, |end| end.min(self.tick_at));
        next.saturating_duration_since(Instant::now()).min(LOOK)
    }
}

/// A watch that runs.
pub(crate) struct Watch {
    pub(crate) sight: Sight,
    pub(crate) loaded: Loaded,
    pub(crate) maps: Maps,
    pub(crate) reader: Reader,
    pub(crate) settings: Settings,
    pub(crate) peers: Peers,
    pub(crate) pods: Pods,
    pub(crate) node: Node,
    pub(crate) outlet: Outlet,
    pub(crate) keeper: Option<Keeper>,
    pub(crate) sender: Sender,
    pub(crate) watched_until: Option<Time>,
    pub(crate) pace: Pace,
    pub(crate) unsent: FunnelRow,
    pub(crate) last: Time,
    pub(crate) ask_from: String,
}

impl Watch {
    /// Takes records in and tells what changed, until it is over.
    pub(crate) fn go(&mut self, stop: &AtomicBool) -> Result<(), RunError> {
        self.sweep()?;
        let attached = self.loaded.standings.iter().filter(|s| **s == Standing::Attached).count();
        tracing::info!(attached, of = HOOKS.len(), containers = self.node.containers.len(), maps = ?MAPS, "watching");
        loop {
            let over = stop.load(Ordering::Relaxed) || self.pace.is_over();
            if over || self.pace.is_tick() {
                self.take_waiting();
                self.tick(over)?;
            }
            if over {
                return Ok(());
            }
            match self.reader.records.recv_timeout(self.pace.wait()) {
                Ok(record) => {
                    self.node.apply(&record, Clock::read(), path_of);
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
        for record in self.reader.records.try_iter().take(QUEUE_MAX) {
            self.node.apply(&record, clock, path_of);
        }
    }

    fn tick(&mut self, last: bool) -> Result<(), RunError> {
        let clock = Clock::read();
        let now = clock.wall();
        for (key, flow, count) in self.maps.moved_flows(clock.boot_ns())? {
            self.node.flow(&key, &flow, count, clock, path_of);
        }
        let blind = self.count(now)?;
        if blind || last || self.pace.is_sweep() {
            self.sweep()?;
        } else {
            self.look_at_new()?;
        }
        self.ask_packages(now);
        for gap in self.outlet.gaps() {
            self.node.gap(gap);
        }
        self.name_containers();
        self.keep_evidence(now);
        self.tell_ignored()?;
        for draft in drafts(&self.node, &self.sender, self.sight, self.unsent.clone(), now, last) {
            if !self.outlet.offer(draft.batch.clone()).map_err(RunError::Outlet)? {
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
        // One that does too much at once loses its own proof, and nobody else's.
        for cgroup in self.maps.held_back()? {
            self.node.held_back(cgroup, self.last, now);
        }
        let held =
            |(hook, delta): (usize, &HookDelta)| (format!("{}/held_back", hook_name(hook)), delta.counts.held_back);
        lost.extend(deltas.iter().enumerate().map(held));
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

    /// A hole in every window that the hook feeds; true when containers themselves may have been missed.
    fn open_hole(&mut self, hook: usize, now: Time) -> bool {
        let eyes: &[Option<Eye>] = match HOOKS.get(hook).map(|h| h.sees) {
            // What is seen of use is what signals are made of as well.
            Some(Sees::Use) => &[Some(Eye::SensorUse), Some(Eye::SensorSignals)],
            Some(Sees::Flows) => &[Some(Eye::SensorFlows)],
            Some(Sees::Signals) => &[Some(Eye::SensorSignals)],
            Some(Sees::Containers) | None => &[None],
        };
        for eye in eyes {
            self.node.gap(Gap { eye: *eye, since: self.last, until: now, because: HoleReason::Lost });
        }
        eyes.contains(&None)
    }

    fn sweep(&mut self) -> Result<(), RunError> {
        self.look(sweep)?;
        self.pace.swept();
        self.tell_ignored()
    }

    fn look_at_new(&mut self) -> Result<(), RunError> {
        self.look(look_at_new)
    }

    fn look(&mut self, how: impl Fn(&mut Node, &Surroundings<'_>, Clock) -> Vec<Listener>) -> Result<(), RunError> {
        let around = Surroundings {
            hierarchy: &self.settings.hierarchy,
            peers: &self.peers,
            host_mounts: self.settings.host_mounts,
            watched_until: self.watched_until,
            ephemeral_from: self.settings.ephemeral_from,
        };
        for (key, owner) in how(&mut self.node, &around, Clock::read()) {
            self.maps.add_listener(&key, &owner)?;
        }
        Ok(())
    }

    /// Whose files are in use: a few containers a tick, so that a burst of new ones does not hold the watch up.
    fn ask_packages(&mut self, now: Time) {
        let mut asked = 0;
        // Where the last tick left off: no container waits for ever behind busy ones.
        let next = std::mem::take(&mut self.ask_from);
        for (id, container) in self.node.containers.iter_mut().filter(|(_, c)| c.ended.is_none()) {
            let due = *id >= next && !container.known_in_part && container.has_unasked();
            if due && asked < ASKED_MAX {
                asked += usize::from(ask(container, &self.settings.hierarchy));
            } else if due && self.ask_from.is_empty() {
                self.ask_from.clone_from(id);
            }
            if container.known_in_part {
                let (eye, since) = (Some(Eye::SensorUse), container.since);
                container.gaps.open(Gap { eye, since, until: now, because: HoleReason::Suppressed });
            }
            self.node.counts.facts_over_limit += container.settle_uses();
        }
    }

    /// What the service has ordered, before it is told what is new.
    fn keep_evidence(&mut self, now: Time) {
        if let Some(keeper) = &mut self.keeper {
            keeper.order(self.outlet.ordered(), &self.node, now);
            keeper.work(&mut self.node, &self.settings.hierarchy, &self.sender, now);
        }
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
            if !found.as_ref().is_some_and(whole) {
                self.pods.want(id);
            }
            if found.is_some() && found != container.identity {
                container.identity = found;
                container.facts.forget_told();
                container.windows_told = None;
            }
        }
    }
}

/// Asks for the packages of a container's files; false when no process is there to look through.
fn ask(container: &mut Container, hierarchy: &Hierarchy) -> bool {
    let pids = container.groups.values().flat_map(|path| hierarchy.processes(path));
    // A process that runs what the container was seen to run looks through the container's own root.
    let own = pids.filter_map(process).find(|p| container.exe(p.exe) == Some(&p.path));
    let Some(inside) = own.and_then(|p| Inside::of_process(p.pid).ok()) else { return false };
    let found = owners(&inside, &container.unasked());
    container.answer(found, !inside.was_cut());
    true
}

/// The path of an executable, as long as the process still runs it: its number may be another's by now.
fn path_of(pid: u32, exe: FileId) -> Option<String> {
    process(pid).filter(|p| p.exe == exe).map(|p| p.path)
}
