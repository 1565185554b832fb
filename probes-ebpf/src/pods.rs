//! Which pod a container belongs to. Comes in: a list that the operator gives, what the runtime wrote beside the
//! container, the API server's list of the node's pods, and the kubelet's own folders. Goes out: namespace, pod, container name, image. Asked late, when a batch
//! is built: a container that lives 100 ms is attributed after its end.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use assay_core::batch::ContainerRow;

pub mod api;
pub mod follow;
pub mod listing;

use follow::Follower;

/// The most bytes of a file that is read here.
pub const FILE_BYTES_MAX: u64 = 8 << 20;
/// The most entries of the kubelet's folders that are looked at.
pub const ENTRIES_MAX: usize = 20_000;

/// Where runtimes keep the specification of a running container: folders that hold `<id>/<file>`.
const BUNDLES: &[(&str, &str)] = &[
    ("run/containerd/io.containerd.runtime.v2.task/k8s.io", "config.json"),
    ("run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io", "config.json"),
    ("run/containers/storage/overlay-containers", "userdata/config.json"),
    ("var/lib/containers/storage/overlay-containers", "userdata/config.json"),
];

/// Annotations that name the same thing: containerd's, then CRI-O's.
const NAMESPACE: [&str; 2] = ["io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"];
const POD: [&str; 2] = ["io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"];
const NAME: [&str; 2] = ["io.kubernetes.cri.container-name", "io.kubernetes.container.name"];
const IMAGE: [&str; 2] = ["io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"];
const TYPE: [&str; 2] = ["io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"];

/// The list that the operator gave cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PodsError {
    /// It cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not of the expected form.
    #[error(
        "{path} is not a list of containers: expected {{\"containers\":[{{\"id\",\"namespace\",\"pod\",\"name\",\"image\"}}]}}"
    )]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    containers: Vec<ContainerRow>,
}

/// The sources of names.
pub struct Pods {
    root: PathBuf,
    list_at: Option<PathBuf>,
    list_changed: Option<SystemTime>,
    list: HashMap<String, ContainerRow>,
    follower: Option<Follower>,
}

/// What a container turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Identity {
    /// A container of a pod.
    Named(ContainerRow),
    /// The pod's pause container: it holds namespaces and runs nothing of anybody's.
    Sandbox,
}

impl Pods {
    /// Sources below `root` (the node's file tree as the agent sees it), and a list.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn open(root: &Path, list: Option<&Path>) -> Result<Self, PodsError> {
        let mut pods = Self {
            root: root.to_owned(),
            list_at: list.map(Path::to_owned),
            list_changed: None,
            list: HashMap::new(),
            follower: None,
        };
        pods.reload()?;
        Ok(pods)
    }

    /// Takes the API server's list as one more source.
    pub fn follow(&mut self, follower: Follower) {
        self.follower = Some(follower);
    }

    /// Asks that source again, because none knows this container.
    pub fn want(&mut self, id: &str) {
        if let Some(follower) = &mut self.follower {
            follower.want(id);
        }
    }

    /// Reads the list again when it changed; true when it did.
    ///
    /// # Errors
    /// When it changed and cannot be read: the old one stays.
    pub fn reload(&mut self) -> Result<bool, PodsError> {
        let Some(path) = &self.list_at else { return Ok(false) };
        let read = |source| PodsError::Read { path: path.clone(), source };
        let changed = fs::metadata(path).and_then(|m| m.modified()).map_err(read)?;
        if self.list_changed == Some(changed) {
            return Ok(false);
        }
        let text = fs::read(path).map_err(read)?;
        let file: ListFile =
            serde_json::from_slice(&text).map_err(|source| PodsError::Parse { path: path.clone(), source })?;
        self.list = file.containers.into_iter().map(|row| (row.id.clone(), row)).collect();
        self.list_changed = Some(changed);
        Ok(true)
    }

    /// Ids of the list.
    pub fn listed(&self) -> impl Iterator<Item = &str> {
        self.list.keys().map(String::as_str)
    }

    /// Who a container is, by the best source that knows it.
    pub fn identify(&self, id: &str, pod_uid: Option<&str>) -> Option<Identity> {
        if let Some(row) = self.list.get(id) {
            return Some(Identity::Named(row.clone()));
        }
        let beside = BUNDLES
            .iter()
            .find_map(|(folder, file)| by_annotations(id, &small_file(&self.root.join(folder).join(id).join(file))?));
        match beside {
            Some(Identity::Sandbox) => Some(Identity::Sandbox),
            Some(Identity::Named(row)) if !row.pod.is_empty() => Some(Identity::Named(row)),
            _ => self.by_lists_of_others(id, pod_uid).map(Identity::Named),
        }
    }

    /// The API server's word, which has the image; the kubelet's folders, where that knows no more than the pod.
    fn by_lists_of_others(&self, id: &str, pod_uid: Option<&str>) -> Option<ContainerRow> {
        let listed = self.follower.as_ref().and_then(|follower| follower.identify(id, pod_uid));
        match listed {
            Some(row) if !row.name.is_empty() => Some(row),
            other => self.by_log_folders(id, pod_uid).or(other),
        }
    }

    /// `/var/log/containers/<pod>_<namespace>_<container>-<id>.log`, else `/var/log/pods/<namespace>_<pod>_<uid>`, whose
    /// container is only certain where the pod has one.
    fn by_log_folders(&self, id: &str, pod_uid: Option<&str>) -> Option<ContainerRow> {
        let links = names(&self.root.join("var/log/containers"));
        if let Some(row) = links.iter().find_map(|name| by_log_name(name, id)) {
            return Some(row);
        }
        let uid = pod_uid?;
        let folders = self.root.join("var/log/pods");
        names(&folders).iter().find_map(|folder| {
            let (rest, of) = folder.rsplit_once('_')?;
            let (namespace, pod) = rest.split_once('_')?;
            let inside = names(&folders.join(folder));
            let name = if inside.len() == 1 { inside.into_iter().next()? } else { String::new() };
            (of == uid).then(|| row(id, namespace, pod, &name, ""))
        })
    }
}

fn by_log_name(file: &str, id: &str) -> Option<ContainerRow> {
    let rest = file.strip_suffix(".log")?.strip_suffix(id)?.strip_suffix('-')?;
    let mut parts = rest.splitn(3, '_');
    let (pod, namespace, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some(row(id, namespace, pod, name, ""))
}

/// The annotations of an OCI specification.
fn by_annotations(id: &str, text: &[u8]) -> Option<Identity> {
    #[derive(serde::Deserialize)]
    struct Spec {
        #[serde(default)]
        annotations: HashMap<String, String>,
    }
    let spec: Spec = serde_json::from_slice(text).ok()?;
    let first = |keys: [&str; 2]| keys.iter().find_map(|k| spec.annotations.get(*k)).map_or("", String::as_str);
    if first(TYPE) == "sandbox" {
        return Some(Identity::Sandbox);
    }
    Some(Identity::Named(row(id, first(NAMESPACE), first(POD), first(NAME), first(IMAGE))))
}

fn row(id: &str, namespace: &str, pod: &str, name: &str, image: &str) -> ContainerRow {
    ContainerRow {
        id: id.to_owned(),
        namespace: namespace.to_owned(),
        pod: pod.to_owned(),
        name: name.to_owned(),
        image: image.to_owned(),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(ENTRIES_MAX);
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn small_file(path: &Path) -> Option<Vec<u8>> {
    (fs::metadata(path).ok()?.len() <= FILE_BYTES_MAX).then(|| fs::read(path).ok())?
}

#[cfg(test)]
mod tests;
