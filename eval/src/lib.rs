//! What Assay claims, measured. Comes in: cases written down as data, a seed, and the parts of the road that are wired
//! elsewhere. Goes out: one row a measure, with its aim, and the cases that failed. A suite reads no file and no clock, and
//! the same seed gives the same row.

pub mod arrange;
pub mod byzantine;
pub mod cases;
pub mod conditions;
pub mod context;
pub mod dedup;
pub mod exposure;
pub mod ground;
pub mod guard;
pub mod injection;
pub mod interval;
pub mod lossless;
pub mod moves;
pub mod outcome;
pub mod prefer;
pub mod quote;
pub mod read;
pub mod replay;
pub mod secrets;
pub mod situation;
pub mod state;
#[cfg(test)]
pub(crate) mod testing;
pub mod understand;

use assay_core::catalogue::BadCatalogue;
use assay_core::control::BadControls;
use assay_core::ids::BadVulnId;
use assay_core::named;
use assay_core::policy::BadPolicy;
use assay_core::reading::BadPhrases;
use assay_core::sink::escape;

use crate::cases::BadCase;
use crate::context::Policies;
use crate::ground::{Fault, Ground};
use crate::guard::corpus::{self, Text};
use crate::outcome::Outcome;

named! {
    /// The suites.
    pub enum Suite {
        /// Pairs of situations that differ in one fact, and which of them is more urgent.
        Context = "context",
        /// Moves of a tenant who wants to talk a finding down.
        Moves = "moves",
        /// One image reported by two tools: what must become one finding, and what must not.
        Dedup = "dedup",
        /// Objects of a cluster, and which workloads the Internet reaches.
        Exposure = "exposure",
        /// Random sequences of reports against the ledger.
        State = "state",
        /// Strangers' texts at every place, and whatever they move, open or show.
        Guard = "guard",
        /// A day of events with attacks in it, and the lines that call a person.
        Replay = "replay",
        /// Closed questions about the texts of CVE records.
        Read = "read",
        /// Texts of records, and the conditions of exploitation that they state.
        Conditions = "conditions",
        /// Facts of findings, and who puts them in the better order: the template or a model.
        Arrange = "arrange",
        /// Descriptions of vulnerabilities, and the sentence that says what an attacker can do.
        Quote = "quote",
        /// Pairs of situations of one band, and whether a model's choice between them helps.
        Prefer = "prefer",
        /// What the door takes out, what it leaves, and canaries behind it.
        Secrets = "secrets",
        /// Outputs of a model that does what it likes, against the claims of the threat model.
        Byzantine = "byzantine",
        /// Strangers' texts against every prompt and every rank.
        Interference = "interference",
        /// Strangers' texts through findings, digests, tickets and chat of the whole binary.
        Injection = "injection",
        /// The smallest changes of what is said, on every sink.
        Lossless = "lossless",
        /// Questions as people write them, and the query that each is, or why there is none.
        Understand = "understand",
    }
}

/// How large a suite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Small enough for every change.
    Ci,
    /// The large one.
    Full,
}

/// What is asked of a suite.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// How large.
    pub size: Size,
    /// The seed; none for the suite's own.
    pub seed: Option<u64>,
    /// Cases in place of those of this build, in the form of the suite.
    pub cases: Option<&'a str>,
    /// Texts of other corpora, beside those of this build.
    pub texts: &'a [Text],
}

