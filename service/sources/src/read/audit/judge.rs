//! Of which calls are a sign: one condition a row, under the id of a signal. Comes in: a call, and what its caller did
//! before. Goes out: the signals that it is, each with the place where it belongs. Calls of the platform itself are left
//! out where they are its work; a refused call is no sign alone, but many are, and one is that comes from outside without a
//! name or under a pod's.

use super::super::events::{Place, kind_of};
use super::call::Call;
use super::memory::Memory;
use super::{configmaps, pods, rights};

/// A sign found.
pub(super) struct Found<'c> {
    pub(super) signal: &'static str,
    pub(super) place: Place<'c>,
}

/// Where a sign belongs.
enum Where {
    /// On what the call was for.
    Object,
    /// On who called.
    Caller,
    /// On the cluster.
    Cluster,
}

struct Row {
    signal: &'static str,
    at: Where,
    holds: fn(&Call) -> bool,
}

const fn row(signal: &'static str, at: Where, holds: fn(&Call) -> bool) -> Row {
    Row { signal, at, holds }
}

const MAKE: &[&str] = &["create", "update", "patch"];

const ROWS: &[Row] = &[
    row("api-server-anonymous", Where::Cluster, |c| c.is_anonymous() && c.allowed == Some(true) && !c.is_public_path()),
    row("api-server-scanned", Where::Cluster, |c| {
        c.is_anonymous() && c.is_from_outside() && c.is_public_path() && !c.is_checker()
    }),
    row("exec-into-pod", Where::Object, |c| c.pod_part(&["exec", "attach"]) && c.verb_in(&["create", "get"])),
    row("debug-container-added", Where::Object, |c| {
        c.pod_part(&["ephemeralcontainers"]) && c.verb_in(&["update", "patch"])
    }),
    row("port-forward-to-pod", Where::Object, |c| c.pod_part(&["portforward"]) && c.verb_in(&["create", "get"])),
    row("node-proxy-call", Where::Caller, |c| c.is("nodes", "proxy") && c.is_stranger()),
    row("token-for-another", Where::Object, |c| {
        c.is("serviceaccounts", "token") && c.verb_in(&["create"]) && c.is_for_another()
    }),
    row("cluster-admin-granted", Where::Object, |c| c.verb_in(MAKE) && c.is_stranger() && rights::grants_admin(c)),
    row("powerful-role-made", Where::Object, |c| c.verb_in(MAKE) && c.is_stranger() && rights::is_powerful_role(c)),
    row("writing-role-made", Where::Object, |c| {
        c.verb_in(MAKE) && c.is_stranger() && rights::may_write(c) && !rights::is_powerful_role(c)
    }),
    row("binding-made", Where::Object, |c| {
        c.verb_in(MAKE) && c.is_stranger() && rights::binds(c) && !rights::grants_admin(c)
    }),
    row("system-role-changed", Where::Object, |c| {
        c.verb_in(&["update", "patch", "delete"]) && c.is_stranger() && rights::is_system_role(c)
    }),
    row("privileged-pod-created", Where::Object, |c| c.makes_pods() && pods::is_privileged(c)),
    row("host-namespace-pod", Where::Object, |c| c.makes_pods() && pods::shares_host(c)),
    row("sensitive-mount-pod", Where::Object, |c| c.makes_pods() && pods::mounts_host(c)),
    row("capability-pod", Where::Object, |c| c.makes_pods() && pods::adds_capabilities(c)),
    row("workload-in-system-namespace", Where::Object, |c| {
        c.in_system_namespace() && c.verb_in(&["create"]) && c.is_workload() && c.is_stranger()
    }),
    row("account-in-system-namespace", Where::Object, |c| {
        c.in_system_namespace() && c.verb_in(&["create"]) && c.is("serviceaccounts", "") && c.is_stranger()
    }),
    row("daemonset-made", Where::Object, |c| {
        c.is("daemonsets", "") && c.verb_in(&["create"]) && c.is_stranger() && !c.in_system_namespace()
    }),
    row("credentials-in-configmap", Where::Object, |c| {
        c.is("configmaps", "") && c.verb_in(MAKE) && !c.is_control_plane() && configmaps::hold_credentials(c)
    }),
    row("namespace-deleted", Where::Object, |c| c.is("namespaces", "") && c.verb_in(&["delete"]) && c.is_stranger()),
    row("system-identity-from-outside", Where::Caller, Call::is_pod_from_outside),
    row("identity-impersonated", Where::Caller, |c| !c.acts_as.is_empty() && c.is_stranger()),
    row("certificate-approved", Where::Caller, |c| {
        c.is("certificatesigningrequests", "approval") && c.verb_in(&["update", "patch"]) && c.is_stranger()
    }),
    row("admission-changed", Where::Caller, |c| {
        c.is_admission() && c.verb_in(&["create", "update", "patch", "delete"]) && c.is_stranger()
    }),
    row("events-deleted", Where::Caller, |c| c.is("events", "") && c.verb_in(&["deletecollection"]) && c.is_stranger()),
];

