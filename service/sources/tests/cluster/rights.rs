//! Who may do what that is dangerous.

use std::collections::BTreeSet;

use assay_core::observation::{Capability, Edge, Link};
use assay_core::scope::Spoken;

use super::{Look, Seen, name, said, scan};

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
    seen.rights().map(said).collect()
}

fn of_rules(rules: &str) -> Vec<String> {
    let yaml = role("ClusterRole", rules) + &binding("ClusterRoleBinding", "kind: ClusterRole, name: r", ACCOUNT);
    rights(&yaml).into_iter().map(|(id, _)| id).collect()
}

/// A rule on a group, resources and verbs, and all rights that it gives.
const RULES: &[(&str, &str, &str, &[&str])] = &[
    ("''", "secrets", "get", &["read-secrets"]),
    ("''", "secrets", "list", &["list-secrets"]),
    ("''", "secrets", "watch", &["list-secrets"]),
    ("''", "secrets", "create", &["write-secrets"]),
    ("''", "pods", "create", &["create-pods"]),
    ("''", "pods", "patch", &["change-pods"]),
    ("''", "pods", "delete", &["delete-pods"]),
    ("''", "pods/eviction", "create", &["delete-pods"]),
    ("apps", "deployments", "patch", &["create-workloads"]),
    ("batch", "'*'", "create", &["create-workloads"]),
    ("''", "replicationcontrollers", "create", &["create-workloads"]),
    ("''", "pods/exec", "create", &["exec-pods"]),
    ("''", "'*/exec'", "'*'", &["exec-pods"]),
    ("''", "pods/attach", "get", &["attach-pods"]),
    ("''", "pods/portforward", "create", &["forward-ports"]),
    ("''", "pods/ephemeralcontainers", "patch", &["debug-pods"]),
    ("''", "nodes", "patch", &["change-nodes"]),
    ("''", "nodes/status", "update", &["change-nodes"]),
    ("''", "nodes/proxy", "get", &["proxy-nodes"]),
    ("''", "services/proxy", "get", &["proxy-pods"]),
    ("''", "persistentvolumes", "create", &["create-volumes"]),
    ("''", "serviceaccounts", "patch", &["change-accounts"]),
    ("''", "serviceaccounts/token", "create", &["request-tokens"]),
    ("rbac.authorization.k8s.io", "roles", "escalate", &["escalate"]),
    ("rbac.authorization.k8s.io", "clusterroles", "bind", &["bind"]),
    ("rbac.authorization.k8s.io", "roles", "update", &["write-roles"]),
    ("rbac.authorization.k8s.io", "rolebindings", "create", &["write-bindings"]),
    ("''", "users", "impersonate", &["impersonate"]),
    ("''", "groups", "impersonate", &["impersonate-groups"]),
    ("''", "serviceaccounts", "impersonate", &["impersonate-accounts"]),
    ("authentication.k8s.io", "userextras/scopes", "impersonate", &["impersonate-uids"]),
    ("certificates.k8s.io", "certificatesigningrequests/approval", "update", &["approve-certificates"]),
    ("certificates.k8s.io", "signers", "approve", &["use-signers"]),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "patch", &["change-admission"]),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations", "patch", &["change-validation"]),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies", "update", &["change-admission-policies"]),
    ("''", "configmaps", "update", &["write-system-config"]),
    ("''", "endpoints", "create", &["write-endpoints"]),
    ("discovery.k8s.io", "endpointslices", "patch", &["write-endpoints"]),
    ("''", "services", "update", &["change-services"]),
    ("networking.k8s.io", "ingresses", "create", &["change-routes"]),
    ("gateway.networking.k8s.io", "httproutes", "create", &["change-routes"]),
    ("networking.k8s.io", "networkpolicies", "delete", &["change-network-policies"]),
    ("events.k8s.io", "events", "deletecollection", &["delete-events"]),
    ("apiextensions.k8s.io", "customresourcedefinitions", "delete", &["change-definitions"]),
    ("apiregistration.k8s.io", "apiservices", "create", &["change-api-services"]),
    ("''", "namespaces", "patch", &["label-namespaces"]),
    ("'*'", "widgets", "'*'", &["hold-wildcards"]),
    ("''", "'*'", "proxy-of-old", &["hold-wildcards"]),
    ("'*'", "'*'", "'*'", &["cluster-admin"]),
    ("'*'", "'*'", "delete, get, list, watch, create, patch, update", &["cluster-admin"]),
    ("''", "pods, configmaps", "get, list, watch", &[]),
    ("apps", "secrets", "get", &[]),
    ("''", "pods/log", "get", &[]),
    // No such form: only `*` and `*/sub` are wildcards of resources.
    ("''", "pods/*", "create", &[]),
    ("widgets.example", "'*'", "'*'", &[]),
];

