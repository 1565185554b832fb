//! The outside, read. Comes in: bytes of reports, manifests, an API server, published feeds. Goes out: the core's
//! records and heads. Secrets are taken out at this door, before anything else sees a byte.

pub mod cluster;
pub mod door;
pub mod intel;
pub mod limits;
pub mod read;
pub mod signals;
pub mod sniff;

/// The rows of our own controls, as the core reads them.
pub use cluster::CONTROLS_CSV as CONTROLS;
/// The rows of our own signals, as the core reads them.
pub use signals::SIGNALS_CSV as SIGNALS;
