//! `assay bench`: the promises of speed and memory, measured here.

use anyhow::Result;
use serde::Serialize;

use super::{print_json, print_text};
use crate::bench::{self, Row};
use crate::cli::{Bench, Global, Output};
use crate::{Ended, clock};

#[derive(Debug, Serialize)]
struct BenchWire {
    rows: Vec<Row>,
    machine: String,
    version: &'static str,
    /// False when the binary was built for debugging: its numbers say nothing.
    optimised: bool,
    at: String,
}

pub(crate) fn run(global: &Global, args: &Bench) -> Result<Ended> {
    let wire = BenchWire {
        rows: bench::run(args.name.as_deref())?,
        machine: bench::machine(),
        version: env!("CARGO_PKG_VERSION"),
        optimised: !cfg!(debug_assertions),
        at: clock::now().to_string(),
    };
    match global.output {
        Output::Json => print_json(&wire)?,
        _ => print_text(&table(&wire))?,
    }
    Ok(Ended::Done)
}

fn table(wire: &BenchWire) -> String {
    let mut out = format!("{}\n", wire.machine);
    if !wire.optimised {
        out.push_str("this binary was built for debugging: its numbers say nothing\n");
    }
    for row in &wire.rows {
        if let Some(why) = &row.skipped {
            out.push_str(&format!("\n{:>12}  {}\n{:>12}  {why}\n", "not measured", row.what, ""));
            continue;
        }
        let value = format!("{} {}", row.value.unwrap_or_default(), row.unit.unwrap_or_default());
        out.push_str(&format!("\n{value:>12}  {}\n", row.what));
        let mut notes = Vec::new();
        notes.extend(row.over.clone());
        if let (Some(aim), Some(met)) = (&row.aim, row.met) {
            notes.push(format!("aim {aim}: {}", if met { "met" } else { "MISSED" }));
        }
        if let (Some(peer), Some(ratio)) = (&row.against, row.ratio) {
            notes.push(format!("{ratio} times as fast as {peer}"));
        }
        if !notes.is_empty() {
            out.push_str(&format!("{:>12}  {}\n", "", notes.join("; ")));
        }
    }
    out
}
