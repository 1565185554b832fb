//! Who may do what, asked of the binary: a small cluster in manifests, and three days of its audit log.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

const NOW: &str = "2026-11-24T12:00:00Z";

const CLUSTER: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replicas: 1, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: web, image: 'shop/web:1'}]}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sum}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: sum}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: leaf, labels: {to: sum}}
rules:
- {apiGroups: [''], resources: [secrets], verbs: [get, list]}
- {apiGroups: [''], resources: [pods/exec], resourceNames: [web-0], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sum}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: 'system:serviceaccounts:shop'}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: gone, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: nowhere}
subjects: [{kind: User, name: ann}]
";

fn assay(data: &Path, args: &[&str]) -> Output {
    let mut command = assert_cmd::Command::cargo_bin("assay").unwrap();
    command.env("ASSAY_DATA", data).env("NO_COLOR", "1").env_remove("ASSAY_CONFIG");
    command.args(args).args(["--as-of", NOW]).output().unwrap()
}

fn text(data: &Path, args: &[&str]) -> String {
    let output = assay(data, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn rights(data: &Path, args: &[&str]) -> Vec<Value> {
    let said = text(data, &[&["rights", "-o", "json"], args].concat());
    serde_json::from_str::<Value>(&said).unwrap()["subjects"].as_array().unwrap().clone()
}

/// What each subject may do, and where.
fn list(subjects: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    for subject in subjects {
        for right in subject["rights"].as_array().unwrap() {
            let names: Vec<&str> = right["names"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
            let word = |key: &str| right[key].as_str().unwrap_or("everywhere").to_owned();
            let name = subject["name"].as_str().unwrap();
            found.push(format!("{name} {} {} {}", word("capability"), word("namespace"), names.join(",")));
        }
    }
    found
}

fn event(at: &str, user: &str, verb: &str, resource: &str) -> String {
    let event = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "stage": "ResponseComplete", "verb": verb,
        "auditID": format!("{at}{verb}"), "requestURI": format!("/api/v1/namespaces/shop/{resource}/x"), "user": {"username": user},
        "objectRef": {"resource": resource, "namespace": "shop", "name": "x", "apiVersion": "v1"},
        "responseStatus": {"code": 200}, "requestReceivedTimestamp": at, "stageTimestamp": at,
    });
    format!("{event}\n")
}

struct Cluster {
    folder: tempfile::TempDir,
}

impl Cluster {
    fn scanned(complete: bool) -> Self {
        let cluster = Self { folder: tempfile::tempdir().unwrap() };
        let manifests = cluster.folder.path().join("cluster.yaml");
        fs::write(&manifests, CLUSTER).unwrap();
        let mut args = vec!["scan", "--manifests", manifests.to_str().unwrap()];
        args.extend(complete.then_some("--complete"));
        text(&cluster.data(), &args);
        cluster
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self, events: &str) {
        let log = self.folder.path().join("audit.jsonl");
        fs::write(&log, events).unwrap();
        text(&self.data(), &["ingest", log.to_str().unwrap()]);
    }
}

#[test]
fn an_account_has_its_own_rights_and_those_of_its_groups() {
    let cluster = Cluster::scanned(true);
    let data = cluster.data();
    let all = list(&rights(&data, &[]));
    let own = ["web read-secrets shop ", "web list-secrets shop ", "web exec-pods shop web-0"];
    assert_eq!(all, [&["system:serviceaccounts:shop namespace-admin shop "][..], &own].concat());
    let web = rights(&data, &["shop/web"]);
    assert_eq!(list(&web), [&["web namespace-admin shop "][..], &own].concat());
    assert_eq!(web[0]["rights"][0]["through"], "system:serviceaccounts:shop");
    assert_eq!(web[0]["workloads"], json!(["shop/web"]));
    assert_eq!(web[0]["rights"][1]["role"], "ClusterRole/sum");

    let said = text(&data, &["rights", "shop/web"]);
    for words in
        ["only web-0", "RoleBinding/web", "ClusterRole/sum", "web as system:serviceaccounts:shop", "is run by shop/web"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn who_can_counts_who_can_do_everything_and_names_who_may() {
    let cluster = Cluster::scanned(true);
    let data = cluster.data();
    let who = |can: &str| list(&rights(&data, &["--can", can]));
    let admin = "system:serviceaccounts:shop namespace-admin shop ";
    assert_eq!(who("read-secrets"), [admin, "web read-secrets shop ", "web list-secrets shop "]);
    assert_eq!(who("impersonate-accounts"), [admin]);
    assert_eq!(who("proxy-nodes"), [""; 0], "of the cluster, which nobody holds");
    assert_eq!(list(&rights(&data, &["--namespace", "lab"])), [""; 0]);
    let said = text(&data, &["rights", "--can", "proxy-nodes"]);
    assert!(
        said.contains("User ann may do more in shop by RoleBinding/gone of Role/nowhere: its role is not in view"),
        "{said}"
    );

    let wrong = assay(&data, &["rights", "--can", "fly"]);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        wrong.status.code() == Some(2) && said.contains("no right `fly`") && said.contains("read-secrets"),
        "{said}"
    );
    assert!(text(&data, &["rights", "nobody"]).contains("nobody is called `nobody`"));
}

#[test]
fn roles_that_may_lie_elsewhere_leave_a_doubt() {
    let cluster = Cluster::scanned(false);
    let web = rights(&cluster.data(), &["shop/web"]);
    assert_eq!(web[0]["unknown"][0]["role"], "ClusterRole/sum", "{web:?}");
    assert!(web[0]["unknown"][0]["because"].as_str().unwrap().contains("not all roles are in view"));
    assert_eq!(web[0]["rights"].as_array().unwrap().len(), 4, "what is in view is known all the same");
}

/// The log takes nothing from the urgency: the finding stands where it stood, with one more line.
#[test]
fn a_right_that_the_audit_log_does_not_show_is_told_and_stays_as_urgent() {
    let cluster = Cluster::scanned(true);
    let data = cluster.data();
    let findings =
        || serde_json::from_str::<Value>(&text(&data, &["findings", "--class", "rbac", "-o", "json"])).unwrap();
    let standing = |list: &Value| -> Vec<(Value, Value, Value)> {
        let all = list["findings"].as_array().unwrap().iter();
        all.map(|f| (f["id"].clone(), f["band"].clone(), f["score"].clone())).collect()
    };
    let before = findings();
    let web = "system:serviceaccount:shop:web";
    let log = event("2026-11-20T00:00:00Z", web, "list", "secrets")
        + &event("2026-11-21T00:00:00Z", web, "list", "secrets")
        + &event("2026-11-23T00:00:00Z", "ann", "get", "configmaps");
    cluster.log(&log);
    let after = findings();
    assert_eq!(standing(&before), standing(&after));

    let web = rights(&data, &["shop/web"]);
    let of = |capability: &str| {
        let rights = web[0]["rights"].as_array().unwrap();
        rights.iter().find(|r| r["capability"] == capability).unwrap()["use"].clone()
    };
    let listed = of("list-secrets");
    assert_eq!((&listed["value"], &listed["since"]), (&"used".into(), &"2026-11-20T00:00:00Z".into()), "{listed}");
    assert_eq!(listed["until"], "2026-11-21T00:00:00Z");
    let read = of("read-secrets");
    assert_eq!((&read["value"], &read["watched_s"]), (&"not_seen".into(), &(3 * 86_400).into()), "{read}");
    assert_eq!(of("namespace-admin")["value"], "unknown", "any call is a use of it");

    let id = |what: &str| {
        let all = after["findings"].as_array().unwrap();
        all.iter().find(|f| f["title"].as_str().unwrap().contains(what)).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let flat = |id: &str| text(&data, &["explain", id]).split_whitespace().collect::<Vec<_>>().join(" ");
    let said = flat(&id("may read secrets"));
    assert!(said.contains("in 3 d of the audit log"), "{said}");
    assert!(!flat(&id("list all secrets")).contains("of the audit log"));
}
