//! The posture of every asset in the world. Only what the cluster or its administrator says counts: a tool's or a
//! tenant's word about an image or a right is no change of the cluster.

use std::collections::{BTreeMap, BTreeSet};

use super::{Aspect, Posture, Which, Word};
use crate::asset::{AssetKey, KindClass};
use crate::graph::{Exposure, exposure};
use crate::ids::Digest;
use crate::observation::{Author, Link, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, World};

/// Kinds that guard others: that one of them came or went is a change of policy.
const GUARDS: &[&str] = &[
    "NetworkPolicy",
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "MutatingAdmissionPolicy",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "PodSecurityPolicy",
];

/// That a container of a workload runs an image, as a scan of ours said it. The world joins such words with those of other
/// tools, which know digests better; a shift needs the scan's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunsImage {
    /// The row of the workload or pod.
    pub workload: i64,
    /// The container.
    pub container: Opaque,
    /// The image, with its tag where it has one.
    pub image: Opaque,
    /// The digest, where it is known.
    pub digest: Option<Digest>,
    /// Who said so.
    pub by: Author,
}

/// The postures of a world.
#[derive(Debug, Default)]
pub struct Seen {
    /// By asset; assets of which there is nothing to record are not in it.
    pub of: BTreeMap<AssetIdx, Posture>,
    /// Where a right is held: what is new there has to have been looked at before too.
    reach: BTreeMap<(AssetIdx, Which), AssetIdx>,
}

impl Seen {
    /// The asset whose look says that a value was not there before: of a right, where it is held; else where the asset
    /// lies. None where nothing can say so.
    pub fn homes(&self, world: &World, asset: AssetIdx, which: &Which) -> [Option<AssetIdx>; 2] {
        let own = world.find(&home(&world.asset(asset).key));
        let reach = self.reach.get(&(asset, which.clone())).copied();
        [own, reach.or(own)]
    }
}

/// What says that everything beside an asset was looked at: its namespace, or the cluster.
fn home(key: &AssetKey) -> AssetKey {
    if key.namespace.is_empty() {
        AssetKey::cluster(&key.cluster)
    } else {
        AssetKey::namespace(&key.cluster, key.namespace.clone())
    }
}

/// The postures of all assets.
pub fn seen(world: &World, runs: &[RunsImage]) -> Seen {
    let mut seen = Seen::default();
    for at in (0..world.assets.len() as u32).map(AssetIdx) {
        let posture = of_asset(world, at);
        if !posture.is_empty() {
            seen.of.insert(at, posture);
        }
    }
    images(world, runs, &mut seen);
    for edge in world.edges.iter().filter(|e| is_ours(e.author)) {
        match &edge.link {
            Link::Holds { binding, .. } | Link::MayHold { binding, .. } => {
                let place = world.asset(edge.to);
                let reach = if place.key.kind.class() == KindClass::Cluster { "" } else { place.key.name.reveal() };
                let by = format!("{} {reach}", binding.reveal());
                let which = (Aspect::Rights, Opaque::readmit(by.trim_end()));
                seen.reach.insert((edge.from, which.clone()), edge.to);
                let posture = seen.of.entry(edge.from).or_default();
                let right = match &edge.link {
                    Link::Holds { capability, names, .. } if names.is_empty() => capability.as_str().to_owned(),
                    Link::Holds { capability, names, .. } => {
                        let names: Vec<&str> = names.iter().map(Opaque::reveal).collect();
                        format!("{capability} ({})", names.join(" "))
                    }
                    _ => "not known".to_owned(),
                };
                add(posture, which, &right, edge.author);
            }
            _ => {}
        }
    }
    seen
}

/// Who may say how a cluster is set up.
fn is_ours(author: Author) -> bool {
    matches!(author, Author::Cluster | Author::ClusterAdmin)
}

fn whole(aspect: Aspect) -> Which {
    (aspect, Opaque::readmit(""))
}

/// Adds one more value to those of an aspect, in order.
fn add(posture: &mut Posture, which: Which, value: &str, by: Author) {
    let word = posture.entry(which).or_insert_with(|| Word { value: Opaque::readmit(""), by });
    let mut values: BTreeSet<&str> = word.value.reveal().split(", ").filter(|v| !v.is_empty()).collect();
    values.insert(value);
    word.value = Opaque::readmit(&values.into_iter().collect::<Vec<_>>().join(", "));
    // Where manifests and the cluster say it, the cluster does.
    word.by = word.by.min(by);
}

fn of_asset(world: &World, at: AssetIdx) -> Posture {
    let mut posture = Posture::new();
    let key = &world.asset(at).key;
    let is_workload = key.kind.class() == KindClass::Workload;
    let kind = key.kind.as_str().rsplit('/').next().unwrap_or_default();
    if is_workload || GUARDS.contains(&kind) {
        let there = world.facts(at).find(|f| is_ours(f.author) && matches!(f.what, What::Exists { .. }));
        if let Some(fact) = there {
            posture.insert(whole(Aspect::Object), Word { value: Opaque::readmit("there"), by: fact.author });
        }
    }
    if is_workload {
        workload(world, at, &mut posture);
    }
    let place = matches!(key.kind.class(), KindClass::Namespace | KindClass::Cluster);
    if place && world.scanned(at).is_some() {
        let looked = |value: &str| Word { value: Opaque::readmit(value), by: Author::Cluster };
        posture.insert(whole(Aspect::Looked), looked("whole"));
        if key.kind.class() == KindClass::Namespace {
            let level = world.enforced(&key.cluster, &key.name).filter(|(_, fact)| is_ours(fact.author));
            let word = match level {
                Some((level, fact)) => Word { value: Opaque::readmit(level.as_str()), by: fact.author },
                None => looked("none"),
            };
            posture.insert(whole(Aspect::Enforced), word);
        }
    }
    posture
}

fn workload(world: &World, at: AssetIdx, posture: &mut Posture) {
    let Some(by) = posture.get(&whole(Aspect::Object)).map(|word| word.by) else { return };
    let value = match exposure(world, at) {
        Exposure::Exposed { .. } => Some("exposed"),
        Exposure::Internal { not_running: true, .. } => Some("not running"),
        Exposure::Internal { .. } => Some("internal"),
        Exposure::Unknown { .. } => None,
    };
    if let Some(value) = value {
        posture.insert(whole(Aspect::Exposure), Word { value: Opaque::readmit(value), by });
    }
    if let Some((level, fact)) = world.pod_security(at).filter(|(_, fact)| is_ours(fact.author)) {
        let word = Word { value: Opaque::readmit(level.as_str()), by: fact.author };
        posture.insert(whole(Aspect::PodSecurity), word);
    }
    if let Some(edge) = world.identity(at).filter(|e| is_ours(e.author)) {
        let account = &world.asset(edge.to).key;
        if account.kind.as_str() == "ServiceAccount" {
            posture.insert(whole(Aspect::Identity), Word { value: account.name.clone(), by: edge.author });
        }
    }
}

fn images(world: &World, runs: &[RunsImage], seen: &mut Seen) {
    for run in runs.iter().filter(|run| is_ours(run.by)) {
        let Some(at) = world.row(run.workload) else { continue };
        let posture = seen.of.entry(at).or_default();
        add(posture, (Aspect::Image, run.container.clone()), run.image.reveal(), run.by);
        if let Some(digest) = run.digest {
            add(posture, (Aspect::Digest, run.container.clone()), &digest.to_string(), run.by);
        }
    }
}
