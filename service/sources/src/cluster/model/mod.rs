//! What an object says, in the fields that are read. Comes in: the value of one object. Goes out: its typed body, or
//! where its type is wrong. Values that may be secrets are dropped here, before anything keeps them.

mod admin_policy;
mod admission;
mod command;
mod config;
mod container;
mod endpoints;
mod env;
mod gateway;
mod network;
mod openshift;
mod pod;
mod policy;
mod rights;
mod scalar;
mod security;
mod workload;

pub use admin_policy::{
    AdminPeer, AdminPods, AdminPolicy, AdminPort, AdminPortNumber, AdminPortRange, AdminRule, AdminSpec,
};
pub use admission::{Webhook, WebhookClient, WebhookConfiguration, WebhookRule};
pub use command::{ArgSecret, Component, Flag, Flags, Start};
pub use config::{
    AuditPolicy, AuditResources, AuditRule, Authentication, Authorization, ConfigMap, EncryptedResources, Encryption,
    Kubelet, Switch, X509,
};
pub use container::{
    Amounts, Container, ContainerList, ContainerPort, Handler, Lifecycle, Resources, Target, VolumeMount,
};
pub use endpoints::{Address, Endpoints, Listener};
pub use env::{EnvFrom, EnvVar, NamedRef, PlainSecret, ValueFrom};
pub use gateway::{
    AllowedRoutes, BackendRef, Gateway, GatewayAddress, GatewayClass, GatewayClassSpec, GatewayListener, GatewayRoute,
    GatewayRouteRule, GatewayRouteSpec, GatewaySpec, GatewayStatus, GrantFrom, GrantTo, ParentRef, ReferenceGrant,
    ReferenceGrantSpec, RouteKind, RouteNamespaces,
};
pub use network::{
    BackendPort, BackendService, BalancedStatus, Balancer, BalancerAddress, Ingress, IngressBackend, IngressClass,
    IngressClassSpec, IngressPath, IngressPaths, IngressRule, IngressSpec, IngressTls, Node, NodeAddress, NodeInfo,
    NodeStatus, Service, ServicePort, ServiceSpec,
};
pub use openshift::ROUTE_CLASS;
pub use pod::{PodOs, PodSpec, Toleration, Volume};
pub use policy::{IpBlock, NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule, PolicySpec, Requirement, Selector};
pub use rights::{AggregationRule, Binding, Role, RoleRef, RoleSubject, Rule, ServiceAccount};
pub use scalar::{Labels, PortName, protocol};
pub use security::{Capabilities, Profile, SeLinuxOptions, SecurityContext, Sysctl, WindowsOptions};
pub use workload::Workload;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::door::SecretDoor;
use scalar::loose_labels;

/// What an object is, as far as it is read.
#[derive(Clone, Debug)]
pub enum Body {
    /// It runs containers.
    Workload(Box<Workload>),
    /// A Service.
    Service(Box<Service>),
    /// A list of the addresses behind a Service.
    Endpoints(Box<Endpoints>),
    /// An Ingress.
    Ingress(Box<Ingress>),
    /// A class of Ingresses.
    IngressClass(IngressClass),
    /// A Gateway.
    Gateway(Box<Gateway>),
    /// A class of Gateways.
    GatewayClass(GatewayClass),
    /// A route that hangs on Gateways.
    GatewayRoute(Box<GatewayRoute>),
    /// A route of a sort that is not evaluated.
    OtherRoute,
    /// A word that objects of other namespaces may refer to those of its own.
    ReferenceGrant(Box<ReferenceGrant>),
    /// A node.
    Node(Node),
    /// A ServiceAccount.
    ServiceAccount(ServiceAccount),
    /// A Role or ClusterRole.
    Role(Role),
    /// A RoleBinding or ClusterRoleBinding.
    Binding(Binding),
    /// A policy over a namespace's network.
    NetworkPolicy(Box<NetworkPolicy>),
    /// An administrator's policy over the network of many namespaces.
    AdminPolicy(Box<AdminPolicy>),
    /// A policy over the network of a sort that is not evaluated.
    OtherPolicy,
    /// A namespace.
    Namespace,
    /// Admission webhooks.
    Webhooks(Box<WebhookConfiguration>),
    /// A ConfigMap.
    ConfigMap(ConfigMap),
    /// The configuration of kubelets, as a file.
    Kubelet(Box<Kubelet>),
    /// An audit policy, as a file.
    AuditPolicy(AuditPolicy),
    /// What the API server encrypts at rest, as a file.
    Encryption(Encryption),
    /// A Secret of a manifest, by its type; nothing else of it is read.
    Secret(Box<str>),
    /// A PersistentVolume, with its path when it lies on a host.
    PersistentVolume(Option<Box<str>>),
    /// A ValidatingAdmissionPolicy or MutatingAdmissionPolicy.
    AdmissionPolicy,
    /// Known to exist, and no more.
    Other,
}

