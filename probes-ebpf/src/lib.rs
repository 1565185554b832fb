//! The node's part of Assay: probes in the kernel and the agent that turns what they see into facts with coverage.
//! In the order in which data moves:
//!
//! ```text
//! hooks -> load -> record -> node (attribute, signals, said, coverage) -> assemble -> spool -> ship; run winds the clock
//! ```

pub mod hooks;
pub mod load;
pub mod record;

pub mod cgroups;
pub mod clock;
pub mod nettable;
pub mod peers;
pub mod procscan;

pub mod attribute;
pub mod packages;
pub mod pods;

pub mod container;
pub mod coverage;
pub mod node;
pub mod said;
pub mod signals;

pub mod drain;
pub mod reader;
pub mod sweep;

pub mod assemble;
pub mod keep;
pub mod outlet;
pub mod ship;
pub mod spool;

pub mod capture;
pub mod replay;

pub mod cli;
pub mod doctor;
pub mod run;
pub mod selftest;
mod watch;
