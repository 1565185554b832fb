//! What a suite stands on and the core does not have: a ledger, readers, the door. Whoever runs the suites gives them, so
//! that no suite names an implementation.

use std::collections::BTreeMap;
use std::error::Error;

use assay_core::control::Controls;
use assay_core::document::{Document, Guarded};
use assay_core::ids::Time;
use assay_core::observation::Record;
use assay_core::ports::Records;
use assay_core::scope::Head;
use assay_core::text::Door;

/// Why a part failed.
pub type Fault = Box<dyn Error + Send + Sync>;

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

    /// What the door takes out and what it leaves, as recipes: one JSON object a line.
    fn secret_recipes(&self) -> &str;

    /// Takes in a report, tells everything that there is to tell, answers what is asked, and hands out every trace of it.
    ///
    /// # Errors
    /// When a part fails.
    fn traces(&self, report: &str, asked: &Asked, at: Time) -> Result<Traces, Fault>;
}