/// The signals that a call is.
pub(super) fn judge<'c>(call: &'c Call, memory: &mut Memory) -> Vec<Found<'c>> {
    if call.unanswered {
        return Vec::new();
    }
    let caller = || Place::identity(&call.user);
    let mut found = Vec::new();
    // What was refused did not happen: only the number of refusals says something.
    if call.allowed == Some(false) {
        if call.is_stranger() && !call.is_anonymous() && memory.is_probing(call) {
            found.push(Found { signal: "api-probing", place: caller() });
        }
        if call.is_anonymous() && call.is_from_outside() && !call.is_checker() {
            found.push(Found { signal: "api-server-scanned", place: Place::Cluster });
        }
        if call.is_pod_from_outside() {
            found.push(Found { signal: "refused-from-outside", place: caller() });
        }
        return found;
    }
    for row in ROWS.iter().filter(|row| (row.holds)(call)) {
        let place = match row.at {
            Where::Object => call.place(),
            Where::Caller => caller(),
            Where::Cluster => Place::Cluster,
        };
        found.push(Found { signal: row.signal, place });
    }
    if call.reads_secrets() && call.is_stranger() && !call.is_anonymous() {
        let everywhere = call.namespace.is_empty() && call.name.is_empty();
        if everywhere || memory.sweeps_secrets(call) {
            found.push(Found { signal: "secret-sweep", place: caller() });
        }
    }
    found
}

/// Namespaces that belong to Kubernetes.
const SYSTEM_NAMESPACES: &[&str] = &["kube-system", "kube-public", "kube-node-lease"];

impl Call {
    fn is(&self, resource: &str, subresource: &str) -> bool {
        self.resource == resource && self.subresource == subresource
    }

    fn pod_part(&self, parts: &[&str]) -> bool {
        self.resource == "pods" && parts.contains(&self.subresource.as_str()) && !self.is_control_plane()
    }

    fn in_system_namespace(&self) -> bool {
        SYSTEM_NAMESPACES.contains(&self.namespace.as_str())
    }

    fn is_workload(&self) -> bool {
        let kinds = ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"];
        self.subresource.is_empty() && kind_of(&self.resource).is_some_and(|kind| kinds.contains(&kind))
    }

    /// Makes pods, directly or by a workload, outside the system's own namespaces. A pod that exists cannot change in
    /// what is looked at here.
    fn makes_pods(&self) -> bool {
        let verbs: &[&str] = if self.resource == "pods" { &["create"] } else { MAKE };
        self.is_workload() && self.verb_in(verbs) && !self.in_system_namespace()
    }

    fn is_admission(&self) -> bool {
        let of_webhooks = self.resource.ends_with("webhookconfigurations");
        of_webhooks || self.resource.contains("admissionpolic")
    }

    fn reads_secrets(&self) -> bool {
        self.is("secrets", "") && self.verb_in(&["get", "list", "watch"])
    }
}

#[cfg(test)]
mod tests;
