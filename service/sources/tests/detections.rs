//! Signs in audit logs against what the tests of other projects' rules say, where the folder of samples is at hand: its path
//! in ASSAY_SAMPLES. A label speaks of its own rule only: it counts as found where one of the signals that mean the same is
//! given. Labels that we judge wrong, or that no event can answer, are in `detections.csv` with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::Path;

use assay_core::ids::Time;
use assay_core::observation::{Flaw, Observation};
use assay_core::text::Opaque;
use assay_sources::door::SecretDoor;
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, How, ReadError, read};
use assay_sources::sniff::Format;

const DISPUTED: &str = include_str!("detections.csv");

/// The signals that mean the same as a rule of others. A rule that is not here has none.
const MEANS: &[(&str, &[&str])] = &[
    ("crowdsecurity/k8s-audit-pod-exec", &["exec-into-pod"]),
    ("Anonymous Request Allowed", &["api-server-anonymous"]),
    ("Attach/Exec Pod", &["exec-into-pod"]),
    ("ClusterRole With Wildcard Created", &["powerful-role-made"]),
    ("ClusterRole With Write Privileges Created", &["powerful-role-made", "writing-role-made"]),
    ("K8s Role/Clusterrolebinding Created", &["binding-made", "cluster-admin-granted"]),
    ("Create/Modify Configmap With Private Credentials", &["credentials-in-configmap"]),
    ("Create Privileged Pod", &["privileged-pod-created"]),
    ("Create Sensitive Mount Pod", &["sensitive-mount-pod"]),
    ("Pod Created in Kube Namespace", &["workload-in-system-namespace"]),
    ("Service Account Created in Kube Namespace", &["account-in-system-namespace"]),
    ("System ClusterRole Modified/Deleted", &["system-role-changed"]),
    ("K8s Namespace Deleted", &["namespace-deleted"]),
    ("Amazon.EKS.AnonymousAPIAccess", &["api-server-anonymous", "api-server-scanned"]),
    ("Kubernetes.API.AnonymousAccess", &["api-server-anonymous", "api-server-scanned"]),
    ("Kubernetes.ClusterRoleBinding.Privileged", &["cluster-admin-granted"]),
    ("Kubernetes.DaemonSet.Created", &["daemonset-made", "workload-in-system-namespace"]),
    ("Kubernetes.Pod.Exec", &["exec-into-pod"]),
    ("Kubernetes.API.Multiple403.PublicIP", &["refused-from-outside", "api-probing", "api-server-scanned"]),
    ("Kubernetes.Pod.Dangerous.Capabilities", &["capability-pod"]),
    ("Kubernetes.Pod.Host.Network", &["host-namespace-pod"]),
    ("Kubernetes.Pod.Host.PID", &["host-namespace-pod"]),
    ("Kubernetes.Pod.Privileged.Created", &["privileged-pod-created"]),
    ("Kubernetes.Role.PodExec", &["powerful-role-made"]),
    ("Kubernetes.Role.WritePermissions", &["powerful-role-made", "writing-role-made"]),
    ("Kubernetes.BulkSecretAccess", &["secret-sweep"]),
    ("Kubernetes.Secrets.DumpAllNamespaces", &["secret-sweep"]),
    ("Kubernetes.ServiceAccount.TokenCreated", &["token-for-another"]),
    ("Kubernetes.System.Principal.PublicIP", &["system-identity-from-outside"]),
    ("Amazon.EKS.Audit.SystemNamespaceFromPublicIP", &["system-identity-from-outside"]),
];

/// The rules that a label speaks of; none where it only says that nothing is to be found.
fn rules(issue: &serde_json::Value) -> Vec<String> {
    match issue {
        serde_json::Value::String(text) if text.contains('.') || text.contains('/') => {
            vec![text.split(" (").next().unwrap_or_default().to_owned()]
        }
        serde_json::Value::Array(list) => {
            list.iter().filter_map(serde_json::Value::as_object).flat_map(|rule| rule.keys().cloned()).collect()
        }
        _ => Vec::new(),
    }
}

