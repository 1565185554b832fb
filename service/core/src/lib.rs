//! The road, in the order in which data moves. Each stage takes a type and returns the next:
//!
//! ```text
//! Observation -> Claim ledger -> World -> Factors -> Assessment -> Brief -> Plan -> Guarded<Document>
//! ```
//!
//! The core does no I/O: no runtime, no clock, no environment. What it needs from outside is a trait in [`ports`].

pub mod named;

// Words that every stage speaks: what a thing is called, and what a stranger may have written.
pub mod asset;
pub mod detector;
pub mod environment;
pub mod ids;
pub mod text;

// Observation: what was said, by whom, in which scope.
pub mod observation;

pub mod batch;
pub mod capability;
pub mod control;
pub mod intel;
pub mod reading;
pub mod scope;

// Claim ledger: which finding a claim is about, and whether it is open.
pub mod finding;
pub mod fingerprint;
pub mod place;
pub mod ports;
pub mod reconcile;
pub mod records;

// World: facts and edges, joined.
pub mod world;

pub mod graph;
pub mod rights;

// What shifted in the cluster since it was looked at before.
pub mod posture;

// Attack paths: who can become whom, and which change cuts most.
pub mod paths;

// Factors: what is known about one finding.
pub mod context;

pub mod drift;

pub mod keep;

pub mod profile;

pub mod condition;

// Assessment: the band by the policy's table, the points, the order.
pub mod assess;

pub mod mend;
pub mod order;
pub mod policy;

// Brief: what may be said.
pub mod brief;

pub mod catalogue;

// Plan: in which order.
pub mod plan;

// Guarded<Document>, and what writes it: the only way for words to come out.
pub mod document;

pub mod explain;
pub mod fuse;
pub mod query;
pub mod quote;
pub mod similar;
pub mod sink;
pub mod why;

#[cfg(any(test, feature = "scenes"))]
pub mod scene;
