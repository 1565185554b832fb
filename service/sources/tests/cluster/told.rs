//! Only what there is news of is told again, and the rest stays as it was told.

use std::collections::BTreeSet;

use assay_core::ids::Time;
use assay_core::observation::{Flaw, Observation, Record};
use assay_core::scope::{Head, Scope};
use assay_core::text::Opaque;
use assay_sources::cluster::{Gathered, ScanHow, StandardsVersion, Told, ToldBy, records_of};
use assay_sources::read::Flow;

use super::{door, gather};

const CLUSTER: &str = r#"
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Namespace
metadata: { name: ops }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "shop/web:1" }] }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: bot, namespace: ops }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader, namespace: shop }
rules: [{ apiGroups: [""], resources: [secrets], verbs: [get] }]
"#;

const SERVICE: &str = r#"
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 443, targetPort: 8443 }] }
status: { loadBalancer: { ingress: [{ ip: 198.51.100.7 }] } }
"#;

const BINDING: &str = r#"
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: bot, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: bot, namespace: ops }]
"#;

fn with<T>(as_of: i64, look: impl FnOnce(ScanHow<'_>) -> T) -> T {
    let (door, cluster) = (door(), Opaque::readmit("demo"));
    let (as_of, version) = (Time::from_secs(as_of), StandardsVersion::LATEST);
    look(ScanHow { cluster: &cluster, told_by: ToldBy::Server, complete: true, as_of, version, door: &door })
}

fn told(home: &Gathered, as_of: i64) -> Told {
    with(as_of, |how| Told::of(home, how))
}

fn news(home: &Gathered, before: &str) -> BTreeSet<String> {
    let news = told(home, 2).news_since(&told(&gather(before), 1));
    news.iter().map(|name| name.reveal().to_owned()).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn said(home: &Gathered, namespaces: &BTreeSet<String>) -> (Vec<Record>, Head) {
    let namespaces = namespaces.iter().map(|name| Opaque::readmit(name)).collect();
    let mut all = Vec::new();
    let head = with(2, |how| {
        records_of(&namespaces, home, how, &mut |record| {
            all.push(record);
            Flow::More
        })
    });
    (all, head)
}

#[test]
fn the_same_cluster_at_another_time_is_no_news() {
    assert_eq!(news(&gather(CLUSTER), CLUSTER), names(&[]));
}

#[test]
fn a_change_is_news_of_its_namespace_and_of_those_that_it_bears_on() {
    assert_eq!(news(&gather(&format!("{CLUSTER}{SERVICE}")), CLUSTER), names(&["shop"]));
    assert_eq!(news(&gather(CLUSTER), &format!("{CLUSTER}{SERVICE}")), names(&["shop"]), "what went is news too");
    let bound = gather(&format!("{CLUSTER}{BINDING}"));
    assert_eq!(news(&bound, CLUSTER), names(&["ops", "shop"]), "the identity holds a right now");
    let gone = CLUSTER.replace("metadata: { name: ops }", "metadata: { name: other }");
    assert_eq!(news(&gather(&gone), CLUSTER), names(&["", "ops", "other"]));
}

#[test]
fn what_could_not_be_seen_is_news_because_it_closes_nothing() {
    let mut home = gather(CLUSTER);
    home.unseen.push("Service".into());
    assert_eq!(news(&home, CLUSTER), names(&["", "ops", "shop"]));
}

#[test]
fn what_is_told_again_is_told_whole_and_speaks_for_nothing_else() {
    let home = gather(&format!("{CLUSTER}{SERVICE}{BINDING}"));
    let (all, head) = said(&home, &names(&["ops"]));
    let [part] = &head.parts[..] else { unreachable!("{:?}", head.parts) };
    assert!(matches!(&part.scope, Scope::Namespace { namespace, .. } if namespace.reveal() == "ops"));
    let yields = || all.iter().flat_map(|record| &record.yields);
    let holds = |o: &&Observation| matches!(o, Observation::Edge(edge) if edge.from.name.reveal() == "bot");
    assert_eq!(yields().filter(holds).count(), 1, "the right that the other namespace's binding gives to its identity");
    assert!(
        yields().all(|o| !matches!(o, Observation::Claim(c) if matches!(c.flaw, Flaw::Rbac { .. }))),
        "the binding's claim is the binding's"
    );
    let (whole, everything) = said(&home, &names(&["", "ops", "shop"]));
    let full = super::scan_of(&home, super::Look { told_by: ToldBy::Server, complete: true, ..super::Look::default() });
    assert_eq!(everything.parts, full.head.parts);
    let count = |records: &[Record]| records.iter().map(|record| record.yields.len()).sum::<usize>();
    assert_eq!(count(&whole), count(&full.records), "nothing is without a home");
}
