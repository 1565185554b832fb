//! Where credentials lie. Secrets in plain sight are found by the scan itself, since their values never stay.

use super::Condition;
use super::case::{Case, ObjectCase, Spot, Verdict, of_object, of_pod, seen};
use crate::cluster::model::Body;

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("secret-in-args", Condition::Secret),
    ("secret-in-config-map", Condition::Secret),
    ("secret-in-annotation", Condition::Secret),
    ("secret-ref-in-env", Condition::Workload(reference_in_env)),
    ("cloud-credentials-mounted", Condition::Workload(cloud_credentials)),
    ("legacy-token-secret", Condition::Object(legacy_token)),
    ("account-lists-secrets", Condition::Object(account_lists_secrets)),
];

/// Files and folders of a host in which clouds leave the node's own credentials. Source: Kubernetes documentation, cloud
/// providers' configuration of kubelets; AWS, Azure and Google documentation of their command lines.
const CLOUD_CREDENTIALS: &[&str] =
    &["/etc/kubernetes/azure.json", "/etc/kubernetes/cloud.conf", "/root/.aws", "/root/.azure", "/root/.config/gcloud"];

fn reference_in_env(case: &Case<'_>) -> Verdict {
    let mut spots: Vec<Spot> = case.containers(|c| {
        let at = c.env.iter().position(|v| v.value_from.as_ref().is_some_and(|from| from.secret_key_ref.is_some()))?;
        seen(format!("env[{at}].valueFrom.secretKeyRef"), "a key of a Secret")
    });
    spots.extend(case.containers(|c| {
        let at = c.env_from.iter().position(|from| from.secret_ref.is_some())?;
        seen(format!("envFrom[{at}].secretRef"), "all keys of a Secret")
    }));
    Verdict::of(spots)
}

fn cloud_credentials(case: &Case<'_>) -> Verdict {
    let volumes = case.spec().volumes.iter().enumerate();
    let bad = volumes.filter_map(|(i, volume)| {
        let path = volume.host_path.as_deref()?.trim_end_matches('/');
        let known = CLOUD_CREDENTIALS
            .iter()
            .find(|known| path == **known || path.strip_prefix(**known).is_some_and(|rest| rest.starts_with('/')))?;
        Some(of_pod(format!("volumes[{i}].hostPath.path"), *known))
    });
    Verdict::of(bad.collect())
}

/// A token of this type does not expire. Source: Kubernetes documentation, "Service Accounts", manually created tokens.
fn legacy_token(case: &ObjectCase<'_>) -> Verdict {
    let Body::Secret(sort) = &case.object.body else { return Verdict::NotApplicable };
    let token = &**sort == "kubernetes.io/service-account-token";
    Verdict::fail_if(token.then(|| of_object("type", &**sort)))
}

fn account_lists_secrets(case: &ObjectCase<'_>) -> Verdict {
    let Body::ServiceAccount(account) = &case.object.body else { return Verdict::NotApplicable };
    let count = account.secrets.len();
    Verdict::fail_if((count > 0).then(|| of_object("secrets", count.to_string())))
}
