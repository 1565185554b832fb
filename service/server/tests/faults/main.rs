//! What can go wrong around a report, through the binary: bad bytes, a full or read-only disk, a damaged or newer data
//! file, a process that is killed, two that write at once. A clear word, the right exit code, nothing half-stored, and the
//! next run goes on.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod asked;
mod bad_input;
mod data_file;
mod decisions;
mod disk;
mod killed;
mod shown;
mod state;
mod writers;

use std::path::{Path, PathBuf};
use std::process::Output;

use assay_store::Store;
use serde_json::{Value, json};

/// The binary on a data folder.
fn assay(data: &Path, args: &[&str]) -> Output {
    command(data, args).output().unwrap()
}

fn command(data: &Path, args: &[&str]) -> assert_cmd::Command {
    let mut command = assert_cmd::Command::cargo_bin("assay").unwrap();
    command.env("NO_COLOR", "1").env_remove("ASSAY_DATA").env_remove("ASSAY_CONFIG");
    command.arg("--data").arg(data).args(args).timeout(std::time::Duration::from_secs(300));
    command
}

/// It ends with this code; what it said on standard error.
fn ends(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}{}", String::from_utf8_lossy(&output.stdout));
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// What a command prints as JSON.
fn answer(data: &Path, args: &[&str]) -> Value {
    let output = assay(data, &[args, &["-o", "json"]].concat());
    ends(&output, 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The counts of a report that was taken in.
fn ingest(data: &Path, file: &Path) -> Value {
    answer(data, &["ingest", file.to_str().unwrap()])["findings"].clone()
}

fn findings(data: &Path, args: &[&str]) -> Vec<Value> {
    answer(data, &[&["findings", "--limit", "1000"], args].concat())["findings"].as_array().unwrap().clone()
}

/// How many findings the data file holds, and how often each was told to be new: the file is opened as the next run
/// would open it.
fn held(data: &Path) -> (usize, usize) {
    let store = Store::open(&data.join("assay.db")).unwrap();
    let mut findings = 0;
    store.each_row(assay_core::ids::Time::from_secs(1_800_000_000), |_| findings += 1).unwrap();
    let new = store.changes(0, 10_000_000).unwrap().iter().filter(|c| c.kind == "new").count();
    let chain = store.verify_audit().unwrap();
    assert_eq!(chain.broken_at, None);
    (findings, new)
}

/// A Trivy report of an image with vulnerabilities in the numbers of a range.
fn trivy(image: &str, flaws: std::ops::Range<usize>, digest: char, created: &str) -> String {
    let repository = image.split(':').next().unwrap();
    let vulnerabilities: Vec<Value> = flaws
        .map(|n| {
            json!({
                "VulnerabilityID": format!("CVE-2024-{}", 10_000 + n), "PkgName": format!("lib{n}"), "InstalledVersion": "1.0",
                "PkgIdentifier": { "PURL": format!("pkg:deb/debian/lib{n}@1.0") }, "FixedVersion": "1.1", "Severity": "HIGH",
                "Title": format!("flaw {n}"), "Description": format!("A flaw in lib{n} lets a stranger in."),
                "CVSS": { "nvd": { "V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "V3Score": 9.8 } }
            })
        })
        .collect();
    let report = json!({
        "SchemaVersion": 2, "CreatedAt": created, "ArtifactName": image, "ArtifactType": "container_image",
        "Metadata": {
            "OS": { "Family": "debian", "Name": "12" },
            "RepoDigests": [format!("{repository}@sha256:{}", String::from(digest).repeat(64))]
        },
        "Results": [{ "Target": image, "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": vulnerabilities }]
    });
    report.to_string()
}

/// Writes a file into a folder.
fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Pseudo-random numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, max: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % max.max(1)
    }
}
