//! A large report into an empty ledger, and the same bytes again.

use anyhow::{Result, bail};
use std::path::Path;

use super::row::{Aim, Row, Runs};
use super::{child, report};

const FINDINGS: u64 = 30_000;
const RUNS: usize = 5;
/// What users of DefectDojo report for an import of this size (django-DefectDojo issues 4641 and 6570): about ten minutes.
const DEFECTDOJO_S: f64 = 600.0;

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let path = report::write(folder, 0, FINDINGS)?;
    let path = path.to_string_lossy();
    let mut seconds = Vec::new();
    let mut peaks = Vec::new();
    let mut again = Vec::new();
    for run in 0..RUNS {
        let data = folder.join(format!("data-{run}"));
        let took = child::run(&data, &["ingest", "-o", "json", &path])?;
        expect_new(&took.out, FINDINGS)?;
        seconds.push(took.seconds);
        peaks.push(took.peak_mb);
        let took = child::run(&data, &["ingest", "-o", "json", &path])?;
        expect_new(&took.out, 0)?;
        again.push(took.seconds);
    }
    let seconds = Runs::of(seconds);
    let rate =
        Row::new("findings a second of that", FINDINGS as f64 / seconds.median(), "/s").aim(Aim::AtLeast(6_000.0));
    Ok(vec![
        seconds
            .row("ingest of a 30,000-finding report, durable, deduplicated", "s")
            .against("DefectDojo, as its users report (not measured here)", DEFECTDOJO_S / seconds.median())
            .aim(Aim::AtMost(5.0)),
        rate,
        Runs::of(peaks).row("peak memory of that", "MB").aim(Aim::AtMost(300.0)),
        Runs::of(again).row("the same bytes again: 0 changes", "s").aim(Aim::AtMost(0.5)),
    ])
}

/// A benchmark of something that did not happen is worth nothing.
fn expect_new(out: &[u8], count: u64) -> Result<()> {
    let value: serde_json::Value = serde_json::from_slice(out)?;
    if value["findings"]["new"].as_u64() != Some(count) {
        bail!("expected {count} new findings: {value}");
    }
    Ok(())
}
