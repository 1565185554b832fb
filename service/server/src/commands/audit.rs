//! `assay audit verify`: every link of the audit chain.

use anyhow::Result;

use super::{print_json, print_text};
use crate::app::App;
use crate::cli::{Global, Output};
use crate::{BadInput, Ended};

pub(crate) fn verify(global: &Global) -> Result<Ended> {
    let app = App::new(global)?;
    let chain = app.store()?.verify_audit()?;
    match global.output {
        Output::Json => print_json(&serde_json::json!({ "links": chain.links, "broken_at": chain.broken_at }))?,
        _ if chain.broken_at.is_none() => print_text(&format!("{} links hold\n", chain.links))?,
        _ => {}
    }
    match chain.broken_at {
        None => Ok(Ended::Done),
        Some(at) => Err(BadInput(format!(
            "link {at} of the audit chain does not hold: a row was changed or removed after it was written"
        ))
        .into()),
    }
}
