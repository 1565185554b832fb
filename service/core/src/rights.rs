//! Who may do what: the dangerous rights of a subject with those of the groups that it is in. Comes in: the world. Goes
//! out: each right with where it holds, what gives it and since when it is known; what nobody can say is told beside it.
//! It must never take a subject without a right in view for one that has none.

pub mod usage;

use std::collections::BTreeSet;

use crate::asset::{AssetKey, Kind, KindClass};
use crate::ids::{EvidenceId, Time};
use crate::observation::{Capability, Link, RightsUnknown};
use crate::text::Opaque;
use crate::world::{AssetIdx, EdgeSeen, World};

/// A right that a subject has.
#[derive(Clone, Debug, PartialEq)]
pub struct Held<'w> {
    /// What can be done.
    pub capability: Capability,
    /// Everywhere, or in the namespace that `to` is.
    pub cluster_wide: bool,
    /// The cluster or the namespace.
    pub to: AssetIdx,
    /// The only objects that it is for; all where empty.
    pub names: &'w [Opaque],
    /// The binding that gives it.
    pub binding: &'w Opaque,
    /// The role that says so.
    pub role: &'w Opaque,
    /// The group that it comes through, where it is not the subject's own.
    pub through: Option<AssetIdx>,
    /// The edge that says so.
    pub evidence: EvidenceId,
    /// Since when it is known.
    pub since: Time,
    /// When it was last seen.
    pub until: Time,
}

/// A binding of which nobody can say all that it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Untold<'w> {
    /// The binding.
    pub binding: &'w Opaque,
    /// Its role.
    pub role: &'w Opaque,
    /// The cluster or the namespace.
    pub to: AssetIdx,
    /// Why.
    pub because: RightsUnknown,
    /// The edge that says so.
    pub evidence: EvidenceId,
}

/// Everybody who is bound to anything dangerous or unknown, by itself, in the order of kinds and names.
pub fn subjects(world: &World) -> Vec<AssetIdx> {
    let bound = |e: &&EdgeSeen| matches!(e.link, Link::Holds { .. } | Link::MayHold { .. });
    let mut found: Vec<AssetIdx> = world.edges.iter().filter(bound).map(|e| e.from).collect();
    found.sort_unstable_by(|a, b| world.asset(*a).key.cmp(&world.asset(*b).key));
    found.dedup();
    found
}

/// The rights of a subject, the strongest first: its own, and with `groups` those of the groups that it is in.
pub fn held(world: &World, subject: AssetIdx, groups: bool) -> Vec<Held<'_>> {
    let mut found: Vec<Held<'_>> = world.out(subject).filter_map(|e| right(e, None)).collect();
    let through = if groups { groups_of(world, subject) } else { Vec::new() };
    for group in through {
        found.extend(world.out(group).filter_map(|e| right(e, Some(group))));
    }
    found.sort_by(|a, b| {
        let order = |h: &Held<'_>| (h.capability, !h.cluster_wide, world.asset(h.to).key.clone(), h.binding.clone());
        order(a).cmp(&order(b)).then(a.through.cmp(&b.through))
    });
    found
}

/// The bindings of a subject whose rights nobody can tell, with those of its groups.
pub fn untold(world: &World, subject: AssetIdx, groups: bool) -> Vec<Untold<'_>> {
    let through = if groups { groups_of(world, subject) } else { Vec::new() };
    let edges = std::iter::once(subject).chain(through).flat_map(|s| world.out(s));
    let mut found: Vec<Untold<'_>> = edges
        .filter_map(|e| match &e.link {
            Link::MayHold { binding, role, because } => {
                Some(Untold { binding, role, to: e.to, because: *because, evidence: EvidenceId::Edge(e.id) })
            }
            _ => None,
        })
        .collect();
    found.sort_by(|a, b| (a.binding, a.to, a.because).cmp(&(b.binding, b.to, b.because)));
    found
}

/// The workloads that run as a subject, or as a member of it.
pub fn workloads(world: &World, subject: AssetIdx) -> Vec<AssetIdx> {
    let mut found: Vec<AssetIdx> = world.run_as(subject).collect::<BTreeSet<_>>().into_iter().collect();
    found.sort_by(|a, b| world.asset(*a).key.cmp(&world.asset(*b).key));
    found
}

fn right(edge: &EdgeSeen, through: Option<AssetIdx>) -> Option<Held<'_>> {
    let Link::Holds { capability, cluster_wide, names, binding, role } = &edge.link else { return None };
    Some(Held {
        capability: *capability,
        cluster_wide: *cluster_wide,
        to: edge.to,
        names,
        binding,
        role,
        through,
        evidence: EvidenceId::Edge(edge.id),
        since: edge.since,
        until: edge.until,
    })
}

/// The groups that the API server puts a subject into by itself, as far as anybody bound something to them. Who else is
/// in a group is for whoever signs people in to say, not for the cluster. Source: Kubernetes documentation, "Using RBAC
/// Authorization", referring to subjects; "Authenticating", anonymous requests.
pub fn groups_of(world: &World, subject: AssetIdx) -> Vec<AssetIdx> {
    let key = &world.asset(subject).key;
    if key.kind.class() != KindClass::Identity {
        return Vec::new();
    }
    let name = key.name.reveal();
    let of_namespace = |namespace: &str| format!("{ACCOUNTS_OF}{namespace}");
    let names: Vec<String> = match (key.kind.as_str(), name) {
        ("ServiceAccount", _) => vec![of_namespace(key.namespace.reveal()), ACCOUNTS.into(), AUTHENTICATED.into()],
        ("User", "system:anonymous") => vec![UNAUTHENTICATED.into()],
        ("User", _) | ("Group", ACCOUNTS) => vec![AUTHENTICATED.into()],
        ("Group", name) if name.starts_with(ACCOUNTS_OF) => vec![ACCOUNTS.into(), AUTHENTICATED.into()],
        _ => Vec::new(),
    };
    let group = |name: String| {
        let name = Opaque::readmit(&name);
        world.find(&AssetKey::object(&key.cluster, Kind::of("Group"), Opaque::readmit(""), name))
    };
    names.into_iter().filter_map(group).collect()
}

