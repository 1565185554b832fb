//! What a suite stands on and the core does not have: a ledger, readers, the door. Whoever runs the suites gives them, so
//! that no suite names an implementation.

use std::collections::BTreeMap;
use std::error::Error;

use assay_core::control::Controls;
use assay_core::document::{Document, Guarded};
use assay_core::ids::Time;
use assay_core::observation::Record;
use assay_core::ports::{Embed, Planner, ReadText, Records};
use assay_core::scene::Seen;
use assay_core::scope::Head;
use assay_core::text::Door;
use serde::Deserialize;

/// Why a part failed.
pub type Fault = Box<dyn Error + Send + Sync>;

/// Why a model or data of others is not at hand: what is measured on it is not measured, and says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent(pub String);

impl Absent {
    /// For a ground that has none.
    fn here<T>() -> Result<T, Self> {
        Err(Self("this ground has none".to_owned()))
    }
}

/// Objects of a cluster, and what is known of how they were shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Documents in YAML, or a `List` in JSON.
    pub objects: &'a str,
    /// Whether an API server showed them, and not the operator by manifests.
    pub live: bool,
    /// Whether they are all that there is.
    pub complete: bool,
}

impl<'a> Shown<'a> {
    /// All objects of an API server.
    pub fn all_live(objects: &'a str) -> Self {
        Self { objects, live: true, complete: true }
    }
}

/// What is asked about what a report said.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Tickets, each enriched.
    pub tickets: Vec<String>,
    /// Questions of a person.
    pub questions: Vec<String>,
}

/// What is left of a report, and what is shown of it.
#[derive(Debug, Default)]
pub struct Traces {
    /// Places where bytes are kept or sent, with all of them: the folder of the ledger, the log, prompts.
    pub kept: Vec<(String, Vec<u8>)>,
    /// The rank of each vulnerability.
    pub ranks: BTreeMap<String, u32>,
    /// Documents that a person sees, by surface.
    pub shown: Vec<(String, Guarded<Document>)>,
}

/// The parts of the road that are not the core's.
pub trait Ground {
    /// A ledger.
    type Records: Records;

    /// A new ledger with nothing in it.
    ///
    /// # Errors
    /// When none can be made.
    fn records(&self) -> Result<Self::Records, Fault>;

    /// Reads a report that was received at an instant, whatever its format; `take` answers false when it wants no more.
    ///
    /// # Errors
    /// When it is no report.
    fn read(&self, report: &str, at: Time, take: &mut dyn FnMut(Record) -> bool) -> Result<Head, Fault>;

    /// Scans objects that were looked at at an instant.
    ///
    /// # Errors
    /// When they cannot be read.
    fn scan(&self, shown: Shown<'_>, at: Time, take: &mut dyn FnMut(Record) -> bool) -> Result<Head, Fault>;

    /// The rows behind controls.
    ///
    /// # Errors
    /// When they cannot be read.
    fn controls(&self) -> Result<Controls, Fault>;

    /// The door for texts from outside.
    fn door(&self) -> &dyn Door;

    /// The model that reads texts of CVE records.
    ///
    /// # Errors
    /// When it is not installed or cannot be used.
    fn reader(&self) -> Result<Box<dyn ReadText>, Absent> {
        Absent::here()
    }

    /// The model that chooses among short answers, behind a fixed text of ours.
    ///
    /// # Errors
    /// When it is not installed or cannot be used.
    fn planner(&self, _system: &str) -> Result<Box<dyn Planner>, Absent> {
        Absent::here()
    }

    /// The same model where it weighs phrases; `empty` is the prompt as it is without facts.
    ///
    /// # Errors
    /// When it is not installed or cannot be used.
    fn phrases(&self, _system: &str, _empty: &str) -> Result<Box<dyn Planner>, Absent> {
        Absent::here()
    }

    /// The model that makes vectors of texts.
    ///
    /// # Errors
    /// When it is not installed or cannot be used.
    fn embedder(&self) -> Result<Box<dyn Embed>, Absent> {
        Absent::here()
    }

    /// Findings of a cluster that was lived in, rather than drawn: each open one of the demo.
    ///
    /// # Errors
    /// When the demo cannot be made.
    fn lived(&self) -> Result<Vec<Seen>, Fault> {
        Ok(Vec::new())
    }

    /// CVE texts of others with what was published about them, as JSON lines. They are no part of the project.
    ///
    /// # Errors
    /// When they are not at hand.
    fn cves(&self) -> Result<String, Absent> {
        Absent::here()
    }

    /// Their descriptions, by id.
    ///
    /// # Errors
    /// When they are not at hand.
    fn descriptions(&self) -> Result<BTreeMap<String, String>, Absent> {
        #[derive(Deserialize)]
        struct Line {
            cve: String,
            description: String,
        }
        let text = self.cves()?;
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        Ok(lines.map(|line| (line.cve, line.description)).collect())
    }

    /// What the door takes out and what it leaves, as recipes: one JSON object a line.
    fn secret_recipes(&self) -> &str;

    /// Takes in a report, tells everything that there is to tell, answers what is asked, and hands out every trace of it.
    ///
    /// # Errors
    /// When a part fails.
    fn traces(&self, report: &str, asked: &Asked, at: Time) -> Result<Traces, Fault>;
}
