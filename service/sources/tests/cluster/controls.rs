//! Each control has a file of objects that pass and objects that fail it, by name.

use std::collections::BTreeSet;
use std::path::Path;

use assay_core::observation::{Flaw, PodSecurity, Severity, Subject, What};
use assay_sources::cluster::controls;

use super::{Look, gather, said, scan};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cluster/controls");

/// Rows that speak of a namespace with what the Internet reaches, of the cluster, of the API server or of reports, tested
/// where those are; and of an account that has one name only.
const ELSEWHERE: &[&str] =
    &["no-network-policy", "no-admission-rule", "api-endpoint-public", "secret-in-clear", "default-account-automounts"];

/// The objects of a fixture that should fail and those that should pass say so in their names; the others stand around
/// them. A first line `# complete` says that they are all there is.
#[test]
fn every_control_fails_what_it_should_and_nothing_else() {
    let mut wrong = Vec::new();
    for row in controls().iter().filter(|row| !ELSEWHERE.contains(&&*row.id)) {
        let yaml = std::fs::read_to_string(Path::new(FIXTURES).join(format!("{}.yaml", row.id)))
            .expect("each control has its file");
        let gathered = gather(&yaml);
        assert_eq!(gathered.skipped().count(), 0, "{}: {:?}", row.id, gathered.skipped().next());
        let seen = scan(&yaml, Look { complete: yaml.starts_with("# complete"), ..Look::default() });
        let failing: BTreeSet<String> = seen
            .claims()
            .filter(|claim| claim.rule.reveal() == &*row.id)
            .map(|claim| match &claim.subject {
                Subject::Object { at, .. } => at.name.reveal().to_owned(),
                _ => unreachable!("a scan speaks of objects"),
            })
            .collect();
        let names: BTreeSet<&str> = gathered.objects.iter().map(|o| &*o.name).collect();
        let should: BTreeSet<String> =
            names.iter().copied().filter(|name| name.starts_with("fail-")).map(str::to_owned).collect();
        let both = !should.is_empty() && names.iter().any(|name| name.starts_with("pass-"));
        if failing != should || !both {
            wrong.push(format!("{}: {failing:?} instead of {should:?}", row.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_default_account_of_a_namespace_is_told_by_its_namespace() {
    let yaml = std::fs::read_to_string(Path::new(FIXTURES).join("default-account-automounts.yaml"))
        .expect("each control has its file");
    let seen = scan(&yaml, Look::default());
    let failing: Vec<_> = seen.claims().map(said).filter(|(id, _)| id == "default-account-automounts").collect();
    assert_eq!(failing, [("default-account-automounts".into(), "ServiceAccount/open/default".into())]);
}

#[test]
fn a_cluster_that_refuses_nothing_is_known_only_where_everything_was_seen() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: c, image: i}]}\n";
    let level = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}\n";
    let complete = Look { complete: true, ..Look::default() };
    let of = |yaml: &str, look: Look| {
        let seen = scan(yaml, look);
        let fails = seen.claims().any(|c| c.rule.reveal() == "no-admission-rule");
        let open = seen
            .facts()
            .any(|f| matches!(&f.what, What::Outcome { control, .. } if control.0.reveal() == "no-admission-rule"));
        (fails, open)
    };
    assert_eq!(of(pod, complete), (true, false));
    assert_eq!(of(&format!("{pod}{level}"), complete), (false, false));
    assert_eq!(of(pod, Look::default()), (false, true));
}

/// Housekeeping stands below every risk, and what the table said of the first rows still holds.
#[test]
fn what_gives_nothing_has_a_low_severity() {
    let yaml = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {hostPID: true, containers: [{name: c, image: 'i:latest'}]}\n";
    let seen = scan(yaml, Look::default());
    let of = |id: &str| seen.claims().find(|c| c.rule.reveal() == id).map(|c| c.severity);
    assert_eq!(of("no-cpu-limit"), Some(Severity::Low));
    assert_eq!(of("pss-host-namespaces"), Some(Severity::High));
    assert_eq!(of("image-tag-mutable"), Some(Severity::Medium));
    assert_eq!(of("pss-run-as-non-root"), Some(Severity::Low));
}

