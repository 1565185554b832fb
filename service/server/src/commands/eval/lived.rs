//! The findings of the demo as the road sees them. Comes in: nothing. Goes out: one entry an open finding. The demo is made
//! in a folder of its own at a fixed instant, so that every run sees the same.

use anyhow::{Context, Result};
use assay_core::brief::brief;
use assay_core::order::Ranked;
use assay_core::scene::Seen;

use crate::app::App;
use crate::cli::Global;
use crate::demo;
use crate::today::counts;

/// The instant at which the demo is looked at.
const AT: &str = "2026-11-24T03:02:00Z";

pub(super) fn findings() -> Result<Vec<Seen>> {
    let place = tempfile::tempdir().context("a folder for the demo")?;
    let root = place.path().join("demo");
    demo::load(&root, AT.parse()?)?;
    let app = App::on(&root, &Global { as_of: Some(AT.to_owned()), ..Global::plain() })?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let ranked: Vec<Ranked<'_>> = snapshot.table.list(&snapshot.policy, counts).collect();
    let mut seen = Vec::with_capacity(ranked.len());
    for some in ranked.chunks(assay_store::DETAILS_MAX) {
        let ids: Vec<i64> = some.iter().map(|r| i64::from(r.row.id)).collect();
        for (ranked, finding) in some.iter().zip(store.details(&ids, snapshot.world.as_of)?) {
            let (factors, assessment) = (snapshot.factors(&finding), ranked.assessment());
            let brief = brief(&finding, &factors, &assessment, &snapshot.world, &snapshot.policy, &snapshot.controls);
            seen.push(Seen { factors, assessment, brief });
        }
    }
    Ok(seen)
}
