//! The state machine through the binary: the same bytes, a rebuild, two tools, silence, closing and reopening.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{findings, ingest, put, trivy};

fn by_cve(data: &std::path::Path) -> BTreeMap<String, Value> {
    let all = findings(data, &["--status", "all"]);
    all.into_iter().map(|f| (f["cve"].as_str().unwrap().to_owned(), f)).collect()
}

fn at(hour: u8) -> String {
    format!("2026-11-20T{hour:02}:00:00Z")
}

#[test]
fn the_same_bytes_change_nothing_and_a_rebuild_is_no_news() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let one = put(folder.path(), "1.json", trivy("shop/web:1.0", 0..10, 'a', &at(10)));
    assert_eq!(ingest(&data, &one)["new"], 10);
    let before: Vec<_> = by_cve(&data).into_values().map(|f| (f["id"].clone(), f["first_seen"].clone())).collect();
    for _ in 0..3 {
        let counts = ingest(&data, &one);
        assert_eq!((&counts["new"], &counts["updated"], &counts["unchanged"]), (&json!(0), &json!(0), &json!(10)));
    }
    let two = put(folder.path(), "2.json", trivy("shop/web:1.1", 0..10, 'b', &at(11)));
    let counts = ingest(&data, &two);
    assert_eq!((&counts["new"], &counts["resolved"], &counts["reopened"]), (&json!(0), &json!(0), &json!(0)));
    let after: Vec<_> = by_cve(&data).into_values().map(|f| (f["id"].clone(), f["first_seen"].clone())).collect();
    assert_eq!(before, after);
}

#[test]
fn an_empty_report_closes_nothing_and_a_second_look_does() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    ingest(&data, &put(folder.path(), "1.json", trivy("shop/web:1.0", 0..10, 'a', &at(10))));
    let empty = put(folder.path(), "2.json", trivy("shop/web:1.0", 0..0, 'a', &at(11)));
    assert_eq!(ingest(&data, &empty)["resolved"], 0);
    assert!(by_cve(&data).values().all(|f| f["status"] == "stale"), "they are neither open nor gone");
    assert_eq!(ingest(&data, &empty)["resolved"], 0, "the same bytes are no second look");
    let again = put(folder.path(), "3.json", trivy("shop/web:1.0", 0..0, 'a', &at(12)));
    assert_eq!(ingest(&data, &again)["resolved"], 10);
    assert_eq!(findings(&data, &[]).len(), 0);
}

#[test]
fn closing_and_reopening_follow_the_report_that_was_written_last() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let report = |name: &str, n: usize, hour: u8| put(folder.path(), name, trivy("shop/web:1.0", 0..n, 'a', &at(hour)));
    ingest(&data, &report("1.json", 10, 10));
    let first = by_cve(&data)["CVE-2024-10009"].clone();
    ingest(&data, &report("2.json", 9, 9));
    assert_eq!(findings(&data, &[]).len(), 10, "an older report closes nothing");
    assert_eq!(ingest(&data, &report("3.json", 9, 11))["resolved"], 1);
    assert_eq!(by_cve(&data)["CVE-2024-10009"]["status"], "resolved");
    assert_eq!(ingest(&data, &report("4.json", 10, 12))["reopened"], 1);
    let again = &by_cve(&data)["CVE-2024-10009"];
    assert_eq!(
        (&again["status"], &again["id"], &again["first_seen"]),
        (&json!("reopened"), &first["id"], &first["first_seen"])
    );
}

#[test]
fn manifests_and_reports_meet_in_any_order() {
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: app, image: 'shop/web:1.0'}]}}}\n";
    let folder = tempfile::tempdir().unwrap();
    let report = put(folder.path(), "1.json", trivy("shop/web:1.0", 0..3, 'a', &at(10)));
    let manifest = put(folder.path(), "web.yaml", manifest);
    let placed = |data: &std::path::Path| {
        let cves = findings(data, &[]).into_iter().filter(|f| !f["cve"].is_null());
        let mut cves: Vec<_> = cves.map(|f| (f["id"].clone(), f["asset"]["name"].clone())).collect();
        cves.sort_by_key(|(id, _)| id.to_string());
        cves
    };
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    ingest(&one, &report);
    super::ends(&super::assay(&one, &["scan", "--manifests", manifest.to_str().unwrap()]), 0);
    super::ends(&super::assay(&other, &["scan", "--manifests", manifest.to_str().unwrap()]), 0);
    ingest(&other, &report);
    assert_eq!(placed(&one), placed(&other));
    assert_eq!(placed(&one).len(), 3);
    assert!(placed(&one).iter().all(|(_, name)| name == "web"));
}
