//! `assay assets` and `assay paths`: what there is, and how the outside gets in.

use anyhow::Result;
use assay_core::sink::Sink;

use super::table::columns;
use super::{print_json, print_text, sink};
use crate::app::App;
use crate::cli::{Assets, Global, Output, Paths};
use crate::inventory::{self, AssetsWire, PathsWire};
use crate::{Ended, Usage};

pub(crate) fn run(global: &Global, args: &Assets) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let assets = inventory::list(&snapshot, args.namespace.as_deref());
    match global.output {
        Output::Json => print_json(&assets)?,
        _ => print_text(&table(&assets))?,
    }
    Ok(Ended::Done)
}

pub(crate) fn paths(global: &Global, args: &Paths) -> Result<Ended> {
    if args.from != "internet" {
        return Err(Usage(format!("paths from `{}` are not computed yet: --from internet", args.from)).into());
    }
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let paths = inventory::paths(&snapshot);
    match global.output {
        Output::Json => print_json(&paths)?,
        _ => print_text(&ways(&paths))?,
    }
    Ok(Ended::Done)
}

fn table(assets: &AssetsWire) -> String {
    if assets.assets.is_empty() {
        return "nothing is known of a cluster: `assay scan --manifests PATH` or `assay scan` shows one\n".to_owned();
    }
    let rows: Vec<[String; 6]> = assets
        .assets
        .iter()
        .map(|a| {
            let ports = a.exposure.ports.iter().map(|p| format!(":{p}")).collect::<Vec<_>>().join(" ");
            let exposure = if a.exposure.not_running {
                "not running".to_owned()
            } else {
                format!("{} {ports}", a.exposure.value).trim_end().to_owned()
            };
            let level = a.pod_security.unwrap_or("-").to_owned();
            [
                format!("{}/{}", a.namespace, a.name).trim_start_matches('/').to_owned(),
                a.kind.clone(),
                a.environment.to_owned(),
                exposure,
                level,
                a.open_findings.to_string(),
            ]
        })
        .collect();
    columns(["NAME", "KIND", "ENVIRONMENT", "EXPOSURE", "POD SECURITY", "OPEN"], &rows)
}

fn ways(paths: &PathsWire) -> String {
    let mut out = String::new();
    let width = match sink(Output::Text) {
        Sink::Terminal { width, .. } => width,
        _ => 100,
    };
    for way in &paths.paths {
        let traffic = way.path.traffic.as_deref().map_or("no traffic recorded".to_owned(), |t| format!("traffic {t}"));
        let urgent = way
            .most_urgent
            .as_deref()
            .map_or(String::new(), |b| format!("  {} open, most urgent {b}", way.open_findings));
        out.push_str(&format!("{}  {}  {traffic}{urgent}\n", way.workload, way.exposure));
        let mut line = "  internet".to_owned();
        for step in &way.path.steps {
            let piece = format!(" > {} ({})", step.to, step.by);
            if line.chars().count() + piece.chars().count() > width {
                out.push_str(&line);
                out.push('\n');
                line = "   ".to_owned();
            }
            line.push_str(&piece);
        }
        out.push_str(&line);
        out.push('\n');
    }
    if paths.paths.is_empty() {
        out.push_str("no way in from the Internet is in view\n");
    }
    out.push_str(&format!("Shown are {}.\n", paths.limits));
    out
}
