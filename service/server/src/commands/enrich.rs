//! `assay enrich`: a ticket in, what is known about it out.

use std::io::Read;

use anyhow::Result;
use assay_core::sink::{Sink, escape};
use assay_core::text::{Opaque, Redacted};
use serde::Serialize;

use super::explain::FORMS;
use super::{print_json, print_text, sink};
use crate::app::App;
use crate::cli::{Enrich, Global, Output};
use crate::shown::Form;
use crate::similar::SimilarWire;
use crate::snapshot::Snapshot;
use crate::ticket::{self, Enrichment};
use crate::wire::{FindingWire, full_name};
use crate::{BadInput, Ended};

/// An enrichment on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct EnrichmentWire {
    pub(crate) findings: Vec<FindingWire>,
    pub(crate) total: usize,
    pub(crate) cves: Vec<String>,
    pub(crate) unmatched: Vec<String>,
    pub(crate) workloads: Vec<String>,
    pub(crate) packages: Vec<Redacted>,
    pub(crate) unknown: Vec<Redacted>,
    pub(crate) similar: SimilarWire,
    pub(crate) text: String,
    pub(crate) markdown: String,
    pub(crate) as_of: String,
}

impl EnrichmentWire {
    pub(crate) fn of(snapshot: &Snapshot, e: &Enrichment<'_>) -> Self {
        let world = &snapshot.world;
        let workloads = e.named.assets.iter().filter_map(|i| world.assets.get(*i as usize));
        Self {
            findings: e.findings.iter().map(|(ranked, finding)| FindingWire::of(snapshot, finding, ranked)).collect(),
            total: e.total,
            cves: e.named.vulns.iter().map(|v| v.to_string()).collect(),
            unmatched: e.unmatched.iter().map(|v| v.to_string()).collect(),
            workloads: workloads.map(|a| full_name(&a.key).trim_start_matches('/').to_owned()).collect(),
            packages: e
                .named
                .packages
                .iter()
                .filter_map(|p| snapshot.names.packages.get(p))
                .map(|p| (&p.name).into())
                .collect(),
            unknown: e.named.unknown.iter().map(Redacted::from).collect(),
            similar: SimilarWire::of(&e.similar),
            text: escape(&e.document, Sink::Ticket),
            markdown: escape(&e.document, Sink::Markdown),
            as_of: world.as_of.to_string(),
        }
    }
}

pub(crate) fn run(global: &Global, args: &Enrich) -> Result<Ended> {
    let app = App::new(global)?;
    let mut bytes = Vec::new();
    let limit = ticket::TICKET_BYTES_MAX as u64 + 1;
    let name = args.ticket.display().to_string();
    let read = if name == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(&args.ticket).and_then(|f| f.take(limit).read_to_end(&mut bytes))
    };
    let hint = "hint: --ticket takes a file with the ticket's text, or - for standard input";
    read.map_err(|e| BadInput(format!("{name}: {e}\n{hint}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|e| BadInput(format!("{name}: not UTF-8 at byte {}", e.utf8_error().valid_up_to())))?;
    if text.trim().is_empty() {
        return Err(BadInput(format!("{name}: it is empty")).into());
    }
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let door = app.door()?;
    let key = args.key.as_deref().map(|k| Opaque::admit_name(k, &door));
    let enrichment = ticket::enrich(&store, &snapshot, &app.words()?.texts, &text, key.as_ref(), &door)?;
    if let Some(key) = &key {
        let findings: Vec<i64> = enrichment.findings.iter().map(|(_, f)| f.id).collect();
        store.keep_ticket(key, &enrichment.text, app.now(), &findings)?;
    }
    let forms = match global.output {
        Output::Json => FORMS.to_vec(),
        Output::Text => vec![Form::Sink(Sink::Ticket)],
        output => vec![Form::Sink(sink(output))],
    };
    ticket::record(&enrichment, &forms)?.keep(&mut store, app.now(), "cli");
    match global.output {
        Output::Json => print_json(&EnrichmentWire::of(&snapshot, &enrichment))?,
        Output::Text => print_text(&escape(&enrichment.document, Sink::Ticket))?,
        output => print_text(&escape(&enrichment.document, sink(output)))?,
    }
    Ok(Ended::Done)
}
