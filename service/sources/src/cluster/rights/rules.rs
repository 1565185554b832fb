//! What the rules of one role give. Comes in: rules. Goes out: each dangerous right once, with the objects that it is
//! limited to.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::observation::Capability;

use super::dangers::{DANGERS, Danger, EVERY_VERB, INTERNALS, TOP_NAMES};
use crate::cluster::model::Rule;

/// How many names of objects are kept for one right of one role; with more the right is told as not known in full.
pub(super) const RIGHT_NAMES_MAX: usize = 100;

/// How far a right goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ability {
    /// The only objects that it is for; all of them where none.
    pub(super) names: Option<BTreeSet<Box<str>>>,
    /// There are more names than are kept.
    pub(super) more_names: bool,
    /// Whether it is a finding, or only a step that a path can take.
    pub(super) alarms: bool,
}

impl Ability {
    /// Over every object.
    pub(super) const fn at_large() -> Self {
        Self { names: None, more_names: false, alarms: true }
    }

    /// Both together. True when that is more than it was.
    fn add(&mut self, other: &Self) -> bool {
        let before = (self.names.as_ref().map(BTreeSet::len), self.more_names, self.alarms);
        match (&mut self.names, &other.names) {
            (None, _) => {}
            (names @ Some(_), None) => {
                *names = None;
                self.more_names = false;
            }
            (Some(mine), Some(theirs)) => {
                for name in theirs {
                    if mine.len() < RIGHT_NAMES_MAX {
                        mine.insert(name.clone());
                    } else if !mine.contains(name) {
                        self.more_names = true;
                        break;
                    }
                }
                self.more_names |= other.more_names;
            }
        }
        self.alarms |= other.alarms;
        before != (self.names.as_ref().map(BTreeSet::len), self.more_names, self.alarms)
    }
}

/// What a role gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Abilities(pub(super) BTreeMap<Capability, Ability>);

impl Abilities {
    /// What rules give together.
    pub(super) fn of(rules: &[Rule]) -> Self {
        let mut found = Self::default();
        for rule in rules {
            for (capability, ability) in of_rule(rule) {
                found.put(capability, &ability);
            }
        }
        found
    }

    /// Adds what another role gives. True when that is more than it was.
    pub(super) fn add(&mut self, other: &Self) -> bool {
        let mut grew = false;
        for (capability, ability) in &other.0 {
            grew |= self.put(*capability, ability);
        }
        grew
    }

    pub(super) fn put(&mut self, capability: Capability, ability: &Ability) -> bool {
        match self.0.get_mut(&capability) {
            Some(known) => known.add(ability),
            None => {
                self.0.insert(capability, ability.clone());
                true
            }
        }
    }

    /// True when one of them leads to a node, the cluster or credentials by itself, wherever it is bound.
    pub(super) fn lead_further(&self) -> bool {
        let further = |c: &Capability| c.row().total && *c != Capability::WriteSystemConfig;
        self.0.iter().any(|(capability, ability)| ability.alarms && further(capability))
    }
}

fn has(list: &[Box<str>], wanted: &str) -> bool {
    list.iter().any(|item| &**item == "*" || &**item == wanted)
}

fn all(list: &[Box<str>]) -> bool {
    list.iter().any(|item| &**item == "*")
}

fn of_rule(rule: &Rule) -> Vec<(Capability, Ability)> {
    let names = (!rule.resource_names.is_empty()).then_some(&rule.resource_names);
    let every_verb = all(&rule.verbs) || EVERY_VERB.iter().all(|verb| has(&rule.verbs, verb));
    if all(&rule.api_groups) && all(&rule.resources) && every_verb && names.is_none() {
        return vec![(Capability::ClusterAdmin, Ability::at_large())];
    }
    let mut found: Vec<(Capability, Ability)> = Vec::new();
    for danger in DANGERS.iter().filter(|danger| matches(rule, danger)) {
        let ability = match names {
            None => Ability::at_large(),
            Some(names) => {
                let kept = names.iter().take(RIGHT_NAMES_MAX).cloned().collect();
                let top = names.iter().any(|name| TOP_NAMES.contains(&&**name));
                let more_names = names.len() > RIGHT_NAMES_MAX;
                Ability { names: Some(kept), more_names, alarms: danger.alarms_by_name || top }
            }
        };
        found.push((danger.capability, ability));
    }
    if names.is_none() && has_wildcard(rule) {
        found.push((Capability::HoldWildcards, Ability::at_large()));
    }
    if has(&rule.verbs, "get") && rule.non_resource_urls.iter().any(|url| shows_internals(url)) {
        found.push((Capability::ReadServerInternals, Ability::at_large()));
    }
    found
}

