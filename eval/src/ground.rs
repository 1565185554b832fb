//! What a suite stands on and the core does not have: a ledger, readers, the door. Whoever runs the suites gives them, so
//! that no suite names an implementation.

use std::error::Error;

use assay_core::control::Controls;
use assay_core::ids::Time;
use assay_core::observation::Record;
use assay_core::ports::Records;
use assay_core::scope::Head;
use assay_core::text::Door;

/// Why a part failed.
pub type Fault = Box<dyn Error + Send + Sync>;

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

    /// Scans objects as the API server gave them at an instant, all that there are: a `List` in JSON.
    ///
    /// # Errors
    /// When they cannot be read.
    fn scan(&self, objects: &str, at: Time, take: &mut dyn FnMut(Record) -> bool) -> Result<Head, Fault>;

    /// The rows behind controls.
    ///
    /// # Errors
    /// When they cannot be read.
    fn controls(&self) -> Result<Controls, Fault>;

    /// The door for texts from outside.
    fn door(&self) -> &dyn Door;
}
