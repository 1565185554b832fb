//! `assay models`: pull, list, verify, cards, the model server, and vectors for the texts that have none.

mod card;
mod server;

use std::path::Path;

use anyhow::{Context, Result};
use assay_core::ports::Passages;
use assay_models::manifest::{Manifest, Model};
use assay_models::pull::{Fetch, Http, Progress, PullError, Sources};
use assay_models::store::State;
use assay_models::{ModelStore, Puller};
use serde::Serialize;

use super::{print_json, print_text};
use crate::app::App;
use crate::cli::{Global, Models, Output};
use crate::models::{DEFAULTS, named};
use crate::progress::Bar;
use crate::{Ended, Missing};

/// Texts that are embedded at once.
const BATCH: usize = 64;
/// How long a server may be silent.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

#[derive(Debug, Serialize)]
struct ModelWire {
    name: &'static str,
    title: &'static str,
    bytes: u64,
    licence: &'static str,
    state: String,
    folder: String,
}

pub(crate) fn run(global: &Global, what: &Models) -> Result<Ended> {
    let app = App::new(global)?;
    let store = app.models()?.store();
    match what {
        Models::Pull { names, from, accept_license } => pull(&app, &store, names, from.as_deref(), *accept_license)?,
        Models::List => list(global, &app, &store, false)?,
        Models::Verify => list(global, &app, &store, true)?,
        Models::Card { names } => card::run(global, &store, names)?,
        Models::Server { show, finding } => server::run(global, &app, *show, finding.as_deref())?,
        Models::Embed { limit } => embed(&app, *limit)?,
    }
    Ok(Ended::Done)
}

fn pull(app: &App, store: &ModelStore, names: &[String], from: Option<&Path>, terms_accepted: bool) -> Result<()> {
    let manifest = Manifest::built_in().context("the bundled manifest of models")?;
    let wanted: Vec<&Model> = match names {
        [] => DEFAULTS.iter().map(|name| named(name)).collect::<Result<_>>()?,
        names => names.iter().map(|name| named(name)).collect::<Result<_>>()?,
    };
    crate::tls()?;
    let http = Http::new(PATIENCE)?;
    let sources =
        Sources { file: from.map(Path::to_owned), mirror: app.config.models.mirror.clone(), ..Sources::of(manifest) };
    let puller = Puller { store, sources: &sources, fetch: Some(&http as &dyn Fetch), terms_accepted };
    for model in wanted {
        let mut bar = Bar::bytes(&model.name, model.bytes());
        let done = puller.pull(model, &mut |progress| match progress {
            Progress::Bytes { have, .. } => bar.at(have),
            Progress::Trying { file, source } => bar.say(&format!("{file} from {source}")),
            Progress::Passed { file, source, why } => bar.note(&format!("{file}: {source} has it not: {why}")),
            Progress::Present { .. } | Progress::Done { .. } => {}
        });
        drop(bar);
        match done {
            Ok(()) => anstream::eprintln!(
                "{}  in place, checked: {}  ({})",
                model.name,
                store.folder(model).display(),
                model.licence
            ),
            Err(PullError::Terms { terms, .. }) => {
                let text = format!(
                    "{} has terms that you have to accept:\n{}\n{}\nhint: read them, then add --accept-license",
                    model.name, terms.text, terms.url
                );
                return Err(crate::Usage(text).into());
            }
            Err(error) => {
                return Err(anyhow::Error::new(error).context(Missing(format!(
                    "{} could not be had; without it words come from the template and search goes by words",
                    model.name
                ))));
            }
        }
    }
    Ok(())
}

fn list(global: &Global, app: &App, store: &ModelStore, verify: bool) -> Result<()> {
    let manifest = Manifest::built_in().context("the bundled manifest of models")?;
    let mut rows = Vec::new();
    let mut wrong = 0;
    for model in &manifest.models {
        let state = match store.state(model) {
            State::Installed if verify => {
                let mut bar = Bar::bytes(&model.name, model.bytes());
                store.verify(model, &mut |bytes| bar.at(bytes))
            }
            state => state,
        };
        wrong += u32::from(matches!(state, State::Corrupt { .. }));
        let state = match state {
            State::Installed if verify => "installed, content as in the manifest".to_owned(),
            other => state_text(other),
        };
        rows.push(ModelWire {
            name: &model.name,
            title: &model.title,
            bytes: model.bytes(),
            licence: &model.licence,
            state,
            folder: store.folder(model).display().to_string(),
        });
    }
    let arrange = app.config.models.arrange;
    match global.output {
        Output::Json => print_json(&serde_json::json!({ "models": rows, "arrange": arrange.as_str() }))?,
        _ => print_text(
            &rows
                .iter()
                .map(|m| format!("{:24} {:>7.1} MB  {:12} {}\n", m.name, m.bytes as f64 / 1e6, m.licence, m.state))
                .chain([format!("\nFacts are put in order by: {arrange}  ({})\n", arrange.why())])
                .collect::<String>(),
        )?,
    }
    if wrong > 0 {
        return Err(
            Missing(format!("{wrong} models are not what the manifest says; assay models pull mends them")).into()
        );
    }
    Ok(())
}

/// How much of a model is there, in words.
fn state_text(state: State) -> String {
    match state {
        State::Installed => "installed".to_owned(),
        State::Missing => "missing".to_owned(),
        State::Partial { have, want } => format!("{have} of {want} bytes"),
        State::Corrupt { file, why } => format!("wrong: {file}: {why}"),
    }
}

/// Gives vectors to the texts that have none, most urgent first. It can be stopped and goes on where it was.
fn embed(app: &App, limit: usize) -> Result<()> {
    let embedder = app
        .models()?
        .embedder()
        .ok_or_else(|| Missing("the embedding model is not installed: assay models pull".to_owned()))?;
    let mut store = app.store()?;
    let (all, have) = store.vector_progress(embedder.model())?;
    let mut bar = Bar::count("vectors", all.saturating_sub(have));
    let mut done = 0;
    while done < limit {
        let texts = store.without_vector(embedder.model(), BATCH.min(limit - done))?;
        if texts.is_empty() {
            break;
        }
        let plain: Vec<&str> = texts.iter().map(|(_, t)| t.as_str()).collect();
        let vectors = embedder.embed(&plain)?;
        let rows: Vec<(i64, Vec<f32>)> = texts.iter().map(|(id, _)| *id).zip(vectors).collect();
        store.put_vectors(embedder.model(), &rows)?;
        done += rows.len();
        bar.at(done as u64);
    }
    drop(bar);
    let (all, have) = store.vector_progress(embedder.model())?;
    anstream::eprintln!("vectors for {have} of {all} passages");
    Ok(())
}
