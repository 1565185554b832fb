//! An agent speaks for its own node: by a token of ours that is bound to it, or by the token of its service account, about
//! which a scripted API server is asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::door::Service;
use crate::door::wire::{Answer, get, post};

const ACCOUNT: &str = "system:serviceaccount:assay-agent:assay-agent";
const TOKEN: &str = "aGVhZA.cGF5bG9hZA.c2ln";

fn batch(node: &str, sequence: u32) -> String {
    format!(
        r#"{{"version":1,"node":"{node}","boot":"b9","sequence":{sequence},"sent_at":"2026-11-24T03:00:00Z","funnel":{{"hook_hits":1,"records":1,"facts":0}}}}"#
    )
}

fn send(service: &Service, token: &str, node: &str, sequence: u32) -> Answer {
    post(service, "/api/v1/events", batch(node, sequence)).token(token).send()
}

/// The detail of a refusal, which is problem+json.
fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, Some("application/problem+json")),
        "{answer:?}"
    );
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_that_is_bound_to_a_node_posts_its_batches_and_no_others() {
    let service = Service::start();
    let made = service.beside(&["token", "create", "--role", "agent", "--node", "worker-8"]);
    let bound = made.trim();
    assert_eq!(send(&service, bound, "worker-8", 1).status, 201);
    let why = refused(&send(&service, bound, "worker-9", 1), 403);
    assert!(why.contains("speaks for node worker-8") && why.contains("names worker-9"), "{why}");
    assert!(why.contains("assay token create --role agent --node"), "{why}");
    let first = send(&service, &service.agent_token(), "worker-9", 1);
    assert_eq!(first.status, 201, "nothing was stored of it, and a token without a node speaks for any: {first:?}");
    assert_eq!(get(&service, "/api/v1/findings").token(bound).send().status, 403);
    let listed = service.beside(&["token", "list"]);
    assert!(listed.contains("agent-worker-8") && listed.contains("node worker-8"), "{listed}");
}

/// What the API server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scenario {
    /// It knows the token as that of the agent on worker-8.
    Well,
    /// It knows it as another account's.
    OtherAccount,
    /// It is older than the claim of the node.
    NoNode,
    /// It does not know it.
    Unknown,
    /// It knows it, for itself and not for us.
    OtherAudience,
    /// The service may not ask.
    Forbids,
    /// It breaks inside.
    Fails,
    /// It answers with what is no review.
    Babbles,
    /// It never answers.
    Hangs,
}

struct Api {
    scenario: Mutex<Scenario>,
    asked: Mutex<Vec<Value>>,
    address: String,
}

