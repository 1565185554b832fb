//! Which workloads the Internet reaches. Comes in: objects of a cluster, with the outcome that Kubernetes' documentation
//! demands for each workload. Goes out: how many of the exposed ones are found, on which ports of theirs; how many of those
//! that are called exposed are; and how often something is called unknown that the objects settle.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use assay_core::asset::AssetKey;
use assay_core::environment::EnvironmentRules;
use assay_core::graph::{Exposure, exposure};
use assay_core::ids::Digest;
use assay_core::observation::{Record, SettledBy};
use assay_core::ports::Records;
use assay_core::records::ReportMeta;
use assay_core::text::Opaque;
use assay_core::world::Watching;
use serde::Deserialize;

use crate::cases::{self, BadCase, Named};
use crate::ground::{Fault, Ground, Shown};
use crate::outcome::Outcome;
use crate::situation::now;
use crate::{EvalError, Suite};

/// The cases of this build.
pub const CASES: &str = include_str!("../data/exposure.jsonl");
/// The share of exposed workloads that must be found.
const RECALL_MIN: f64 = 0.99;
/// The share of those called exposed that must be.
const PRECISION_MIN: f64 = 0.98;

/// Objects, and what is demanded of them.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// Documents in YAML, or a `List` in JSON.
    pub manifest: String,
    /// Whether they are all that there is.
    pub complete: bool,
    /// Whether an API server showed them.
    pub live: bool,
    /// What is demanded of each workload, by kind, namespace and name.
    pub expect: BTreeMap<String, Verdict>,
    /// The rule that it rests on.
    pub rule: String,
    /// Where the rule is written.
    pub page: String,
}

/// How a workload stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The Internet reaches these ports of its pods.
    Exposed(BTreeSet<u16>),
    /// It reaches none.
    Internal {
        /// True because none of it runs.
        not_running: bool,
    },
    /// It cannot be told.
    Unknown(SettledBy),
}

