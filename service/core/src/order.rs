//! The order of all findings. Comes in: rows of enums and indices, about forty bytes a finding. Goes out: the list by
//! band, then points, then fingerprint. Nothing of it is ever stored, and no text takes part.

mod clock;
mod told;

use std::collections::HashMap;

use crate::assess::{Answer, Assessment, Attacked, Exposed, Inputs, MISSING, Standing, assess, stand};
use crate::asset::PackageKey;
use crate::context::{self, Published, Situation, Subject};
use crate::control::Gain;
use crate::environment::HumanImpact;
use crate::finding::{FindingClass, Presence, ResolvedBecause};
use crate::ids::{EvidenceId, Fingerprint, Span, Time};
use crate::intel::TechnicalImpact;
use crate::observation::{AttackStage, Environment};
use crate::policy::Policy;
use crate::text::Opaque;
use crate::world::{AssetIdx, VulnIdx, World};

use clock::clock_seconds;

pub use clock::clock_after_move;
pub use told::Told;

/// A finding as the store has it, before it is joined with the world.
#[derive(Clone, Debug)]
pub struct StoredRow<'a> {
    /// Its row.
    pub id: i64,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// What sort of thing is wrong.
    pub class: FindingClass,
    /// The asset's row.
    pub asset: i64,
    /// The container.
    pub container: &'a str,
    /// The vulnerability's row.
    pub vuln: Option<i64>,
    /// The package's row.
    pub package: Option<i64>,
    /// The control's row.
    pub control: Option<i64>,
    /// The machine's view.
    pub presence: Presence,
    /// A source names a version that mends it.
    pub fix: bool,
    /// How far the attack of a signal went.
    pub stage: Option<AttackStage>,
    /// Since when the deadline runs.
    pub clock_start: Time,
    /// The head of the root cause's digest.
    pub cause: u32,
    /// The band and row that were recorded last.
    pub recorded: Option<(u8, u16)>,
    /// A decision takes it out of today and due.
    pub decided: bool,
    /// All of its sources have fallen silent.
    pub silent: bool,
}

/// Names that rows point to, in the store's numbering.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Packages by row.
    pub packages: HashMap<i64, PackageKey>,
    /// Ids of controls, rights, detectors and signals by row.
    pub controls: HashMap<i64, Opaque>,
}

/// One finding in the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The head of the fingerprint.
    pub prefix: u64,
    /// The finding's row.
    pub id: u32,
    /// The asset; [`NOWHERE`] when the world does not have it.
    pub asset: u32,
    /// The vulnerability; [`NOWHERE`] when there is none.
    pub vuln: u32,
    /// The package's row; 0 when there is none.
    pub package: u32,
    /// The control's row; 0 when there is none.
    pub control: u32,
    /// The head of the root cause's digest.
    pub cause: u32,
    /// Seconds since 1970 at which the deadline's clock started.
    pub clock: u32,
    /// The row of the table that was recorded last; `u16::MAX` when none was.
    pub recorded_row: u16,
    /// The band that was recorded last.
    pub recorded_band: u8,
    /// What sort of thing is wrong.
    pub class: FindingClass,
    in_use: Answer,
    conditions: Answer,
    gain: u8,
    stage: u8,
    flags: u8,
}

/// Stands for no asset or vulnerability.
pub const NOWHERE: u32 = u32::MAX;

const FIX: u8 = 1;
const RESOLVED: u8 = 1 << 1;
const SUPERSEDED: u8 = 1 << 2;
const STALE: u8 = 1 << 3;
const DECIDED: u8 = 1 << 4;

impl Row {
    /// True while some source claims it or has only fallen silent.
    pub const fn is_open(&self) -> bool {
        self.flags & RESOLVED == 0
    }

    /// True when another finding speaks for it.
    pub const fn is_superseded(&self) -> bool {
        self.flags & SUPERSEDED != 0
    }

    /// True when its sources have fallen silent.
    pub const fn is_stale(&self) -> bool {
        self.flags & STALE != 0
    }

    /// True when a decision takes it out of today and due.
    pub const fn is_decided(&self) -> bool {
        self.flags & DECIDED != 0
    }

    /// Whether a fix is known.
    pub const fn has_fix(&self) -> bool {
        self.flags & FIX != 0
    }

    /// Whether the package is in use.
    pub const fn in_use(&self) -> Answer {
        self.in_use
    }

    /// Whether the conditions of exploitation are met.
    pub const fn conditions(&self) -> Answer {
        self.conditions
    }

