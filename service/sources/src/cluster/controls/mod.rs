//! The controls that Assay itself looks at. Comes in: a workload or namespace with what is known around it. Goes out:
//! one of five outcomes, and for a failure the fields that cause it. Titles, standards and remedies are rows of
//! `controls.csv`; conditions stand here under the same ids, and a test holds the two together.

mod admission;
mod apiserver;
mod audit;
mod case;
mod controllers;
mod defaults;
mod etcd;
mod flags;
mod hardening;
mod images;
mod kubelet;
mod network;
mod placing;
mod probes;
mod pss_baseline;
mod pss_restricted;
mod rbac;
mod resources;
mod secrets;
mod versions;

use std::sync::LazyLock;

use assay_core::control::Controls;

use super::model::{Component, Kubelet, Start};
pub(super) use admission::ENFORCE;
pub(super) use case::{Case, ClusterCase, NamespaceCase, ObjectCase, Spot, Verdict, Where};
pub(super) use defaults::holds_runtime_socket;
use flags::Want;

/// The rows, as they are compiled in; the core reads the same text.
pub const CONTROLS_CSV: &str = include_str!("../controls.csv");

/// Every control that Assay itself looks at.
pub fn controls() -> &'static Controls {
    // A test reads the table, so the empty one is never seen; a panic here would take the service down.
    static CONTROLS: LazyLock<Controls> = LazyLock::new(|| Controls::parse(CONTROLS_CSV).unwrap_or_default());
    &CONTROLS
}

