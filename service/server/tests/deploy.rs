//! The manifests under `deploy/`, looked at as anybody's: the service fails no control, the agent those that its work asks
//! for and no other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;
use std::path::Path;

use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::live::rights_used;
use assay_sources::cluster::manifests;
use assay_sources::cluster::model::Body;
use assay_sources::door::SecretDoor;
use serde_json::Value;

fn assay(data: &Path, args: &[&str]) -> Value {
    let mut command = assert_cmd::Command::cargo_bin("assay").unwrap();
    command.env_remove("ASSAY_DATA").env_remove("ASSAY_CONFIG").arg("--data").arg(data).args(args);
    let output = command.args(["-o", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn our_own_manifests_fail_only_what_the_agent_is_for() {
    let data = tempfile::tempdir().unwrap();
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    assay(data.path(), &["scan", "--manifests", deploy.to_str().unwrap()]);
    let findings = assay(data.path(), &["findings"]);
    let failed: BTreeSet<(&str, &str)> = findings["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["asset"]["name"].as_str().unwrap(), f["control"]["id"].as_str().unwrap()))
        .collect();
    // A profile that is named keeps a pod off nodes without AppArmor, where the runtime's own is missing too.
    let everywhere = ["assay", "assay-agent"].map(|name| (name, "no-apparmor-profile"));
    let needs = [
        "low-group-id",
        "low-user-id",
        "no-liveness-probe",
        "no-readiness-probe",
        "pod-security-privileged",
        "pss-capabilities-baseline",
        "pss-host-namespaces",
        "pss-host-path-volumes",
        "pss-run-as-non-root",
        "pss-run-as-user",
        "pss-seccomp-baseline",
        "run-as-root-group",
        "scheduled-on-control-plane",
        "sensitive-host-path",
    ];
    assert_eq!(failed, needs.into_iter().map(|id| ("assay-agent", id)).chain(everywhere).collect());
}

#[test]
fn the_role_of_the_watch_grants_what_is_used_and_operations_tells_what_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let home =
        manifests::read(&root.join("deploy/watch.yaml"), &ScanLimits::default(), &SecretDoor::new([0; 32])).unwrap();
    let mut granted = BTreeSet::new();
    for object in &home.objects {
        let Body::Role(role) = &object.body else { continue };
        for rule in &role.rules {
            for (group, resource) in rule.api_groups.iter().flat_map(|g| rule.resources.iter().map(move |r| (g, r))) {
                granted
                    .extend(rule.verbs.iter().map(|verb| (group.to_string(), resource.to_string(), verb.to_string())));
            }
        }
    }
    let used =
        || rights_used().map(|(group, resource, verb, _)| (group.to_owned(), resource.to_owned(), verb.to_owned()));
    assert_eq!(granted, used().collect::<BTreeSet<_>>());
    let page = std::fs::read_to_string(root.join("docs/OPERATIONS.md")).unwrap();
    for (_, resource, _, feature) in rights_used() {
        let row = page.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{resource}`")));
        assert!(row.is_some_and(|row| row.contains(feature)), "{resource}: {feature}");
    }
}