#[test]
fn each_dangerous_right_is_found_and_the_harmless_are_not() {
    for (group, resources, verbs, want) in RULES {
        let rules = format!("[{{apiGroups: [{group}], resources: [{resources}], verbs: [{verbs}]}}]");
        let mut found = of_rules(&rules);
        found.sort_unstable();
        assert_eq!(found, want.iter().map(|w| format!("{w} everywhere")).collect::<Vec<_>>(), "{rules}");
    }
    let all: BTreeSet<&str> = RULES.iter().flat_map(|(.., want)| want.iter().copied()).collect();
    assert!(Capability::ALL.len() - all.len() <= 2, "all but those of a namespace and of paths");
}

#[test]
fn paths_that_are_no_resources_hold_in_the_whole_cluster_only() {
    let rules = "[{nonResourceURLs: ['/debug/*'], verbs: [get]}]";
    assert_eq!(of_rules(rules), ["read-server-internals everywhere"]);
    assert_eq!(of_rules("[{nonResourceURLs: ['/metrics', '/healthz'], verbs: [get]}]"), [] as [&str; 0]);
    let yaml = role("ClusterRole", rules) + &binding("RoleBinding", "kind: ClusterRole, name: r", ACCOUNT);
    assert_eq!(rights(&yaml), []);
}

/// What a rule limits to names is no finding where it is harmless, and can be followed to these objects everywhere.
#[test]
fn a_right_is_limited_to_the_names_of_its_rule() {
    let rule = |resource: &str, names: &str, verb: &str| {
        let (group, resource) = resource.split_once(':').unwrap_or(("''", resource));
        format!("[{{apiGroups: [{group}], resources: [{resource}], resourceNames: [{names}], verbs: [{verb}]}}]")
    };
    for (rules, claims, holds) in [
        (rule("secrets", "tls, db", "get"), vec![], vec!["read-secrets db tls"]),
        (rule("pods/exec", "web-0", "create"), vec!["exec-pods everywhere"], vec!["exec-pods web-0"]),
        (rule("rbac.authorization.k8s.io:clusterroles", "view", "bind"), vec![], vec!["bind view"]),
        (
            rule("rbac.authorization.k8s.io:clusterroles", "cluster-admin", "bind"),
            vec!["bind everywhere"],
            vec!["bind cluster-admin"],
        ),
        // A new object has no name yet, and a collection none at all.
        (rule("pods", "web-0", "'create', deletecollection"), vec![], vec![]),
        (rule("secrets", "tls", "'*'"), vec![], vec!["list-secrets tls", "read-secrets tls", "write-secrets tls"]),
    ] {
        let yaml = role("ClusterRole", &rules) + &binding("ClusterRoleBinding", "kind: ClusterRole, name: r", ACCOUNT);
        assert_eq!(of_rules(&rules), claims, "{rules}");
        assert_eq!(held(&yaml), holds, "{rules}");
    }
    let yaml = role("ClusterRole", &rule("pods/exec", "web-0", "create"))
        + &binding("ClusterRoleBinding", "kind: ClusterRole, name: r", ACCOUNT);
    let seen = scan(&yaml, Look::default());
    let text = seen.rights().next().expect("the test wrote it").text.clone();
    assert!(text.reveal().contains("of ClusterRole/r, only for web-0"), "{text:?}");
}

