//! What is told of the namespaces that changed leaves the ledger as a report of everything would.

use std::path::Path;

use assay_core::control::Controls;
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::manifests;

use super::*;
use crate::config::Config;
use crate::snapshot::Snapshot;

fn space(name: &str) -> String {
    format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{ name: {name} }}\n")
}

fn workload(namespace: &str, name: &str, privileged: bool) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: {name}, namespace: {namespace} }}\nspec:\n  replicas: 1\n  \
         selector: {{ matchLabels: {{ app: {name} }} }}\n  template:\n    metadata: {{ labels: {{ app: {name} }} }}\n    spec:\n      \
         serviceAccountName: {name}\n      containers: [{{ name: c, image: 'x/{name}:1', securityContext: {{ privileged: {privileged} }} }}]\n\
         ---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{ name: {name}, namespace: {namespace} }}\n"
    )
}

fn service(namespace: &str, name: &str, kind: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{ name: {name}, namespace: {namespace} }}\nspec: {{ type: {kind}, \
         selector: {{ app: {name} }}, ports: [{{ port: 443, targetPort: 8443 }}] }}\n\
         status: {{ loadBalancer: {{ ingress: [{{ ip: 198.51.100.7 }}] }} }}\n"
    )
}

/// A binding in one namespace, or in none, that gives the identity of another the right to read secrets.
fn binding(namespace: &str, of: &str, name: &str) -> String {
    let (kind, role, within) = match namespace {
        "" => ("ClusterRoleBinding", "ClusterRole", String::new()),
        namespace => ("RoleBinding", "Role", format!(", namespace: {namespace}")),
    };
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {role}\nmetadata: {{ name: r{within} }}\n\
         rules: [{{ apiGroups: [''], resources: [secrets], verbs: [get, list] }}]\n\
         ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{ name: b{within} }}\n\
         roleRef: {{ apiGroup: rbac.authorization.k8s.io, kind: {role}, name: r }}\n\
         subjects: [{{ kind: ServiceAccount, name: {name}, namespace: {of} }}, {{ kind: User, name: ann }}]\n"
    )
}

/// Everything that a person could see of a ledger, but for times and rows.
fn seen(store: &mut Store, config: &Config, controls: &Controls, at: Time) -> Vec<String> {
    let snapshot = Snapshot::load(store, config, controls, at).unwrap();
    let world = &snapshot.world;
    let mut lines = Vec::new();
    for asset in &world.assets {
        let key = &asset.key;
        lines.push(format!("asset {key:?}"));
        let facts = asset.facts.iter().filter(|fact| fact.valid_until.is_none_or(|until| until >= at));
        lines.extend(facts.map(|fact| format!("fact {key:?} {:?}", fact.what)));
    }
    let key = |at| &world.asset(at).key;
    lines.extend(world.edges.iter().map(|e| format!("edge {:?} {:?} {:?}", key(e.from), key(e.to), e.link)));
    for ranked in snapshot.table.list(&snapshot.policy, |_| true) {
        let finding = store.details(&[ranked.row.id.into()], at).unwrap().remove(0);
        let (fp, presence) = (finding.fingerprint, finding.life.presence);
        lines.push(format!("finding {fp} {:?} {presence:?} {}", finding.place, ranked.band));
    }
    lines.sort();
    lines
}

#[test]
fn news_alone_leaves_the_ledger_as_everything_would() {
    let (shop, ops) = (space("shop") + &workload("shop", "web", true), space("ops") + &workload("ops", "bot", false));
    let other = space("other") + &workload("other", "idle", true);
    let steps = [
        format!("{shop}{ops}{other}"),
        format!("{shop}{ops}{other}{}", service("shop", "web", "LoadBalancer")),
        format!("{shop}{ops}{other}{}{}", service("shop", "web", "LoadBalancer"), binding("shop", "ops", "bot")),
        // Nothing changed.
        format!("{shop}{ops}{other}{}{}", service("shop", "web", "LoadBalancer"), binding("shop", "ops", "bot")),
        format!("{shop}{ops}{other}{}{}", service("shop", "web", "ClusterIP"), binding("", "ops", "bot")),
        format!("{shop}{ops}{}", service("ops", "bot", "LoadBalancer")),
        format!("{}{ops}{other}", space("shop")),
        format!("{ops}{other}"),
        format!("{shop}{ops}{other}"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| Store::open(&folder.path().join(name)).unwrap();
    let (mut all, mut news) = (open("all.db"), open("news.db"));
    let (door, limits) = (SecretDoor::new([7; 32]), ScanLimits::default());
    let config = Config::load(Path::new("none"), false, Some("demo"), Time::from_secs(0)).unwrap();
    let controls = Controls::parse(assay_sources::CONTROLS).unwrap();
    let mut told: Option<Told> = None;
    let mut scopes = Vec::new();
    for (step, yaml) in steps.iter().enumerate() {
        let gathered = manifests::read_bytes(yaml.as_bytes(), "x.yaml", &limits, &door);
        assert_eq!(gathered.skipped().count(), 0);
        let as_of = Time::from_secs(1_790_000_000 + 60 * step as i64);
        let (cluster, told_by) = (&config.cluster, ToldBy::Server);
        let sha256 = Digest::of_bytes(yaml.as_bytes());
        let kept = Kept { cluster, told_by, complete: true, as_of, sender: "watch", sha256 };
        keep(&mut all, &gathered, &kept, &door).unwrap();
        let (receipt, now) = keep_news(&mut news, &gathered, &kept, told.as_ref(), &door).unwrap();
        scopes.push(receipt.map_or(0, |receipt| receipt.scopes.len()));
        told = Some(now);
        let (of_all, of_news) = (seen(&mut all, &config, &controls, as_of), seen(&mut news, &config, &controls, as_of));
        assert_eq!(of_news, of_all, "step {step}");
    }
    assert_eq!(&scopes[..4], [4, 1, 3, 0], "everything, the shop, those that the binding bears on, nothing");
}
