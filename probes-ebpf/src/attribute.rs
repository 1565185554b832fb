//! From a cgroup's path to the container it belongs to. Comes in: a path in the hierarchy. Goes out: a container's id,
//! its runtime and its pod's uid, or the statement that it is the node's own. A new runtime is a row of [`SHAPES`].
//!
//! Of nested containers the one counts that the node's own runtime made: the first one below the pod, else the
//! outermost. What runs deeper (a subgroup of crun, an init system, a container inside) belongs to it.

/// Who made a container's cgroup, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// containerd, also under k3s and nerdctl.
    Containerd,
    /// CRI-O.
    Crio,
    /// Docker.
    Docker,
    /// Podman.
    Podman,
    /// A bare id: a runtime with the cgroupfs driver.
    Bare,
    /// Named by the list that the operator gave.
    Listed,
}

/// The container that a cgroup belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// The runtime's id.
    pub container: String,
    /// By which name it was recognised.
    pub runtime: Runtime,
    /// The pod's uid, where the path has one.
    pub pod_uid: Option<String>,
    /// True when the path ends at the container's own cgroup and not below it.
    pub own: bool,
}

/// One shape of a path component that holds an id.
struct Shape {
    before: &'static str,
    after: &'static str,
    runtime: Runtime,
}

const fn shape(before: &'static str, after: &'static str, runtime: Runtime) -> Shape {
    Shape { before, after, runtime }
}

/// Longer prefixes first: `crio-conmon-` must not be read as an id of `crio-`.
const SHAPES: &[Shape] = &[
    shape("cri-containerd-", ".scope", Runtime::Containerd),
    shape("cri-containerd:", "", Runtime::Containerd),
    shape("cri-containerd-", "", Runtime::Containerd),
    shape("nerdctl-", ".scope", Runtime::Containerd),
    shape("crio-", ".scope", Runtime::Crio),
    shape("crio-", "", Runtime::Crio),
    shape("docker-", ".scope", Runtime::Docker),
    shape("libpod-payload-", "", Runtime::Podman),
    shape("libpod-", ".scope", Runtime::Podman),
    shape("libpod-", "", Runtime::Podman),
    shape("", "", Runtime::Bare),
];

/// Attributes a path. `listed` says whether a whole component is the id of a container that the operator named.
pub fn attribute(path: &str, listed: impl Fn(&str) -> bool) -> Option<Attribution> {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let pod = parts.iter().rposition(|p| pod_uid(p).is_some());
    let from = pod.unwrap_or(0);
    let (at, (container, runtime)) =
        parts.iter().enumerate().skip(from).find_map(|(i, part)| Some((i, recognise(part, &listed)?)))?;
    Some(Attribution { container, runtime, pod_uid: pod.and_then(|p| pod_uid(parts[p])), own: at + 1 == parts.len() })
}

fn recognise(part: &str, listed: &impl Fn(&str) -> bool) -> Option<(String, Runtime)> {
    if listed(part) {
        return Some((part.to_owned(), Runtime::Listed));
    }
    // With the systemd driver told to a runtime that uses cgroupfs, the name is "<slice>:<prefix>:<id>".
    let part = part.split_once(".slice:").map_or(part, |(_, rest)| rest);
    SHAPES.iter().find_map(|s| {
        let id = part.strip_prefix(s.before)?.strip_suffix(s.after)?;
        (is_container_id(id) || listed(id)).then(|| (id.to_owned(), s.runtime))
    })
}