/// Runs a suite.
///
/// # Errors
/// When cases, a table or a policy cannot be read.
pub fn run(suite: Suite, asked: &Asked<'_>, ground: &impl Ground) -> Result<Vec<Outcome>, EvalError> {
    let bad = |source| EvalError::Cases { suite, source };
    match suite {
        Suite::Context => {
            let pairs = context::read(asked.cases.unwrap_or(context::PAIRS)).map_err(bad)?;
            Ok(vec![context::run(&pairs, &Policies::bundled()?)?])
        }
        Suite::Moves => {
            let moves = moves::read(asked.cases.unwrap_or(moves::MOVES)).map_err(bad)?;
            Ok(vec![moves::run(&moves, &Policies::bundled()?.default, ground)?])
        }
        Suite::Dedup => {
            let (pairs, reports) = dedup::read(asked.cases.unwrap_or(dedup::PAIRS)).map_err(bad)?;
            Ok(dedup::run(&pairs, &reports, ground)?.to_vec())
        }
        Suite::Exposure => {
            let cases = exposure::read(asked.cases.unwrap_or(exposure::CASES)).map_err(bad)?;
            Ok(exposure::run(&cases, ground)?.to_vec())
        }
        Suite::State => {
            let make = || ground.records();
            let outcome = match asked.cases {
                Some(cases) => state::replay(make, &state::read(cases).map_err(bad)?)?,
                None => state::run(make, state::steps(asked.size), asked.seed.unwrap_or(state::SEED))?,
            };
            Ok(vec![outcome])
        }
        Suite::Guard | Suite::Interference | Suite::Injection => {
            let mut texts = corpus::read(asked.cases.unwrap_or(corpus::TEXTS)).map_err(bad)?;
            texts.extend_from_slice(asked.texts);
            if suite == Suite::Injection {
                return Ok(vec![injection::run(&texts, injection::texts(asked.size), ground)?]);
            }
            let road = guard::Road { door: ground.door(), escape: &escape, heed: &|_| {} };
            let seed = asked.seed.unwrap_or(guard::SEED);
            if suite == Suite::Interference {
                let cases = guard::interference_cases(asked.size);
                return Ok(guard::interference(&texts, cases, seed, &road)?.to_vec());
            }
            Ok(vec![guard::run(&texts, guard::cases(asked.size), seed, &road)?])
        }
        Suite::Secrets => {
            let recipes = secrets::read(asked.cases.unwrap_or(ground.secret_recipes())).map_err(bad)?;
            secrets::run(&recipes, asked.seed.unwrap_or(secrets::SEED), ground)
        }
        Suite::Byzantine => {
            let road = byzantine::Road { door: ground.door(), escape: &escape, settle: &byzantine::settled };
            let seed = asked.seed.unwrap_or(byzantine::SEED);
            Ok(vec![byzantine::run(byzantine::cases(asked.size), seed, &road)?])
        }
        Suite::Lossless => Ok(vec![lossless::run(ground.door(), &escape)?]),
        Suite::Understand => {
            let cases = understand::cases(asked.cases.unwrap_or(understand::QUESTIONS)).map_err(bad)?;
            let embedder = ground.embedder().ok();
            understand::run(&cases, embedder.as_deref())
        }
        Suite::Replay => {
            let (places, events) = replay::read(asked.cases.unwrap_or(replay::CASES)).map_err(bad)?;
            let seed = asked.seed.unwrap_or(replay::SEED);
            replay::run(&places, &events, &Policies::bundled()?.default, seed, ground)
        }
        Suite::Read => {
            let reader = match ground.reader() {
                Ok(reader) => reader,
                Err(absent) => return Ok(vec![Outcome::skipped(suite, "texts read", &absent.0)]),
            };
            let published = ground.cves().ok();
            let others = asked.cases.or(published.as_deref()).map(|text| read::others(text, asked.size)).transpose();
            let (texts, aims) = match others.map_err(bad)? {
                Some(texts) => (texts, true),
                None => (read::own().map_err(bad)?, false),
            };
            let seed = asked.seed.unwrap_or(read::SEED);
            read::run(&texts, aims, reader.as_ref(), &Policies::bundled()?.default, seed)
                .map_err(|source| EvalError::Ground { suite, source })
        }
        Suite::Conditions => {
            let sentences = conditions::read(asked.cases.unwrap_or(conditions::SENTENCES)).map_err(bad)?;
            let labels = if asked.cases.is_some() { "" } else { conditions::LABELS };
            let described = ground.descriptions().unwrap_or_default();
            conditions::run(&sentences, &conditions::read(labels).map_err(bad)?, &described)
        }
        Suite::Arrange => arrange::run(asked.size, asked.seed.unwrap_or(arrange::SEED), ground),
        Suite::Prefer => {
            let pairs = context::read(asked.cases.unwrap_or(context::PAIRS)).map_err(bad)?;
            prefer::run(&pairs, &Policies::bundled()?.default, asked.size, ground)
        }
        Suite::Quote => {
            let own = quote::own(asked.cases.unwrap_or(quote::OWN)).map_err(bad)?;
            quote::run(&own, quote::labels(quote::LABELS).map_err(bad)?, ground)
        }
    }
}

/// Why a suite could not be run.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The rows of controls cannot be read.
    #[error("the rows of controls cannot be read")]
    Controls(#[from] BadControls),
    /// A policy cannot be read.
    #[error("a policy cannot be read")]
    Policy(#[from] BadPolicy),
    /// The table of phrases that conditions are read by cannot be read.
    #[error("the table of phrases cannot be read")]
    Phrases(#[from] BadPhrases),
    /// The phrases cannot be read.
    #[error("the phrases cannot be read")]
    Catalogue(#[from] BadCatalogue),
    /// The name of a vulnerability cannot be read.
    #[error("the name of a vulnerability cannot be read")]
    Vuln(#[from] BadVulnId),
    /// What the suite stands on failed.
    #[error("the ground of `{suite}` failed")]
    Ground {
        /// Which suite.
        suite: Suite,
        /// Why.
        #[source]
        source: Fault,
    },
    /// The cases of a suite cannot be read.
    #[error("the cases of `{suite}` cannot be read")]
    Cases {
        /// Which suite.
        suite: Suite,
        /// Where and why.
        #[source]
        source: BadCase,
    },
}
