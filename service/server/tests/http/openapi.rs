//! openapi.json says what is served: every route with its methods and nothing else, and every answer as it is described.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::door::Service;
use crate::door::wire::{Answer, Request, ask, get};
use crate::schema::{faults, resolved};

const ROUTER: &str = include_str!("../../src/http/mod.rs");
const BATCH: &str = include_str!("../../demo/sensor/worker-1.jsonl");

fn document(service: &Service) -> Value {
    get(service, "/openapi.json").send().good()
}

/// Paths and methods of the router's source.
fn routed() -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for route in ROUTER.split(".route(\"").skip(1) {
        let (path, rest) = route.split_once("\", ").unwrap();
        let (method, _) = rest.split_once('(').unwrap();
        assert!(matches!(method, "get" | "post"), "{path}: {method}");
        assert!(!rest.lines().next().unwrap().contains(").post("), "{path} has two methods: read them here as well");
        routes.insert((path.to_owned(), method.to_owned()));
    }
    routes
}

fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(p, item)| item.as_object().unwrap().keys().map(|m| (p.clone(), m.clone()))).collect()
}

#[test]
fn every_route_is_described_and_every_description_is_served() {
    let service = Service::start();
    let document = document(&service);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let (routed, described) = (routed(), described(&document));
    assert!(routed.len() > 20, "{routed:?}");
    let missing: Vec<_> = routed.difference(&described).collect();
    let gone: Vec<_> = described.difference(&routed).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not described: {missing:?}; not served: {gone:?}");
    // The description alone, asked of the service: what is described is there, what is not is not taken.
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        let path = path.replace("{id}", "1");
        for method in ["get", "post", "put", "patch", "delete"] {
            let agent = path == "/api/v1/events";
            let token = if agent { service.agent_token() } else { service.token() };
            let status = ask(&service, &method.to_uppercase(), &path).body("{").token(&token).send().status;
            let refused = matches!(status, 404 | 405);
            assert_eq!(refused, item.get(method).is_none(), "{method} {path}: {status}");
        }
    }
}

/// What the document says about the answers of an operation.
struct Operation<'a> {
    document: &'a Value,
    answers: &'a Value,
    name: String,
}

impl<'a> Operation<'a> {
    fn of(document: &'a Value, path: &str, method: &str) -> Self {
        let answers = &document["paths"][path][method]["responses"];
        assert!(answers.is_object(), "{method} {path} is not described");
        Self { document, answers, name: format!("{method} {path}") }
    }

    /// Fails where an answer is not as it is described.
    fn holds(&self, answer: &Answer) {
        let status = answer.status.to_string();
        let told = self.answers.get(&status).unwrap_or(&self.answers["default"]);
        let told = resolved(self.document, told);
        let Some(content) = told.get("content") else { return };
        let kind = answer.header("content-type").unwrap().split(';').next().unwrap();
        let schema = &content[kind]["schema"];
        assert!(schema.is_object(), "{} {status}: {kind} is not described", self.name);
        if kind.ends_with("json") {
            let faults = faults(self.document, schema, &answer.json());
            assert!(faults.is_empty(), "{} {status}:\n{}", self.name, faults.join("\n"));
        }
    }
}

