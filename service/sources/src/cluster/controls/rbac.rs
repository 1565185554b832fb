//! Roles and bindings as they are written. Who can do what by them, and how far that reaches, is a finding of whoever holds
//! the right; here stands what is wrong with the object itself.

use assay_core::observation::Capability;

use super::Condition;
use super::case::{ObjectCase, Spot, Verdict, of_object};
use crate::cluster::model::{Binding, Body, RoleSubject, Rule};
use crate::cluster::object::Object;
use crate::cluster::rights::{alarming, is_built_in};

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("role-wildcard-verbs", Condition::Object(|case| wildcard(case, |rule| &rule.verbs, "verbs"))),
    ("role-wildcard-resources", Condition::Object(|case| wildcard(case, |rule| &rule.resources, "resources"))),
    ("role-reads-secrets", Condition::Object(|case| gives(case, &[Capability::ReadSecrets, Capability::ListSecrets]))),
    (
        "role-creates-pods",
        Condition::Object(|case| gives(case, &[Capability::CreatePods, Capability::CreateWorkloads])),
    ),
    (
        "role-runs-commands",
        Condition::Object(|case| gives(case, &[Capability::ExecPods, Capability::AttachPods, Capability::DebugPods])),
    ),
    ("role-proxies-nodes", Condition::Object(|case| gives(case, &[Capability::ProxyNodes]))),
    ("role-approves-certificates", Condition::Object(|case| gives(case, &[Capability::ApproveCertificates]))),
    (
        "role-changes-admission",
        Condition::Object(|case| {
            gives(
                case,
                &[Capability::ChangeAdmission, Capability::ChangeValidation, Capability::ChangeAdmissionPolicies],
            )
        }),
    ),
    ("role-requests-tokens", Condition::Object(|case| gives(case, &[Capability::RequestTokens]))),
    ("role-escalates", Condition::Object(escalates)),
    ("role-edits-endpoints", Condition::Object(edits_endpoints)),
    ("role-creates-volumes", Condition::Object(|case| allows(case, &[("", "persistentvolumes")], &["create"]))),
    ("role-deletes-events", Condition::Object(|case| allows(case, EVENTS, DELETE))),
    ("role-forwards-ports", Condition::Object(|case| allows(case, &[("", "pods/portforward")], &["create", "get"]))),
    ("role-writes-config-maps", Condition::Object(|case| allows(case, &[("", "configmaps")], WRITE))),
    ("cluster-admin-binding", Condition::Object(cluster_admin)),
    (
        "anonymous-bound",
        Condition::Object(|case| bound(case, |s| matches!(&*s.name, "system:anonymous" | "system:unauthenticated"))),
    ),
    ("authenticated-bound", Condition::Object(|case| bound(case, |s| &*s.name == "system:authenticated"))),
    ("masters-bound", Condition::Object(masters)),
    (
        "all-accounts-bound",
        Condition::Object(|case| bound(case, |s| &*s.kind == "Group" && s.name.starts_with("system:serviceaccounts"))),
    ),
    (
        "default-account-bound",
        Condition::Object(|case| bound(case, |s| &*s.kind == "ServiceAccount" && &*s.name == "default")),
    ),
    ("binding-role-missing", Condition::Object(role_missing)),
];

const ENDPOINTS: &[(&str, &str)] = &[("", "endpoints"), ("discovery.k8s.io", "endpointslices")];
const EVENTS: &[(&str, &str)] = &[("", "events"), ("events.k8s.io", "events")];
const WRITE: &[&str] = &["create", "update", "patch"];
const DELETE: &[&str] = &["delete", "deletecollection"];

/// Roles that every API server makes. Source: Kubernetes documentation, "Using RBAC Authorization", default roles.
const USER_FACING: &[&str] = &["cluster-admin", "admin", "edit", "view"];
/// The one role of the server's own that an operator is asked to change: what it gives, every editor has. Source:
/// CVE-2021-25740.
const EDITORS: &str = "system:aggregate-to-edit";
/// Roles that everybody holds from the start, with what they give.
const FOR_EVERYBODY: &[&str] = &[
    "system:basic-user",
    "system:discovery",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
    "kubeadm:bootstrap-signer-clusterinfo",
];

/// The rules of a role that somebody else than the server wrote.
fn rules<'c>(case: &ObjectCase<'c>) -> Option<&'c [Rule]> {
    let Body::Role(role) = &case.object.body else { return None };
    (!is_made_by_the_server(case.object)).then_some(&role.rules)
}

/// The server keeps the roles that it means for users as they are, and marks the others that it makes. In a namespace of
/// somebody else the mark is only his word.
fn is_made_by_the_server(role: &Object) -> bool {
    if &*role.kind == "ClusterRole" && USER_FACING.contains(&&*role.name) {
        return true;
    }
    let marked = role.meta.labels.get("kubernetes.io/bootstrapping").is_some_and(|by| &**by == "rbac-defaults");
    marked && is_server_name(&role.name) && matches!(&*role.namespace, "" | "kube-system" | "kube-public")
}

fn is_server_name(name: &str) -> bool {
    name.starts_with("system:") || USER_FACING.contains(&name)
}

fn at_rule(case: &ObjectCase<'_>, field: &str, saw: impl Fn(&Rule) -> Option<String>) -> Verdict {
    rules(case).map_or(Verdict::NotApplicable, |rules| at_rule_of(rules, field, saw))
}

