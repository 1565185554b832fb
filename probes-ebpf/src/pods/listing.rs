//! A list of pods, as far as names are made of it. Comes in: the API server's JSON. Goes out: containers by their ids, pods
//! by their uids. Pods of another node are dropped, whatever was asked for: an agent speaks for its own only.

use std::collections::HashMap;
use std::fmt;

use assay_core::batch::ContainerRow;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

/// The most pods of a list that are kept.
pub const PODS_MAX: usize = 1_024;

/// Who the API server says that the containers of a node are.
#[derive(Debug, Default, PartialEq)]
pub struct Listing {
    containers: HashMap<String, ContainerRow>,
    /// Namespace and name.
    pods: HashMap<String, (String, String)>,
    /// Whether there were more pods than are kept.
    pub cut: bool,
}

impl Listing {
    /// Reads a list; what is of another node than this one is dropped.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &[u8], node: &str) -> Result<Self, serde_json::Error> {
        let List { items } = serde_json::from_slice(text)?;
        let mut listing = Self { cut: items.cut, ..Self::default() };
        for pod in items.pods.into_iter().filter(|pod| pod.spec.node == node) {
            listing.add(pod);
        }
        Ok(listing)
    }

    fn add(&mut self, pod: Pod) {
        let Metadata { namespace, name, uid } = pod.metadata;
        let of = pod.status;
        for status in [of.containers, of.init, of.ephemeral].into_iter().flatten().flatten() {
            let Some((_, id)) = status.container_id.split_once("://").filter(|(_, id)| !id.is_empty()) else {
                continue;
            };
            let row = ContainerRow {
                id: id.to_owned(),
                namespace: namespace.clone(),
                pod: name.clone(),
                name: status.name,
                image: image(&status.image, &status.image_id),
            };
            self.containers.insert(id.to_owned(), row);
        }
        self.pods.insert(uid, (namespace, name));
    }

    /// The container of this id.
    pub fn container(&self, id: &str) -> Option<&ContainerRow> {
        self.containers.get(id)
    }

    /// Namespace and name of the pod of this uid.
    pub fn pod(&self, uid: &str) -> Option<&(String, String)> {
        self.pods.get(uid)
    }

    /// How many pods there are.
    pub fn len(&self) -> usize {
        self.pods.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }
}

/// The image's name with the digest that runs, as far as both are told. Some runtimes tell a bare digest for either.
fn image(name: &str, id: &str) -> String {
    let id = id.split_once("://").map_or(id, |(_, rest)| rest);
    let digest = id.split_once('@').map(|(_, digest)| digest);
    match digest {
        _ if name.contains('@') => name.to_owned(),
        Some(_) if name.is_empty() || name.starts_with("sha256:") => id.to_owned(),
        Some(digest) => format!("{name}@{digest}"),
        None if name.starts_with("sha256:") => String::new(),
        None => name.to_owned(),
    }
}

#[derive(Deserialize)]
struct List {
    items: Items,
}

struct Items {
    pods: Vec<Pod>,
    cut: bool,
}

#[derive(Deserialize)]
struct Pod {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Metadata {
    namespace: String,
    name: String,
    uid: String,
}

#[derive(Default, Deserialize)]
struct Spec {
    #[serde(default, rename = "nodeName")]
    node: String,
}

#[derive(Default, Deserialize)]
struct Status {
    #[serde(rename = "containerStatuses")]
    containers: Option<Vec<Container>>,
    #[serde(rename = "initContainerStatuses")]
    init: Option<Vec<Container>>,
    #[serde(rename = "ephemeralContainerStatuses")]
    ephemeral: Option<Vec<Container>>,
}

#[derive(Deserialize)]
struct Container {
    name: String,
    #[serde(default)]
    image: String,
    #[serde(default, rename = "imageID")]
    image_id: String,
    /// Empty before it has begun.
    #[serde(default, rename = "containerID")]
    container_id: String,
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Kept;
        impl<'de> Visitor<'de> for Kept {
            type Value = Items;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of pods")
            }

            fn visit_unit<E>(self) -> Result<Items, E> {
                Ok(Items { pods: Vec::new(), cut: false })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Items, A::Error> {
                let mut pods = Vec::new();
                while pods.len() < PODS_MAX {
                    match seq.next_element()? {
                        Some(pod) => pods.push(pod),
                        None => return Ok(Items { pods, cut: false }),
                    }
                }
                let mut cut = false;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    cut = true;
                }
                Ok(Items { pods, cut })
            }
        }
        deserializer.deserialize_any(Kept)
    }
}