    /// How far the attack of a signal went, as far as the world of the table knows.
    pub fn stage(&self) -> Option<AttackStage> {
        AttackStage::ALL.get(usize::from(self.stage)).copied()
    }

    /// When the deadline runs out under this band; none when it is the next upgrade.
    pub fn due(&self, policy: &Policy, band: u8) -> Option<Time> {
        policy.band(band).days.map(|days| Time::from_secs(i64::from(self.clock)) + Span::days(i64::from(days)))
    }
}

/// What an asset's situation puts into the inputs.
#[derive(Clone, Copy, Debug)]
struct SituationBits {
    exposure: Exposed,
    attacked: Attacked,
    environment: Option<Environment>,
    human_impact: Option<HumanImpact>,
    blast: u8,
}

/// What is published about a vulnerability, as it goes into the inputs.
#[derive(Clone, Copy, Debug)]
struct PublishedBits {
    in_kev: Answer,
    automatable: Answer,
    total_impact: Answer,
    epss: u8,
    cvss: u8,
    public_poc: bool,
}

impl SituationBits {
    fn of(s: &Situation) -> Self {
        Self {
            exposure: s.exposure.value().unwrap_or(Exposed::Unknown),
            attacked: s.attacked.value().unwrap_or(Attacked::Unknown),
            environment: s.environment.value(),
            human_impact: s.human_impact.value(),
            blast: s.blast_radius.value().unwrap_or(MISSING),
        }
    }
}

impl PublishedBits {
    const NOTHING: Self = Self {
        in_kev: Answer::Unknown,
        automatable: Answer::Unknown,
        total_impact: Answer::Unknown,
        epss: MISSING,
        cvss: MISSING,
        public_poc: false,
    };

    fn of(p: &Published) -> Self {
        let total_impact = match p.technical_impact.value() {
            Some(TechnicalImpact::Total) => Answer::Yes,
            Some(TechnicalImpact::Partial) => Answer::No,
            None => Answer::Unknown,
        };
        Self {
            in_kev: p.in_kev.answer(),
            automatable: p.automatable.answer(),
            total_impact,
            epss: p.epss.value().unwrap_or(MISSING),
            cvss: p.cvss.value().unwrap_or(MISSING),
            public_poc: p.public_poc,
        }
    }
}

/// All findings of a world, in order.
#[derive(Clone, Debug, Default)]
pub struct RankTable {
    rows: Vec<Row>,
    situations: Vec<SituationBits>,
    nowhere: Option<SituationBits>,
    published: Vec<PublishedBits>,
    order: Vec<u32>,
    /// Band and points of each row, in the order of the list: what lists and counts ask of every row.
    keys: Vec<u32>,
}

/// A finding in its place in the list.
#[derive(Clone, Copy)]
pub struct Ranked<'a> {
    /// 1 for the first; equal keys share a rank.
    pub rank: u32,
    /// The finding.
    pub row: &'a Row,
    /// Order of its band; 0 is the most urgent.
    pub band: u8,
    table: &'a RankTable,
    policy: &'a Policy,
}

impl Ranked<'_> {
    /// How soon, and how sure that is. Worked out when asked for: most rows of a list are only counted.
    pub fn assessment(&self) -> Assessment {
        assess(self.table.inputs(self.row), self.policy)
    }
}

impl std::fmt::Debug for Ranked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ranked").field("rank", &self.rank).field("row", self.row).field("band", &self.band).finish()
    }
}

/// Says what a failure of this class and name gives.
type Gains<'w> = Box<dyn Fn(FindingClass, &Opaque) -> Option<Gain> + 'w>;

/// Builds the table row by row.
pub struct Ranking<'w> {
    world: &'w World,
    names: &'w Names,
    gain: Gains<'w>,
    gains: HashMap<(FindingClass, u32), u8>,
    quiet: HashMap<(u32, Opaque), Answer>,
    table: RankTable,
}

impl<'w> Ranking<'w> {
    /// Starts a table. `gain` says what a failure gives, by class and the name of its control, right, detector or signal.
    pub fn new(world: &'w World, names: &'w Names, gain: impl Fn(FindingClass, &Opaque) -> Option<Gain> + 'w) -> Self {
        let table = RankTable {
            situations: (0..world.assets.len() as u32)
                .map(|i| SituationBits::of(&Situation::of(world, Some(AssetIdx(i)))))
                .collect(),
            nowhere: Some(SituationBits::of(&Situation::of(world, None))),
            published: (0..world.vulns.len() as u32)
                .map(|i| PublishedBits::of(&Published::of(world, VulnIdx(i))))
                .collect(),
            ..RankTable::default()
        };
        Self { world, names, gain: Box::new(gain), gains: HashMap::new(), quiet: HashMap::new(), table }
    }