/// The rights on edges, each with its names.
fn held(yaml: &str) -> Vec<String> {
    let seen = scan(yaml, Look::default());
    let mut found: Vec<String> = seen
        .edges()
        .filter_map(|edge| match &edge.link {
            Link::Holds { capability, names, .. } => {
                let names = names.iter().map(|n| format!(" {}", n.reveal()));
                Some(format!("{capability}{}", names.collect::<String>()))
            }
            _ => None,
        })
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn a_binding_in_a_namespace_reaches_no_further() {
    let all = "[{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]";
    let yaml = role("ClusterRole", all) + &binding("RoleBinding", "kind: ClusterRole, name: r", ACCOUNT);
    assert_eq!(rights(&yaml), [("namespace-admin".into(), "ServiceAccount/shop/web".into())]);
    let seen = scan(&yaml, Look::default());
    let holds = seen.edges().find(|e| matches!(e.link, Link::Holds { .. })).expect("the test wrote it");
    assert_eq!((name(&holds.from), name(&holds.to)), ("ServiceAccount/shop/web".into(), "Namespace/shop".into()));
    let of_cluster =
        "[{apiGroups: [''], resources: [nodes/proxy, persistentvolumes, secrets, configmaps], verbs: [get, create]}]";
    let yaml = role("ClusterRole", of_cluster) + &binding("RoleBinding", "kind: ClusterRole, name: r", ACCOUNT);
    assert_eq!(held(&yaml), ["read-secrets", "write-secrets"]);
    let system = yaml.replace("namespace: shop}\nroleRef", "namespace: kube-system}\nroleRef");
    assert_eq!(held(&system), ["read-secrets", "write-secrets", "write-system-config"]);
}

#[test]
fn parts_of_kubernetes_are_no_findings_but_everybody_is() {
    let admin =
        |subject: &str| rights(&binding("ClusterRoleBinding", "kind: ClusterRole, name: cluster-admin", subject));
    let masters = binding(
        "ClusterRoleBinding",
        "kind: ClusterRole, name: cluster-admin",
        "{kind: Group, name: 'system:masters'}",
    );
    assert_eq!((rights(&masters), held(&masters)), (vec![], vec!["cluster-admin".to_owned()]), "known, and no finding");
    assert_eq!(admin("{kind: User, name: 'system:kube-controller-manager'}"), []);
    for everybody in ["system:anonymous", "system:authenticated", "system:serviceaccounts:shop"] {
        let kind = if everybody == "system:anonymous" { "User" } else { "Group" };
        let subject = format!("{{kind: {kind}, name: '{everybody}'}}");
        assert_eq!(admin(&subject), [("cluster-admin everywhere".into(), format!("{kind}/{everybody}"))]);
    }
    assert_eq!(admin("{kind: User, name: ann}").len(), 1);
}

#[test]
fn a_binding_whose_role_is_not_in_view_is_unknown_and_closes_nothing() {
    let yaml = binding("RoleBinding", "kind: Role, name: somewhere", ACCOUNT);
    let seen = scan(&yaml, Look::default());
    assert_eq!((seen.rights().count(), speaks_of_rights(&seen)), (0, 0));
    assert_eq!(doubts(&seen), ["role_not_in_view of Role/somewhere"]);
    let known = yaml + &role("Role", "[]").replace("name: r", "name: somewhere");
    let seen = scan(&known, Look::default());
    assert_eq!((speaks_of_rights(&seen), doubts(&seen).len()), (1, 0));
}

/// How many scopes a scan speaks of rights for.
fn speaks_of_rights(seen: &Seen) -> usize {
    seen.head.parts.iter().filter(|part| part.classes.contains(Spoken::Rbac)).count()
}

fn doubts(seen: &Seen) -> Vec<String> {
    let because = |edge: &Edge| match &edge.link {
        Link::MayHold { role, because, .. } => Some(format!("{because} of {}", role.reveal())),
        _ => None,
    };
    seen.edges().filter_map(because).collect()
}

const LEAF: &str = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: leaf, labels: {to: sum, rbac.authorization.k8s.io/aggregate-to-view: 'true'}}\nrules: [{apiGroups: [''], resources: [pods/exec], verbs: [create]}]\n";

#[test]
fn a_role_that_adds_up_others_gives_what_they_give() {
    let sum = role("ClusterRole", "[]") + "aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: sum}}]}\n";
    let yaml = LEAF.to_owned() + &sum + &binding("RoleBinding", "kind: ClusterRole, name: r", ACCOUNT);
    let in_part = scan(&yaml, Look::default());
    assert_eq!(in_part.rights().map(said).map(|(id, _)| id).collect::<Vec<_>>(), ["exec-pods"]);
    assert_eq!(doubts(&in_part), ["roles_not_all_in_view of ClusterRole/r"]);
    assert!(
        in_part.head.parts.iter().filter(|part| part.classes.contains(Spoken::Rbac)).all(|part| !part.complete),
        "other roles may add to it"
    );
    let whole = scan(&yaml, Look { complete: true, ..Look::default() });
    assert_eq!((whole.rights().count(), doubts(&whole).len()), (1, 0));
}

