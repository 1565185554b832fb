//! `assay models card`: what a model is, whose it is, what it does here, what was measured of it and what it cannot do.
//! What was measured is data beside the manifest, each number with the command that gives it.

use anyhow::Result;
use assay_models::manifest::{Card, Job, Manifest, Model};
use assay_models::{ModelStore, Reader, read};
use serde::Serialize;

use crate::cli::{Global, Output};
use crate::commands::{print_json, print_text};
use crate::models::named;

#[derive(Debug, Serialize)]
struct CardWire {
    name: &'static str,
    title: &'static str,
    job: &'static str,
    licence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<&'static str>,
    bytes: u64,
    files: Vec<FileWire>,
    state: String,
    used_by_default: bool,
    #[serde(flatten)]
    card: Card,
}

#[derive(Debug, Serialize)]
struct FileWire {
    name: &'static str,
    bytes: u64,
    sha256: String,
}

pub(super) fn run(global: &Global, store: &ModelStore, names: &[String]) -> Result<()> {
    let cards: Vec<CardWire> = match names {
        [] => {
            let models = Manifest::built_in()?.models.iter().map(|model| Ok(card(store, model)));
            models.chain([adapter()]).collect::<Result<_>>()?
        }
        names => names
            .iter()
            .map(|name| if name == read::NAME { adapter() } else { Ok(card(store, named(name)?)) })
            .collect::<Result<_>>()?,
    };
    match global.output {
        Output::Json => print_json(&serde_json::json!({ "models": cards })),
        _ => print_text(&cards.iter().map(text).collect::<Vec<_>>().join("\n")),
    }
}

fn card(store: &ModelStore, model: &'static Model) -> CardWire {
    let file = |file: &'static assay_models::manifest::ModelFile| FileWire {
        name: &file.name,
        bytes: file.bytes,
        sha256: file.sha256.to_string(),
    };
    CardWire {
        name: &model.name,
        title: &model.title,
        job: match model.job {
            Job::Embed => "texts to vectors, for search",
            Job::Plan => "a choice among legal continuations: the order in which facts are told",
        },
        licence: &model.licence,
        terms: model.terms.as_ref().map(|terms| terms.url.as_str()),
        bytes: model.bytes(),
        files: model.files.iter().map(file).collect(),
        state: super::state_text(store.state(model)),
        used_by_default: crate::models::DEFAULTS.contains(&model.name.as_str()),
        card: model.card.clone(),
    }
}

/// The adapter that is part of this build.
fn adapter() -> Result<CardWire> {
    let bytes = Reader::bytes();
    let file = FileWire { name: "read-minilm.safetensors", bytes, sha256: Reader::id().digest.to_string() };
    Ok(CardWire {
        name: read::NAME,
        title: "read-minilm, on all-MiniLM-L6-v2",
        job: "closed questions about the text of a CVE record",
        licence: "Apache-2.0",
        terms: None,
        bytes,
        files: vec![file],
        state: "in this build".to_owned(),
        used_by_default: true,
        card: Reader::card()?,
    })
}

fn text(card: &CardWire) -> String {
    let mut out = format!("{}  ({})\n", card.title, card.name);
    let mut row = |key: &str, value: &str| out.push_str(&format!("  {key:9} {value}\n"));
    row("what", &card.card.what);
    row("job", card.job);
    let default = if card.used_by_default { "yes" } else { "no" };
    row("default", default);
    row("from", &card.card.from);
    row("licence", card.licence);
    if let Some(terms) = card.terms {
        row("terms", terms);
    }
    for file in &card.files {
        row("file", &format!("{}  {} bytes", file.name, file.bytes));
        row("", &file.sha256);
    }
    row("here", &card.state);
    for measured in &card.card.measured {
        row("measured", measured);
    }
    for limit in &card.card.limits {
        row("limit", limit);
    }
    out
}
