//! Settings of containers beyond what the Pod Security Standards ask.

use super::Condition;
use super::case::{Case, Spot, Verdict, Where, of_pod, seen};
use crate::cluster::model::SecurityContext;

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("read-only-root-filesystem", Condition::Workload(writable_root)),
    ("run-as-root-group", Condition::Workload(root_group)),
    ("low-user-id", Condition::Workload(|case| low_id(case, "runAsUser", |context| context.run_as_user))),
    ("low-group-id", Condition::Workload(|case| low_id(case, "runAsGroup", |context| context.run_as_group))),
    ("net-raw-kept", Condition::Workload(net_raw_kept)),
    ("no-linux-hardening", Condition::Workload(no_linux_hardening)),
    ("no-apparmor-profile", Condition::Workload(no_app_armor)),
    ("seccomp-annotation", Condition::Workload(seccomp_annotation)),
    ("share-process-namespace", Condition::Workload(shared_processes)),
    ("sudo-in-command", Condition::Workload(sudo)),
    ("mount-propagation", Condition::Workload(mount_propagation)),
];

/// Ids below this one are those of the node's own users and groups. Source: kubesec, "runAsUser"; Debian and Red Hat give
/// people and services ids below 10,000.
const FIRST_FREE_ID: i64 = 10_000;
const APP_ARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_ANNOTATIONS: &[&str] =
    &["seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/"];

fn writable_root(case: &Case<'_>) -> Verdict {
    if case.spared_on_windows() {
        return Verdict::NotApplicable;
    }
    Verdict::of(case.containers(|c| match c.security_context.read_only_root_filesystem {
        Some(true) => None,
        Some(false) => seen("securityContext.readOnlyRootFilesystem", "false"),
        None => seen("securityContext.readOnlyRootFilesystem", "not set"),
    }))
}

/// Source: Kubernetes API reference, PodSecurityContext: where no group is written, the runtime's default is taken, which is
/// root's unless the image says otherwise.
fn root_group(case: &Case<'_>) -> Verdict {
    if case.spared_on_windows() {
        return Verdict::NotApplicable;
    }
    let pod = &case.spec().security_context;
    let mut spots: Vec<Spot> =
        case.containers(|c| match in_force(case, &c.security_context, |context| context.run_as_group) {
            Some(0) => seen("securityContext.runAsGroup", "0"),
            Some(_) => None,
            None => seen("securityContext.runAsGroup", "not set"),
        });
    spots.extend((pod.fs_group == Some(0)).then(|| of_pod("securityContext.fsGroup", "0")));
    spots.extend(pod.supplemental_groups.contains(&0).then(|| of_pod("securityContext.supplementalGroups", "0")));
    Verdict::of(spots)
}

/// A container's own setting, else the pod's.
fn in_force<T>(case: &Case<'_>, own: &SecurityContext, pick: impl Fn(&SecurityContext) -> Option<T>) -> Option<T> {
    pick(own).or_else(|| pick(&case.spec().security_context))
}

fn low_id(case: &Case<'_>, field: &'static str, pick: fn(&SecurityContext) -> Option<i64>) -> Verdict {
    if case.spared_on_windows() {
        return Verdict::NotApplicable;
    }
    Verdict::of(case.containers(|c| match in_force(case, &c.security_context, pick) {
        Some(id) if id >= FIRST_FREE_ID => None,
        Some(id) => seen(format!("securityContext.{field}"), id.to_string()),
        None => seen(format!("securityContext.{field}"), "not set"),
    }))
}

/// NET_RAW is in the default set of container runtimes.
fn net_raw_kept(case: &Case<'_>) -> Verdict {
    if case.spared_on_windows() {
        return Verdict::NotApplicable;
    }
    Verdict::of(case.containers(|c| {
        let capabilities = &c.security_context.capabilities;
        let named = |list: &[Box<str>], name: &str| {
            list.iter().any(|item| item.trim_start_matches("CAP_").eq_ignore_ascii_case(name))
        };
        let dropped = named(&capabilities.drop, "ALL") || named(&capabilities.drop, "NET_RAW");
        let added = named(&capabilities.add, "NET_RAW") || named(&capabilities.add, "ALL");
        match (dropped, added) {
            (true, false) => None,
            (_, true) => seen("securityContext.capabilities.add", "NET_RAW"),
            (false, false) => seen("securityContext.capabilities.drop", "NET_RAW is not in it"),
        }
    }))
}

/// True when a profile is written and keeps the container confined.
fn app_armor(case: &Case<'_>, container: &str, own: &SecurityContext) -> bool {
    let field = in_force(case, own, |context| context.app_armor_profile.clone());
    match field {
        Some(profile) => super::pss_baseline::is_applied(&profile),
        None => case
            .workload
            .annotations
            .get(&*format!("{APP_ARMOR_ANNOTATION}{container}"))
            .is_some_and(|value| &**value == "runtime/default" || value.starts_with("localhost/")),
    }
}

fn no_linux_hardening(case: &Case<'_>) -> Verdict {
    if case.spared_on_windows() {
        return Verdict::NotApplicable;
    }
    Verdict::of(case.containers(|c| {
        let own = &c.security_context;
        let labels = |context: &SecurityContext| {
            let se = &context.se_linux_options;
            (se.label.is_some() || se.user.is_some() || se.role.is_some() || se.level.is_some()).then_some(())
        };
        let seccomp = in_force(case, own, |context| context.seccomp_profile.clone());
        let hardened = seccomp.is_some_and(|profile| super::pss_baseline::is_applied(&profile))
            || in_force(case, own, labels).is_some()
            || !own.capabilities.drop.is_empty()
            || app_armor(case, &c.name, own);
        (!hardened).then(|| seen("securityContext", "no seccomp, AppArmor, SELinux or dropped capability")).flatten()
    }))
}

fn no_app_armor(case: &Case<'_>) -> Verdict {
    if case.spared_on_windows() {
        return Verdict::NotApplicable;
    }
    Verdict::of(case.containers(|c| {
        let confined = app_armor(case, &c.name, &c.security_context);
        (!confined).then(|| seen("securityContext.appArmorProfile", "not set")).flatten()
    }))
}

/// The annotation is no longer read: what stands there only looks like a profile. Source: Kubernetes documentation,
/// "Seccomp and Kubernetes"; removed in 1.27.
fn seccomp_annotation(case: &Case<'_>) -> Verdict {
    let keys = case.workload.annotations.keys();
    let old = keys.filter(|key| SECCOMP_ANNOTATIONS.iter().any(|prefix| key.starts_with(*prefix)));
    let spots =
        old.map(|key| Spot { at: Where::Pod, field: format!("annotation {key}"), saw: "no longer read".into() });
    if !case.version.since(27) {
        return Verdict::NotApplicable;
    }
    Verdict::of(spots.collect())
}

fn shared_processes(case: &Case<'_>) -> Verdict {
    Verdict::fail_if(case.spec().share_process_namespace.then(|| of_pod("shareProcessNamespace", "true")))
}

fn sudo(case: &Case<'_>) -> Verdict {
    Verdict::of(case.containers(|c| seen(c.start.as_ref()?.sudo.as_deref()?, "sudo")))
}

fn mount_propagation(case: &Case<'_>) -> Verdict {
    Verdict::of(case.containers(|c| {
        let both = |propagation: &Option<Box<str>>| propagation.as_deref() == Some("Bidirectional");
        let at = c.volume_mounts.iter().position(|mount| both(&mount.mount_propagation))?;
        seen(format!("volumeMounts[{at}].mountPropagation"), "Bidirectional")
    }))
}
