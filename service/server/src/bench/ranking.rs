//! A million findings: how long it takes to put them in order anew, to give a page, and how much memory the order needs.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use assay_core::finding::FindingClass;

use super::report;
use super::row::{Aim, Row, Runs};
use crate::app::App;
use crate::cli::Global;
use crate::commands::findings::{Filter, list};

const FINDINGS_AN_IMAGE: u64 = 30_000;
const IMAGES: u64 = 34;
const RUNS: usize = 5;
const PAGES: usize = 200;
const PAGE: usize = 50;

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let (data, ingesting) = report::ledger(folder, IMAGES, FINDINGS_AN_IMAGE)?;
    let last = ingesting.last().copied().unwrap_or_default();
    let app = App::on(&data, &Global::plain())?;
    let mut store = app.store()?;
    let started = Instant::now();
    let snapshot = app.snapshot(&mut store)?;
    let loading = started.elapsed().as_secs_f64();

    let mut table = snapshot.table.clone();
    let ranking = (0..RUNS).map(|_| {
        let started = Instant::now();
        table.rank(&snapshot.policy);
        started.elapsed().as_secs_f64()
    });
    let ranking = Runs::of(ranking.collect());
    // What people page through: all of it, one class, one band.
    let filters = [
        Filter { limit: PAGE, ..Filter::default() },
        Filter { limit: PAGE, class: Some(FindingClass::Vulnerability), ..Filter::default() },
        Filter { limit: PAGE, band: Some(1), ..Filter::default() },
    ];
    let mut pages = Vec::new();
    for filter in filters.iter().cycle().take(PAGES) {
        let started = Instant::now();
        list(&store, &snapshot, filter)?;
        pages.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let total = snapshot.table.rows().len();
    Ok(vec![
        ranking.row(&format!("{total} findings put in order anew"), "s").aim(Aim::AtMost(1.0)),
        Runs::of(pages).tail(&format!("first page of {PAGE} of {total}"), 0.99, "ms").aim(Aim::AtMost(200.0)),
        Row::new(&format!("memory of the order of {total} findings"), table.bytes() as f64 / 1e6, "MB")
            .aim(Aim::AtMost(64.0)),
        Row::new(&format!("{total} findings read from the records and put in order, at start"), loading, "s"),
        Row::new(
            &format!("ingest of 30,000 findings into a ledger of {}", total - FINDINGS_AN_IMAGE as usize),
            last,
            "s",
        ),
    ])
}
