//! Local models on candle, in process. Comes in: texts of passages, prompts made of our own words. Goes out:
//! vectors, and choices among continuations that code found legal. It never writes free text, and it knows
//! nothing of findings, stores or sources.
//!
//! [`manifest`] says which models there are, [`ModelStore`] where they lie, [`Puller`] how they get there;
//! [`Embedder`] and [`LocalPlanner`] are the two ports of the core that run on them.

pub mod embed;
pub mod load;
pub mod manifest;
pub mod plan;
pub mod pull;
pub mod store;
mod vector;

pub use embed::Embedder;
pub use load::LoadError;
pub use plan::{LocalPlanner, PhrasePlanner};
pub use pull::Puller;
pub use store::ModelStore;

#[cfg(test)]
mod tests;
