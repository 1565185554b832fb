//! `assay decide`: what a person concluded, with reason and end.

use anyhow::Result;
use assay_core::finding::Decision;
use assay_core::ids::Time;
use assay_core::text::Opaque;

use super::explain::find;
use super::{ended, print_json, print_text};
use crate::app::App;
use crate::cli::{Decide, Global, Output};
use crate::snapshot::Snapshot;
use crate::wire::{DecisionWire, title};
use crate::{Ended, Usage};

pub(crate) fn run(global: &Global, args: &Decide) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let (finding, _) = find(&store, &snapshot, &args.id)?;
    let door = app.door()?;
    let by = args.by.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "cli".to_owned());
    let decision = Decision {
        status: args.status.parse().map_err(Usage::from_error)?,
        justification: args.justification.as_deref().map(|j| j.parse()).transpose().map_err(Usage::from_error)?,
        note: Opaque::admit(&args.note, &door),
        by: Opaque::admit_name(&by, &door),
        at: app.now(),
        until: args.until.as_deref().map(|t| t.parse::<Time>()).transpose().map_err(Usage::from_error)?,
    };
    let decision = decision.checked().map_err(Usage::from_error)?;
    store.decide(finding.id, &decision, &relies_on(&snapshot, &finding), "person")?;
    let snapshot = app.refreshed(&mut store)?;
    match global.output {
        Output::Json => print_json(&DecisionWire::of(&decision, snapshot.world.as_of))?,
        _ => {
            let until = decision.until.map_or_else(|| "without an end".to_owned(), |t| format!("until {t}"));
            let effect = if decision.takes_out(snapshot.world.as_of) {
                "It is out of today until then"
            } else {
                "It stays in today"
            };
            print_text(&format!(
                "{}: {} {until}, by {}.\n{effect}; band, points and rank are as they were.\n",
                title(&snapshot, &finding),
                decision.status,
                decision.by.reveal()
            ))?;
        }
    }
    ended(global, &snapshot)
}

/// The factor values that a decision leans on: when one of them changes, the finding comes back with the fact that did.
pub(crate) fn relies_on(snapshot: &Snapshot, finding: &assay_core::finding::Finding) -> String {
    let rows = snapshot.factors(finding).rows(&snapshot.policy);
    let values: std::collections::BTreeMap<&str, &str> =
        rows.iter().map(|r| (r.name.as_str(), r.value.as_str())).collect();
    serde_json::to_string(&values).unwrap_or_default()
}
