//! Whom a binding names: accounts, users and groups as assets, and the workloads that are in a group of accounts.

use std::collections::{HashMap, HashSet};

use assay_core::asset::{AssetKey, Kind};

use crate::cluster::model::{Binding, RoleSubject};
use crate::cluster::object::Object;
use crate::cluster::view::View;

/// A subject of a binding.
pub(super) struct Who {
    pub(super) subject: AssetKey,
    pub(super) standing: Standing,
}

/// Whether a subject is one of Kubernetes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not a part of Kubernetes.
    Outside,
    /// The group that the API server lets do everything: whoever can act as its member has that.
    Masters,
    /// A part of Kubernetes, with the rights that it gives it itself.
    BuiltIn,
}

/// The subjects of a binding that have a name.
pub(super) fn of<'a>(
    view: &'a View<'_>,
    object: &'a Object,
    binding: &'a Binding,
) -> impl Iterator<Item = Who> + use<'a> {
    binding.subjects.iter().filter_map(move |subject| {
        let standing = if !is_built_in(object, binding, subject) {
            Standing::Outside
        } else if &*subject.kind == "Group" && &*subject.name == "system:masters" {
            Standing::Masters
        } else {
            Standing::BuiltIn
        };
        Some(Who { subject: key(view, object, subject)?, standing })
    })
}

fn key(view: &View<'_>, object: &Object, subject: &RoleSubject) -> Option<AssetKey> {
    if subject.name.is_empty() {
        return None;
    }
    match &*subject.kind {
        "ServiceAccount" => {
            let namespace = subject.namespace.as_deref().filter(|n| !n.is_empty()).unwrap_or(&object.namespace);
            Some(view.key(Kind::of("ServiceAccount"), namespace, &subject.name))
        }
        "User" => match account_of(&subject.name) {
            Some((namespace, name)) => Some(view.key(Kind::of("ServiceAccount"), namespace, name)),
            None => Some(view.key(Kind::of("User"), "", &subject.name)),
        },
        "Group" => Some(view.key(Kind::of("Group"), "", &subject.name)),
        _ => None,
    }
}

/// The account that a user's name stands for: `system:serviceaccount:NAMESPACE:NAME`.
fn account_of(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}

/// The workloads of a scan, as members of groups.
pub(super) struct Groups {
    /// The workloads that answer for themselves, by namespace, as places among the objects.
    by_namespace: HashMap<Box<str>, Vec<usize>>,
    /// The groups whose members were told.
    told: HashSet<AssetKey>,
}

impl Groups {
    pub(super) fn new(view: &View<'_>) -> Self {
        let mut by_namespace: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        for (at, _) in view.workloads().filter(|(at, _)| view.owner[*at].is_none()) {
            by_namespace.entry(view.objects[at].namespace.clone()).or_default().push(at);
        }
        Self { by_namespace, told: HashSet::new() }
    }

    /// The workloads whose account is in a group of accounts, the first time that the group is asked for. Source:
    /// Kubernetes documentation, "Using RBAC Authorization", referring to subjects.
    pub(super) fn members(&mut self, view: &View<'_>, group: &AssetKey) -> Vec<(AssetKey, AssetKey, bool)> {
        let of_all = match (group.kind.as_str(), group.name.reveal()) {
            ("Group", "system:authenticated" | "system:serviceaccounts") => true,
            ("Group", name) if name.starts_with(OF_NAMESPACE) => false,
            _ => return Vec::new(),
        };
        if !self.told.insert(group.clone()) {
            return Vec::new();
        }
        let namespace = group.name.reveal().strip_prefix(OF_NAMESPACE).filter(|_| !of_all);
        let places: Vec<usize> = match namespace {
            Some(namespace) => self.by_namespace.get(namespace).cloned().unwrap_or_default(),
            None => self.by_namespace.values().flatten().copied().collect(),
        };
        let member = |at: usize| (view.raised[at].clone(), group.clone(), view.token_mounted(at));
        let mut members: Vec<_> = places.into_iter().map(member).collect();
        // Pods of one owner that is not in view are one workload.
        members.sort_unstable();
        members.dedup_by(|a, b| a.0 == b.0);
        members
    }
}

/// How the group of a namespace's accounts begins.
const OF_NAMESPACE: &str = "system:serviceaccounts:";

/// Groups and users that stand for everybody, or for every workload: a right of theirs is a finding though their names
/// are the system's own.
const EVERYBODY: &[&str] =
    &["system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"];

/// True for subjects that are parts of Kubernetes, with the rights that it gives them itself.
pub(in crate::cluster) fn is_built_in(object: &Object, binding: &Binding, subject: &RoleSubject) -> bool {
    let name = &*subject.name;
    if matches!(&*subject.kind, "User" | "Group") {
        let everybody = EVERYBODY.contains(&name) || name.starts_with(OF_NAMESPACE);
        return name.starts_with("system:") && !everybody && account_of(name).is_none();
    }
    // The controllers' own accounts; only who can write in kube-system can use them.
    let own = format!("system:controller:{name}");
    subject.namespace.as_deref() == Some("kube-system")
        && &*object.kind == "ClusterRoleBinding"
        && *object.name == *own
        && *binding.role_ref.name == *own
}
