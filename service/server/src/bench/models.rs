//! `assay bench models`: the models of this machine beside llama.cpp on the same file, the same prompts and the same
//! number of choices, taking turns so that both see the same machine; and MiniLM beside onnxruntime. A peer that is not
//! installed is a row that says so.

mod peer;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use assay_core::brief::{Brief, brief};
use assay_core::catalogue::Catalogue;
use assay_core::ids::Span;
use assay_core::plan::{Walk, prompt};
use assay_core::ports::{Embed, Planner};
use assay_models::plan::PlanLimits;
use assay_models::{Embedder, LocalPlanner, ModelStore};

use self::peer::{Llama, Onnx};
use super::child::memory_mb;
use super::row::{Aim, Row, Runs};
use crate::app::App;
use crate::cli::Global;
use crate::models::named;
use crate::snapshot::Snapshot;
use crate::{clock, demo};

/// Briefs that are arranged for the first row.
const BRIEFS: usize = 40;
/// Findings of a digest.
const DIGEST: usize = 100;
/// Tokens of a long prompt, and of an answer.
const PROMPT_TOKENS: usize = 512;
const ANSWER_TOKENS: usize = 64;
/// How often a raw speed is measured, in turns with the peer.
const TURNS: usize = 5;
/// Texts that are embedded at once, and how often.
const PASSAGES: usize = 64;
const PATIENT: Span = Span::minutes(5);

const EXPLAINED: &str = "explained finding, warm prefix: a model's part, p95";
const AGAINST: &str = "explained finding, warm prefix: our time over llama.cpp's, median";
const DIGESTED: &str = "100 findings arranged for a digest, every brief asked about";
const SHARED: &str = "100 findings arranged for a digest, equal briefs asked about once";
const READ: &str = "prompt of 512 tokens";
const WRITTEN: &str = "output, 26 legal rows of the vocabulary";
const EMBEDDED: &str = "MiniLM, passages of about 70 tokens";
const LOADED: &str = "load of the language model, its digest proven";
const HELD: &str = "memory of this process with both models loaded and used";

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let data = folder.join("data");
    demo::load(&data, clock::now())?;
    let app = App::on(&data, &Global::plain())?;
    let catalogue = Catalogue::bundled()?;
    let models = app.models()?.store();
    let name = app.models()?.planner_name().to_owned();
    let mut rows = Vec::new();
    let system = catalogue.arrange_system.as_str();
    let started = Instant::now();
    match LocalPlanner::load_named(&models, &name, system, PlanLimits::default()) {
        Ok(planner) => {
            rows.push(Row::new(LOADED, started.elapsed().as_secs_f64(), "s").aim(Aim::AtMost(2.0)));
            let mut llama = Llama::start(&file(&models, &name)?, system);
            rows.extend(arranging(&app, &catalogue, &planner, &mut llama)?);
            rows.extend(raw(&planner, &mut llama)?);
        }
        Err(error) => {
            let why = error.to_string();
            rows.extend([LOADED, EXPLAINED, AGAINST, DIGESTED, SHARED, READ, WRITTEN].map(|w| Row::skipped(w, &why)));
        }
    }
    rows.push(embedding(&models)?);
    let memory = memory_mb(std::process::id(), "VmRSS");
    rows.push(match memory.filter(|_| rows.iter().all(|row| row.what != LOADED || row.skipped.is_none())) {
        Some(mb) => Row::new(HELD, mb, "MB").aim(Aim::AtMost(750.0)),
        None => Row::skipped(HELD, "no language model is installed"),
    });
    Ok(rows)
}

fn file(models: &ModelStore, name: &str) -> Result<std::path::PathBuf> {
    let model = named(name)?;
    Ok(models.path(model, model.files.first().context("a model without a file")?))
}

/// The briefs of the demo's open findings that have something to arrange, in the order of the list.
fn briefs(app: &App) -> Result<Vec<Brief>> {
    let mut store = app.store()?;
    let snapshot: Snapshot = app.snapshot(&mut store)?;
    let mut out = Vec::new();
    for ranked in snapshot.table.list(&snapshot.policy, |row| row.is_open()) {
        for finding in store.details(&[i64::from(ranked.row.id)], snapshot.world.as_of)? {
            let factors = snapshot.factors(&finding);
            let assessment = ranked.assessment();
            let brief = brief(&finding, &factors, &assessment, &snapshot.world, &snapshot.policy, &snapshot.controls);
            out.extend(Some(brief).filter(|brief| brief.propositions.len() > 1));
        }
    }
    Ok(out)
}

