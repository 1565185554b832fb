//! Versions: of Kubernetes that nobody mends any more, and of APIs that are gone. The tables are data files with their
//! source.

use std::sync::LazyLock;

use assay_core::ids::Time;

use super::Condition;
use super::case::{ObjectCase, Verdict, of_object};
use crate::cluster::model::{Body, Component};

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("node-out-of-support", Condition::Object(node_out_of_support)),
    ("control-plane-out-of-support", Condition::Object(control_plane_out_of_support)),
    ("removed-api", Condition::Object(removed_api)),
];

/// Columns: minor, end_of_life.
const RELEASES_CSV: &str = include_str!("../releases.csv");
/// Columns: group, version, kind, removed_in, instead.
const REMOVED_CSV: &str = include_str!("../removed_apis.csv");

/// A release of Kubernetes 1.x.
struct Release {
    minor: u16,
    end_of_life: Time,
}

/// A version of an API that a release no longer serves.
struct Removed {
    group: String,
    version: String,
    kind: String,
    removed_in: u16,
    instead: String,
}

fn rows(text: &'static str) -> impl Iterator<Item = csv::StringRecord> {
    csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes()).into_records().filter_map(Result::ok)
}

static RELEASES: LazyLock<Vec<Release>> = LazyLock::new(|| {
    let read = |row: csv::StringRecord| {
        Some(Release { minor: row.get(0)?.strip_prefix("1.")?.parse().ok()?, end_of_life: row.get(1)?.parse().ok()? })
    };
    rows(RELEASES_CSV).filter_map(read).collect()
});

static REMOVED: LazyLock<Vec<Removed>> = LazyLock::new(|| {
    let read = |row: csv::StringRecord| {
        let text = |at: usize| row.get(at).map(str::to_owned);
        let removed_in = row.get(3)?.strip_prefix("1.")?.parse().ok()?;
        Some(Removed { group: text(0)?, version: text(1)?, kind: text(2)?, removed_in, instead: text(4)? })
    };
    rows(REMOVED_CSV).filter_map(read).collect()
});

/// The minor of `v1.34.2`, `1.34.2-gke.100` and `v1.34.2+k3s1`.
fn minor(version: &str) -> Option<u16> {
    let rest = version.strip_prefix('v').unwrap_or(version).strip_prefix("1.")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Whether a version is past its end; a minor that is older than the table is, one that is newer is not known to be.
fn is_over(minor: u16, at: Time) -> bool {
    let oldest = RELEASES.iter().map(|release| release.minor).min();
    match RELEASES.iter().find(|release| release.minor == minor) {
        Some(release) => at >= release.end_of_life,
        None => oldest.is_some_and(|oldest| minor < oldest),
    }
}

fn node_out_of_support(case: &ObjectCase<'_>) -> Verdict {
    let Body::Node(node) = &case.object.body else { return Verdict::NotApplicable };
    let Some(minor) = minor(&node.status.node_info.kubelet_version) else { return Verdict::NotObservable };
    let over = is_over(minor, case.as_of);
    Verdict::fail_if(over.then(|| of_object("status.nodeInfo.kubeletVersion", format!("1.{minor}"))))
}

/// The tag of the API server's own image says its version.
fn control_plane_out_of_support(case: &ObjectCase<'_>) -> Verdict {
    let Body::Workload(workload) = &case.object.body else { return Verdict::NotApplicable };
    let server = workload.spec.containers.iter().enumerate().find(|(_, c)| {
        let component = c.start.as_ref().and_then(|start| start.component.as_ref());
        component.is_some_and(|(component, _)| *component == Component::ApiServer)
    });
    let Some((at, container)) = server else { return Verdict::NotApplicable };
    let tag = container.image.as_deref().and_then(|image| image.split('@').next()?.rsplit_once(':'));
    let Some(minor) = tag.and_then(|(_, tag)| minor(tag)) else { return Verdict::NotObservable };
    let field = format!("{}.containers[{at}].image", workload.base.join("."));
    Verdict::fail_if(is_over(minor, case.as_of).then(|| of_object(field, format!("1.{minor}"))))
}

/// A server shows every object in a version that it serves: only a manifest says for which one it was written.
fn removed_api(case: &ObjectCase<'_>) -> Verdict {
    if case.live {
        return Verdict::NotApplicable;
    }
    let object = case.object;
    let removed = REMOVED
        .iter()
        .find(|row| row.group == *object.group && row.version == *object.version && row.kind == *object.kind);
    Verdict::fail_if(removed.map(|row| {
        let instead =
            if row.instead.is_empty() { "nothing takes its place".to_owned() } else { format!("use {}", row.instead) };
        of_object("apiVersion", format!("removed in 1.{}; {instead}", row.removed_in))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_both_tables_is_read() {
        let lines = |text: &str| text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()).count() - 1;
        assert_eq!(RELEASES.len(), lines(RELEASES_CSV));
        assert_eq!(REMOVED.len(), lines(REMOVED_CSV));
        assert!(RELEASES.is_sorted_by(|a, b| a.minor < b.minor && a.end_of_life <= b.end_of_life));
    }

    #[test]
    fn a_version_ends_on_its_day() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        assert!(!is_over(28, at("2024-10-21T23:59:59Z")) && is_over(28, at("2024-10-22")));
        assert!(is_over(3, at("2020-01-01T00:00:00Z")), "older than the table");
        assert!(!is_over(900, at("2030-01-01T00:00:00Z")), "newer than the table: nobody knows");
    }

    #[test]
    fn versions_are_read_as_vendors_write_them() {
        assert_eq!(
            ["v1.34.2", "1.9.0", "v1.30.1+k3s1", "v1.29.4-eks-0"].map(minor),
            [Some(34), Some(9), Some(30), Some(29)]
        );
        assert_eq!(["", "v2.0.0", "latest"].map(minor), [None; 3]);
    }
}
