//! All objects of one scan at once, found by name and raised to their owners. Comes in: objects. Goes out: the asset that
//! each of them is, and the workload that answers for it. A pod that calls itself somebody's is believed only where its
//! owner reference says so, and never across namespaces.

use std::collections::HashMap;

use assay_core::asset::{AssetKey, Kind};
use assay_core::text::{Door, Opaque};

use super::model::{Body, OwnerReference, ServiceAccount, Workload};
use super::object::Object;

/// The objects of one scan.
pub(super) struct View<'a> {
    pub(super) objects: &'a [Object],
    /// Each object as an asset.
    pub(super) keys: Vec<AssetKey>,
    /// The workload that answers for each object: itself where nothing owns it.
    pub(super) raised: Vec<AssetKey>,
    /// Where that workload is among the objects, when it is another one than the object itself.
    pub(super) owner: Vec<Option<usize>>,
    by_name: HashMap<(Kind, &'a str, &'a str), usize>,
    /// The places of the workloads of each namespace.
    workloads: HashMap<&'a str, Vec<usize>>,
    /// The places of the network policies of each namespace; under the empty one those of the whole cluster.
    policies: HashMap<&'a str, Vec<usize>>,
    cluster: &'a Opaque,
    door: &'a dyn Door,
}

impl<'a> View<'a> {
    pub(super) fn new(objects: &'a [Object], cluster: &'a Opaque, door: &'a dyn Door) -> Self {
        let mut by_name = HashMap::with_capacity(objects.len());
        let mut keys = Vec::with_capacity(objects.len());
        let (mut workloads, mut policies) = (HashMap::<&str, Vec<usize>>::new(), HashMap::<&str, Vec<usize>>::new());
        for (at, object) in objects.iter().enumerate() {
            let kind = Kind::new(&object.group, &object.kind);
            // Applied in order, the last one of a name is the one that stands.
            by_name.insert((kind.clone(), &*object.namespace, &*object.name), at);
            match &object.body {
                Body::Workload(_) => workloads.entry(&object.namespace).or_default().push(at),
                Body::NetworkPolicy(_) | Body::OtherPolicy => policies.entry(&object.namespace).or_default().push(at),
                _ => {}
            }
            let name = |text: &str| Opaque::admit_name(text, door);
            keys.push(AssetKey::object(cluster, kind, name(&object.namespace), name(&object.name)));
        }
        let mut view =
            Self { objects, keys, raised: Vec::new(), owner: Vec::new(), by_name, workloads, policies, cluster, door };
        let (raised, owner) = (0..objects.len()).map(|at| view.raise(at)).unzip();
        (view.raised, view.owner) = (raised, owner);
        view
    }

    /// The object of this kind and name.
    pub(super) fn find(&self, kind: &'static str, namespace: &str, name: &str) -> Option<usize> {
        self.lookup(Kind::of(kind), namespace, name)
    }

    fn lookup(&self, kind: Kind, namespace: &str, name: &str) -> Option<usize> {
        self.by_name.get(&(kind, namespace, name)).copied()
    }

    /// The workloads of a namespace.
    pub(super) fn workloads_in(&self, namespace: &str) -> impl Iterator<Item = &'a Workload> + '_ {
        self.workloads.get(namespace).into_iter().flatten().filter_map(|at| self.workload(*at))
    }

    /// The network policies that may cover a namespace: its own, and those of the whole cluster.
    pub(super) fn policies(&self, namespace: &str) -> impl Iterator<Item = &'a Body> + '_ {
        let of = |home: &str| self.policies.get(home).map(Vec::as_slice).unwrap_or_default();
        of(namespace).iter().chain(of("")).map(|at| &self.objects[*at].body)
    }

    /// The asset of a name that another object says.
    pub(super) fn key(&self, kind: Kind, namespace: &str, name: &str) -> AssetKey {
        let admit = |text: &str| Opaque::admit_name(text, self.door);
        AssetKey::object(self.cluster, kind, admit(namespace), admit(name))
    }