/// The user-facing roles add up roles by their labels, in view or not.
#[test]
fn a_label_adds_to_the_built_in_roles() {
    let view = binding("RoleBinding", "kind: ClusterRole, name: view", ACCOUNT);
    assert_eq!(held(&view), [] as [&str; 0]);
    assert_eq!(held(&(LEAF.to_owned() + &view)), ["exec-pods"]);
    let edit = held(&binding("RoleBinding", "kind: ClusterRole, name: edit", ACCOUNT));
    assert!(edit.contains(&"impersonate-accounts".to_owned()) && !edit.contains(&"write-roles".to_owned()), "{edit:?}");
}

/// What cannot be held whole is skipped by its name, and whoever is bound to it may hold anything.
#[test]
fn a_role_of_a_hundred_thousand_rules_is_refused_and_leaves_a_doubt() {
    let rules = "- {apiGroups: [''], resources: [secrets], verbs: [get]}\n".repeat(100_000);
    let yaml = role("ClusterRole", "").replace("rules: \n", &format!("rules:\n{rules}"))
        + &binding("ClusterRoleBinding", "kind: ClusterRole, name: r", ACCOUNT);
    let seen = scan(&yaml, Look::default());
    assert_eq!((seen.head.skipped.len(), seen.rights().count()), (1, 0));
    assert_eq!(doubts(&seen), ["role_not_in_view of ClusterRole/r"]);
}

/// Names that a terminal or a page would obey are written down as what they are.
#[test]
fn names_with_escapes_pass_the_door() {
    let rules =
        r#"[{apiGroups: [''], resources: [pods/exec], verbs: [create], resourceNames: ["\e[31mred\nline\u202E"]}]"#;
    let hostile = r#"{kind: User, name: "ann\e[2J\r\nroot"}"#;
    let yaml = role("ClusterRole", rules) + &binding("ClusterRoleBinding", "kind: ClusterRole, name: r", hostile);
    let seen = scan(&yaml, Look::default());
    let holds = seen.edges().find(|e| matches!(e.link, Link::Holds { .. })).expect("the test wrote it");
    let Link::Holds { names, .. } = &holds.link else { return };
    for text in
        [names[0].reveal(), holds.from.name.reveal(), seen.rights().next().expect("the test wrote it").text.reveal()]
    {
        assert!(!text.chars().any(|c| c == '\u{1b}' || c == '\r' || c == '\u{202E}'), "{text:?}");
    }
}

/// Ten thousand subjects of one binding cost ten thousand times what one costs, and a group is told once.
#[test]
fn subjects_and_groups_cost_what_they_are() {
    let many: Vec<String> =
        (0..10_000).map(|i| format!("{{kind: ServiceAccount, name: a{i}, namespace: shop}}")).collect();
    let rules = role("ClusterRole", "[{apiGroups: [''], resources: [secrets], verbs: [get]}]");
    let yaml = rules.clone() + &binding("ClusterRoleBinding", "kind: ClusterRole, name: r", &many.join(", "));
    let seen = scan(&yaml, Look::default());
    assert_eq!((seen.rights().count(), seen.edges().count()), (10_000, 10_000));
    let twice = many[..5].join(", ") + ", " + &many[..5].join(", ");
    let yaml = rules.clone() + &binding("ClusterRoleBinding", "kind: ClusterRole, name: r", &twice);
    assert_eq!(scan(&yaml, Look::default()).rights().count(), 5, "the same one again is nobody new");

    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {containers: [{name: c, image: i}]}\n";
    let group = "{kind: Group, name: 'system:serviceaccounts:shop'}";
    let bound = |i: usize| {
        binding("ClusterRoleBinding", "kind: ClusterRole, name: r", group).replace("name: b", &format!("name: b{i}"))
    };
    let yaml = rules + pod + &(0..100).map(bound).collect::<String>();
    let seen = scan(&yaml, Look::default());
    let to_group = |e: &&Edge| matches!(e.link, Link::RunsAs { .. }) && e.to.name.reveal().starts_with("system:");
    let claimed = seen.rights().count();
    assert_eq!((seen.edges().filter(to_group).count(), claimed), (1, 100));
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
