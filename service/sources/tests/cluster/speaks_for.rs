//! What a scan speaks for, and what it may therefore close.

use assay_core::observation::{Eye, Observation, Outcome, RecordKind, What};
use assay_core::scope::{Scope, Spoken};
use assay_sources::cluster::ToldBy;

use super::{Look, gather, said, scan, scan_of};

const POD: &str = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: c, image: 'i:1', ports: [{containerPort: 80}]}]}\n";
const SERVICE: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}\n";
const POLICY: &str = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}}\n";

fn complete() -> Look {
    Look { complete: true, ..Look::default() }
}

#[test]
fn manifests_speak_for_each_object_alone() {
    let seen = scan(&format!("{POD}{SERVICE}"), Look::default());
    let [pod, service] = &seen.head.parts[..] else { unreachable!("two objects: {:?}", seen.head.parts) };
    for (part, kind) in [(pod, "Pod"), (service, "Service")] {
        assert!(
            part.complete && part.classes.contains(Spoken::Misconfiguration) && !part.classes.contains(Spoken::Rbac)
        );
        assert!(
            matches!(&part.scope, Scope::Object { at, .. } if at.name.reveal() == "web" && at.kind.as_str() == kind)
        );
    }
    let scopes = [Some(pod.scope.key()), Some(service.scope.key())];
    assert!(seen.claims().all(|claim| scopes.contains(&claim.scope)));
    assert!(!seen.all().any(|o| matches!(o, Observation::Coverage(_))));
}

#[test]
fn a_complete_scan_speaks_for_namespaces_and_says_that_it_looked() {
    let seen = scan(&format!("{POD}{SERVICE}"), complete());
    let namespaces: Vec<_> = seen.head.parts.iter().map(|part| part.scope.key().0.into_string()).collect();
    assert_eq!(namespaces, [r#"["namespace","demo",""]"#, r#"["namespace","demo","shop"]"#]);
    assert!(seen.head.parts.iter().all(|part| part.complete));
    let looked = |eye: Eye| seen.all().filter(|o| matches!(o, Observation::Coverage(c) if c.eye == eye)).count();
    assert_eq!((looked(Eye::CompleteScan), looked(Eye::CompleteRights)), (2, 2));
    let mut gathered = gather(&format!("{POD}{SERVICE}"));
    gathered.unseen.push("RoleBinding".into());
    let seen = scan_of(&gathered, complete());
    let looked = |eye: Eye| seen.all().filter(|o| matches!(o, Observation::Coverage(c) if c.eye == eye)).count();
    assert_eq!((looked(Eye::CompleteScan), looked(Eye::CompleteRights)), (2, 0), "bindings were not shown");
}

#[test]
fn what_could_not_be_read_closes_nothing() {
    let broken = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: odd}\nspec: {containers: 7}\n";
    let seen = scan(&format!("{POD}{broken}"), complete());
    assert!(seen.head.parts.iter().all(|part| !part.complete) && seen.head.hint.is_some());
    assert!(!seen.all().any(|o| matches!(o, Observation::Coverage(_))));
    let [skipped] = &seen.head.skipped[..] else { unreachable!("{:?}", seen.head.skipped) };
    assert_eq!(
        (&*skipped.locator, &*skipped.reason),
        ("shop.yaml:10", "spec.containers has the wrong type or is out of range")
    );
    let values = scan(&format!("{POD}---\nreplicas: 3\n"), complete());
    assert!(values.head.parts.iter().all(|part| part.complete), "a file of values is no object that was lost");
}

#[test]
fn kinds_that_were_not_shown_take_their_classes_back() {
    let mut gathered = gather(POD);
    gathered.unseen = vec!["ClusterRoleBinding".into()];
    let live = Look { told_by: ToldBy::Server, complete: true, ..Look::default() };
    let seen = scan_of(&gathered, live);
    assert!(
        seen.head
            .parts
            .iter()
            .all(|p| p.complete && !p.classes.contains(Spoken::Rbac) && p.classes.contains(Spoken::Secret))
    );
    gathered.unseen = vec!["Service".into()];
    let seen = scan_of(&gathered, live);
    assert!(
        seen.head
            .parts
            .iter()
            .all(|p| p.classes.contains(Spoken::Rbac) && !p.classes.contains(Spoken::Misconfiguration))
    );
    assert!(
        !seen.all().any(|o| matches!(o, Observation::Coverage(_))),
        "without Services nobody can say what is internal"
    );
}

#[test]
fn a_missing_network_policy_is_known_only_where_everything_was_seen() {
    let of = |yaml: &str, look: Look| {
        let seen = scan(yaml, look);
        let failed: Vec<_> = seen.claims().map(said).filter(|(id, _)| id == "no-network-policy").collect();
        let open = seen.facts().any(|f| matches!(&f.what, What::Outcome { control, outcome: Outcome::NotObservable } if control.0.reveal() == "no-network-policy"));
        (failed.len(), open)
    };
    let exposed = format!("{POD}{SERVICE}");
    assert_eq!(of(&exposed, Look::default()), (0, true));
    assert_eq!(of(&exposed, complete()), (1, false));
    assert_eq!(of(&format!("{exposed}{POLICY}"), complete()), (0, false));
    assert_eq!(of(POD, complete()), (0, false), "nothing is exposed");
}

#[test]
fn a_public_api_server_is_said_first() {
    let of = |host: &str| {
        let mut gathered = gather(POD);
        gathered.endpoint = Some(host.into());
        let seen = scan_of(&gathered, complete());
        let failed = seen.claims().any(|c| c.rule.reveal() == "api-endpoint-public");
        let person = seen.facts().any(|f| matches!(f.what, What::Outcome { outcome: Outcome::NeedsPerson, .. }));
        (failed, person)
    };
    assert_eq!(of("203.0.113.10"), (true, false));
    assert_eq!(of("10.0.0.1"), (false, false));
    assert_eq!(of("[2a00:1450::1]"), (true, false));
    assert_eq!(of("api.example.com"), (false, true));
}

#[test]
fn pods_of_one_workload_say_one_thing_once() {
    let pod = |name: &str| {
        POD.replace("{name: web, namespace: shop,", &format!("{{name: {name}, namespace: shop, ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4f8c7b9, controller: true}}],"))
    };
    let seen = scan(&(pod("web-1") + &pod("web-2")), Look::default());
    let mut all: Vec<_> = seen.claims().map(said).collect();
    let before = all.len();
    all.sort();
    all.dedup();
    assert!(before > 0 && all.len() == before);
    assert!(all.iter().all(|(_, at)| at.starts_with("Deployment/shop/web")));
    assert_eq!(seen.head.parts.len(), 1);
}

#[test]
fn each_object_is_one_record_with_its_place() {
    let seen = scan(&format!("{POD}{SERVICE}"), Look::default());
    let objects: Vec<_> = seen.records.iter().filter(|r| r.kind == RecordKind::Object).map(|r| &*r.locator).collect();
    assert_eq!(objects, ["shop.yaml:2 Pod shop/web", "shop.yaml:7 Service shop/web"]);
}
