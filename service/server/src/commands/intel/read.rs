//! `assay intel read`: texts of CVE records that nobody has read, most urgent first. It can be stopped and goes on where
//! it was.

use anyhow::Result;
use assay_core::text::{grouped, how_many};
use serde::Serialize;

use super::super::{ended, print_json, print_text};
use crate::Ended;
use crate::app::App;
use crate::cli::{Global, Output};
use crate::progress::Bar;
use crate::readings::{READ_PACK, Reader};

/// What one reader did.
#[derive(Debug, Serialize)]
struct ReadWire {
    reads: &'static str,
    by: String,
    digest: String,
    read: u64,
    have: u64,
    texts: u64,
}

pub(super) fn run(global: &Global, app: &App, limit: usize) -> Result<Ended> {
    let readers = Reader::all(&app.models()?)?;
    let has_model = readers.iter().any(|r| matches!(r, Reader::Model(_)));
    let mut store = app.store()?;
    let mut done = Vec::new();
    for reader in &readers {
        let (texts, have) = reader.progress(&store)?;
        let mut bar = Bar::count("read", texts);
        let mut read = 0;
        while read < limit {
            let pack = reader.unread(&store, READ_PACK.min(limit - read))?;
            if pack.is_empty() {
                break;
            }
            let rows = reader.read(&pack)?;
            reader.keep(&mut store, app.now(), &rows)?;
            read += rows.len();
            bar.at(have + read as u64);
        }
        drop(bar);
        let (texts, have) = reader.progress(&store)?;
        let id = reader.id();
        done.push(ReadWire {
            reads: reader.job().as_str(),
            by: id.name.to_string(),
            digest: id.digest.to_string(),
            read: read as u64,
            have,
            texts,
        });
    }
    let snapshot = app.refreshed(&mut store)?;
    match global.output {
        Output::Json => print_json(&serde_json::json!({ "readers": done }))?,
        _ => print_text(&text(&done, has_model))?,
    }
    ended(global, &snapshot)
}

fn text(done: &[ReadWire], has_model: bool) -> String {
    let mut out = String::new();
    for d in done {
        let (have, texts) = (grouped(d.have), how_many(d.texts, "text", "texts"));
        out.push_str(&format!("{}: read {have} of {texts} by {}, {} of them now\n", d.reads, d.by, grouped(d.read)));
    }
    if !has_model {
        out.push_str("values: no model that reads is installed; what is published stands, else the policy's default\n");
    }
    out
}
