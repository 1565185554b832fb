//! The fields of a pod that are read, as Kubernetes defines them. What is not named here is never kept.

use assay_core::text::Opaque;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::scalar::{PortName, loose_text};
use crate::door::{MARK, SecretDoor};

/// A pod's specification.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// What runs.
    pub containers: Vec<Container>,
    /// What runs before, or beside when it restarts always.
    pub init_containers: Vec<Container>,
    /// What was added to a running pod.
    pub ephemeral_containers: Vec<Container>,
    /// What can be mounted.
    pub volumes: Vec<Volume>,
    /// Settings for all containers.
    pub security_context: SecurityContext,
    /// The host's process namespace.
    #[serde(rename = "hostPID")]
    pub host_pid: bool,
    /// The host's memory and semaphores.
    #[serde(rename = "hostIPC")]
    pub host_ipc: bool,
    /// The host's network.
    pub host_network: bool,
    /// One process namespace for all its containers.
    pub share_process_namespace: bool,
    /// False: a user namespace of its own.
    pub host_users: Option<bool>,
    /// The node that runs it, or must.
    pub node_name: Option<Box<str>>,
    /// The operating system it is meant for.
    pub os: PodOs,
    /// The identity it runs as.
    pub service_account_name: Option<Box<str>>,
    /// The older name of the same field.
    pub service_account: Option<Box<str>>,
    /// Whether the identity's token is mounted; unset leaves it to the identity.
    pub automount_service_account_token: Option<bool>,
}

impl PodSpec {
    /// Every container in the order in which the standard visits them: init, plain, ephemeral.
    pub fn all_containers(&self) -> impl Iterator<Item = (ContainerList, usize, &Container)> {
        let lists = [
            (ContainerList::Init, &self.init_containers),
            (ContainerList::Plain, &self.containers),
            (ContainerList::Ephemeral, &self.ephemeral_containers),
        ];
        lists.into_iter().flat_map(|(list, all)| all.iter().enumerate().map(move |(i, c)| (list, i, c)))
    }

    /// Why it cannot be judged: it says nothing, as a patch that only sets a node selector, or too much.
    pub(in crate::cluster) fn unfit(&self, containers_max: usize) -> Option<String> {
        let host = self.host_network || self.host_pid || self.host_ipc;
        match self.all_containers().count() {
            0 if !host && self.volumes.is_empty() => {
                Some("it has no containers: a patch, perhaps; render it first".to_owned())
            }
            count if count > containers_max => Some(format!("more than {containers_max} containers")),
            _ => None,
        }
    }

    /// The identity by its name: `default` where none is written.
    pub fn identity(&self) -> &str {
        [&self.service_account_name, &self.service_account]
            .into_iter()
            .flatten()
            .find(|name| !name.is_empty())
            .map_or("default", |name| name)
    }

    /// True for pods that are meant for Windows, which have none of the Linux settings.
    pub fn on_windows(&self) -> bool {
        self.os.name.as_deref() == Some("windows")
    }
}

/// Which of the three lists a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerList {
    /// `initContainers`.
    Init,
    /// `containers`.
    Plain,
    /// `ephemeralContainers`.
    Ephemeral,
}

impl ContainerList {
    /// The name of the field.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Plain => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// The operating system of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodOs {
    /// `linux` or `windows`.
    pub name: Option<Box<str>>,
}

/// One container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Its name in the pod.
    pub name: Box<str>,
    /// The image it asks for.
    pub image: Option<Box<str>>,
    /// The ports it declares.
    pub ports: Vec<ContainerPort>,
    /// Its own settings.
    pub security_context: SecurityContext,
    /// Its environment.
    pub env: Vec<EnvVar>,
    /// Whole objects as its environment.
    pub env_from: Vec<EnvFrom>,
    /// What it mounts.
    pub volume_mounts: Vec<VolumeMount>,
    /// Is it alive?
    pub liveness_probe: Option<Handler>,
    /// Is it ready?
    pub readiness_probe: Option<Handler>,
    /// Has it started?
    pub startup_probe: Option<Handler>,
    /// What is called at its start and end.
    pub lifecycle: Lifecycle,
    /// `Always` makes an init container a sidecar.
    pub restart_policy: Option<Box<str>>,
}

/// A declared port.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerPort {
    /// The name that Services may use.
    pub name: Option<Box<str>>,
    /// The port in the pod.
    pub container_port: u16,
    /// The port of the node that is taken.
    pub host_port: u16,
    /// The node's address it is bound to.
    #[serde(rename = "hostIP")]
    pub host_ip: Option<Box<str>>,
    /// TCP where unset.
    pub protocol: Option<Box<str>>,
}

/// Security settings of a pod or a container: the two share most names and never differ in meaning.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecurityContext {
    /// Nearly everything the host may.
    pub privileged: Option<bool>,
    /// Whether a process may gain more than its parent has.
    pub allow_privilege_escalation: Option<bool>,
    /// Linux capabilities.
    pub capabilities: Capabilities,
    /// How /proc is masked.
    pub proc_mount: Option<Box<str>>,
    /// Whether root is refused.
    pub run_as_non_root: Option<bool>,
    /// The user id.
    pub run_as_user: Option<i64>,
    /// SELinux labels.
    pub se_linux_options: SeLinuxOptions,
    /// The seccomp profile.
    pub seccomp_profile: Option<Profile>,
    /// The AppArmor profile.
    pub app_armor_profile: Option<Profile>,
    /// Windows settings.
    pub windows_options: WindowsOptions,
    /// Kernel settings; of a pod only.
    pub sysctls: Vec<Sysctl>,
}

