//! `assay scan`: a cluster, from its manifests or live.

use std::path::Path;

use anyhow::Result;
use assay_core::ids::Digest;
use assay_core::text::Opaque;
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::{Gathered, ToldBy, live, manifests};
use assay_store::Receipt;
use serde::Serialize;

use super::ingest::{CountsWire, SkippedWire};
use super::{ended, print_json, print_text};
use crate::app::App;
use crate::cli::{Global, Live, Output, Scan};
use crate::scan::{self, Kept};
use crate::{BadInput, Ended, Missing};

#[derive(Debug, Serialize)]
struct ScanWire {
    from: String,
    complete: bool,
    observations: u64,
    findings: CountsWire,
    skipped: Vec<SkippedWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

pub(crate) fn run(global: &Global, args: &Scan) -> Result<Ended> {
    let app = App::new(global)?;
    let door = app.door()?;
    let limits = ScanLimits::default();
    let (gathered, told_by, from) = match &args.manifests {
        Some(path) => (from_manifests(path, &limits, &door)?, ToldBy::Operator, path.display().to_string()),
        None => (from_server(&args.live, &limits, &door)?, ToldBy::Server, "the live cluster".to_owned()),
    };
    let complete = args.manifests.is_none() || args.complete;
    let receipt = keep(&app, &gathered, told_by, complete, &door)?;
    let skipped: Vec<SkippedWire> = gathered
        .skipped()
        .map(|s| SkippedWire { place: s.locator.to_string(), reason: s.reason.to_string() })
        .collect();
    let none_read = gathered.objects.is_empty();
    // The objects and the state that they lead to are both large: they are never held together.
    drop(gathered);
    let mut store = app.store()?;
    let snapshot = app.refreshed(&mut store)?;
    let wire = ScanWire {
        from: Opaque::admit_name(&from, &door).reveal().to_owned(),
        complete: receipt.complete,
        observations: receipt.observations,
        findings: CountsWire::from(&receipt),
        skipped,
        hint: receipt.hint.clone(),
    };
    match global.output {
        Output::Json => print_json(&wire)?,
        _ => print_text(&text(&wire))?,
    }
    if none_read && args.manifests.is_some() {
        return Err(BadInput(format!("{from}: no Kubernetes object was read")).into());
    }
    ended(global, &snapshot)
}

fn from_manifests(path: &Path, limits: &ScanLimits, door: &assay_sources::door::SecretDoor) -> Result<Gathered> {
    manifests::read(path, limits, door).map_err(|e| BadInput(format!("{}: {e}", path.display())).into())
}

fn from_server(asked: &Live, limits: &ScanLimits, door: &assay_sources::door::SecretDoor) -> Result<Gathered> {
    let namespaces = asked.namespaces()?;
    let context = asked.context.as_deref();
    on_server(async { live::Server::connect(context).await?.within(namespaces).gather(limits, door).await })
        .map_err(|why| Missing(format!("{why}\nhint: `assay scan --manifests PATH` needs no API server")).into())
}

/// Runs a question to a live cluster to its end; why it has none is said once.
pub(super) fn on_server<T>(asks: impl Future<Output = Result<T, live::LiveError>>) -> Result<T> {
    crate::tls()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime
        .block_on(asks)
        .map_err(|error| Missing(format!("the cluster could not be read: {}", scan::said(error))).into())
}

/// Keeps a scan of the configured cluster as one report, as of this run's instant.
pub(crate) fn keep(
    app: &App,
    gathered: &Gathered,
    told_by: ToldBy,
    complete: bool,
    door: &assay_sources::door::SecretDoor,
) -> Result<Receipt> {
    let seen: Vec<String> = gathered.objects.iter().map(|o| format!("{o:?}")).collect();
    let sha256 = Digest::of_fields(seen.iter().map(|s| s.as_bytes()));
    let kept = Kept { cluster: &app.config.cluster, told_by, complete, as_of: app.now(), sender: "cli", sha256 };
    Ok(scan::keep(&mut app.store()?, gathered, &kept, door)?)
}

fn text(wire: &ScanWire) -> String {
    let c = &wire.findings;
    let mut out = format!(
        "{}  {} objects\n  {} new, {} updated, {} unchanged, {} resolved, {} reopened\n",
        wire.from, wire.observations, c.new, c.updated, c.unchanged, c.resolved, c.reopened
    );
    for s in wire.skipped.iter().take(5) {
        out.push_str(&format!("  skipped {}: {}\n", s.place, s.reason));
    }
    if wire.skipped.len() > 5 {
        out.push_str(&format!("  .. and {} more; -o json lists them\n", wire.skipped.len() - 5));
    }
    if let Some(hint) = &wire.hint {
        out.push_str(&format!("  hint: {hint}\n"));
    }
    out
}
