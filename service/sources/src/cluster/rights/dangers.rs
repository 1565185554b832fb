//! Which rules of a role are dangerous: one row a group of resources. What each right gives, and who says so, is in
//! `assay_core::capability`.

use assay_core::observation::Capability as C;

/// A rule that matches any of the resources by any of the verbs gives the capability.
pub(super) struct Danger {
    pub(super) capability: C,
    pub(super) group: &'static str,
    pub(super) resources: &'static [&'static str],
    pub(super) verbs: &'static [&'static str],
    /// Whether it is a finding too when the rule is limited to objects of some names.
    pub(super) alarms_by_name: bool,
}

const fn always(capability: C, group: &'static str, resources: &'static [&'static str], verbs: Verbs) -> Danger {
    Danger { capability, group, resources, verbs, alarms_by_name: true }
}

const fn at_large(capability: C, group: &'static str, resources: &'static [&'static str], verbs: Verbs) -> Danger {
    Danger { capability, group, resources, verbs, alarms_by_name: false }
}

type Verbs = &'static [&'static str];

const CORE: &str = "";
const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const NETWORK: &str = "networking.k8s.io";
const GATEWAY: &str = "gateway.networking.k8s.io";

const WRITE: Verbs = &["create", "update", "patch"];
const CHANGE: Verbs = &["update", "patch"];
const DELETE: Verbs = &["delete", "deletecollection"];
const UNMAKE: Verbs = &["create", "update", "patch", "delete", "deletecollection"];
const LIST: Verbs = &["list", "watch"];
/// By `create` as a POST, by `get` as a websocket.
const CONNECT: Verbs = &["create", "get"];
const PROXY: Verbs = &["get", "create", "update", "patch", "delete"];
const IMPERSONATE: Verbs = &["impersonate"];

pub(super) const DANGERS: &[Danger] = &[
    at_large(C::ReadSecrets, CORE, &["secrets"], &["get"]),
    at_large(C::ListSecrets, CORE, &["secrets"], LIST),
    at_large(C::WriteSecrets, CORE, &["secrets"], WRITE),
    at_large(C::CreatePods, CORE, &["pods"], &["create"]),
    at_large(C::CreateWorkloads, "apps", &["deployments", "daemonsets", "statefulsets", "replicasets"], WRITE),
    at_large(C::CreateWorkloads, "extensions", &["deployments", "daemonsets", "replicasets"], WRITE),
    at_large(C::CreateWorkloads, "batch", &["jobs", "cronjobs"], WRITE),
    at_large(C::CreateWorkloads, CORE, &["replicationcontrollers"], WRITE),
    at_large(C::ChangePods, CORE, &["pods"], CHANGE),
    always(C::ExecPods, CORE, &["pods/exec"], CONNECT),
    always(C::AttachPods, CORE, &["pods/attach"], CONNECT),
    always(C::DebugPods, CORE, &["pods/ephemeralcontainers"], CHANGE),
    at_large(C::ForwardPorts, CORE, &["pods/portforward"], CONNECT),
    at_large(C::DeletePods, CORE, &["pods"], DELETE),
    at_large(C::DeletePods, CORE, &["pods/eviction"], &["create"]),
    at_large(C::ChangeNodes, CORE, &["nodes", "nodes/status"], CHANGE),
    at_large(C::CreateVolumes, CORE, &["persistentvolumes"], &["create"]),
    at_large(C::ChangeAccounts, CORE, &["serviceaccounts"], CHANGE),
    always(C::Escalate, RBAC, &["roles", "clusterroles"], &["escalate"]),
    at_large(C::Bind, RBAC, &["roles", "clusterroles"], &["bind"]),
    at_large(C::WriteRoles, RBAC, &["roles", "clusterroles"], WRITE),
    at_large(C::WriteBindings, RBAC, &["rolebindings", "clusterrolebindings"], WRITE),
    always(C::Impersonate, CORE, &["users"], IMPERSONATE),
    always(C::ImpersonateGroups, CORE, &["groups"], IMPERSONATE),
    always(C::ImpersonateAccounts, CORE, &["serviceaccounts"], IMPERSONATE),
    always(C::ImpersonateUids, "authentication.k8s.io", &["uids", "userextras"], IMPERSONATE),
    always(C::RequestTokens, CORE, &["serviceaccounts/token"], &["create"]),
    always(C::ProxyNodes, CORE, &["nodes/proxy"], PROXY),
    at_large(C::ProxyPods, CORE, &["pods/proxy", "services/proxy"], PROXY),
    at_large(C::ApproveCertificates, CERTIFICATES, &["certificatesigningrequests/approval"], CHANGE),
    at_large(C::UseSigners, CERTIFICATES, &["certificatesigningrequests/status"], CHANGE),
    at_large(C::UseSigners, CERTIFICATES, &["signers"], &["approve", "sign"]),
    always(C::ChangeAdmission, ADMISSION, &["mutatingwebhookconfigurations"], WRITE),
    always(C::ChangeValidation, ADMISSION, &["validatingwebhookconfigurations"], WRITE),
    always(
        C::ChangeAdmissionPolicies,
        ADMISSION,
        &[
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
        ],
        WRITE,
    ),
    at_large(C::WriteSystemConfig, CORE, &["configmaps"], WRITE),
    at_large(C::WriteEndpoints, CORE, &["endpoints"], WRITE),
    at_large(C::WriteEndpoints, "discovery.k8s.io", &["endpointslices"], WRITE),
    at_large(C::ChangeServices, CORE, &["services"], WRITE),
    at_large(C::ChangeServices, CORE, &["services/status"], CHANGE),
    at_large(C::ChangeRoutes, NETWORK, &["ingresses"], WRITE),
    at_large(C::ChangeRoutes, "extensions", &["ingresses"], WRITE),
    at_large(C::ChangeRoutes, GATEWAY, &["gateways", "httproutes", "grpcroutes", "tlsroutes", "tcproutes"], WRITE),
    at_large(C::ChangeNetworkPolicies, NETWORK, &["networkpolicies"], UNMAKE),
    at_large(C::DeleteEvents, CORE, &["events"], DELETE),
    at_large(C::DeleteEvents, "events.k8s.io", &["events"], DELETE),
    at_large(C::ChangeDefinitions, "apiextensions.k8s.io", &["customresourcedefinitions"], UNMAKE),
    at_large(C::ChangeApiServices, "apiregistration.k8s.io", &["apiservices"], WRITE),
    at_large(C::LabelNamespaces, CORE, &["namespaces"], CHANGE),
];

/// Names that make any right over them as wide as can be.
pub(super) const TOP_NAMES: &[&str] = &["cluster-admin", "system:masters", "kubernetes.io/kube-apiserver-client"];

/// Every verb on objects by its name: all rights but those to hand on rights, which pods and secrets give soon enough.
pub(super) const EVERY_VERB: Verbs = &["get", "list", "watch", "create", "update", "patch", "delete"];

/// Pages of the API server that show its insides. Source: kube-apiserver reference, `--profiling` and
/// `--enable-logs-handler`.
pub(super) const INTERNALS: &[&str] = &["/debug/pprof", "/logs"];

/// A role that every cluster has: what it gives, for when it is not in view itself.
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    pub(super) gives: &'static [C],
    /// The labels by which other roles are added to it.
    pub(super) adds: &'static [&'static str],
}

