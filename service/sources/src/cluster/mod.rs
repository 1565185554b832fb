//! Kubernetes objects, from manifests or a live API server, become the core's records: what exists, what runs what and
//! as whom, how the outside gets in, and which controls fail. Comes in: files or an API server. Goes out: records and
//! the head that says what they speak for. It must never write to a cluster, and never read a Secret.

pub mod limits;
pub mod lines;
mod yaml;
