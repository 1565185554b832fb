//! Who may do what that is dangerous. Comes in: roles and bindings. Goes out: for each binding the rights that it gives
//! to whom, and what nobody can say of it. A role is read once, however many bindings give it.

mod aggregate;
mod dangers;
mod rules;
mod subjects;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use assay_core::asset::AssetKey;
use assay_core::observation::{Capability, RightsUnknown};

use super::model::{Binding, Body, RoleRef, Rule};
use super::object::Object;
use super::view::View;
use aggregate::{ClusterRoles, Sum};
use dangers::{BUILT_IN, BuiltIn};
use rules::{Abilities, Ability};
pub(super) use subjects::is_built_in;
use subjects::{Groups, Standing, Who};

/// A right that a binding gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Right {
    /// To whom.
    pub(super) subject: AssetKey,
    /// What they can do.
    pub(super) capability: Capability,
    /// The only objects that it is for; all where empty.
    pub(super) names: Arc<[Box<str>]>,
    /// Whether it is a finding: not of a part of Kubernetes, and not a harmless one over a few objects.
    pub(super) alarms: bool,
}

/// What one binding gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// Everywhere, or in the binding's namespace.
    pub(super) cluster_wide: bool,
    /// The role that says so, as `Kind/name`.
    pub(super) role: String,
    /// The rights.
    pub(super) rights: Vec<Right>,
    /// Why there may be more, for each subject that this is true of.
    pub(super) doubts: Vec<(AssetKey, RightsUnknown)>,
    /// The workloads that hold them through a group of accounts, the group, and whether they get a token: each group is
    /// told once a scan.
    pub(super) members: Vec<(AssetKey, AssetKey, bool)>,
}

impl Given {
    /// True when all rights that the binding gives are known, so that what is missing is not given.
    pub(super) fn is_whole(&self) -> bool {
        self.doubts.iter().all(|(_, because)| *because == RightsUnknown::TooManyNames)
    }
}

/// What the roles of a scan give.
pub(super) struct Rights {
    /// By place among the objects.
    roles: HashMap<usize, Sum>,
    built_in: HashMap<&'static str, Sum>,
    groups: Groups,
}

impl Rights {
    /// Reads every role. `all_seen` is false when there may be roles that are not in view.
    pub(super) fn new(view: &View<'_>, all_seen: bool) -> Self {
        let own: HashMap<usize, Abilities> = view
            .objects
            .iter()
            .enumerate()
            .filter_map(|(at, object)| match &object.body {
                Body::Role(role) => Some((at, Abilities::of(&role.rules))),
                _ => None,
            })
            .collect();
        let mut roles = ClusterRoles::new(view);
        let mut sums = roles.sums(view, &own, all_seen);
        let labelled = |known: &BuiltIn| {
            let mut sum = Sum::default();
            for capability in known.gives {
                sum.abilities.put(*capability, &Ability::at_large());
            }
            for at in known.adds.iter().flat_map(|label| roles.labelled(label)) {
                let part = sums.get(&at).map(|sum| &sum.abilities).or_else(|| own.get(&at));
                part.into_iter().for_each(|part| {
                    sum.abilities.add(part);
                });
            }
            (known.name, sum)
        };
        let built_in = BUILT_IN.iter().map(labelled).collect();
        for (at, abilities) in own {
            sums.entry(at).or_insert_with(|| Sum { abilities, doubts: BTreeSet::new() });
        }
        Self { roles: sums, built_in, groups: Groups::new(view) }
    }

    /// What a binding gives.
    pub(super) fn given(&mut self, view: &View<'_>, object: &Object, binding: &Binding) -> Given {
        let cluster_wide = &*object.kind == "ClusterRoleBinding";
        let role = format!("{}/{}", binding.role_ref.kind, binding.role_ref.name);
        let mut given = Given { cluster_wide, role, ..Given::default() };
        let (offered, doubts) = match self.sum(view, object, &binding.role_ref) {
            Some(sum) => (reach(&sum.abilities, cluster_wide, &object.namespace), sum.doubts.clone()),
            None => (Vec::new(), [RightsUnknown::RoleNotInView].into()),
        };
        let offered: Vec<Offer> = offered.into_iter().map(Offer::of).collect();
        let more_names = offered.iter().any(|offer| offer.more_names);
        let doubts = doubts.into_iter().chain(more_names.then_some(RightsUnknown::TooManyNames));
        let doubts: Vec<RightsUnknown> = doubts.collect();
        let mut seen = HashSet::new();
        for Who { subject, standing } in subjects::of(view, object, binding) {
            if standing == Standing::BuiltIn || !seen.insert(subject.clone()) {
                continue;
            }
            for offer in &offered {
                given.rights.push(Right {
                    subject: subject.clone(),
                    capability: offer.capability,
                    names: Arc::clone(&offer.names),
                    alarms: offer.alarms && standing == Standing::Outside,
                });
            }
            given.doubts.extend(doubts.iter().map(|because| (subject.clone(), *because)));
            if !offered.is_empty() || !doubts.is_empty() {
                given.members.extend(self.groups.members(view, &subject));
            }
        }
        given
    }

    fn sum(&self, view: &View<'_>, object: &Object, role: &RoleRef) -> Option<&Sum> {
        let of_cluster = &*role.kind == "ClusterRole";
        let at = if of_cluster {
            view.find("ClusterRole", "", &role.name)
        } else {
            view.find("Role", &object.namespace, &role.name)
        };
        let in_view = at.and_then(|at| self.roles.get(&at));
        in_view.or_else(|| self.built_in.get(&*role.name).filter(|_| of_cluster))
    }
}

/// A right as every subject of one binding gets it.
struct Offer {
    capability: Capability,
    names: Arc<[Box<str>]>,
    more_names: bool,
    alarms: bool,
}

impl Offer {
    fn of((capability, ability): (Capability, &Ability)) -> Self {
        let names = ability.names.iter().flatten().cloned().collect();
        Self { capability, names, more_names: ability.more_names, alarms: ability.alarms }
    }
}

/// What is left of a role's rights where it is bound. Everything in one namespace is not everything; what says the rest
/// stands alone.
fn reach<'a>(abilities: &'a Abilities, cluster_wide: bool, namespace: &str) -> Vec<(Capability, &'a Ability)> {
    let all = abilities.0.iter().map(|(capability, ability)| (*capability, ability));
    if let Some(everything) = abilities.0.get(&Capability::ClusterAdmin) {
        let capability = if cluster_wide { Capability::ClusterAdmin } else { Capability::NamespaceAdmin };
        return vec![(capability, everything)];
    }
    let holds_here = |capability: Capability| match capability {
        Capability::WriteSystemConfig => cluster_wide || namespace == SYSTEM_NAMESPACE,
        _ => cluster_wide || !capability.is_of_cluster(),
    };
    all.filter(|(capability, _)| holds_here(*capability)).collect()
}

/// Where Kubernetes keeps its own configuration.
const SYSTEM_NAMESPACE: &str = "kube-system";

/// True when rules give a right that leads further by itself.
pub(crate) fn lead_further(rules: &[Rule]) -> bool {
    Abilities::of(rules).lead_further()
}

/// The rights that are findings wherever these rules are bound.
pub(super) fn alarming(rules: &[Rule]) -> Vec<Capability> {
    Abilities::of(rules).0.into_iter().filter(|(_, ability)| ability.alarms).map(|(capability, _)| capability).collect()
}

/// The rights that one rule gives.
pub(crate) fn rights_of_rule(rule: &Rule) -> Vec<Capability> {
    Abilities::of(std::slice::from_ref(rule)).0.into_keys().collect()
}
