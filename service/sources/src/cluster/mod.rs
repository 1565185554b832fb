//! Kubernetes objects, from manifests or a live API server, become the core's records: what exists, what runs what and
//! as whom, how the outside gets in, and which controls fail. Comes in: files or an API server. Goes out: records and
//! the head that says what they speak for. It must never write to a cluster, and never read a Secret.

mod controls;
mod expose;
mod gathered;
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
mod told;
mod view;
mod yaml;

pub use controls::{BadStandardsVersion, CONTROLS_CSV, StandardsVersion, controls};
pub(crate) use expose::address::is_public;
pub use gathered::Gathered;
pub use object::{Object, Origin, Place};
pub(crate) use rights::capabilities;
pub use scan::{ScanHow, ToldBy, records};
pub use told::{Told, records_of};
