//! What a suite stands on and the core does not have: a ledger, readers, the door. Whoever runs the suites gives them, so
//! that no suite names an implementation.

use std::error::Error;

use assay_core::control::Controls;
use assay_core::ids::Time;
use assay_core::observation::Record;
use assay_core::ports::{Embed, Records};
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

    /// The model that makes vectors of texts; none where the machine has none.
    fn embed(&self) -> Option<&dyn Embed> {
        None
    }
}
