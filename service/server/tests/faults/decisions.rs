//! A decision that turns out to be wrong: what each status does, and how one is taken back.

use std::path::Path;

use super::{answer, assay, ends, findings, put, trivy};

const NOW: &str = "2026-11-20T10:00:00Z";

/// What a command prints for people.
fn told(data: &Path, args: &[&str]) -> String {
    let output = assay(data, args);
    ends(&output, 0);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A data folder with one finding in it, and the finding's id.
fn one(folder: &Path) -> (std::path::PathBuf, String) {
    let data = folder.join("data");
    super::ingest(&data, &put(folder, "1.json", trivy("shop/web:1.0", 0..1, 'a', NOW)));
    let id = findings(&data, &[])[0]["id"].as_str().unwrap().to_owned();
    (data, id)
}

/// True while it is in today or due.
fn counted(data: &Path) -> bool {
    let funnel = answer(data, &["funnel"]);
    !told(data, &[]).contains("decided: 1") && funnel["findings_open"] == 1
}

#[test]
fn what_is_affected_stays_in_today_and_what_is_not_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (data, id) = one(folder.path());
    let until = ["--until", "2099-01-01"];
    for (status, until, stays) in [
        ("affected", [].as_slice(), true),
        ("affected", &until, false),
        ("not_affected", &until, false),
        ("under_investigation", &until, true),
        ("fixed", &until, false),
    ] {
        let said = told(&data, &[&["decide", &id, "--status", status, "--note", "looked"], until].concat());
        assert_eq!(said.contains("risk accepted until 2099"), status == "affected" && !stays, "{said}");
        assert_eq!(counted(&data), stays, "{status}");
        assert_eq!(said.contains("It stays in today"), stays, "{said}");
    }
    let said = ends(&assay(&data, &["decide", &id, "--status", "affected", "--until", "2099-01-01"]), 2);
    assert!(said.contains("accepting a risk needs a reason"), "{said}");
    let said = told(&data, &["decide", &id, "--status", "fixed"]);
    assert!(said.contains("fixed for good"), "{said}");
    let help = told(&data, &["decide", "--help"]);
    for part in ["stays in today and due", "out of today and due until", "inline_mitigations_already_exist"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn a_decision_says_what_it_hit_and_the_line_that_it_prints_takes_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let (data, id) = one(folder.path());
    let due = findings(&data, &[])[0]["due"].clone();
    let said = told(&data, &["decide", &id, "--status", "not_affected", "--note", "looked", "--until", "2099-01-01"]);
    assert!(said.contains("CVE-2024-10000") && said.contains("shop/web") && said.contains(&id[..11]), "{said}");
    let line = said.lines().find_map(|l| l.strip_prefix("To take it back: assay ")).unwrap();
    let args: Vec<&str> = line.split(" --data ").next().unwrap().split(' ').collect();
    assert!(told(&data, &args).contains("The decision is withdrawn"));
    assert!(counted(&data));
    let finding = &findings(&data, &[])[0];
    assert!(finding["decision"].is_null() && finding["due"] == due, "no time was gained: {finding}");
    assert!(told(&data, &["explain", &id]).contains("withdrawn"), "{}", told(&data, &["explain", &id]));
    assert!(told(&data, &["audit", "verify"]).contains("links hold"));
    let said = ends(&assay(&data, &args), 2);
    assert!(said.contains("no decision of a person stands on it"), "{said}");
}

/// Two deployments of one image.
const TWO_PLACES: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: eu}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: web, image: 'shop/web:1.0'}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: us}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: web, image: 'shop/web:1.0'}]}}}
";

#[test]
fn a_statement_about_an_image_calms_only_when_every_place_of_it_was_decided_so() {
    let folder = tempfile::tempdir().unwrap();
    let (data, _) = one(folder.path());
    let manifests = put(folder.path(), "two.yaml", TWO_PLACES);
    told(&data, &["scan", "--manifests", manifests.to_str().unwrap()]);
    let places: Vec<String> =
        findings(&data, &["--class", "vulnerability"]).iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(places.len(), 2);
    let decide = |id: &str, status: &str| {
        told(&data, &["decide", id, "--status", status, "--note", "looked", "--until", "2099-01-01"]);
        let output = assay(&data, &["vex"]);
        let said = ends(&output, 0);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let statuses =
            document["statements"].as_array().unwrap().iter().map(|s| s["status"].as_str().unwrap().to_owned());
        let mut statuses: Vec<String> = statuses.collect();
        statuses.sort();
        (statuses, said)
    };
    let (alone, said) = decide(&places[0], "not_affected");
    assert!(alone.is_empty() && said.contains("1 decision is not written whole"), "{alone:?} {said}");
    let (apart, _) = decide(&places[1], "affected");
    assert_eq!(apart, ["affected"], "what warns is written, what would calm is not");
    let (both, said) = decide(&places[1], "not_affected");
    assert_eq!(both, ["not_affected", "not_affected"]);
    assert!(!said.contains("not written whole"), "{said}");
}
