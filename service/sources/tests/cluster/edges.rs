//! What reaches what: images, identities, Services, Ingresses and ports of the host.

use assay_core::observation::{Author, Link, What};
use assay_sources::cluster::ToldBy;

use super::{Look, name, scan};

const WEB: &str = "
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: registry.example/shop/web:1.4.2
        ports: [{name: http, containerPort: 8080}, {name: metrics, containerPort: 9090}]
";

fn service(spec: &str) -> String {
    format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n")
}

fn annotated(annotations: &str, spec: &str, status: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop, annotations: {annotations}}}\nspec: {spec}\nstatus: {status}\n"
    )
}

fn ways(yaml: &str, look: Look) -> Vec<String> {
    scan(&format!("{WEB}{yaml}"), look).ways()
}

fn live() -> Look {
    Look { told_by: ToldBy::Server, complete: true, ..Look::default() }
}

#[test]
fn a_declared_load_balancer_is_public_and_leads_to_named_ports() {
    let yaml = service(
        "{type: LoadBalancer, selector: {app: web}, ports: [{port: 443, targetPort: http}, {port: 90, targetPort: nowhere}]}",
    );
    assert_eq!(
        ways(&yaml, Look::default()),
        [
            "Service/shop/web :443 -> Deployment/shop/web :8080 tcp",
            "Service/shop/web load_balancer :443 public",
            "Service/shop/web load_balancer :90 public",
        ]
    );
}

#[test]
fn an_address_decides_before_an_annotation() {
    let internal = "{service.beta.kubernetes.io/azure-load-balancer-internal: 'true'}";
    let spec = "{type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}";
    let reach = |annotations: &str, status: &str, look: Look| {
        let all = ways(&annotated(annotations, spec, status), look);
        all.iter()
            .find(|w| w.contains("load_balancer"))
            .expect("the test wrote it")
            .rsplit(' ')
            .next()
            .expect("the test wrote it")
            .to_owned()
    };
    let at = |ip: &str| format!("{{loadBalancer: {{ingress: [{{ip: {ip}}}]}}}}");
    assert_eq!(reach(internal, &at("10.1.2.3"), live()), "internal");
    assert_eq!(reach(internal, &at("8.8.8.8"), live()), "public");
    assert_eq!(reach("{}", &at("10.1.2.3"), live()), "internal");
    assert_eq!(reach("{}", "{}", live()), "unknown(load_balancer_status)");
    assert_eq!(reach(internal, "{}", live()), "unknown(load_balancer_status)");
    assert_eq!(reach(internal, "{}", Look::default()), "internal");
    let named = "{loadBalancer: {ingress: [{hostname: a1.eu-west-1.elb.example}]}}";
    assert_eq!(reach("{}", named, live()), "public");
    assert_eq!(reach(internal, named, live()), "unknown(load_balancer_status)");
}

#[test]
fn source_ranges_close_a_load_balancer_only_when_none_is_public() {
    let with = |ranges: &str| {
        let spec = format!(
            "{{type: LoadBalancer, selector: {{app: web}}, ports: [{{port: 80}}], loadBalancerSourceRanges: {ranges}}}"
        );
        ways(&service(&spec), Look::default()).iter().any(|w| w.ends_with("load_balancer :80 public"))
    };
    assert!(!with("[10.0.0.0/8, 192.168.0.0/16]"));
    assert!(with("[10.0.0.0/8, 203.0.113.0/24]"));
    assert!(with("[]"));
}

#[test]
fn node_ports_hang_on_the_addresses_of_nodes() {
    let yaml =
        service("{type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}");
    assert_eq!(
        ways(&yaml, Look::default()),
        [
            "Service/shop/web :30080 -> Deployment/shop/web :8080 tcp",
            "Service/shop/web :80 -> Deployment/shop/web :8080 tcp",
            "Service/shop/web node_port :30080 unknown(nodes)",
        ]
    );
    let node = |ip: &str| {
        format!(
            "---\napiVersion: v1\nkind: Node\nmetadata: {{name: n1}}\nstatus: {{addresses: [{{type: InternalIP, address: {ip}}}]}}\n"
        )
    };
    let entry = |yaml: &str, look: Look| ways(yaml, look).pop().expect("the test wrote it");
    assert!(entry(&(yaml.clone() + &node("198.51.100.7")), Look::default()).ends_with(":30080 public"));
    assert!(entry(&(yaml.clone() + &node("10.0.0.7")), Look::default()).ends_with(":30080 unknown(nodes)"));
    let complete = Look { complete: true, ..Look::default() };
    assert!(entry(&(yaml + &node("10.0.0.7")), complete).ends_with(":30080 internal"));
}

