//! Who may do what that is dangerous. Comes in: roles and bindings. Goes out: for each binding the rights that it gives
//! to whom. Aggregated roles are read as they stand: the server fills them in, a manifest does not.

use std::collections::HashSet;

use assay_core::asset::{AssetKey, Kind};
use assay_core::observation::Capability;

use super::model::{Binding, Body, RoleSubject, Rule};
use super::object::Object;
use super::view::View;

/// A right that a binding gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Right {
    /// To whom.
    pub(super) subject: AssetKey,
    /// What they can do.
    pub(super) capability: Capability,
    /// Everywhere, or in the binding's namespace.
    pub(super) cluster_wide: bool,
    /// The role that says so, as `Kind/name`.
    pub(super) role: String,
}

/// What one binding gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// The rights.
    pub(super) rights: Vec<Right>,
    /// The workloads that hold them through a group of accounts, the group, and whether they get a token.
    pub(super) members: Vec<(AssetKey, AssetKey, bool)>,
    /// False when its role is not in view, so that nobody can say what it gives.
    pub(super) role_known: bool,
}

/// Resources by which pods come to be, with their group.
const POD_MAKERS: &[(&str, &str)] = &[
    ("apps", "deployments"),
    ("apps", "daemonsets"),
    ("apps", "statefulsets"),
    ("apps", "replicasets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("", "replicationcontrollers"),
];

/// A dangerous right: one rule of a role that matches a row gives the row's capability.
struct Danger {
    capability: Capability,
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    /// Whether the rule still counts when it is limited to objects of some names.
    named_counts: bool,
}

const fn danger(
    capability: Capability,
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    named_counts: bool,
) -> Danger {
    Danger { capability, group, resources, verbs, named_counts }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const EVERY_VERB: &[&str] = &["get", "list", "watch", "create", "update", "patch", "delete"];
const WRITE: &[&str] = &["create", "update", "patch"];

/// Source: Kubernetes documentation, "Role Based Access Control Good Practices".
const DANGERS: &[Danger] = &[
    danger(Capability::ReadSecrets, "", &["secrets"], &["get", "list", "watch"], false),
    danger(Capability::CreatePods, "", &["pods"], &["create"], false),
    danger(Capability::ExecPods, "", &["pods/exec", "pods/attach"], &["create", "get"], true),
    danger(Capability::ExecPods, "", &["pods/ephemeralcontainers"], &["update", "patch"], true),
    danger(Capability::Escalate, RBAC, &["roles", "clusterroles"], &["escalate"], true),
    danger(Capability::Bind, RBAC, &["roles", "clusterroles"], &["bind"], false),
    danger(Capability::Impersonate, "", &["users", "groups", "serviceaccounts"], &["impersonate"], true),
    danger(Capability::RequestTokens, "", &["serviceaccounts/token"], &["create"], true),
    danger(Capability::ProxyNodes, "", &["nodes/proxy"], &["get", "create", "update", "patch", "delete"], true),
    danger(
        Capability::ApproveCertificates,
        "certificates.k8s.io",
        &["certificatesigningrequests/approval"],
        &["update", "patch"],
        false,
    ),
    danger(
        Capability::ChangeAdmission,
        ADMISSION,
        &["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
        WRITE,
        true,
    ),
    danger(
        Capability::ChangeAdmission,
        ADMISSION,
        &["mutatingadmissionpolicies", "mutatingadmissionpolicybindings"],
        WRITE,
        true,
    ),
    danger(
        Capability::ChangeAdmission,
        ADMISSION,
        &["validatingadmissionpolicies", "validatingadmissionpolicybindings"],
        WRITE,
        true,
    ),
];

/// Resources of the whole cluster: a binding in a namespace gives nothing on them.
const CLUSTER_RESOURCES: &[Capability] =
    &[Capability::ProxyNodes, Capability::ApproveCertificates, Capability::ChangeAdmission];

/// Names of roles that every cluster has, for when the role itself is not in view.
const BUILT_IN_ROLES: &[(&str, &[Capability])] =
    &[("cluster-admin", &[Capability::ClusterAdmin]), ("admin", EDITOR), ("edit", EDITOR)];

/// What the built-in roles `admin` and `edit` give. Source: bootstrap policy of the API server.
const EDITOR: &[Capability] = &[
    Capability::ReadSecrets,
    Capability::CreatePods,
    Capability::ExecPods,
    Capability::Impersonate,
    Capability::RequestTokens,
];

/// What a binding gives.
pub(super) fn given(view: &View<'_>, object: &Object, binding: &Binding) -> Given {
    let cluster_wide = &*object.kind == "ClusterRoleBinding";
    let Some(capabilities) = capabilities_of(view, object, binding, cluster_wide) else { return Given::default() };
    let role = format!("{}/{}", binding.role_ref.kind, binding.role_ref.name);
    let outside = binding.subjects.iter().filter(|subject| !is_built_in(object, binding, subject));
    let mut seen = HashSet::new();
    let subjects = outside.filter_map(|subject| subject_key(view, object, subject));
    let subjects: Vec<AssetKey> = subjects.filter(|subject| seen.insert(subject.clone())).collect();
    let dangerous = !capabilities.is_empty();
    let members = subjects.iter().filter(|_| dangerous).flat_map(|subject| members(view, subject)).collect();
    let rights = subjects.into_iter().flat_map(|subject| {
        let right = |capability: &Capability| Right {
            subject: subject.clone(),
            capability: *capability,
            cluster_wide,
            role: role.clone(),
        };
        capabilities.iter().map(right).collect::<Vec<_>>()
    });
    Given { rights: rights.collect(), members, role_known: true }
}

fn capabilities_of(view: &View<'_>, object: &Object, binding: &Binding, cluster_wide: bool) -> Option<Vec<Capability>> {
    let name = &*binding.role_ref.name;
    let at = match &*binding.role_ref.kind {
        "ClusterRole" => view.find("ClusterRole", "", name),
        _ => view.find("Role", &object.namespace, name),
    };
    let mut found = match at.map(|at| &view.objects[at].body) {
        Some(Body::Role(role)) => capabilities(&role.rules),
        _ => {
            let built_in =
                BUILT_IN_ROLES.iter().find(|(known, _)| *known == name && &*binding.role_ref.kind == "ClusterRole")?;
            built_in.1.to_vec()
        }
    };
    if !cluster_wide {
        // Everything in one namespace is not everything: it is every right that a namespace can hold.
        if found.contains(&Capability::ClusterAdmin) {
            found = Capability::ALL.to_vec();
        }
        found.retain(|capability| *capability != Capability::ClusterAdmin && !CLUSTER_RESOURCES.contains(capability));
    } else if found.contains(&Capability::ClusterAdmin) {
        // The rest is said by it.
        found = vec![Capability::ClusterAdmin];
    }
    Some(found)
}

/// The dangerous rights that rules give, each once.
pub(crate) fn capabilities(rules: &[Rule]) -> Vec<Capability> {
    let mut found: Vec<Capability> = rules.iter().flat_map(of_rule).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn of_rule(rule: &Rule) -> Vec<Capability> {
    let has = |list: &[Box<str>], wanted: &str| list.iter().any(|item| &**item == "*" || &**item == wanted);
    let all = |list: &[Box<str>]| list.iter().any(|item| &**item == "*");
    // Every verb by its name is every right but those to hand on rights, which pods and secrets give soon enough.
    let every_verb = all(&rule.verbs) || EVERY_VERB.iter().all(|verb| rule.verbs.iter().any(|v| **v == **verb));
    if all(&rule.api_groups) && all(&rule.resources) && every_verb && rule.resource_names.is_empty() {
        return vec![Capability::ClusterAdmin];
    }
    let resource = |wanted: &str| {
        // `*/exec` is that subresource of everything.
        let of_any = wanted.split_once('/').map(|(_, sub)| format!("*/{sub}"));
        has(&rule.resources, wanted) || of_any.is_some_and(|any| rule.resources.iter().any(|r| **r == *any))
    };
    let matches = |danger: &Danger| {
        let top = ["cluster-admin", "system:masters"];
        let named = rule.resource_names.is_empty()
            || danger.named_counts
            || rule.resource_names.iter().any(|name| top.contains(&&**name));
        named
            && has(&rule.api_groups, danger.group)
            && danger.resources.iter().any(|wanted| resource(wanted))
            && danger.verbs.iter().any(|verb| has(&rule.verbs, verb))
    };
    let mut found: Vec<Capability> = DANGERS.iter().filter(|d| matches(d)).map(|d| d.capability).collect();
    let makes_pods = rule.resource_names.is_empty()
        && POD_MAKERS.iter().any(|(group, wanted)| has(&rule.api_groups, group) && resource(wanted))
        && WRITE.iter().any(|verb| has(&rule.verbs, verb));
    if makes_pods {
        found.push(Capability::CreatePods);
    }
    found
}

fn subject_key(view: &View<'_>, object: &Object, subject: &RoleSubject) -> Option<AssetKey> {
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

/// The workloads whose account is in a group of accounts. Source: Kubernetes documentation, "Using RBAC Authorization",
/// referring to subjects.
fn members(view: &View<'_>, group: &AssetKey) -> Vec<(AssetKey, AssetKey, bool)> {
    let namespace = match (group.kind.as_str(), group.name.reveal()) {
        ("Group", "system:authenticated" | "system:serviceaccounts") => None,
        ("Group", name) => match name.strip_prefix("system:serviceaccounts:") {
            Some(namespace) => Some(namespace),
            None => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let here = |at: usize| namespace.is_none_or(|n| *view.objects[at].namespace == *n) && view.owner[at].is_none();
    let workloads = view.workloads().filter(|(at, _)| here(*at));
    let mut members: Vec<_> =
        workloads.map(|(at, _)| (view.raised[at].clone(), group.clone(), view.token_mounted(at))).collect();
    // Pods of one owner that is not in view are one workload.
    members.sort_unstable();
    members.dedup_by(|a, b| a.0 == b.0);
    members
}

/// Groups and users that stand for everybody, or for every workload: a right of theirs is a finding though their names
/// are the system's own.
const EVERYBODY: &[&str] =
    &["system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"];

/// True for subjects that are parts of Kubernetes, with the rights that it gives them itself.
pub(super) fn is_built_in(object: &Object, binding: &Binding, subject: &RoleSubject) -> bool {
    let name = &*subject.name;
    if matches!(&*subject.kind, "User" | "Group") {
        let everybody = EVERYBODY.contains(&name) || name.starts_with("system:serviceaccounts:");
        return name.starts_with("system:") && !everybody && account_of(name).is_none();
    }
    // The controllers' own accounts; only who can write in kube-system can use them.
    let own = format!("system:controller:{name}");
    subject.namespace.as_deref() == Some("kube-system")
        && &*object.kind == "ClusterRoleBinding"
        && *object.name == *own
        && *binding.role_ref.name == *own
}
