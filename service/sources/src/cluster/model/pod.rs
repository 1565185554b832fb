//! The fields of a pod that are read, as Kubernetes defines them. What is not named here is never kept.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::container::{Container, ContainerList};
use super::scalar::{Labels, loose_labels};
use super::security::SecurityContext;

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
    /// Lines that are added to the file of hosts.
    pub host_aliases: Vec<IgnoredAny>,
    /// Labels of the nodes that it may run on.
    #[serde(deserialize_with = "loose_labels")]
    pub node_selector: Labels,
    /// Taints that it bears.
    pub tolerations: Vec<Toleration>,
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

/// A taint that a pod bears.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Toleration {
    /// The taint; any where unset.
    pub key: Option<Box<str>>,
}

/// The operating system of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodOs {
    /// `linux` or `windows`.
    pub name: Option<Box<str>>,
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
    /// True for an `emptyDir` without a size limit.
    pub unbounded: bool,
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
                    volume.unbounded |= source == "emptyDir" && value["sizeLimit"].is_null();
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
