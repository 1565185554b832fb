//! The fields of Services, Ingresses and nodes that say how the outside gets in.

use serde::Deserialize;

use super::scalar::{Labels, PortName, loose_labels};

/// A Service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Service {
    /// What is wanted.
    pub spec: ServiceSpec,
    /// What there is.
    pub status: BalancedStatus,
}

/// What a Service wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceSpec {
    /// `ClusterIP` where unset.
    #[serde(rename = "type")]
    pub sort: Option<Box<str>>,
    /// Labels of the pods it hands on to; none are chosen by an empty one.
    #[serde(deserialize_with = "loose_labels")]
    pub selector: Labels,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Addresses of the outside that are routed to it.
    #[serde(rename = "externalIPs")]
    pub external_ips: Vec<Box<str>>,
    /// Who may call the load balancer; everybody where empty.
    pub load_balancer_source_ranges: Vec<Box<str>>,
    /// Which controller makes the load balancer.
    pub load_balancer_class: Option<Box<str>>,
    /// `Local`: the pod sees who calls it; else a node may put its own address there.
    pub external_traffic_policy: Option<Box<str>>,
    /// The DNS name an `ExternalName` stands for.
    pub external_name: Option<Box<str>>,
}

/// A port of a Service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServicePort {
    /// Its name.
    pub name: Option<Box<str>>,
    /// The port it listens on.
    pub port: u16,
    /// The pod's port; the same where unset.
    pub target_port: Option<PortName>,
    /// The port of every node; 0 until one is given.
    pub node_port: u16,
    /// TCP where unset.
    pub protocol: Option<Box<str>>,
}

/// The addresses that a load balancer got.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BalancedStatus {
    /// The load balancer.
    pub load_balancer: Balancer,
}

/// A load balancer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Balancer {
    /// Its addresses.
    pub ingress: Vec<BalancerAddress>,
}

/// An address of a load balancer: one of the two.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BalancerAddress {
    /// An address.
    pub ip: Option<Box<str>>,
    /// A DNS name.
    pub hostname: Option<Box<str>>,
}

/// An Ingress, of `networking.k8s.io/v1` and of the older groups.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ingress {
    /// What is wanted.
    pub spec: IngressSpec,
    /// What there is.
    pub status: BalancedStatus,
}

/// What an Ingress wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressSpec {
    /// Its class.
    pub ingress_class_name: Option<Box<str>>,
    /// Where requests go that no rule takes.
    #[serde(alias = "backend")]
    pub default_backend: Option<IngressBackend>,
    /// Which host and path goes where.
    pub rules: Vec<IngressRule>,
    /// Hosts that are served with TLS.
    pub tls: Vec<IngressTls>,
}

/// A rule of an Ingress.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressRule {
    /// The host; any where unset.
    pub host: Option<Box<str>>,
    /// Its paths.
    pub http: IngressPaths,
}

/// The paths of a rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressPaths {
    /// In order.
    pub paths: Vec<IngressPath>,
}

/// A path of a rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressPath {
    /// Where it goes.
    pub backend: IngressBackend,
}

/// Where an Ingress hands on to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressBackend {
    /// A Service.
    pub service: Option<BackendService>,
    /// The Service's name in the older groups.
    pub service_name: Option<Box<str>>,
    /// Its port in the older groups.
    pub service_port: Option<PortName>,
    /// Of a Route of OpenShift, which names the port of the pods, or none; not of an Ingress.
    #[serde(skip)]
    pub of_pods: Option<Option<PortName>>,
}

impl IngressBackend {
    /// The Service and its port, in whichever form they were written.
    pub fn target(&self) -> Option<(&str, Option<PortName>)> {
        if let Some(service) = &self.service {
            let port = match (service.port.number, &service.port.name) {
                (Some(number), _) => Some(PortName::Number(number)),
                (None, name) => name.clone().map(PortName::Name),
            };
            return Some((&service.name, port));
        }
        self.service_name.as_deref().map(|name| (name, self.service_port.clone()))
    }
}

/// A Service as a backend.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BackendService {
    /// Its name.
    pub name: Box<str>,
    /// Its port.
    pub port: BackendPort,
}

/// A port by number or name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BackendPort {
    /// By number.
    pub number: Option<u16>,
    /// By name.
    pub name: Option<Box<str>>,
}

/// Hosts with TLS.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressTls {
    /// The hosts; all of the Ingress where none is named.
    pub hosts: Vec<Box<str>>,
}

/// A class of Ingresses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressClass {
    /// What is wanted.
    pub spec: IngressClassSpec,
}

/// What a class wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressClassSpec {
    /// The controller that serves it: `k8s.io/ingress-nginx`.
    pub controller: Box<str>,
}

/// A node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Node {
    /// What there is.
    pub status: NodeStatus,
}

/// The state of a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeStatus {
    /// Its addresses.
    pub addresses: Vec<NodeAddress>,
    /// What runs on it.
    pub node_info: NodeInfo,
}

/// What runs on a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeInfo {
    /// The version of its kubelet: `v1.34.2`.
    pub kubelet_version: Box<str>,
}

/// An address of a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NodeAddress {
    /// `InternalIP`, `ExternalIP`, `Hostname`, ..
    #[serde(rename = "type")]
    pub sort: Box<str>,
    /// The address.
    pub address: Box<str>,
}
