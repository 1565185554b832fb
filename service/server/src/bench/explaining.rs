//! Explanations of the demo's findings: by template, and arranged by the model with the prefix of its prompt warm.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use assay_core::ids::Span;
use assay_store::Store;

use super::row::{Aim, Row, Runs};
use crate::app::App;
use crate::cli::Global;
use crate::config::Arrange;
use crate::snapshot::Snapshot;
use crate::words::Words;
use crate::{clock, demo};

const BY_TEMPLATE: &str = "explanation by template";
const BY_MODEL: &str = "explanation arranged by the model, prompt prefix warm";
/// Different findings that the model is asked about.
const ASKED: usize = 40;

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let data = folder.join("data");
    demo::load(&data, clock::now())?;
    let mut app = App::on(&data, &Global::plain())?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;

    app.config.models.enabled = false;
    let plain = timed(&app, &app.words()?, &store, &snapshot, usize::MAX)?;
    let template = Runs::of(plain.iter().map(|(ms, _)| *ms).collect());
    let mut rows = vec![template.tail(BY_TEMPLATE, 0.95, "ms").aim(Aim::AtMost(10.0))];

    app.config.models.enabled = true;
    app.config.models.arrange = Arrange::Model;
    let mut words = app.words()?;
    // Nobody waits here, so that what is late is measured and not cut off.
    words.budget = Span::minutes(1);
    match words.models.planner() {
        Err(because) => rows.push(Row::skipped(BY_MODEL, because.as_str())),
        Ok(_) => {
            // The first one reads the prefix.
            timed(&app, &words, &store, &snapshot, 1)?;
            let asked = timed(&app, &words, &store, &snapshot, ASKED)?;
            let chosen = asked.iter().filter(|(_, by_model)| *by_model).count();
            let runs = Runs::of(asked.iter().map(|(ms, _)| ms / 1e3).collect());
            let row = runs.tail(BY_MODEL, 0.95, "s").aim(Aim::AtMost(2.0));
            let over = format!("{}, {chosen} of {} by the model", row.over.clone().unwrap_or_default(), asked.len());
            rows.push(row.over(over));
        }
    }
    Ok(rows)
}

/// Explains findings in their order; gives milliseconds and whether a model arranged. Nothing is kept, so that no answer
/// comes from memory.
fn timed(app: &App, words: &Words, store: &Store, snapshot: &Snapshot, most: usize) -> Result<Vec<(f64, bool)>> {
    let door = app.door()?;
    let mut out = Vec::new();
    for ranked in snapshot.table.list(&snapshot.policy, |row| row.is_open()).take(most) {
        for finding in store.details(&[i64::from(ranked.row.id)], snapshot.world.as_of)? {
            words.models.ladder().forget();
            let started = Instant::now();
            let (explained, _) = words.explain(store, snapshot, &finding, &ranked, &door)?;
            let ms = started.elapsed().as_secs_f64() * 1e3;
            out.push((ms, explained.settled.by.model().is_some()));
        }
    }
    Ok(out)
}
