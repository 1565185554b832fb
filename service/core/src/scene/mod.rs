//! Worlds written down by hand or drawn from a seed, with findings in them: what law tests and suites of the evaluation
//! look at. Comes in: rows, one call each. Goes out: the world, its rank table, and each finding as the road sees it. No
//! stage of the road may use it.

mod dice;
mod harm;
mod open;
mod pairs;
mod places;
mod random;
mod recipe;
mod rename;
mod rows;

pub use dice::Dice;
pub use harm::{harm, shape};
pub use open::Open;
pub use pairs::{close_pairs, one_fact, plain_args};
pub use places::{SINKS, everywhere, place_and_matter};
pub use random::random;
pub use recipe::filled;
pub use rename::Renaming;
pub use rows::{CLUSTER, package};

use std::collections::BTreeMap;

use crate::assess::{Assessment, assess};
use crate::asset::PackageKey;
use crate::brief::{Brief, brief};
use crate::catalogue::Catalogue;
use crate::context::{Factors, Subject, context};
use crate::control::Controls;
use crate::document::{Alarm, Document, Guarded};
use crate::environment::EnvironmentRules;
use crate::explain::{Told, render};
use crate::finding::{Finding, Matter};
use crate::ids::Time;
use crate::intel::FeedState;
use crate::mend::Mend;
use crate::order::{Names, RankTable, Ranking, StoredRow};
use crate::plan::Settled;
use crate::policy::Policy;
use crate::reconcile::Word;
use crate::text::{Door, Opaque};
use crate::world::{AssetIdx, CoverageSeen, EdgeSeen, FactSeen, Vuln, Watching, World};

/// Rows behind controls and signals, for scenes: one for each answer that a row can give.
pub const CONTROLS: &str = "id,title,standard,owasp,needs_no_foothold,control_gained,remedy,source
free-total,an open kubelet,,K03,yes,total,Close the port.,Assay
free-partial,a page that anybody may read,,K03,yes,partial,Ask for a login.,Assay
held-total,a privileged container,PSS baseline,K01,no,total,Set privileged to false.,Pod Security Standards
held-partial,a container without limits,,K01,no,partial,Set limits.,Assay
shell-in-container,a shell in a container,,K05,no,total,Look at what ran.,Assay
service-asks-runtime,the container runtime asked by a service,,K05,no,total,Look at what ran.,Assay
secret-in-clear,a secret that lies in clear,,K08,no,total,Rotate it.,Assay
";

/// A world in rows, with the findings that are looked at in it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The instant.
    pub as_of: Time,
    /// How soon.
    pub policy: Policy,
    /// The rows behind controls.
    pub controls: Controls,
    /// The operator's rules.
    pub environments: EnvironmentRules,
    /// When a sensor's silence becomes a "no".
    pub watching: Watching,
    /// The feeds that were imported.
    pub feeds: Vec<FeedState>,
    /// The assets' keys, by index.
    pub assets: Vec<crate::asset::AssetKey>,
    /// What is so.
    pub facts: Vec<(AssetIdx, FactSeen)>,
    /// Who looked.
    pub coverage: Vec<(AssetIdx, CoverageSeen)>,
    /// What is connected.
    pub edges: Vec<EdgeSeen>,
    /// What is published.
    pub vulns: Vec<Vuln>,
    /// The findings.
    pub findings: Vec<Finding>,
    rows: i64,
}

/// A finding as the road sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its factors.
    pub factors: Factors,
    /// How soon.
    pub assessment: Assessment,
    /// What may be said.
    pub brief: Brief,
}

impl Scene {
    /// A scene with nothing in it.
    pub fn new(as_of: Time, policy: Policy, controls: Controls) -> Self {
        Self {
            as_of,
            policy,
            controls,
            environments: EnvironmentRules { rules: Vec::new(), as_of: Some(as_of) },
            watching: Watching::default(),
            feeds: Vec::new(),
            assets: Vec::new(),
            facts: Vec::new(),
            coverage: Vec::new(),
            edges: Vec::new(),
            vulns: Vec::new(),
            findings: Vec::new(),
            rows: 0,
        }
    }

    /// The world of these rows.
    pub fn world(&self) -> World {
        let mut world = World::empty(self.as_of, self.environments.clone(), self.watching);
        world.feeds.clone_from(&self.feeds);
        for (row, key) in (1..).zip(&self.assets) {
            world.add_asset(row, key.clone());
        }
        for (about, fact) in &self.facts {
            world.add_fact(*about, fact.clone());
        }
        for (about, window) in &self.coverage {
            world.add_coverage(*about, window.clone());
        }
        for edge in &self.edges {
            world.add_edge(edge.clone());
        }
        for (row, vuln) in (1..).zip(&self.vulns) {
            world.add_vuln(row, vuln.clone());
        }
        world
    }

