//! The restricted level of the Pod Security Standards, as far as it goes beyond the baseline: what a baseline control
//! already says of a field is not said twice.
//! Source: Kubernetes documentation, "Pod Security Standards"; behaviour by version: pod-security-admission.

use super::case::of_pod;
use super::case::{Case, Verdict, seen};
use super::pss_baseline::{DEFAULT_CAPABILITIES, unmasked_proc};

/// Types of volumes that the level allows.
const ALLOWED_VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

pub(super) fn volume_types(case: &Case<'_>) -> Verdict {
    let volumes = case.spec().volumes.iter().enumerate();
    let spots = volumes.filter_map(|(i, volume)| {
        // A volume without a source is an emptyDir; a hostPath is the baseline's to say.
        let allowed = volume.sources.is_empty() || volume.sources.iter().any(|s| ALLOWED_VOLUMES.contains(&&**s));
        let source = volume.sources.first().filter(|_| !allowed && volume.host_path.is_none())?;
        Some(of_pod(format!("volumes[{i}]"), &**source))
    });
    Verdict::of(spots.collect())
}

pub(super) fn privilege_escalation(case: &Case<'_>) -> Verdict {
    if case.spared_on_windows() {
        return Verdict::NotApplicable;
    }
    Verdict::of(case.containers(|c| {
        let saw = match c.security_context.allow_privilege_escalation {
            Some(false) => return None,
            Some(true) => "true",
            None => "not set",
        };
        seen("securityContext.allowPrivilegeEscalation", saw)
    }))
}

pub(super) fn run_as_non_root(case: &Case<'_>) -> Verdict {
    if case.in_user_namespace() {
        return Verdict::NotApplicable;
    }
    let of_pod_level = case.spec().security_context.run_as_non_root;
    let field = "securityContext.runAsNonRoot";
    let mut spots = case.containers(|c| match (c.security_context.run_as_non_root, of_pod_level) {
        (Some(false), _) => seen(field, "false"),
        // Where the pod itself says false, it is the pod that is wrong.
        (None, None) => seen(field, "not set"),
        (Some(true), _) | (None, Some(_)) => None,
    });
    if of_pod_level == Some(false) {
        spots.push(of_pod(field, "false"));
    }
    Verdict::of(spots)
}

pub(super) fn run_as_user(case: &Case<'_>) -> Verdict {
    if !case.version.since(23) || case.in_user_namespace() {
        return Verdict::NotApplicable;
    }
    Verdict::of(case.contexts(|context| (context.run_as_user == Some(0)).then(|| ("runAsUser", "0".to_owned()))))
}

pub(super) fn seccomp(case: &Case<'_>) -> Verdict {
    if !case.version.since(19) || case.spared_on_windows() {
        return Verdict::NotApplicable;
    }
    // A profile that is set wrongly is the baseline's to say, wherever it is set.
    let of_pod_level = case.spec().security_context.seccomp_profile.is_some();
    Verdict::of(case.containers(|c| {
        let unset = c.security_context.seccomp_profile.is_none() && !of_pod_level;
        unset.then(|| ("securityContext.seccompProfile.type".into(), "not set".into()))
    }))
}

pub(super) fn capabilities(case: &Case<'_>) -> Verdict {
    if !case.version.since(22) || case.spared_on_windows() {
        return Verdict::NotApplicable;
    }
    Verdict::of(case.containers(|c| {
        let capabilities = &c.security_context.capabilities;
        if !capabilities.drop.iter().any(|dropped| &**dropped == "ALL") {
            return seen("securityContext.capabilities.drop", "without ALL");
        }
        // What goes beyond the default set is the baseline's to say.
        let kept = |name: &&str| *name != "NET_BIND_SERVICE" && DEFAULT_CAPABILITIES.contains(name);
        let kept: Vec<&str> = capabilities.add.iter().map(|c| &**c).filter(kept).collect();
        if kept.is_empty() { None } else { seen("securityContext.capabilities.add", kept.join(", ")) }
    }))
}

/// From 1.35 on the baseline lets a pod with a user namespace of its own unmask /proc; this level does not.
pub(super) fn proc_mount(case: &Case<'_>) -> Verdict {
    if !case.in_user_namespace() {
        return Verdict::NotApplicable;
    }
    Verdict::of(unmasked_proc(case))
}
