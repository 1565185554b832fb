//! Kubescape's ids of resources, and where its paths point to.

use assay_core::asset::{AssetKey, Kind, KindClass};
use assay_core::text::Opaque;
use serde::Deserialize;

use super::super::intake::Intake;
use super::super::lenient::{Many, Word};

/// A resource by its id: `apps/v1/shop/Deployment/web`, `path=123/api=apps/v1//Deployment/web` from a file, or
/// `group/shop/ServiceAccount/app/..` for an identity with what gives it its rights.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ResourceId<'a> {
    group: &'a str,
    namespace: &'a str,
    kind: &'a str,
    name: &'a str,
    /// It was read from a file, not from a cluster.
    pub(super) from_file: bool,
}

impl<'a> ResourceId<'a> {
    pub(super) fn parse(id: &'a str) -> Option<Self> {
        let (rest, from_file) = match id.strip_prefix("path=") {
            Some(rest) => (rest.split_once("/api=")?.1, true),
            // An identity of a file names the files of its bindings further on.
            None => (id, id.contains("/path=")),
        };
        let parts: Vec<&str> = rest.split('/').collect();
        let versioned =
            parts.get(1).is_some_and(|v| v.starts_with('v') && v[1..].starts_with(|c: char| c.is_ascii_digit()));
        let (group, namespace, kind, name) = match (versioned, parts.as_slice()) {
            (true, [group, _, namespace, kind, name, ..]) => (group, namespace, kind, name),
            (false, [group, namespace, kind, name, ..]) => (group, namespace, kind, name),
            _ => return None,
        };
        (!kind.is_empty() && !name.is_empty()).then_some(Self { group, namespace, kind, name, from_file })
    }

    pub(super) fn asset(&self, intake: &Intake<'_>) -> AssetKey {
        let (group, kind) = (intake.name(self.group), intake.name(self.kind));
        let kind = Kind::new(group.reveal(), kind.reveal());
        // A file may leave the namespace out; what is applied from it lands in `default`, as our own scan says too.
        let namespace = if self.from_file && self.namespace.is_empty() && lives_in_namespace(&kind) {
            Opaque::readmit("default")
        } else {
            intake.name(self.namespace)
        };
        AssetKey::object(intake.how.cluster, kind, namespace, intake.name(self.name))
    }
}

fn lives_in_namespace(kind: &Kind) -> bool {
    const OTHERS: &[&str] = &["ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Secret", "PersistentVolumeClaim"];
    matches!(kind.class(), KindClass::Workload | KindClass::Network) || OTHERS.contains(&kind.as_str())
}

/// The parts of an object that name its containers: a Pod, or what holds a template of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ObjectRow {
    spec: Option<SpecRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SpecRow {
    containers: Many<ContainerRow>,
    init_containers: Many<ContainerRow>,
    template: Option<Box<ObjectRow>>,
    job_template: Option<Box<ObjectRow>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContainerRow {
    name: Word,
}

impl ObjectRow {
    /// Names of the containers, then of the init containers, each behind the list they stand in.
    pub(super) fn containers(self) -> Vec<String> {
        let mut spec = self.spec;
        while let Some(SpecRow { template: Some(inner), .. } | SpecRow { job_template: Some(inner), .. }) = spec {
            spec = inner.spec;
        }
        let spec = spec.unwrap_or_default();
        let named = |list: &str, rows: Many<ContainerRow>| -> Vec<String> {
            rows.0.into_iter().enumerate().map(|(i, c)| format!("{list}[{i}]={}", c.name.as_str())).collect()
        };
        let mut names = named("containers", spec.containers);
        names.extend(named("initContainers", spec.init_containers));
        names
    }
}

/// The container that a path such as `spec.template.spec.containers[0].image` points into.
pub(super) fn container_in<'n>(path: &str, known: &'n [String]) -> Option<&'n str> {
    let at = path.split('.').find(|step| step.starts_with("containers[") || step.starts_with("initContainers["))?;
    let name = known.iter().find_map(|k| k.strip_prefix(at)?.strip_prefix('='))?;
    Some(name).filter(|n| !n.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_resource() {
        let of = |id| ResourceId::parse(id).map(|r| (r.group, r.namespace, r.kind, r.name, r.from_file));
        assert_eq!(of("apps/v1/shop/Deployment/web"), Some(("apps", "shop", "Deployment", "web", false)));
        assert_eq!(of("/v1//Namespace/shop"), Some(("", "", "Namespace", "shop", false)));
        assert_eq!(of("path=12/api=apps/v1//Deployment/web"), Some(("apps", "", "Deployment", "web", true)));
        assert_eq!(
            of("rbac.authorization.k8s.io//User/jane/rbac.authorization.k8s.io/v1//ClusterRole/admin"),
            Some(("rbac.authorization.k8s.io", "", "User", "jane", false))
        );
        assert_eq!(
            of("/shop/ServiceAccount/app/path=1/api=rbac/v1//Role/r"),
            Some(("", "shop", "ServiceAccount", "app", true))
        );
        assert_eq!([of(""), of("a/b"), of("path=1")], [None, None, None]);
    }

    #[test]
    fn a_path_points_into_a_container() {
        let object: ObjectRow = serde_json::from_str(
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"app"},{"name":"side"}],"initContainers":[{"name":"init"}]}}}}"#,
        )
        .unwrap();
        let known = object.containers();
        assert_eq!(container_in("spec.template.spec.containers[1].image", &known), Some("side"));
        assert_eq!(container_in("spec.template.spec.initContainers[0]", &known), Some("init"));
        assert_eq!(container_in("metadata.labels", &known), None);
    }
}