#[test]
fn a_node_says_who_gets_to_its_own_addresses() {
    let node = |addresses: &str| {
        let yaml =
            format!("---\napiVersion: v1\nkind: Node\nmetadata: {{name: n1}}\nstatus: {{addresses: [{addresses}]}}\n");
        ways(&yaml, Look::default()).pop().expect("a node has an entry")
    };
    let private = "{type: InternalIP, address: 10.0.0.7}, {type: Hostname, address: n1}";
    assert_eq!(node(private), "Node/n1 node_address :0 internal");
    assert_eq!(
        node(&format!("{private}, {{type: ExternalIP, address: 203.0.113.9}}")),
        "Node/n1 node_address :0 public"
    );
    assert_eq!(node(""), "Node/n1 node_address :0 unknown(nodes)");
}

#[test]
fn a_cluster_ip_is_no_entry_and_an_external_address_is_one() {
    let plain = service("{selector: {app: web}, ports: [{port: 80, targetPort: metrics}]}");
    assert_eq!(ways(&plain, Look::default()), ["Service/shop/web :80 -> Deployment/shop/web :9090 tcp"]);
    let external = service("{selector: {app: web}, ports: [{port: 80}], externalIPs: [203.0.113.9]}");
    assert!(ways(&external, Look::default()).contains(&"Service/shop/web external_ip :80 public".to_owned()));
}

#[test]
fn a_selector_chooses_by_all_its_labels_and_an_empty_one_chooses_nothing() {
    for selector in ["{app: web, tier: back}", "{}", "{app: WEB}"] {
        let yaml = service(&format!("{{selector: {selector}, ports: [{{port: 80}}]}}"));
        assert_eq!(ways(&yaml, Look::default()), [] as [&str; 0], "{selector}");
    }
    let elsewhere =
        WEB.replace("namespace: shop", "namespace: other") + &service("{selector: {app: web}, ports: [{port: 80}]}");
    assert_eq!(scan(&elsewhere, Look::default()).ways(), [] as [&str; 0]);
}

const INGRESS: &str = "
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com]}]
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: main}}}}]}
  defaultBackend: {service: {name: web, port: {number: 80}}}
";

