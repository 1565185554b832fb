//! `docs/LIMITS.md` lists every limit: it is made of the constants and fields in the source, and this test says when it is
//! old. `ASSAY_WRITE=1 cargo test -p assay --test limits` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/LIMITS.md";
const HEAD: &str = "# Limits\n\nBounds on input, memory, time and output, made from the source by a test: constants `.._MAX` and `.._BYTES`, fields \
                    `.._max` of limits with their defaults, and the maps of the kernel's side. What an operator may change is in \
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

/// True for values that a limit may have: a number, or a stretch of time.
fn is_value(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) || ["Span::", "Duration::"].iter().any(|t| text.starts_with(t))
}

/// The lines of a source; a struct that is written in one line has one a field.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim) {
        match line.strip_prefix("Self { ").and_then(|fields| fields.strip_suffix(" }")) {
            Some(fields) => lines.extend(fields.split(", ").map(|field| format!("{field},"))),
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

/// Constants that end in `_MAX` or `_BYTES`, and fields `.._max` of a struct of limits with their defaults.
fn limits(text: &str) -> Vec<Limit> {
    let mut found = Vec::new();
    let mut meaning = String::new();
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let lines = lines(text);
    for line in lines.iter().map(String::as_str) {
        if let Some(said) = line.strip_prefix("/// ") {
            if !meaning.is_empty() {
                meaning.push(' ');
            }
            meaning.push_str(said);
            continue;
        }
        let item = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ").trim_start_matches("pub ");
        if let Some((name, rest)) = item.strip_prefix("const ").and_then(|c| c.split_once(':'))
            && ["_MAX", "_BYTES"].iter().any(|end| name.ends_with(end))
            && let Some((_, value)) = rest.split_once('=')
        {
            let value = value.trim().trim_end_matches(';').to_owned();
            found.push(Limit { name: name.to_owned(), value, meaning: meaning.clone() });
        } else if let Some((name, rest)) = item.split_once(':')
            && name.ends_with("_max")
            && rest.ends_with(',')
        {
            let rest = rest.trim().trim_end_matches(',');
            if is_value(rest) {
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

/// The maps of the kernel's side: how many entries each holds, the ring how many bytes.
fn maps(text: &str) -> Vec<Limit> {
    let mut found = Vec::new();
    let (mut meaning, mut value) = (String::new(), None);
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("/* ").and_then(|l| l.strip_suffix(" */")) {
            said.clone_into(&mut meaning);
        } else if let Some(size) = line.trim().strip_prefix("MAP_SIZE(").and_then(|l| l.strip_suffix(");")) {
            value = Some(size.to_owned());
        } else if let Some(name) = line.strip_prefix("} ").and_then(|l| l.strip_suffix(" SEC(\".maps\");")) {
            let meaning = std::mem::take(&mut meaning);
            found.extend(value.take().map(|value| Limit { name: name.to_owned(), value, meaning }));
        } else if line.is_empty() {
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
        } else if (name.ends_with(".rs") && name != "tests.rs") || name == "maps.h" {
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
        "probes-ebpf/bpf",
    ] {
        sources(&root.join(folder), &mut files);
    }
    let mut page = HEAD.to_owned();
    let mut crate_name = String::new();
    for file in files {
        let place = file.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        let part = ["/src/", "/bpf/"].into_iter().find(|part| place.contains(part)).unwrap();
        let (here, inside) = place.split_once(part).unwrap();
        for limit in if part == "/bpf/" { maps(&text) } else { limits(&text) } {
            assert!(!limit.meaning.is_empty(), "{} in {place} does not say what it bounds", limit.name);
            if crate_name != here {
                here.clone_into(&mut crate_name);
                write!(page, "\n## {here}\n\n| limit | value | what it bounds | where |\n|---|---|---|---|\n").unwrap();
            }
            let meaning = limit.meaning.replace('|', "\\|");
            writeln!(page, "| `{}` | `{}` | {meaning} | `{inside}` |", limit.name, limit.value).unwrap();
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
                file.\n    pub file_bytes_max: u64,\n    /// The oldest.\n    pub age_max: Span,\n}\n    Self { file_bytes_max: 2 << 30, \
                age_max: Span::hours(24) }\n";
    let limit = |name: &str, value: &str, meaning: &str| Limit {
        name: name.to_owned(),
        value: value.to_owned(),
        meaning: meaning.to_owned(),
    };
    assert_eq!(
        limits(text),
        [
            limit("WORDS_MAX", "12", "The most words of a text."),
            limit("file_bytes_max", "2 << 30", "The largest file."),
            limit("age_max", "Span::hours(24)", "The oldest."),
        ]
    );
    let text = "/* Those that were seen. */\nstruct {\n\tMAP_SIZE(16384);\n} seen SEC(\".maps\");\n";
    assert_eq!(maps(text), [limit("seen", "16384", "Those that were seen.")]);
}
