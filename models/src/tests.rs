//! What tests of this crate share.

use crate::ModelStore;
use crate::store::State;

/// The models folder of the environment, if it holds the model. Tests that need one say so when it does not, and
/// fail where models are required: `1` those without terms to accept, `all` those with terms too.
pub(crate) fn installed(name: &str) -> Option<ModelStore> {
    let store = ModelStore::new(std::env::var_os("ASSAY_MODELS").unwrap_or_default());
    let model = crate::load::model(name).unwrap();
    let state = store.state(model);
    if state == State::Installed {
        return Some(store);
    }
    let required = std::env::var_os("ASSAY_REQUIRE_MODELS")
        .is_some_and(|value| value == "all" || value == "1" && model.terms.is_none());
    assert!(!required, "model {name} is required and not installed in ASSAY_MODELS: {state:?}");
    // Past the capture of tests that pass.
    let said = format!("SKIPPED: model {name} is not installed (set ASSAY_MODELS to the models folder)\n");
    std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes()).unwrap();
    None
}
