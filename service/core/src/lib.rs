//! The road, in the order in which data moves. Each stage takes a type and returns the next:
//!
//! ```text
//! Observation -> Claim ledger -> World -> Factors -> Assessment -> Brief -> Plan -> Guarded<Document>
//! ```
//!
//! The core does no I/O: no runtime, no clock, no environment. What it needs from outside is a trait in [`ports`].

pub mod named;

pub mod asset;
pub mod batch;
pub mod finding;
pub mod fingerprint;
pub mod ids;
pub mod intel;
pub mod observation;
pub mod ports;
pub mod scope;
pub mod text;
