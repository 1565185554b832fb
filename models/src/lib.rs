//! Local models on candle, in process. Comes in: texts of passages, prompts made of our own words. Goes out:
//! vectors, probabilities of closed answers, and choices among continuations that code found legal. It never writes free text, and it knows
//! nothing of findings, stores or sources.
//!
//! [`manifest`] says which models there are, [`ModelStore`] where they lie, [`Puller`] how they get there;
//! [`Embedder`], [`Reader`] and [`LocalPlanner`] are the ports of the core that run on them.

pub mod embed;
pub mod load;
pub mod manifest;
pub mod plan;
pub mod pull;
pub mod read;
pub mod store;
pub mod vector;

pub use embed::Embedder;
pub use load::LoadError;
pub use plan::{LocalPlanner, PhrasePlanner};
pub use pull::Puller;
pub use read::Reader;
pub use store::ModelStore;

#[cfg(test)]
mod tests;