    /// The workload at an index.
    pub(super) fn workload(&self, at: usize) -> Option<&'a Workload> {
        match &self.objects[at].body {
            Body::Workload(workload) => Some(workload),
            _ => None,
        }
    }

    /// The workloads with their places.
    pub(super) fn workloads(&self) -> impl Iterator<Item = (usize, &'a Workload)> + '_ {
        (0..self.objects.len()).filter_map(|at| Some((at, self.workload(at)?)))
    }

    /// The identity that a workload runs as, where it is in view.
    pub(super) fn account(&self, at: usize) -> Option<&'a ServiceAccount> {
        let workload = self.workload(at)?;
        let account = self.find("ServiceAccount", &self.objects[at].namespace, workload.spec.identity())?;
        match &self.objects[account].body {
            Body::ServiceAccount(account) => Some(account),
            _ => None,
        }
    }

    /// Whether a workload's pods get a token of their identity. Source: Kubernetes documentation, "Configure Service
    /// Accounts for Pods": the pod decides, else the account, else it is mounted.
    pub(super) fn token_mounted(&self, at: usize) -> bool {
        let Some(workload) = self.workload(at) else { return false };
        if workload.spec.volumes.iter().any(|volume| volume.projects_token) {
            return true;
        }
        let account = || self.account(at).and_then(|a| a.automount_service_account_token);
        workload.spec.automount_service_account_token.or_else(account).unwrap_or(true)
    }

    /// Follows owner references up to the workload that answers for this object. The steps of [`MADE_BY`] end by
    /// themselves.
    fn raise(&self, start: usize) -> (AssetKey, Option<usize>) {
        let mut here = start;
        loop {
            let object = &self.objects[here];
            let Some(owner) = controller(&object.meta.owner_references) else { break };
            let kind = Kind::new(group_of(&owner.api_version), &owner.kind);
            if !is_made_by(&object.kind, &kind) {
                // Such as a node, which owns the pods of its own files.
                break;
            }
            let Some(next) = self.lookup(kind.clone(), &object.namespace, &owner.name) else {
                let hash = object.meta.labels.get("pod-template-hash").map(|hash| &**hash);
                let above = (kind.as_str() == "ReplicaSet").then(|| deployment_of(&owner.name, hash)).flatten();
                let key = match above {
                    Some(deployment) => self.key(Kind::of("Deployment"), &object.namespace, deployment),
                    None => self.key(kind, &object.namespace, &owner.name),
                };
                return (key, None);
            };
            here = next;
        }
        (self.keys[here].clone(), (here != start).then_some(here))
    }
}

/// Which controller makes which kind. Source: Kubernetes documentation, "Workload Management". Whoever may write an object
/// may write any owner into it; these are the steps that a controller keeps true.
const MADE_BY: &[(&str, &[&str])] = &[
    ("Pod", &["ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job"]),
    ("ReplicaSet", &["Deployment"]),
    ("Job", &["CronJob"]),
];

fn is_made_by(kind: &str, owner: &Kind) -> bool {
    MADE_BY.iter().any(|(made, by)| *made == kind && by.contains(&owner.as_str()))
}

/// The owner that manages the object. Without a flag a single owner is taken for it.
fn controller(owners: &[OwnerReference]) -> Option<&OwnerReference> {
    let single = || if let [only] = owners { Some(only) } else { None };
    owners.iter().find(|owner| owner.controller).or_else(single)
}

fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// The Deployment behind a ReplicaSet that is not in view: `web-5d4f8c7b9` without its hash. The hash is what the pod's
/// own label says, else ten or fewer of the letters that Kubernetes makes hashes of.
fn deployment_of<'n>(replica_set: &'n str, hash: Option<&str>) -> Option<&'n str> {
    let (name, end) = replica_set.rsplit_once('-')?;
    let fits = match hash {
        Some(hash) => end == hash,
        None => (8..=10).contains(&end.len()) && end.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b)),
    };
    (fits && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{limits::ScanLimits, manifests};
    use crate::door::SecretDoor;

    fn raised(yaml: &str) -> Vec<String> {
        let door = SecretDoor::new([0; 32]);
        let home = manifests::read_bytes(yaml.as_bytes(), "x.yaml", &ScanLimits::default(), &door);
        assert_eq!(home.skipped().count(), 0);
        let cluster = Opaque::readmit("c");
        let view = View::new(&home.objects, &cluster, &door);
        view.raised.iter().map(|key| format!("{}/{}", key.kind, key.name.reveal())).collect()
    }

    fn object(kind: &str, name: &str, owner: Option<(&str, &str)>) -> String {
        let group = match kind {
            "Pod" => "v1",
            "Job" | "CronJob" => "batch/v1",
            _ => "apps/v1",
        };
        let owners = owner.map_or_else(String::new, |(kind, name)| {
            let group = if kind == "Node" {
                "v1"
            } else if kind.ends_with("Job") {
                "batch/v1"
            } else {
                "apps/v1"
            };
            format!(", ownerReferences: [{{apiVersion: {group}, kind: {kind}, name: {name}, controller: true}}]")
        });
        let pod = "{containers: [{name: c, image: i}]}";
        let spec = match kind {
            "Pod" => pod.to_owned(),
            "CronJob" => format!("{{jobTemplate: {{spec: {{template: {{spec: {pod}}}}}}}}}"),
            _ => format!("{{template: {{spec: {pod}}}}}"),
        };
        format!("---\napiVersion: {group}\nkind: {kind}\nmetadata: {{name: {name}{owners}}}\nspec: {spec}\n")
    }

    #[test]
    fn owners_are_followed_to_the_top() {
        let yaml = object("Deployment", "web", None)
            + &object("ReplicaSet", "web-5d4f8c7b9", Some(("Deployment", "web")))
            + &object("Pod", "web-5d4f8c7b9-x", Some(("ReplicaSet", "web-5d4f8c7b9")))
            + &object("CronJob", "night", None)
            + &object("Job", "night-1", Some(("CronJob", "night")));
        assert_eq!(
            raised(&yaml),
            ["Deployment/web", "Deployment/web", "Deployment/web", "CronJob/night", "CronJob/night"]
        );
    }

    #[test]
    fn an_owner_that_is_not_in_view_is_named_as_far_as_its_name_tells() {
        assert_eq!(raised(&object("Pod", "p", Some(("ReplicaSet", "web-5d4f8c7b9")))), ["Deployment/web"]);
        assert_eq!(raised(&object("Pod", "p", Some(("ReplicaSet", "web-canary")))), ["ReplicaSet/web-canary"]);
        assert_eq!(raised(&object("Pod", "p", Some(("StatefulSet", "db")))), ["StatefulSet/db"]);
        assert_eq!(raised(&object("Pod", "p", Some(("Node", "n1")))), ["Pod/p"]);
    }

    /// No controller makes a Deployment of a Deployment: it would hide what it runs behind an idle one.
    #[test]
    fn an_owner_that_makes_no_such_thing_is_not_believed() {
        for (kind, owner) in
            [("Deployment", "Deployment"), ("StatefulSet", "CronJob"), ("Pod", "Deployment"), ("CronJob", "Job")]
        {
            let yaml = object(owner, "idle", None) + &object(kind, "web", Some((owner, "idle")));
            assert_eq!(raised(&yaml), [format!("{owner}/idle"), format!("{kind}/web")]);
        }
    }

    #[test]
    fn a_circle_of_owners_ends() {
        let yaml = object("ReplicaSet", "a", Some(("ReplicaSet", "b")))
            + &object("ReplicaSet", "b", Some(("ReplicaSet", "a")));
        assert_eq!(raised(&yaml), ["ReplicaSet/a", "ReplicaSet/b"]);
    }
}
