//! Pods that lead to the node, told by the object that was sent: the fields alone, because the object's defaults and the
//! rest of the cluster are not in the log.

use serde_json::Value;

use super::call::Call;

/// Folders of the host that give the node, or what runs on it, away.
const SENSITIVE: &[&str] = &[
    "/etc",
    "/root",
    "/home",
    "/proc",
    "/sys",
    "/dev",
    "/boot",
    "/run",
    "/var/run",
    "/var/lib/kubelet",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/etcd",
];

/// Capabilities that lead to the node. Source: capabilities(7); NET_ADMIN opens the kernel's packet filters, whose flaws do,
/// and on the host's network it is the node's network.
const TO_THE_NODE: &[&str] =
    &["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF", "SYS_BOOT", "NET_ADMIN"];

/// The spec of the pods that a call makes.
fn spec(call: &Call) -> Option<&Value> {
    let object = call.object.as_ref()?;
    let spec = object.get("spec")?;
    let template = spec.pointer("/jobTemplate/spec/template/spec").or_else(|| spec.pointer("/template/spec"));
    Some(template.unwrap_or(spec))
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// The security contexts of all containers.
fn contexts(call: &Call) -> impl Iterator<Item = &Value> {
    let kinds = ["containers", "initContainers", "ephemeralContainers"].into_iter();
    let containers = spec(call).into_iter().flat_map(move |spec| kinds.clone().flat_map(|kind| list(spec, kind)));
    containers.filter_map(|container| container.get("securityContext"))
}

fn is_true(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool) == Some(true)
}

pub(super) fn is_privileged(call: &Call) -> bool {
    contexts(call).any(|context| is_true(context.get("privileged")))
}

pub(super) fn shares_host(call: &Call) -> bool {
    let keys = ["hostPID", "hostIPC", "hostNetwork"];
    spec(call).is_some_and(|spec| keys.iter().any(|key| is_true(spec.get(*key))))
}

pub(super) fn mounts_host(call: &Call) -> bool {
    let paths = spec(call).into_iter().flat_map(|spec| list(spec, "volumes"));
    paths.filter_map(|volume| volume.get("hostPath")?.get("path")?.as_str()).any(is_sensitive)
}

fn is_sensitive(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let within = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    path.is_empty() || SENSITIVE.iter().any(|folder| within(folder))
}

pub(super) fn adds_capabilities(call: &Call) -> bool {
    let added = contexts(call).filter_map(|context| context.get("capabilities"));
    let names = added.flat_map(|capabilities| list(capabilities, "add")).filter_map(Value::as_str);
    names.map(|name| name.strip_prefix("CAP_").unwrap_or(name)).any(|name| TO_THE_NODE.contains(&name))
}
