//! Where a pod runs, what of the node it takes, and who looks after it.

use super::Condition;
use super::case::{Case, ObjectCase, Verdict, of_object, of_pod, seen};
use crate::cluster::model::Body;

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("sensitive-host-path", Condition::Workload(sensitive_host_path)),
    ("git-repo-volume", Condition::Workload(git_repo)),
    ("persistent-host-path", Condition::Object(persistent_host_path)),
    ("pod-without-controller", Condition::Workload(without_controller)),
    ("scheduled-on-control-plane", Condition::Workload(on_control_plane)),
    ("node-name-set", Condition::Workload(node_name)),
    ("deprecated-account-field", Condition::Workload(deprecated_account_field)),
    ("host-aliases", Condition::Workload(host_aliases)),
    ("privileged-port", Condition::Workload(privileged_port)),
    ("ssh-port", Condition::Workload(ssh_port)),
    ("account-automounts", Condition::Object(account_automounts)),
    ("default-account-automounts", Condition::Object(default_account_automounts)),
    ("object-in-default-namespace", Condition::Object(in_default_namespace)),
];

/// Folders of a host that hold its system, its secrets or those of others. Source: Filesystem Hierarchy Standard 3.0 for
/// what they hold; Kubernetes documentation, "Volumes", hostPath.
const SENSITIVE: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var",
    "/var/lib",
    "/var/lib/docker",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/run",
];
/// Folders below which everything is as sensitive as they are.
const SENSITIVE_BELOW: &[&str] = &[
    "/boot/",
    "/dev/",
    "/etc/",
    "/proc/",
    "/root/",
    "/run/",
    "/sys/",
    "/usr/",
    "/var/lib/etcd/",
    "/var/lib/kubelet/",
    "/var/run/",
];