impl Api {
    fn start(scenario: Scenario) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let api = Arc::new(Self { scenario: Mutex::new(scenario), asked: Mutex::default(), address });
        let serving = api.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let api = serving.clone();
                std::thread::spawn(move || api.serve(stream));
            }
        });
        api
    }

    /// A service that asks this API server, found by a kubeconfig.
    fn service(&self) -> (Service, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        let config = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: 'http://{}'}}}}]\n\
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{}}}}]\n",
            self.address
        );
        std::fs::write(&path, config).unwrap();
        let environment = [("KUBECONFIG", path.to_str().unwrap())];
        (Service::with("[serve]\ntoken_review = true\n", &environment), folder)
    }

    /// One request a connection.
    fn serve(&self, mut stream: TcpStream) {
        let mut seen = Vec::new();
        let mut some = [0u8; 4096];
        let body: Value = loop {
            match stream.read(&mut some) {
                Ok(0) | Err(_) => return,
                Ok(n) => seen.extend_from_slice(&some[..n]),
            }
            let Some(end) = seen.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            if let Ok(body) = serde_json::from_slice(&seen[end + 4..]) {
                break body;
            }
        };
        assert!(
            seen.starts_with(b"POST /apis/authentication.k8s.io/v1/tokenreviews"),
            "{}",
            String::from_utf8_lossy(&seen)
        );
        self.asked.lock().unwrap().push(body["spec"].clone());
        let (code, answer) = self.answer();
        let head = format!("HTTP/1.1 {code} X\r\ncontent-type: application/json\r\nconnection: close\r\n");
        // The service may have gone in the meantime.
        let _ = write!(stream, "{head}content-length: {}\r\n\r\n{answer}", answer.len());
    }

    fn answer(&self) -> (u16, String) {
        let scenario = *self.scenario.lock().unwrap();
        let status = |code: u16| {
            (
                code,
                json!({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no","code":code})
                    .to_string(),
            )
        };
        let user = |name: &str, extra: Value| json!({"username": name, "extra": extra});
        let node = json!({"authentication.kubernetes.io/node-name": ["worker-8"], "authentication.kubernetes.io/pod-name": ["assay-agent-x"]});
        let pod = json!({"authentication.kubernetes.io/pod-name": ["assay-agent-x"]});
        let good = |user: Value| json!({"authenticated": true, "audiences": ["assay"], "user": user});
        let said = match scenario {
            Scenario::Well => good(user(ACCOUNT, node)),
            Scenario::OtherAccount => good(user("system:serviceaccount:shop:web", node)),
            Scenario::NoNode => good(user(ACCOUNT, pod)),
            Scenario::Unknown => json!({"error": "not known"}),
            Scenario::OtherAudience => json!({"authenticated": true, "user": user(ACCOUNT, node)}),
            Scenario::Forbids => return status(403),
            Scenario::Fails => return status(500),
            Scenario::Babbles => return (200, "{\"kind\":\"Hello\"}".to_owned()),
            Scenario::Hangs => {
                std::thread::sleep(Duration::from_secs(20));
                return status(500);
            }
        };
        (201, json!({"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "status": said}).to_string())
    }

    fn times(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[test]
fn the_token_of_an_agents_account_posts_batches_of_its_pods_node_and_does_nothing_else() {
    let api = Api::start(Scenario::Well);
    let (service, _folder) = api.service();
    assert_eq!(send(&service, TOKEN, "worker-8", 1).status, 201);
    assert_eq!(api.asked.lock().unwrap()[0], json!({"token": TOKEN, "audiences": ["assay"]}));
    assert_eq!(send(&service, TOKEN, "worker-8", 2).status, 201);
    let why = refused(&send(&service, TOKEN, "worker-9", 3), 403);
    assert!(why.contains("speaks for node worker-8"), "{why}");
    assert_eq!(api.times(), 1, "what was said a moment ago is remembered");
    for path in ["/api/v1/findings", "/api/v1/events", "/api/v1/digests/latest"] {
        assert_eq!(get(&service, path).token(TOKEN).send().status, 401, "{path}");
    }
    assert_eq!(post(&service, "/api/v1/reports", "{}").token(TOKEN).send().status, 401);
    let form = post(&service, "/login", format!("secret={TOKEN}"));
    assert_eq!(form.header("content-type", "application/x-www-form-urlencoded").send().status, 401);
    assert_eq!(send(&service, "assay_unknown", "worker-8", 4).status, 401);
    assert_eq!(api.times(), 1, "no other request and no other secret is shown to the API server");
    assert_eq!(send(&service, &service.agent_token(), "worker-9", 5).status, 201, "tokens of ours go on");
}

#[test]
fn what_the_api_server_does_not_vouch_for_is_refused_with_the_reason() {
    let api = Api::start(Scenario::Unknown);
    let (service, _folder) = api.service();
    for (scenario, status, says) in [
        (Scenario::Unknown, 401, "a token is needed"),
        (Scenario::OtherAudience, 401, "a token is needed"),
        (Scenario::OtherAccount, 403, "agent_account"),
        (Scenario::NoNode, 403, "Kubernetes 1.30"),
    ] {
        *api.scenario.lock().unwrap() = scenario;
        let why = refused(&send(&service, TOKEN, "worker-8", 1), status);
        assert!(why.contains(says), "{scenario:?}: {why}");
    }
    *api.scenario.lock().unwrap() = Scenario::Well;
    assert_eq!(send(&service, TOKEN, "worker-8", 1).status, 201, "no refusal is remembered");
}

#[test]
fn without_the_api_servers_word_an_agent_is_told_to_come_again() {
    let api = Api::start(Scenario::Forbids);
    let (service, _folder) = api.service();
    for scenario in [Scenario::Forbids, Scenario::Fails, Scenario::Babbles, Scenario::Hangs] {
        *api.scenario.lock().unwrap() = scenario;
        let answer = send(&service, TOKEN, "worker-8", 1);
        refused(&answer, 503);
        assert_eq!(answer.header("retry-after"), Some("5"), "{scenario:?}");
    }
    let log = service.log();
    assert_eq!(log.matches("agents wait until it does").count(), 1, "one outage is one line: {log}");
    assert!(log.contains("create on tokenreviews") && !log.contains(TOKEN), "{log}");
}
