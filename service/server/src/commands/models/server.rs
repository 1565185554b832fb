//! `assay models server`: the model server of the configuration, and with `--show` everything that it would be sent for
//! a finding, byte for byte. Nothing is sent here.

use anyhow::Result;
use assay_core::brief::brief;
use assay_core::catalogue::Catalogue;
use assay_core::plan::{Walk, prompt};
use assay_models::ServerPlanner;
use serde::Serialize;

use crate::app::App;
use crate::cli::rules::no_data;
use crate::cli::{Global, Output};
use crate::commands::{explain, print_json, print_text};
use crate::config::ModelServer;
use crate::{Missing, Usage};

/// Findings that are looked through for one with something to arrange.
const LOOKED_AT_MAX: usize = 100;

#[derive(Debug, Serialize)]
struct ServerWire {
    url: String,
    model: String,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

pub(super) fn run(global: &Global, app: &App, show: bool, id: Option<&str>) -> Result<()> {
    let Some(server) = &app.config.models.server else {
        return Err(Usage(
            "no model server is configured: [models.server] in assay.toml names one (deploy/assay.example.toml)"
                .to_owned(),
        )
        .into());
    };
    let asked = show || id.is_some();
    let request = if asked { Some(request(global, app, server, id)?) } else { None };
    let (finding, request) = request.unzip();
    let wire =
        ServerWire { url: server.url.clone(), model: server.model.clone(), enabled: server.enabled, finding, request };
    match global.output {
        Output::Json => print_json(&wire)?,
        _ => print_text(&text(&wire))?,
    }
    Ok(())
}

/// The finding and the request about it: that of `id`, else the most urgent one that has something to arrange.
fn request(global: &Global, app: &App, server: &ModelServer, id: Option<&str>) -> Result<(String, String)> {
    crate::tls()?;
    if !app.data.has_records() {
        return Err(no_data(global).into());
    }
    let catalogue = Catalogue::bundled()?;
    let planner = ServerPlanner::new(server.settings()?, catalogue.arrange_system.as_str())
        .map_err(|error| Usage(error.to_string()))?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let mut candidates = Vec::new();
    match id {
        Some(id) => candidates.push(explain::find(&store, &snapshot, id)?),
        None => {
            for ranked in snapshot.table.list(&snapshot.policy, |row| row.is_open()).take(LOOKED_AT_MAX) {
                let finding = store.details(&[i64::from(ranked.row.id)], snapshot.world.as_of)?.pop();
                candidates.extend(finding.map(|finding| (finding, ranked)));
            }
        }
    }
    for (finding, ranked) in candidates {
        let factors = snapshot.factors(&finding);
        let assessment = ranked.assessment();
        let brief = brief(&finding, &factors, &assessment, &snapshot.world, &snapshot.policy, &snapshot.controls);
        if brief.propositions.len() > 1 {
            let prompt = prompt(&brief, &catalogue);
            let sent = planner.would_send(prompt.as_str(), &Walk::new(&brief));
            return Ok((finding.fingerprint.to_string(), sent));
        }
    }
    Err(Missing("no finding here has more than one fact, so no model would be asked".to_owned()).into())
}

fn text(wire: &ServerWire) -> String {
    let state = if wire.enabled { "switched on" } else { "switched off: nothing is sent to it" };
    let mut out = format!("model server {}  {}  {state}\n", wire.url, wire.model);
    match (&wire.finding, &wire.request) {
        (Some(finding), Some(request)) => {
            out.push_str(&format!("for the finding {finding} it would be sent this, and nothing else:\n\n{request}"));
        }
        _ => out.push_str("hint: --show prints what it would be sent\n"),
    }
    out
}
