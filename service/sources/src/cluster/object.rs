//! One object of a cluster, whoever showed it. Comes in: the value of a document. Goes out: its name, metadata and typed
//! body, with a digest of what was looked at; the value itself is dropped. What is not a Kubernetes object is told from
//! what is a broken one.

use std::fmt;
use std::sync::Arc;

use assay_core::ids::Digest;
use serde_json::Value;

use super::limits::ScanLimits;
use super::lines::{Lines, Step};
use super::model::{Body, Meta, OwnStep, WrongType};
use super::secret::{self, NamedSecret};
use super::yaml::Document;
use crate::door::SecretDoor;

/// One object.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its API group; empty for the core group.
    pub group: Box<str>,
    /// The version of the API it was written for: `v1`, `v1beta1`.
    pub version: Box<str>,
    /// Its kind.
    pub kind: Box<str>,
    /// Its namespace; empty for objects of the whole cluster.
    pub namespace: Box<str>,
    /// False when the manifest left the namespace to whoever applies it; then it is taken to be `default`.
    pub namespace_written: bool,
    /// Its name.
    pub name: Box<str>,
    /// Its metadata.
    pub meta: Meta,
    /// What it says.
    pub body: Body,
    /// Secrets in plain sight, in annotations and in the data of a ConfigMap.
    pub secrets: Box<[NamedSecret]>,
    /// A digest of everything that it wants, without what the server adds and without values of secrets.
    pub content: Digest,
    /// Where its fields stand.
    pub lines: Lines,
    /// Where it was seen.
    pub origin: Origin,
}

/// Where an object was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a file.
    File {
        /// The file, as its reader is to see it.
        file: Arc<str>,
        /// The line it begins on, or its number among the items of a JSON list.
        at: Place,
    },
    /// At an API server.
    Live,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line, counted from 1.
    Line(u32),
    /// An item of a list, counted from 0.
    Item(u32),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, at: Place::Line(line) } => write!(f, "{file}:{line}"),
            Self::File { file, at: Place::Item(item) } => write!(f, "{file} items[{item}]"),
            Self::Live => f.write_str("live"),
        }
    }
}

/// Why a document is no object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoObject {
    /// It is something else.
    Other(&'static str),
    /// It is an object that cannot be read: the line, where known, and why.
    Broken(Option<u32>, String),
}

/// Kinds that belong to no namespace. Source: `kubectl api-resources --namespaced=false` of Kubernetes 1.34.
const CLUSTER_WIDE: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ComponentStatus",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "GatewayClass",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "RuntimeClass",
    "SelfSubjectReview",
    "ServiceCIDR",
    "StorageClass",
    "StorageVersionMigration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeAttributesClass",
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "GlobalNetworkPolicy",
];

/// Configurations that are files of a control plane or a node and have no name: the name that each stands under.
const UNNAMED: &[(&str, &str, &str)] = &[
    ("kubelet.config.k8s.io", "KubeletConfiguration", "kubelet-config"),
    ("audit.k8s.io", "Policy", "audit-policy"),
    ("apiserver.config.k8s.io", "EncryptionConfiguration", "encryption-config"),
];

/// Things that look like objects and are none.
const NOT_OBJECTS: &[(&str, &str, &str)] = &[
    ("kustomize.config.k8s.io", "", "a kustomization: render it first (kubectl kustomize DIR)"),
    ("", "Config", "a kubeconfig, not an object"),
    ("kind.x-k8s.io", "", "a configuration of kind, not an object"),
    ("kubeadm.k8s.io", "", "a configuration of kubeadm, not an object"),
    ("kubelet.config.k8s.io", "CredentialProviderConfig", "a configuration of the kubelet, not an object"),
    ("kubelet.config.k8s.io", "SerializedNodeConfigSource", "a configuration of the kubelet, not an object"),
    ("apiserver.config.k8s.io", "AdmissionConfiguration", "a configuration of the API server, not an object"),
    ("apiserver.config.k8s.io", "AuthenticationConfiguration", "a configuration of the API server, not an object"),
    ("apiserver.config.k8s.io", "AuthorizationConfiguration", "a configuration of the API server, not an object"),
    ("apiserver.config.k8s.io", "TracingConfiguration", "a configuration of the API server, not an object"),
    ("audit.k8s.io", "Event", "an audit log, not an object"),
    ("audit.k8s.io", "EventList", "an audit log, not an object"),
    ("cli.kyverno.io", "", "a test of a policy, not an object"),
];

