//! Models: local ones on candle, in process, and one behind an address. Comes in: texts of passages and of CVE records,
//! prompts made of our own words. Goes out: vectors, probabilities of closed answers, and choices among continuations that
//! code found legal. It never writes free text, and it knows nothing of findings, stores or sources.
//!
//! [`manifest`] says which models there are, [`ModelStore`] where they lie, [`Puller`] how they get there;
//! [`Embedder`], [`Reader`] and [`LocalPlanner`] are the ports of the core that run on them. [`ServerPlanner`] asks a model
//! server in the place of the last, and a [`Breaker`] says when to leave one alone that fails.

pub mod breaker;
pub mod embed;
pub mod load;
pub mod manifest;
pub mod plan;
pub mod pull;
pub mod read;
pub mod server;
pub mod store;
pub mod vector;

pub use breaker::{Breaker, BreakerLimits};
pub use embed::Embedder;
pub use load::LoadError;
pub use plan::{LocalPlanner, PhrasePlanner};
pub use pull::Puller;
pub use read::Reader;
pub use server::ServerPlanner;
pub use store::ModelStore;

#[cfg(test)]
mod tests;
