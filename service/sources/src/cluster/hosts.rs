//! What containers hold of their nodes, which ports they name, and which secrets workloads are handed. Comes in: pods. Goes
//! out: for each workload and container a set of settings and ports, of all its pods and its template together, and the
//! secrets' names. No value of a secret
//! is looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use assay_core::asset::AssetKey;
use assay_core::observation::{HostAccess, HostSetting, Protocol};

use super::controls::holds_runtime_socket;
use super::model::{Container, PodSpec};
use super::view::View;

/// Capabilities that say something about the node, by the names that pods give them. Source: capabilities(7).
const CAPABILITIES: &[(&str, HostSetting)] = &[
    ("SYS_ADMIN", HostSetting::SysAdmin),
    ("SYS_MODULE", HostSetting::SysModule),
    ("SYS_PTRACE", HostSetting::SysPtrace),
    ("SYS_RAWIO", HostSetting::SysRawio),
    ("DAC_READ_SEARCH", HostSetting::DacReadSearch),
    ("BPF", HostSetting::Bpf),
    ("NET_ADMIN", HostSetting::NetAdmin),
    ("NET_RAW", HostSetting::NetRaw),
];

/// In the default set of the usual runtimes: there unless it is dropped.
const BY_DEFAULT: &[HostSetting] = &[HostSetting::NetRaw];

/// Folders whose files programs of the node run, read as settings, or trust. Source: Filesystem Hierarchy Standard 3.0;
/// Kubernetes documentation, "Local Files And Paths Used By The Kubelet".
const TRUSTED: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/opt",
    "/proc",
    "/root",
    "/run/systemd",
    "/sbin",
    "/usr",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/lib/rancher",
    "/var/spool/cron",
];

/// Folders with credentials of the node, of its pods or of people.
const CREDENTIALS: &[&str] = &[
    "/etc/kubernetes",
    "/etc/rancher",
    "/etc/shadow",
    "/home",
    "/proc",
    "/root",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/lib/rancher",
];

/// What workloads hold, handed out once each.
#[derive(Default)]
pub(super) struct Hosts(HashMap<AssetKey, Held>);

/// What one workload holds.
#[derive(Default)]
pub(super) struct Held {
    /// The ports that its containers name.
    pub(super) ports: BTreeMap<Box<str>, BTreeSet<(u16, Protocol)>>,
    /// Of its node, by container.
    pub(super) access: BTreeMap<Box<str>, HostAccess>,
    /// The names of the secrets that it is handed.
    pub(super) secrets: BTreeSet<Box<str>>,
}

impl Hosts {
    pub(super) fn new(view: &View<'_>) -> Self {
        let mut hosts: HashMap<AssetKey, Held> = HashMap::new();
        for (at, workload) in view.workloads() {
            let ended = &*view.objects[at].kind == "Pod" && workload.wanted == 0;
            let speaks = view.owner[at].is_none() || &*view.objects[at].kind == "Pod";
            if ended || !speaks {
                continue;
            }
            let held = hosts.entry(view.raised[at].clone()).or_default();
            for (_, _, container) in workload.spec.all_containers() {
                let access = held.access.entry(container.name.clone()).or_default();
                *access = access.union(of_container(&workload.spec, container));
                let ports = named_ports(container);
                if !ports.is_empty() {
                    held.ports.entry(container.name.clone()).or_default().extend(ports);
                }
            }
            held.secrets.extend(secrets(&workload.spec));
        }
        Self(hosts)
    }

    pub(super) fn take(&mut self, workload: &AssetKey) -> Held {
        self.0.remove(workload).unwrap_or_default()
    }
}

/// The ports that a container's manifest names; one with a protocol of its own is none that a sensor could tell.
fn named_ports(container: &Container) -> BTreeSet<(u16, Protocol)> {
    let protocol = |name: Option<&str>| match name {
        None | Some("" | "TCP") => Some(Protocol::Tcp),
        Some("UDP") => Some(Protocol::Udp),
        Some("SCTP") => Some(Protocol::Sctp),
        Some(_) => None,
    };
    let named = container.ports.iter().filter(|port| port.container_port != 0);
    named.filter_map(|port| Some((port.container_port, protocol(port.protocol.as_deref())?))).collect()
}

