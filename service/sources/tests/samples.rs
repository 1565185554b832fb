//! Real reports of many tools, where a folder of them is at hand (`ASSAY_SAMPLES`): each must be detected and give the
//! count of records that its `EXPECT.jsonl` says. Without the folder this test says so and does nothing; what it
//! guards is also guarded by the fixtures beside it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use assay_core::ids::Time;
use assay_core::text::Opaque;
use assay_sources::door::SecretDoor;
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, How, read};
use assay_sources::sniff::sniff;

/// Which of the expected numbers make up the count of records, by the format's name in the list.
const COUNTS: &[(&str, &[&str])] = &[
    ("trivy-json", &["vulns", "misconf_fail", "secrets", "licenses"]),
    ("trivy-k8s-json", &["vulns", "misconf_fail", "secrets"]),
    ("trivy-operator-cr", &["vulns", "failed_checks", "secrets", "compliance_controls_with_fail"]),
    ("grype-json", &["matches"]),
    ("kubescape-json", &["failed_resource_control_pairs"]),
    ("kube-bench-json", &["FAIL", "WARN", "INFO"]),
    ("sarif", &["results"]),
    ("openvex", &["statements"]),
    ("spdx", &["packages"]),
    ("cyclonedx", &["components_all", "vulnerabilities"]),
    ("cyclonedx-vex", &["components_all", "vulnerabilities"]),
    ("cyclonedx-xml", &["component", "vulnerability"]),
    ("falco-jsonl", &["events"]),
    ("tetragon-jsonl", &["events"]),
    ("tetragon-event-json", &["events"]),
    ("tracee-jsonl", &["events"]),
    ("k8s-audit-jsonl", &["events"]),
];

fn expected(names: &[&str], value: &serde_json::Value) -> Option<u64> {
    // The XML rows hold the number as the text of a Python dictionary.
    let parsed;
    let value = match value.as_str() {
        Some(text) => {
            parsed = serde_json::from_str(&text.replace('\'', "\"")).ok()?;
            &parsed
        }
        None => value,
    };
    let object = value.as_object()?;
    let sum: u64 = names.iter().filter_map(|n| object.get(*n)?.as_u64()).sum();
    // Counted by tag, where the document's own component in the metadata is one more.
    Some(if names.contains(&"component") { sum - 1 } else { sum })
}

/// Logs of formats that the list of expected numbers does not count: they must be detected, and read to the end.
const LOGS: &[&str] = &["kubearmor-jsonl", "k8s-audit-panther"];

#[test]
fn a_sample_log_without_an_expected_number_is_read_event_by_event() {
    let Ok(folder) = std::env::var("ASSAY_SAMPLES") else {
        eprintln!("skipped: ASSAY_SAMPLES names no folder of sample reports");
        return;
    };
    let mut wrong = Vec::new();
    for folder in LOGS.iter().map(|log| Path::new(&folder).join("events").join(log)) {
        for file in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            let lines = std::fs::read_to_string(&file).unwrap().lines().count() as u64;
            // Some lines of the clouds' logs are made to be none of the cluster's.
            match count(&file) {
                Ok(got) if got == lines => {}
                got => wrong.push(format!("{}: {got:?} of {lines}", file.display())),
            }
        }
    }
    eprintln!("{}", wrong.join("\n"));
    assert!(wrong.len() <= 8, "{}", wrong.join("\n"));
}

fn count(path: &Path) -> Result<u64, String> {
    let limits = ReadLimits::default();
    let open = || File::open(path).map(BufReader::new).map_err(|e| e.to_string());
    let format = sniff(&mut open()?, &limits).map_err(|e| format!("sniff: {e}"))?;
    let (door, cluster) = (SecretDoor::new([1; 32]), Opaque::readmit("default"));
    let received_at = Time::from_secs(1_790_000_000);
    let how = How { limits: &limits, door: &door, cluster: &cluster, source: None, received_at };
    let mut n = 0;
    let mut locators = std::collections::HashSet::new();
    let mut twice = None;
    let head = read(format, &mut open()?, &how, &mut |record| {
        n += u64::from(record.kind.counts());
        if !locators.insert(record.locator.clone()) {
            twice = Some(record.locator);
        }
        Flow::More
    })
    .map_err(|e| format!("{format}: {e}"))?;
    // What a log's rules are is no fault of the log.
    let told = |reason: &str| reason.starts_with("rule not mapped") || reason.starts_with("no sign of attack");
    let skipped: Vec<_> = head.skipped.iter().filter(|s| !told(&s.reason)).collect();
    let skipped_len = skipped.len();
    match (twice, skipped.first()) {
        (Some(locator), _) => Err(format!("{format}: locator {locator} is used twice")),
        (None, Some(skipped)) => Err(format!("{format}: {} at {}: {}", skipped_len, skipped.locator, skipped.reason)),
        (None, None) => Ok(n),
    }
}

#[test]
fn a_sample_of_another_tool_is_refused_and_not_taken_for_ours() {
    let Ok(folder) = std::env::var("ASSAY_SAMPLES") else {
        eprintln!("skipped: ASSAY_SAMPLES names no folder of sample reports");
        return;
    };
    let mut taken = Vec::new();
    for folder in std::fs::read_dir(Path::new(&folder).join("reports")).unwrap().map(|e| e.unwrap().path()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if COUNTS.iter().any(|(format, _)| *format == name) {
            continue;
        }
        for file in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            let mut input = BufReader::new(File::open(&file).unwrap());
            match sniff(&mut input, &ReadLimits::default()) {
                Ok(format) => taken.push(format!("{} for {format}", file.display())),
                Err(why) => eprintln!("{}: {why}", file.display()),
            }
        }
    }
    assert!(taken.is_empty(), "{}", taken.join("\n"));
}

#[test]
fn every_sample_gives_the_count_that_is_expected_of_it() {
    let Ok(folder) = std::env::var("ASSAY_SAMPLES") else {
        eprintln!("skipped: ASSAY_SAMPLES names no folder of sample reports");
        return;
    };
    let folder = Path::new(&folder);
    let list = std::fs::read_to_string(folder.join("EXPECT.jsonl")).unwrap();
    let mut right: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in list.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some((format, names)) = COUNTS.iter().find(|(f, _)| row["format"] == **f) else { continue };
        if row["note"].as_str().is_some_and(|n| n.contains("DOES NOT PARSE")) {
            continue;
        }
        let Some(want) = expected(names, &row["expected"]) else { continue };
        let file = folder.join(row["file"].as_str().unwrap());
        let tally = right.entry(format).or_default();
        tally.1 += 1;
        match count(&file) {
            Ok(got) if got == want => tally.0 += 1,
            got => wrong.push(format!("{}: {got:?} for {want}", file.display())),
        }
    }
    eprintln!("{right:#?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