/// Capabilities added and dropped.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Added to the default set.
    pub add: Vec<Box<str>>,
    /// Taken out of it.
    pub drop: Vec<Box<str>>,
}

/// SELinux labels.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SeLinuxOptions {
    /// The type; empty is the default.
    #[serde(rename = "type")]
    pub label: Option<Box<str>>,
    /// The user.
    pub user: Option<Box<str>>,
    /// The role.
    pub role: Option<Box<str>>,
}

/// A seccomp or AppArmor profile by its type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// `RuntimeDefault`, `Localhost`, `Unconfined`.
    #[serde(rename = "type")]
    pub sort: Box<str>,
}

/// Windows settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WindowsOptions {
    /// Runs on the host itself.
    pub host_process: Option<bool>,
}

/// A kernel setting.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sysctl {
    /// Its name.
    pub name: Box<str>,
}

/// An environment variable. Its value never stays: it is looked at once, at the door.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EnvVar {
    /// Its name.
    pub name: Box<str>,
    /// Where its value is read from.
    #[serde(rename = "valueFrom")]
    pub from: ValueFrom,
    /// The literal value, until [`EnvVar::seal`] takes it.
    #[serde(rename = "value", deserialize_with = "loose_text")]
    literal: Option<Box<str>>,
    /// The secret that its value was.
    #[serde(skip)]
    pub secret: Option<EnvSecret>,
}

/// Where a value is read from: only a secret's name is kept.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ValueFrom {
    /// A key of a secret.
    pub secret_key_ref: Option<NamedRef>,
}

/// An object whose keys become variables.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvFrom {
    /// A secret.
    pub secret_ref: Option<NamedRef>,
}

/// An object of the same namespace, by its name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NamedRef {
    /// The name.
    pub name: Box<str>,
}

/// A secret that stood in plain sight, by what recognised it and by its mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvSecret {
    /// The rule that knew it; `field` where only the name of the variable says so.
    pub rule: Box<str>,
    /// The keyed mark: equal secrets have equal marks.
    pub mark: Opaque,
}

impl EnvVar {
    /// Drops the value, and keeps the mark where it was a secret.
    pub(super) fn seal(&mut self, door: &SecretDoor) {
        let Some(literal) = self.literal.take() else { return };
        let clean = door.redact_field(&self.name, &literal);
        // A value that was written as a mark is no secret: only what the door changed is one.
        let changed = *clean != *literal;
        self.secret = clean.find(MARK).filter(|_| changed).and_then(|start| {
            let mark = &clean[start..start + clean[start..].find(']')? + 1];
            let rule = mark[MARK.len()..].split(':').next()?;
            Some(EnvSecret { rule: rule.into(), mark: Opaque::readmit(mark) })
        });
    }
}

/// A mounted volume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeMount {
    /// The volume's name.
    pub name: Box<str>,
    /// Where.
    pub mount_path: Box<str>,
    /// Nothing can be written there.
    pub read_only: bool,
    /// The part of the volume that is mounted; empty is all of it.
    pub sub_path: Box<str>,
}

/// A probe or a lifecycle handler: only whom it calls.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Handler {
    /// An HTTP request.
    pub http_get: Option<Target>,
    /// A TCP connection.
    pub tcp_socket: Option<Target>,
}

/// Whom a handler calls.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Target {
    /// A host; empty is the pod itself.
    pub host: Box<str>,
    /// The port.
    pub port: Option<PortName>,
}

/// Handlers at start and end.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Lifecycle {
    /// After the start.
    pub post_start: Option<Handler>,
    /// Before the end.
    pub pre_stop: Option<Handler>,
}

/// A volume by its name and what it is made of.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Map<String, Value>")]
pub struct Volume {
    /// Its name.
    pub name: Box<str>,
    /// The names of its sources; Kubernetes allows one.
    pub sources: Vec<Box<str>>,
    /// The path on the host, for a `hostPath`.
    pub host_path: Option<Box<str>>,
    /// True when it projects a token of the pod's identity.
    pub projects_token: bool,
    /// The secrets that it is made of.
    pub secrets: Vec<Box<str>>,
}

impl From<Map<String, Value>> for Volume {
    fn from(fields: Map<String, Value>) -> Self {
        let mut volume = Self::default();
        for (key, value) in fields {
            match key.as_str() {
                "name" => volume.name = value.as_str().unwrap_or_default().into(),
                "hostPath" => {
                    volume.host_path = Some(value["path"].as_str().unwrap_or_default().into());
                    volume.sources.push("hostPath".into());
                }
                source => {
                    let sources = value["sources"].as_array();
                    let projected = sources.into_iter().flatten().filter_map(|s| s["secret"]["name"].as_str());
                    let own = value["secretName"].as_str().filter(|_| source == "secret");
                    volume.secrets.extend(projected.chain(own).filter(|n| !n.is_empty()).map(Box::from));
                    volume.projects_token |= source == "projected"
                        && sources.is_some_and(|all| all.iter().any(|s| !s["serviceAccountToken"].is_null()));
                    volume.sources.push(source.into());
                }
            }
        }
        volume
    }
}