/// A field that is wrong, and what it is.
type Wrong = (&'static str, String);

/// What a control looks at.
#[derive(Clone, Copy)]
pub(super) enum Condition {
    /// A workload.
    Workload(fn(&Case<'_>) -> Verdict),
    /// A flag of a component of the control plane, in the workload that runs it.
    Flag(Component, Want),
    /// Any object.
    Object(fn(&ObjectCase<'_>) -> Verdict),
    /// The configuration of kubelets, in whatever holds it.
    Kubelet(fn(&Kubelet) -> Option<Wrong>),
    /// A namespace with all that is in it.
    Namespace(fn(&NamespaceCase) -> Verdict),
    /// The cluster with all that is in it.
    Cluster(fn(&ClusterCase) -> Verdict),
    /// A place where a failure is a secret and no control: the scan itself knows how.
    Secret,
    /// The address of the API server, known in a live scan.
    Endpoint,
}

impl Condition {
    /// The verdict over a workload; none for conditions over something else.
    pub(super) fn of_workload(&self, case: &Case<'_>) -> Option<Verdict> {
        match self {
            Self::Workload(condition) => Some(condition(case)),
            Self::Flag(component, want) => Some(of_flags(case, *component, want)),
            Self::Object(_)
            | Self::Kubelet(_)
            | Self::Namespace(_)
            | Self::Cluster(_)
            | Self::Secret
            | Self::Endpoint => None,
        }
    }

    /// The verdict over an object by itself; none for conditions over something else.
    pub(super) fn of_object(&self, case: &ObjectCase<'_>) -> Option<Verdict> {
        match self {
            Self::Object(condition) => Some(condition(case)),
            Self::Kubelet(wrong) => Some(kubelet::judge(case, *wrong)),
            Self::Workload(_)
            | Self::Flag(..)
            | Self::Namespace(_)
            | Self::Cluster(_)
            | Self::Secret
            | Self::Endpoint => None,
        }
    }
}

/// The verdict over the containers of a workload that run a component.
fn of_flags(case: &Case<'_>, wanted: Component, want: &Want) -> Verdict {
    let all = case.workload.spec.all_containers();
    let running = all.filter_map(|(list, index, container)| {
        let start: &Start = container.start.as_deref()?;
        let (component, flags) = start.component.as_ref()?;
        (*component == wanted).then(|| want.judge(wanted, flags, (list, index)))
    });
    running.reduce(Verdict::and).unwrap_or(Verdict::NotApplicable)
}

/// The conditions by family, each by id.
const FAMILIES: &[&[(&str, Condition)]] = &[
    STANDARDS,
    images::CONDITIONS,
    secrets::CONDITIONS,
    resources::CONDITIONS,
    probes::CONDITIONS,
    hardening::CONDITIONS,
    placing::CONDITIONS,
    network::CONDITIONS,
    admission::CONDITIONS,
    rbac::CONDITIONS,
    apiserver::CONDITIONS,
    controllers::CONDITIONS,
    etcd::CONDITIONS,
    kubelet::CONDITIONS,
    audit::CONDITIONS,
    versions::CONDITIONS,
];

/// Every condition, by id.
pub(super) fn conditions() -> impl Iterator<Item = &'static (&'static str, Condition)> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The Pod Security Standards and the defaults of Kubernetes.
const STANDARDS: &[(&str, Condition)] = &[
    ("pss-host-namespaces", Condition::Workload(pss_baseline::host_namespaces)),
    ("pss-privileged", Condition::Workload(pss_baseline::privileged)),
    ("pss-capabilities-baseline", Condition::Workload(pss_baseline::capabilities)),
    ("pss-host-path-volumes", Condition::Workload(pss_baseline::host_path_volumes)),
    ("pss-host-ports", Condition::Workload(pss_baseline::host_ports)),
    ("pss-host-probes", Condition::Workload(pss_baseline::host_probes)),
    ("pss-apparmor", Condition::Workload(pss_baseline::app_armor)),
    ("pss-selinux", Condition::Workload(pss_baseline::se_linux)),
    ("pss-proc-mount", Condition::Workload(pss_baseline::proc_mount)),
    ("pss-seccomp-baseline", Condition::Workload(pss_baseline::seccomp)),
    ("pss-sysctls", Condition::Workload(pss_baseline::sysctls)),
    ("pss-windows-host-process", Condition::Workload(pss_baseline::windows_host_process)),
    ("pss-volume-types", Condition::Workload(pss_restricted::volume_types)),
    ("pss-privilege-escalation", Condition::Workload(pss_restricted::privilege_escalation)),
    ("pss-run-as-non-root", Condition::Workload(pss_restricted::run_as_non_root)),
    ("pss-run-as-user", Condition::Workload(pss_restricted::run_as_user)),
    ("pss-seccomp-restricted", Condition::Workload(pss_restricted::seccomp)),
    ("pss-capabilities-restricted", Condition::Workload(pss_restricted::capabilities)),
    ("pss-proc-mount-restricted", Condition::Workload(pss_restricted::proc_mount)),
    ("token-automounted", Condition::Workload(defaults::token_automounted)),
    ("default-service-account", Condition::Workload(defaults::default_service_account)),
    ("docker-socket-mounted", Condition::Workload(defaults::runtime_socket)),
    ("image-tag-mutable", Condition::Workload(defaults::moving_tag)),
    ("namespace-default", Condition::Workload(defaults::default_namespace)),
    ("no-network-policy", Condition::Namespace(defaults::no_network_policy)),
    ("secret-in-env", Condition::Secret),
    ("api-endpoint-public", Condition::Endpoint),
];

/// The Kubernetes version by whose Pod Security Standards pods are judged: the minor of 1.x.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StandardsVersion(u16);

/// Text that names no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version of the Pod Security Standards: expected `latest` or v1.N")]
pub struct BadStandardsVersion;

impl StandardsVersion {
    /// The newest version whose changes are known here. Source: pod-security-admission of Kubernetes 1.37.
    pub const LATEST: Self = Self(37);

    /// True from version 1.`minor` on.
    pub(super) const fn since(self, minor: u16) -> bool {
        self.0 >= minor
    }
}

impl std::str::FromStr for StandardsVersion {
    type Err = BadStandardsVersion;
    fn from_str(text: &str) -> Result<Self, BadStandardsVersion> {
        if text == "latest" {
            return Ok(Self::LATEST);
        }
        let minor = text.strip_prefix("v1.").or_else(|| text.strip_prefix("1.")).ok_or(BadStandardsVersion)?;
        minor.parse().map(Self).map_err(|_| BadStandardsVersion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_has_its_condition_and_every_condition_its_row() {
        let rows: BTreeSet<&str> = Controls::parse(CONTROLS_CSV)
            .expect("the test wrote it")
            .iter()
            .map(|row| row.id.as_ref())
            .map(leak)
            .collect();
        // One row is for what readers of reports find; no object can fail it.
        let of_reports = ["secret-in-clear"];
        let conditions_by_id: BTreeSet<&str> = conditions().map(|(id, _)| *id).chain(of_reports).collect();
        assert_eq!(rows, conditions_by_id);
        assert_eq!(conditions_by_id.len(), conditions().count() + of_reports.len(), "an id stands once");
        assert!(rows.len() >= 110, "{}", rows.len());
    }

    fn leak(text: &str) -> &'static str {
        Box::leak(text.to_owned().into_boxed_str())
    }

    #[test]
    fn every_row_says_what_is_wrong_what_to_do_and_who_says_so() {
        for row in controls().iter() {
            assert!(
                !row.title.as_str().is_empty() && !row.remedy.as_str().is_empty() && !row.source.is_empty(),
                "{}",
                row.id
            );
            assert!(
                !row.owasp.is_empty() && row.owasp.iter().all(|k| k.len() == 3 && k.starts_with('K')),
                "{}",
                row.id
            );
            assert!(row.id.starts_with("pss-") == row.standard.starts_with("PSS "), "{}", row.id);
            assert!(row.remedy.as_str().ends_with('.') || row.remedy.as_str().ends_with(".."), "{}", row.id);
        }
    }

    #[test]
    fn versions_are_read_the_way_kubernetes_writes_them() {
        assert_eq!("latest".parse(), Ok(StandardsVersion::LATEST));
        assert_eq!("v1.34".parse(), Ok(StandardsVersion(34)));
        assert!("2.0".parse::<StandardsVersion>().is_err());
    }
}
