//! A live watch against a scripted API server: one list and one watch a kind, and what happens when either breaks.

pub(crate) mod api;
mod broken;
mod objects;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use assay_core::scope::Spoken;
use assay_sources::cluster::limits::{ScanLimits, WatchLimits};
use assay_sources::cluster::live::{Jitter, Namespaces, Server, Watch};
use assay_sources::cluster::{Gathered, ToldBy};
use serde_json::{Value, json};

use super::{Look, door, scan_of};
use api::{Api, KINDS, Scenario};
use objects::{fill, service};

/// No test waits longer than this for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

fn limits() -> ScanLimits {
    ScanLimits { request_timeout_ms: 1_000, object_bytes_max: 4_000, ..ScanLimits::default() }
}

fn watch_limits() -> WatchLimits {
    // A server's `Retry-After` is honoured, and cut to nothing so that tests need not sleep.
    let (backoff_min_ms, backoff_ms_max) = (5, 50);
    WatchLimits {
        backoff_min_ms,
        backoff_ms_max,
        broken_ms_max: 200,
        retry_after_seconds_max: 0,
        ..WatchLimits::default()
    }
}

fn server(api: &Api) -> Server {
    let config = kube::Config::new(format!("http://{}", api.address).parse().expect("an address"));
    Server::of_config(config).expect("a plain client")
}

fn jitter() -> Jitter {
    let next = AtomicU32::new(0);
    Arc::new(move || next.fetch_add(0x1357_9bdf, Ordering::Relaxed))
}

fn watch_of(server: &Server) -> Watch {
    server.watch(&limits(), &watch_limits(), &door(), jitter())
}

/// Takes in changes until the cluster looks as expected.
async fn until<T>(watch: &mut Watch, what: impl Fn(&Gathered) -> Option<T>) -> T {
    let looks = async {
        loop {
            let mirror = watch.mirror();
            let seen = {
                let mut mirror = mirror.lock().expect("no panic while it was held");
                if mirror.is_ready() { mirror.look(|home, _| what(home)) } else { None }
            };
            if let Some(seen) = seen {
                return seen;
            }
            assert!(watch.changed().await, "the watch ended");
        }
    };
    tokio::time::timeout(PATIENCE, looks).await.expect("the change comes")
}

async fn ready(watch: &mut Watch) {
    until(watch, |_| Some(())).await;
}

fn named(kind: &'static str, name: &'static str) -> impl Fn(&Gathered) -> Option<()> {
    move |home| home.objects.iter().any(|o| &*o.kind == kind && &*o.name == name).then_some(())
}

fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}})
}

fn live() -> Look {
    Look { told_by: ToldBy::Server, complete: true, ..Look::default() }
}

#[tokio::test]
async fn each_kind_has_one_list_and_one_watch_whatever_changes() {
    let api = Api::start(Scenario::Well, 34);
    fill(&api);
    for name in ["a", "b", "c", "d", "e"] {
        api.put("pods", pod(name));
    }
    let mut watch = watch_of(&server(&api));
    until(&mut watch, named("Pod", "e")).await;
    api.put("services", service("LoadBalancer"));
    let ways = until(&mut watch, |home| {
        let ways = scan_of(home, live()).ways();
        (ways.len() == 2).then_some(ways)
    });
    assert_eq!(ways.await[1], "Service/shop/web load_balancer :443 public");
    api.delete("pods", "shop", "b");
    until(&mut watch, |home| named("Pod", "b")(home).is_none().then_some(())).await;
    assert_eq!((api.lists(""), api.watches("").len()), (KINDS, KINDS));
    assert_eq!(watch.counts().lists.load(Ordering::Relaxed), KINDS as u64);
    assert_eq!(watch.counts().watches.load(Ordering::Relaxed), KINDS as u64);
    let asked = api.asked();
    assert!(asked.iter().all(|a| a.starts_with("GET ") && !a.contains("secrets")), "{asked:?}");
    assert_eq!(asked.iter().filter(|a| a.contains("/pods?") && a.contains("continue=")).count(), 2, "three pages");
}