fn at_rule_of(rules: &[Rule], field: &str, saw: impl Fn(&Rule) -> Option<String>) -> Verdict {
    let dot = if field.is_empty() { "" } else { "." };
    let spots = rules
        .iter()
        .enumerate()
        .filter_map(|(i, rule)| saw(rule).map(|saw| of_object(format!("rules[{i}]{dot}{field}"), saw)));
    Verdict::of(spots.collect::<Vec<Spot>>())
}

fn wildcard(case: &ObjectCase<'_>, list: fn(&Rule) -> &Vec<Box<str>>, field: &str) -> Verdict {
    at_rule(case, field, |rule| list(rule).iter().any(|item| &**item == "*").then(|| "*".to_owned()))
}

/// True for rules that give one of the rights, everything among it.
fn gives(case: &ObjectCase<'_>, wanted: &[Capability]) -> Verdict {
    at_rule(case, "", |rule| {
        let given = alarming(std::slice::from_ref(rule));
        let found = given.iter().find(|capability| wanted.contains(capability));
        let all = given.contains(&Capability::ClusterAdmin).then(|| wanted.first()).flatten();
        found.or(all).map(|capability| capability.as_str().to_owned())
    })
}

fn escalates(case: &ObjectCase<'_>) -> Verdict {
    const GIVING: &[Capability] = &[
        Capability::Escalate,
        Capability::Bind,
        Capability::Impersonate,
        Capability::ImpersonateGroups,
        Capability::ImpersonateAccounts,
        Capability::ClusterAdmin,
    ];
    at_rule(case, "", |rule| {
        let given = alarming(std::slice::from_ref(rule));
        given.iter().find(|capability| GIVING.contains(capability)).map(|capability| capability.as_str().to_owned())
    })
}

fn has(list: &[Box<str>], wanted: &str) -> bool {
    list.iter().any(|item| &**item == "*" || &**item == wanted)
}

fn allows(case: &ObjectCase<'_>, resources: &[(&str, &str)], verbs: &[&str]) -> Verdict {
    at_rule(case, "", |rule| allowed(rule, resources, verbs))
}

fn allowed(rule: &Rule, resources: &[(&str, &str)], verbs: &[&str]) -> Option<String> {
    let resource = resources.iter().find(|(group, name)| has(&rule.api_groups, group) && has(&rule.resources, name))?;
    let verb = verbs.iter().find(|verb| has(&rule.verbs, verb))?;
    rule.resource_names.is_empty().then(|| format!("{verb} {}", resource.1))
}

fn edits_endpoints(case: &ObjectCase<'_>) -> Verdict {
    match &case.object.body {
        Body::Role(role) if &*case.object.name == EDITORS => {
            at_rule_of(&role.rules, "", |rule| allowed(rule, ENDPOINTS, WRITE))
        }
        _ => allows(case, ENDPOINTS, WRITE),
    }
}

fn binding<'c>(case: &ObjectCase<'c>) -> Option<&'c Binding> {
    if let Body::Binding(binding) = &case.object.body { Some(binding) } else { None }
}

/// Parts of Kubernetes have the rights that it gives them itself; everybody is none of them.
fn cluster_admin(case: &ObjectCase<'_>) -> Verdict {
    let Some(binding) = binding(case) else { return Verdict::NotApplicable };
    let others = binding.subjects.iter().any(|subject| !is_built_in(case.object, binding, subject));
    let admin = others && gives_everything(case, binding);
    Verdict::fail_if(admin.then(|| of_object("roleRef.name", &*binding.role_ref.name)))
}

/// True for cluster-admin, and for any other role of the cluster that gives as much.
fn gives_everything(case: &ObjectCase<'_>, binding: &Binding) -> bool {
    if &*binding.role_ref.kind != "ClusterRole" {
        return false;
    }
    let name = &*binding.role_ref.name;
    let role = case.view.find("ClusterRole", "", name).map(|at| &case.view.objects[at].body);
    match role {
        Some(Body::Role(role)) => alarming(&role.rules).contains(&Capability::ClusterAdmin),
        _ => name == "cluster-admin",
    }
}

fn bound(case: &ObjectCase<'_>, fits: impl Fn(&RoleSubject) -> bool) -> Verdict {
    let Some(binding) = binding(case) else { return Verdict::NotApplicable };
    if FOR_EVERYBODY.contains(&&*binding.role_ref.name) {
        return Verdict::Pass;
    }
    let at = binding.subjects.iter().position(fits);
    Verdict::fail_if(at.map(|i| of_object(format!("subjects[{i}].name"), &*binding.subjects[i].name)))
}

fn masters(case: &ObjectCase<'_>) -> Verdict {
    if &*case.object.name == "cluster-admin" {
        return Verdict::NotApplicable;
    }
    bound(case, |subject| &*subject.name == "system:masters")
}

/// Whoever may make a role of that name gives the subjects what they like.
fn role_missing(case: &ObjectCase<'_>) -> Verdict {
    let Some(binding) = binding(case) else { return Verdict::NotApplicable };
    let name = &*binding.role_ref.name;
    let found = match &*binding.role_ref.kind {
        "ClusterRole" => case.view.find("ClusterRole", "", name),
        _ => case.view.find("Role", &case.object.namespace, name),
    };
    match found {
        Some(_) => Verdict::Pass,
        // Manifests rarely hold the roles that a server makes.
        None if is_server_name(name) => Verdict::NotApplicable,
        None if !case.rights_complete => Verdict::NotObservable,
        None => Verdict::Fail(vec![of_object("roleRef.name", "no such role")]),
    }
}
