//! What refuses objects before they are stored: levels on namespaces, webhooks and policies.

use super::Condition;
use super::case::{ClusterCase, ObjectCase, Verdict, of_object};
use crate::cluster::model::{Body, Webhook};

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("no-pod-security-level", Condition::Object(no_level)),
    ("pod-security-privileged", Condition::Object(privileged_level)),
    ("no-admission-rule", Condition::Cluster(no_admission_rule)),
    ("webhook-ignores-failure", Condition::Object(ignores_failure)),
    ("webhook-blocks-system", Condition::Object(blocks_system)),
    ("webhook-external-url", Condition::Object(external_url)),
    ("webhook-covers-everything", Condition::Object(covers_everything)),
];

/// The label by which a namespace asks for a level. Source: Kubernetes documentation, "Pod Security Admission".
pub(in crate::cluster) const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
/// Namespaces of Kubernetes itself, whose pods are parts of nodes.
const SYSTEM: &[&str] = &["kube-system", "kube-public", "kube-node-lease"];

fn level<'c>(case: &ObjectCase<'c>) -> Option<Option<&'c str>> {
    let namespace = matches!(case.object.body, Body::Namespace) && !SYSTEM.contains(&&*case.object.name);
    namespace.then(|| case.object.meta.labels.get(ENFORCE).map(|level| &**level))
}

fn no_level(case: &ObjectCase<'_>) -> Verdict {
    match level(case) {
        None => Verdict::NotApplicable,
        Some(Some(_)) => Verdict::Pass,
        Some(None) => Verdict::Fail(vec![of_object(format!("metadata.labels {ENFORCE}"), "not set")]),
    }
}

fn privileged_level(case: &ObjectCase<'_>) -> Verdict {
    match level(case) {
        None => Verdict::NotApplicable,
        Some(level) => Verdict::fail_if(
            level
                .filter(|level| *level == "privileged")
                .map(|level| of_object(format!("metadata.labels {ENFORCE}"), level)),
        ),
    }
}

/// That nothing refuses anything is known only where everything that could was looked for.
fn no_admission_rule(case: &ClusterCase) -> Verdict {
    match case {
        ClusterCase { admission: true, .. } => Verdict::Pass,
        ClusterCase { workloads: 0, .. } => Verdict::NotApplicable,
        ClusterCase { complete: false, .. } => Verdict::NotObservable,
        ClusterCase { .. } => {
            Verdict::Fail(vec![of_object("webhook, admission policy or namespace with a level", "none in view")])
        }
    }
}

/// The webhooks of a configuration; none for other objects.
fn webhooks<'c>(case: &ObjectCase<'c>) -> Option<&'c [Webhook]> {
    if let Body::Webhooks(configuration) = &case.object.body { Some(&configuration.webhooks) } else { None }
}

fn first(case: &ObjectCase<'_>, field: &str, saw: &str, bad: impl Fn(&Webhook) -> bool) -> Verdict {
    let Some(webhooks) = webhooks(case) else { return Verdict::NotApplicable };
    let at = webhooks.iter().position(bad);
    Verdict::fail_if(at.map(|i| of_object(format!("webhooks[{i}].{field}"), saw)))
}

fn is_asked_about_pods(webhook: &Webhook) -> bool {
    webhook.rules.iter().any(|rule| rule.covers("", "pods"))
}

/// `Fail` is the default of v1; before it was `Ignore`.
fn fails_closed(case: &ObjectCase<'_>, webhook: &Webhook) -> bool {
    webhook.failure_policy.as_deref().unwrap_or(if &*case.object.version == "v1" { "Fail" } else { "Ignore" }) == "Fail"
}

/// Only what validates guards; what changes objects is often a convenience.
fn ignores_failure(case: &ObjectCase<'_>) -> Verdict {
    if &*case.object.kind != "ValidatingWebhookConfiguration" {
        return Verdict::NotApplicable;
    }
    first(case, "failurePolicy", "Ignore", |webhook| is_asked_about_pods(webhook) && !fails_closed(case, webhook))
}

/// Source: Kubernetes documentation, "Admission Webhook Good Practices": a webhook that fails closed on the pods of
/// kube-system can keep the cluster from coming back.
fn blocks_system(case: &ObjectCase<'_>) -> Verdict {
    let open = |webhook: &Webhook| {
        webhook.namespace_selector.is_empty()
            && webhook.object_selector.is_empty()
            && webhook.match_conditions.is_empty()
    };
    first(case, "namespaceSelector", "not set", |webhook| {
        is_asked_about_pods(webhook) && fails_closed(case, webhook) && open(webhook)
    })
}

fn external_url(case: &ObjectCase<'_>) -> Verdict {
    first(case, "clientConfig.url", "an address outside the cluster", |webhook| webhook.client_config.url.is_some())
}

fn covers_everything(case: &ObjectCase<'_>) -> Verdict {
    first(case, "rules", "every resource of every group", |webhook| webhook.rules.iter().any(|rule| rule.covers_all()))
}
