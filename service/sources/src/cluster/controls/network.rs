//! Network policies, Services and Ingresses: what they leave open, and what they refer to that is not there.

use super::Condition;
use super::case::{NamespaceCase, ObjectCase, Verdict, of_object};
use crate::cluster::model::{Body, Ingress, Labels, PortName, Selector, Service};

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("no-default-deny-ingress", Condition::Namespace(|case| default_deny(case, case.denies_ingress, "ingress"))),
    ("no-default-deny-egress", Condition::Namespace(|case| default_deny(case, case.denies_egress, "egress"))),
    ("pod-without-policy", Condition::Object(without_policy)),
    ("policy-allows-all-ingress", Condition::Object(allows_all_ingress)),
    ("policy-allows-all-egress", Condition::Object(allows_all_egress)),
    ("policy-selects-nothing", Condition::Object(policy_selects_nothing)),
    ("service-node-port", Condition::Object(node_port)),
    ("service-external-ips", Condition::Object(external_ips)),
    ("load-balancer-without-ranges", Condition::Object(open_balancer)),
    ("service-selects-nothing", Condition::Object(service_selects_nothing)),
    ("ssh-service", Condition::Object(ssh_service)),
    ("ingress-without-tls", Condition::Object(ingress_without_tls)),
    ("ingress-any-host", Condition::Object(ingress_any_host)),
    ("ingress-snippets", Condition::Object(ingress_snippets)),
    ("nginx-snippets-allowed", Condition::Object(snippets_allowed)),
    ("ingress-backend-missing", Condition::Object(backend_missing)),
];

/// Source: RFC 4253.
const SSH: u16 = 22;
/// Annotations whose text becomes part of the proxy's configuration: `configuration-snippet`, `server-snippets`. Source:
/// CVE-2021-25742 for ingress-nginx; NGINX Ingress Controller documentation, advanced configuration with snippets.
const SNIPPETS: &[&str] = &["-snippet", "-snippets"];
const NGINX: &[&str] = &["nginx.ingress.kubernetes.io/", "nginx.org/"];

/// That a policy is missing is known only where everything was looked at.
fn default_deny(case: &NamespaceCase, denied: bool, direction: &str) -> Verdict {
    match case {
        _ if denied => Verdict::Pass,
        NamespaceCase { workloads: 0, .. } => Verdict::NotApplicable,
        NamespaceCase { other_policies: true, .. } | NamespaceCase { cluster_policies: true, .. } => {
            Verdict::NeedsPerson
        }
        NamespaceCase { complete: false, .. } => Verdict::NotObservable,
        NamespaceCase { workloads, .. } => {
            let saw = if *workloads == 1 { "1 workload".to_owned() } else { format!("{workloads} workloads") };
            Verdict::Fail(vec![of_object(format!("NetworkPolicy that denies {direction} by default"), saw)])
        }
    }
}

/// A pod that no policy selects takes every caller. Of pods in the host's network policies say nothing that holds everywhere.
fn without_policy(case: &ObjectCase<'_>) -> Verdict {
    let Body::Workload(workload) = &case.object.body else { return Verdict::NotApplicable };
    if workload.spec.host_network {
        return Verdict::NotApplicable;
    }
    let policies = || case.view.policies(&case.object.namespace);
    let covers = |body: &Body| match body {
        Body::NetworkPolicy(policy) => {
            policy.spec.is_for_ingress() && policy.spec.pod_selector.selects(&workload.labels)
        }
        _ => false,
    };
    if policies().any(covers) {
        return Verdict::Pass;
    }
    let other = policies().any(|body| matches!(body, Body::OtherPolicy));
    match (other, case.complete) {
        (true, _) => Verdict::NeedsPerson,
        (false, false) => Verdict::NotObservable,
        (false, true) => Verdict::Fail(vec![of_object("NetworkPolicy", "none selects its pods")]),
    }
}