/// True for a group whose members the API server makes itself.
fn is_of_server(group: &str) -> bool {
    matches!(group, ACCOUNTS | AUTHENTICATED | UNAUTHENTICATED) || group.starts_with(ACCOUNTS_OF)
}

const ACCOUNTS: &str = "system:serviceaccounts";
const ACCOUNTS_OF: &str = "system:serviceaccounts:";
const AUTHENTICATED: &str = "system:authenticated";
const UNAUTHENTICATED: &str = "system:unauthenticated";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::EnvironmentRules;
    use crate::observation::Author;
    use crate::world::Watching;

    struct Laid {
        world: World,
    }

    fn o(text: &str) -> Opaque {
        Opaque::readmit(text)
    }

    impl Laid {
        fn new() -> Self {
            Self { world: World::empty(Time::from_secs(9), EnvironmentRules::default(), Watching::default()) }
        }

        fn asset(&mut self, kind: &'static str, namespace: &str, name: &str) -> AssetIdx {
            let key = AssetKey::object(&o("c"), Kind::of(kind), o(namespace), o(name));
            let id = self.world.assets.len() as i64 + 1;
            self.world.add_asset(id, key)
        }

        fn link(&mut self, from: AssetIdx, to: AssetIdx, link: Link) {
            let (id, since) = (self.world.edges.len() as i64 + 1, Time::from_secs(1));
            self.world.add_edge(EdgeSeen { id, from, to, link, author: Author::Cluster, since, until: since });
        }

        fn holds(&mut self, from: AssetIdx, to: AssetIdx, capability: Capability) {
            let (binding, role) = (o("ClusterRoleBinding/b"), o("ClusterRole/r"));
            self.link(from, to, Link::Holds { capability, cluster_wide: true, names: vec![], binding, role });
        }
    }

    fn names(world: &World, held: &[Held<'_>]) -> Vec<String> {
        let through = |h: &Held<'_>| h.through.map_or("itself", |g| world.asset(g).key.name.reveal()).to_owned();
        held.iter().map(|h| format!("{} by {}", h.capability, through(h))).collect()
    }

    #[test]
    fn an_account_has_what_its_groups_have() {
        let mut laid = Laid::new();
        let cluster = laid.asset("Cluster", "", "c");
        let web = laid.asset("ServiceAccount", "shop", "web");
        let bot = laid.asset("ServiceAccount", "lab", "bot");
        for (group, capability) in [
            ("system:serviceaccounts:shop", Capability::ExecPods),
            ("system:serviceaccounts", Capability::CreatePods),
            ("system:authenticated", Capability::DeleteEvents),
            ("system:unauthenticated", Capability::ClusterAdmin),
            ("ann-and-friends", Capability::ClusterAdmin),
        ] {
            let group = laid.asset("Group", "", group);
            laid.holds(group, cluster, capability);
        }
        laid.holds(web, cluster, Capability::ReadSecrets);
        let world = &laid.world;
        assert_eq!(names(world, &held(world, web, false)), ["read-secrets by itself"]);
        let all = [
            "read-secrets by itself",
            "create-pods by system:serviceaccounts",
            "exec-pods by system:serviceaccounts:shop",
            "delete-events by system:authenticated",
        ];
        assert_eq!(names(world, &held(world, web, true)), all);
        assert_eq!(names(world, &held(world, bot, true)), [all[1], all[3]]);
    }

    #[test]
    fn nobody_is_in_the_group_of_nobody_only() {
        let mut laid = Laid::new();
        let cluster = laid.asset("Cluster", "", "c");
        let (nobody, ann) = (laid.asset("User", "", "system:anonymous"), laid.asset("User", "", "ann"));
        let (out, within) =
            (laid.asset("Group", "", "system:unauthenticated"), laid.asset("Group", "", "system:authenticated"));
        laid.holds(out, cluster, Capability::ReadSecrets);
        laid.holds(within, cluster, Capability::CreatePods);
        let world = &laid.world;
        assert_eq!(names(world, &held(world, nobody, true)), ["read-secrets by system:unauthenticated"]);
        assert_eq!(names(world, &held(world, ann, true)), ["create-pods by system:authenticated"]);
        assert_eq!(subjects(world), [out, within].map(|g| g).into_iter().rev().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_known_is_told_beside_what_is() {
        let mut laid = Laid::new();
        let cluster = laid.asset("Cluster", "", "c");
        let web = laid.asset("ServiceAccount", "shop", "web");
        let because = RightsUnknown::RoleNotInView;
        laid.link(web, cluster, Link::MayHold { binding: o("b"), role: o("r"), because });
        let world = &laid.world;
        assert_eq!((subjects(world), held(world, web, true).len()), (vec![web], 0));
        assert_eq!(untold(world, web, true).iter().map(|u| u.because).collect::<Vec<_>>(), [because]);
    }
}
