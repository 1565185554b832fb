//! What network policies do to the ways in. Each case names the rule of Kubernetes that it rests on.

use assay_core::observation::{Admits, Link, Reach, SettledBy};
use assay_sources::cluster::ToldBy;

use super::{Look, scan};

const TOWN: &str = "
---
apiVersion: v1
kind: Namespace
metadata: {name: ingress, labels: {role: edge}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress}
spec:
  template:
    metadata: {labels: {app: controller}}
    spec: {containers: [{name: c, image: registry.k8s.io/ingress-nginx/controller:v1.9.0}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{name: http, containerPort: 8080}]}]}
";
const CLOSED: Reach = Reach::Internal;
const OPEN: Reach = Reach::Public;
const PLUGIN: Reach = Reach::Unknown(SettledBy::NetworkPlugin);
const MORE: Reach = Reach::Unknown(SettledBy::NetworkPolicies);

fn service(more: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{type: LoadBalancer, selector: {{app: web}}, ports: [{{port: 80, targetPort: http}}]{more}}}\n"
    )
}

fn policy(spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {spec}\n"
    )
}

fn whole() -> Look {
    Look { told_by: ToldBy::Operator, complete: true, ..Look::default() }
}

/// What is let through from the Service to the workload.
fn admits(yaml: &str, look: Look) -> (Reach, Reach) {
    let seen = scan(&format!("{TOWN}{yaml}"), look);
    let found = seen.edges().find_map(|edge| match &edge.link {
        Link::Routes { admits, target_port: 8080, .. } => Some(*admits),
        _ => None,
    });
    let Admits { direct, routed } = found.expect("the Service leads to the workload");
    (direct, routed)
}

#[test]
fn a_policy_lets_through_whom_it_names() {
    let from = |peers: &str| format!("{{podSelector: {{}}, ingress: [{{from: [{peers}]}}]}}");
    for (why, spec, expected) in [
        ("a pod that no policy selects takes all", "{podSelector: {matchLabels: {app: db}}}".to_owned(), (OPEN, OPEN)),
        (
            "egress alone does not isolate from callers",
            "{podSelector: {}, policyTypes: [Egress]}".to_owned(),
            (OPEN, OPEN),
        ),
        ("an empty rule list lets nobody in", "{podSelector: {}, policyTypes: [Ingress]}".to_owned(), (PLUGIN, CLOSED)),
        ("a rule without callers lets everybody in", "{podSelector: {}, ingress: [{}]}".to_owned(), (OPEN, OPEN)),
        ("a block of public addresses is the Internet", from("{ipBlock: {cidr: 0.0.0.0/0}}"), (OPEN, OPEN)),
        ("a block of inner addresses is not", from("{ipBlock: {cidr: 10.0.0.0/8}}"), (PLUGIN, MORE)),
        ("namespaces are chosen by label", from("{namespaceSelector: {matchLabels: {role: edge}}}"), (PLUGIN, OPEN)),
        (
            "each namespace has its name as a label",
            from("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}}"),
            (PLUGIN, OPEN),
        ),
        (
            "both selectors of one caller must fit",
            from("{namespaceSelector: {}, podSelector: {matchLabels: {app: other}}}"),
            (PLUGIN, CLOSED),
        ),
        (
            "two callers are either",
            from("{namespaceSelector: {}}, {podSelector: {matchLabels: {app: other}}}"),
            (PLUGIN, OPEN),
        ),
        (
            "pods alone are of the policy's own namespace",
            from("{podSelector: {matchLabels: {app: controller}}}"),
            (PLUGIN, CLOSED),
        ),
        (
            "a rule for another port does not count",
            "{podSelector: {}, ingress: [{ports: [{port: 9090}]}]}".to_owned(),
            (PLUGIN, CLOSED),
        ),
        ("a port may be named", "{podSelector: {}, ingress: [{ports: [{port: http}]}]}".to_owned(), (OPEN, OPEN)),
        (
            "a range of ports holds its ends",
            "{podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8080}]}]}".to_owned(),
            (OPEN, OPEN),
        ),
        (
            "a rule for UDP is none for TCP",
            "{podSelector: {}, ingress: [{ports: [{port: 8080, protocol: UDP}]}]}".to_owned(),
            (PLUGIN, CLOSED),
        ),
    ] {
        assert_eq!(admits(&(service("") + &policy(&spec)), whole()), expected, "{why}");
    }
}

#[test]
fn policies_of_one_pod_add_up() {
    let both = policy("{podSelector: {}, policyTypes: [Ingress]}")
        + &policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}")
            .replace("name: p,", "name: q,");
    assert_eq!(admits(&(service("") + &both), whole()), (OPEN, OPEN));
}

#[test]
fn a_caller_whose_address_is_kept_is_judged_by_it() {
    let local = service(", externalTrafficPolicy: Local");
    assert_eq!(admits(&(local + &policy("{podSelector: {}}")), whole()), (CLOSED, CLOSED));
}

#[test]
fn what_is_not_in_view_may_open_what_a_policy_closes() {
    let part = Look { complete: false, ..whole() };
    assert_eq!(admits(&(service("") + &policy("{podSelector: {}}")), part), (MORE, MORE));
    let other =
        "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c, namespace: shop}\nspec: {}\n";
    assert_eq!(admits(&(service("") + &policy("{podSelector: {}}") + other), whole()), (MORE, MORE));
}
