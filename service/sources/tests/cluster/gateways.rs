//! Ways in through the Gateway API and through routes of others. Source: Gateway API, specification of v1.

use assay_core::observation::{Link, Reach, SettledBy};
use assay_sources::cluster::ToldBy;

use super::{Look, scan};

const WEB: &str = "
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: web, port: 80, targetPort: http}]}
";

fn gateway(namespace: &str, listeners: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: {namespace}}}\nspec: {{gatewayClassName: edge, listeners: [{listeners}]}}\nstatus: {{addresses: [{{value: 203.0.113.7}}]}}\n"
    )
}

fn route(kind: &str, namespace: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: web, namespace: {namespace}}}\nspec: {{{spec}}}\n"
    )
}

fn ways(yaml: &str) -> Vec<String> {
    scan(&format!("{WEB}{yaml}"), Look { told_by: ToldBy::Server, complete: true, ..Look::default() }).ways()
}

const BEHIND: &str = "Service/shop/web :80 -> Deployment/shop/web :8080 tcp";

#[test]
fn a_route_enters_by_each_host_name_that_its_listener_shares() {
    let listeners = "{name: web, port: 443, protocol: HTTPS, hostname: '*.example.com'}";
    let spec = "parentRefs: [{name: edge}], hostnames: [shop.example.com, shop.example.org], rules: [{backendRefs: [{name: web, port: 80}]}]";
    assert_eq!(
        ways(&(gateway("shop", listeners) + &route("HTTPRoute", "shop", spec))),
        [
            "Gateway/shop/edge :443 -> Service/shop/web :80 tcp",
            "Gateway/shop/edge gateway shop.example.com:443 public",
            BEHIND,
        ]
    );
}

#[test]
fn a_route_of_another_namespace_needs_the_listeners_leave_and_its_backend_a_grant() {
    let here = "{name: web, port: 80, protocol: HTTP}";
    let all = "{name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}";
    let spec = "parentRefs: [{name: edge, namespace: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]";
    assert_eq!(ways(&(gateway("edge", here) + &route("HTTPRoute", "shop", spec))), [BEHIND]);
    assert_eq!(ways(&(gateway("edge", all) + &route("HTTPRoute", "shop", spec))).len(), 3);
    let abroad = "parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, namespace: shop, port: 80}]}]";
    let without = gateway("edge", here) + &route("HTTPRoute", "edge", abroad);
    assert_eq!(ways(&without), ["Gateway/edge/edge gateway :80 public", BEHIND], "it enters and leads nowhere");
    let grant = "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: shop}\nspec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: edge}], to: [{group: '', kind: Service}]}\n";
    assert_eq!(ways(&(without + grant)).len(), 3);
}

/// Whether a listener takes a route may rest on labels that nobody showed: another route may still enter for certain.
#[test]
fn a_listener_that_may_take_a_route_makes_the_step_behind_it_uncertain() {
    let listeners = "{name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: front}}}}}";
    let spec = "parentRefs: [{name: edge, namespace: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]";
    let yaml = WEB.to_owned() + &gateway("edge", listeners) + &route("HTTPRoute", "shop", spec);
    let seen = scan(&yaml, Look { told_by: ToldBy::Server, complete: true, ..Look::default() });
    let step = seen.edges().find_map(|edge| match &edge.link {
        Link::Routes { admits, target_port: 80, .. } => Some(admits.routed),
        _ => None,
    });
    assert_eq!(step, Some(Reach::Unknown(SettledBy::ServicesAndRoutes)));
    let home = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: back}}\n";
    assert_eq!(ways(&(gateway("edge", listeners) + &route("HTTPRoute", "shop", spec) + home)), [BEHIND]);
}

#[test]
fn a_route_of_openshift_names_the_port_of_the_pods() {
    let route = |port: &str| {
        let spec =
            format!("{{host: shop.example.com, tls: {{termination: edge}}, to: {{kind: Service, name: web}}{port}}}");
        ways(&format!(
            "---\napiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n"
        ))
    };
    let whole = [
        BEHIND,
        "route.openshift.io/Route/shop/web :443 -> Service/shop/web :80 tcp",
        "route.openshift.io/Route/shop/web ingress shop.example.com:443 unknown(route_controller)",
    ];
    assert_eq!(route(", port: {targetPort: http}"), whole, "the name of the pods' port");
    assert_eq!(route(", port: {targetPort: web}"), whole, "or of the Service's");
    assert_eq!(route(""), whole, "or none");
    assert_eq!(route(", port: {targetPort: 9090}").len(), 2, "a port that is none leads nowhere");
}

#[test]
fn a_route_that_is_not_evaluated_leaves_the_question_open_beside_it() {
    let istio = |spec: &str| {
        ways(&format!(
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n"
        ))
    };
    let open = ["Deployment/shop/web ingress :0 unknown(services_and_routes)", BEHIND];
    assert_eq!(istio("{hosts: [shop.example.com], gateways: [mesh, edge]}"), open);
    assert_eq!(istio("{hosts: [web], gateways: [mesh]}"), [BEHIND]);
    assert_eq!(istio("{hosts: [web]}"), [BEHIND]);
    let many: String = (0..3).map(|i| format!("---\napiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {{name: p{i}, namespace: shop}}\nspec: {{}}\n")).collect();
    assert_eq!(ways(&many), open, "said once, however many there are");
}
