//! `docs/LIMITS.md` lists every limit: it is made of the constants and fields in the source, and this test says when it is
//! old. `ASSAY_WRITE=1 cargo test -p assay --test limits` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/LIMITS.md";
const HEAD: &str = "# Limits\n\nEvery bound on input, memory, time and output, made from the source by a test. What an operator may change is in \
                    `deploy/assay.example.toml`.\nUnits are in the name or in the sentence; a bound without a unit counts things. What crosses one is refused with its \
                    place, or cut and counted: never in silence.\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A limit as the source says it.
#[derive(Debug, PartialEq)]
struct Limit {
    name: String,
    value: String,
    meaning: String,
}

/// Constants that end in `_MAX`, and fields `.._max` of a struct of limits with their defaults.
fn limits(text: &str) -> Vec<Limit> {
    let mut found = Vec::new();
    let mut meaning = String::new();
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if let Some(said) = line.strip_prefix("/// ") {
            if !meaning.is_empty() {
                meaning.push(' ');
            }
            meaning.push_str(said);
            continue;
        }
        let item = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ").trim_start_matches("pub ");
        if let Some((name, rest)) = item.strip_prefix("const ").and_then(|c| c.split_once(':'))
            && name.ends_with("_MAX")
            && let Some((_, value)) = rest.split_once('=')
        {
            let value = value.trim().trim_end_matches(';').to_owned();
            found.push(Limit { name: name.to_owned(), value, meaning: meaning.clone() });
        } else if let Some((name, rest)) = item.split_once(':')
            && name.ends_with("_max")
            && rest.ends_with(',')
        {
            let rest = rest.trim().trim_end_matches(',');
            if rest.starts_with(|c: char| c.is_ascii_digit()) {
                if let Some(meaning) = fields.remove(name) {
                    found.push(Limit { name: name.to_owned(), value: rest.to_owned(), meaning });
                }
            } else if !meaning.is_empty() {
                fields.insert(name.to_owned(), meaning.clone());
            }
        }
        if !line.starts_with("#[") {
            meaning.clear();
        }
    }
    found
}

/// Source files outside tests, in order.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["tests", "target", "bench", "benches"].contains(&name.as_str()) {
            sources(&path, into);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            into.push(path);
        }
    }
}

fn page() -> String {
    let root = root();
    let mut files = Vec::new();
    for folder in [
        "service/core/src",
        "service/sources/src",
        "service/store/src",
        "service/server/src",
        "models/src",
        "probes-ebpf/src",
    ] {
        sources(&root.join(folder), &mut files);
    }
    let mut page = HEAD.to_owned();
    let mut crate_name = String::new();
    for file in files {
        let place = file.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        let here = place.split("/src/").next().unwrap().to_owned();
        for limit in limits(&text) {
            assert!(!limit.meaning.is_empty(), "{} in {place} does not say what it bounds", limit.name);
            if crate_name != here {
                crate_name.clone_from(&here);
                write!(page, "\n## {here}\n\n| limit | value | what it bounds | where |\n|---|---|---|---|\n").unwrap();
            }
            let (meaning, file) = (limit.meaning.replace('|', "\\|"), place.split("/src/").nth(1).unwrap());
            writeln!(page, "| `{}` | `{}` | {meaning} | `{file}` |", limit.name, limit.value).unwrap();
        }
    }
    page
}

#[test]
fn the_page_lists_every_limit_of_the_source() {
    let (page, path) = (page(), root().join(PAGE));
    if std::env::var_os("ASSAY_WRITE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "{PAGE} is old: ASSAY_WRITE=1 cargo test -p assay --test limits");
}

#[test]
fn constants_and_fields_are_found_with_their_meaning() {
    let text = "/// The most words\n/// of a text.\nconst WORDS_MAX: usize = 12;\nconst OTHER: u8 = 1;\npub struct L {\n    /// The largest \
                file.\n    pub file_bytes_max: u64,\n}\n    Self {\n        file_bytes_max: 2 << 30,\n    }\n";
    let limit = |name: &str, value: &str, meaning: &str| Limit {
        name: name.to_owned(),
        value: value.to_owned(),
        meaning: meaning.to_owned(),
    };
    assert_eq!(
        limits(text),
        [
            limit("WORDS_MAX", "12", "The most words of a text."),
            limit("file_bytes_max", "2 << 30", "The largest file.")
        ]
    );
}
