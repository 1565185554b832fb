//! The maps that the agent reads and fills. Comes in: the loaded object. Goes out: what each hook counted since the last
//! reading, and the flows that moved. Nothing here waits.

use std::collections::{BTreeMap, HashMap};

use aya::maps::lpm_trie::{Key, LpmTrie};
use aya::maps::{HashMap as BpfHash, MapData, MapError, PerCpuArray};
use zerocopy::{FromBytes, IntoBytes};

use crate::hooks::HOOKS;
use crate::load::Loaded;
use crate::peers::{Peers, number};
use crate::record::{Bucket, Flow, FlowKey, HOOK_COUNT, HookCounts, ListenerKey, Owner};
use crate::signals::WATCHED_NAME_MAX;

/// A flow that did not move for this long leaves the kernel's map; it comes back when it moves again.
pub const FLOW_IDLE_NS: u64 = 120_000_000_000;

const FLOW_KEY: usize = size_of::<FlowKey>();
const FLOW: usize = size_of::<Flow>();
const LISTENER_KEY: usize = size_of::<ListenerKey>();
const OWNER: usize = size_of::<Owner>();
const BUCKET: usize = size_of::<Bucket>();
const WATCHED_NAME: usize = WATCHED_NAME_MAX + 1;
const COUNTS: usize = size_of::<HookCounts>() / size_of::<u64>();

/// A map that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// The object does not have it.
    #[error("the probes have no map {0}")]
    Missing(&'static str),
    /// The kernel refused.
    #[error("map {map}")]
    Refused {
        /// Which map.
        map: &'static str,
        /// The kernel's answer.
        #[source]
        source: Box<MapError>,
    },
}

/// The maps, without the ring, which has a thread of its own.
pub struct Maps {
    counts: PerCpuArray<MapData, [u64; COUNTS]>,
    flows: BpfHash<MapData, [u8; FLOW_KEY], [u8; FLOW]>,
    ignored: BpfHash<MapData, u64, u32>,
    listeners: BpfHash<MapData, [u8; LISTENER_KEY], [u8; OWNER]>,
    peers: LpmTrie<MapData, [u8; 16], u32>,
    buckets: BpfHash<MapData, u64, [u8; BUCKET]>,
    watched: BpfHash<MapData, [u8; WATCHED_NAME], u32>,
    counted: [HookCounts; HOOK_COUNT],
    recursions: BTreeMap<usize, u64>,
    drained: HashMap<FlowKey, u64>,
    held: HashMap<u64, u64>,
}

/// What one hook did since the last reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HookDelta {
    /// The counts of the map.
    pub counts: HookCounts,
    /// Runs that the kernel left out.
    pub recursions: u64,
}

/// A flow that moved: its key, its value, and how often it happened since the last reading.
pub type Moved = (FlowKey, Flow, u64);

impl Maps {
    /// Takes the maps out of the loaded object.
    ///
    /// # Errors
    /// When a map is missing or of another shape.
    pub fn take(loaded: &mut Loaded) -> Result<Self, DrainError> {
        Ok(Self {
            counts: typed(loaded, "counts")?,
            flows: typed(loaded, "flows")?,
            ignored: typed(loaded, "ignored")?,
            listeners: typed(loaded, "listeners")?,
            peers: typed(loaded, "peers")?,
            buckets: typed(loaded, "buckets")?,
            watched: typed(loaded, "watched")?,
            counted: [HookCounts::default(); HOOK_COUNT],
            recursions: BTreeMap::new(),
            drained: HashMap::new(),
            held: HashMap::new(),
        })
    }

    /// Fills the table of peer classes.
    ///
    /// # Errors
    /// When the kernel refuses a row.
    pub fn fill_peers(&mut self, peers: &Peers) -> Result<(), DrainError> {
        for (range, class) in peers.rows() {
            let key = Key::new(range.bits, range.address);
            self.peers.insert(&key, number(*class), 0).map_err(refused("peers"))?;
        }
        Ok(())
    }

    /// Tells the probes of which names every opening matters.
    ///
    /// # Errors
    /// When the kernel refuses a row.
    pub fn fill_watched(&mut self, names: &BTreeMap<&str, u32>) -> Result<(), DrainError> {
        for (name, how) in names {
            let mut key = [0; WATCHED_NAME];
            for (to, from) in key.iter_mut().take(WATCHED_NAME_MAX).zip(name.bytes()) {
                *to = from;
            }
            self.watched.insert(key, how, 0).map_err(refused("watched"))?;
        }
        Ok(())
    }