impl Verdict {
    fn is_exposed(&self) -> bool {
        matches!(self, Self::Exposed(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exposed(ports) => write!(f, "exposed on {ports:?}"),
            Self::Internal { not_running: false } => f.write_str("internal"),
            Self::Internal { not_running: true } => f.write_str("internal, not running"),
            Self::Unknown(by) => write!(f, "unknown, settled by {by}"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    manifest: String,
    complete: bool,
    live: bool,
    expect: BTreeMap<String, Said>,
    rule: String,
    page: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "is")]
enum Said {
    Exposed {
        ports: BTreeSet<u16>,
    },
    Internal {
        #[serde(default)]
        not_running: bool,
    },
    Unknown {
        settled_by: String,
    },
}

impl Named for Line {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Line {
    fn case(self) -> Result<Case, String> {
        cases::reason(&self.rule)?;
        if !self.page.starts_with("https://") {
            return Err("it names no page".to_owned());
        }
        if self.expect.is_empty() {
            return Err("it expects nothing".to_owned());
        }
        let verdict = |(name, said): (String, Said)| match said {
            Said::Exposed { ports } => Ok((name, Verdict::Exposed(ports))),
            Said::Internal { not_running } => Ok((name, Verdict::Internal { not_running })),
            Said::Unknown { settled_by } => {
                let by = settled_by.parse().map_err(|_| format!("`{settled_by}` settles nothing"))?;
                Ok((name, Verdict::Unknown(by)))
            }
        };
        let expect = self.expect.into_iter().map(verdict).collect::<Result<_, String>>()?;
        let Self { id, manifest, complete, live, rule, page, .. } = self;
        Ok(Case { id, manifest, complete, live, expect, rule, page })
    }
}

/// Reads cases.
///
/// # Errors
/// When a line is none, or gives no rule or no page.
pub fn read(text: &str) -> Result<Vec<Case>, BadCase> {
    cases::read(text, Line::case)
}

/// Scans each case's objects into a ledger of its own and looks at every workload there.
///
/// # Errors
/// When a part of the ground fails.
pub fn run(cases: &[Case], ground: &impl Ground) -> Result<[Outcome; 4], EvalError> {
    let fault = |source| EvalError::Ground { suite: Suite::Exposure, source };
    let mut all = Tally::default();
    for case in cases {
        let seen = look(case, ground).map_err(|why| fault(format!("{}: {why}", case.id).into()))?;
        let names: BTreeSet<&String> = case.expect.keys().chain(seen.keys()).collect();
        names.into_iter().for_each(|name| all.count(case, name, case.expect.get(name), seen.get(name)));
    }
    Ok(all.outcomes())
}

#[derive(Default)]
struct Tally {
    workloads: usize,
    exposed: usize,
    found: usize,
    called: usize,
    missed: Vec<String>,
    wrongly: Vec<String>,
    unsure: Vec<String>,
    wrong: Vec<String>,
}

impl Tally {
    /// Counts one workload. One that is not labelled, or that nobody saw, is wrong whatever else holds.
    fn count(&mut self, case: &Case, name: &str, want: Option<&Verdict>, got: Option<&Verdict>) {
        let shown = |verdict: Option<&Verdict>| verdict.map_or_else(|| "nothing".to_owned(), ToString::to_string);
        let told = || format!("{}, {name}: {} instead of {}; {}", case.id, shown(got), shown(want), case.rule);
        self.workloads += 1;
        if want != got {
            self.wrong.push(told());
        }
        if want.is_some_and(Verdict::is_exposed) {
            self.exposed += 1;
            if got == want {
                self.found += 1;
            } else {
                self.missed.push(told());
            }
        }
        if got.is_some_and(Verdict::is_exposed) {
            self.called += 1;
            if !want.is_some_and(Verdict::is_exposed) {
                self.wrongly.push(told());
            }
        }
        if matches!(got, Some(Verdict::Unknown(_))) && got != want {
            self.unsure.push(told());
        }
    }

    fn outcomes(self) -> [Outcome; 4] {
        let (suite, right) = (Suite::Exposure, self.called.saturating_sub(self.wrongly.len()));
        [
            Outcome::at_least(
                suite,
                "exposed workloads found on exactly their ports",
                (self.found, self.exposed),
                RECALL_MIN,
                self.missed,
            ),
            Outcome::at_least(
                suite,
                "workloads called exposed that are",
                (right, self.called),
                PRECISION_MIN,
                self.wrongly,
            ),
            Outcome::count(suite, "workloads called unknown that are settled", self.workloads, self.unsure),
            Outcome::share(suite, "workloads with exactly their outcome", self.workloads, self.wrong),
        ]
    }
}

/// How each workload of a case stands, by kind, namespace and name.
fn look<G: Ground>(case: &Case, ground: &G) -> Result<BTreeMap<String, Verdict>, Fault> {
    let mut records = ground.records()?;
    let sha256 = Digest::of_bytes(case.manifest.as_bytes());
    let sender = Opaque::readmit("eval");
    let meta = ReportMeta { sender, format: "eval", idem_key: sha256, sha256, received_at: now() };
    let shown = Shown { objects: &case.manifest, live: case.live, complete: case.complete };
    records.ingest(&meta, |take: &mut dyn FnMut(Record) -> bool| ground.scan(shown, now(), take))?;
    let names = records.names()?;
    let world = records.world(now(), EnvironmentRules::default(), Watching::default(), &names)?;
    let verdicts = world.workloads().map(|at| (called(&world.asset(at).key), verdict(exposure(&world, at))));
    Ok(verdicts.collect())
}

fn called(key: &AssetKey) -> String {
    format!("{}/{}/{}", key.kind, key.namespace.reveal(), key.name.reveal())
}

fn verdict(exposure: Exposure) -> Verdict {
    match exposure {
        Exposure::Exposed { paths, .. } => Verdict::Exposed(paths.iter().map(|path| path.port).collect()),
        Exposure::Internal { not_running, .. } => Verdict::Internal { not_running },
        Exposure::Unknown { settled_by, .. } => Verdict::Unknown(settled_by),
    }
}

#[cfg(test)]
mod tests;
