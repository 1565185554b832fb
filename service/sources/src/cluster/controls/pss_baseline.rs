//! The baseline level of the Pod Security Standards, control by control and version by version.
//! Source: Kubernetes documentation, "Pod Security Standards"; behaviour by version: pod-security-admission.

use super::case::{Case, Spot, Verdict, Where, of_pod, seen};
use crate::cluster::model::{Handler, Profile};

/// Capabilities that the default set has.
pub(super) const DEFAULT_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Safe kernel settings, with the minor version from which on the standard allows each.
const SAFE_SYSCTLS: &[(&str, u16)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

/// SELinux types that containers may ask for, with the minor version from which on.
const SELINUX_TYPES: &[(&str, u16)] =
    &[("", 0), ("container_t", 0), ("container_init_t", 0), ("container_kvm_t", 0), ("container_engine_t", 31)];

const APP_ARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

pub(super) fn host_namespaces(case: &Case<'_>) -> Verdict {
    let spec = case.spec();
    let shared = [("hostNetwork", spec.host_network), ("hostPID", spec.host_pid), ("hostIPC", spec.host_ipc)];
    let spots = shared.into_iter().filter(|(_, is)| *is).map(|(field, _)| of_pod(field, "true"));
    Verdict::of(spots.collect())
}

pub(super) fn privileged(case: &Case<'_>) -> Verdict {
    Verdict::of(case.containers(|c| {
        (c.security_context.privileged == Some(true)).then(|| ("securityContext.privileged".into(), "true".into()))
    }))
}

pub(super) fn capabilities(case: &Case<'_>) -> Verdict {
    Verdict::of(case.containers(|c| {
        let added = &c.security_context.capabilities.add;
        let bad: Vec<&str> = added.iter().map(|c| &**c).filter(|c| !DEFAULT_CAPABILITIES.contains(c)).collect();
        if bad.is_empty() { None } else { seen("securityContext.capabilities.add", bad.join(", ")) }
    }))
}

pub(super) fn host_path_volumes(case: &Case<'_>) -> Verdict {
    let volumes = case.spec().volumes.iter().enumerate();
    let spots = volumes.filter_map(|(i, volume)| {
        volume.host_path.as_ref().map(|path| of_pod(format!("volumes[{i}].hostPath"), &**path))
    });
    Verdict::of(spots.collect())
}

pub(super) fn host_ports(case: &Case<'_>) -> Verdict {
    Verdict::of(case.containers(|c| {
        let taken: Vec<String> = c.ports.iter().filter(|p| p.host_port != 0).map(|p| p.host_port.to_string()).collect();
        let first = c.ports.iter().position(|p| p.host_port != 0)?;
        seen(format!("ports[{first}].hostPort"), taken.join(", "))
    }))
}

pub(super) fn host_probes(case: &Case<'_>) -> Verdict {
    if !case.version.since(34) {
        return Verdict::NotApplicable;
    }
    Verdict::of(case.containers(|c| {
        let handlers = [
            ("livenessProbe", &c.liveness_probe),
            ("readinessProbe", &c.readiness_probe),
            ("startupProbe", &c.startup_probe),
            ("lifecycle.postStart", &c.lifecycle.post_start),
            ("lifecycle.preStop", &c.lifecycle.pre_stop),
        ];
        handlers.into_iter().find_map(|(field, handler)| {
            let (call, host) = foreign_host(handler.as_ref()?)?;
            seen(format!("{field}.{call}.host"), host)
        })
    }))
}

fn foreign_host(handler: &Handler) -> Option<(&'static str, &str)> {
    let calls = [("httpGet", &handler.http_get), ("tcpSocket", &handler.tcp_socket)];
    calls.into_iter().find_map(|(call, target)| {
        let host = &*target.as_ref()?.host;
        (!host.is_empty()).then_some((call, host))
    })
}

pub(super) fn app_armor(case: &Case<'_>) -> Verdict {
    let mut spots = case.contexts(|context| {
        let profile = context.app_armor_profile.as_ref()?;
        (!is_applied(profile)).then(|| ("appArmorProfile.type", profile.sort.to_string()))
    });
    for (key, value) in case.workload.annotations.iter().filter(|(key, _)| key.starts_with(APP_ARMOR_ANNOTATION)) {
        if !(value.is_empty() || &**value == "runtime/default" || value.starts_with("localhost/")) {
            let name = &key[APP_ARMOR_ANNOTATION.len()..];
            let named = case.spec().all_containers().find(|(_, _, c)| &*c.name == name);
            let at = named.map_or(Where::Pod, |(list, index, _)| Where::Container(list, index));
            spots.push(Spot { at, field: format!("annotation {APP_ARMOR_ANNOTATION}"), saw: value.to_string() });
        }
    }
    Verdict::of(spots)
}

pub(super) fn se_linux(case: &Case<'_>) -> Verdict {
    let version = case.version;
    Verdict::of(case.contexts(|context| {
        let labels = &context.se_linux_options;
        let set = |label: &Option<Box<str>>| label.as_ref().filter(|l| !l.is_empty()).map(|l| l.to_string());
        let legal = |label: &str| SELINUX_TYPES.iter().any(|(name, since)| *name == label && version.since(*since));
        let bad_type = labels.label.as_ref().filter(|label| !legal(label));
        bad_type
            .map(|label| ("seLinuxOptions.type", label.to_string()))
            .or_else(|| set(&labels.user).map(|user| ("seLinuxOptions.user", user)))
            .or_else(|| set(&labels.role).map(|role| ("seLinuxOptions.role", role)))
    }))
}

pub(super) fn proc_mount(case: &Case<'_>) -> Verdict {
    if case.in_user_namespace() {
        return Verdict::NotApplicable;
    }
    Verdict::of(unmasked_proc(case))
}

/// Containers whose /proc is not masked as it is by default.
pub(super) fn unmasked_proc(case: &Case<'_>) -> Vec<Spot> {
    case.containers(|c| {
        let mount = c.security_context.proc_mount.as_deref().filter(|mount| *mount != "Default")?;
        seen("securityContext.procMount", mount)
    })
}

pub(super) fn seccomp(case: &Case<'_>) -> Verdict {
    if !case.version.since(19) {
        return Verdict::of(seccomp_annotations(case));
    }
    Verdict::of(case.contexts(|context| {
        let profile = context.seccomp_profile.as_ref()?;
        (!is_applied(profile)).then(|| ("seccompProfile.type", profile.sort.to_string()))
    }))
}

/// Before 1.19 the profile was an annotation.
fn seccomp_annotations(case: &Case<'_>) -> Vec<Spot> {
    let bad = |key: &str| {
        let value = case.workload.annotations.get(key)?;
        let legal = matches!(&**value, "runtime/default" | "docker/default") || value.starts_with("localhost/");
        (!legal).then(|| value.to_string())
    };
    let mut spots: Vec<Spot> = bad(SECCOMP_POD_ANNOTATION)
        .map(|saw| of_pod(format!("annotation {SECCOMP_POD_ANNOTATION}"), saw))
        .into_iter()
        .collect();
    spots.extend(case.containers(|c| {
        bad(&format!("{SECCOMP_ANNOTATION}{}", c.name))
            .and_then(|saw| seen(format!("annotation {SECCOMP_ANNOTATION}"), saw))
    }));
    spots
}

pub(super) fn sysctls(case: &Case<'_>) -> Verdict {
    let safe = |name: &str| SAFE_SYSCTLS.iter().any(|(known, since)| *known == name && case.version.since(*since));
    let all = case.spec().security_context.sysctls.iter().enumerate();
    let unsafe_ones = all.filter(|(_, sysctl)| !safe(&sysctl.name));
    Verdict::of(unsafe_ones.map(|(i, s)| of_pod(format!("securityContext.sysctls[{i}].name"), &*s.name)).collect())
}

pub(super) fn windows_host_process(case: &Case<'_>) -> Verdict {
    Verdict::of(case.contexts(|context| {
        (context.windows_options.host_process == Some(true)).then(|| ("windowsOptions.hostProcess", "true".to_owned()))
    }))
}

/// True for the two sorts of profile that keep a container confined.
pub(super) fn is_applied(profile: &Profile) -> bool {
    matches!(&*profile.sort, "RuntimeDefault" | "Localhost")
}
