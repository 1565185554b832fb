//! Which image each container runs. A template names a tag; the pods in view know the digest. Both are one edge of the
//! workload that answers for them, as many as there are digests.

use std::collections::{BTreeSet, HashMap};

use assay_core::asset::{AssetKey, ImageRef};
use assay_core::ids::Digest;
use assay_core::observation::Link;
use assay_core::text::{Door, Opaque};

use super::view::View;

type Container = (AssetKey, Opaque, Opaque, Option<Opaque>);

/// The images of all workloads in view; each is handed out once.
pub(super) struct Runs {
    digests: HashMap<Container, BTreeSet<Digest>>,
}

impl Runs {
    pub(super) fn new(view: &View<'_>, door: &dyn Door) -> Self {
        let mut digests: HashMap<Container, BTreeSet<Digest>> = HashMap::new();
        for (at, workload) in view.workloads() {
            for (container, image) in images(view, at, door) {
                let key = (view.raised[at].clone(), container.clone(), image.repository, image.tag);
                let known = digests.entry(key).or_default();
                known.extend(image.digest);
                let seen = workload.running.iter().find(|(name, _)| **name == *container.reveal());
                known.extend(seen.and_then(|(_, id)| digest_of(id)));
            }
        }
        Self { digests }
    }

    /// What the object at an index runs, and has not been said of its workload before.
    pub(super) fn take(&mut self, view: &View<'_>, at: usize, door: &dyn Door) -> Vec<(AssetKey, Link)> {
        let mut edges = Vec::new();
        for (container, image) in images(view, at, door) {
            let key = (view.raised[at].clone(), container.clone(), image.repository.clone(), image.tag.clone());
            let Some(digests) = self.digests.remove(&key) else { continue };
            let digests: Vec<Option<Digest>> =
                if digests.is_empty() { vec![None] } else { digests.into_iter().map(Some).collect() };
            for digest in digests {
                let link = Link::Runs { container: container.clone(), tag: image.tag.clone(), digest };
                edges.push((AssetKey::image(image.repository.clone()), link));
            }
        }
        edges
    }
}

/// The containers of a workload whose image can be read. What an ended pod ran runs no more.
fn images(view: &View<'_>, at: usize, door: &dyn Door) -> Vec<(Opaque, ImageRef)> {
    let Some(workload) = view.workload(at) else { return Vec::new() };
    let ended = &*view.objects[at].kind == "Pod" && workload.wanted == 0;
    // An older ReplicaSet of a Deployment keeps the images of the past.
    let past = view.owner[at].is_some() && &*view.objects[at].kind != "Pod";
    if ended || past {
        return Vec::new();
    }
    let all = workload.spec.all_containers();
    all.filter_map(|(_, _, container)| {
        let image = ImageRef::parse(&Opaque::admit_name(container.image.as_deref()?, door))?;
        Some((Opaque::admit_name(&container.name, door), image))
    })
    .collect()
}

/// The digest in what a node reports: `docker.io/library/nginx@sha256:..`. A bare digest names the image's
/// configuration and no manifest, so it is not taken.
fn digest_of(image_id: &str) -> Option<Digest> {
    image_id.rsplit_once('@')?.1.parse().ok()
}