/// Every runtime in the table names containers by 32 random bytes in hexadecimal.
fn is_container_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// `pod<uid>` (cgroupfs) or `kubepods-burstable-pod<uid with _>.slice` (systemd); a static pod's uid has no dashes.
fn pod_uid(part: &str) -> Option<String> {
    let slice = part.split_once(".slice").map(|(name, _)| name);
    let (uid, parted_by) = match slice {
        Some(name) => (name.rsplit_once("-pod").map_or_else(|| name.strip_prefix("pod"), |(_, uid)| Some(uid))?, '_'),
        None => (part.strip_prefix("pod")?, '-'),
    };
    let hex = uid.chars().all(|c| c.is_ascii_hexdigit() || c == parted_by);
    let digits = uid.chars().filter(char::is_ascii_hexdigit).count();
    (hex && digits == 32).then(|| uid.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const B: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
    const UID: &str = "7e6d1c0a-1b2c-4d3e-8f90-a1b2c3d4e5f6";
    const UID_: &str = "7e6d1c0a_1b2c_4d3e_8f90_a1b2c3d4e5f6";
    const STATIC: &str = "0f9e8d7c6b5a49382716050403020100";

    fn row(path: String) -> Option<(String, Runtime, Option<String>, bool)> {
        attribute(&path, |id| id == "shop-web").map(|a| (a.container, a.runtime, a.pod_uid, a.own))
    }

    #[test]
    fn the_paths_of_every_runtime_and_driver_lead_to_their_container() {
        use Runtime::*;
        let uid = || Some(UID.to_owned());
        let slice = format!("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID_}.slice");
        let cases = [
            // containerd and k3s, systemd and cgroupfs drivers, guaranteed pods without a class in the path
            (format!("{slice}/cri-containerd-{A}.scope"), A, Containerd, uid(), true),
            (format!("/kubepods/burstable/pod{UID}/{A}"), A, Bare, uid(), true),
            (format!("/kubepods/pod{UID}/{A}"), A, Bare, uid(), true),
            (format!("/kubepods.slice/kubepods-pod{UID_}.slice/cri-containerd-{A}.scope"), A, Containerd, uid(), true),
            (format!("/k3s/kubepods/besteffort/pod{UID}/{A}"), A, Bare, uid(), true),
            (
                format!("/system.slice/containerd.service/kubepods-burstable-pod{UID_}.slice:cri-containerd:{A}"),
                A,
                Containerd,
                uid(),
                true,
            ),
            // a static pod: its uid is a hash
            (format!("/kubepods/burstable/pod{STATIC}/{A}"), A, Bare, Some(STATIC.to_owned()), true),
            (
                format!(
                    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{STATIC}.slice/cri-containerd-{A}.scope"
                ),
                A,
                Containerd,
                Some(STATIC.to_owned()),
                true,
            ),
            // CRI-O, both drivers; crun puts the payload one group deeper
            (format!("{slice}/crio-{A}.scope"), A, Crio, uid(), true),
            (format!("{slice}/crio-{A}.scope/container"), A, Crio, uid(), false),
            (format!("/kubepods/burstable/pod{UID}/crio-{A}"), A, Crio, uid(), true),
            // docker and podman without a cluster
            (format!("/system.slice/docker-{A}.scope"), A, Docker, None, true),
            (format!("/docker/{A}"), A, Bare, None, true),
            (format!("/machine.slice/libpod-{A}.scope"), A, Podman, None, true),
            (format!("/machine.slice/libpod-{A}.scope/container"), A, Podman, None, false),
            (format!("/libpod_parent/libpod-{A}"), A, Podman, None, true),
            (
                format!("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-payload-{A}"),
                A,
                Podman,
                None,
                true,
            ),
            (format!("/system.slice/nerdctl-{A}.scope"), A, Containerd, None, true),
            // an init system and a container engine inside a container belong to the outer one
            (format!("{slice}/cri-containerd-{A}.scope/init.scope"), A, Containerd, uid(), false),
            (format!("/kubepods/pod{UID}/{A}/docker/{B}"), A, Bare, uid(), false),
            (format!("/docker/{A}/docker/{B}"), A, Bare, None, false),
            // a node that is a container itself: the pod's container, not the node's
            (format!("/docker/{B}/kubelet/kubepods/besteffort/pod{UID}/{A}"), A, Bare, uid(), true),
            // what the operator names, whatever it looks like
            ("/shop-web".to_owned(), "shop-web", Listed, None, true),
            ("/kubepods/besteffort/crio-shop-web".to_owned(), "shop-web", Crio, None, true),
        ];
        for (path, container, runtime, pod, own) in cases {
            assert_eq!(row(path.clone()), Some((container.to_owned(), runtime, pod, own)), "{path}");
        }
    }

    #[test]
    fn the_nodes_own_groups_and_look_alikes_belong_to_no_container() {
        for path in [
            "/".to_owned(),
            String::new(),
            "/system.slice/sshd.service".to_owned(),
            "/init.scope".to_owned(),
            format!("/kubepods/burstable/pod{UID}"),
            format!("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID_}.slice"),
            // the monitor beside the container is the node's
            format!("/kubepods.slice/crio-conmon-{A}.scope"),
            format!("/machine.slice/libpod-conmon-{A}.scope"),
            // too short, too long, not hexadecimal, capital letters
            format!("/docker/{}", &A[1..]),
            format!("/docker/{A}0"),
            format!("/docker/{}g", &A[1..]),
            format!("/docker/{}", A.to_uppercase()),
            format!("/docker/x{A}"),
            "/docker/../etc".to_owned(),
        ] {
            assert_eq!(row(path.clone()), None, "{path}");
        }
    }
}