    /// Adds a finding.
    pub fn add(&mut self, stored: &StoredRow<'_>) {
        let asset = self.world.row(stored.asset);
        let vuln = stored.vuln.and_then(|v| self.world.vuln_row(v));
        let vulnerability = stored.class == FindingClass::Vulnerability;
        let mut flags = if stored.fix { FIX } else { 0 };
        match stored.presence {
            Presence::Open => flags |= if stored.silent { STALE } else { 0 },
            Presence::Stale => flags |= STALE,
            Presence::Resolved(ResolvedBecause::Superseded) => flags |= RESOLVED | SUPERSEDED,
            Presence::Resolved(_) => flags |= RESOLVED,
        }
        if stored.decided {
            flags |= DECIDED;
        }
        let (recorded_band, recorded_row) = stored.recorded.unwrap_or((0, u16::MAX));
        let row = Row {
            prefix: stored.fingerprint.prefix(),
            id: stored.id as u32,
            asset: asset.map_or(NOWHERE, |a| a.0),
            vuln: vuln.map_or(NOWHERE, |v| v.0),
            package: stored.package.unwrap_or(0) as u32,
            control: stored.control.unwrap_or(0) as u32,
            cause: stored.cause,
            clock: clock_seconds(stored.clock_start),
            recorded_row,
            recorded_band,
            class: stored.class,
            in_use: if vulnerability { self.in_use(asset, stored) } else { Answer::NotApplicable },
            conditions: if vulnerability { self.conditions(asset, vuln, stored) } else { Answer::NotApplicable },
            gain: self.gain_of(stored),
            stage: self.stage(asset, stored).map_or(MISSING, |s| s as u8),
            flags,
        };
        self.table.rows.push(row);
    }

    /// How far the attack of a signal went, as far as this world knows.
    fn stage(&self, asset: Option<AssetIdx>, stored: &StoredRow<'_>) -> Option<AttackStage> {
        let signal = stored.control.and_then(|c| self.names.controls.get(&c));
        match (stored.class, stored.stage, asset, signal) {
            (FindingClass::Signal, Some(stage), Some(asset), Some(signal)) => {
                Some(context::stage_here(self.world, asset, &Opaque::readmit(stored.container), signal, stage).0)
            }
            (_, stage, ..) => stage,
        }
    }

    /// What a failure gives, looked up once a class and name.
    fn gain_of(&mut self, stored: &StoredRow<'_>) -> u8 {
        let Some(name) = stored.control.and_then(|c| self.names.controls.get(&c)) else { return gain_bits(None) };
        let key = (stored.class, stored.control.unwrap_or(0) as u32);
        *self.gains.entry(key).or_insert_with(|| gain_bits((self.gain)(stored.class, name)))
    }

    /// Whether the package is in use; what nobody used is looked up once a container.
    fn in_use(&mut self, asset: Option<AssetIdx>, stored: &StoredRow<'_>) -> Answer {
        let (Some(asset), Some(package)) = (asset, stored.package.and_then(|p| self.names.packages.get(&p))) else {
            return Answer::Unknown;
        };
        let container = Opaque::readmit(stored.container);
        let used = self.world.asset(asset).facts.iter().any(|f| f.component.is_some());
        if used {
            return context::in_use(self.world, Some(asset), &container, Some(package)).answer();
        }
        let world = self.world;
        let key = (asset.0, container);
        *self
            .quiet
            .entry(key)
            .or_insert_with_key(|(_, container)| context::in_use(world, Some(asset), container, Some(package)).answer())
    }

    fn conditions(&self, asset: Option<AssetIdx>, vuln: Option<VulnIdx>, stored: &StoredRow<'_>) -> Answer {
        let container = Opaque::readmit(stored.container);
        let subject = Subject {
            class: stored.class,
            asset,
            container: &container,
            vuln,
            package: None,
            gain: None,
            stage: None,
            fix: false,
            record: (EvidenceId::Record(0), self.world.as_of),
            preference: 0,
        };
        context::conditions(&subject, self.world).answer()
    }

