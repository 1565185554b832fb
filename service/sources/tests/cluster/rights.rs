//! Who may do what that is dangerous.

use assay_core::observation::{Flaw, Link};
use assay_core::scope::Spoken;

use super::{Look, name, said, scan};

fn role(kind: &str, rules: &str) -> String {
    let namespace = if kind == "Role" { ", namespace: shop" } else { "" };
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: r{namespace}}}\nrules: {rules}\n"
    )
}

fn binding(kind: &str, role: &str, subject: &str) -> String {
    let namespace = if kind == "RoleBinding" { ", namespace: shop" } else { "" };
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: b{namespace}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, {role}}}\nsubjects: [{subject}]\n"
    )
}

const ACCOUNT: &str = "{kind: ServiceAccount, name: web, namespace: shop}";

fn rights(yaml: &str) -> Vec<(String, String)> {
    let seen = scan(yaml, Look::default());
    seen.claims().filter(|claim| matches!(claim.flaw, Flaw::Rbac { .. })).map(said).collect()
}

fn of_rules(rules: &str) -> Vec<String> {
    let yaml = role("ClusterRole", rules) + &binding("ClusterRoleBinding", "kind: ClusterRole, name: r", ACCOUNT);
    rights(&yaml).into_iter().map(|(id, _)| id).collect()
}

#[test]
fn each_dangerous_right_is_found_and_the_harmless_are_not() {
    for (rules, want) in [
        ("[{apiGroups: [''], resources: [secrets], verbs: [list]}]", "read-secrets"),
        ("[{apiGroups: [''], resources: [pods], verbs: [create]}]", "create-pods"),
        ("[{apiGroups: [apps], resources: [deployments], verbs: [patch]}]", "create-pods"),
        ("[{apiGroups: [batch], resources: ['*'], verbs: [create]}]", "create-pods"),
        ("[{apiGroups: [''], resources: [pods/exec], verbs: [create]}]", "exec-pods"),
        ("[{apiGroups: [''], resources: ['*/exec'], verbs: ['*']}]", "exec-pods"),
        ("[{apiGroups: [''], resources: [pods/ephemeralcontainers], verbs: [patch]}]", "exec-pods"),
        ("[{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [escalate]}]", "escalate"),
        ("[{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}]", "bind"),
        ("[{apiGroups: [''], resources: [users], verbs: [impersonate]}]", "impersonate"),
        ("[{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}]", "request-tokens"),
        ("[{apiGroups: [''], resources: [nodes/proxy], verbs: [get]}]", "proxy-nodes"),
        (
            "[{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}]",
            "approve-certificates",
        ),
        (
            "[{apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [patch]}]",
            "change-admission",
        ),
        ("[{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]", "cluster-admin"),
        (
            "[{apiGroups: ['*'], resources: ['*'], verbs: [delete, get, list, watch, create, patch, update]}]",
            "cluster-admin",
        ),
    ] {
        assert_eq!(of_rules(rules), [format!("{want} everywhere")], "{rules}");
    }
    for rules in [
        "[{apiGroups: [''], resources: [pods, configmaps], verbs: [get, list, watch]}]",
        "[{apiGroups: [''], resources: [secrets], resourceNames: [tls], verbs: [get]}]",
        "[{apiGroups: [apps], resources: [secrets], verbs: [get]}]",
        "[{apiGroups: [''], resources: [pods/log], verbs: [get]}]",
        "[{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [view], verbs: [bind]}]",
        "[{nonResourceURLs: ['*'], verbs: ['*']}]",
        "[]",
    ] {
        assert_eq!(of_rules(rules), [] as [&str; 0], "{rules}");
    }
}

