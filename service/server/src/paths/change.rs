//! A change that closes ways: in words for a person, as a patch for `kubectl`. A patch is there only where it is known
//! whole: lists such as added capabilities cannot be patched without knowing what else is in them.

use assay_core::observation::{HostSetting, What};
use assay_core::paths::Remedy;
use assay_core::world::AssetIdx;
use serde::Serialize;
use serde_json::{Value, json};

use super::names::Names;
use super::what_if::MovedWire;
use crate::wire::full_name;

/// A change on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeWire {
    /// What to do.
    pub(crate) change: String,
    pub(crate) effort: u64,
    /// Ways that are closed by it alone; others have a second way round it.
    pub(crate) closes_alone: usize,
    /// The object and its strategic merge patch, or that it is to be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) patch: Option<Value>,
    /// Findings whose band moves by it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) moves: Option<Vec<MovedWire>>,
}

impl Names<'_> {
    pub(super) fn change(&self, remedy: Remedy) -> ChangeWire {
        let (change, patch) = match remedy {
            Remedy::UnmountToken(workload) => (
                format!(
                    "{}: set automountServiceAccountToken to false, if it never calls the API server",
                    self.place(workload)
                ),
                self.pod_patch(workload, json!({"automountServiceAccountToken": false})),
            ),
            Remedy::EnforceBaseline(scope) => {
                let name = self.scope(scope);
                let labels = json!({"pod-security.kubernetes.io/enforce": "baseline"});
                (
                    format!("namespace {name}: let the API server enforce the baseline of the Pod Security Standards"),
                    Some(json!({"kind": "Namespace", "name": name, "patch": {"metadata": {"labels": labels}}})),
                )
            }
            Remedy::DropSetting(workload, setting) => self.drop(workload, setting),
            Remedy::UnmountFolders(workload) => {
                (format!("{}: replace its hostPath volumes by a claim or an emptyDir", self.place(workload)), None)
            }
            Remedy::RemoveBinding(at) => {
                let granted = &self.graph.granted[at as usize];
                let namespace = self.graph.scopes[granted.scope.0 as usize].namespace.as_ref();
                let (kind, name) = granted.binding.reveal().split_once('/').unwrap_or(("", granted.binding.reveal()));
                let mut object = json!({"kind": kind, "name": name, "delete": true});
                if let Some(namespace) = namespace {
                    object["namespace"] = namespace.reveal().into();
                }
                let place = namespace.map_or_else(String::new, |n| format!(" in {}", n.reveal()));
                (format!("{kind} {name}{place}: remove it, or let its role allow less"), Some(object))
            }
            Remedy::RefuseAnonymous(identity) => {
                let name = self.world.asset(identity).key.name.reveal();
                (format!("take {name} out of the bindings that name it"), None)
            }
            Remedy::WithdrawSecret(workload, secret) => {
                let name = full_name(&self.world.asset(secret).key);
                (format!("{}: hand it secret {name} no longer", self.place(workload)), None)
            }
            Remedy::CloseEntry(workload) => {
                (format!("{}: close its ways in, or put a login before them", self.place(workload)), None)
            }
        };
        ChangeWire { change, effort: remedy.effort(), closes_alone: 0, patch, moves: None }
    }

    fn place(&self, workload: AssetIdx) -> String {
        let key = &self.world.asset(workload).key;
        format!("{} {}", key.kind, full_name(key))
    }

    fn drop(&self, workload: AssetIdx, setting: HostSetting) -> (String, Option<Value>) {
        let containers = self.containers(workload, setting);
        let which = format!("{}, container {}", self.place(workload), containers.join(" and "));
        let of_pod = |field: &str| {
            (format!("{}: set {field} to false", self.place(workload)), self.pod_patch(workload, json!({field: false})))
        };
        match setting {
            HostSetting::HostPid => of_pod("hostPID"),
            HostSetting::HostIpc => of_pod("hostIPC"),
            HostSetting::HostNetwork => of_pod("hostNetwork"),
            HostSetting::Privileged => {
                let patched = containers.iter().map(|c| json!({"name": c, "securityContext": {"privileged": false}}));
                let spec = json!({"containers": patched.collect::<Vec<_>>()});
                (format!("{which}: set securityContext.privileged to false"), self.pod_patch(workload, spec))
            }
            other => {
                let name = other.as_str().to_ascii_uppercase().replace('-', "_");
                (format!("{which}: go without the capability {name}"), None)
            }
        }
    }

    /// The containers of a workload with a setting.
    fn containers(&self, workload: AssetIdx, setting: HostSetting) -> Vec<String> {
        let has = |what: &What| matches!(what, What::OnHost(access) if access.has(setting));
        let names = self.world.facts(workload).filter(|f| has(&f.what)).map(|f| f.container.reveal().to_owned());
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// A patch of the pod in a workload; none for kinds whose pod cannot be changed.
    fn pod_patch(&self, workload: AssetIdx, spec: Value) -> Option<Value> {
        let key = &self.world.asset(workload).key;
        let template = json!({"template": {"spec": spec}});
        let patch = match key.kind.as_str() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" => {
                json!({"spec": template})
            }
            "CronJob" => json!({"spec": {"jobTemplate": {"spec": template}}}),
            // Pods and Jobs that are there cannot be given another pod.
            _ => return None,
        };
        Some(json!({
            "kind": key.kind.as_str(),
            "namespace": key.namespace.reveal(),
            "name": key.name.reveal(),
            "patch": patch,
        }))
    }
}
