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
pub use plan::LocalPlanner;
pub use pull::Puller;
pub use store::ModelStore;

/// The models folder of the environment, if it holds the model. Tests that need one say so when it does not, and
/// fail where models are required.
#[cfg(test)]
pub(crate) fn installed(name: &str) -> Option<ModelStore> {
    let store = ModelStore::new(std::env::var_os("ASSAY_MODELS").unwrap_or_default());
    let state = store.state(load::model(name).unwrap());
    if state == store::State::Installed {
        return Some(store);
    }
    let required = std::env::var_os("ASSAY_REQUIRE_MODELS").is_some_and(|value| value == "1");
    assert!(!required, "model {name} is required and not installed in ASSAY_MODELS: {state:?}");
    // Past the capture of tests that pass.
    let said = format!("SKIPPED: model {name} is not installed (set ASSAY_MODELS to the models folder)\n");
    std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes()).unwrap();
    None
}
