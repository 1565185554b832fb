//! What the API server writes down and what it encrypts, by its files. Source: CIS Kubernetes Benchmark 3.2 and 1.2;
//! Kubernetes documentation, "Auditing" and "Encrypting Confidential Data at Rest".

use super::Condition;
use super::case::{ObjectCase, Verdict, of_object};
use crate::cluster::model::{AuditResources, AuditRule, Body};

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("audit-logs-nothing", Condition::Object(logs_nothing)),
    ("audit-logs-secret-values", Condition::Object(logs_secret_values)),
    ("encryption-in-clear", Condition::Object(in_clear)),
];

fn logs_nothing(case: &ObjectCase<'_>) -> Verdict {
    let Body::AuditPolicy(policy) = &case.object.body else { return Verdict::NotApplicable };
    let silent = policy.rules.iter().all(|rule| &*rule.level == "None");
    Verdict::fail_if(silent.then(|| of_object("rules", "no rule that logs")))
}

/// A body of a Secret in the log is the secret in the log. Rules are tried in order: what an earlier one takes, a later
/// one does not see.
fn logs_secret_values(case: &ObjectCase<'_>) -> Verdict {
    let Body::AuditPolicy(policy) = &case.object.body else { return Verdict::NotApplicable };
    let first = policy.rules.iter().enumerate().find(|(_, rule)| takes_secrets(rule));
    let bad = first.filter(|(_, rule)| matches!(&*rule.level, "Request" | "RequestResponse"));
    Verdict::fail_if(bad.map(|(i, rule)| of_object(format!("rules[{i}].level"), &*rule.level)))
}

fn takes_secrets(rule: &AuditRule) -> bool {
    let of_core = |resources: &AuditResources| {
        resources.group.is_empty()
            && (resources.resources.is_empty() || resources.resources.iter().any(|r| matches!(&**r, "secrets" | "*")))
    };
    rule.resources.is_empty() || rule.resources.iter().any(of_core)
}

/// The first provider encrypts what is written.
fn in_clear(case: &ObjectCase<'_>) -> Verdict {
    let Body::Encryption(encryption) = &case.object.body else { return Verdict::NotApplicable };
    let covers = |r: &str| matches!(r, "secrets" | "*." | "*.*");
    let of_secrets = encryption.resources.iter().position(|item| item.resources.iter().any(|r| covers(r)));
    let Some(at) = of_secrets else { return Verdict::Fail(vec![of_object("resources", "secrets are not in it")]) };
    let clear = encryption.resources[at].providers.first().is_none_or(|provider| &**provider == "identity");
    Verdict::fail_if(clear.then(|| of_object(format!("resources[{at}].providers[0]"), "identity")))
}
