//! `assay decide`: what a person concluded, with reason and end.

use anyhow::Result;
use assay_core::finding::{Decision, Finding};
use assay_core::ids::Time;
use assay_core::text::{Opaque, Shaped};

use super::explain::find;
use super::{data_flag, ended, print_json, print_text};
use crate::app::App;
use crate::cli::{Decide, Global, Output};
use crate::snapshot::Snapshot;
use crate::wire::{DecisionWire, full_name, title};
use crate::{Ended, Usage};

pub(crate) fn run(global: &Global, args: &Decide) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let (finding, _) = find(&store, &snapshot, &args.id)?;
    let door = app.door()?;
    let by = args.by.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "cli".to_owned());
    let by = Opaque::admit_name(&by, &door);
    if args.withdraw {
        return withdraw(global, &app, &finding, &by);
    }
    let status = args.status.as_deref().unwrap_or_default();
    let decision = Decision {
        status: status.parse().map_err(|e| Usage(format!("--status: {e}")))?,
        justification: args.justification.as_deref().map(|j| j.parse()).transpose().map_err(Usage::from_error)?,
        note: Opaque::admit(&args.note, &door),
        by,
        at: app.now(),
        until: args.until.as_deref().map(|t| t.parse::<Time>()).transpose().map_err(Usage::from_error)?,
    };
    let decision = decision.checked().map_err(Usage::from_error)?;
    store.decide(finding.id, &decision, &relies_on(&snapshot, &finding), "person")?;
    let snapshot = app.refreshed(&mut store)?;
    match global.output {
        Output::Json => print_json(&DecisionWire::of(&decision, snapshot.world.as_of))?,
        _ => {
            let until = decision.until.map_or_else(|| "for good".to_owned(), |t| format!("until {t}"));
            let effect = match (decision.takes_out(snapshot.world.as_of), decision.until) {
                (true, Some(_)) => "It is out of today until then",
                (true, None) => "It is out of today",
                (false, _) => "It stays in today",
            };
            print_text(&format!(
                "{}\n{} {until}, by {}.\n{effect}; band, points and rank are as they were.\nTo take it back: assay decide {} --withdraw{}\n",
                named(&snapshot, &finding),
                decision.word(),
                decision.by.reveal(),
                short(&finding),
                data_flag(app.data.root(), &door),
            ))?;
        }
    }
    ended(global, &snapshot)
}

/// Ends the decision of a person that stands.
fn withdraw(global: &Global, app: &App, finding: &Finding, by: &Opaque) -> Result<Ended> {
    let mut store = app.store()?;
    let withdrawn = store.withdraw(finding.id, app.now(), by)?;
    let snapshot = app.refreshed(&mut store)?;
    let named = named(&snapshot, finding);
    if !withdrawn {
        return Err(Usage(format!("{named}\nno decision of a person stands on it")).into());
    }
    match global.output {
        Output::Json => print_json(&serde_json::json!({ "id": finding.fingerprint.to_string(), "withdrawn": true }))?,
        _ => print_text(&format!(
            "{named}\nThe decision is withdrawn; it stays in the records, and the deadline runs as if it had not been made.\n"
        ))?,
    }
    ended(global, &snapshot)
}

/// Which finding was meant: a number of today's list may mean another one by now.
fn named(snapshot: &Snapshot, finding: &Finding) -> String {
    let asset = &finding.place.asset;
    let place = full_name(asset);
    format!("{}  {}, {}", short(finding), title(snapshot, finding), place.trim_start_matches('/'))
}

/// The beginning of its id: enough to name it again.
fn short(finding: &Finding) -> Shaped {
    Shaped::Finding(finding.fingerprint)
}

/// The factor values that a decision leans on: when one of them changes, the finding comes back with the fact that did.
pub(crate) fn relies_on(snapshot: &Snapshot, finding: &Finding) -> String {
    let rows = snapshot.factors(finding).rows(&snapshot.policy);
    let values: std::collections::BTreeMap<&str, &str> =
        rows.iter().map(|r| (r.name.as_str(), r.value.as_str())).collect();
    serde_json::to_string(&values).unwrap_or_default()
}