#[test]
fn a_binding_in_a_namespace_reaches_no_further() {
    let all = "[{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]";
    let yaml = role("ClusterRole", all) + &binding("RoleBinding", "kind: ClusterRole, name: r", ACCOUNT);
    let found = rights(&yaml);
    assert!(found.iter().any(|(id, at)| id == "read-secrets" && at == "ServiceAccount/shop/web"), "{found:?}");
    assert!(
        !found.iter().any(|(id, _)| id.contains("cluster-admin") || id.contains("everywhere") || id == "proxy-nodes")
    );
    let seen = scan(&yaml, Look::default());
    let holds = seen.edges().find(|e| matches!(e.link, Link::Holds { .. })).expect("the test wrote it");
    assert_eq!((name(&holds.from), name(&holds.to)), ("ServiceAccount/shop/web".into(), "Namespace/shop".into()));
}

#[test]
fn parts_of_kubernetes_are_no_findings_but_everybody_is() {
    let admin =
        |subject: &str| rights(&binding("ClusterRoleBinding", "kind: ClusterRole, name: cluster-admin", subject));
    assert_eq!(admin("{kind: Group, name: 'system:masters'}"), []);
    assert_eq!(admin("{kind: User, name: 'system:kube-controller-manager'}"), []);
    for everybody in ["system:anonymous", "system:authenticated", "system:serviceaccounts:shop"] {
        let kind = if everybody == "system:anonymous" { "User" } else { "Group" };
        let subject = format!("{{kind: {kind}, name: '{everybody}'}}");
        assert_eq!(admin(&subject), [("cluster-admin everywhere".into(), format!("{kind}/{everybody}"))]);
    }
    assert_eq!(admin("{kind: User, name: ann}").len(), 1);
}

#[test]
fn a_binding_whose_role_is_not_in_view_says_nothing_and_closes_nothing() {
    let yaml = binding("RoleBinding", "kind: Role, name: somewhere", ACCOUNT);
    assert_eq!(rights(&yaml), []);
    let speaks_of_rights = |yaml: &str| {
        let head = scan(yaml, Look::default()).head;
        head.parts.iter().filter(|part| part.classes.contains(Spoken::Rbac)).count()
    };
    assert_eq!(speaks_of_rights(&yaml), 0);
    let known = yaml + &role("Role", "[]").replace("name: r", "name: somewhere");
    assert_eq!(speaks_of_rights(&known), 1);
}

/// An account by its user's name is that account: a right of it is no part of Kubernetes.
#[test]
fn an_account_by_its_other_name_is_the_account() {
    let subject = "{kind: User, name: 'system:serviceaccount:shop:web'}";
    let yaml = binding("ClusterRoleBinding", "kind: ClusterRole, name: cluster-admin", subject);
    assert_eq!(rights(&yaml), [("cluster-admin everywhere".into(), "ServiceAccount/shop/web".into())]);
}

/// Who is in a group holds what the group holds; it is still one finding, of the group.
#[test]
fn the_workloads_of_a_group_run_as_it_too() {
    let pod = |namespace: &str, account: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p-{account}, namespace: {namespace}}}\nspec: {{serviceAccountName: {account}, containers: [{{name: c, image: i}}]}}\n"
        )
    };
    let pods = pod("shop", "web") + &pod("shop", "api") + &pod("lab", "bot");
    for (group, members) in [
        ("system:serviceaccounts:shop", vec!["Pod/shop/p-api", "Pod/shop/p-web"]),
        ("system:serviceaccounts", vec!["Pod/lab/p-bot", "Pod/shop/p-api", "Pod/shop/p-web"]),
        ("ann-and-friends", vec![]),
    ] {
        let subject = format!("{{kind: Group, name: '{group}'}}");
        let yaml = pods.clone() + &binding("ClusterRoleBinding", "kind: ClusterRole, name: cluster-admin", &subject);
        let seen = scan(&yaml, Look::default());
        let of_group = |e: &&assay_core::observation::Edge| e.to.name.reveal() == group;
        let runs: Vec<String> = seen.edges().filter(of_group).map(|e| name(&e.from)).collect();
        assert_eq!(runs, members, "{group}");
        let given = rights(&yaml).into_iter().filter(|(id, _)| id == "cluster-admin everywhere");
        assert_eq!(given.collect::<Vec<_>>(), [("cluster-admin everywhere".into(), format!("Group/{group}"))]);
    }
}
