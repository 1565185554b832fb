//! Services that choose no pods: their list of addresses does, and whoever may write it.

use assay_sources::cluster::ToldBy;

use super::{Look, scan};

const SERVICE: &str = "
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, ports: [{port: 443}]}
status: {loadBalancer: {ingress: [{ip: 203.0.113.7}]}}
";

const POD: &str = "
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: 'shop/web:1'}]}
status: {phase: Running, podIP: 10.1.2.3, podIPs: [{ip: 10.1.2.3}]}
";

const SLICE: &str = "
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.1.2.3]}]
ports: [{port: 8080, protocol: TCP}]
";

fn ways(yaml: &str) -> Vec<String> {
    scan(yaml, Look { told_by: ToldBy::Server, complete: true, ..Look::default() }).ways()
}

#[test]
fn a_list_says_what_a_service_without_a_selector_leads_to() {
    let endpoints = "---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: web, namespace: shop}\nsubsets: [{addresses: [{ip: 10.1.2.3}], ports: [{port: 8080}]}]\n";
    for list in [SLICE, endpoints] {
        assert_eq!(
            ways(&format!("{SERVICE}{POD}{list}")),
            ["Service/shop/web :443 -> Pod/shop/web :8080 tcp", "Service/shop/web load_balancer :443 public"]
        );
    }
}

#[test]
fn without_a_list_any_workload_beside_it_may_be_meant() {
    let other = POD.replace("name: web, namespace: shop", "name: db, namespace: lab").replace("10.1.2.3", "10.1.2.4");
    assert_eq!(
        ways(&format!("{SERVICE}{POD}{other}")),
        ["Pod/shop/web load_balancer :443 unknown(services_and_routes)", "Service/shop/web load_balancer :443 public"]
    );
    let closed = SERVICE.replace("203.0.113.7", "10.0.0.7");
    assert_eq!(ways(&format!("{closed}{POD}")), ["Service/shop/web load_balancer :443 internal"]);
}

#[test]
fn an_address_of_no_pod_is_none_of_ours() {
    let abroad = SLICE.replace("10.1.2.3", "198.51.100.9");
    assert_eq!(ways(&format!("{SERVICE}{POD}{abroad}")), ["Service/shop/web load_balancer :443 public"]);
}

#[test]
fn an_ingress_to_a_service_without_a_list_leaves_the_question_open() {
    let service = SERVICE
        .replace("type: LoadBalancer, ", "")
        .replace("status: {loadBalancer: {ingress: [{ip: 203.0.113.7}]}}\n", "");
    let ingress = "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, namespace: shop}\nspec: {defaultBackend: {service: {name: web, port: {number: 443}}}}\n";
    let found = ways(&format!("{service}{POD}{ingress}"));
    assert!(found.iter().any(|w| w == "Pod/shop/web ingress :80 unknown(services_and_routes)"), "{found:?}");
}