/// Source: Kubernetes documentation, "Using RBAC Authorization", user-facing roles; bootstrap policy of the API server.
pub(super) const BUILT_IN: &[BuiltIn] = &[
    BuiltIn { name: "cluster-admin", gives: &[C::ClusterAdmin], adds: &[] },
    BuiltIn { name: "admin", gives: ADMIN, adds: &[TO_ADMIN, TO_EDIT, TO_VIEW] },
    BuiltIn { name: "edit", gives: EDIT, adds: &[TO_EDIT, TO_VIEW] },
    BuiltIn { name: "view", gives: &[], adds: &[TO_VIEW] },
];

const TO_ADMIN: &str = "rbac.authorization.k8s.io/aggregate-to-admin";
const TO_EDIT: &str = "rbac.authorization.k8s.io/aggregate-to-edit";
const TO_VIEW: &str = "rbac.authorization.k8s.io/aggregate-to-view";

const EDIT: &[C] = &[
    C::ReadSecrets,
    C::ListSecrets,
    C::WriteSecrets,
    C::CreatePods,
    C::CreateWorkloads,
    C::ChangePods,
    C::ExecPods,
    C::AttachPods,
    C::ForwardPorts,
    C::DeletePods,
    C::ChangeAccounts,
    C::ImpersonateAccounts,
    C::RequestTokens,
    C::ProxyPods,
    C::WriteSystemConfig,
    C::ChangeServices,
    C::ChangeRoutes,
    C::ChangeNetworkPolicies,
];

/// What `edit` gives, with roles and bindings.
const ADMIN: &[C] = &[
    C::ReadSecrets,
    C::ListSecrets,
    C::WriteSecrets,
    C::CreatePods,
    C::CreateWorkloads,
    C::ChangePods,
    C::ExecPods,
    C::AttachPods,
    C::ForwardPorts,
    C::DeletePods,
    C::ChangeAccounts,
    C::WriteRoles,
    C::WriteBindings,
    C::ImpersonateAccounts,
    C::RequestTokens,
    C::ProxyPods,
    C::WriteSystemConfig,
    C::ChangeServices,
    C::ChangeRoutes,
    C::ChangeNetworkPolicies,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The three that no row makes are told from the shape of a rule.
    #[test]
    fn every_right_has_a_row_or_a_shape() {
        let shapes = [C::ClusterAdmin, C::NamespaceAdmin, C::HoldWildcards, C::ReadServerInternals];
        for capability in C::ALL {
            let row = DANGERS.iter().any(|d| d.capability == *capability);
            assert_ne!(row, shapes.contains(capability), "{capability}");
        }
    }

    #[test]
    fn an_administrator_is_an_editor_with_roles() {
        let more: Vec<&C> = ADMIN.iter().filter(|c| !EDIT.contains(c)).collect();
        assert_eq!(more, [&C::WriteRoles, &C::WriteBindings]);
        assert!(EDIT.iter().all(|c| ADMIN.contains(c)));
    }
}