fn of_container(pod: &PodSpec, container: &Container) -> HostAccess {
    // None of these settings mean anything there.
    if pod.on_windows() {
        return HostAccess::default();
    }
    let of_pod = [
        (pod.host_pid, HostSetting::HostPid),
        (pod.host_ipc, HostSetting::HostIpc),
        (pod.host_network, HostSetting::HostNetwork),
        (pod.share_process_namespace, HostSetting::SharedProcesses),
        (pod.host_users != Some(false), HostSetting::HostUsers),
        (may_be_root(pod, container), HostSetting::AsRoot),
        (container.security_context.privileged == Some(true), HostSetting::Privileged),
    ];
    let set = of_pod.into_iter().filter(|(holds, _)| *holds).map(|(_, setting)| setting);
    set.chain(capabilities(container)).chain(mounts(pod, container)).collect()
}

/// Whether nothing forbids root: the container decides, else the pod.
fn may_be_root(pod: &PodSpec, container: &Container) -> bool {
    let (own, of_pod) = (&container.security_context, &pod.security_context);
    let user = own.run_as_user.or(of_pod.run_as_user);
    let refused = own.run_as_non_root.or(of_pod.run_as_non_root) == Some(true);
    user.map_or(!refused, |id| id == 0)
}

fn capabilities(container: &Container) -> impl Iterator<Item = HostSetting> {
    let set = &container.security_context.capabilities;
    let names = |list: &[Box<str>], wanted: &str| {
        list.iter().any(|name| {
            let name = name.to_ascii_uppercase();
            let name = name.strip_prefix("CAP_").unwrap_or(&name);
            name == "ALL" || name == wanted
        })
    };
    CAPABILITIES.iter().filter_map(move |(name, setting)| {
        let kept = BY_DEFAULT.contains(setting) && !names(&set.drop, name);
        (kept || names(&set.add, name)).then_some(*setting)
    })
}

fn mounts(pod: &PodSpec, container: &Container) -> impl Iterator<Item = HostSetting> {
    let mut found = HostAccess::default();
    for mount in &container.volume_mounts {
        let volume = pod.volumes.iter().find(|volume| volume.name == mount.name);
        let Some(root) = volume.and_then(|volume| volume.host_path.as_deref()) else { continue };
        let path = folder(root, &mount.sub_path);
        let near = |places: &[&str]| places.iter().any(|place| within(&path, place) || within(place, &path));
        let writable = !mount.read_only;
        let checks = [
            (writable && near(TRUSTED), HostSetting::HostWrite),
            (near(CREDENTIALS), HostSetting::HostRead),
            (near(&["/var/lib/kubelet/pods"]), HostSetting::PodVolumes),
            // Reading is enough to speak to a socket.
            (holds_runtime_socket(&path), HostSetting::RuntimeSocket),
            (writable && within("/var/log", &path), HostSetting::HostLogs),
            (writable && near(&["/proc/sys/kernel"]), HostSetting::KernelSettings),
        ];
        found = checks.into_iter().filter(|(holds, _)| *holds).fold(found, |set, (_, setting)| set.with(setting));
    }
    found.settings()
}

/// The folder of the node that is seen: the volume's, or the part of it. `/var/run` is a link to `/run`.
fn folder(root: &str, part: &str) -> String {
    let parts = root.split('/').chain(part.split('/')).filter(|p| !p.is_empty() && *p != ".");
    let path: String = parts.flat_map(|part| ["/", part]).collect();
    match path.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        _ => path,
    }
}