/// The signals in the event, or file, of a label.
fn signals(folder: &Path, label: &serde_json::Value) -> BTreeSet<String> {
    let file = folder.join(label["file"].as_str().expect("a label names its file"));
    let text = std::fs::read_to_string(file).expect("the file is there");
    let line = label["line"].as_u64().map(|n| text.lines().nth(n as usize - 1).expect("it has that line").to_owned());
    let (door, limits, cluster) = (SecretDoor::new([7; 32]), ReadLimits::default(), Opaque::readmit("samples"));
    let received_at = Time::from_secs(1_790_000_000);
    let how = How { limits: &limits, door: &door, cluster: &cluster, source: None, received_at };
    let mut found = BTreeSet::new();
    let mut take = |record: assay_core::observation::Record| {
        for observation in record.yields {
            if let Observation::Claim(claim) = observation
                && let Flaw::Signal { signal, .. } = &claim.flaw
            {
                found.insert(signal.0.reveal().to_owned());
            }
        }
        Flow::More
    };
    let text = line.unwrap_or(text);
    match read(Format::AuditJsonl, &mut Cursor::new(text), &how, &mut take) {
        // Some negatives are no calls of Kubernetes at all.
        Ok(_) | Err(ReadError::Unknown { .. }) => found,
        Err(error) => unreachable!("{}: {error}", label["id"]),
    }
}

#[test]
fn signs_in_audit_logs_are_those_that_the_rules_of_others_find() {
    let Some(folder) = std::env::var_os("ASSAY_SAMPLES").map(std::path::PathBuf::from) else {
        eprintln!("ASSAY_SAMPLES is not set: nothing was looked at");
        return;
    };
    let disputed: BTreeMap<&str, &str> = DISPUTED.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
    let labels = std::fs::read_to_string(folder.join("labels.jsonl")).expect("the samples have labels");
    // Of all labels, and of those that nobody disputes: how many there are, and how many have a signal.
    let mut counts = [[(0, 0); 2]; 2];
    let (mut wrong, mut idle) = (Vec::new(), Vec::new());
    for line in labels.lines() {
        let label: serde_json::Value = serde_json::from_str(line).expect("a label is JSON");
        if label["type"] != "audit-detection" {
            continue;
        }
        let id = label["id"].as_str().expect("a label has an id");
        let found = signals(&folder, &label);
        let rules = rules(&label["issue"]);
        let meant: Vec<&str> =
            MEANS.iter().filter(|(rule, _)| rules.iter().any(|r| r == rule)).flat_map(|(_, s)| *s).copied().collect();
        let positive = label["expect"] == "detect";
        // A negative without a rule is to give nothing at all.
        let hit = if rules.is_empty() { !found.is_empty() } else { meant.iter().any(|signal| found.contains(*signal)) };
        let scopes: &[usize] = if disputed.contains_key(id) { &[0] } else { &[0, 1] };
        for scope in scopes {
            let count = &mut counts[*scope][usize::from(positive)];
            *count = (count.0 + 1, count.1 + usize::from(hit));
        }
        match (hit == positive, disputed.contains_key(id)) {
            (true, true) => idle.push(id.to_owned()),
            (false, false) => wrong.push(format!("{id} {rules:?} {}: {found:?}", label["expect"])),
            _ => {}
        }
    }
    let share = |(all, hits): (usize, usize)| hits as f64 / (all as f64).max(1.0);
    for (scope, [negatives, positives]) in ["all labels", "without those disputed"].into_iter().zip(counts) {
        eprintln!(
            "{scope}: {} of {} positives, {} of {} negatives",
            positives.1, positives.0, negatives.1, negatives.0
        );
    }
    let [_, [negatives, positives]] = counts;
    assert!(positives.0 >= 60 && negatives.0 >= 75, "{counts:?}");
    assert!(share(positives) >= 0.95 && share(negatives) <= 0.02, "{wrong:#?}");
    assert!(idle.is_empty(), "these are disputed and right: {idle:?}");
}

#[test]
fn every_dispute_has_its_reason_and_every_rule_its_signals() {
    let mut ids = BTreeSet::new();
    for line in DISPUTED.lines().skip(1) {
        let (id, why) = line.split_once(',').expect("an id and a reason");
        assert!(ids.insert(id) && why.split_whitespace().count() >= 6, "{line}");
    }
    for (rule, signals) in MEANS {
        assert!(signals.iter().all(|id| assay_sources::signals::signal(id).is_some()), "{rule}");
    }
}
