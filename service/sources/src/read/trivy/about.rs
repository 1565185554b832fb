//! What a check of Trivy is about, told from its message, and the asset that an object of a report is.

use assay_core::asset::{AssetKey, Kind};

use super::super::intake::Intake;

/// What a check's message says it is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct About<'a> {
    pub(crate) container: Option<&'a str>,
    /// Kind and name.
    pub(crate) object: Option<(&'a str, &'a str)>,
}

/// Reads `Container 'app' of Deployment 'web' should ..` and `container app of deployment web in shop namespace ..`.
pub(crate) fn about(message: &str) -> About<'_> {
    fn word<'a>(words: &mut std::str::SplitAsciiWhitespace<'a>) -> Option<&'a str> {
        words.next().map(|w| w.trim_matches(|c| matches!(c, '\'' | '"' | ',' | ':')))
    }
    let mut about = About::default();
    let mut words = message.split_ascii_whitespace();
    let mut first = word(&mut words);
    if first.is_some_and(|w| w.eq_ignore_ascii_case("container")) {
        about.container = word(&mut words);
        match word(&mut words) {
            Some("of" | "in") => first = word(&mut words),
            _ => return about,
        }
    }
    if let (Some(kind), Some(name)) = (first.filter(|k| proper_kind(k).is_some()), word(&mut words)) {
        about.object = Some((kind, name));
    }
    about
}

/// A kind as Kubernetes spells it, however a message or report does.
pub(crate) fn proper_kind(word: &str) -> Option<&'static str> {
    const KINDS: &[&str] = &[
        "Pod",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "ReplicationController",
        "Job",
        "CronJob",
        "Service",
        "Ingress",
        "Role",
        "ClusterRole",
        "RoleBinding",
        "ClusterRoleBinding",
        "ServiceAccount",
        "ConfigMap",
        "Secret",
        "NetworkPolicy",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "LimitRange",
        "ResourceQuota",
    ];
    KINDS.iter().copied().find(|k| k.eq_ignore_ascii_case(word))
}

impl About<'_> {
    /// The place in a tree: file, object and container, or the resource that Trivy names; never a line.
    pub(super) fn path(&self, target: Option<&str>, resource: Option<&str>) -> String {
        let object = self.object.map(|(kind, name)| format!("{}/{name}", proper_kind(kind).unwrap_or(kind)));
        let inner = resource.map(str::to_owned).or(object);
        let parts = [target.map(str::to_owned), inner, self.container.map(str::to_owned)];
        parts.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(":")
    }
}

/// The asset that an object of a cluster report is.
pub(crate) fn object(intake: &Intake<'_>, kind: &str, namespace: &str, name: &str) -> AssetKey {
    let kind = proper_kind(kind).unwrap_or(kind);
    let (group, kind) = kind.rsplit_once('/').unwrap_or(("", kind));
    // The kind is a stranger's word too.
    let (group, kind) = (intake.name(group), intake.name(kind));
    AssetKey::object(
        intake.how.cluster,
        Kind::new(group.reveal(), kind.reveal()),
        intake.name(namespace),
        intake.name(name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_it_is_about() {
        let new = about("container \"app\" of deployment web in shop namespace should set x");
        let old = about("Container 'app' of Deployment 'web' should set 'securityContext.x' to false");
        assert_eq!((new.container, new.object), (Some("app"), Some(("deployment", "web"))));
        assert_eq!((old.container, old.object), (Some("app"), Some(("Deployment", "web"))));
        assert_eq!(about("Specify at least 1 USER command"), About::default());
        assert_eq!(about("service kubernetes in default namespace should").object, Some(("service", "kubernetes")));
        assert_eq!(old.path(Some("a.yaml"), None), "a.yaml:Deployment/web:app");
    }
}
