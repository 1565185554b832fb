//! What the scripted server holds at first.

use serde_json::{Value, json};

use super::api::Api;

/// A Service of the type that is named; a LoadBalancer has an address.
pub(crate) fn service(kind: &str) -> Value {
    let status =
        if kind == "LoadBalancer" { json!({"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}]}}) } else { json!({}) };
    json!({"metadata": {"name": "web", "namespace": "shop"}, "status": status,
        "spec": {"type": kind, "selector": {"app": "web"}, "ports": [{"port": 443, "targetPort": 8443}]}})
}

/// A namespace with a privileged Deployment behind a Service of the cluster's own.
pub(crate) fn fill(api: &Api) {
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [
        {"name": "web", "image": "shop/web:1.4.2", "securityContext": {"privileged": true}, "ports": [{"containerPort": 8443}]}]}});
    api.put("namespaces", json!({"metadata": {"name": "shop"}}));
    api.put(
        "deployments",
        json!({"metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}}),
    );
    api.put("services", service("ClusterIP"));
}