fn allows_all_ingress(case: &ObjectCase<'_>) -> Verdict {
    let Body::NetworkPolicy(policy) = &case.object.body else { return Verdict::NotApplicable };
    let everybody = policy.spec.ingress.iter().position(|rule| rule.from.is_empty() && rule.ports.is_empty());
    let open = everybody.filter(|_| policy.spec.is_for_ingress());
    Verdict::fail_if(open.map(|i| of_object(format!("spec.ingress[{i}]"), "everybody on every port")))
}

fn allows_all_egress(case: &ObjectCase<'_>) -> Verdict {
    let Body::NetworkPolicy(policy) = &case.object.body else { return Verdict::NotApplicable };
    let everybody = policy.spec.egress.iter().position(|rule| rule.to.is_empty() && rule.ports.is_empty());
    let open = everybody.filter(|_| policy.spec.is_for_egress());
    Verdict::fail_if(open.map(|i| of_object(format!("spec.egress[{i}]"), "everybody on every port")))
}

/// Whether any workload of a namespace has labels that fit.
fn anybody(case: &ObjectCase<'_>, fits: impl Fn(&Labels) -> bool) -> bool {
    case.view.workloads_in(&case.object.namespace).any(|workload| fits(&workload.labels))
}

fn policy_selects_nothing(case: &ObjectCase<'_>) -> Verdict {
    let Body::NetworkPolicy(policy) = &case.object.body else { return Verdict::NotApplicable };
    let selector: &Selector = &policy.spec.pod_selector;
    if selector.is_empty() || anybody(case, |labels| selector.selects(labels)) {
        return Verdict::Pass;
    }
    if !case.complete {
        return Verdict::NotObservable;
    }
    Verdict::Fail(vec![of_object("spec.podSelector", "no pod has these labels")])
}

fn service<'c>(case: &ObjectCase<'c>) -> Option<&'c Service> {
    if let Body::Service(service) = &case.object.body { Some(service) } else { None }
}

fn is_of_type(service: &Service, sort: &str) -> bool {
    service.spec.sort.as_deref() == Some(sort)
}

fn node_port(case: &ObjectCase<'_>) -> Verdict {
    let Some(service) = service(case) else { return Verdict::NotApplicable };
    Verdict::fail_if(is_of_type(service, "NodePort").then(|| of_object("spec.type", "NodePort")))
}

fn external_ips(case: &ObjectCase<'_>) -> Verdict {
    let Some(service) = service(case) else { return Verdict::NotApplicable };
    let addresses = &service.spec.external_ips;
    Verdict::fail_if((!addresses.is_empty()).then(|| of_object("spec.externalIPs", addresses.join(", "))))
}

/// Annotations by which clouds make a load balancer internal, or give it ranges, are the exposure's matter; here only the
/// field counts.
fn open_balancer(case: &ObjectCase<'_>) -> Verdict {
    let Some(service) = service(case) else { return Verdict::NotApplicable };
    let open = is_of_type(service, "LoadBalancer") && service.spec.load_balancer_source_ranges.is_empty();
    Verdict::fail_if(open.then(|| of_object("spec.loadBalancerSourceRanges", "not set")))
}

fn service_selects_nothing(case: &ObjectCase<'_>) -> Verdict {
    let Some(service) = service(case) else { return Verdict::NotApplicable };
    let selector = &service.spec.selector;
    // Without a selector somebody else says who is behind it.
    if selector.is_empty() || is_of_type(service, "ExternalName") {
        return Verdict::NotApplicable;
    }
    if anybody(case, |labels| selector.iter().all(|(key, value)| labels.get(key) == Some(value))) {
        return Verdict::Pass;
    }
    if !case.complete {
        return Verdict::NotObservable;
    }
    Verdict::Fail(vec![of_object("spec.selector", "no pod has these labels")])
}