/// Taints of nodes of the control plane. Source: Kubernetes documentation, "Well-Known Labels, Annotations and Taints".
const CONTROL_PLANE: &[&str] = &["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// Ports below this one were for root alone. Source: RFC 6335, system ports.
const FIRST_USER_PORT: u16 = 1024;
/// Source: RFC 4253.
const SSH: u16 = 22;

fn sensitive_host_path(case: &Case<'_>) -> Verdict {
    let volumes = case.spec().volumes.iter().enumerate();
    let bad = volumes.filter_map(|(i, volume)| {
        let path = volume.host_path.as_deref()?;
        let trimmed = if path == "/" { path } else { path.trim_end_matches('/') };
        let sensitive = SENSITIVE.contains(&trimmed) || SENSITIVE_BELOW.iter().any(|below| path.starts_with(*below));
        sensitive.then(|| of_pod(format!("volumes[{i}].hostPath.path"), path))
    });
    Verdict::of(bad.collect())
}

fn git_repo(case: &Case<'_>) -> Verdict {
    let volumes = case.spec().volumes.iter().enumerate();
    let bad = volumes.filter(|(_, volume)| volume.sources.iter().any(|source| &**source == "gitRepo"));
    Verdict::of(bad.map(|(i, _)| of_pod(format!("volumes[{i}].gitRepo"), "set")).collect())
}

fn persistent_host_path(case: &ObjectCase<'_>) -> Verdict {
    let Body::PersistentVolume(path) = &case.object.body else { return Verdict::NotApplicable };
    Verdict::fail_if(path.as_deref().map(|path| of_object("spec.hostPath.path", path)))
}

/// A pod that nothing made is not made again. Those of a node's own files are: their owner is the node.
fn without_controller(case: &Case<'_>) -> Verdict {
    if &*case.object.kind != "Pod" {
        return Verdict::NotApplicable;
    }
    let alone = case.object.meta.owner_references.is_empty();
    Verdict::fail_if(alone.then(|| of_object("metadata.ownerReferences", "none")))
}

fn on_control_plane(case: &Case<'_>) -> Verdict {
    let spec = case.spec();
    let everywhere =
        |key: &Option<Box<str>>| key.as_deref().is_none_or(|key| key.is_empty() || CONTROL_PLANE.contains(&key));
    let tolerated = spec.tolerations.iter().position(|toleration| everywhere(&toleration.key));
    let Some(at) = tolerated else { return Verdict::Pass };
    let key = spec.tolerations[at].key.as_deref().unwrap_or("every taint");
    Verdict::Fail(vec![of_pod(format!("tolerations[{at}].key"), key)])
}

/// A pod that exists has been given a node by the scheduler; only a template that names one goes past it.
fn node_name(case: &Case<'_>) -> Verdict {
    let placed = &*case.object.kind == "Pod"
        && (case.object.meta.uid.is_some() || !case.object.meta.owner_references.is_empty());
    let name = case.spec().node_name.as_deref().filter(|name| !name.is_empty() && !placed);
    Verdict::fail_if(name.map(|name| of_pod("nodeName", name)))
}

/// The server writes the older field beside the newer one into what it shows; two that differ were written by hand.
fn deprecated_account_field(case: &Case<'_>) -> Verdict {
    let spec = case.spec();
    let named = |name: &Option<Box<str>>| name.as_deref().unwrap_or_default().to_owned();
    let (old, new) = (named(&spec.service_account), named(&spec.service_account_name));
    Verdict::fail_if((!old.is_empty() && old != new).then(|| of_pod("serviceAccount", old)))
}

fn host_aliases(case: &Case<'_>) -> Verdict {
    let count = case.spec().host_aliases.len();
    Verdict::fail_if((count > 0).then(|| of_pod("hostAliases", count.to_string())))
}

fn privileged_port(case: &Case<'_>) -> Verdict {
    Verdict::of(case.containers(|c| {
        let at = c.ports.iter().position(|port| (1..FIRST_USER_PORT).contains(&port.container_port))?;
        seen(format!("ports[{at}].containerPort"), c.ports[at].container_port.to_string())
    }))
}

fn ssh_port(case: &Case<'_>) -> Verdict {
    Verdict::of(case.containers(|c| {
        let udp = |protocol: &Option<Box<str>>| protocol.as_deref().is_some_and(|protocol| protocol != "TCP");
        let at = c.ports.iter().position(|port| port.container_port == SSH && !udp(&port.protocol))?;
        seen(format!("ports[{at}].containerPort"), "22")
    }))
}

fn automounts(case: &ObjectCase<'_>, default: bool) -> Verdict {
    let Body::ServiceAccount(account) = &case.object.body else { return Verdict::NotApplicable };
    if (&*case.object.name == "default") != default {
        return Verdict::NotApplicable;
    }
    let saw = match account.automount_service_account_token {
        Some(false) => return Verdict::Pass,
        Some(true) => "true",
        None => "not set",
    };
    Verdict::Fail(vec![of_object("automountServiceAccountToken", saw)])
}

fn account_automounts(case: &ObjectCase<'_>) -> Verdict {
    automounts(case, false)
}

fn default_account_automounts(case: &ObjectCase<'_>) -> Verdict {
    automounts(case, true)
}

/// What Kubernetes itself puts into that namespace.
const OWN: &[(&str, &str)] = &[
    ("Service", "kubernetes"),
    ("Endpoints", "kubernetes"),
    ("EndpointSlice", "kubernetes"),
    ("ConfigMap", "kube-root-ca.crt"),
    ("ServiceAccount", "default"),
];

/// Workloads have a control of their own.
fn in_default_namespace(case: &ObjectCase<'_>) -> Verdict {
    let object = case.object;
    match &object.body {
        Body::Service(_)
        | Body::Ingress(_)
        | Body::ServiceAccount(_)
        | Body::Role(_)
        | Body::Binding(_)
        | Body::ConfigMap(_) => {}
        _ => return Verdict::NotApplicable,
    }
    if !object.namespace_written {
        return Verdict::NotObservable;
    }
    let own = OWN.iter().any(|(kind, name)| *kind == &*object.kind && *name == &*object.name);
    Verdict::fail_if((&*object.namespace == "default" && !own).then(|| of_object("metadata.namespace", "default")))
}
