//! What shifted on the cluster is told beside what moved among the findings.

use super::*;

const GUARDS: &str = r#"
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: quiet, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader, namespace: shop }
rules: [{ apiGroups: [""], resources: [secrets], verbs: [get, list] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: read, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: web, namespace: shop }]
"#;

/// The same shop an hour later, as a scan of this told-by shows it.
fn later(shop: &mut Shop, manifests: &str, told_by: ToldBy, now: &str) {
    shop.app = crate::testing::app(shop._dir.path(), now);
    let door = shop.app.door().unwrap();
    let path = shop._dir.path().join("later.yaml");
    std::fs::write(&path, manifests).unwrap();
    let gathered = assay_sources::cluster::manifests::read(&path, &ScanLimits::default(), &door).unwrap();
    keep(&shop.app, &gathered, told_by, true, &door).unwrap();
    shop.snapshot = shop.app.refreshed(&mut shop.store).unwrap();
    shop.names = index(&shop.store, &shop.snapshot).unwrap();
}

/// The changes of the cluster in an answer, as `change kind/name which: before > after`.
fn changes(answer: &Value) -> Vec<String> {
    let rows = answer["rows"].as_array().unwrap().iter().filter(|r| !r["differs_from_declared"].is_null());
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut all: Vec<String> = rows
        .map(|r| {
            let [change, kind, name] = [&r["change"], &r["asset"]["kind"], &r["asset"]["name"]].map(text);
            let [which, before, after] = [&r["which"], &r["before"], &r["after"]].map(text);
            format!("{change} {kind}/{name} {which}: {before} > {after}")
        })
        .collect();
    all.sort();
    all
}

fn shifted() -> String {
    let without_mail: Vec<&str> =
        MANIFESTS.split("\n---\n").filter(|m| !m.contains("metadata: { name: mail")).collect();
    let enforced = "labels: { pod-security.kubernetes.io/enforce: baseline }";
    without_mail
        .join("\n---\n")
        .replace("type: LoadBalancer", "type: ClusterIP")
        .replace("shop/batch:2.0", "shop/batch:2.1")
        .replace("metadata: { name: shop }", &format!("metadata: {{ name: shop, {enforced} }}"))
        + GUARDS
}

#[test]
fn the_first_look_at_a_cluster_is_no_change_of_it() {
    let shop = shop();
    let (text, answer) = shop.ask("what changed since yesterday");
    assert!(changes(&answer).is_empty() && !text.contains("Changes of the cluster"), "{text}");
}

#[test]
fn what_shifted_is_told_with_both_values_and_with_what_moved() {
    let mut shop = shop();
    later(&mut shop, &shifted(), ToldBy::Server, "2026-11-24T04:02:00Z");
    let (text, answer) = shop.ask("what changed since yesterday");
    assert_eq!(
        changes(&answer),
        [
            "enforced Namespace/shop -: none > baseline",
            "exposure Deployment/web -: exposed > internal",
            "image Deployment/batch batch: shop/batch:2.0 > shop/batch:2.1",
            "object Deployment/mail -: there > -",
            "object NetworkPolicy/quiet -: - > there",
            "rights ServiceAccount/web RoleBinding/read shop: - > list-secrets, read-secrets",
        ]
    );
    assert!(text.contains("Changes of the cluster") && text.contains("declared: "), "{text}");
    let rows = answer["rows"].as_array().unwrap();
    let exposure = rows.iter().find(|r| r["change"] == "exposure").unwrap();
    let moved = exposure["moved"].as_array().unwrap();
    assert_eq!(moved.len() as u64, exposure["moved_count"].as_u64().unwrap());
    assert!(!moved.is_empty() && moved.iter().all(|m| m["from"] != m["to"]), "{exposure}");
    assert_eq!((&exposure["said_before"], &exposure["said_after"]), (&json!("cluster_admin"), &json!("cluster")));
    let less_urgent = rows.iter().find(|r| r["change"] == "better").unwrap();
    assert!(moved.iter().any(|m| m["finding"] == less_urgent["finding"]), "one that is told as a move: {text}");
    // The same look again has nothing to tell.
    later(&mut shop, &shifted(), ToldBy::Server, "2026-11-24T05:02:00Z");
    assert_eq!(changes(&shop.ask("what changed since yesterday").1).len(), 6);
}

#[test]
fn what_shifted_is_narrowed_to_places_and_left_out_of_questions_about_findings() {
    let mut shop = shop();
    later(&mut shop, &shifted(), ToldBy::Server, "2026-11-24T04:02:00Z");
    let (_, answer) = shop.ask("what changed on shop/web since yesterday");
    assert!(changes(&answer).iter().all(|c| c.contains("/web ")), "{answer}");
    assert!(!changes(&answer).is_empty());
    for question in ["what is new in shop", "which criticals changed since yesterday"] {
        let (text, answer) = shop.ask(question);
        assert!(changes(&answer).is_empty(), "{question}: {text}");
    }
}

#[test]
fn a_digest_tells_what_shifted() {
    let mut shop = shop();
    later(&mut shop, &shifted(), ToldBy::Server, "2026-11-24T04:02:00Z");
    let door = shop.app.door().unwrap();
    let since = "2026-11-23T04:02:00Z".parse().unwrap();
    let digest = crate::digest::make(&shop.store, &shop.snapshot, since, &door).unwrap();
    let text = escape(&digest.document, Sink::Ticket);
    assert!(text.contains("Changes of the cluster") && text.contains("exposure of "), "{text}");
}
