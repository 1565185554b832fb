//! The flags of etcd. Source: CIS Kubernetes Benchmark, section 2; etcd documentation, "Transport security model".

use super::Condition;
use super::case::{ObjectCase, Verdict, of_object};
use super::flags::Want;
use crate::cluster::model::{Body, Component, Flags};

const fn flag(want: Want) -> Condition {
    Condition::Flag(Component::Etcd, want)
}

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("etcd-no-certificate", flag(Want::Set(&["cert-file", "key-file"]))),
    ("etcd-no-client-auth", flag(Want::Is("client-cert-auth", "true", "false"))),
    ("etcd-auto-tls", flag(Want::Is("auto-tls", "false", "false"))),
    ("etcd-no-peer-certificate", flag(Want::Set(&["peer-cert-file", "peer-key-file"]))),
    ("etcd-no-peer-auth", flag(Want::Is("peer-client-cert-auth", "true", "false"))),
    ("etcd-peer-auto-tls", flag(Want::Is("peer-auto-tls", "false", "false"))),
    ("etcd-in-clear", flag(Want::Encrypted("listen-client-urls"))),
    ("etcd-shared-ca", Condition::Object(shared_ca)),
];

/// The flags of a component that an object runs.
fn flags_of(body: &Body, wanted: Component) -> Option<&Flags> {
    let Body::Workload(workload) = body else { return None };
    workload.spec.containers.iter().find_map(|container| {
        let (component, flags) = container.start.as_ref()?.component.as_ref()?;
        (*component == wanted).then_some(flags)
    })
}

/// Whoever has a client certificate of the cluster would be let into etcd too. Source: CIS Kubernetes Benchmark, section 2,
/// unique certificate authority.
fn shared_ca(case: &ObjectCase<'_>) -> Verdict {
    let Some(etcd) = flags_of(&case.object.body, Component::Etcd) else { return Verdict::NotApplicable };
    let Some(own) = etcd.get("trusted-ca-file") else { return Verdict::NotApplicable };
    let mut servers =
        case.view.objects.iter().filter_map(|object| flags_of(&object.body, Component::ApiServer)).peekable();
    if servers.peek().is_none() {
        return Verdict::NotObservable;
    }
    let shared = servers.any(|flags| flags.get("client-ca-file").is_some_and(|ca| ca.value == own.value));
    Verdict::fail_if(shared.then(|| of_object(&*own.field, format!("--trusted-ca-file={}", own.value))))
}
