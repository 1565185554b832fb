//! Who may do what, for people and programs: the dangerous rights of each subject, where they hold, what gives them, who
//! runs with them, and whether the audit log shows their use. Comes in: a snapshot, so what the caller may see. Goes out:
//! rows on the wire.

use assay_core::asset::{AssetKey, KindClass};
use assay_core::observation::Capability;
use assay_core::rights::usage::{Usage, usage};
use assay_core::rights::{self, Held, Untold};
use assay_core::text::{Opaque, Redacted};
use assay_core::world::{AssetIdx, World};
use serde::Serialize;

use crate::snapshot::Snapshot;
use crate::wire::full_name;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Only who has this name, with the rights of its groups.
    pub(crate) subject: Option<String>,
    /// Only who can do this.
    pub(crate) can: Option<Capability>,
    /// Only what holds in this namespace.
    pub(crate) namespace: Option<String>,
}

/// Subjects and their rights.
#[derive(Debug, Serialize)]
pub(crate) struct RightsWire {
    pub(crate) subjects: Vec<SubjectWire>,
    pub(crate) as_of: String,
    /// What this list does not know.
    pub(crate) limits: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct SubjectWire {
    pub(crate) kind: String,
    pub(crate) cluster: Redacted,
    pub(crate) namespace: Redacted,
    pub(crate) name: Redacted,
    pub(crate) rights: Vec<RightWire>,
    /// Bindings of it of which not all is known.
    pub(crate) unknown: Vec<UntoldWire>,
    /// The workloads that run as it, or as a member of it.
    pub(crate) workloads: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct RightWire {
    pub(crate) capability: &'static str,
    /// The same in words that follow "may".
    pub(crate) may: &'static str,
    /// What it leads to by itself: `total` is node, cluster or credentials.
    pub(crate) gains: &'static str,
    pub(crate) cluster_wide: bool,
    /// Where it holds; none where everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<Redacted>,
    /// The only objects that it is for; all where empty.
    pub(crate) names: Vec<Redacted>,
    pub(crate) binding: Redacted,
    pub(crate) role: Redacted,
    /// The group that it comes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) through: Option<Redacted>,
    pub(crate) evidence: String,
    pub(crate) since: String,
    pub(crate) until: String,
    #[serde(rename = "use")]
    pub(crate) used: UseWire,
}

/// What the audit log shows of a right.
#[derive(Debug, Serialize)]
#[serde(tag = "value", rename_all = "snake_case")]
pub(crate) enum UseWire {
    /// It was used, first and last.
    Used { since: String, until: String, evidence: Vec<String> },
    /// It was not, in so many seconds of the log between these two.
    NotSeen { since: String, until: String, watched_s: i64, evidence: Vec<String> },
    /// The log does not say.
    Unknown,
}

#[derive(Debug, Serialize)]
pub(crate) struct UntoldWire {
    pub(crate) binding: Redacted,
    pub(crate) role: Redacted,
    /// Where it would hold; none where everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<Redacted>,
    pub(crate) because: &'static str,
    pub(crate) evidence: String,
}

/// What the list does not know: said wherever it is shown.
pub(crate) const LIMITS: &str = "rights that roles and bindings in view give; which people are in a group is for whoever signs them in to say, and what other authorizers than RBAC allow is not read";

/// Everybody who is asked for, in the order of kinds and names.
pub(crate) fn list(snapshot: &Snapshot, asked: &Asked) -> RightsWire {
    let world = &snapshot.world;
    let one = asked.subject.as_deref();
    let subjects = match one {
        None => rights::subjects(world),
        Some(text) => {
            let all = (0..world.assets.len() as u32).map(AssetIdx);
            let mut found: Vec<AssetIdx> = all.filter(|i| is_called(&world.asset(*i).key, text)).collect();
            found.sort_by(|a, b| world.asset(*a).key.cmp(&world.asset(*b).key));
            found
        }
    };
    let subjects = subjects.into_iter().map(|idx| subject(world, idx, asked));
    // Who was asked for by name is shown with nothing too.
    let shown = |s: &SubjectWire| asked.can.is_none() && one.is_some() || !s.rights.is_empty() || !s.unknown.is_empty();
    RightsWire { subjects: subjects.filter(shown).collect(), as_of: world.as_of.to_string(), limits: LIMITS }
}

fn subject(world: &World, idx: AssetIdx, asked: &Asked) -> SubjectWire {
    let groups = asked.subject.is_some();
    let key = &world.asset(idx).key;
    let here = |to: AssetIdx| {
        let to = &world.asset(to).key;
        asked.namespace.as_ref().is_none_or(|n| to.kind.class() != KindClass::Namespace || to.name.reveal() == n)
    };
    let held = rights::held(world, idx, groups).into_iter();
    let held = held.filter(|h| here(h.to) && asked.can.is_none_or(|can| h.capability.gives(can)));
    let untold = rights::untold(world, idx, groups).into_iter().filter(|u| here(u.to));
    SubjectWire {
        kind: key.kind.to_string(),
        cluster: (&key.cluster).into(),
        namespace: (&key.namespace).into(),
        name: (&key.name).into(),
        rights: held.map(|h| right(world, idx, &h)).collect(),
        unknown: untold.map(|u| untold_wire(world, &u)).collect(),
        workloads: rights::workloads(world, idx).into_iter().map(|w| full_name(&world.asset(w).key)).collect(),
    }
}

fn right(world: &World, subject: AssetIdx, held: &Held<'_>) -> RightWire {
    let row = held.capability.row();
    RightWire {
        capability: held.capability.as_str(),
        may: row.words,
        gains: if row.total { "total" } else { "partial" },
        cluster_wide: held.cluster_wide,
        namespace: namespace(world, held.to),
        names: held.names.iter().map(Redacted::from).collect(),
        binding: held.binding.into(),
        role: held.role.into(),
        through: held.through.map(|group| (&world.asset(group).key.name).into()),
        evidence: held.evidence.to_string(),
        since: held.since.to_string(),
        until: held.until.to_string(),
        used: used(usage(world, subject, held.capability)),
    }
}

fn used(usage: Usage) -> UseWire {
    let marks = |evidence: Vec<assay_core::ids::EvidenceId>| evidence.iter().map(ToString::to_string).collect();
    match usage {
        Usage::Used { since, until, evidence } => {
            UseWire::Used { since: since.to_string(), until: until.to_string(), evidence: marks(evidence) }
        }
        Usage::NotSeen(log) => UseWire::NotSeen {
            since: log.since.to_string(),
            until: log.until.to_string(),
            watched_s: log.span.millis() / 1000,
            evidence: marks(log.evidence),
        },
        Usage::Untold => UseWire::Unknown,
    }
}

fn untold_wire(world: &World, untold: &Untold<'_>) -> UntoldWire {
    UntoldWire {
        binding: untold.binding.into(),
        role: untold.role.into(),
        namespace: namespace(world, untold.to),
        because: untold.because.words(),
        evidence: untold.evidence.to_string(),
    }
}

fn namespace(world: &World, to: AssetIdx) -> Option<Redacted> {
    let key = &world.asset(to).key;
    (key.kind.class() == KindClass::Namespace).then(|| (&key.name).into())
}

/// True for a subject by any of its names: `web`, `shop/web`, `ServiceAccount/shop/web`, `User/ann`, and what the API
/// server calls an account, `system:serviceaccount:shop:web`.
fn is_called(key: &AssetKey, text: &str) -> bool {
    if key.kind.class() != KindClass::Identity {
        return false;
    }
    let (kind, name) = (key.kind.as_str(), key.name.reveal());
    let namespace = |n: &Opaque| n.reveal().to_owned();
    let full = match kind {
        "ServiceAccount" => format!("{}/{name}", namespace(&key.namespace)),
        _ => name.to_owned(),
    };
    let server =
        (kind == "ServiceAccount").then(|| format!("system:serviceaccount:{}:{name}", namespace(&key.namespace)));
    text == name || text == full || text == format!("{kind}/{full}") || server.is_some_and(|s| s == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_core::asset::Kind;

    #[test]
    fn a_subject_is_found_by_each_of_its_names() {
        let o = Opaque::readmit;
        let web = AssetKey::object(&o("c"), Kind::of("ServiceAccount"), o("shop"), o("web"));
        for name in ["web", "shop/web", "ServiceAccount/shop/web", "system:serviceaccount:shop:web"] {
            assert!(is_called(&web, name), "{name}");
        }
        for name in ["shop", "lab/web", "User/web", "we", ""] {
            assert!(!is_called(&web, name), "{name}");
        }
        let group = AssetKey::object(&o("c"), Kind::of("Group"), o(""), o("oidc:shop/devs"));
        assert!(is_called(&group, "oidc:shop/devs") && is_called(&group, "Group/oidc:shop/devs"));
        let pod = AssetKey::object(&o("c"), Kind::of("Pod"), o("shop"), o("web"));
        assert!(!is_called(&pod, "shop/web"));
    }
}
