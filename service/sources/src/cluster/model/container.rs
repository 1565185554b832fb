//! The fields of a container that are read. What is not named here is never kept.

use serde::Deserialize;
use serde_json::Value;

use super::command::{Start, Words};
use super::env::{EnvFrom, EnvVar};
use super::scalar::PortName;
use super::security::SecurityContext;

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
    /// What it starts, until [`Container::seal`] takes the words.
    command: Words,
    /// The arguments of what it starts.
    args: Words,
    /// What was kept of these words.
    #[serde(skip)]
    pub start: Option<Box<Start>>,
    /// Sources of many variables.
    pub env_from: Vec<EnvFrom>,
    /// `Always`, `IfNotPresent`, `Never`; unset follows the image's tag.
    pub image_pull_policy: Option<Box<str>>,
    /// What it may use, and what it is sure to get.
    pub resources: Resources,
    /// `Always` makes an init container a sidecar.
    pub restart_policy: Option<Box<str>>,
}

impl Container {
    /// Drops every word that may hold a secret, and keeps what the rules read.
    pub(super) fn seal(&mut self, door: &crate::door::SecretDoor) {
        self.env.iter_mut().for_each(|variable| variable.seal(door));
        let (command, args) = (std::mem::take(&mut self.command), std::mem::take(&mut self.args));
        self.start = Start::read(self.image.as_deref(), &command, &args, door).map(Box::new);
    }
}

/// Limits and requests.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// The most it may use.
    pub limits: Amounts,
    /// What it is sure to get.
    pub requests: Amounts,
}

/// The resources that an amount is written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Value")]
pub struct Amounts {
    /// Processor time.
    pub cpu: bool,
    /// Memory.
    pub memory: bool,
    /// Files outside volumes.
    pub ephemeral_storage: bool,
}

impl From<Value> for Amounts {
    fn from(value: Value) -> Self {
        let written = |name: &str| value.get(name).is_some_and(|amount| !amount.is_null());
        Self { cpu: written("cpu"), memory: written("memory"), ephemeral_storage: written("ephemeral-storage") }
    }
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
    /// `Bidirectional` hands mounts on to the host.
    pub mount_propagation: Option<Box<str>>,
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
