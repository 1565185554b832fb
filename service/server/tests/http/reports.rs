//! Reports, decisions, digests and batches: what a writer and an agent bring, and what becomes of it.

use serde_json::{Value, json};

use crate::door::Service;
use crate::door::wire::{Answer, get, post};

const BATCH: &str = include_str!("../../demo/sensor/worker-1.jsonl");

/// A report of one flaw.
fn report(image: &str) -> String {
    let flaw = json!({
        "VulnerabilityID": "CVE-2024-12345", "PkgName": "libx", "InstalledVersion": "1.0", "FixedVersion": "1.1",
        "PkgIdentifier": { "PURL": "pkg:deb/debian/libx@1.0" }, "Severity": "HIGH", "Title": "a flaw",
    });
    let result = json!({ "Target": image, "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [flaw] });
    json!({ "SchemaVersion": 2, "CreatedAt": "2026-11-24T01:00:00Z", "ArtifactName": image,
        "ArtifactType": "container_image", "Results": [result] })
    .to_string()
}

fn found(service: &Service) -> Vec<Value> {
    let answer = get(service, "/api/v1/findings?cve=CVE-2024-12345").token(&service.token()).send().good();
    answer["findings"].as_array().unwrap().clone()
}

fn send(service: &Service, query: &str, key: &str, body: &str) -> Answer {
    let request = post(service, &format!("/api/v1/reports{query}"), body).token(&service.token());
    if key.is_empty() { request } else { request.header("idempotency-key", key) }.send()
}

#[test]
fn a_report_is_taken_once_and_its_findings_are_there_at_once() {
    let service = Service::start();
    let first = send(&service, "", "", &report("shop/fresh:1.0"));
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!((&first.json()["findings"]["new"], &first.json()["observations"]), (&1.into(), &1.into()));
    assert_eq!(found(&service).len(), 1);
    let again = send(&service, "", "", &report("shop/fresh:1.0"));
    assert_eq!((again.status, &again.json()["findings"]["unchanged"]), (200, &1.into()), "the same bytes");
    // A key of the sender's says that it is the same request, whatever is in it.
    assert_eq!(send(&service, "", "build-7", &report("shop/other:1.0")).status, 201);
    let repeated = send(&service, "", "build-7", &report("shop/third:1.0"));
    assert_eq!(repeated.status, 200, "{repeated:?}");
    assert_eq!(found(&service).len(), 2, "nothing of the third was taken");
}

#[test]
fn a_report_that_is_not_taken_leaves_nothing() {
    let service = Service::start();
    let whole = report("shop/fresh:1.0");
    assert_eq!(send(&service, "", "", &whole[..whole.len() - 4]).status, 422);
    assert_eq!(send(&service, "?format=grype-json", "", &whole).status, 422);
    assert_eq!(send(&service, "?format=none", "", &whole).status, 400);
    assert_eq!(send(&service, "?colour=red", "", &whole).status, 400);
    assert_eq!(found(&service).len(), 0);
    assert_eq!(send(&service, "?format=trivy-json&source=ci", "", &whole).status, 201);
}

#[test]
fn a_decision_takes_the_finding_out_of_today_and_is_signed() {
    let service = Service::start();
    let token = service.token();
    let id = get(&service, "/api/v1/findings?limit=1").token(&token).send().good()["findings"][0]["id"].clone();
    let path = format!("/api/v1/findings/{}/decision", id.as_str().unwrap());
    let decision = json!({ "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path",
        "note": "read the code", "until": "2027-01-01T00:00:00Z" });
    let decided = post(&service, &path, decision.to_string()).token(&token).send().good();
    let said = &decided["decision"];
    assert_eq!(
        (&said["status"], &said["by"], &said["in_force"]),
        (&"not_affected".into(), &"token".into(), &true.into())
    );
    assert_eq!(decided["id"], id);
    let today = get(&service, "/").token(&token).send();
    assert!(!today.body.contains(id.as_str().unwrap()), "it is no longer among today's");
    service.beside(&["audit", "verify"]);
}

#[test]
fn a_digest_is_made_kept_and_found_again() {
    let service = Service::start();
    let token = service.token();
    for body in ["{}", "", r#"{"since":"7d"}"#] {
        let made = post(&service, "/api/v1/digests", body).token(&token).send();
        assert_eq!(made.status, 201, "{made:?}");
    }
    let made = post(&service, "/api/v1/digests", r#"{"since":"3d"}"#).token(&token).send().json();
    let latest = get(&service, "/api/v1/digests/latest").token(&token).send().good();
    assert_eq!(made["since"], latest["since"]);
    assert_eq!(get(&service, "/digest").token(&token).send().status, 200);
}

#[test]
fn a_batch_is_acknowledged_once_and_known_again() {
    let service = Service::start();
    let agent = service.agent_token();
    let mut batch: Value = serde_json::from_str(BATCH.lines().next().unwrap()).unwrap();
    batch["sequence"] = 900.into();
    let send = || post(&service, "/api/v1/events", batch.to_string()).token(&agent).send();
    let first = send();
    assert_eq!(
        (first.status, &first.json()["acknowledged"], &first.json()["known"]),
        (201, &true.into(), &false.into())
    );
    let again = send();
    assert_eq!(
        (again.status, &again.json()["acknowledged"], &again.json()["known"]),
        (200, &true.into(), &true.into())
    );
}
