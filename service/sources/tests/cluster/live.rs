//! A live scan against a scripted API server: what it asks, what it makes of the answers, and what it does when they fail.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::live::{LiveError, Server};
use assay_sources::cluster::{Gathered, ToldBy};

use super::{Look, door, scan_of};

/// What the server does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scenario {
    /// Nothing.
    Well,
    /// It forbids to list one kind.
    Forbids(&'static str),
    /// It never answers for one kind.
    Hangs(&'static str),
    /// It cuts the connection in the middle of one list.
    Cuts(&'static str),
    /// It forgets the snapshot of a paged list, once or for ever.
    Forgets { for_ever: bool },
    /// It lacks a group.
    Lacks(&'static str),
    /// It serves one group only in an older version.
    Old(&'static str),
    /// It answers with what is no list.
    Babbles(&'static str),
    /// It breaks inside.
    Fails(&'static str),
    /// It says nothing of what it serves.
    Mute,
}

struct Api {
    scenario: Scenario,
    asked: Mutex<Vec<String>>,
}

/// The resources of each group, as discovery tells them.
const GROUPS: &[(&str, &[&str])] = &[
    ("", &["namespaces", "nodes", "serviceaccounts", "replicationcontrollers", "pods", "services", "secrets"]),
    ("apps", &["deployments", "statefulsets", "daemonsets", "replicasets"]),
    ("batch", &["cronjobs", "jobs"]),
    ("networking.k8s.io", &["ingressclasses", "ingresses", "networkpolicies"]),
    ("rbac.authorization.k8s.io", &["roles", "clusterroles", "rolebindings", "clusterrolebindings"]),
];

impl Api {
    /// Serves from threads of its own, so that a hanging answer holds up nobody else.
    fn start(scenario: Scenario) -> (Arc<Self>, Server) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let api = Arc::new(Self { scenario, asked: Mutex::new(Vec::new()) });
        let serving = api.clone();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let api = serving.clone();
                std::thread::spawn(move || api.serve(stream));
            }
        });
        let mut config = kube::Config::new(format!("http://{address}").parse().expect("an address"));
        config.default_retry = false;
        (api, Server::of_config(config).expect("a plain client"))
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut seen = Vec::new();
        let mut buffer = [0u8; 4096];
        loop {
            while let Some(end) = seen.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&seen[..end]).into_owned();
                seen.drain(..end + 4);
                let target = head.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
                self.asked.lock().expect("no panic while asked").push(target.clone());
                if !self.answer(&target, &mut stream) {
                    return;
                }
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(n) => seen.extend_from_slice(&buffer[..n]),
            }
        }
    }

    fn answer(&self, target: &str, stream: &mut TcpStream) -> bool {
        let path = target.trim_start_matches("GET ").to_owned();
        let about = |resource: &str| path.contains(&format!("/{resource}?"));
        let (code, body) = match self.scenario {
            Scenario::Mute => (500, status(500)),
            Scenario::Hangs(resource) if about(resource) => {
                std::thread::sleep(Duration::from_secs(2));
                return false;
            }
            Scenario::Forbids(resource) if about(resource) => (403, status(403)),
            Scenario::Fails(resource) if about(resource) => (500, status(500)),
            Scenario::Babbles(resource) if about(resource) => (200, "{\"kind\":\"Hello\"}".to_owned()),
            Scenario::Forgets { for_ever }
                if path.contains("continue=") && (for_ever || self.times("continue=") == 1) =>
            {
                (410, status(410))
            }
            Scenario::Cuts(resource) if about(resource) => {
                let half =
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{\"items\":[";
                drop(stream.write_all(half.as_bytes()));
                return false;
            }
            _ => (200, self.body(&path)),
        };
        let head =
            format!("HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).is_ok() && stream.write_all(body.as_bytes()).is_ok()
    }

    fn times(&self, part: &str) -> usize {
        self.asked.lock().expect("no panic while asked").iter().filter(|asked| asked.contains(part)).count()
    }

    fn body(&self, path: &str) -> String {
        let lacks = |group: &'static str| self.scenario == Scenario::Lacks(group);
        let version = |group: &'static str| if self.scenario == Scenario::Old(group) { "v1beta1" } else { "v1" };
        let groups = || GROUPS.iter().filter(|(name, _)| !lacks(name));
        if path == "/api" {
            return r#"{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[]}"#.to_owned();
        }
        if path == "/apis" {
            let all: Vec<String> = groups()
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, _)| {
                    let gv = format!(r#"{{"groupVersion":"{name}/{v}","version":"{v}"}}"#, v = version(name));
                    format!(r#"{{"name":"{name}","versions":[{gv}],"preferredVersion":{gv}}}"#)
                })
                .collect();
            return format!(r#"{{"kind":"APIGroupList","apiVersion":"v1","groups":[{}]}}"#, all.join(","));
        }
        for (name, resources) in groups() {
            let root = if name.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{name}/{}", version(name)) };
            if path == root {
                let all: Vec<String> = resources
                    .iter()
                    .map(|r| {
                        format!(r#"{{"name":"{r}","singularName":"","namespaced":true,"kind":"K","verbs":["list"]}}"#)
                    })
                    .collect();
                let gv = root.trim_start_matches("/apis/").trim_start_matches("/api/");
                return format!(
                    r#"{{"kind":"APIResourceList","groupVersion":"{gv}","resources":[{}]}}"#,
                    all.join(",")
                );
            }
        }
        list(path)
    }
}

fn status(code: u16) -> String {
    format!(r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no","reason":"X","code":{code}}}"#)
}

/// One Deployment with three pods in two pages, a Service with an address, a binding.
fn list(path: &str) -> String {
    let pod = |n: u8| {
        format!(
            r#"{{"metadata":{{"name":"web-5d4f8c7b9-{n}","namespace":"shop","uid":"u{n}","managedFields":[{{"x":null}}],"labels":{{"app":"web","pod-template-hash":"5d4f8c7b9"}},
            "ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-5d4f8c7b9","uid":"r","controller":true}}]}},
            "spec":{{"containers":[{{"name":"web","image":"shop/web:1.4.2"}}]}},"status":{{"phase":"Running"}}}}"#
        )
    };
    let page = |items: &[String], next: &str| {
        format!(
            r#"{{"kind":"L","apiVersion":"v1","metadata":{{"resourceVersion":"1","continue":"{next}"}},"items":[{}]}}"#,
            items.join(",")
        )
    };
    if path.contains("/pods?") {
        return if path.contains("continue=next") { page(&[pod(3)], "") } else { page(&[pod(1), pod(2)], "next") };
    }
    let one = if path.contains("/deployments?") {
        r#"{"metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3,"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"shop/web:1.4.2","securityContext":{"privileged":true}}]}}}}"#
    } else if path.contains("/replicasets?") {
        r#"{"metadata":{"name":"web-5d4f8c7b9","namespace":"shop","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"d","controller":true}]},"spec":{"replicas":3,"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"shop/web:1.4.2"}]}}}}"#
    } else if path.contains("/services?") {
        r#"{"metadata":{"name":"web","namespace":"shop"},"spec":{"type":"LoadBalancer","selector":{"app":"web"},"ports":[{"port":443,"targetPort":8443}]},"status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.7"}]}}}"#
    } else if path.contains("/namespaces?") {
        r#"{"metadata":{"name":"shop"}}"#
    } else if path.contains("/clusterrolebindings?") {
        r#"{"metadata":{"name":"b"},"roleRef":{"kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"User","name":"ann"}]}"#
    } else {
        return page(&[], "");
    };
    page(&[one.to_owned()], "")
}

