//! What an event happened to, by what it names: the workload where it says so, else the pod, which the ledger raises to
//! its owner; an object of the API; the node. Containers by their ids alone belong to nobody here.

use assay_core::asset::{AssetKey, Kind};
use assay_core::observation::Subject;
use assay_core::text::Opaque;

use super::super::intake::Intake;

/// What an event names.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) enum Place<'e> {
    /// A container of a workload or pod.
    Container {
        /// Its kind: `Pod`, or the workload's where the event names it.
        kind: &'e str,
        /// Its namespace.
        namespace: &'e str,
        /// Its name.
        name: &'e str,
        /// The container; empty where not said.
        container: &'e str,
    },
    /// Any other object; the namespace is empty for those of the whole cluster.
    Object {
        /// Its kind.
        kind: &'static str,
        /// Its namespace.
        namespace: &'e str,
        /// Its name.
        name: &'e str,
    },
    /// A machine.
    Node(&'e str),
    /// The cluster itself: its API server.
    Cluster,
    /// Nothing.
    #[default]
    Nowhere,
}

/// Kinds that own pods, as tools name them.
const OWNERS: &[&str] =
    &["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"];

/// Resources of the API with their kinds: those that a signal can be about.
const RESOURCES: &[(&str, &str)] = &[
    ("pods", "Pod"),
    ("deployments", "Deployment"),
    ("statefulsets", "StatefulSet"),
    ("daemonsets", "DaemonSet"),
    ("replicasets", "ReplicaSet"),
    ("replicationcontrollers", "ReplicationController"),
    ("jobs", "Job"),
    ("cronjobs", "CronJob"),
    ("serviceaccounts", "ServiceAccount"),
    ("roles", "Role"),
    ("clusterroles", "ClusterRole"),
    ("rolebindings", "RoleBinding"),
    ("clusterrolebindings", "ClusterRoleBinding"),
    ("services", "Service"),
    ("secrets", "Secret"),
    ("configmaps", "ConfigMap"),
    ("nodes", "Node"),
    ("namespaces", "Namespace"),
];

/// The kind of a resource, as the API names it in paths.
pub(in super::super) fn kind_of(resource: &str) -> Option<&'static str> {
    RESOURCES.iter().find(|(known, _)| *known == resource).map(|(_, kind)| *kind)
}

impl<'e> Place<'e> {
    /// A container of a pod, of the workload where that is named; nothing where neither is.
    pub(in super::super) fn pod(namespace: &'e str, name: &'e str, container: &'e str) -> Self {
        match namespace.is_empty() || name.is_empty() {
            true => Self::Nowhere,
            false => Self::Container { kind: "Pod", namespace, name, container: plain_container(container) },
        }
    }

    /// The same where the event names the workload too.
    pub(in super::super) fn owned_by(self, kind: &'e str, owner: &'e str) -> Self {
        match self {
            Self::Container { namespace, container, .. } if OWNERS.contains(&kind) && !owner.is_empty() => {
                Self::Container { kind, namespace, name: owner, container }
            }
            other => other,
        }
    }

    /// This place, or the machine where it is none.
    pub(in super::super) fn or_node(self, node: &'e str) -> Self {
        match self {
            Self::Nowhere if !node.is_empty() => Self::Node(node),
            other => other,
        }
    }

    /// An object of the API; its namespace where it has no name, the cluster where it has neither.
    pub(in super::super) fn resource(resource: &str, namespace: &'e str, name: &'e str) -> Self {
        match kind_of(resource) {
            Some("Namespace") if name.is_empty() && namespace.is_empty() => Self::Cluster,
            Some("Namespace") => {
                Self::Object { kind: "Namespace", namespace: "", name: if name.is_empty() { namespace } else { name } }
            }
            Some(kind) if !name.is_empty() => Self::Object { kind, namespace, name },
            _ if !namespace.is_empty() => Self::Object { kind: "Namespace", namespace: "", name: namespace },
            _ => Self::Cluster,
        }
    }

    /// Somebody by the name that the API server knows.
    pub(in super::super) fn identity(user: &'e str) -> Self {
        if let Some((namespace, name)) = user.strip_prefix("system:serviceaccount:").and_then(|u| u.split_once(':')) {
            return Self::Object { kind: "ServiceAccount", namespace, name };
        }
        match user.is_empty() {
            true => Self::Cluster,
            false => Self::Object { kind: "User", namespace: "", name: user },
        }
    }

    /// The subject of what is said.
    pub(in super::super) fn subject(&self, intake: &Intake<'_>) -> Option<Subject> {
        let cluster = intake.how.cluster;
        let object = |kind: Kind, namespace: &str, name: &str| {
            AssetKey::object(cluster, kind, intake.name(namespace), intake.name(name))
        };
        let at = match *self {
            Self::Container { .. } => return self.container(intake),
            Self::Object { kind, namespace, name } => object(Kind::of(kind), namespace, name),
            Self::Node(name) => object(Kind::of("Node"), "", name),
            Self::Cluster => AssetKey::cluster(cluster),
            Self::Nowhere => return None,
        };
        Some(Subject::Object { at, container: None })
    }

    /// The subject where it is a container's, which alone can run something.
    pub(super) fn container(&self, intake: &Intake<'_>) -> Option<Subject> {
        let Self::Container { kind, namespace, name, container } = *self else { return None };
        let cluster = intake.how.cluster;
        let at = AssetKey::object(cluster, Kind::new("", kind), intake.name(namespace), intake.name(name));
        let container: Opaque = intake.name(container);
        Some(Subject::Object { at, container: (!container.is_empty()).then_some(container) })
    }
}

/// A container's name in its pod: the old Docker runtime wrote `k8s_web_web-1_shop_..`.
fn plain_container(name: &str) -> &str {
    name.strip_prefix("k8s_").and_then(|rest| rest.split('_').next()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_belongs_to_the_nearest_thing_that_it_names() {
        let pod = Place::pod("shop", "web-1", "k8s_web_web-1_shop_0_0");
        assert!(matches!(pod, Place::Container { kind: "Pod", name: "web-1", container: "web", .. }));
        let owned = pod.owned_by("Deployment", "web");
        assert!(matches!(owned, Place::Container { kind: "Deployment", name: "web", .. }));
        assert!(matches!(pod.owned_by("Rollout", "web"), Place::Container { kind: "Pod", .. }), "an unknown kind");
        assert!(matches!(Place::pod("", "web-1", "").or_node("worker-1"), Place::Node("worker-1")));
        assert!(matches!(Place::pod("", "", "").or_node(""), Place::Nowhere));
    }

    #[test]
    fn a_resource_is_its_object_its_namespace_or_the_cluster() {
        assert!(matches!(Place::resource("pods", "shop", "web-1"), Place::Object { kind: "Pod", .. }));
        assert!(matches!(Place::resource("pods", "shop", ""), Place::Object { kind: "Namespace", name: "shop", .. }));
        assert!(matches!(Place::resource("widgets", "", "w"), Place::Cluster));
        let by = Place::identity("system:serviceaccount:shop:web");
        assert!(matches!(by, Place::Object { kind: "ServiceAccount", namespace: "shop", name: "web" }));
        assert!(matches!(Place::identity("anna@shop.example"), Place::Object { kind: "User", .. }));
    }
}
