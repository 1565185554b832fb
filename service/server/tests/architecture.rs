//! docs/ARCHITECTURE.md is held against what is there: which crate uses which, every path that it names, and the tests
//! that hold each law. docs/THREAT-MODEL.md is held against the tests of its claims.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn map() -> String {
    std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap()
}

/// What stands between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap_or_else(|| panic!("no `{from}`")) + from.len();
    &text[start..start + text[start..].find(to).unwrap_or_else(|| panic!("no `{to}` after `{from}`"))]
}

/// What is set as code in a line.
fn code(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Which crate of ours uses which, in the product: tests may use more.
fn edges() -> BTreeSet<String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["metadata", "--format-version=1", "--no-deps", "--offline", "--manifest-path"]);
    let output = cargo.arg(root().join("Cargo.toml")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut edges = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        for used in package["dependencies"].as_array().unwrap() {
            if used["path"].is_string() && used["kind"] != "dev" {
                edges.insert(format!("{} -> {}", package["name"].as_str().unwrap(), used["name"].as_str().unwrap()));
            }
        }
    }
    edges
}

#[test]
fn the_crates_use_each_other_as_the_list_says_and_no_other_way() {
    let map = map();
    let list = between(&map, "<!-- edges -->", "<!-- /edges -->");
    let listed: BTreeSet<String> = list.lines().filter(|l| l.contains(" -> ")).map(str::to_owned).collect();
    let found = edges();
    let new: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(new.is_empty(), "not allowed by docs/ARCHITECTURE.md: {new:?}");
    assert!(gone.is_empty(), "listed in docs/ARCHITECTURE.md and not there: {gone:?}");
}

#[test]
fn every_path_that_the_map_names_is_there() {
    let map = map();
    // In the table of rooms a path is meant below the row's folder.
    let rooms = between(&map, "## The rooms", "<!-- edges -->").lines().filter(|l| l.starts_with('|'));
    for row in rooms {
        let mut names = code(row);
        let Some(room) = names.next() else { continue };
        for name in names.filter(|n| n.ends_with('/') || n.ends_with(".rs")) {
            let places = [root().join(room).join(name), root().join(room).join("src").join(name)];
            assert!(places.iter().any(|p| p.exists()), "{room} has no {name}");
        }
    }
    for path in map.lines().filter(|l| !l.starts_with('|')).flat_map(code).filter(|n| n.contains('/')) {
        assert!(root().join(path).exists(), "docs/ARCHITECTURE.md names {path}, which is not there");
    }
}

/// True when a file has a test of this name, or a sentence that the crate's `main.rs` makes a test of.
fn is_test(file: &Path, name: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let Some(at) = lines.iter().position(|l| l.contains(&format!("fn {name}("))) else { return false };
    let marked = lines[at.saturating_sub(3)..at].iter().any(|l| l.contains("#[test]") || l.contains("#[tokio::test"));
    let listed = || {
        let main = std::fs::read_to_string(file.with_file_name("main.rs")).unwrap_or_default();
        main.contains("sentences!") && main.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|w| w == name)
    };
    marked || listed()
}

/// The first cells of a table's rows, each of which names tests that are there.
fn rows_with_tests(table: &str) -> Vec<String> {
    let mut held = Vec::new();
    for row in table.lines().filter(|l| l.starts_with("| ")).skip(1) {
        let name = row.split('|').nth(1).unwrap().trim();
        names_tests(name, row);
        held.push(name.to_owned());
    }
    held
}

/// Holds that a text names at least one test, each behind the file that it is in.
fn names_tests(name: &str, text: &str) {
    let (mut file, mut tests) = (None, 0);
    for word in code(text) {
        if word.ends_with(".rs") {
            let path = root().join(word);
            assert!(path.is_file(), "`{name}` names {word}, which is not there");
            file = Some(path);
            continue;
        }
        let file = file.as_deref().unwrap_or_else(|| panic!("`{name}`: in which file is {word}?"));
        assert!(is_test(file, word), "`{name}`: {} has no test {word}", file.display());
        tests += 1;
    }
    assert!(tests > 0, "`{name}` names no test");
}

#[test]
fn every_claim_of_the_threat_model_names_tests_that_are_there() {
    let text = std::fs::read_to_string(root().join("docs/THREAT-MODEL.md")).unwrap();
    let pages: Vec<&str> = text.split("\n### C").skip(1).collect();
    let claims: Vec<&str> = pages.iter().map(|page| page.split(':').next().unwrap()).collect();
    assert_eq!(claims, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    for (claim, page) in claims.iter().zip(&pages) {
        for part in ["- How:", "- Tests:", "- Measured:", "- Not claimed:"] {
            assert!(page.contains(part), "C{claim} has no `{part}`");
        }
        names_tests(&format!("C{claim}"), between(page, "- Tests:", "\n- "));
    }
}

#[test]
fn every_law_and_every_fault_names_tests_that_are_there() {
    let map = map();
    let laws = rows_with_tests(between(&map, "## Laws", "\n## "));
    assert_eq!(laws, (1..=10).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(rows_with_tests(between(&map, "## What happens when", "\n## ")).len(), 5);
}

#[test]
fn the_core_lists_its_modules_in_the_order_of_the_road() {
    let text = std::fs::read_to_string(root().join("service/core/src/lib.rs")).unwrap();
    let stages = ["observation", "reconcile", "world", "context", "assess", "brief", "plan", "document", "sink"];
    let places: Vec<usize> =
        stages.iter().map(|m| text.find(&format!("\npub mod {m};")).unwrap_or_else(|| panic!("no {m}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
}