fn matches(rule: &Rule, danger: &Danger) -> bool {
    let named = !rule.resource_names.is_empty();
    let by_verb = |resource: &str| {
        let verbs = danger.verbs.iter().filter(|verb| !named || keeps_to_names(verb, resource));
        verbs.into_iter().any(|verb| has(&rule.verbs, verb))
    };
    has(&rule.api_groups, danger.group)
        && danger.resources.iter().any(|resource| covers(rule, resource) && by_verb(resource))
}

/// True when a rule can limit this verb to names. Source: Kubernetes documentation, "Using RBAC Authorization", referring
/// to resources: a new object has no name yet, and a collection none at all; such a rule then gives nothing.
fn keeps_to_names(verb: &str, resource: &str) -> bool {
    verb != "deletecollection" && (verb != "create" || resource.contains('/'))
}

/// True when the rule is for this resource: by its name, by a wildcard, as a subresource of everything, or, of extra
/// fields, by one of them.
fn covers(rule: &Rule, wanted: &str) -> bool {
    let of_any = wanted.split_once('/').map(|(_, sub)| sub);
    rule.resources.iter().any(|resource| {
        let any_sub = resource.strip_prefix("*/").is_some_and(|sub| of_any == Some(sub));
        let one_extra = wanted == "userextras" && resource.starts_with("userextras/");
        &**resource == "*" || &**resource == wanted || any_sub || one_extra
    })
}

/// A wildcard over kinds of the core group or of all groups, or over verbs in all groups. In a group of its own, as
/// operators have it, a wildcard is no wider than the group.
fn has_wildcard(rule: &Rule) -> bool {
    let of_kinds = all(&rule.resources) && has(&rule.api_groups, "");
    of_kinds || (all(&rule.api_groups) && all(&rule.verbs))
}

/// True when a pattern of paths covers a page that shows the server's insides. A `*` stands at the end only.
fn shows_internals(pattern: &str) -> bool {
    let prefix = pattern.strip_suffix('*');
    INTERNALS.iter().any(|page| match prefix {
        Some(prefix) => page.starts_with(prefix) || prefix.starts_with(page),
        None => pattern.trim_end_matches('/') == *page || pattern.starts_with(&format!("{page}/")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(json: &str) -> Vec<Rule> {
        serde_json::from_str(json).unwrap()
    }

    fn names(abilities: &Abilities, capability: Capability) -> Option<Vec<&str>> {
        let names = abilities.0.get(&capability).unwrap().names.as_ref()?;
        Some(names.iter().map(|n| &**n).collect())
    }

    #[test]
    fn rules_add_up_their_names_until_one_has_none() {
        let one = r#"{"apiGroups":[""],"resources":["pods/exec"],"verbs":["create"],"resourceNames":["a","b"]}"#;
        let two = r#"{"apiGroups":[""],"resources":["pods/exec"],"verbs":["create"],"resourceNames":["c"]}"#;
        let any = r#"{"apiGroups":[""],"resources":["pods/exec"],"verbs":["create"]}"#;
        let both = Abilities::of(&rules(&format!("[{one},{two}]")));
        assert_eq!(names(&both, Capability::ExecPods), Some(vec!["a", "b", "c"]));
        for order in [format!("[{one},{any},{two}]"), format!("[{any},{one}]"), format!("[{two},{one},{any}]")] {
            assert_eq!(names(&Abilities::of(&rules(&order)), Capability::ExecPods), None, "{order}");
        }
    }

    /// More names than are kept are never taken for the ones that are.
    #[test]
    fn names_are_bounded_and_the_rest_is_told() {
        let rule = |i: usize| Rule {
            api_groups: vec!["".into()],
            resources: vec!["secrets".into()],
            verbs: vec!["get".into()],
            resource_names: vec![format!("s{i:06}").into()],
            ..Rule::default()
        };
        let many: Vec<Rule> = (0..100_000).map(rule).collect();
        let found = Abilities::of(&many);
        let ability = &found.0[&Capability::ReadSecrets];
        assert_eq!(ability.names.as_ref().map(BTreeSet::len), Some(RIGHT_NAMES_MAX));
        assert!(ability.more_names && !ability.alarms);
        assert!(!Abilities::of(&many[..RIGHT_NAMES_MAX]).0[&Capability::ReadSecrets].more_names);
        let in_one = Rule { resource_names: many.iter().map(|r| r.resource_names[0].clone()).collect(), ..rule(0) };
        assert_eq!(Abilities::of(&[in_one]).0[&Capability::ReadSecrets].names, ability.names);
    }

    #[test]
    fn paths_are_matched_as_the_server_matches_them() {
        for (pattern, shows) in [
            ("*", true),
            ("/*", true),
            ("/debug/*", true),
            ("/debug/pprof", true),
            ("/debug/pprof/profile", true),
            ("/logs/", true),
            ("/log*", true),
            ("/metrics", false),
            ("/healthz*", false),
            ("/logsearch", false),
            ("", false),
        ] {
            assert_eq!(shows_internals(pattern), shows, "{pattern}");
        }
    }
}