fn arranging(
    app: &App,
    catalogue: &Catalogue,
    planner: &LocalPlanner,
    llama: &mut Result<Llama, String>,
) -> Result<Vec<Row>> {
    let briefs = briefs(app)?;
    let ours = |brief: &Brief| -> Result<f64> {
        let (prompt, mut walk) = (prompt(brief, catalogue), Walk::new(brief));
        let started = Instant::now();
        planner.choose(prompt.as_str(), &mut walk, PATIENT)?;
        Ok(started.elapsed().as_secs_f64())
    };
    let mut theirs = |brief: &Brief| match llama {
        Ok(llama) => {
            let letters: Vec<char> = brief.handles().map(|handle| handle.letter()).collect();
            llama.arrange(prompt(brief, catalogue).as_str(), &letters).map(Some)
        }
        Err(_) => Ok(None),
    };
    if let Some(first) = briefs.first() {
        // Both read their prefix.
        ours(first)?;
        theirs(first)?;
    }
    let (mut own, mut peer) = (Vec::new(), Vec::new());
    for brief in briefs.iter().take(BRIEFS) {
        own.push(ours(brief)?);
        peer.extend(theirs(brief)?);
    }
    let (own, peer) = (Runs::of(own), Runs::of(peer));
    let mut rows = vec![own.tail(EXPLAINED, 0.95, "s").aim(Aim::AtMost(2.0))];
    rows.push(match llama {
        Ok(_) => {
            let over =
                format!("{BRIEFS} briefs in turns: ours {:.3} s, llama.cpp's {:.3} s", own.median(), peer.median());
            Row::new(AGAINST, own.median() / peer.median(), "x").over(over).aim(Aim::AtMost(0.75))
        }
        Err(why) => Row::skipped(AGAINST, why.as_str()),
    });
    let (mut all, mut shared, mut seen) = (0.0, 0.0, std::collections::BTreeSet::new());
    for brief in briefs.iter().cycle().take(DIGEST) {
        let seconds = ours(brief)?;
        all += seconds;
        shared += if seen.insert(brief.digest().to_string()) { seconds } else { 0.0 };
    }
    rows.push(
        Row::new(DIGESTED, all, "s").over(format!("{} findings of the demo, the first ones again", briefs.len())),
    );
    rows.push(Row::new(SHARED, shared, "s").over(format!("{} different briefs", seen.len())));
    Ok(rows)
}

fn raw(planner: &LocalPlanner, llama: &mut Result<Llama, String>) -> Result<Vec<Row>> {
    let (mut own, mut peer) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..TURNS {
        let speed = planner.speed(PROMPT_TOKENS, ANSWER_TOKENS)?;
        own[0].push(PROMPT_TOKENS as f64 / speed.prompt.as_secs_f64());
        own[1].push(ANSWER_TOKENS as f64 / speed.answer.as_secs_f64());
        if let Ok(llama) = llama {
            let [prompt, answer] = llama.speed(PROMPT_TOKENS, ANSWER_TOKENS)?;
            peer[0].push(PROMPT_TOKENS as f64 / prompt);
            peer[1].push(ANSWER_TOKENS as f64 / answer);
        }
    }
    let mut rows = Vec::new();
    for ((what, own), peer) in [READ, WRITTEN].into_iter().zip(own).zip(peer) {
        let (own, peer) = (Runs::of(own), Runs::of(peer));
        let row = own.row(what, "tokens/s");
        rows.push(match llama {
            Ok(_) => row.against(&format!("llama.cpp ({:.0} tokens/s)", peer.median()), own.median() / peer.median()),
            Err(why) => row.against_nobody(why),
        });
    }
    Ok(rows)
}

fn embedding(models: &ModelStore) -> Result<Row> {
    let embedder = match Embedder::load(models) {
        Ok(embedder) => embedder,
        Err(error) => return Ok(Row::skipped(EMBEDDED, error.to_string())),
    };
    let text = "A heap-based buffer overflow in the header parser of the library allows a remote attacker to execute \
                arbitrary code via a crafted request in versions before the one that is fixed, when the option is \
                enabled, because a length field is trusted before it is checked. An attacker needs a valid account.";
    let texts: Vec<String> = (0..PASSAGES).map(|n| format!("{text} It was found in part {n}.")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    embedder.embed(&texts[..4])?;
    let mut onnx = Onnx::start();
    let (mut own, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let started = Instant::now();
        embedder.embed(&texts)?;
        own.push(PASSAGES as f64 / started.elapsed().as_secs_f64());
        if let Ok(onnx) = &mut onnx {
            peer.push(PASSAGES as f64 / onnx.embed(&texts)?);
        }
    }
    let (own, peer) = (Runs::of(own), Runs::of(peer));
    let row = own.row(EMBEDDED, "passages/s");
    Ok(match onnx {
        Ok(_) => {
            let name = format!("onnxruntime ({:.0} passages/s)", peer.median());
            row.against(&name, own.median() / peer.median())
        }
        Err(why) => row.against_nobody(&why),
    })
}
