//! Of which calls are a sign: one condition a row, under the id of a signal. Comes in: a call, and what its caller did
//! before. Goes out: the signals that it is, each with the place where it belongs. Calls of the platform itself are left
//! out where they are its work; a refused call is no sign alone, but many are.

use super::super::events::{Place, kind_of};
use super::call::Call;
use super::memory::Memory;
use super::{pods, rights};

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

/// Paths that every cluster answers without a name, for load balancers and probes.
const PUBLIC_PATHS: &[&str] = &["/healthz", "/livez", "/readyz", "/version", "/.well-known/", "/openid/"];

impl Call {
    fn is(&self, resource: &str, subresource: &str) -> bool {
        self.resource == resource && self.subresource == subresource
    }

    fn pod_part(&self, parts: &[&str]) -> bool {
        self.resource == "pods" && parts.contains(&self.subresource.as_str()) && !self.is_control_plane()
    }

    /// Parts of Kubernetes by their own names; pods' identities and nobody are none.
    fn is_control_plane(&self) -> bool {
        self.user.starts_with("system:") && !self.user.starts_with("system:serviceaccount:") && !self.is_anonymous()
    }

    fn is_anonymous(&self) -> bool {
        let nobody = ["system:anonymous", "system:unauthenticated"];
        nobody.contains(&self.user.as_str()) || self.groups.iter().any(|g| g == "system:unauthenticated")
    }

    /// Neither a part of Kubernetes nor of the cloud that runs it. Whoever can use an identity of kube-system has the
    /// cluster already.
    fn is_stranger(&self) -> bool {
        let platform = ["system:serviceaccount:kube-system:", "eks:", "aksService", "acs-"];
        !self.is_control_plane() && !platform.iter().any(|name| self.user.starts_with(name))
    }

    fn is_for_another(&self) -> bool {
        let own = format!("system:serviceaccount:{}:{}", self.namespace, self.name);
        self.is_stranger() && self.user != own
    }

