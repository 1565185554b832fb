//! The flags of the API server. Source: CIS Kubernetes Benchmark, section 1.2; defaults: kube-apiserver reference of the
//! Kubernetes documentation.

use super::Condition;
use super::flags::Want;
use crate::cluster::model::Component;

const fn flag(want: Want) -> Condition {
    Condition::Flag(Component::ApiServer, want)
}

/// Ciphers that Go's TLS library calls insecure, and names of older ones. Source: Go documentation, crypto/tls,
/// InsecureCipherSuites.
pub(super) const WEAK_CIPHERS: &[&str] = &[
    "TLS_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
];

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("apiserver-anonymous-auth", flag(Want::Is("anonymous-auth", "false", "true"))),
    ("apiserver-static-tokens", flag(Want::Unset("token-auth-file"))),
    ("apiserver-basic-auth", flag(Want::Unset("basic-auth-file"))),
    ("apiserver-always-allow", flag(Want::Lacks("authorization-mode", "AlwaysAllow", "AlwaysAllow"))),
    ("apiserver-no-node-authorizer", flag(Want::Lists("authorization-mode", "Node"))),
    ("apiserver-no-rbac", flag(Want::Lists("authorization-mode", "RBAC"))),
    ("apiserver-always-admit", flag(Want::Lacks("enable-admission-plugins", "AlwaysAdmit", ""))),
    ("apiserver-no-always-pull", flag(Want::Lists("enable-admission-plugins", "AlwaysPullImages"))),
    ("apiserver-no-event-limit", flag(Want::Lists("enable-admission-plugins", "EventRateLimit"))),
    ("apiserver-no-node-restriction", flag(Want::Lists("enable-admission-plugins", "NodeRestriction"))),
    ("apiserver-external-ips-allowed", flag(Want::Lists("enable-admission-plugins", "DenyServiceExternalIPs"))),
    ("apiserver-no-service-account-plugin", flag(Want::Lacks("disable-admission-plugins", "ServiceAccount", ""))),
    ("apiserver-no-namespace-lifecycle", flag(Want::Lacks("disable-admission-plugins", "NamespaceLifecycle", ""))),
    ("apiserver-no-pod-security", flag(Want::Lacks("disable-admission-plugins", "PodSecurity", ""))),
    ("apiserver-insecure-port", flag(Want::Is("insecure-port", "0", "0"))),
    ("apiserver-insecure-address", flag(Want::Unset("insecure-bind-address"))),
    ("apiserver-secure-port-off", flag(Want::Lacks("secure-port", "0", ""))),
    ("apiserver-profiling", flag(Want::Is("profiling", "false", "true"))),
    ("apiserver-no-audit-log", flag(Want::Set(&["audit-log-path"]))),
    ("apiserver-no-audit-policy", flag(Want::Set(&["audit-policy-file"]))),
    ("apiserver-audit-age", flag(Want::AtLeast("audit-log-maxage", 30))),
    ("apiserver-audit-backups", flag(Want::AtLeast("audit-log-maxbackup", 10))),
    ("apiserver-audit-size", flag(Want::AtLeast("audit-log-maxsize", 100))),
    ("apiserver-no-account-lookup", flag(Want::Is("service-account-lookup", "true", "true"))),
    ("apiserver-no-account-key", flag(Want::Set(&["service-account-key-file"]))),
    ("apiserver-no-etcd-certificate", flag(Want::Set(&["etcd-certfile", "etcd-keyfile"]))),
    ("apiserver-no-etcd-ca", flag(Want::Set(&["etcd-cafile"]))),
    ("apiserver-no-certificate", flag(Want::Set(&["tls-cert-file", "tls-private-key-file"]))),
    ("apiserver-no-client-ca", flag(Want::Set(&["client-ca-file"]))),
    ("apiserver-no-encryption", flag(Want::Set(&["encryption-provider-config"]))),
    ("apiserver-no-kubelet-certificate", flag(Want::Set(&["kubelet-client-certificate", "kubelet-client-key"]))),
    ("apiserver-no-kubelet-ca", flag(Want::Set(&["kubelet-certificate-authority"]))),
    ("apiserver-kubelet-in-clear", flag(Want::Is("kubelet-https", "true", "true"))),
    ("apiserver-weak-ciphers", flag(Want::NoneOf("tls-cipher-suites", WEAK_CIPHERS))),
];
