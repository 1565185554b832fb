//! `assay doctor`: what the sensor can attach, which the agent beside this binary says; with `--rights` what may be read of
//! a live cluster. Nothing is created there: each right is tried.

use anyhow::Result;
use assay_core::text::how_many;
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::live::{Right, Server};
use serde::Serialize;

use super::scan::on_server;
use super::table::columns;
use super::{agent, print_json, print_text};
use crate::app::App;
use crate::cli::{Doctor, Global, Output};
use crate::{Ended, Missing, Usage};

#[derive(Serialize)]
struct RightWire<'a> {
    verb: &'a str,
    resource: &'a str,
    group: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    feature: &'a str,
    granted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct RightsWire<'a> {
    rights: Vec<RightWire<'a>>,
}

pub(crate) fn run(global: &Global, args: &Doctor) -> Result<Ended> {
    if !args.rights && args.live.is_given() {
        return Err(Usage("--context and the namespaces go with --rights".to_owned()).into());
    }
    if !args.rights {
        return agent::doctor(global);
    }
    let door = App::new(global)?.door()?;
    let namespaces = args.live.namespaces()?;
    let context = args.live.context.as_deref();
    let limits = ScanLimits::default();
    let rights = on_server(async { Server::connect(context).await?.within(namespaces).rights(&limits, &door).await })?;
    match global.output {
        Output::Json => print_json(&RightsWire { rights: rights.iter().map(RightWire::from).collect() })?,
        _ => print_text(&text(&rights))?,
    }
    let missing = rights.iter().filter(|right| right.missing.is_some()).count() as u64;
    if missing > 0 {
        let what = how_many(missing, "right is", "rights are");
        return Err(Missing(format!(
            "{what} missing: a scan says unknown where they are needed, and closes nothing there"
        ))
        .into());
    }
    Ok(Ended::Done)
}

impl<'a> From<&'a Right> for RightWire<'a> {
    fn from(right: &'a Right) -> Self {
        Self {
            verb: right.verb,
            resource: right.resource,
            group: right.group,
            namespace: right.namespace.as_deref(),
            feature: right.feature,
            granted: right.missing.is_none(),
            reason: right.missing.as_deref(),
        }
    }
}

fn text(rights: &[Right]) -> String {
    let row = |right: &Right| {
        let group = if right.group.is_empty() { String::new() } else { format!(" of {}", right.group) };
        let within = right.namespace.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        let granted = if right.missing.is_none() { "granted" } else { "missing" };
        let what = format!("{}{group}{within}", right.resource);
        [right.verb.to_owned(), what, granted.to_owned(), right.feature.to_owned()]
    };
    let rows: Vec<[String; 4]> = rights.iter().map(row).collect();
    let mut out = columns(["VERB", "ON", "", "FOR"], &rows);
    for why in rights.iter().filter_map(|right| right.missing.as_ref()) {
        out.push_str(&format!("  {why}\n"));
    }
    out
}