impl Object {
    /// Reads an object. `kind` is the kind of a typed list's items (`PodList`), where the item itself names none.
    pub(super) fn read(
        document: Document,
        list_kind: Option<(&str, &str)>,
        origin: Origin,
        limits: &ScanLimits,
        door: &SecretDoor,
    ) -> Result<Self, NoObject> {
        let Document { value, lines, .. } = document;
        let (group, version, kind) = group_and_kind(&value, list_kind)?;
        let known = NOT_OBJECTS.iter().find(|(g, k, _)| *g == group && (k.is_empty() || *k == kind));
        if let Some((_, _, what)) = known {
            return Err(NoObject::Other(what));
        }
        let broken = |wrong: WrongType| wrong.explain(&lines);
        let meta = Meta::read(&value).map_err(broken)?;
        let written = if meta.name.is_empty() { meta.generate_name.trim_end_matches('-') } else { &meta.name };
        let unnamed = UNNAMED.iter().find(|(g, k, _)| *g == group && *k == kind && written.is_empty());
        let name = unnamed.map_or(written, |(_, _, name)| name);
        if name.is_empty() {
            return Err(NoObject::Broken(lines.at([Step::Field("metadata")]), "it has no name".to_owned()));
        }
        if name.contains("{{") {
            let line = lines.at([Step::Field("metadata"), Step::Field("name")]);
            return Err(NoObject::Broken(line, "its name is a template: render it first (helm template)".to_owned()));
        }
        let body = Body::read(&group, &kind, &value, door).map_err(broken)?;
        if let Body::Workload(workload) = &body {
            let wrong = workload.spec.unfit(limits.workload_containers_max);
            let line = || lines.at(workload.base.iter().map(|field| Step::Field(field)));
            wrong.map_or(Ok(()), |why| Err(NoObject::Broken(line(), why)))?;
        }
        let written = meta.namespace.clone().filter(|n| !n.is_empty());
        let cluster_wide =
            CLUSTER_WIDE.contains(&kind.as_str()) || UNNAMED.iter().any(|(g, k, _)| *g == group && *k == kind);
        let known_kind = !matches!(body, Body::Other) || built_in(&group);
        let (namespace, namespace_written): (Box<str>, bool) = match written {
            _ if cluster_wide => ("".into(), true),
            Some(namespace) => (namespace, true),
            // Of a kind that is not known nobody can tell whether it has namespaces at all.
            None => (if known_kind { "default".into() } else { "".into() }, false),
        };
        Ok(Self {
            namespace,
            namespace_written,
            name: name.into(),
            content: digest(&value),
            secrets: secret::in_object(&value, &kind, door),
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
            meta,
            body,
            lines,
            origin,
        })
    }
}

impl WrongType {
    fn explain(self, lines: &Lines) -> NoObject {
        let line = lines.at(self.steps.iter().map(|step| match step {
            OwnStep::Field(name) => Step::Field(name),
            OwnStep::Item(index) => Step::Item(*index),
        }));
        NoObject::Broken(line, format!("{} has the wrong type or is out of range", self.path()))
    }

    /// The path in words. A name that is none of Kubernetes' own may be a stranger's, and is left out.
    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                OwnStep::Item(index) => path.push_str(&format!("[{index}]")),
                OwnStep::Field(name) if name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                OwnStep::Field(_) => path.push_str("[..]"),
            }
        }
        if path.is_empty() { "the object".to_owned() } else { path }
    }
}

fn group_and_kind(value: &Value, list_kind: Option<(&str, &str)>) -> Result<(String, String, String), NoObject> {
    if !value.is_object() {
        return Err(NoObject::Other("not a Kubernetes object"));
    }
    let text = |field: &str| value.get(field).and_then(Value::as_str);
    let (version, kind) = match (text("apiVersion"), text("kind"), list_kind) {
        (Some(version), Some(kind), _) => (version, kind),
        (_, None, Some((version, kind))) => (version, kind),
        _ => return Err(NoObject::Other("no apiVersion and kind: not a Kubernetes object")),
    };
    let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
    let legal = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    if kind.is_empty() || kind.len() > 63 || group.len() + version.len() > 260 || !legal(kind) || !legal(group) {
        return Err(NoObject::Other("apiVersion or kind is no name: a template, perhaps; render it first"));
    }
    Ok((group.to_owned(), version.to_owned(), kind.to_owned()))
}

fn built_in(group: &str) -> bool {
    group.is_empty()
        || group.ends_with(".k8s.io")
        || matches!(group, "apps" | "batch" | "extensions" | "policy" | "autoscaling")
}

/// What the server adds, and what may hold secrets: no part of what an object wants to be.
const NOT_WANTED: &[&str] = &["status", "data", "stringData", "binaryData"];
const SERVER_ADDS: &[&str] =
    &["managedFields", "resourceVersion", "generation", "creationTimestamp", "selfLink", "uid", "annotations"];

/// A digest that is the same for the same wishes, whatever the order of fields.
fn digest(value: &Value) -> Digest {
    let mut bytes = Vec::with_capacity(1024);
    if let Value::Object(fields) = value {
        let mut names: Vec<&String> = fields.keys().filter(|name| !NOT_WANTED.contains(&name.as_str())).collect();
        names.sort_unstable();
        for name in names {
            put_text(&mut bytes, name);
            match (name.as_str(), &fields[name]) {
                ("metadata", Value::Object(meta)) => put_fields(&mut bytes, meta, SERVER_ADDS),
                (_, value) => put(&mut bytes, value),
            }
        }
    }
    Digest::of_bytes(&bytes)
}

fn put(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Object(fields) => put_fields(bytes, fields, &[]),
        Value::Array(items) => {
            bytes.push(b'[');
            items.iter().for_each(|item| put(bytes, item));
            bytes.push(b']');
        }
        Value::String(text) => put_text(bytes, text),
        other => put_text(bytes, &other.to_string()),
    }
}

fn put_fields(bytes: &mut Vec<u8>, fields: &serde_json::Map<String, Value>, without: &[&str]) {
    let mut names: Vec<&String> = fields.keys().filter(|name| !without.contains(&name.as_str())).collect();
    names.sort_unstable();
    bytes.push(b'{');
    for name in names {
        put_text(bytes, name);
        match (name.as_str(), &fields[name]) {
            // The value of an environment variable may be a secret, and a digest of little text gives it away.
            ("env", Value::Array(variables)) => variables.iter().for_each(|v| match v {
                Value::Object(variable) => put_fields(bytes, variable, &["value"]),
                other => put(bytes, other),
            }),
            (_, value) => put(bytes, value),
        }
    }
    bytes.push(b'}');
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}
