//! Insecure defaults: what Kubernetes does when nobody says otherwise, and what people leave lying open.

use assay_core::asset::ImageRef;
use assay_core::text::Opaque;

use super::case::{Case, NamespaceCase, Spot, Verdict, Where, of_object, of_pod, seen};

/// Sockets by which whoever can write to them runs containers on the node, below `/run` or `/var/run`.
const RUNTIME_SOCKETS: &[&str] = &[
    "docker.sock",
    "containerd/containerd.sock",
    "containerd.sock",
    "crio/crio.sock",
    "crio.sock",
    "dockershim.sock",
    "cri-dockerd.sock",
    "podman/podman.sock",
    "k3s/containerd/containerd.sock",
];

/// Folders of the host that have one of those sockets in them.
const SOCKET_FOLDERS: &[&str] =
    &["", "/run", "/var", "/var/run", "/run/docker", "/run/containerd", "/run/crio", "/run/podman", "/run/k3s"];

/// Tags that are moved to new images as a matter of course.
const MOVING_TAGS: &[&str] = &[
    "latest", "stable", "main", "master", "dev", "develop", "edge", "nightly", "canary", "current", "prod", "release",
];

/// A token that a pod asks for is wanted; one that it gets because nobody said no is a default.
pub(super) fn token_automounted(case: &Case<'_>) -> Verdict {
    let asked = case.spec().automount_service_account_token.is_some();
    let account_asked = case.account.is_some_and(|a| a.automount_service_account_token.is_some());
    if asked || account_asked || !case.token_mounted {
        return Verdict::Pass;
    }
    Verdict::Fail(vec![of_pod("automountServiceAccountToken", "not set")])
}

pub(super) fn default_service_account(case: &Case<'_>) -> Verdict {
    if case.spec().identity() != "default" || !case.token_mounted {
        return Verdict::Pass;
    }
    let saw = if case.spec().service_account_name.is_some() { "default" } else { "not set" };
    Verdict::Fail(vec![of_pod("serviceAccountName", saw)])
}

pub(super) fn runtime_socket(case: &Case<'_>) -> Verdict {
    let volumes = case.spec().volumes.iter();
    let sockets: Vec<&str> =
        volumes.filter(|v| v.host_path.as_deref().is_some_and(holds_runtime_socket)).map(|v| &*v.name).collect();
    if sockets.is_empty() {
        return Verdict::Pass;
    }
    let mounting = case.containers(|c| {
        let at = c.volume_mounts.iter().position(|mount| sockets.contains(&&*mount.name))?;
        seen(format!("volumeMounts[{at}]"), &*c.volume_mounts[at].mount_path)
    });
    Verdict::of(mounting)
}

/// True for the socket itself and for a folder above it.
pub(in crate::cluster) fn holds_runtime_socket(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    // `/var/run` is a link to `/run` wherever containers run.
    let run = path.strip_prefix("/var").filter(|rest| rest.starts_with("/run")).unwrap_or(path);
    let socket = run.strip_prefix("/run/").is_some_and(|rest| RUNTIME_SOCKETS.contains(&rest));
    socket || SOCKET_FOLDERS.contains(&path) || SOCKET_FOLDERS.contains(&run)
}

pub(super) fn moving_tag(case: &Case<'_>) -> Verdict {
    let mut readable = false;
    let spots: Vec<Spot> = case
        .spec()
        .all_containers()
        .filter_map(|(list, index, container)| {
            // Only the tag is looked at here, and it is one of our own list or left out of the words.
            let image = ImageRef::parse(&Opaque::readmit(container.image.as_deref()?))?;
            readable = true;
            let tag = image.tag.filter(|_| image.digest.is_none())?;
            let moving = MOVING_TAGS.iter().find(|moving| **moving == tag.reveal())?;
            Some(Spot { at: Where::Container(list, index), field: "image".into(), saw: format!("tag {moving}") })
        })
        .collect();
    if readable { Verdict::of(spots) } else { Verdict::NotApplicable }
}

/// Only a namespace that is written can be judged: one that is left out is chosen by whoever applies the manifest.
pub(super) fn default_namespace(case: &Case<'_>) -> Verdict {
    match case.namespace {
        None => Verdict::NotObservable,
        Some("default") => Verdict::Fail(vec![of_object("metadata.namespace", "default")]),
        Some(_) => Verdict::Pass,
    }
}

/// That a policy is missing is known only where everything was looked at.
pub(super) fn no_network_policy(case: &NamespaceCase) -> Verdict {
    match case {
        NamespaceCase { policies: true, .. } => Verdict::Pass,
        NamespaceCase { exposed: 0, .. } => Verdict::NotApplicable,
        NamespaceCase { cluster_policies: true, .. } => Verdict::NeedsPerson,
        NamespaceCase { complete: false, .. } => Verdict::NotObservable,
        NamespaceCase { exposed, .. } => {
            let saw =
                if *exposed == 1 { "1 exposed workload".to_owned() } else { format!("{exposed} exposed workloads") };
            Verdict::Fail(vec![of_pod("NetworkPolicy", saw)])
        }
    }
}