/// An object's metadata.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta {
    /// Its name.
    pub name: Box<str>,
    /// The beginning of a name that the server will complete.
    pub generate_name: Box<str>,
    /// Its namespace.
    pub namespace: Option<Box<str>>,
    /// The server's own id.
    pub uid: Option<Box<str>>,
    /// Labels.
    #[serde(deserialize_with = "loose_labels")]
    pub labels: Labels,
    /// The annotations that are read; all others are dropped.
    #[serde(deserialize_with = "kept_annotations")]
    pub annotations: Labels,
    /// What owns it.
    pub owner_references: Vec<OwnerReference>,
}

/// A reference to an owner.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OwnerReference {
    /// Its group and version.
    pub api_version: Box<str>,
    /// Its kind.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// True for the one that manages the object.
    pub controller: bool,
}

/// Prefixes of the annotations that any rule here reads.
const READ_ANNOTATIONS: &[&str] = &[
    "container.apparmor.security.beta.kubernetes.io/",
    "seccomp.security.alpha.kubernetes.io/pod",
    "container.seccomp.security.alpha.kubernetes.io/",
    "kubernetes.io/ingress.class",
    "ingressclass.kubernetes.io/is-default-class",
    "alb.ingress.kubernetes.io/scheme",
    "appgw.ingress.kubernetes.io/use-private-ip",
    "service.beta.kubernetes.io/",
    "service.kubernetes.io/",
    "networking.gke.io/load-balancer-type",
    "cloud.google.com/load-balancer-type",
    "load-balancer.hetzner.cloud/disable-public-network",
    "nginx.ingress.kubernetes.io/",
    "nginx.org/",
];

fn kept_annotations<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Labels, D::Error> {
    let mut all = loose_labels(input)?;
    all.retain(|key, value| value.len() <= 1024 && READ_ANNOTATIONS.iter().any(|prefix| key.starts_with(prefix)));
    Ok(all)
}

/// A field whose type is wrong: its path, in steps that are ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrongType {
    /// The way to it.
    pub(super) steps: Vec<OwnStep>,
}

/// A step of a path, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OwnStep {
    /// A field.
    Field(Box<str>),
    /// An item.
    Item(usize),
}