/// Whether a path is this folder or in it. The root is the empty path.
fn within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn secrets(pod: &PodSpec) -> BTreeSet<Box<str>> {
    let mounted = pod.volumes.iter().flat_map(|volume| &volume.secrets);
    let of_env = pod.all_containers().flat_map(|(_, _, container)| {
        let keys = container.env.iter().filter_map(|var| var.value_from.as_ref()?.secret_key_ref.as_ref());
        let whole = container.env_from.iter().filter_map(|from| from.secret_ref.as_ref());
        keys.chain(whole).map(|secret| &secret.name)
    });
    mounted.chain(of_env).filter(|name| !name.is_empty()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The settings of a pod's first container, without those that every plain container has.
    fn settings(pod: Value) -> Vec<&'static str> {
        let pod: PodSpec = serde_json::from_value(pod).expect("the test wrote it");
        let access = of_container(&pod, &pod.containers[0]);
        let plain = [HostSetting::NetRaw, HostSetting::AsRoot, HostSetting::HostUsers];
        access.settings().filter(|s| !plain.contains(s)).map(HostSetting::as_str).collect()
    }

    fn mounting(path: &str, mount: Value) -> Vec<&'static str> {
        let mut mounted = json!({"name": "v", "mountPath": "/x"});
        mounted.as_object_mut().expect("an object").extend(mount.as_object().expect("an object").clone());
        settings(json!({
            "volumes": [{"name": "v", "hostPath": {"path": path}}],
            "containers": [{"name": "c", "volumeMounts": [mounted]}],
        }))
    }

    #[test]
    fn a_folder_of_the_node_counts_by_what_is_in_it() {
        let all = ["host-write", "host-read", "pod-volumes", "runtime-socket", "host-logs", "kernel-settings"];
        assert_eq!(mounting("/", json!({})), all);
        assert_eq!(mounting("/", json!({"readOnly": true})), ["host-read", "pod-volumes", "runtime-socket"]);
        assert_eq!(mounting("/", json!({"subPath": "etc/ssl"})), ["host-write"]);
        assert_eq!(mounting("/etc/../data/", json!({})), ["host-write"], "what climbs is taken for the worse");
        assert_eq!(mounting("/srv/data", json!({})), [""; 0]);
        assert_eq!(mounting("/etcetera", json!({})), [""; 0]);
        assert_eq!(mounting("/proc/sys/kernel", json!({})), ["host-write", "host-read", "kernel-settings"]);
        assert_eq!(mounting("/var/log", json!({})), ["host-logs"]);
        assert_eq!(mounting("/var/log/shop", json!({})), [""; 0], "the link must stand where the kubelet reads");
        assert_eq!(mounting("/var/run/docker.sock", json!({"readOnly": true})), ["runtime-socket"]);
        assert_eq!(mounting("/var/lib/kubelet/pods", json!({"readOnly": true})), ["host-read", "pod-volumes"]);
    }

    #[test]
    fn a_volume_that_no_container_mounts_is_out_of_reach() {
        let pod = json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}], "containers": [{"name": "c"}]});
        assert_eq!(settings(pod), [""; 0]);
    }

    #[test]
    fn capabilities_count_as_they_are_added_and_dropped() {
        let with = |add: Value, drop: Value| {
            let capabilities = json!({"add": add, "drop": drop});
            let pod = json!({"containers": [{"name": "c", "securityContext": {"capabilities": capabilities}}]});
            let pod: PodSpec = serde_json::from_value(pod).expect("the test wrote it");
            of_container(&pod, &pod.containers[0])
        };
        assert!(with(json!(["cap_sys_admin"]), json!(["ALL"])).has(HostSetting::SysAdmin));
        assert!(!with(json!([]), json!(["all"])).has(HostSetting::NetRaw));
        assert!(with(json!([]), json!([])).has(HostSetting::NetRaw), "it is in the default set");
        let all = with(json!(["ALL"]), json!([]));
        assert!(CAPABILITIES.iter().all(|(_, setting)| all.has(*setting)));
    }

    #[test]
    fn root_is_out_where_the_container_or_else_the_pod_says_so() {
        let root = |pod: Value, own: Value| {
            let pod = json!({"securityContext": pod, "containers": [{"name": "c", "securityContext": own}]});
            let pod: PodSpec = serde_json::from_value(pod).expect("the test wrote it");
            of_container(&pod, &pod.containers[0]).has(HostSetting::AsRoot)
        };
        assert!(root(json!({}), json!({})), "the image may say so");
        assert!(!root(json!({"runAsNonRoot": true}), json!({})));
        assert!(!root(json!({"runAsUser": 0}), json!({"runAsUser": 1000})));
        assert!(root(json!({"runAsUser": 1000}), json!({"runAsUser": 0})));
        assert!(root(json!({"runAsNonRoot": true}), json!({"runAsNonRoot": false})));
    }

    #[test]
    fn secrets_are_found_wherever_a_pod_names_them() {
        let pod: PodSpec = serde_json::from_value(json!({
            "volumes": [
                {"name": "a", "secret": {"secretName": "files"}},
                {"name": "b", "projected": {"sources": [{"secret": {"name": "projected"}}, {"configMap": {"name": "no"}}]}},
            ],
            "containers": [{
                "name": "c",
                "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "one-key", "key": "k"}}}],
                "envFrom": [{"secretRef": {"name": "whole"}}, {"configMapRef": {"name": "no"}}],
            }],
        }))
        .expect("the test wrote it");
        let names: Vec<Box<str>> = secrets(&pod).into_iter().collect();
        assert_eq!(names, ["files", "one-key", "projected", "whole"].map(Box::from));
    }
}
