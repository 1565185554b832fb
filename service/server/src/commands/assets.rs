//! `assay assets`: what there is.

use super::table::columns;
use super::{print_json, print_text};
use crate::Ended;
use crate::app::App;
use crate::cli::{Assets, Global, Output};
use crate::inventory::{self, AssetsWire};
use anyhow::Result;

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
            let level = match (a.pod_security, a.pod_security_enforced) {
                (Some(met), Some(asked)) => format!("{met}, enforced {asked}"),
                (Some(met), None) => met.to_owned(),
                (None, _) => "-".to_owned(),
            };
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