fn limits() -> ScanLimits {
    ScanLimits { request_timeout_ms: 400, page_len_max: 2, ..ScanLimits::default() }
}

async fn gather(scenario: Scenario) -> (Arc<Api>, Gathered) {
    let (api, server) = Api::start(scenario);
    let gathered = server.gather(&limits(), &door()).await.expect("it answers what it serves");
    (api, gathered)
}

fn live() -> Look {
    Look { told_by: ToldBy::Server, complete: true, ..Look::default() }
}

#[tokio::test]
async fn each_kind_is_listed_once_in_pages_and_nothing_else_is_asked() {
    let (api, gathered) = gather(Scenario::Well).await;
    assert!(gathered.is_whole() && gathered.skipped().count() == 0);
    assert_eq!(gathered.objects.len(), 8);
    let asked = api.asked.lock().expect("no panic while asked").clone();
    assert!(asked.iter().all(|a| a.starts_with("GET ") && !a.contains("secret") && !a.contains("watch")), "{asked:?}");
    let lists: Vec<_> = asked.iter().filter(|a| a.contains("limit=2")).collect();
    assert_eq!(
        lists.iter().filter(|a| !a.contains("continue=")).count(),
        19,
        "all kinds that it serves, without secrets"
    );
    assert_eq!(lists.iter().filter(|a| a.contains("/pods?")).count(), 2);
    let mut once = asked.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), asked.len(), "nothing is asked twice");
}

