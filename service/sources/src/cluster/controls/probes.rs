//! Whether Kubernetes can tell that a container works.

use super::Condition;
use super::case::{Case, Spot, Verdict, Where};
use crate::cluster::model::{Container, ContainerList};

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("no-liveness-probe", Condition::Workload(|case| missing(case, |c| c.liveness_probe.is_none(), "livenessProbe"))),
    (
        "no-readiness-probe",
        Condition::Workload(|case| missing(case, |c| c.readiness_probe.is_none(), "readinessProbe")),
    ),
];

/// What runs to its end is not probed.
const TO_THE_END: &[&str] = &["Job", "CronJob"];

fn missing(case: &Case<'_>, none: fn(&Container) -> bool, field: &'static str) -> Verdict {
    if TO_THE_END.contains(&&*case.object.kind) {
        return Verdict::NotApplicable;
    }
    let plain = case.spec().containers.iter().enumerate().filter(|(_, container)| none(container));
    let spots = plain.map(|(index, _)| Spot {
        at: Where::Container(ContainerList::Plain, index),
        field: field.to_owned(),
        saw: "not set".to_owned(),
    });
    Verdict::of(spots.collect())
}
