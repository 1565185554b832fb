//! What a scan speaks for. Manifests: each object by itself. A complete scan: each namespace, for the classes whose kinds
//! were all seen. What could not be read never closes anything.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::asset::AssetKey;
use assay_core::ids::Digest;
use assay_core::scope::{Part, Scope, Spoken, SpokenSet};
use assay_core::text::Opaque;

use super::gathered::Gathered;
use super::model::Body;
use super::object::Object;
use super::scan::ScanHow;
use super::view::View;

/// Kinds that say who may do what; all others that are read decide about workloads and exposure.
const RBAC_KINDS: &[&str] = &["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

/// The parts of a scan, in the making.
pub(super) struct Parts {
    cluster: Opaque,
    complete: bool,
    /// Every object that should have been read was.
    whole: bool,
    /// Only some namespaces were looked into.
    restricted: bool,
    /// The classes whose kinds were all seen.
    seen: SpokenSet,
    namespaces: BTreeMap<Opaque, BTreeSet<Digest>>,
    objects: BTreeMap<AssetKey, Judged>,
}

/// An object that was judged by itself.
struct Judged {
    classes: SpokenSet,
    contents: BTreeSet<Digest>,
    /// All that there is to say of it was said.
    whole: bool,
}

impl Parts {
    pub(super) fn new(view: &View<'_>, gathered: &Gathered, how: ScanHow<'_>) -> Self {
        let missing = |rbac: bool| gathered.unseen.iter().any(|kind| RBAC_KINDS.contains(&&**kind) == rbac);
        let mut seen = SpokenSet::default();
        if !missing(false) {
            seen.insert(Spoken::Misconfiguration);
            seen.insert(Spoken::Secret);
        }
        if !missing(true) {
            seen.insert(Spoken::Rbac);
        }
        let mut namespaces: BTreeMap<Opaque, BTreeSet<Digest>> = BTreeMap::new();
        if how.complete {
            for (object, key) in view.objects.iter().zip(&view.keys) {
                let home = if matches!(object.body, Body::Namespace) { &key.name } else { &key.namespace };
                namespaces.entry(home.clone()).or_default().insert(object.content);
            }
            namespaces.entry(Opaque::readmit("")).or_default();
        }
        Self {
            cluster: how.cluster.clone(),
            complete: how.complete,
            whole: gathered.lost.is_empty(),
            restricted: gathered.restricted,
            seen,
            namespaces,
            objects: BTreeMap::new(),
        }
    }

    /// True when everything that decides about workloads and exposure was seen.
    pub(super) fn all_seen(&self) -> bool {
        self.complete && self.whole && self.seen.contains(Spoken::Misconfiguration)
    }

    /// True when every role and binding was seen.
    pub(super) fn all_roles_seen(&self) -> bool {
        self.complete && self.whole && self.seen.contains(Spoken::Rbac)
    }

    /// Where the claims of an object are at home: a namespace is the home of its own.
    pub(super) fn home(&self, at: &AssetKey) -> AssetKey {
        let mut home = at.clone();
        if self.complete && at.kind.as_str() == "Namespace" {
            home.namespace = at.name.clone();
        }
        home
    }

    /// The scope that claims of this object belong to.
    pub(super) fn scope_of(&self, raised: &AssetKey) -> Scope {
        if self.complete {
            Scope::Namespace { cluster: self.cluster.clone(), namespace: raised.namespace.clone() }
        } else {
            Scope::Object { at: raised.clone(), container: Opaque::readmit("") }
        }
    }

    /// Notes that a workload was judged.
    pub(super) fn workload(&mut self, raised: &AssetKey, object: &Object) {
        self.note(raised, object, &[Spoken::Misconfiguration, Spoken::Secret], true);
    }

    /// Notes that an object that is no workload was judged.
    pub(super) fn judged(&mut self, key: &AssetKey, object: &Object) {
        self.note(key, object, &[Spoken::Misconfiguration, Spoken::Secret], true);
    }

    /// Notes that a binding was judged. `whole` is false when it may give more than what its roles in view say: then it
    /// closes nothing.
    pub(super) fn binding(&mut self, key: &AssetKey, object: &Object, whole: bool) {
        self.note(key, object, &[Spoken::Rbac], whole);
    }

    fn note(&mut self, key: &AssetKey, object: &Object, classes: &[Spoken], whole: bool) {
        if self.complete {
            return;
        }
        let new = || Judged { classes: SpokenSet::default(), contents: BTreeSet::new(), whole: true };
        let judged = self.objects.entry(key.clone()).or_insert_with(new);
        classes.iter().for_each(|class| judged.classes.insert(*class));
        judged.contents.insert(object.content);
        judged.whole &= whole;
    }

    /// The namespaces that a complete scan saw whole; empty text for what belongs to none, which stands for the cluster.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &Opaque> {
        self.namespaces.keys().filter(|name| !(self.restricted && name.is_empty()))
    }

    /// All parts.
    pub(super) fn list(&self) -> Vec<Part> {
        if !self.complete {
            let parts = self.objects.iter().map(|(key, judged)| Part {
                scope: self.scope_of(key),
                classes: judged.classes,
                complete: judged.whole,
                content: Some(of_all(&judged.contents)),
            });
            return parts.collect();
        }
        let every: SpokenSet = [Spoken::Misconfiguration, Spoken::Secret, Spoken::Rbac].into_iter().collect();
        let (classes, complete) =
            if self.seen == SpokenSet::default() { (every, false) } else { (self.seen, self.whole) };
        let parts = self.namespaces.iter().map(|(namespace, contents)| Part {
            scope: Scope::Namespace { cluster: self.cluster.clone(), namespace: namespace.clone() },
            classes,
            // A namespace that was left out is not among the objects of the cluster, and is not gone.
            complete: complete && !(self.restricted && namespace.is_empty()),
            content: Some(of_all(contents)),
        });
        parts.collect()
    }

    /// Why the scan closes less than it was meant to.
    pub(super) fn hint(&self) -> Option<&'static str> {
        let all = [Spoken::Misconfiguration, Spoken::Secret, Spoken::Rbac].into_iter().collect();
        match (self.complete, self.whole, self.seen == all) {
            (true, true, true) if self.restricted => {
                Some("some namespaces were left out, so what belongs to no namespace closes nothing")
            }
            (false, ..) | (true, true, true) => None,
            (true, false, _) => {
                Some("some objects could not be read, so this scan closes nothing: mend or remove them")
            }
            (true, true, false) => {
                Some("some kinds were not shown, so this scan closes only what it saw whole: grant list on them")
            }
        }
    }
}

fn of_all(contents: &BTreeSet<Digest>) -> Digest {
    Digest::of_fields(contents.iter().map(|digest| &digest.bytes()[..]))
}