const CONTROLLER: &str = "
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress, namespace: edge}
spec:
  template:
    metadata: {labels: {app: ingress}}
    spec: {containers: [{name: c, image: 'registry.k8s.io/ingress-nginx/controller:v1.11.2@sha256:0000000000000000000000000000000000000000000000000000000000000000', ports: [{containerPort: 443}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: ingress, namespace: edge}
spec: {type: LoadBalancer, selector: {app: ingress}, ports: [{port: 443}]}
";

#[test]
fn an_ingress_is_as_public_as_the_controller_that_serves_it() {
    let yaml = service("{selector: {app: web}, ports: [{name: main, port: 80, targetPort: http}]}") + INGRESS;
    let of_ingress = |yaml: &str| -> Vec<String> {
        ways(yaml, Look::default()).into_iter().filter(|w| w.starts_with("Ingress/")).collect()
    };
    assert_eq!(
        of_ingress(&yaml),
        [
            "Ingress/shop/shop :443 -> Service/shop/web :80 tcp",
            "Ingress/shop/shop :80 -> Service/shop/web :80 tcp",
            "Ingress/shop/shop ingress :80 unknown(route_controller)",
            "Ingress/shop/shop ingress shop.example.com:443 unknown(route_controller)",
        ]
    );
    let served = of_ingress(&(yaml.clone() + CONTROLLER));
    assert!(served.contains(&"Ingress/shop/shop ingress shop.example.com:443 public".to_owned()), "{served:?}");
    let closed = CONTROLLER.replace("type: LoadBalancer", "type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]");
    assert!(of_ingress(&(yaml.clone() + &closed)).iter().any(|w| w.ends_with(":443 internal")));
    let status = "status: {loadBalancer: {ingress: [{ip: 198.51.100.1}]}}\n";
    assert!(of_ingress(&(yaml + INGRESS + status)).iter().any(|w| w.ends_with(":443 public")));
}

#[test]
fn a_class_in_view_names_the_controller() {
    let class = "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: edge, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}\nspec: {controller: k8s.io/ingress-nginx}\n";
    let without = INGRESS.replace("  ingressClassName: nginx\n", "");
    let yaml =
        service("{selector: {app: web}, ports: [{name: main, port: 80, targetPort: http}]}") + &without + CONTROLLER;
    assert!(ways(&yaml, Look::default()).iter().any(|w| w.ends_with(":443 unknown(route_controller)")));
    assert!(ways(&(yaml + class), Look::default()).iter().any(|w| w.contains("shop.example.com:443 public")));
}

#[test]
fn ports_of_the_host_are_entries_of_the_workload_itself() {
    let yaml = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent, namespace: ops}\nspec: {template: {spec: {containers: [{name: c, image: i, ports: [{containerPort: 80, hostPort: 8080}, {containerPort: 81, hostPort: 81, hostIP: 127.0.0.1}]}]}}}\n";
    assert_eq!(
        scan(yaml, Look::default()).ways(),
        [
            "DaemonSet/ops/agent :8080 -> DaemonSet/ops/agent :80 tcp",
            "DaemonSet/ops/agent host_port :8080 unknown(nodes)",
            "DaemonSet/ops/agent host_port :81 internal",
        ]
    );
    let host = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: ops}\nspec: {hostNetwork: true, containers: [{name: c, image: i, ports: [{containerPort: 53}]}]}\n";
    assert_eq!(scan(host, Look::default()).ways(), ["Pod/ops/p host_network :53 unknown(nodes)"]);
}

#[test]
fn a_workload_runs_its_images_as_its_identity() {
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web-5d4f8c7b9-x, namespace: shop, uid: u-1, labels: {app: web, pod-template-hash: 5d4f8c7b9}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4f8c7b9, controller: true}]}\nspec: {containers: [{name: web, image: 'registry.example/shop/web:1.4.2'}]}\nstatus: {phase: Running, containerStatuses: [{name: web, imageID: 'registry.example/shop/web@sha256:1111111111111111111111111111111111111111111111111111111111111111'}]}\n";
    let seen = scan(&format!("{WEB}{pod}"), live());
    let runs: Vec<_> = seen
        .edges()
        .filter_map(|e| match &e.link {
            Link::Runs { tag, digest, .. } => Some((
                name(&e.from),
                name(&e.to),
                tag.clone().expect("the test wrote it").reveal().to_owned(),
                digest.is_some(),
            )),
            _ => None,
        })
        .collect();
    assert_eq!(runs, [("Deployment/shop/web".into(), "Image/registry.example/shop/web".into(), "1.4.2".into(), true)]);
    let identity =
        seen.edges().find(|e| matches!(e.link, Link::RunsAs { token_mounted: true })).expect("the test wrote it");
    assert_eq!(name(&identity.to), "ServiceAccount/shop/web");
    assert!(seen.edges().all(|e| e.author == Author::Cluster));
    let exists: Vec<_> = seen
        .facts()
        .filter_map(|f| match &f.what {
            What::Exists { replicas, owner, aliases } => Some((*replicas, owner.as_ref().map(name), aliases.len())),
            _ => None,
        })
        .collect();
    assert_eq!(exists, [(Some(3), None, 0), (None, Some("Deployment/shop/web".into()), 2)]);
}

#[test]
fn what_does_not_run_says_so() {
    let count = |kind: &str, group: &str, spec: &str| {
        let seen =
            scan(&format!("apiVersion: {group}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n"), Look::default());
        seen.facts()
            .find_map(|f| if let What::Exists { replicas, .. } = f.what { replicas } else { None })
            .expect("the test wrote it")
    };
    let pod = "{spec: {containers: [{name: c, image: i}]}}";
    assert_eq!(count("Deployment", "apps/v1", &format!("{{replicas: 0, template: {pod}}}")), 0);
    assert_eq!(count("StatefulSet", "apps/v1", &format!("{{template: {pod}}}")), 1);
    assert_eq!(
        count("CronJob", "batch/v1", &format!("{{suspend: true, jobTemplate: {{spec: {{template: {pod}}}}}}}")),
        0
    );
    assert_eq!(count("Job", "batch/v1", &format!("{{suspend: true, template: {pod}}}")), 0);
}
