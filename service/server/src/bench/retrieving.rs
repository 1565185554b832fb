//! Search of texts by words and by vectors among a hundred thousand. The texts come from reports; their vectors are drawn
//! at random, because an exact scan takes as long for one vector as for another.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use assay_core::fuse::fuse;
use assay_core::ids::Digest;
use assay_core::ports::{ModelId, Passages};
use assay_core::scene::Dice;

use super::report;
use super::row::{Aim, Row, Runs};
use crate::app::App;
use crate::cli::Global;

const REPORTS: u64 = 10;
const FINDINGS: u64 = 30_000;
const PASSAGES: u64 = 100_000;
const DIMENSIONS: usize = 384;
const QUESTIONS: usize = 200;
const LIMIT: usize = 30;
const EMBEDDING: &str = "embedding of a question";

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let (data, _) = report::ledger(folder, REPORTS, FINDINGS)?;
    let app = App::on(&data, &Global::plain())?;
    let mut store = app.store()?;
    let mut dice = Dice::new(0x5eed);
    let model = ModelId { name: "drawn at random".into(), digest: Digest::from_bytes([7; 32]) };
    let texts = store.without_vector(&model, PASSAGES as usize)?;
    if texts.len() as u64 != PASSAGES {
        bail!("{} passages where {PASSAGES} were expected", texts.len());
    }
    for pack in texts.chunks(10_000) {
        let vectors: Vec<(i64, Vec<f32>)> = pack.iter().map(|(id, _)| (*id, vector(&mut dice))).collect();
        store.put_vectors(&model, &vectors)?;
    }
    let started = Instant::now();
    let index = store.vector_index(&model)?;
    let loading = started.elapsed().as_secs_f64();

    let kinds = ["claim"];
    let mut times = Vec::new();
    for n in 0..QUESTIONS {
        let question = question(&texts[n * 487 % texts.len()].1);
        let vector = vector(&mut dice);
        let started = Instant::now();
        let near = index.near(&vector, &kinds, LIMIT);
        let words = store.matching(&question, &kinds, LIMIT)?;
        let found = fuse(&[&near, &words], LIMIT);
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if found.len() < LIMIT || words.is_empty() {
            bail!("the question {question:?} found {} texts, {} of them by words", found.len(), words.len());
        }
    }
    let what = format!("search by words and vectors in {PASSAGES} passages of one kind");
    let mut rows = vec![
        Runs::of(times).tail(&what, 0.99, "ms").aim(Aim::AtMost(25.0)),
        Row::new(&format!("{PASSAGES} vectors read into memory, at start"), loading, "s"),
    ];
    rows.push(embedding(&app, &texts)?);
    Ok(rows)
}

/// A question with words of a text, as a person would remember it.
fn question(text: &str) -> String {
    let (rare, common): (Vec<&str>, Vec<&str>) =
        text.split_whitespace().filter(|w| w.len() > 3).partition(|w| w.contains(|c: char| c.is_ascii_digit()));
    let some: Vec<&str> = rare.into_iter().chain(common.into_iter().step_by(3)).take(8).collect();
    format!("what do we know about {}", some.join(" "))
}

fn embedding(app: &App, texts: &[(i64, String)]) -> Result<Row> {
    let Some(embedder) = app.models()?.embedder() else {
        return Ok(Row::skipped(EMBEDDING, "no model; `assay models pull` fetches it"));
    };
    let mut times = Vec::new();
    for (_, text) in texts.iter().take(50) {
        let question = question(text);
        let started = Instant::now();
        embedder.embed(&[&question])?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Runs::of(times).row(EMBEDDING, "ms"))
}

/// A vector of length one.
fn vector(dice: &mut Dice) -> Vec<f32> {
    let raw: Vec<f32> = (0..DIMENSIONS).map(|_| (dice.number() >> 40) as f32 / (1u64 << 23) as f32 - 1.0).collect();
    let length = raw.iter().map(|x| x * x).sum::<f32>().sqrt();
    raw.into_iter().map(|x| x / length).collect()
}