#[tokio::test]
async fn what_the_server_rewrites_without_meaning_is_no_change() {
    let api = Api::start(Scenario::Well, 34);
    fill(&api);
    let mut watch = watch_of(&server(&api));
    ready(&mut watch).await;
    let mut touched = service("ClusterIP");
    touched["metadata"]["annotations"] = json!({"example.com/seen": "now"});
    touched["metadata"]["managedFields"] = json!([{"manager": "x".repeat(2_000)}]);
    api.put("services", touched);
    api.put("pods", pod("after"));
    assert!(tokio::time::timeout(PATIENCE, watch.changed()).await.expect("the pod comes"));
    until(&mut watch, named("Pod", "after")).await;
    let nothing = tokio::time::timeout(Duration::from_millis(200), watch.changed()).await;
    assert!(nothing.is_err(), "the Service is as it was");
}

#[tokio::test]
async fn every_version_from_29_to_34_is_listed_for_what_is_read_and_for_nothing_else() {
    for minor in 29..=34 {
        let api = Api::start(Scenario::Well, minor);
        fill(&api);
        let mut watch = watch_of(&server(&api));
        ready(&mut watch).await;
        assert_eq!(api.lists(""), KINDS, "1.{minor}");
        let asked = api.asked();
        for unknown in ["widgets", "flowschemas", "servicecidrs", "resourceclaims", "configmaps", "secrets"] {
            assert!(!asked.iter().any(|a| a.contains(unknown)), "1.{minor} {unknown}");
        }
        let gathered = server(&api).gather(&limits(), &door()).await.expect("it answers what it serves");
        assert!(gathered.is_whole() && gathered.objects.len() == 3, "1.{minor}");
    }
}

#[tokio::test]
async fn two_watches_of_one_server_see_the_same_and_do_not_disturb_each_other() {
    let api = Api::start(Scenario::Well, 33);
    fill(&api);
    let (mut one, mut two) = (watch_of(&server(&api)), watch_of(&server(&api)));
    ready(&mut one).await;
    ready(&mut two).await;
    api.put("pods", pod("new"));
    until(&mut one, named("Pod", "new")).await;
    until(&mut two, named("Pod", "new")).await;
    let digest = |watch: &Watch| watch.mirror().lock().expect("no panic while it was held").look(|_, digest| digest);
    assert_eq!(digest(&one), digest(&two));
    drop(one);
    api.put("pods", pod("newer"));
    until(&mut two, named("Pod", "newer")).await;
    assert_eq!(api.lists(""), 2 * KINDS);
}

#[tokio::test]
async fn namespaces_are_looked_into_or_left_out_and_the_rest_is_not_taken_for_gone() {
    let api = Api::start(Scenario::Well, 32);
    fill(&api);
    let within = Namespaces::asked(&["shop".to_owned()], &[]).expect("a name");
    let mut watch = watch_of(&server(&api).within(within));
    api.put("pods", json!({"metadata": {"name": "x", "namespace": "other"}, "spec": {"containers": []}}));
    ready(&mut watch).await;
    let asked = api.asked();
    assert!(asked.iter().any(|a| a.contains("/api/v1/namespaces/shop/pods?")));
    assert!(!asked.iter().any(|a| a.contains("/api/v1/pods?")));
    assert!(asked.iter().any(|a| a.contains("/namespaces?") && a.contains("fieldSelector=metadata.name%3Dshop")));
    until(&mut watch, |home| {
        assert!(named("Pod", "x")(home).is_none());
        let head = scan_of(home, live()).head;
        let complete = |namespace: &str| {
            let part = head.parts.iter().find(|part| {
                matches!(&part.scope, assay_core::scope::Scope::Namespace { namespace: n, .. } if n.reveal() == namespace)
            });
            part.map(|part| part.complete && part.classes.contains(Spoken::Misconfiguration))
        };
        assert_eq!((complete("shop"), complete("")), (Some(true), Some(false)));
        assert!(head.hint.is_some_and(|hint| hint.contains("left out")));
        Some(())
    })
    .await;
    let out = Namespaces::asked(&[], &["kube-system".to_owned()]).expect("a name");
    let gathered = server(&api).within(out).gather(&limits(), &door()).await.expect("it answers");
    assert!(gathered.restricted);
    let asked = api.asked();
    assert!(asked.iter().any(|a| a.contains("/api/v1/pods?") && a.contains("metadata.namespace%21%3Dkube-system")));
}
