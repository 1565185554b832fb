//! What a container may take from its neighbours on the node.

use super::Condition;
use super::case::{Case, Spot, Verdict, Where, of_pod};
use crate::cluster::model::{Amounts, Container, ContainerList};

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("no-cpu-limit", Condition::Workload(|case| missing(case, |c| c.resources.limits, |a| a.cpu, "limits.cpu"))),
    (
        "no-memory-limit",
        Condition::Workload(|case| missing(case, |c| c.resources.limits, |a| a.memory, "limits.memory")),
    ),
    // Where only a limit is written, the server makes it the request.
    ("no-cpu-request", Condition::Workload(|case| missing(case, requested, |a| a.cpu, "requests.cpu"))),
    ("no-memory-request", Condition::Workload(|case| missing(case, requested, |a| a.memory, "requests.memory"))),
    (
        "no-ephemeral-storage-limit",
        Condition::Workload(|case| {
            missing(case, |c| c.resources.limits, |a| a.ephemeral_storage, "limits.ephemeral-storage")
        }),
    ),
    ("empty-dir-unbounded", Condition::Workload(empty_dir_unbounded)),
];

/// Source: Kubernetes documentation, "Resource Management for Pods and Containers".
fn requested(container: &Container) -> Amounts {
    let (limits, requests) = (container.resources.limits, container.resources.requests);
    Amounts {
        cpu: limits.cpu || requests.cpu,
        memory: limits.memory || requests.memory,
        ephemeral_storage: limits.ephemeral_storage || requests.ephemeral_storage,
    }
}

/// Ephemeral containers may not have resources.
fn missing(
    case: &Case<'_>,
    amounts: fn(&Container) -> Amounts,
    has: fn(&Amounts) -> bool,
    field: &'static str,
) -> Verdict {
    let asked = case.spec().all_containers().filter(|(list, _, _)| *list != ContainerList::Ephemeral);
    let without = asked.filter(|(_, _, container)| !has(&amounts(container)));
    let spots = without.map(|(list, index, _)| Spot {
        at: Where::Container(list, index),
        field: format!("resources.{field}"),
        saw: "not set".to_owned(),
    });
    Verdict::of(spots.collect())
}

fn empty_dir_unbounded(case: &Case<'_>) -> Verdict {
    let volumes = case.spec().volumes.iter().enumerate().filter(|(_, volume)| volume.unbounded);
    Verdict::of(volumes.map(|(i, _)| of_pod(format!("volumes[{i}].emptyDir.sizeLimit"), "not set")).collect())
}
