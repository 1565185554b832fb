//! Every trace of a report: a data folder of its own, taken in and told by the surfaces of this binary. Comes in: a report, and
//! what is asked about it. Goes out: the bytes of the folder, the log and the prompts, and the documents that a person sees. The
//! folder is gone afterwards.

use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use assay_core::brief::brief;
use assay_core::finding::Matter;
use assay_core::ids::{Span, Time};
use assay_core::plan::prompt;
use assay_core::query::Query;
use assay_core::text::Opaque;
use assay_eval::ground::{Asked, Traces};
use assay_sources::door::SecretDoor;
use assay_store::{DETAILS_MAX, Store};

use crate::app::App;
use crate::chat::{self, Chat};
use crate::cli::Global;
use crate::commands::findings::{Filter, list};
use crate::snapshot::Snapshot;
use crate::today::{Around, document, gather};
use crate::words::Words;
use crate::{digest, ingest, ticket};

/// The most findings that are explained.
const EXPLAINED_MAX: usize = 200;

/// Takes in the report, tells and answers everything.
pub(super) fn of(report: &str, asked: &Asked, at: Time) -> Result<Traces> {
    let folder = tempfile::tempdir()?;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let mut traces = tracing::subscriber::with_default(subscriber, || told(folder.path(), report, asked, at))?;
    for file in ingest::folder(folder.path())? {
        let name = file.strip_prefix(folder.path()).unwrap_or(&file).display().to_string();
        traces.kept.push((name, std::fs::read(&file)?));
    }
    traces.kept.push(("the log".to_owned(), log.0.lock().unwrap_or_else(PoisonError::into_inner).clone()));
    Ok(traces)
}

fn told(root: &Path, report: &str, asked: &Asked, at: Time) -> Result<Traces> {
    let global = Global { data: Some(root.to_owned()), as_of: Some(at.to_string()), ..Global::plain() };
    let app = App::on(root, &global)?;
    let (mut store, door, words) = (app.store()?, app.door()?, app.words()?);
    let how = ingest::Asked::plain("eval", &app.config.cluster, at);
    ingest::reader(&mut store, &mut Cursor::new(report), &door, &how)?;
    let snapshot = app.snapshot(&mut store)?;
    let all = list(&store, &snapshot, &Filter { limit: DETAILS_MAX, ..Filter::default() })?;
    let mut traces = Traces::default();
    traces.kept.push(("the list".to_owned(), serde_json::to_vec(&all)?));
    let surfaces = Surfaces { app: &app, snapshot: &snapshot, words: &words, door: &door };
    surfaces.explanations(&mut store, &mut traces)?;
    surfaces.digest(&mut store, &mut traces)?;
    surfaces.today(&store, &mut traces)?;
    surfaces.asked(&mut store, asked, &mut traces)?;
    Ok(traces)
}

/// What tells.
struct Surfaces<'a> {
    app: &'a App,
    snapshot: &'a Snapshot,
    words: &'a Words,
    door: &'a SecretDoor,
}

impl Surfaces<'_> {
    fn explanations(&self, store: &mut Store, traces: &mut Traces) -> Result<()> {
        let s = self.snapshot;
        let ids: Vec<i64> =
            s.table.list(&s.policy, |_| true).take(EXPLAINED_MAX).map(|r| i64::from(r.row.id)).collect();
        for chunk in ids.chunks(DETAILS_MAX) {
            for finding in store.details(chunk, s.world.as_of)? {
                let Some(ranked) = s.ranked(finding.id) else { continue };
                if let Matter::Vulnerability { id, .. } = &finding.matter {
                    traces.ranks.insert(id.to_string(), ranked.rank);
                }
                let (factors, assessment) = (s.factors(&finding), ranked.assessment());
                let brief = brief(&finding, &factors, &assessment, &s.world, &s.policy, &s.controls);
                let asked = prompt(&brief, &self.words.catalogue);
                traces.kept.push(("a prompt".to_owned(), asked.as_str().as_bytes().to_vec()));
                let (explained, record) = self.words.explain(store, s, &finding, &ranked, self.door)?;
                if let Some(record) = record {
                    store.keep_plan(&record)?;
                }
                self.words.record(&finding, &explained, &[])?.keep(store, s.world.as_of, "eval");
                traces.shown.push(("an explanation".to_owned(), explained.document));
            }
        }
        Ok(())
    }

    fn digest(&self, store: &mut Store, traces: &mut Traces) -> Result<()> {
        let made = digest::make(store, self.snapshot, self.snapshot.world.as_of - Span::days(1), self.door)?;
        digest::keep(store, &self.app.data, self.snapshot, &made)?;
        traces.shown.push(("the digest".to_owned(), made.document));
        Ok(())
    }

    fn today(&self, store: &Store, traces: &mut Traces) -> Result<()> {
        let around = Around {
            cluster: self.app.config.cluster.reveal(),
            words: &self.words.models.words_label(),
            search: &self.words.models.search_label(store)?,
            digest: None,
            next: Vec::new(),
        };
        let today = gather(store, self.snapshot)?;
        traces.shown.push(("today".to_owned(), document(&today, self.snapshot, &around, self.door)));
        Ok(())
    }

    fn asked(&self, store: &mut Store, asked: &Asked, traces: &mut Traces) -> Result<()> {
        for (n, text) in asked.tickets.iter().enumerate() {
            let key = Opaque::admit_name(&format!("T-{n} {text}"), self.door);
            let found = ticket::enrich(store, self.snapshot, &self.words.texts, text, Some(&key), self.door)?;
            let ids: Vec<i64> = found.findings.iter().map(|(_, f)| f.id).collect();
            store.keep_ticket(&key, &found.text, self.snapshot.world.as_of, &ids)?;
            traces.shown.push(("a ticket".to_owned(), found.document));
        }
        let names = chat::index(store, self.snapshot)?;
        let mut before: Option<Query> = None;
        for question in asked.questions.iter().filter(|q| chat::fits(q).is_ok()) {
            let chat = Chat { store, snapshot: self.snapshot, names: &names, words: self.words, door: self.door };
            let answer = chat.answer(question, before.as_ref())?;
            before = answer.query.or(before);
            traces.shown.push(("an answer".to_owned(), answer.document));
        }
        Ok(())
    }
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