    /// The table, in the order of a policy.
    pub fn finish(self, policy: &Policy) -> RankTable {
        let mut table = self.table;
        table.rows.shrink_to_fit();
        table.rank(policy);
        table
    }
}

fn gain_bits(gain: Option<Gain>) -> u8 {
    gain.map_or(4, |g| u8::from(g.needs_no_foothold) | u8::from(g.total) << 1 | u8::from(g.nothing) << 3)
}

impl RankTable {
    /// What rank depends on, for one row.
    pub fn inputs(&self, row: &Row) -> Inputs {
        let situation = self.situations.get(row.asset as usize).or(self.nowhere.as_ref());
        let mut inputs = Inputs::unknown(row.class);
        if let Some(s) = situation {
            inputs.exposure = s.exposure;
            inputs.attacked = s.attacked;
            inputs.environment = s.environment;
            inputs.human_impact = s.human_impact;
            inputs.blast = s.blast;
        }
        if let Some(stage) = row.stage() {
            inputs.attacked = inputs.attacked.max(Attacked::of(stage));
        }
        inputs.in_use = row.in_use;
        inputs.conditions = row.conditions;
        if row.class == FindingClass::Vulnerability {
            let p = self.published.get(row.vuln as usize).unwrap_or(&PublishedBits::NOTHING);
            inputs.in_kev = p.in_kev;
            inputs.automatable = p.automatable;
            inputs.total_impact = p.total_impact;
            inputs.epss = p.epss;
            inputs.cvss = p.cvss;
            inputs.public_poc = p.public_poc;
            inputs.fix = if row.has_fix() { Answer::Yes } else { Answer::No };
        } else {
            let bit = |n: u8| match (row.gain & 4, row.gain & n) {
                (0, 0) => Answer::No,
                (0, _) => Answer::Yes,
                _ => Answer::Unknown,
            };
            inputs.in_kev = Answer::NotApplicable;
            inputs.automatable = bit(1);
            inputs.total_impact = if row.gain & 8 == 0 { bit(2) } else { Answer::NotApplicable };
            inputs.fix = Answer::NotApplicable;
        }
        inputs
    }

    /// Puts all rows in order: by band, then points, then fingerprint.
    pub fn rank(&mut self, policy: &Policy) {
        let keys: Vec<u32> = self.rows.iter().map(|row| key(stand(self.inputs(row), policy))).collect();
        let mut order: Vec<u32> = (0..self.rows.len() as u32).collect();
        order.sort_unstable_by_key(|&i| (keys[i as usize], self.rows[i as usize].prefix, self.rows[i as usize].id));
        self.keys = order.iter().map(|&i| keys[i as usize]).collect();
        self.order = order;
    }

    /// The findings that `shown` lets through, in order, ranked among themselves: rank is computed in the caller's scope.
    /// The policy is the one that the table was ranked by.
    pub fn list<'a>(
        &'a self,
        policy: &'a Policy,
        mut shown: impl FnMut(&Row) -> bool,
    ) -> impl Iterator<Item = Ranked<'a>> {
        let mut place = 0u32;
        let mut last: Option<(u32, u32)> = None;
        self.order.iter().zip(&self.keys).filter_map(move |(&i, &key)| {
            let row = &self.rows[i as usize];
            if !shown(row) {
                return None;
            }
            place += 1;
            let rank = match last {
                Some((same, rank)) if same == key => rank,
                _ => place,
            };
            last = Some((key, rank));
            Some(Ranked { rank, row, band: band_of(key), table: self, policy })
        })
    }

    /// All rows, in no particular order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Notes that a row's band was recorded, with the clock that now runs.
    pub fn note_move(&mut self, at: usize, band: u8, row: u16, clock: Time) {
        if let Some(r) = self.rows.get_mut(at) {
            r.recorded_band = band;
            r.recorded_row = row;
            r.clock = clock_seconds(clock);
        }
    }

    /// How many bytes the table takes.
    pub fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + (self.order.capacity() + self.keys.capacity()) * size_of::<u32>()
            + self.situations.capacity() * size_of::<SituationBits>()
            + self.published.capacity() * size_of::<PublishedBits>()
    }
}

/// Smaller is more urgent. Points are at most 16 bits by the policy's weights.
fn key(s: Standing) -> u32 {
    u32::from(s.band) << 16 | u32::from(u16::MAX - s.points)
}

/// The band of a key.
const fn band_of(key: u32) -> u8 {
    (key >> 16) as u8
}

#[cfg(test)]
mod tests;
