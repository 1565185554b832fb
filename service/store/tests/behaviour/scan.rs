//! Scans of clusters and batches of sensors, as a test tells them.

use assay_core::asset::{AssetKey, ImageRef, Kind};
use assay_core::ids::Digest;
use assay_core::observation::{Author, Edge, Fact, Link, Observation, RecordKind, Subject, What};
use assay_core::scope::{Scope, Spoken};

use crate::report::{Report, digest, namespace, o, objects};

/// The cluster of every test.
pub(crate) const CLUSTER: &str = "demo";

/// A Deployment in the namespace `shop`.
pub(crate) fn deployment(name: &str) -> AssetKey {
    object("Deployment", "shop", name)
}

/// Any object of the cluster.
pub(crate) fn object(kind: &'static str, namespace: &str, name: &str) -> AssetKey {
    AssetKey::object(&o(CLUSTER), Kind::of(kind), o(namespace), o(name))
}

/// The scope of one object's manifests.
pub(crate) fn of_object(at: &AssetKey) -> Scope {
    Scope::Object { at: at.clone(), container: o("") }
}

/// A complete scan of the namespace `shop` by ourselves, at an hour. `content` stands for all its objects.
pub(crate) fn scan(at: i64, content: u64) -> Report {
    let every = [Spoken::Misconfiguration, Spoken::Secret, Spoken::Rbac];
    namespace(CLUSTER, "shop").by("assay").at(at).speaks_for(&every).content(content)
}

/// Manifests: each object speaks for itself.
pub(crate) fn manifests(at: i64) -> Report {
    objects().by("assay").at(at)
}

impl Report {
    /// The object exists, says the report.
    pub(crate) fn exists(self, at: &AssetKey) -> Self {
        self.owned(at, None)
    }

    /// The object exists and another one owns it.
    pub(crate) fn owned(self, at: &AssetKey, owner: Option<&AssetKey>) -> Self {
        let fact = Fact {
            subject: Subject::Object { at: at.clone(), container: None },
            component: None,
            what: What::Exists { replicas: None, owner: owner.cloned(), aliases: Vec::new() },
            author: Author::Cluster,
            since: self.received_at(),
            until: self.received_at(),
            valid_until: None,
        };
        self.say(RecordKind::Object, vec![Observation::Fact(Box::new(fact))])
    }

    /// A manifest of an object: it exists, and the report speaks for it.
    pub(crate) fn manifest(self, at: &AssetKey, content: u64) -> Self {
        self.exists(at).part(of_object(at), &[Spoken::Misconfiguration, Spoken::Secret], Some(content))
    }

    /// A container runs an image.
    pub(crate) fn runs(self, at: &AssetKey, container: &str, image: &str) -> Self {
        self.runs_digest(at, container, image, None)
    }

    /// A container runs an image of which the digest is known.
    pub(crate) fn runs_digest(self, at: &AssetKey, container: &str, image: &str, running: Option<Digest>) -> Self {
        let image = ImageRef::parse(&o(image)).expect("a legal image");
        let link = Link::Runs { container: o(container), tag: image.tag, digest: running };
        self.link(at, &AssetKey::image(image.repository), link)
    }

    pub(crate) fn link(self, from: &AssetKey, to: &AssetKey, link: Link) -> Self {
        let since = self.received_at();
        self.edge(Edge { from: from.clone(), to: to.clone(), link, author: Author::Cluster, since })
    }

    /// A Deployment of `shop` with one container `app`.
    pub(crate) fn deploys(self, name: &str, image: &str) -> Self {
        let at = deployment(name);
        self.exists(&at).runs(&at, "app", image)
    }
}

/// The digest that a running container has.
pub(crate) fn running(n: u64) -> Option<Digest> {
    Some(digest(n))
}
