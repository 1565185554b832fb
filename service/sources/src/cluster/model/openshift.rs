//! A Route of OpenShift, read as the Ingress that it is: a host, and a Service behind it. Source: OpenShift documentation,
//! Route API.

use serde::Deserialize;
use serde_json::Value;

use super::network::{
    BackendPort, BackendService, Ingress, IngressBackend, IngressPath, IngressPaths, IngressRule, IngressTls,
};
use super::scalar::PortName;
use super::{Body, WrongType, typed};
use crate::door::SecretDoor;

/// The class under which routers serve Routes; no IngressClass has such a name.
pub const ROUTE_CLASS: &str = "route.openshift.io/Route";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Route {
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    host: Option<Box<str>>,
    to: Target,
    alternate_backends: Vec<Target>,
    port: Option<Port>,
    tls: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    kind: Box<str>,
    name: Box<str>,
    weight: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    target_port: PortName,
}

pub(super) fn route(value: &Value, _: &SecretDoor) -> Result<Body, WrongType> {
    let Spec { host, to, alternate_backends, port, tls } = typed::<Route>(value, &[])?.spec;
    let port = port.map(|port| port.target_port);
    let targets = std::iter::once(to).chain(alternate_backends);
    let served = targets.filter(|t| matches!(&*t.kind, "" | "Service") && t.weight != Some(0) && !t.name.is_empty());
    let path = |target: Target| IngressPath {
        backend: IngressBackend {
            service: Some(BackendService { name: target.name, port: BackendPort::default() }),
            of_pods: Some(port.clone()),
            ..IngressBackend::default()
        },
    };
    let mut ingress = Ingress::default();
    ingress.spec.ingress_class_name = Some(ROUTE_CLASS.into());
    ingress.spec.rules = vec![IngressRule { host, http: IngressPaths { paths: served.map(path).collect() } }];
    ingress.spec.tls = tls.into_iter().map(|_| IngressTls::default()).collect();
    Ok(Body::Ingress(Box::new(ingress)))
}