/// Requests that are answered well, by path.
fn well(service: &Service) -> Vec<(&'static str, Request)> {
    let token = service.token();
    let get = |path: &str| get(service, path).token(&token);
    let post = |path: &str, body: Value| ask(service, "POST", path).body(body.to_string()).token(&token);
    let question = json!([{ "role": "user", "content": "what is exposed?" }]);
    let report = json!({ "SchemaVersion": 2, "ArtifactName": "shop/x:1", "ArtifactType": "container_image", "Results": [
        { "Target": "x", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [{ "VulnerabilityID": "nonsense" }] }] });
    let mut batch: Value = serde_json::from_str(BATCH.lines().next().unwrap()).unwrap();
    batch["sequence"] = 900.into();
    let decision = json!({ "status": "affected", "note": "known", "until": "2027-01-01" });
    vec![
        ("/api/v1/findings", get("/api/v1/findings?limit=1000&status=all")),
        ("/api/v1/findings", get("/api/v1/findings?limit=3")),
        ("/api/v1/findings/{id}", get("/api/v1/findings/2")),
        ("/api/v1/findings/{id}/explanation", get("/api/v1/findings/1/explanation")),
        ("/api/v1/findings/{id}/explanation", get("/api/v1/findings/4/explanation")),
        ("/api/v1/findings/{id}/decision", post("/api/v1/findings/3/decision", decision)),
        ("/api/v1/reports", post("/api/v1/reports", report.clone())),
        ("/api/v1/reports", post("/api/v1/reports", report)),
        ("/api/v1/assets", get("/api/v1/assets")),
        ("/api/v1/paths", get("/api/v1/paths?what_if=true")),
        ("/api/v1/paths", get("/api/v1/paths?from=build/webhook&to=node,secret")),
        ("/api/v1/paths.svg", get("/api/v1/paths.svg")),
        ("/api/v1/rights", get("/api/v1/rights")),
        ("/api/v1/rights", get("/api/v1/rights?can=create-pods&subject=build/ci-runner")),
        ("/api/v1/digests", post("/api/v1/digests", json!({}))),
        ("/api/v1/digests/latest", get("/api/v1/digests/latest")),
        ("/api/v1/enrichments", post("/api/v1/enrichments", json!({ "text": "CVE-2021-44228 shop/x", "key": "K-1" }))),
        ("/api/v1/enrichments", post("/api/v1/enrichments", json!({ "text": "CVE-2021-44228", "key": "K-2" }))),
        ("/api/v1/chat", post("/api/v1/chat", json!({ "question": "what is exposed?" }))),
        (
            "/api/v1/events",
            ask(service, "POST", "/api/v1/events").body(batch.to_string()).token(&service.agent_token()),
        ),
        ("/v1/chat/completions", post("/v1/chat/completions", json!({ "messages": question }))),
        ("/v1/chat/completions", post("/v1/chat/completions", json!({ "messages": question, "stream": true }))),
        ("/v1/models", get("/v1/models")),
        ("/healthz", get("/healthz")),
        ("/readyz", get("/readyz")),
        ("/metrics", get("/metrics")),
        ("/openapi.json", get("/openapi.json")),
        ("/", get("/")),
        ("/findings", get("/findings")),
        ("/findings/{id}", get("/findings/1")),
        ("/digest", get("/digest")),
        ("/ask", get("/ask?q=what+is+exposed")),
        ("/assets", get("/assets")),
        ("/static/style.css", get("/static/style.css")),
        ("/static/keys.js", get("/static/keys.js")),
        ("/static/icon.svg", get("/static/icon.svg")),
    ]
}

#[test]
fn every_answer_is_as_it_is_described() {
    let service = Service::start();
    let document = document(&service);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, request) in well(&service) {
        let method = if request.is_post() { "post" } else { "get" };
        let answer = request.send();
        assert!(matches!(answer.status, 200 | 201), "{method} {path}: {answer:?}");
        Operation::of(&document, path, method).holds(&answer);
        *seen.entry(path).or_default() += 1;
    }
    let paths: Vec<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let unseen: Vec<&&str> = paths.iter().filter(|p| !seen.contains_key(*p)).collect();
    assert_eq!(unseen, [&"/login", &"/logout"], "the others are asked in the tests of sessions");
}

#[test]
fn every_sort_of_answer_in_the_chat_is_as_it_is_described() {
    let service = Service::start();
    let document = document(&service);
    for question in [
        "what is exposed?",
        "how many findings",
        "what changed since yesterday",
        "delete the pod",
        "which fixes close most",
    ] {
        let body = json!({ "question": question }).to_string();
        let answer = ask(&service, "POST", "/api/v1/chat").body(body).token(&service.token()).send();
        let events = answer.events();
        let (_, whole) = events.iter().find(|(name, _)| name == "answer").unwrap();
        let faults =
            faults(&document, &document["components"]["schemas"]["Answer"], &serde_json::from_str(whole).unwrap());
        assert!(faults.is_empty(), "{question}:\n{}", faults.join("\n"));
    }
}

#[test]
fn every_refusal_is_as_it_is_described() {
    let service = Service::start();
    let document = document(&service);
    for (path, method) in described(&document) {
        let operation = Operation::of(&document, &path, &method);
        let url = path.replace("{id}", "none");
        for token in ["", "wrong", &service.agent_token(), &service.token()] {
            let answer = ask(&service, &method.to_uppercase(), &url).body("{").token(token).send();
            if answer.status >= 400 {
                operation.holds(&answer);
            }
        }
        let misdirected = ask(&service, &method.to_uppercase(), &url).header("host", "evil.example").send();
        assert_eq!(misdirected.status, 421);
        operation.holds(&misdirected);
    }
}
