//! Each control has a file of objects that pass and objects that fail it, by name.

use std::path::Path;

use assay_core::observation::{Flaw, PodSecurity, Severity, Subject, What};
use assay_sources::cluster::controls;

use super::{Look, gather, said, scan};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cluster/controls");

/// Rows that speak of a namespace, of the API server or of reports, tested where those are.
const ELSEWHERE: &[&str] = &["no-network-policy", "api-endpoint-public", "secret-in-clear"];

#[test]
fn every_control_fails_what_it_should_and_nothing_else() {
    for row in controls().iter().filter(|row| !ELSEWHERE.contains(&&*row.id)) {
        let yaml = std::fs::read_to_string(Path::new(FIXTURES).join(format!("{}.yaml", row.id)))
            .expect("each control has its file");
        let gathered = gather(&yaml);
        assert_eq!(gathered.skipped().count(), 0, "{}", row.id);
        let seen = scan(&yaml, Look::default());
        let failing: Vec<String> = seen
            .claims()
            .filter(|claim| claim.rule.reveal() == &*row.id)
            .map(|claim| match &claim.subject {
                Subject::Object { at, .. } => at.name.reveal().to_owned(),
                _ => unreachable!("a scan speaks of objects"),
            })
            .collect();
        let pods: Vec<&str> = gathered.objects.iter().filter(|o| &*o.kind == "Pod").map(|o| &*o.name).collect();
        let should: Vec<&str> = pods.iter().copied().filter(|name| name.starts_with("fail-")).collect();
        assert!(!should.is_empty() && pods.iter().any(|name| name.starts_with("pass-")), "{}: both ways", row.id);
        assert_eq!(failing, should, "{}", row.id);
    }
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
