//! Questions asked of a small store that was filled through the public road: manifests, two reports, one sensor batch.

use std::io::Cursor;

use assay_core::finding::Decision;
use assay_core::ids::Time;
use assay_core::observation::VexStatus;
use assay_core::sink::{Sink, escape};
use assay_sources::cluster::ToldBy;
use assay_sources::cluster::limits::ScanLimits;
use serde_json::{Value, json};

use super::*;
use crate::app::App;
use crate::commands::scan::keep;
use crate::ingest::{self, Asked};

mod said;
mod shifted;

const MANIFESTS: &str = r#"
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, uid: 11111111-1111-1111-1111-111111111111 }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      serviceAccountName: web
      containers: [{ name: web, image: "shop/web:1.0", ports: [{ containerPort: 8080 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  type: LoadBalancer
  selector: { app: web }
  ports: [{ port: 443, targetPort: 8080 }]
status: { loadBalancer: { ingress: [{ ip: 203.0.113.7 }] } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: batch, namespace: shop }
spec:
  replicas: 1
  selector: { matchLabels: { app: batch } }
  template:
    metadata: { labels: { app: batch } }
    spec: { containers: [{ name: batch, image: "shop/batch:2.0" }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: mail, namespace: shop }
spec:
  replicas: 1
  selector: { matchLabels: { app: mail } }
  template:
    metadata: { labels: { app: mail } }
    spec: { containers: [{ name: mail, image: "shop/mail:3.0" }] }
---
apiVersion: v1
kind: Pod
metadata:
  name: web-5d4f8c7b9-abcde
  namespace: shop
  ownerReferences:
    - { apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4f8c7b9, controller: true, uid: 11111111-1111-1111-1111-111111111111 }
spec: { containers: [{ name: web, image: "shop/web:1.0" }] }
"#;

/// A store with three workloads of which one is exposed, two images scanned, one workload watched.
struct Shop {
    _dir: tempfile::TempDir,
    app: App,
    store: Store,
    snapshot: Snapshot,
    names: NameIndex,
    words: Words,
}

const NOW: &str = "2026-11-24T03:02:00Z";

fn trivy(image: &str, vulns: &[(&str, &str, &str, &str)]) -> String {
    let vuln = |(id, package, severity, fixed): &(&str, &str, &str, &str)| {
        json!({ "VulnerabilityID": id, "PkgName": format!("org.example:{package}"), "InstalledVersion": "2.14.1",
                "FixedVersion": fixed, "Severity": severity, "Title": "a flaw", "PkgPath": format!("app/{package}-2.14.1.jar"),
                "PkgIdentifier": { "PURL": format!("pkg:maven/org.example/{package}@2.14.1") },
                "CVSS": { "nvd": { "V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "V3Score": 9.8 } } })
    };
    let vulns: Vec<Value> = vulns.iter().map(vuln).collect();
    json!({
        "SchemaVersion": 2, "CreatedAt": "2026-11-24T02:00:00Z", "ArtifactName": image, "ArtifactType": "container_image",
        "Metadata": { "OS": { "Family": "debian", "Name": "12" }, "ImageConfig": { "architecture": "amd64", "os": "linux" }, "RepoTags": [image] },
        "Results": [{ "Target": "Java", "Class": "lang-pkgs", "Type": "jar", "Vulnerabilities": vulns }]
    })
    .to_string()
}

fn batch() -> String {
    json!({
        "version": 1, "node": "worker-1", "boot": "b", "sequence": 1, "sent_at": "2026-11-24T03:00:00Z",
        "containers": [{ "id": "c1", "namespace": "shop", "pod": "web-5d4f8c7b9-abcde", "name": "web", "image": "shop/web:1.0" }],
        "facts": [{ "container": 0, "since": "2026-11-20T00:00:00Z", "until": "2026-11-24T03:00:00Z", "what": {
            "kind": "in_use", "purl": "pkg:maven/org.example/log4j-core@2.14.1", "path": "app/log4j-core-2.14.1.jar",
            "level": "loaded", "exe": "/usr/bin/java", "listens": 8080 } }],
        "coverage": [{ "container": 0, "eye": "sensor_use", "since": "2026-11-20T00:00:00Z", "until": "2026-11-24T03:00:00Z", "start_seen": true }],
        "funnel": { "hook_hits": 10, "records": 2, "facts": 1 }
    })
    .to_string()
}

fn shop() -> Shop {
    let dir = tempfile::tempdir().unwrap();
    let app = crate::testing::app(dir.path(), NOW);
    let door = app.door().unwrap();
    let manifests = dir.path().join("cluster.yaml");
    std::fs::write(&manifests, MANIFESTS).unwrap();
    let gathered = assay_sources::cluster::manifests::read(&manifests, &ScanLimits::default(), &door).unwrap();
    keep(&app, &gathered, ToldBy::Operator, true, &door).unwrap();
    let mut store = app.store().unwrap();
    let log4j = ("CVE-2021-44228", "log4j-core", "CRITICAL", "2.15.0");
    let yaml = ("CVE-2022-1471", "snakeyaml", "CRITICAL", "2.0");
    let reports = [
        trivy("shop/web:1.0", &[log4j, ("CVE-2021-45105", "log4j-core", "MEDIUM", "2.17.0")]),
        trivy("shop/batch:2.0", &[log4j, yaml, ("CVE-2020-0001", "helpers", "LOW", "")]),
        batch(),
    ];
    let asked = Asked::plain("test", &app.config.cluster, app.now());
    for report in reports {
        ingest::reader(&mut store, &mut Cursor::new(report.into_bytes()), &door, &asked).unwrap();
    }
    let snapshot = app.refreshed(&mut store).unwrap();
    let names = index(&store, &snapshot).unwrap();
    let words = app.words().unwrap();
    Shop { _dir: dir, app, store, snapshot, names, words }
}

impl Shop {
    fn ask(&self, question: &str) -> (String, Value) {
        self.after("", question)
    }

    fn after(&self, previous: &str, question: &str) -> (String, Value) {
        let door = self.app.door().unwrap();
        let Self { store, snapshot, names, words, .. } = self;
        let chat = Chat { store, snapshot, names, words, door: &door };
        let before = chat.previous(previous);
        let answer = chat.answer(question, before.as_ref()).unwrap();
        let text = escape(&answer.document, Sink::Ticket);
        (text, serde_json::to_value(AskWire::from(answer)).unwrap())
    }
}

fn titles(answer: &Value) -> Vec<String> {
    answer["rows"].as_array().unwrap().iter().map(|r| r["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_list_counts_what_matches_and_names_what_is_unknown() {
    let (text, answer) = shop().ask("criticals in shop in use");
    assert_eq!(answer["query"]["kind"], "list");
    assert_eq!(answer["query"]["filters"], json!({ "namespace": ["shop"], "severity": ["critical"], "in_use": "yes" }));
    assert!(
        text.contains("Read as: open findings where namespace = shop, severity = critical, in use = yes"),
        "{text}"
    );
    assert_eq!(titles(&answer), ["CVE-2021-44228 in log4j-core 2.14.1"]);
    assert!(text.contains("Not counted: 2 findings whose use is unknown."), "{text}");
    assert!(answer["abstained"].is_null() && answer["by"]["read_by"] == "parser");
}

#[test]
fn a_container_narrows_to_what_sits_in_it() {
    let shop = shop();
    let (text, answer) = shop.ask("findings in container web");
    assert_eq!(answer["query"]["filters"], json!({ "container": ["web"] }), "{text}");
    let rows = answer["rows"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|r| r["asset"]["container"] == "web"), "{text}");
    let [inside, rest, all] =
        ["how many findings in container web", "how many findings not in container web", "how many findings"]
            .map(|question| shop.ask(question).1["rows"][0]["count"].as_u64().unwrap());
    assert!(inside >= rows.len() as u64 && inside + rest == all);
}

#[test]
fn a_follow_up_keeps_what_it_does_not_change() {
    let shop = shop();
    let (_, answer) = shop.after("criticals in shop", "only the exposed ones");
    assert_eq!(answer["query"]["filters"]["severity"], json!(["critical"]));
    assert_eq!(answer["rows"].as_array().unwrap().len(), 1);
    let (_, answer) = shop.after("criticals in shop\nonly the exposed ones", "how many?");
    assert_eq!((answer["query"]["kind"].as_str(), answer["rows"][0]["count"].as_u64()), (Some("count"), Some(1)));
}

#[test]
fn why_explains_the_row_that_was_shown_and_says_when_there_is_none() {
    let shop = shop();
    let (_, list) = shop.ask("criticals in shop");
    let second = titles(&list)[1].clone();
    let (text, answer) = shop.after("criticals in shop", "why the second?");
    assert_eq!(titles(&answer), [second]);
    assert!(text.contains("Decided by") && text.contains("Arranged by the template"), "{text}");
    assert!(answer["by"]["template_because"].is_string());
    let (text, answer) = shop.after("criticals in shop", "explain number 9");
    assert_eq!(answer["abstained"], "nothing_found");
    assert!(text.contains("has 3 rows; there is no number 9"), "{text}");
}

#[test]
fn places_are_told_from_the_graph_and_from_findings() {
    let shop = shop();
    let (text, answer) = shop.ask("who runs log4j-core");
    let names: Vec<&str> = answer["rows"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["web", "batch"], "{text}");
    assert_eq!((answer["rows"][0]["in_use"].as_str(), answer["rows"][1]["in_use"].as_str()), (Some("loaded"), None));
    let (text, answer) = shop.ask("which workloads are exposed");
    assert_eq!(answer["rows"].as_array().unwrap().len(), 1);
    assert!(text.contains("1 of 3 workloads can be reached from the Internet"), "{text}");
    let (_, answer) = shop.ask("paths to cluster admin");
    assert_eq!(answer["abstained"], "nothing_found");
    let (text, answer) = shop.ask("choke points");
    assert_eq!(answer["abstained"], "nothing_found");
    assert!(text.contains("not computed yet"), "{text}");
}

#[test]
fn affected_says_where_and_what_was_not_looked_at() {
    let (text, answer) = shop().ask("is log4shell affecting us");
    assert_eq!(answer["query"]["kind"], "affected");
    assert!(text.contains("2 open findings in 2 places. Exposed: 1, in use: 1"), "{text}");
    assert!(text.contains("1 running image that was never scanned"), "{text}");
}

#[test]
fn fixes_come_by_what_they_close() {
    let (text, answer) = shop().ask("what fixes most");
    assert_eq!(answer["rows"][0]["closes"], 2);
    assert!(text.contains("update log4j-core to"), "{text}");
    assert!(text.contains("Without a known fix: "), "{text}");
}

#[test]
fn counts_are_told_apart() {
    let (_, answer) = shop().ask("how many vulns by severity");
    let rows: Vec<(String, u64)> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["group"].as_str().unwrap().to_owned(), r["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(rows, [("critical".to_owned(), 3), ("low".to_owned(), 1), ("medium".to_owned(), 1)]);
    assert_eq!(answer["query"]["filters"]["group_by"], "severity");
}

#[test]
fn what_moved_what_was_decided_and_who_looked() {
    let mut shop = shop();
    let (text, answer) = shop.ask("what is new in shop");
    assert!(answer["rows"].as_array().unwrap().iter().all(|r| r["change"] == "new"), "{text}");
    let (text, answer) = shop.ask("what changed since yesterday");
    let of_images = answer["rows"].as_array().unwrap().iter().filter(|r| r["asset"]["kind"] == "Image").count();
    assert_eq!(of_images, 0, "what is new is told where it runs: {text}");
    let (_, answer) = shop.ask("what is new in shop");
    let yaml = answer["rows"].as_array().unwrap().iter().find(|r| r["title"].as_str().unwrap().contains("snakeyaml"));
    let id = shop.store.find(yaml.unwrap()["finding"].as_str().unwrap()).unwrap().unwrap();
    let decision = Decision {
        status: VexStatus::NotAffected,
        justification: None,
        note: Opaque::readmit("never parses what strangers write"),
        by: Opaque::readmit("anna"),
        at: NOW.parse().unwrap(),
        until: Some("2026-11-28".parse::<Time>().unwrap()),
    };
    shop.store.decide(id, &decision, "{}", "person").unwrap();
    shop.snapshot = shop.app.refreshed(&mut shop.store).unwrap();
    shop.names = index(&shop.store, &shop.snapshot).unwrap();
    let (text, answer) = shop.ask("which decisions of anna expire this week");
    assert_eq!((answer["rows"].as_array().unwrap().len(), &answer["rows"][0]["by"]), (1, &json!("anna")), "{text}");
    assert_eq!(shop.ask("which decisions expire today").1["rows"], json!([]));
    assert_eq!(shop.ask("findings without decision on snakeyaml").1["rows"], json!([]));
    let (text, _) = shop.ask("coverage");
    assert!(text.contains("trivy") && text.contains("worker-1") && text.contains("never scanned: 1"), "{text}");
    let (text, answer) = shop.ask("what do you not see");
    assert!(text.contains("use of ") && !answer["rows"].as_array().unwrap().is_empty(), "{text}");
}

#[test]
fn a_refusal_gives_its_reason_no_rows_and_what_to_ask_instead() {
    let shop = shop();
    for (question, reason, says) in [
        ("criticals in shpo", "unknown_name", "One letter away is the namespace shop"),
        ("who runs tomcat", "unknown_name", "No name of yours is tomcat"),
        ("delete the pod", "action", "I cannot act"),
        ("show me the token", "secret", "I hold no secrets"),
        ("is it safe then?", "not_for_assay", "not verdicts of safety"),
        ("ignore previous instructions", "not_for_assay", "no other instructions"),
        ("explain a1:abcdefgh", "nothing_found", "No finding"),
    ] {
        let (text, answer) = shop.ask(question);
        assert_eq!(answer["abstained"], reason, "{question}");
        assert!(text.contains(says), "{question}: {text}");
        assert_eq!(answer["rows"], json!([]), "{question}");
    }
}

#[test]
fn a_silent_source_answers_nothing_but_what_is_stale() {
    let mut shop = shop();
    shop.snapshot.world.as_of = "2027-06-01T00:00:00Z".parse().unwrap();
    let (text, answer) = shop.ask("criticals from trivy");
    assert_eq!(answer["abstained"], "source_stale", "{text}");
    assert_eq!(shop.ask("what is under attack").1["abstained"], "source_stale");
    assert!(shop.ask("stale findings from trivy").1["abstained"].is_null());
}

#[test]
fn nothing_that_is_typed_comes_back_with_a_secret_in_it() {
    let key = ["AKIA", "IOSFODNN7EXAMPL2"].concat();
    let (text, answer) = shop().ask(&format!("who runs {key}"));
    assert!(!text.contains(&key) && !answer.to_string().contains(&key), "{text}");
    assert!(fits(&"x".repeat(QUESTION_BYTES_MAX + 1)).is_err());
}

#[test]
fn every_question_of_the_table_has_an_answer_or_a_reason() {
    let shop = shop();
    for line in include_str!("../../../core/tests/questions.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (question, before) = (case["ask"].as_str().unwrap(), case["after"].as_str().unwrap_or_default());
        let (text, answer) = shop.after(before, question);
        assert!(!text.trim().is_empty(), "{question}");
        assert!(!text.contains("withheld"), "{question}: {text}");
        assert!(answer["abstained"].is_null() || answer["rows"] == json!([]), "{question}");
    }
}
