//! The configuration of kubelets, as a file and as kubeadm keeps it in the cluster. Source: CIS Kubernetes Benchmark, section
//! 4.2; defaults: Kubernetes documentation, "Kubelet Configuration (v1beta1)".

use super::apiserver::WEAK_CIPHERS;
use super::case::{ObjectCase, Verdict, of_object};
use super::{Condition, Wrong};
use crate::cluster::model::{Body, Kubelet};

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    (
        "kubelet-anonymous",
        Condition::Kubelet(|k| {
            bad_switch(k.authentication.anonymous.enabled, false, false, "authentication.anonymous.enabled")
        }),
    ),
    ("kubelet-always-allow", Condition::Kubelet(always_allow)),
    (
        "kubelet-no-client-ca",
        Condition::Kubelet(|k| {
            unset(k.authentication.x509.client_ca_file.is_none(), "authentication.x509.clientCAFile")
        }),
    ),
    (
        "kubelet-read-only-port",
        Condition::Kubelet(|k| (k.read_only_port != 0).then(|| ("readOnlyPort", k.read_only_port.to_string()))),
    ),
    ("kubelet-idle-connections", Condition::Kubelet(idle)),
    (
        "kubelet-kernel-defaults",
        Condition::Kubelet(|k| bad_switch(Some(k.protect_kernel_defaults), true, false, "protectKernelDefaults")),
    ),
    (
        "kubelet-no-packet-filter",
        Condition::Kubelet(|k| bad_switch(k.make_ip_tables_util_chains, true, true, "makeIPTablesUtilChains")),
    ),
    (
        "kubelet-events-dropped",
        Condition::Kubelet(|k| {
            k.event_record_qps
                .filter(|rate| !(*rate == 0 || *rate >= 50))
                .map(|rate| ("eventRecordQPS", rate.to_string()))
        }),
    ),
    ("kubelet-no-certificate", Condition::Kubelet(no_certificate)),
    (
        "kubelet-no-rotation",
        Condition::Kubelet(|k| bad_switch(Some(k.rotate_certificates), true, false, "rotateCertificates")),
    ),
    (
        "kubelet-no-server-rotation",
        Condition::Kubelet(|k| {
            let gate = k.feature_gates.get("RotateKubeletServerCertificate");
            (gate == Some(&false)).then(|| ("featureGates.RotateKubeletServerCertificate", "false".to_owned()))
        }),
    ),
    (
        "kubelet-weak-ciphers",
        Condition::Kubelet(|k| {
            let weak = k.tls_cipher_suites.iter().find(|cipher| WEAK_CIPHERS.contains(&&***cipher))?;
            Some(("tlsCipherSuites", weak.to_string()))
        }),
    ),
    (
        "kubelet-no-process-limit",
        Condition::Kubelet(|k| {
            k.pod_pids_limit.is_none_or(|limit| limit <= 0).then(|| ("podPidsLimit", "no limit".to_owned()))
        }),
    ),
    (
        "kubelet-no-seccomp-default",
        Condition::Kubelet(|k| bad_switch(Some(k.seccomp_default), true, false, "seccompDefault")),
    ),
    (
        "kubelet-profiling",
        Condition::Kubelet(|k| bad_switch(k.enable_profiling_handler, false, true, "enableProfilingHandler")),
    ),
];

/// The configuration that an object is, or holds, with the field that it stands under.
pub(in crate::cluster) fn judge(case: &ObjectCase<'_>, wrong: fn(&Kubelet) -> Option<Wrong>) -> Verdict {
    let (kubelet, under) = match &case.object.body {
        Body::Kubelet(kubelet) => (&**kubelet, ""),
        // Whoever may write there governs nodes anyway; a ConfigMap elsewhere is no kubelet's.
        Body::ConfigMap(map) if &*case.object.namespace == "kube-system" => match &map.kubelet {
            Some(kubelet) => (&**kubelet, "data.kubelet: "),
            None => return Verdict::NotApplicable,
        },
        _ => return Verdict::NotApplicable,
    };
    Verdict::fail_if(wrong(kubelet).map(|(field, saw)| of_object(format!("{under}{field}"), saw)))
}

/// A switch that is not as it should be, by what is written or else by its default.
fn bad_switch(written: Option<bool>, wanted: bool, default: bool, field: &'static str) -> Option<Wrong> {
    let is = written.unwrap_or(default);
    (is != wanted).then(|| (field, is.to_string()))
}

fn unset(missing: bool, field: &'static str) -> Option<Wrong> {
    missing.then(|| (field, "not set".to_owned()))
}

fn always_allow(kubelet: &Kubelet) -> Option<Wrong> {
    let mode = kubelet.authorization.mode.as_deref().filter(|mode| *mode == "AlwaysAllow")?;
    Some(("authorization.mode", mode.to_owned()))
}

/// `0`, `0s`, `0h0m0s`: for ever.
fn idle(kubelet: &Kubelet) -> Option<Wrong> {
    let written = kubelet.streaming_connection_idle_timeout.as_deref()?;
    let for_ever = !written.is_empty() && !written.bytes().any(|b| (b'1'..=b'9').contains(&b));
    for_ever.then(|| ("streamingConnectionIdleTimeout", written.to_owned()))
}

/// Without a certificate of its own it signs one itself, unless it asks the API server for one.
fn no_certificate(kubelet: &Kubelet) -> Option<Wrong> {
    let own = kubelet.tls_cert_file.is_some() && kubelet.tls_private_key_file.is_some();
    let asked = kubelet.server_tls_bootstrap == Some(true);
    unset(!own && !asked, "serverTLSBootstrap, tlsCertFile")
}