/// The shapes of objects that are read, by group and kind.
const SHAPES: &[(&[&str], &str, Read)] = &[
    (&[""], "Pod", workload::pod),
    (&["apps", "extensions"], "Deployment", workload::replicated),
    (&["apps", "extensions"], "ReplicaSet", workload::replicated),
    (&[""], "ReplicationController", workload::replicated),
    (&["apps"], "StatefulSet", workload::replicated),
    (&["apps", "extensions"], "DaemonSet", workload::daemon),
    (&["batch"], "Job", workload::job),
    (&["batch"], "CronJob", workload::cron_job),
    (&[""], "Service", |v, _| Ok(Body::Service(Box::new(typed(v, &[])?)))),
    (&["discovery.k8s.io"], "EndpointSlice", endpoints::slice),
    (&[""], "Endpoints", endpoints::endpoints),
    (&["networking.k8s.io", "extensions"], "Ingress", |v, _| Ok(Body::Ingress(Box::new(typed(v, &[])?)))),
    (&["networking.k8s.io"], "IngressClass", |v, _| Ok(Body::IngressClass(typed(v, &[])?))),
    (&["route.openshift.io"], "Route", openshift::route),
    (&["networking.istio.io"], "VirtualService", virtual_service),
    (&["traefik.io", "traefik.containo.us"], "IngressRoute", |_, _| Ok(Body::OtherRoute)),
    (&["traefik.io", "traefik.containo.us"], "IngressRouteTCP", |_, _| Ok(Body::OtherRoute)),
    (&["traefik.io", "traefik.containo.us"], "IngressRouteUDP", |_, _| Ok(Body::OtherRoute)),
    (&["projectcontour.io"], "HTTPProxy", |_, _| Ok(Body::OtherRoute)),
    (&["getambassador.io"], "Mapping", |_, _| Ok(Body::OtherRoute)),
    (&["getambassador.io"], "TCPMapping", |_, _| Ok(Body::OtherRoute)),
    (&["k8s.nginx.org"], "VirtualServer", |_, _| Ok(Body::OtherRoute)),
    (&["k8s.nginx.org"], "TransportServer", |_, _| Ok(Body::OtherRoute)),
    (&[GATEWAY_GROUP], "GatewayClass", |v, _| Ok(Body::GatewayClass(typed(v, &[])?))),
    (&[GATEWAY_GROUP], "Gateway", |v, _| Ok(Body::Gateway(Box::new(typed(v, &[])?)))),
    (&[GATEWAY_GROUP], "HTTPRoute", gateway_route),
    (&[GATEWAY_GROUP], "GRPCRoute", gateway_route),
    (&[GATEWAY_GROUP], "TLSRoute", gateway_route),
    (&[GATEWAY_GROUP], "TCPRoute", gateway_route),
    (&[GATEWAY_GROUP], "UDPRoute", gateway_route),
    (&[GATEWAY_GROUP], "ReferenceGrant", |v, _| Ok(Body::ReferenceGrant(Box::new(typed(v, &[])?)))),
    (&[""], "Node", |v, _| Ok(Body::Node(typed(v, &[])?))),
    (&[""], "ServiceAccount", |v, _| Ok(Body::ServiceAccount(typed(v, &[])?))),
    (&["rbac.authorization.k8s.io"], "Role", |v, _| Ok(Body::Role(typed(v, &[])?))),
    (&["rbac.authorization.k8s.io"], "ClusterRole", |v, _| Ok(Body::Role(typed(v, &[])?))),
    (&["rbac.authorization.k8s.io"], "RoleBinding", |v, _| Ok(Body::Binding(typed(v, &[])?))),
    (&["rbac.authorization.k8s.io"], "ClusterRoleBinding", |v, _| Ok(Body::Binding(typed(v, &[])?))),
    (&["networking.k8s.io", "extensions"], "NetworkPolicy", |v, _| Ok(Body::NetworkPolicy(Box::new(typed(v, &[])?)))),
    (&["policy.networking.k8s.io"], "AdminNetworkPolicy", |v, _| admin_policy(v, false)),
    (&["policy.networking.k8s.io"], "BaselineAdminNetworkPolicy", |v, _| admin_policy(v, true)),
    (&["cilium.io"], "CiliumNetworkPolicy", |_, _| Ok(Body::OtherPolicy)),
    (&["cilium.io"], "CiliumClusterwideNetworkPolicy", |_, _| Ok(Body::OtherPolicy)),
    (&["crd.projectcalico.org", "projectcalico.org"], "NetworkPolicy", |_, _| Ok(Body::OtherPolicy)),
    (&["crd.projectcalico.org", "projectcalico.org"], "GlobalNetworkPolicy", |_, _| Ok(Body::OtherPolicy)),
    (&[""], "Namespace", |_, _| Ok(Body::Namespace)),
    (&[ADMISSION], "ValidatingWebhookConfiguration", |v, _| Ok(Body::Webhooks(Box::new(typed(v, &[])?)))),
    (&[ADMISSION], "MutatingWebhookConfiguration", |v, _| Ok(Body::Webhooks(Box::new(typed(v, &[])?)))),
    (&[ADMISSION], "ValidatingAdmissionPolicy", |_, _| Ok(Body::AdmissionPolicy)),
    (&[ADMISSION], "MutatingAdmissionPolicy", |_, _| Ok(Body::AdmissionPolicy)),
    (&[""], "ConfigMap", config::config_map),
    (&[""], "Secret", |v, _| Ok(Body::Secret(v["type"].as_str().unwrap_or("Opaque").into()))),
    (&[""], "PersistentVolume", |v, _| {
        Ok(Body::PersistentVolume(v["spec"]["hostPath"]["path"].as_str().map(Into::into)))
    }),
    (&["kubelet.config.k8s.io"], "KubeletConfiguration", |v, _| Ok(Body::Kubelet(Box::new(typed(v, &[])?)))),
    (&["audit.k8s.io"], "Policy", |v, _| Ok(Body::AuditPolicy(typed(v, &[])?))),
    (&["apiserver.config.k8s.io"], "EncryptionConfiguration", |v, _| Ok(Body::Encryption(typed(v, &[])?))),
];

