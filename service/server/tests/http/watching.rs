//! A cluster that changes while the service watches it: the band moves on every surface, a view that is cut closes nothing,
//! and what is not granted is named.

use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::api::{Api, KINDS, Scenario};
use crate::door::Service;
use crate::door::wire::get;
use crate::objects::{fill, service};

/// No test waits longer than this for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kubeconfig with a context for each server; the first is the current one.
fn kubeconfig(servers: &[(&str, &Api)]) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    let all = |one: &dyn Fn(&str, &Api) -> String| {
        servers.iter().map(|(name, api)| one(name, api)).collect::<Vec<_>>().join(", ")
    };
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {}\nclusters: [{}]\ncontexts: [{}]\nusers: [{{name: u, user: {{}}}}]\n",
        servers[0].0,
        all(&|name, api| format!("{{name: {name}, cluster: {{server: 'http://{}'}}}}", api.address)),
        all(&|name, _| format!("{{name: {name}, context: {{cluster: {name}, user: u}}}}")),
    );
    std::fs::write(&path, config).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn findings(service: &Service) -> Vec<Value> {
    let list = get(service, "/api/v1/findings?status=all").token(&service.token()).send().good();
    list["findings"].as_array().unwrap().clone()
}

/// Asks until the answer is as expected.
fn until<T>(what: &str, ask: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The privileged container of the Deployment `web`.
fn privileged(service: &Service) -> Option<Value> {
    findings(service).into_iter().find(|f| f["control"]["id"] == "pss-privileged")
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap()
}

#[test]
fn a_service_that_opens_to_the_internet_moves_the_band_on_every_surface() {
    let api = Api::start(Scenario::Well, 34);
    fill(&api);
    let (_folder, config) = kubeconfig(&[("c", &api)]);
    let watching = Service::empty(&["--watch"], "", &[("KUBECONFIG", &config)]);
    let before = until("the finding", || privileged(&watching));
    assert_eq!(before["asset"]["cluster"], "default");
    api.put("services", service("LoadBalancer"));
    let after = until("the move", || privileged(&watching).filter(|f| f["band"] != before["band"]));
    assert_eq!((text(&before, "id"), text(&after, "band")), (text(&after, "id"), "14-days"));
    let of = |finding: &Value, name: &str| {
        let factors = finding["factors"].as_array().unwrap();
        factors.iter().find(|f| f["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!((of(&before, "exposure"), of(&after, "exposure")), ("internal".into(), "exposed".into()));
    let paths = get(&watching, "/api/v1/paths").token(&watching.token()).send().good();
    assert!(paths.to_string().contains("Service"), "{paths}");
    let shown = watching.beside_now(&["explain", text(&after, "id")]);
    assert!(shown.contains("Fix within 14 days"), "{shown}");
    api.put("services", service("ClusterIP"));
    until("the move back", || privileged(&watching).filter(|f| f["band"] == before["band"]));
    api.delete("deployments", "shop", "web");
    until("its end", || privileged(&watching).filter(|f| f["status"] == "resolved"));
    assert_eq!((api.lists(""), api.watches("").len()), (KINDS, KINDS));
    assert!(api.asked().iter().all(|asked| asked.starts_with("GET ") && !asked.contains("secrets")));
    let metrics = get(&watching, "/metrics").send();
    assert!(metrics.body.contains(&format!("assay_watch_lists{{cluster=\"default\"}} {KINDS}")), "{}", metrics.body);
}

#[test]
fn what_is_not_seen_closes_nothing_and_is_said_once() {
    let api = Api::start(Scenario::Well, 34);
    fill(&api);
    let (_folder, config) = kubeconfig(&[("c", &api)]);
    let watching = Service::empty(&["--watch", "--context", "c"], "", &[("KUBECONFIG", &config)]);
    until("the finding", || privileged(&watching));
    api.plays(Scenario::Forbids("watch", "deployments"));
    api.cut();
    api.delete("deployments", "shop", "web");
    until("the word", || watching.log().contains("grant the verb watch").then_some(()));
    // A change elsewhere makes a report without Deployments.
    api.put("services", service("LoadBalancer"));
    let exposed = |value: &Value| value["paths"].as_array().is_some_and(|paths| !paths.is_empty());
    let paths = || get(&watching, "/api/v1/paths").token(&watching.token()).send().good();
    until("the open door", || exposed(&paths()).then_some(()));
    assert_ne!(privileged(&watching).unwrap()["status"], "resolved");
    api.plays(Scenario::Well);
    until("its end", || privileged(&watching).filter(|f| f["status"] == "resolved"));
    assert_eq!(watching.log().matches("grant the verb watch").count(), 1);
    assert!(watching.log().contains("deployments is seen again"));
}

#[test]
fn several_clusters_have_each_a_name_of_their_own_and_one_that_is_down_stops_no_other() {
    let (one, two) = (Api::start(Scenario::Well, 29), Api::start(Scenario::Mute, 34));
    fill(&one);
    fill(&two);
    let (_folder, config) = kubeconfig(&[("arn:one", &one), ("arn:two", &two)]);
    let settings = "[[watch]]\ncluster = 'north'\ncontext = 'arn:one'\n[[watch]]\ncluster = 'south'\ncontext = 'arn:two'\n\
                    namespaces = ['shop']\n";
    let watching = Service::empty(&[], settings, &[("KUBECONFIG", &config)]);
    let of = |cluster: &str| {
        findings(&watching)
            .into_iter()
            .find(|f| f["control"]["id"] == "pss-privileged" && f["asset"]["cluster"] == cluster)
    };
    until("the first cluster", || of("north"));
    assert!(of("south").is_none());
    two.plays(Scenario::Well);
    until("the second cluster", || of("south"));
    assert!(of("north").is_some());
    assert!(two.asked().iter().any(|asked| asked.contains("/namespaces/shop/deployments?")));
}

#[test]
fn doctor_names_the_verb_that_is_missing_and_what_it_is_for() {
    let api = Api::start(Scenario::Forbids("watch", "services"), 34);
    let (_folder, config) = kubeconfig(&[("c", &api)]);
    let doctor = |args: &[&str]| {
        let data = tempfile::tempdir().unwrap();
        let mut command = assert_cmd::Command::cargo_bin("assay").unwrap();
        command.env_remove("ASSAY_CONFIG").env("KUBECONFIG", &config).env("NO_COLOR", "1");
        command.arg("--data").arg(data.path()).args(["doctor", "--rights"]).args(args).output().unwrap()
    };
    let output = doctor(&[]);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(4), "{out}{err}");
    assert!(out.contains("grant the verb watch on it") && err.contains("1 right is missing"), "{out}{err}");
    let row = out.lines().find(|line| line.contains("services") && line.contains("missing")).unwrap();
    assert!(row.starts_with("watch") && row.contains("exposure"), "{row}");
    api.plays(Scenario::Well);
    let output = doctor(&["-o", "json", "--context", "c"]);
    let rights: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    let rights = rights["rights"].as_array().unwrap();
    assert!(rights.len() == 2 * KINDS && rights.iter().all(|right| right["granted"] == true));
    assert!(api.asked().iter().all(|asked| asked.starts_with("GET ")));
}