    /// The cgroups of which records were held back since the last call.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn held_back(&mut self) -> Result<Vec<u64>, DrainError> {
        let mut now = HashMap::new();
        for row in self.buckets.iter() {
            let (cgroup, value) = row.map_err(refused("buckets"))?;
            if let Ok(Bucket { held: held @ 1.., .. }) = Bucket::read_from_bytes(&value) {
                now.insert(cgroup, held);
            }
        }
        let moved = now.iter().filter(|(cgroup, held)| self.held.get(cgroup) != Some(held)).map(|(c, _)| *c).collect();
        self.held = now;
        Ok(moved)
    }

    /// Tells the probes to leave a cgroup out.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn ignore(&mut self, cgroup: u64) -> Result<(), DrainError> {
        self.ignored.insert(cgroup, 1, 0).map_err(refused("ignored"))
    }

    /// Tells the probes whose a listening socket is that is older than they are.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn add_listener(&mut self, key: &ListenerKey, owner: &Owner) -> Result<(), DrainError> {
        let (Ok(key), Ok(owner)) = (key.as_bytes().try_into(), owner.as_bytes().try_into()) else { return Ok(()) };
        let (key, owner): ([u8; LISTENER_KEY], [u8; OWNER]) = (key, owner);
        self.listeners.insert(key, owner, 0).map_err(refused("listeners"))
    }

    /// What each hook did since the last call.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn hook_deltas(&mut self, loaded: &Loaded) -> Result<[HookDelta; HOOK_COUNT], DrainError> {
        let recursions = loaded.recursions();
        let mut deltas = [HookDelta::default(); HOOK_COUNT];
        for (hook, (delta, before)) in deltas.iter_mut().zip(&mut self.counted).enumerate() {
            let index = u32::try_from(hook).unwrap_or(u32::MAX);
            let cpus = self.counts.get(&index, 0).map_err(refused("counts"))?;
            let total = cpus.iter().fold(HookCounts::default(), |sum, cpu| plus(&sum, cpu));
            delta.counts = minus(&total, before);
            *before = total;
            let now = recursions.get(&hook).copied().unwrap_or(0);
            delta.recursions = now.saturating_sub(self.recursions.insert(hook, now).unwrap_or(0));
        }
        Ok(deltas)
    }

    /// The flows that moved since the last call. Those that rest leave the map.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn moved_flows(&mut self, now_ns: u64) -> Result<Vec<Moved>, DrainError> {
        let mut moved = Vec::new();
        let mut resting = Vec::new();
        for row in self.flows.iter() {
            let (key, value) = row.map_err(refused("flows"))?;
            let (Ok(flow_key), Ok(flow)) = (FlowKey::read_from_bytes(&key), Flow::read_from_bytes(&value)) else {
                continue;
            };
            let before = self.drained.insert(flow_key, flow.count).unwrap_or(0);
            if flow.count != before {
                moved.push((flow_key, flow, flow.count.saturating_sub(before)));
            } else if flow.last_ns.saturating_add(FLOW_IDLE_NS) < now_ns {
                resting.push((key, flow_key));
            }
        }
        for (key, flow_key) in resting {
            match self.flows.remove(&key) {
                Ok(()) | Err(MapError::KeyNotFound | MapError::ElementNotFound) => {}
                Err(error) => return Err(refused("flows")(error)),
            }
            self.drained.remove(&flow_key);
        }
        Ok(moved)
    }
}

impl HookDelta {
    /// What was lost, by reason.
    pub fn lost(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let c = &self.counts;
        [
            ("ring_full", c.lost_ring),
            ("map_full", c.lost_map),
            ("no_owner", c.lost_owner),
            ("read_failed", c.lost_read),
            ("recursion", self.recursions),
        ]
        .into_iter()
        .filter(|(_, n)| *n > 0)
    }
}

/// The short name of a hook.
pub fn hook_name(hook: usize) -> &'static str {
    HOOKS.get(hook).map_or("unknown", |h| h.short)
}

fn typed<M: TryFrom<aya::maps::Map, Error = MapError>>(
    loaded: &mut Loaded,
    name: &'static str,
) -> Result<M, DrainError> {
    M::try_from(loaded.take(name).ok_or(DrainError::Missing(name))?).map_err(refused(name))
}

fn refused(map: &'static str) -> impl Fn(MapError) -> DrainError {
    move |source| DrainError::Refused { map, source: Box::new(source) }
}

fn plus(sum: &HookCounts, cpu: &[u64; COUNTS]) -> HookCounts {
    zip(sum, cpu, u64::wrapping_add)
}

fn minus(total: &HookCounts, before: &HookCounts) -> HookCounts {
    let words: [u64; COUNTS] = zerocopy::transmute!(*before);
    zip(total, &words, u64::saturating_sub)
}

fn zip(a: &HookCounts, b: &[u64; COUNTS], with: impl Fn(u64, u64) -> u64) -> HookCounts {
    let a: [u64; COUNTS] = zerocopy::transmute!(*a);
    let mut out = [0; COUNTS];
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = with(a, *b);
    }
    zerocopy::transmute!(out)
}