fn ssh_service(case: &ObjectCase<'_>) -> Verdict {
    let Some(service) = service(case) else { return Verdict::NotApplicable };
    let ssh =
        service.spec.ports.iter().position(|port| {
            port.port == SSH || port.node_port == SSH || port.target_port == Some(PortName::Number(SSH))
        });
    Verdict::fail_if(ssh.map(|i| of_object(format!("spec.ports[{i}]"), "22")))
}

fn ingress<'c>(case: &ObjectCase<'c>) -> Option<&'c Ingress> {
    if let Body::Ingress(ingress) = &case.object.body { Some(ingress) } else { None }
}

/// Some clouds take the certificate from an annotation; those are left to a person.
fn ingress_without_tls(case: &ObjectCase<'_>) -> Verdict {
    let Some(ingress) = ingress(case) else { return Verdict::NotApplicable };
    if !ingress.spec.tls.is_empty() {
        return Verdict::Pass;
    }
    let class = ingress.spec.ingress_class_name.as_deref().unwrap_or_default();
    if matches!(class, "alb" | "gce" | "gce-internal" | "azure-application-gateway") {
        return Verdict::NeedsPerson;
    }
    Verdict::Fail(vec![of_object("spec.tls", "not set")])
}

fn ingress_any_host(case: &ObjectCase<'_>) -> Verdict {
    let Some(ingress) = ingress(case) else { return Verdict::NotApplicable };
    let any = |host: &Option<Box<str>>| host.as_deref().is_none_or(|host| host.is_empty() || host == "*");
    let open = ingress.spec.rules.iter().position(|rule| any(&rule.host));
    Verdict::fail_if(open.map(|i| of_object(format!("spec.rules[{i}].host"), "any host")))
}

fn ingress_snippets(case: &ObjectCase<'_>) -> Verdict {
    if ingress(case).is_none() {
        return Verdict::NotApplicable;
    }
    let mut keys = case.object.meta.annotations.keys();
    let is_snippet =
        |key: &str| NGINX.iter().any(|begin| key.starts_with(begin)) && SNIPPETS.iter().any(|end| key.ends_with(end));
    let snippet = keys.find(|key| is_snippet(key));
    Verdict::fail_if(snippet.map(|key| of_object(format!("metadata.annotations {key}"), "set")))
}

fn snippets_allowed(case: &ObjectCase<'_>) -> Verdict {
    let Body::ConfigMap(map) = &case.object.body else { return Verdict::NotApplicable };
    Verdict::fail_if(map.snippets_allowed.then(|| of_object("data.allow-snippet-annotations", "true")))
}

fn backend_missing(case: &ObjectCase<'_>) -> Verdict {
    let Some(ingress) = ingress(case) else { return Verdict::NotApplicable };
    let paths = ingress.spec.rules.iter().enumerate().flat_map(|(r, rule)| {
        rule.http
            .paths
            .iter()
            .enumerate()
            .map(move |(p, path)| (format!("spec.rules[{r}].http.paths[{p}]"), &path.backend))
    });
    let default = ingress.spec.default_backend.iter().map(|backend| ("spec.defaultBackend".to_owned(), backend));
    let missing = default
        .chain(paths)
        .find(|(_, backend)| backend.target().is_some_and(|(name, port)| !is_there(case, name, port.as_ref())));
    match missing {
        None => Verdict::Pass,
        Some(_) if !case.complete => Verdict::NotObservable,
        Some((field, _)) => Verdict::Fail(vec![of_object(format!("{field}.backend"), "no such Service or port")]),
    }
}

/// Whether a Service of this name has this port.
fn is_there(case: &ObjectCase<'_>, name: &str, port: Option<&PortName>) -> bool {
    let at = case.view.find("Service", &case.object.namespace, name);
    let Some(Body::Service(service)) = at.map(|at| &case.view.objects[at].body) else { return false };
    match port {
        None => true,
        Some(PortName::Number(number)) => service.spec.ports.iter().any(|p| p.port == *number),
        Some(PortName::Name(name)) => service.spec.ports.iter().any(|p| p.name.as_deref() == Some(name)),
    }
}
