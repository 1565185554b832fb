//! A situation as a person writes it down: one finding, its place, and what is known about both. Comes in: an object of
//! JSON whose fields are facts in few words. Goes out: rows of a [`Scene`](assay_core::scene::Scene). What no field says is
//! not known.

mod lay;
mod phrase;
mod published;
mod said;

pub use lay::{Spot, lay, now, scene};

use assay_core::ids::Span;
use assay_core::observation::{AttackStage, Outcome, PodSecurity, VexStatus};
use phrase::Said;
use published::{AutomatableSaid, Conditions, Epss, ExploitationSaid, ImpactSaid, Kev, VectorSaid};
use said::{
    Bare, HumanImpactSaid, InUse, Listens, Purpose, Right, Scan, SeveritySaid, Token, Traffic, Watched, WayIn, Word,
    Wrong,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Everything that is known about one finding and its place.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Situation {
    finding: Said<Wrong>,
    environment: Said<Purpose>,
    human_impact: Said<HumanImpactSaid>,
    ways_in: Said<WayIn>,
    traffic: Said<Traffic>,
    scan: Said<Scan>,
    replicas: Said<Word<u32>>,
    in_use: Said<InUse>,
    watched_use: Said<Watched>,
    watched_flows: Said<Watched>,
    watched_signals: Said<Watched>,
    attacked: Said<Word<AttackStage>>,
    conditions: Said<Conditions>,
    listens: Said<Listens>,
    pod_security: Said<Word<PodSecurity>>,
    token: Said<Token>,
    rights: Said<Right>,
    kev: Said<Kev>,
    exploitation: Said<ExploitationSaid>,
    automatable: Said<AutomatableSaid>,
    technical_impact: Said<ImpactSaid>,
    cvss: Said<VectorSaid>,
    epss: Said<Epss>,
    severity: Said<SeveritySaid>,
    /// Other workloads in its namespace.
    others: Said<Bare<usize>>,
    vex: Said<Word<VexStatus>>,
    outcome: Said<Word<Outcome>>,
    /// What a person concluded.
    decision: Said<Bare<VexStatus>>,
    /// A version that mends it; `none` where there is none.
    fixed_in: Option<String>,
    reported_by: Option<Vec<String>>,
    title: Option<String>,
    workload: Option<String>,
    namespace: Option<String>,
    container: Option<String>,
    image: Option<String>,
    exe: Option<String>,
    kind: Option<String>,
}

/// A situation on top of another: each field takes the place of that of the base, and null takes it away.
pub fn over(base: &Map<String, Value>, variant: &Map<String, Value>) -> Map<String, Value> {
    let mut all = base.clone();
    for (field, value) in variant {
        match value {
            Value::Null => drop(all.remove(field)),
            value => drop(all.insert(field.clone(), value.clone())),
        }
    }
    all
}

/// The fields in which two situations differ.
pub fn differing<'m>(a: &'m Map<String, Value>, b: &'m Map<String, Value>) -> Vec<&'m str> {
    let mut fields: Vec<&str> =
        a.keys().chain(b.keys()).map(String::as_str).filter(|f| a.get(*f) != b.get(*f)).collect();
    fields.sort_unstable();
    fields.dedup();
    fields
}

impl Situation {
    /// Reads a situation.
    ///
    /// # Errors
    /// When a field or a word of it has no meaning.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, serde_json::Error> {
        Self::deserialize(fields)
    }

    /// How old the copy of CISA's catalogue is, where somebody looked into it. It is the world's, not the finding's: two
    /// situations share a world only when they share it.
    pub fn catalogue(&self) -> Option<Span> {
        self.kev.0.iter().find_map(|kev| match kev {
            Kev::Absent(ago) => Some(*ago),
            Kev::Listed => None,
        })
    }

    /// True when a person's decision takes the finding off the list of the day.
    pub fn is_decided(&self) -> bool {
        !self.decision.0.is_empty()
    }
}
