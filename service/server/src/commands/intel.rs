//! `assay intel`: published feeds, from files or from the places that the configuration names.

mod read;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Result;
use assay_core::ids::Digest;
use assay_core::intel::Feed;
use assay_core::text::how_many;
use assay_sources::intel::{ImportHow, import_path};
use assay_sources::limits::ReadLimits;
use assay_sources::read::Flow;
use assay_store::StoreError;
use serde::Serialize;
use sha2::Digest as _;

use super::{ended, print_json, print_text};
use crate::app::App;
use crate::cli::{Global, Intel, Output};
use crate::feeds::{self, Fetched};
use crate::{BadInput, Ended, Missing, Usage};

/// What came of one path.
#[derive(Debug, Serialize)]
struct ImportWire {
    path: String,
    feeds: Vec<FeedWire>,
    notes: u64,
    repeated: bool,
    skipped: Vec<super::ingest::SkippedWire>,
}

#[derive(Debug, Serialize)]
struct FeedWire {
    feed: &'static str,
    published: String,
    age: String,
    rows: u64,
}

/// A feed that could not be read, or the records that could not be written.
#[derive(Debug, thiserror::Error)]
enum ImportFailed {
    #[error(transparent)]
    Read(#[from] assay_sources::intel::ImportError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(crate) fn run(global: &Global, what: &Intel) -> Result<Ended> {
    let app = App::new(global)?;
    match what {
        Intel::Import { paths } => import(global, &app, paths),
        Intel::Update { kev_url, epss_url } => update(global, &app, kev_url.as_deref(), epss_url.as_deref()),
        Intel::Read { limit } => read::run(global, &app, *limit),
        Intel::List => list(global, &app),
    }
}

fn import(global: &Global, app: &App, paths: &[PathBuf]) -> Result<Ended> {
    let mut done = Vec::new();
    let mut refused = 0;
    for path in paths {
        match one(app, path) {
            Ok(wire) => done.push(wire),
            Err(error) => match error.downcast_ref::<ImportFailed>() {
                Some(ImportFailed::Read(_)) => {
                    refused += 1;
                    let cause = error.chain().skip(1).map(|c| format!(": {c}")).collect::<String>();
                    anstream::eprintln!("assay: {error}{cause}");
                }
                _ => return Err(error),
            },
        }
    }
    let mut store = app.store()?;
    let snapshot = app.refreshed(&mut store)?;
    match global.output {
        Output::Json => print_json(&serde_json::json!({ "imports": done }))?,
        _ => print_text(&text(&done))?,
    }
    if refused > 0 {
        return Err(BadInput(format!("{refused} of {} paths were not taken", paths.len())).into());
    }
    ended(global, &snapshot)
}

/// Imports one file or folder in one transaction.
fn one(app: &App, path: &Path) -> Result<ImportWire> {
    let door = app.door()?;
    let limits = ReadLimits::default();
    let at = app.now();
    let sha256 = digest_of(path).map_err(|e| BadInput(format!("{}: {e}", path.display())))?;
    let mut store = app.store()?;
    let mut skipped = Vec::new();
    let imported = store.import_feed::<ImportFailed>(sha256, at, |take| {
        let how = ImportHow { limits: &limits, door: &door, imported_at: at };
        let imported = import_path(path, &how, &mut |note| if take(note) { Flow::More } else { Flow::Stop })?;
        skipped = imported.skipped;
        Ok(imported.feeds)
    })?;
    let feeds = imported
        .feeds
        .iter()
        .map(|f| FeedWire {
            feed: f.feed.as_str(),
            published: f.published.to_string(),
            age: f.published.until(at).to_string(),
            rows: f.rows,
        })
        .collect();
    let skipped = skipped
        .iter()
        .map(|s| super::ingest::SkippedWire { place: s.locator.to_string(), reason: s.reason.to_string() })
        .collect();
    Ok(ImportWire {
        path: path.display().to_string(),
        feeds,
        notes: imported.notes,
        repeated: imported.repeated,
        skipped,
    })
}

/// The digest of a file, or of a folder's files in the order of their names.
fn digest_of(path: &Path) -> std::io::Result<Digest> {
    let files = if path.is_dir() { crate::ingest::folder(path)? } else { vec![path.to_owned()] };
    let mut hasher = sha2::Sha256::new();
    for file in files {
        let mut reader = BufReader::new(File::open(&file)?);
        hasher.update((file.to_string_lossy().len() as u64).to_be_bytes());
        std::io::copy(&mut reader, &mut HashWriter(&mut hasher))?;
    }
    Ok(Digest::from_bytes(hasher.finalize().into()))
}

struct HashWriter<'a>(&'a mut sha2::Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn update(global: &Global, app: &App, kev_url: Option<&str>, epss_url: Option<&str>) -> Result<Ended> {
    let wanted = [
        (Feed::Kev, kev_url.or(app.config.intel.kev_url.as_deref())),
        (Feed::Epss, epss_url.or(app.config.intel.epss_url.as_deref())),
    ];
    if wanted.iter().all(|(_, url)| url.is_none()) {
        return Err(Usage("no feed is named: give --kev-url or --epss-url, or name them under [intel] in assay.toml; `assay intel import PATH` needs no network".to_owned()).into());
    }
    for (feed, url) in wanted.iter().filter_map(|(feed, url)| url.map(|url| (feed, url))) {
        feeds::check(url).map_err(|why| Usage(format!("{feed}: {why}")))?;
    }
    crate::tls()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for (feed, url) in wanted {
        let Some(url) = url else { continue };
        let mut store = app.store()?;
        let known =
            store.feed_etag(feed)?.filter(|(from, _)| from == url).map(|(_, etag)| etag).filter(|e| !e.is_empty());
        app.data.make()?;
        let fetched = runtime.block_on(feeds::fetch(url, known.as_deref(), app.data.root()));
        match fetched {
            // A feed that is older than it might be fails no run in which another came: its age is printed.
            Err(error) => failed.push(format!("{feed}: {error}: {}{}", error.root_cause(), age(app, feed)?)),
            Ok(Fetched::Unchanged) => {
                lines.push(format!("{feed}: not changed since the last fetch{}", age(app, feed)?));
            }
            Ok(Fetched::File { file, etag, sha256 }) => {
                let wire = one(app, file.path())?;
                store.set_feed_etag(feed, url, &etag.unwrap_or_default())?;
                lines.push(format!("{feed}: {} notes, {sha256}{}", wire.notes, age(app, feed)?));
            }
        }
    }
    if lines.is_empty() {
        return Err(Missing(format!(
            "nothing was fetched\n{}\nhint: `assay intel import PATH` takes a file and needs no network",
            failed.join("\n")
        ))
        .into());
    }
    let mut store = app.store()?;
    let snapshot = app.refreshed(&mut store)?;
    lines.extend(failed);
    match global.output {
        Output::Json => print_json(&serde_json::json!({ "updates": lines }))?,
        _ => print_text(&lines.join("\n"))?,
    }
    ended(global, &snapshot)
}

fn age(app: &App, feed: Feed) -> Result<String> {
    let feeds = app.store()?.feeds()?;
    Ok(feeds.iter().find(|f| f.feed == feed).map_or_else(
        || "; no copy of it was ever imported".to_owned(),
        |f| format!("; the last good copy is used, {} old", f.published.until(app.now())),
    ))
}

fn list(global: &Global, app: &App) -> Result<Ended> {
    let store = app.store()?;
    let now = app.now();
    let feeds: Vec<FeedWire> = store
        .feeds()?
        .iter()
        .map(|f| FeedWire {
            feed: f.feed.as_str(),
            published: f.published.to_string(),
            age: f.published.until(now).to_string(),
            rows: f.rows,
        })
        .collect();
    match global.output {
        Output::Json => print_json(&serde_json::json!({ "feeds": feeds }))?,
        _ if feeds.is_empty() => print_text(
            "no feed was imported: `assay intel import PATH` takes the KEV catalogue, EPSS scores and CVE records",
        )?,
        _ => print_text(
            &feeds
                .iter()
                .map(|f| format!("{:12} {}  {} old  {}\n", f.feed, f.published, f.age, rows(f.rows)))
                .collect::<String>(),
        )?,
    }
    Ok(Ended::Done)
}

fn rows(n: u64) -> String {
    how_many(n, "row", "rows")
}

fn text(done: &[ImportWire]) -> String {
    let mut out = String::new();
    for d in done {
        if d.repeated {
            out.push_str(&format!("{}  nothing changed: the same bytes were imported before\n", d.path));
            continue;
        }
        out.push_str(&format!("{}  {}\n", d.path, how_many(d.notes, "note", "notes")));
        for f in &d.feeds {
            out.push_str(&format!("  {} of {}, {} old, {}\n", f.feed, f.published, f.age, rows(f.rows)));
        }
        for s in d.skipped.iter().take(5) {
            out.push_str(&format!("  skipped {}: {}\n", s.place, s.reason));
        }
        if d.skipped.len() > 5 {
            out.push_str(&format!("  .. and {} more; -o json lists them\n", d.skipped.len() - 5));
        }
    }
    out
}
