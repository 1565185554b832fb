//! Configurations of Kubernetes' own parts, as files and as kubeadm keeps them in a ConfigMap, and what a ConfigMap says
//! otherwise that rules read. Values of keys are dropped.

use serde::Deserialize;
use serde_json::Value;

use super::{Body, WrongType, typed};
use crate::cluster::limits::ScanLimits;
use crate::cluster::yaml::{self, Part};
use crate::door::SecretDoor;

/// The longest text of a key that is read as a configuration: no API server stores a larger object.
const TEXT_BYTES_MAX: usize = 2 << 20;

/// A ConfigMap, in what of it is read.
#[derive(Clone, Debug, Default)]
pub struct ConfigMap {
    /// The configuration of kubelets that kubeadm keeps under the key `kubelet`.
    pub kubelet: Option<Box<Kubelet>>,
    /// `allow-snippet-annotations` of ingress-nginx.
    pub snippets_allowed: bool,
}

/// A KubeletConfiguration. Source of the fields: Kubernetes documentation, "Kubelet Configuration (v1beta1)".
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Kubelet {
    /// Who is let in.
    pub authentication: Authentication,
    /// Who may do what.
    pub authorization: Authorization,
    /// A port that answers everybody; 0 is none.
    pub read_only_port: u32,
    /// How long an idle connection stays: `4h0m0s`; 0 is for ever.
    pub streaming_connection_idle_timeout: Option<Box<str>>,
    /// Whether kernel settings that differ are an error.
    pub protect_kernel_defaults: bool,
    /// Whether it keeps the rules of the host's packet filter.
    #[serde(rename = "makeIPTablesUtilChains")]
    pub make_ip_tables_util_chains: Option<bool>,
    /// Events a second; 0 is without a limit.
    #[serde(rename = "eventRecordQPS")]
    pub event_record_qps: Option<i64>,
    /// Its own certificate.
    pub tls_cert_file: Option<Box<str>>,
    /// The key of it.
    pub tls_private_key_file: Option<Box<str>>,
    /// Ciphers of TLS.
    pub tls_cipher_suites: Vec<Box<str>>,
    /// Whether it asks for a new client certificate in time.
    pub rotate_certificates: bool,
    /// Whether it asks the API server for its serving certificate.
    #[serde(rename = "serverTLSBootstrap")]
    pub server_tls_bootstrap: Option<bool>,
    /// Switches of features.
    pub feature_gates: std::collections::BTreeMap<Box<str>, bool>,
    /// How many processes a pod may have; -1 is without a limit.
    pub pod_pids_limit: Option<i64>,
    /// Whether containers get the runtime's seccomp profile by default.
    pub seccomp_default: bool,
    /// Whether containers may be looked into through its own handlers.
    pub enable_debugging_handlers: Option<bool>,
    /// Whether profiles of it can be asked for.
    pub enable_profiling_handler: Option<bool>,
}

/// Who is let in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Authentication {
    /// Without a name.
    pub anonymous: Switch,
    /// By a certificate.
    pub x509: X509,
}

/// Something that is on or off.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Switch {
    /// Which.
    pub enabled: Option<bool>,
}

/// Certificates.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct X509 {
    /// Who signs them.
    #[serde(rename = "clientCAFile")]
    pub client_ca_file: Option<Box<str>>,
}

/// Who may do what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Authorization {
    /// `Webhook` or `AlwaysAllow`.
    pub mode: Option<Box<str>>,
}

/// An audit policy (`audit.k8s.io` Policy).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AuditPolicy {
    /// The first rule that fits decides.
    pub rules: Vec<AuditRule>,
}

/// A rule of an audit policy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AuditRule {
    /// `None`, `Metadata`, `Request`, `RequestResponse`.
    pub level: Box<str>,
    /// Which resources; all where empty.
    pub resources: Vec<AuditResources>,
}

/// Resources of a rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AuditResources {
    /// The API group; empty is the core group.
    pub group: Box<str>,
    /// The resources; all of the group where empty.
    pub resources: Vec<Box<str>>,
}

/// An EncryptionConfiguration of the API server: names of providers only, never a key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Encryption {
    /// What is encrypted how.
    pub resources: Vec<EncryptedResources>,
}

/// What is encrypted how.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EncryptedResources {
    /// Which resources.
    pub resources: Vec<Box<str>>,
    /// The providers by name; the first one encrypts.
    #[serde(deserialize_with = "names")]
    pub providers: Vec<Box<str>>,
}

/// The name of each provider, which is the only key of its item.
fn names<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<Box<str>>, D::Error> {
    let items = Vec::<std::collections::BTreeMap<Box<str>, serde::de::IgnoredAny>>::deserialize(input)?;
    Ok(items.into_iter().flat_map(|item| item.into_keys().take(1)).collect())
}

pub(super) fn config_map(value: &Value, _: &SecretDoor) -> Result<Body, WrongType> {
    let text = |key: &str| value["data"][key].as_str().filter(|text| text.len() <= TEXT_BYTES_MAX);
    let kubelet = text("kubelet").and_then(document).filter(|inner| inner["kind"] == "KubeletConfiguration");
    Ok(Body::ConfigMap(ConfigMap {
        // What is no configuration in spite of its key is a text like any other.
        kubelet: kubelet.and_then(|inner| typed(&inner, &[]).ok()).map(Box::new),
        snippets_allowed: text("allow-snippet-annotations") == Some("true"),
    }))
}

/// The first document of a YAML text.
fn document(text: &str) -> Option<Value> {
    let mut first = None;
    yaml::read(text, &ScanLimits::default(), &mut |part| {
        if let Part::Whole(document) = part {
            first.get_or_insert(document.value);
        }
    });
    first
}
