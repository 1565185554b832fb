//! Roles and bindings that hand over the cluster, told by the object that was sent.

use serde::Deserialize;

use super::call::Call;
use crate::cluster::lead_further;
use crate::cluster::model::{Binding, Role};

/// Roles of the whole cluster whose holders can take it over. Source: bootstrap policy of the API server.
const ADMINS: &[&str] = &["cluster-admin", "admin", "system:kube-controller-manager", "system:masters"];

/// A binding to an administrator's role, or to the group that may do everything.
pub(super) fn grants_admin(call: &Call) -> bool {
    let cluster_wide = call.resource == "clusterrolebindings";
    if !cluster_wide && call.resource != "rolebindings" {
        return false;
    }
    let Some(object) = &call.object else { return call.name == "cluster-admin" };
    let Ok(binding) = Binding::deserialize(object) else { return false };
    let role = &*binding.role_ref.name;
    let admin = if cluster_wide { ADMINS.contains(&role) } else { role == "cluster-admin" };
    admin || call.name == "cluster-admin" || binding.subjects.iter().any(|s| &*s.name == "system:masters")
}

/// A role with a right that leads to more.
pub(super) fn is_powerful_role(call: &Call) -> bool {
    role_of(call).is_some_and(|role| lead_further(&role.rules))
}

/// The role that was sent.
fn role_of(call: &Call) -> Option<Role> {
    let is_role = matches!(call.resource.as_str(), "roles" | "clusterroles") && call.subresource.is_empty();
    call.object.as_ref().filter(|_| is_role).and_then(|object| Role::deserialize(object).ok())
}

/// A binding of whatever role.
pub(super) fn binds(call: &Call) -> bool {
    matches!(call.resource.as_str(), "rolebindings" | "clusterrolebindings") && call.subresource.is_empty()
}

/// Verbs that change what is there.
const WRITES: &[&str] = &["create", "update", "patch", "delete", "deletecollection", "*"];

/// A role that may change something.
pub(super) fn may_write(call: &Call) -> bool {
    role_of(call).is_some_and(|role| role.rules.iter().flat_map(|r| &r.verbs).any(|verb| WRITES.contains(&&**verb)))
}

/// A role that Kubernetes made for itself.
pub(super) fn is_system_role(call: &Call) -> bool {
    matches!(call.resource.as_str(), "roles" | "clusterroles") && call.name.starts_with("system:")
}
