//! What unit tests of this crate share.

use std::path::Path;

use crate::app::App;
use crate::cli::{Global, Output};

/// A whole app with a data folder in `dir`, made or found, at an instant, without models: a machine may have any.
pub(crate) fn app(dir: &Path, now: &str) -> App {
    let config = dir.join("assay.toml");
    std::fs::write(&config, "[models]\nenabled = false\n").expect("the folder can be written to");
    let global = Global {
        data: Some(dir.join("data")),
        config: Some(config),
        cluster: Some("test".to_owned()),
        as_of: Some(now.to_owned()),
        output: Output::Json,
        fail_on: None,
    };
    let app = App::new(&global).expect("an app on an empty folder");
    app.data.make().expect("the data folder");
    app
}
