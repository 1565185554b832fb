//! `assay demo`: the bundled sample cluster, loaded, ranked and explained.

use std::path::{Path, PathBuf};

use anyhow::Result;
use assay_core::finding::FindingClass;
use assay_core::ids::Time;
use assay_core::sink::escape;
use assay_core::text::Door;
use assay_store::DETAILS_MAX;

use super::findings::{Filter, list};
use super::{data_flag, ended, print_json, print_text, shown, sink};
use crate::app::App;
use crate::cli::{Demo, Global, Output};
use crate::shown::Form;
use crate::today::{Around, document, gather};
use crate::{Ended, Usage, clock, demo, http};

/// Where the demo lies when nobody names a place.
const FOLDER: &str = "./assay-demo";

pub(crate) fn run(global: &Global, args: &Demo) -> Result<Ended> {
    let root = args.dir.clone().or_else(|| global.data.clone()).unwrap_or_else(|| PathBuf::from(FOLDER));
    let now = match &global.as_of {
        Some(text) => text.parse().map_err(Usage::from_error)?,
        None => clock::now(),
    };
    let digest = demo::load(&root, now)?;
    let ended = show(global, &root, &digest, now)?;
    if args.serve {
        let app = App::on(&root, &on(&root, None, global))?;
        let listen = args.listen.clone().unwrap_or_else(|| app.config.serve.listen.clone());
        http::serve(app, &listen, Vec::new())?;
    }
    Ok(ended)
}

/// The flags of a run on the demo's folder, with the demo's own configuration whatever the environment names.
fn on(root: &Path, as_of: Option<Time>, global: &Global) -> Global {
    Global {
        data: Some(root.to_owned()),
        as_of: as_of.map(|t| t.to_string()),
        output: global.output,
        fail_on: global.fail_on.clone(),
        ..Global::plain()
    }
}

/// Prints the first screen, one explanation in full, and what to type next.
fn show(global: &Global, root: &Path, digest: &Path, now: Time) -> Result<Ended> {
    let app = App::on(root, &on(root, Some(now), global))?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    if global.output == Output::Json {
        print_json(&list(&store, &snapshot, &Filter { limit: DETAILS_MAX, ..Filter::default() })?)?;
        return ended(global, &snapshot);
    }
    let door = app.door()?;
    let words = app.words()?;
    let path = shown(digest, &door);
    let around = Around {
        cluster: app.config.cluster.reveal(),
        words: &words.models.words_label(),
        search: &words.models.search_label(&store)?,
        digest: Some(&path),
        next: Vec::new(),
    };
    let today = gather(&store, &snapshot)?;
    let sink = sink(global.output);
    let mut pages = vec![escape(&document(&today, &snapshot, &around, &door), sink)];
    let first = today.items.iter().find(|i| i.finding.class == FindingClass::Vulnerability).or(today.items.first());
    if let Some(item) = first {
        let (explained, record) = words.explain(&store, &snapshot, &item.finding, &item.ranked, &door)?;
        pages.push(escape(&explained.document, sink));
        if let Some(record) = record {
            store.keep_plan(&record)?;
        }
        words.record(&item.finding, &explained, &[Form::Sink(sink)])?.keep(&mut store, now, "cli");
    }
    if global.output == Output::Text {
        pages.insert(
            0,
            format!("A sample cluster, bundled: nothing in it is yours. It lies in {}.\n", shown(root, &door)),
        );
        pages.push(next(root, &door));
    }
    print_text(&pages.join("\n"))?;
    ended(global, &snapshot)
}

/// Three commands to try, with the folder where a bare `assay` would look elsewhere.
fn next(root: &Path, door: &dyn Door) -> String {
    let data = data_flag(root, door);
    ["explain 2", "paths", "ask \"what changed since yesterday\""]
        .iter()
        .enumerate()
        .map(|(i, command)| format!("{:16}assay {command}{data}\n", if i == 0 { "Next" } else { "" }))
        .collect()
}