    /// A finding as the road sees it.
    pub fn see(&self, world: &World, finding: &Finding) -> Seen {
        let factors = context(&Subject::of(finding, world, &self.controls), world);
        let assessment = assess(factors.inputs(), &self.policy);
        let brief = brief(finding, &factors, &assessment, world, &self.policy, &self.controls);
        Seen { factors, assessment, brief }
    }

    /// The explanation of a finding.
    ///
    /// # Errors
    /// When the final scan finds a secret.
    pub fn tell(
        &self,
        finding: &Finding,
        seen: &Seen,
        settled: &Settled,
        catalogue: &Catalogue,
        door: &dyn Door,
    ) -> Result<Guarded<Document>, Alarm> {
        let mend = finding.fixed_in().map(|version| Mend { version: version.clone(), closes: 1 });
        let told = Told {
            finding,
            factors: &seen.factors,
            assessment: &seen.assessment,
            due: None,
            brief: &seen.brief,
            settled,
            policy: &self.policy,
            controls: &self.controls,
            same_cause: 1,
            mend: mend.as_ref(),
            similar: &crate::similar::Similar::default(),
            as_of: self.as_of,
        };
        render(&told, catalogue, door)
    }

    /// All findings in order, as the list of a million is made.
    pub fn table(&self, world: &World) -> RankTable {
        let numbered = Numbered::of(&self.findings);
        let gain = |class, name: &Opaque| self.controls.gain_of(class, name.reveal()).map(|(gain, ..)| gain);
        let mut ranking = Ranking::new(world, &numbered.names, gain);
        for finding in &self.findings {
            let asset = self.assets.iter().position(|k| *k == finding.place.asset).map_or(0, |i| i as i64 + 1);
            let vuln = match &finding.matter {
                Matter::Vulnerability { id, .. } => self.vulns.iter().position(|v| v.id == *id).map(|i| i as i64 + 1),
                _ => None,
            };
            ranking.add(&StoredRow {
                id: finding.id,
                fingerprint: finding.fingerprint,
                class: finding.class,
                asset,
                container: finding.place.container.reveal(),
                vuln,
                package: numbered.package(finding),
                control: numbered.control(finding),
                presence: finding.life.presence,
                fix: finding.fixed_in().is_some(),
                stage: finding.stage,
                clock_start: finding.clock_start,
                cause: u32::from_be_bytes([0, 1, 2, 3].map(|i| finding.cause.bytes()[i])),
                recorded: None,
                decided: finding.decision.as_ref().is_some_and(|d| d.takes_out(self.as_of)),
                silent: finding.words.iter().all(|w| w.stands == Word::Silent),
            });
        }
        ranking.finish(&self.policy)
    }
}

/// Packages and controls under the numbers that a store would give them.
struct Numbered {
    names: Names,
    packages: BTreeMap<PackageKey, i64>,
    controls: BTreeMap<Opaque, i64>,
}

impl Numbered {
    fn of(findings: &[Finding]) -> Self {
        let mut numbered = Self { names: Names::default(), packages: BTreeMap::new(), controls: BTreeMap::new() };
        for finding in findings {
            if let Matter::Vulnerability { package, .. } = &finding.matter {
                let row = numbered.packages.len() as i64 + 1;
                let row = *numbered.packages.entry(package.clone()).or_insert(row);
                numbered.names.packages.insert(row, package.clone());
            }
            if let Some(name) = control_name(finding) {
                let row = numbered.controls.len() as i64 + 1;
                let row = *numbered.controls.entry(name.clone()).or_insert(row);
                numbered.names.controls.insert(row, name);
            }
        }
        numbered
    }

    fn package(&self, finding: &Finding) -> Option<i64> {
        match &finding.matter {
            Matter::Vulnerability { package, .. } => self.packages.get(package).copied(),
            _ => None,
        }
    }

    fn control(&self, finding: &Finding) -> Option<i64> {
        control_name(finding).and_then(|name| self.controls.get(&name).copied())
    }
}

/// The name under which a row of the ledger keeps what is wrong, where it is no vulnerability.
fn control_name(finding: &Finding) -> Option<Opaque> {
    match &finding.matter {
        Matter::Vulnerability { .. } => None,
        Matter::Control { control, .. } => Some(control.0.clone()),
        Matter::Signal { signal, .. } => Some(signal.0.clone()),
        Matter::Secret { detector, .. } => Some(detector.clone()),
        Matter::Rbac { capability, .. } => Some(Opaque::readmit(capability.as_str())),
    }
}
