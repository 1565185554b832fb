//! What tests of this crate share.

use crate::ModelStore;
use crate::store::State;

/// The models folder of the environment, if it holds the model. Tests that need one say so when it does not, and
/// fail where models are required.
pub(crate) fn installed(name: &str) -> Option<ModelStore> {
    let store = ModelStore::new(std::env::var_os("ASSAY_MODELS").unwrap_or_default());
    let state = store.state(crate::load::model(name).unwrap());
    if state == State::Installed {
        return Some(store);
    }
    let required = std::env::var_os("ASSAY_REQUIRE_MODELS").is_some_and(|value| value == "1");
    assert!(!required, "model {name} is required and not installed in ASSAY_MODELS: {state:?}");
    // Past the capture of tests that pass.
    let said = format!("SKIPPED: model {name} is not installed (set ASSAY_MODELS to the models folder)\n");
    std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes()).unwrap();
    None
}
