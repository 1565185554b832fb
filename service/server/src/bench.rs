//! `assay bench`: what the promises of speed and memory are worth on this machine. Comes in: nothing but the machine.
//! Goes out: one row a promise, with the aim and whether it was met. Each measure makes its own data in a temporary
//! folder, from a fixed seed, and runs through the doors that users run through.

mod child;
mod cluster;
mod explaining;
mod fleet;
mod ingesting;
mod models;
mod node;
mod ranking;
mod report;
mod retrieving;
mod row;
mod serving;
mod understanding;

use std::path::Path;

use anyhow::Result;

pub(crate) use row::Row;

use crate::Usage;
use crate::progress::Bar;

/// Runs one measure in an empty folder.
type Measure = fn(&Path) -> Result<Vec<Row>>;

/// What runs only when it is asked for.
const BY_NAME: [(&str, Measure); 5] = [
    ("agent", node::measure),
    ("in-use", node::in_use),
    ("fleet", fleet::measure),
    ("cluster", cluster::measure),
    ("models", models::measure),
];

/// What runs without a name, in this order.
const MEASURES: [(&str, Measure); 6] = [
    ("ingest", ingesting::measure),
    ("rank", ranking::measure),
    ("explain", explaining::measure),
    ("retrieve", retrieving::measure),
    ("understand", understanding::measure),
    ("serve", serving::measure),
];

/// Runs one measure, or all of them.
pub(crate) fn run(name: Option<&str>) -> Result<Vec<Row>> {
    let all = || MEASURES.iter().chain(&BY_NAME);
    let chosen: Vec<_> = match name {
        None => MEASURES.iter().collect(),
        Some(name) => all().filter(|(known, _)| *known == name).collect(),
    };
    if chosen.is_empty() {
        let names: Vec<&str> = all().map(|(name, _)| *name).collect();
        return Err(Usage(format!("no benchmark `{}`: {}", name.unwrap_or_default(), names.join(", "))).into());
    }
    let mut progress = Bar::count("measuring", chosen.len() as u64);
    let mut rows = Vec::new();
    for (at, (name, measure)) in chosen.into_iter().enumerate() {
        progress.say(name);
        let folder = tempfile::tempdir()?;
        rows.extend(measure(folder.path())?);
        progress.at(at as u64 + 1);
    }
    Ok(rows)
}

/// The machine, in words: what a number means nothing without.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let line = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.lines().find_map(|l| l.strip_prefix(key).and_then(|l| l.split_once(':'))).map(|(_, v)| v.trim().to_owned())
    };
    let cpu = line("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = line("/proc/meminfo", "MemTotal")
        .and_then(|v| v.split(' ').next().and_then(|n| n.parse::<u64>().ok()))
        .map_or_else(String::new, |kb| format!(", {} GB memory", kb / 1_000_000));
    format!("{cores} cores of {cpu}{memory}, {} {}", std::env::consts::OS, std::env::consts::ARCH)
}