#[tokio::test]
async fn a_live_scan_says_what_manifests_would_say() {
    let (_, gathered) = gather(Scenario::Well).await;
    let seen = scan_of(&gathered, live());
    assert_eq!(
        seen.ways(),
        ["Service/shop/web :443 -> Deployment/shop/web :8443 tcp", "Service/shop/web load_balancer :443 public"]
    );
    assert_eq!(seen.claims().filter(|c| c.rule.reveal() == "pss-privileged").count(), 1);
    assert_eq!(seen.claims().filter(|c| c.rule.reveal() == "cluster-admin").count(), 1);
    assert!(seen.head.parts.iter().all(|part| part.complete));
    assert_eq!(seen.head.hint, None);
    assert!(seen.records.iter().any(|r| &*r.locator == "live Deployment shop/web"));
}

#[tokio::test]
async fn what_was_not_shown_is_named_and_the_scan_is_not_complete_for_it() {
    for (scenario, kind, why) in [
        (Scenario::Forbids("services"), "Service", "grant the verb list"),
        (Scenario::Forbids("clusterrolebindings"), "ClusterRoleBinding", "grant the verb list"),
        (Scenario::Hangs("nodes"), "Node", "took more than 400 ms"),
        (Scenario::Cuts("ingresses"), "Ingress", "the connection broke"),
        (Scenario::Babbles("jobs"), "Job", "is no list"),
        (Scenario::Fails("roles"), "Role", "answered 500"),
        (Scenario::Forgets { for_ever: true }, "Pod", "again and again"),
    ] {
        let (_, gathered) = gather(scenario).await;
        assert_eq!(gathered.unseen, [kind.into()], "{scenario:?}");
        let [skipped] = &gathered.passed_over[..] else { unreachable!("{:?}", gathered.passed_over) };
        assert!(skipped.reason.contains(why) && gathered.lost.is_empty(), "{skipped:?}");
        let seen = scan_of(&gathered, live());
        assert!(seen.head.hint.is_some(), "{scenario:?}");
        let rbac = kind.contains("Role");
        let closes = |class| seen.head.parts.iter().all(|part| part.complete && part.classes.contains(class));
        assert_eq!(closes(assay_core::scope::Spoken::Rbac), !rbac, "{scenario:?}");
        assert_eq!(closes(assay_core::scope::Spoken::Misconfiguration), rbac, "{scenario:?}");
    }
}

#[tokio::test]
async fn a_list_whose_snapshot_is_gone_starts_over_and_doubles_nothing() {
    let (api, gathered) = gather(Scenario::Forgets { for_ever: false }).await;
    assert!(gathered.is_whole());
    assert_eq!(gathered.objects.iter().filter(|o| &*o.kind == "Pod").count(), 3);
    assert_eq!(api.times("/pods?"), 4);
}

#[tokio::test]
async fn a_group_that_is_missing_or_old_is_no_gap() {
    let (api, gathered) = gather(Scenario::Lacks("networking.k8s.io")).await;
    assert!(gathered.is_whole() && api.times("networking") == 0);
    let (api, gathered) = gather(Scenario::Old("batch")).await;
    assert!(gathered.is_whole() && api.times("/apis/batch/v1beta1/jobs?") == 1);
}

#[tokio::test]
async fn a_server_that_does_not_say_what_it_serves_is_an_error() {
    let (_, server) = Api::start(Scenario::Mute);
    assert!(matches!(server.gather(&limits(), &door()).await, Err(LiveError::Discovery(_))));
}
