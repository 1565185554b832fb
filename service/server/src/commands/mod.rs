//! The commands, one file each: what was typed becomes a call, what came out becomes text or JSON.

pub(crate) mod agent;
pub(crate) mod ask;
pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod decide;
pub(crate) mod demo;
pub(crate) mod digest;
pub(crate) mod doctor;
pub(crate) mod enrich;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod findings;
pub(crate) mod funnel;
pub(crate) mod ingest;
pub(crate) mod intel;
pub(crate) mod models;
pub(crate) mod paths;
pub(crate) mod profiles;
pub(crate) mod rights;
pub(crate) mod scan;
pub(crate) mod serve;
mod table;
pub(crate) mod today;
pub(crate) mod vex;

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::Result;
use assay_core::policy::Policy;
use assay_core::sink::Sink;
use assay_core::text::{Door, Opaque};
use serde::Serialize;

use crate::cli::{Global, Output};
use crate::snapshot::Snapshot;
use crate::{Ended, Usage};

/// Writes a value as JSON to standard output.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// Writes text to standard output.
pub(crate) fn print_text(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The sink for text output: Markdown and HTML when asked for, else the terminal at its width.
pub(crate) fn sink(output: Output) -> Sink {
    match output {
        Output::Md => Sink::Markdown,
        Output::Html => Sink::Html,
        Output::Json => Sink::Json,
        Output::Text => {
            let colour = std::env::var_os("NO_COLOR").is_none() && std::io::stdout().is_terminal();
            let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
            Sink::Terminal { width: columns.or_else(terminal_width).unwrap_or(120), colour }
        }
    }
}

fn terminal_width() -> Option<usize> {
    std::io::stdout().is_terminal().then(|| usize::from(terminal_size::terminal_size().map_or(100, |(w, _)| w.0)))
}

/// A path for people: what it says went through the door too.
pub(crate) fn shown(path: &Path, door: &dyn Door) -> String {
    Opaque::admit_name(&path.to_string_lossy(), door).reveal().to_owned()
}

/// The flag that a command needs to find this folder again; empty where it would look there anyway.
pub(crate) fn data_flag(root: &Path, door: &dyn Door) -> String {
    let found = match std::env::var_os("ASSAY_DATA") {
        Some(data) => Path::new(&data) == root,
        None => root == Global::plain().folder(),
    };
    if found { String::new() } else { format!(" --data {}", quoted(&shown(root, door))) }
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '~' | ':');
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// The order of a band by its name.
pub(crate) fn band_order(policy: &Policy, name: &str) -> Result<u8> {
    let found = policy.bands.iter().position(|b| b.name.eq_ignore_ascii_case(name));
    found.map(|i| i as u8).ok_or_else(|| {
        let names: Vec<&str> = policy.bands.iter().map(|b| b.name.as_str()).collect();
        Usage(format!("no band `{name}` in policy {}: {}", policy.id, names.join(", "))).into()
    })
}

/// Whether `--fail-on` was crossed: an open finding that no decision covers, in that band or a more urgent one.
pub(crate) fn ended(global: &Global, snapshot: &Snapshot) -> Result<Ended> {
    let Some(name) = &global.fail_on else { return Ok(Ended::Done) };
    let limit = band_order(&snapshot.policy, name)?;
    let crossed =
        snapshot.table.list(&snapshot.policy, |row| row.is_open() && !row.is_decided()).any(|r| r.band <= limit);
    Ok(if crossed { Ended::Crossed } else { Ended::Done })
}
