//! `assay ingest`: reports from files, folders and standard input.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use assay_core::text::{Opaque, how_many};
use assay_sources::sniff::Format;
use assay_store::{Receipt, Store};
use serde::Serialize;

use super::{ended, print_json, print_text, shown};
use crate::app::App;
use crate::cli::{Global, Ingest, Output};
use crate::ingest::{self, Asked, IngestError, Taken};
use crate::{BadInput, Ended, Usage};

/// What came of one file.
#[derive(Debug, Serialize)]
pub(crate) struct FileWire {
    pub(crate) file: String,
    pub(crate) format: &'static str,
    pub(crate) scope: Vec<String>,
    pub(crate) complete: bool,
    pub(crate) observations: u64,
    pub(crate) findings: CountsWire,
    pub(crate) skipped: Vec<SkippedWire>,
    pub(crate) doubted: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CountsWire {
    pub(crate) new: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    pub(crate) resolved: u64,
    pub(crate) reopened: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repeats: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct SkippedWire {
    #[serde(rename = "where")]
    pub(crate) place: String,
    pub(crate) reason: String,
}

/// A file that was refused, as JSON.
#[derive(Debug, Serialize)]
struct RefusedWire {
    file: String,
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
    /// True when standard error has said so already.
    #[serde(skip)]
    told: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OneWire {
    Taken(FileWire),
    Refused(RefusedWire),
}

impl FileWire {
    pub(crate) fn of(file: &str, taken: &Taken) -> Self {
        let r = &taken.receipt;
        Self {
            file: file.to_owned(),
            format: taken.format.as_str(),
            scope: r.scopes.clone(),
            complete: r.complete,
            observations: r.observations,
            findings: CountsWire::from(r),
            skipped: r
                .skipped
                .iter()
                .map(|(place, reason)| SkippedWire { place: place.clone(), reason: reason.clone() })
                .collect(),
            doubted: r.doubted,
            hint: r.hint.clone(),
        }
    }
}

impl From<&Receipt> for CountsWire {
    fn from(r: &Receipt) -> Self {
        let c = &r.findings;
        Self {
            new: c.new,
            updated: c.updated,
            unchanged: c.unchanged,
            resolved: c.resolved,
            reopened: c.reopened,
            repeats: r.repeats,
        }
    }
}

/// One file to be read: named by the person, or found in a folder.
struct Todo {
    path: PathBuf,
    named: bool,
}

pub(crate) fn run(global: &Global, args: &Ingest) -> Result<Ended> {
    let app = App::new(global)?;
    let format = args.format.as_deref().map(|f| f.parse::<Format>()).transpose().map_err(Usage::from_error)?;
    let door = app.door()?;
    let source = args.source.as_deref().map(|s| Opaque::admit_name(s, &door));
    let mut todo = Vec::new();
    for path in &args.paths {
        if path.is_dir() {
            let files = ingest::folder(path).map_err(|e| BadInput(format!("{}: {e}", path.display())))?;
            todo.extend(files.into_iter().map(|path| Todo { path, named: false }));
        } else {
            todo.push(Todo { path: path.clone(), named: true });
        }
    }
    let mut store = app.store()?;
    let asked = Asked {
        sender: Opaque::readmit("cli"),
        cluster: &app.config.cluster,
        format,
        source,
        again: args.again,
        key: None,
        received_at: app.now(),
    };
    let mut taken = 0usize;
    let mut refused_named = 0usize;
    let mut hinted = BTreeSet::new();
    let mut results = Vec::new();
    for item in &todo {
        let name = shown(&item.path, &door);
        match one(&mut store, &item.path, &app, &door, &asked) {
            Ok(one) => {
                taken += 1;
                results.push(OneWire::Taken(FileWire::of(&name, &one)));
            }
            Err(error) if error.is_input() => {
                let listed = !item.named && error.is_unknown_format();
                if !listed {
                    refused_named += 1;
                    // What to do is said once, however many files it is about.
                    let hint = error.hint().filter(|hint| hinted.insert(*hint));
                    let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                    anstream::eprintln!("assay: {name}: {}{hint}", error.said());
                }
                let (error, hint) = (error.said(), error.hint());
                results.push(OneWire::Refused(RefusedWire { file: name, error, hint, told: !listed }));
            }
            Err(error) => return Err(anyhow::Error::new(error).context(name)),
        }
    }
    let snapshot = app.refreshed(&mut store)?;
    match global.output {
        Output::Json => match results.as_slice() {
            [one] => print_json(one)?,
            many => print_json(&many)?,
        },
        _ => {
            let table = if todo.is_empty() { "no file lies there\n".to_owned() } else { table(&results) };
            if !table.is_empty() {
                print_text(&table)?;
            }
        }
    }
    if refused_named == 1 && todo.len() == 1 {
        return Err(BadInput(String::new()).into());
    }
    if refused_named > 0 || (taken == 0 && !todo.is_empty()) {
        let kept = if taken > 0 { format!("; {taken} other files were kept") } else { String::new() };
        return Err(BadInput(format!("{} of {} files were not taken{kept}", todo.len() - taken, todo.len())).into());
    }
    ended(global, &snapshot)
}

fn one(
    store: &mut Store,
    path: &Path,
    app: &App,
    door: &assay_sources::door::SecretDoor,
    asked: &Asked<'_>,
) -> Result<Taken, IngestError> {
    if path.as_os_str() != "-" {
        return ingest::file(store, path, door, asked);
    }
    let mut spooled = ingest::spool(&mut std::io::stdin().lock(), app.data.root())?;
    ingest::reader(store, spooled.as_file_mut(), door, asked)
}

fn table(results: &[OneWire]) -> String {
    let mut out = String::new();
    for result in results {
        match result {
            OneWire::Taken(f) => {
                let c = &f.findings;
                let records = how_many(f.observations, "record", "records");
                out.push_str(&format!("{}  {}  {records}\n", f.file, f.format));
                match c.repeats {
                    Some(report) => out.push_str(&format!(
                        "  nothing changed: the same bytes came in as report {report}; --again makes it a second look\n"
                    )),
                    None => out.push_str(&format!(
                        "  {} new, {} updated, {} unchanged, {} resolved, {} reopened\n",
                        c.new, c.updated, c.unchanged, c.resolved, c.reopened
                    )),
                }
                if f.doubted > 0 {
                    let missing = how_many(f.doubted, "finding is missing", "findings are missing");
                    out.push_str(&format!(
                        "  {missing} from it, but it looks broken: what is missing is stale until a second look\n"
                    ));
                }
                for s in f.skipped.iter().take(5) {
                    out.push_str(&format!("  skipped {}: {}\n", s.place, s.reason));
                }
                if f.skipped.len() > 5 {
                    out.push_str(&format!("  .. and {} more; -o json lists them\n", f.skipped.len() - 5));
                }
                if let Some(hint) = &f.hint {
                    out.push_str(&format!("  hint: {hint}\n"));
                }
            }
            OneWire::Refused(r) if r.told => {}
            OneWire::Refused(r) => out.push_str(&format!("{}  not taken: {}\n", r.file, r.error)),
        }
    }
    out
}