    fn is_public_path(&self) -> bool {
        let path = self.uri.split('?').next().unwrap_or_default();
        // Google Cloud tells some of them as resources.
        let of_resource = format!("/{}", self.resource);
        PUBLIC_PATHS.iter().any(|known| path.starts_with(known) || of_resource == *known)
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

    /// A pod's identity, every address of the request a public one: pods come from inside, and a proxy on the way would
    /// have added its own address.
    fn is_pod_from_outside(&self) -> bool {
        self.user.starts_with("system:serviceaccount:")
            && !self.addresses.is_empty()
            && self.addresses.iter().all(|ip| crate::cluster::is_public(*ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::signal;
    use serde_json::json;

    fn call(verb: &str, resource: &str, user: &str) -> Call {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        Call {
            verb: verb.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            namespace: "shop".into(),
            name: "web".into(),
            user: user.into(),
            allowed: Some(true),
            ..Call::default()
        }
    }

    fn ids(call: &Call) -> Vec<&'static str> {
        judge(call, &mut Memory::default()).iter().map(|f| f.signal).collect()
    }

    #[test]
    fn every_row_is_a_signal_of_ours() {
        for id in ROWS.iter().map(|r| r.signal).chain(["api-probing", "secret-sweep"]) {
            assert!(signal(id).is_some(), "{id}");
        }
    }

    #[test]
    fn a_call_is_a_sign_only_when_it_was_answered_and_allowed() {
        let exec = call("create", "pods/exec", "anna@shop.example");
        assert_eq!(ids(&exec), ["exec-into-pod"]);
        assert_eq!(ids(&Call { unanswered: true, ..exec.clone() }), [""; 0]);
        assert_eq!(ids(&Call { allowed: Some(false), ..exec.clone() }), [""; 0]);
        assert_eq!(ids(&Call { allowed: None, ..exec }), ["exec-into-pod"], "who does not say no has answered");
        assert_eq!(ids(&call("get", "pods", "anna@shop.example")), [""; 0]);
    }

    #[test]
    fn nobody_may_ask_for_health_and_for_nothing_else() {
        let get = call("get", "pods", "system:anonymous");
        assert_eq!(ids(&get), ["api-server-anonymous"]);
        let health = Call { uri: "/healthz?verbose".into(), resource: String::new(), ..get };
        assert_eq!(ids(&health), [""; 0]);
    }

    #[test]
    fn tokens_are_for_oneself() {
        assert_eq!(ids(&call("create", "serviceaccounts/token", "anna")), ["token-for-another"]);
        for own in ["system:serviceaccount:shop:web", "system:node:worker-1", "system:kube-controller-manager"] {
            assert_eq!(ids(&call("create", "serviceaccounts/token", own)), [""; 0], "{own}");
        }
    }

    #[test]
    fn a_pod_comes_from_inside() {
        let by = |addresses: &[&str]| Call {
            addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
            ..call("get", "endpoints", "system:serviceaccount:shop:web")
        };
        assert_eq!(ids(&by(&["203.0.113.7"])), ["system-identity-from-outside"]);
        assert_eq!(ids(&by(&["10.0.1.5"])), [""; 0]);
        assert_eq!(ids(&by(&["10.0.1.5", "203.0.113.7"])), [""; 0]);
        assert_eq!(ids(&by(&[])), [""; 0]);
    }

    #[test]
    fn pods_that_lead_to_the_node_are_told_by_what_they_ask() {
        let made = |spec: serde_json::Value| {
            let mut made = call("create", "pods", "anna");
            made.object = Some(json!({"kind": "Pod", "spec": spec}));
            ids(&made)
        };
        let of = |context: serde_json::Value| made(json!({"containers": [{"name": "a", "securityContext": context}]}));
        assert_eq!(of(json!({"privileged": true})), ["privileged-pod-created"]);
        assert_eq!(of(json!({"capabilities": {"add": ["CAP_SYS_ADMIN"]}})), ["capability-pod"]);
        assert_eq!(of(json!({"privileged": false})), [""; 0]);
        assert_eq!(made(json!({"hostPID": true, "containers": []})), ["host-namespace-pod"]);
        assert_eq!(made(json!({"volumes": [{"hostPath": {"path": "/etc/kubernetes/"}}]})), ["sensitive-mount-pod"]);
        assert_eq!(made(json!({"volumes": [{"hostPath": {"path": "/var/cache/shop"}}]})), [""; 0]);
    }

    #[test]
    fn rights_that_take_over_the_cluster_are_told() {
        let mut binding = call("create", "clusterrolebindings", "anna");
        binding.object = Some(json!({"roleRef": {"name": "cluster-admin"}, "subjects": []}));
        assert_eq!(ids(&binding), ["cluster-admin-granted"]);
        binding.object = Some(json!({"roleRef": {"name": "view"}}));
        assert_eq!(ids(&binding), [""; 0]);
        let mut role = call("create", "roles", "anna");
        role.object = Some(json!({"rules": [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]}));
        assert_eq!(ids(&role), ["powerful-role-made"]);
        role.object = Some(json!({"rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]}));
        assert_eq!(ids(&role), [""; 0]);
        let system = Call { name: "system:node-problem".into(), ..call("patch", "clusterroles", "anna") };
        assert_eq!(ids(&system), ["system-role-changed"]);
    }

    #[test]
    fn one_secret_is_work_and_ten_are_a_sweep() {
        let mut memory = Memory::default();
        let read = |i: usize, memory: &mut Memory| {
            let get = Call { name: format!("s{i}"), ..call("get", "secrets", "anna") };
            judge(&get, memory).len()
        };
        assert_eq!((0..9).map(|i| read(i, &mut memory)).sum::<usize>(), 0);
        assert_eq!(read(8, &mut memory), 0, "the same one again");
        assert_eq!(read(9, &mut memory), 1);
        let all = Call { namespace: String::new(), name: String::new(), ..call("list", "secrets", "anna") };
        assert_eq!(ids(&all), ["secret-sweep"]);
        let controller = Call { user: "system:serviceaccount:kube-system:operator".into(), ..all };
        assert_eq!(ids(&controller), [""; 0]);
    }
}
