//! Kubernetes objects, from manifests or a live API server, become the core's records: what exists, what runs what and
//! as whom, how the outside gets in, and which controls fail. Comes in: files or an API server. Goes out: records and
//! the head that says what they speak for. It must never write to a cluster, and never read a Secret.

mod address;
pub mod connect;
mod controls;
mod expose;
mod gathered;
mod homes;
mod hosts;
mod json;
mod judge;
pub mod limits;
pub mod lines;
pub mod live;
pub mod manifests;
pub mod model;
mod namespaces;
mod object;
mod parts;
mod rights;
mod runs;
mod scan;
mod secret;
pub mod spans;
mod told;
mod view;
mod yaml;

pub(crate) use address::is_public;
pub use controls::{BadStandardsVersion, CONTROLS_CSV, StandardsVersion, controls};
pub use gathered::Gathered;
pub(crate) use model::Rule;
pub use object::{Object, Origin, Place};
pub(crate) use rights::{lead_further, rights_of_rule};
pub use scan::{ScanHow, ToldBy, records};
pub use secret::{NamedSecret, SecretPlace};
pub use told::{Told, records_of};