#[test]
fn one_container_that_fails_one_control_is_one_claim_with_its_place() {
    let seen = scan(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n    spec:\n      \
         containers:\n      - name: web\n        image: shop/web:1.0\n        ports:\n        - containerPort: 80\n          hostPort: 80\n        \
         - containerPort: 81\n          hostPort: 81\n",
        Look::default(),
    );
    let claims: Vec<_> = seen.claims().filter(|c| c.rule.reveal() == "pss-host-ports").collect();
    assert_eq!(claims.len(), 1);
    assert_eq!(said(claims[0]), ("pss-host-ports".into(), "Deployment/shop/web web".into()));
    assert_eq!(claims[0].text.reveal(), "spec.template.spec.containers[0].ports[0].hostPort: 80, 81 (shop.yaml:12)");
    assert_eq!(claims[0].severity, Severity::Medium);
}

#[test]
fn the_level_is_the_strictest_that_is_met() {
    let level = |spec: &str| {
        let yaml = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {spec}\n");
        let seen = scan(&yaml, Look::default());
        seen.facts()
            .find_map(|f| if let What::PodSecurity(level) = f.what { Some(level) } else { None })
            .expect("the test wrote it")
    };
    assert_eq!(level("{containers: [{name: c, image: i}], hostPID: true}"), PodSecurity::Privileged);
    assert_eq!(level("{containers: [{name: c, image: i}]}"), PodSecurity::Baseline);
    let hard = "{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: i, \
                securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}";
    assert_eq!(level(hard), PodSecurity::Restricted);
}

#[test]
fn what_the_standard_allows_depends_on_its_version() {
    let fails = |id: &str, version: &str| {
        let yaml =
            std::fs::read_to_string(Path::new(FIXTURES).join(format!("{id}.yaml"))).expect("each control has its file");
        let look = Look { version: version.parse().expect("the test wrote it"), ..Look::default() };
        scan(&yaml, look).claims().filter(|c| c.rule.reveal() == id).count()
    };
    assert_eq!((fails("pss-host-probes", "v1.33"), fails("pss-host-probes", "v1.34")), (0, 2));
    assert_eq!((fails("pss-sysctls", "v1.31"), fails("pss-sysctls", "v1.32")), (2, 1));
    assert_eq!((fails("pss-proc-mount", "v1.34"), fails("pss-proc-mount", "v1.35")), (2, 1));
    assert_eq!((fails("pss-selinux", "v1.30"), fails("pss-selinux", "v1.31")), (4, 3));
    assert_eq!((fails("pss-privilege-escalation", "v1.24"), fails("pss-privilege-escalation", "v1.25")), (3, 2));
}

#[test]
fn a_secret_in_the_environment_is_named_and_never_shown() {
    let yaml = std::fs::read_to_string(Path::new(FIXTURES).join("secret-in-env.yaml")).expect("the test wrote it");
    let seen = scan(&yaml, Look::default());
    let claim = seen.claims().find(|c| matches!(c.flaw, Flaw::Secret { .. })).expect("the test wrote it");
    assert_eq!(said(claim).0, "secret-in-env DB_PASSWORD");
    let everything = format!("{:?}{:?}{:?}", seen.records, seen.head, gather(&yaml).objects);
    assert!(!everything.contains("correct-horse") && everything.contains("[secret:"));
}

#[test]
fn a_secret_in_words_in_data_and_in_an_annotation_is_named_and_never_shown() {
    for (id, what) in [
        ("secret-in-args", "secret-in-args db-password"),
        ("secret-in-config-map", "secret-in-config-map db_password"),
        ("secret-in-annotation", "note"),
    ] {
        let yaml = std::fs::read_to_string(Path::new(FIXTURES).join(format!("{id}.yaml"))).expect("the test wrote it");
        let seen = scan(&yaml, Look::default());
        let claim = seen.claims().find(|c| c.rule.reveal() == id).expect("the test wrote it");
        assert!(said(claim).0.ends_with(what), "{:?}", said(claim));
        let everything = format!("{:?}{:?}{:?}", seen.records, seen.head, gather(&yaml).objects);
        assert!(!everything.contains("battery") && everything.contains("[secret:"), "{id}");
    }
}
