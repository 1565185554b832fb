//! A question from its text to its typed query, by the parser alone and, for what the parser does not understand, by the model
//! as well, among the names of a large cluster. The questions are those of the suite.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use assay_core::query::{Asked, NameIndex, NameKind, Second, read};
use assay_eval::understand::{NAMES, QUESTIONS, cases, shop};

use super::row::{Aim, Row, Runs};
use crate::app::App;
use crate::cli::Global;

/// Names of workloads, images and packages beside those of the questions.
const NAMES_BESIDE: usize = 100_000;
const BOTH: &str = "question understood by parser and model, those that the parser leaves to it";

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let (mut names, as_of) = shop(NAMES)?;
    crowd(&mut names);
    let questions = cases(QUESTIONS)?;
    let mut times = Vec::new();
    let mut left = Vec::new();
    for case in &questions {
        let started = Instant::now();
        let asked = read(&case.ask, &names, None, as_of);
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if asked.is_err_and(|abstain| abstain.is_open_to_a_model()) {
            left.push(case.ask.as_str());
        }
    }
    let what = format!("question understood by the parser among {NAMES_BESIDE} names");
    let mut rows = vec![Runs::of(times).tail(&what, 0.95, "ms").aim(Aim::AtMost(1000.0))];
    let app = App::on(folder, &Global::plain())?;
    let Some(embedder) = app.models()?.embedder() else {
        rows.push(Row::skipped(BOTH, "no model; `assay models pull` fetches it"));
        return Ok(rows);
    };
    let second = Second::new(embedder.as_ref())?;
    let mut times = Vec::new();
    for question in left {
        let started = Instant::now();
        let first = read(question, &names, None, as_of);
        let asked = Asked { question, names: &names, previous: None, as_of };
        let _ = second.or(first, asked, embedder.as_ref());
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    rows.push(Runs::of(times).tail(BOTH, 0.95, "ms").aim(Aim::AtMost(1000.0)));
    Ok(rows)
}

/// The names of a large cluster, none of which a question says.
fn crowd(names: &mut NameIndex) {
    for n in 0..NAMES_BESIDE / 4 {
        let place = n % 500;
        names.add_workload(&format!("zone-{place}"), &format!("unit{n}-zq{}", n % 97));
        names.add_image(&format!("registry.invalid/crowd/unit{n}"), None);
        names.add(NameKind::Package, &format!("zlib{n}-zq"));
        names.add(NameKind::Container, &format!("unit{n}-zc"));
    }
}
