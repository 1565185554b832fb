//! The flags of the controller manager, the scheduler and the dashboard. Source: CIS Kubernetes Benchmark, sections 1.3 and
//! 1.4; Kubernetes Dashboard documentation, "Access control" and "Dashboard arguments".

use super::Condition;
use super::flags::Want;
use crate::cluster::model::Component;

const fn manager(want: Want) -> Condition {
    Condition::Flag(Component::ControllerManager, want)
}

const fn scheduler(want: Want) -> Condition {
    Condition::Flag(Component::Scheduler, want)
}

const fn dashboard(want: Want) -> Condition {
    Condition::Flag(Component::Dashboard, want)
}

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("controller-manager-profiling", manager(Want::Is("profiling", "false", "true"))),
    ("controller-manager-shared-credentials", manager(Want::Is("use-service-account-credentials", "true", "false"))),
    ("controller-manager-no-account-key", manager(Want::Set(&["service-account-private-key-file"]))),
    ("controller-manager-no-root-ca", manager(Want::Set(&["root-ca-file"]))),
    (
        "controller-manager-no-rotation",
        manager(Want::Lacks("feature-gates", "RotateKubeletServerCertificate=false", "")),
    ),
    ("controller-manager-address", manager(Want::Local("bind-address", "0.0.0.0"))),
    ("controller-manager-no-pod-limit", manager(Want::Set(&["terminated-pod-gc-threshold"]))),
    ("scheduler-profiling", scheduler(Want::Is("profiling", "false", "true"))),
    ("scheduler-address", scheduler(Want::Local("bind-address", "0.0.0.0"))),
    ("dashboard-skip-login", dashboard(Want::Is("enable-skip-login", "false", "false"))),
    ("dashboard-insecure-login", dashboard(Want::Is("enable-insecure-login", "false", "false"))),
];