const ADMISSION: &str = "admissionregistration.k8s.io";

/// The group of the Gateway API.
pub const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

fn gateway_route(value: &Value, _: &SecretDoor) -> Result<Body, WrongType> {
    Ok(Body::GatewayRoute(Box::new(typed(value, &[])?)))
}

/// A VirtualService of Istio leads in only where it hangs on a gateway: without one, or on `mesh`, it is for callers within.
fn virtual_service(value: &Value, _: &SecretDoor) -> Result<Body, WrongType> {
    let gateways = value.pointer("/spec/gateways").and_then(Value::as_array);
    let leads_in = gateways.into_iter().flatten().any(|gateway| gateway.as_str() != Some("mesh"));
    Ok(if leads_in { Body::OtherRoute } else { Body::Other })
}

fn admin_policy(value: &Value, baseline: bool) -> Result<Body, WrongType> {
    Ok(Body::AdminPolicy(Box::new(AdminPolicy { baseline, ..typed(value, &[])? })))
}

type Read = fn(&Value, &SecretDoor) -> Result<Body, WrongType>;

impl Body {
    /// True for a policy over the network, of whatever sort.
    pub(super) fn is_network_policy(&self) -> bool {
        matches!(self, Self::NetworkPolicy(_) | Self::AdminPolicy(_) | Self::OtherPolicy)
    }

    /// Reads the body of an object of this kind.
    pub(super) fn read(group: &str, kind: &str, value: &Value, door: &SecretDoor) -> Result<Self, WrongType> {
        let shape = SHAPES.iter().find(|(groups, name, _)| *name == kind && groups.contains(&group));
        shape.map_or(Ok(Self::Other), |(_, _, read)| read(value, door))
    }
}

impl Meta {
    /// Reads the metadata of an object.
    pub(super) fn read(value: &Value) -> Result<Self, WrongType> {
        typed::<Option<Self>>(&value["metadata"], &["metadata"]).map(Option::unwrap_or_default)
    }
}

/// Reads the value at `under` as a type; fields that are not named are ignored.
fn typed<T: DeserializeOwned>(value: &Value, under: &[&str]) -> Result<T, WrongType> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        use serde_path_to_error::Segment;
        let mut steps: Vec<OwnStep> = under.iter().map(|field| OwnStep::Field((*field).into())).collect();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => steps.push(OwnStep::Item(*index)),
                Segment::Map { key } => steps.push(OwnStep::Field(key.as_str().into())),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        WrongType { steps }
    })
}
