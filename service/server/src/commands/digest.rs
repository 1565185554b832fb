//! `assay digest`: the digest of a stretch of time, kept and printed.

use anyhow::Result;
use assay_core::ids::Span;
use assay_core::sink::{Sink, escape};
use serde::Serialize;

use super::explain::FORMS;
use super::{ended, print_json, print_text, sink};
use crate::app::App;
use crate::cli::{DigestArgs, Global, Output};
use crate::digest::{self, Digest, Numbers};
use crate::shown::Form;
use crate::snapshot::Snapshot;
use crate::{Ended, Usage};

/// A digest on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct DigestWire {
    pub(crate) as_of: String,
    pub(crate) since: String,
    pub(crate) numbers: Numbers,
    pub(crate) text: String,
    pub(crate) markdown: String,
}

impl DigestWire {
    pub(crate) fn of(snapshot: &Snapshot, digest: &Digest) -> Self {
        Self {
            as_of: snapshot.world.as_of.to_string(),
            since: digest.since.to_string(),
            numbers: digest.numbers.clone(),
            text: escape(&digest.document, Sink::Ticket),
            markdown: escape(&digest.document, Sink::Markdown),
        }
    }
}

pub(crate) fn run(global: &Global, args: &DigestArgs) -> Result<Ended> {
    let app = App::new(global)?;
    let since: Span = args.since.parse().map_err(Usage::from_error)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let digest = digest::make(&store, &snapshot, snapshot.world.as_of - since, &app.door()?)?;
    if global.as_of.is_none() {
        let path = digest::keep(&mut store, &app.data, &snapshot, &digest)?;
        anstream::eprintln!("kept as {}", path.display());
    }
    let forms = match global.output {
        Output::Json => FORMS.to_vec(),
        Output::Html => vec![Form::DigestPage],
        output => vec![Form::Sink(sink(output))],
    };
    digest::record(&digest, &forms)?.keep(&mut store, app.now(), "cli");
    match global.output {
        Output::Json => print_json(&DigestWire::of(&snapshot, &digest))?,
        Output::Html => print_text(&digest::page(&digest.document))?,
        output => print_text(&escape(&digest.document, sink(output)))?,
    }
    ended(global, &snapshot)
}
