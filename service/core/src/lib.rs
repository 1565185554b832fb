//! The road, in the order in which data moves. Each stage takes a type and returns the next:
//!
//! ```text
//! Observation -> Claim ledger -> World -> Factors -> Assessment -> Brief -> Plan -> Guarded<Document>
//! ```
//!
//! The core does no I/O: no runtime, no clock, no environment. What it needs from outside is a trait in [`ports`].

pub mod named;

pub mod assess;
pub mod asset;
pub mod batch;
pub mod brief;
pub mod catalogue;
pub mod condition;
pub mod context;
pub mod control;
pub mod detector;
pub mod document;
pub mod environment;
pub mod explain;
pub mod finding;
pub mod fingerprint;
pub mod fuse;
pub mod graph;
pub mod ids;
pub mod intel;
pub mod mend;
pub mod observation;
pub mod order;
pub mod place;
pub mod plan;
pub mod policy;
pub mod ports;
pub mod query;
pub mod reconcile;
pub mod records;
#[cfg(any(test, feature = "scenes"))]
pub mod scene;
pub mod scope;
pub mod similar;
pub mod sink;
pub mod text;
pub mod why;
pub mod world;
