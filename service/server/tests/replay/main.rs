//! A day of another sensor's events, with three attacks hidden in it: what is left for a person to read.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod day;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

fn assay(data: &Path, args: &[&str]) -> Output {
    let mut command = assert_cmd::Command::cargo_bin("assay").unwrap();
    command.env("ASSAY_DATA", data).env("NO_COLOR", "1").env("COLUMNS", "200").env_remove("ASSAY_CONFIG").args(args);
    let output = command.args(["--as-of", day::END]).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The places of today's lines that ask for forensics: what a person would be called for.
fn called_for(screen: &str) -> Vec<String> {
    let lines = screen.lines().filter(|l| l.contains("forensic, "));
    let place = |line: &str| day::PLACES.iter().map(|p| p.name()).find(|name| line.contains(name.as_str()));
    lines.map(|line| place(line).unwrap_or_else(|| line.to_owned())).collect()
}

/// Every place with an open signal in a band that asks for forensics.
fn urgent(data: &Path) -> BTreeSet<String> {
    let output = assay(data, &["findings", "--class", "signal", "--limit", "1000", "-o", "json"]);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = list["findings"].as_array().unwrap().iter();
    let forensic = findings.filter(|f| f["band"].as_str().unwrap().contains("forensic"));
    let name =
        |f: &Value| format!("{}/{}", f["asset"]["namespace"].as_str().unwrap(), f["asset"]["name"].as_str().unwrap());
    forensic.map(name).collect()
}

#[test]
fn a_day_of_33_000_events_with_three_attacks_is_five_messages_with_each_attack_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let objects = folder.path().join("objects.yaml");
    fs::write(&objects, day::objects()).unwrap();
    assay(&data, &["scan", "--manifests", objects.to_str().unwrap()]);
    let hours = day::hours(26);
    assert_eq!(hours.iter().map(|h| h.lines().count()).sum::<usize>(), 33_000);
    for (n, hour) in hours.iter().enumerate() {
        let file = folder.path().join(format!("falco-{n:02}.jsonl"));
        fs::write(&file, hour).unwrap();
        assay(&data, &["ingest", file.to_str().unwrap()]);
    }
    let screen = String::from_utf8(assay(&data, &[]).stdout).unwrap();
    let called = called_for(&screen);
    // The screen holds five lines and would hide a sixth: the list does not.
    let urgent = urgent(&data);
    assert!(urgent.len() <= 5, "{urgent:?}");
    assert_eq!(called.iter().cloned().collect::<BTreeSet<_>>(), urgent, "{screen}");
    for attacked in day::ATTACKED {
        assert_eq!(called.iter().filter(|place| *place == attacked).count(), 1, "{attacked}: {screen}");
    }
    for sign in ["a crypto miner at work", "input and output of a shell on a network connection", "more sign"] {
        assert!(screen.contains(sign), "{sign}: {screen}");
    }
}
