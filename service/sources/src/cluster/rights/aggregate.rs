//! Roles that add up others by their labels. The server writes the sum into the role; a manifest leaves it empty, and it
//! is added up here as the server's controller does: until nothing is added any more, so that circles end.

use std::collections::{BTreeSet, HashMap, VecDeque};

use assay_core::observation::RightsUnknown;

use super::rules::Abilities;
use crate::cluster::model::{Body, Role, Selector};
use crate::cluster::view::View;

/// How often in one scan a role is compared with a selector, or added to another role. Beyond it roles that add up others
/// are not known in full.
const ROLE_STEPS_MAX: usize = 4_000_000;

/// What a role gives, and why there may be more.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    pub(super) abilities: Abilities,
    pub(super) doubts: BTreeSet<RightsUnknown>,
}

/// The steps that were taken, of those that may be.
struct Steps {
    taken: usize,
    max: usize,
}

impl Steps {
    /// Takes one; false when there is none left.
    fn take(&mut self) -> bool {
        self.taken += usize::from(self.taken < self.max);
        self.taken < self.max
    }
}

/// The cluster roles of a scan, found by their labels.
pub(super) struct ClusterRoles<'v> {
    /// Where each stands among the objects, with what it says. Of two with one name the last one counts.
    all: Vec<(usize, &'v Role)>,
    by_label: HashMap<&'v str, HashMap<&'v str, Vec<usize>>>,
    steps: Steps,
}

impl<'v> ClusterRoles<'v> {
    pub(super) fn new(view: &View<'v>) -> Self {
        let mut all: Vec<(usize, &'v Role)> = Vec::new();
        let mut by_label: HashMap<&str, HashMap<&str, Vec<usize>>> = HashMap::new();
        let objects: &'v [_] = view.objects;
        for (at, object) in objects.iter().enumerate() {
            let Body::Role(role) = &object.body else { continue };
            if &*object.kind != "ClusterRole" || view.find("ClusterRole", "", &object.name) != Some(at) {
                continue;
            }
            for (key, value) in &object.meta.labels {
                by_label.entry(key).or_default().entry(value).or_default().push(all.len());
            }
            all.push((at, role));
        }
        Self { all, by_label, steps: Steps { taken: 0, max: ROLE_STEPS_MAX } }
    }

    /// The roles with a label that is set to `true`, as places among the objects.
    pub(super) fn labelled(&self, label: &str) -> Vec<usize> {
        self.listed(label, "true").iter().map(|i| self.all[*i].0).collect()
    }

    fn listed(&self, key: &str, value: &str) -> &[usize] {
        self.by_label.get(key).and_then(|of| of.get(value)).map(Vec::as_slice).unwrap_or_default()
    }

    /// What each role that adds up others comes to. `own` is what every role says by itself; a role whose sum the server
    /// has written down is one of those. `all_seen` is false when there may be roles that are not in view.
    pub(super) fn sums(
        &mut self,
        view: &View<'v>,
        own: &HashMap<usize, Abilities>,
        all_seen: bool,
    ) -> HashMap<usize, Sum> {
        let mut parts: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut sums: HashMap<usize, Sum> = HashMap::new();
        for i in 0..self.all.len() {
            let (at, role) = self.all[i];
            let Some(rule) = role.aggregation_rule.as_ref().filter(|_| role.rules.is_empty()) else { continue };
            let mut doubts = BTreeSet::new();
            if !all_seen {
                doubts.insert(RightsUnknown::RolesNotAllInView);
            }
            let mut chosen = BTreeSet::new();
            for selector in &rule.cluster_role_selectors {
                if !self.choose(view, selector, &mut chosen) {
                    doubts.insert(RightsUnknown::TooManyRoles);
                }
            }
            chosen.remove(&at);
            parts.push((at, chosen.into_iter().collect()));
            sums.insert(at, Sum { abilities: Abilities::default(), doubts });
        }
        add_up(&parts, own, &mut sums, &mut self.steps);
        sums
    }

    /// Adds the roles that a selector chooses; false when the bound was crossed.
    fn choose(&mut self, view: &View<'v>, selector: &Selector, chosen: &mut BTreeSet<usize>) -> bool {
        // The rarest label that must be there leaves the fewest to compare.
        let candidates: Vec<usize> =
            match selector.match_labels.iter().map(|(k, v)| self.listed(k, v)).min_by_key(|l| l.len()) {
                Some(rarest) => rarest.to_vec(),
                None => (0..self.all.len()).collect(),
            };
        for candidate in candidates {
            if !self.steps.take() {
                return false;
            }
            let (at, _) = self.all[candidate];
            if selector.selects(&view.objects[at].meta.labels) {
                chosen.insert(at);
            }
        }
        true
    }
}

/// Adds until nothing grows. A role is looked at again only when one of its parts grew, and each can grow only as often
/// as there are rights.
fn add_up(
    parts: &[(usize, Vec<usize>)],
    own: &HashMap<usize, Abilities>,
    sums: &mut HashMap<usize, Sum>,
    steps: &mut Steps,
) {
    let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
    for (i, (_, of)) in parts.iter().enumerate() {
        for part in of.iter().filter(|part| sums.contains_key(part)) {
            users.entry(*part).or_default().push(i);
        }
    }
    let mut waiting: VecDeque<usize> = (0..parts.len()).collect();
    let mut is_waiting = vec![true; parts.len()];
    while let Some(i) = waiting.pop_front() {
        is_waiting[i] = false;
        let (at, of) = &parts[i];
        let Some(mut sum) = sums.remove(at) else { continue };
        let mut grew = false;
        for part in of {
            if !steps.take() {
                grew |= sum.doubts.insert(RightsUnknown::TooManyRoles);
                break;
            }
            if let Some(other) = sums.get(part) {
                grew |= sum.abilities.add(&other.abilities);
                let before = sum.doubts.len();
                sum.doubts.extend(&other.doubts);
                grew |= sum.doubts.len() > before;
            } else if let Some(said) = own.get(part) {
                grew |= sum.abilities.add(said);
            }
        }
        sums.insert(*at, sum);
        for user in users.get(at).into_iter().flatten().filter(|_| grew) {
            if !std::mem::replace(&mut is_waiting[*user], true) {
                waiting.push_back(*user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{limits::ScanLimits, manifests};
    use crate::door::SecretDoor;
    use assay_core::observation::Capability;
    use assay_core::text::Opaque;

    const SECRETS: &str = "[{apiGroups: [''], resources: [secrets], verbs: [get]}]";

    fn role(name: &str, label: &str, rules: &str, adds: &str) -> String {
        let adds = if adds.is_empty() {
            String::new()
        } else {
            format!("aggregationRule: {{clusterRoleSelectors: [{adds}]}}\n")
        };
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {{to: {label}}}}}\nrules: {rules}\n{adds}"
        )
    }

    fn to(label: &str) -> String {
        format!("{{matchLabels: {{to: {label}}}}}")
    }

    /// The rights of each sum by the name of its role, and the steps.
    fn sums(yaml: &str, steps_max: usize) -> (HashMap<String, Sum>, usize) {
        let door = SecretDoor::new([0; 32]);
        let home = manifests::read_bytes(yaml.as_bytes(), "x.yaml", &ScanLimits::default(), &door);
        assert_eq!(home.skipped().count(), 0);
        let cluster = Opaque::readmit("c");
        let view = View::new(&home.objects, &cluster, &door);
        let own = |object: &crate::cluster::Object| match &object.body {
            Body::Role(role) => Abilities::of(&role.rules),
            _ => Abilities::default(),
        };
        let own = home.objects.iter().enumerate().map(|(at, object)| (at, own(object))).collect();
        let mut roles = ClusterRoles::new(&view);
        roles.steps.max = steps_max;
        let found = roles.sums(&view, &own, true);
        let named = found.into_iter().map(|(at, sum)| (home.objects[at].name.to_string(), sum));
        (named.collect(), roles.steps.taken)
    }

    fn reads(sum: &Sum) -> bool {
        sum.abilities.0.contains_key(&Capability::ReadSecrets)
    }

    #[test]
    fn a_circle_of_roles_ends_with_what_any_of_them_has() {
        let yaml = role("leaf", "c", SECRETS, "")
            + &role("a", "a", "[]", &to("b"))
            + &role("b", "b", "[]", &format!("{},{}", to("a"), to("c")));
        let (found, steps) = sums(&yaml, 100);
        assert!(reads(&found["a"]) && reads(&found["b"]));
        assert!(steps <= 12, "{steps}");
    }

    #[test]
    fn expressions_choose_and_a_role_never_adds_itself() {
        let wanted = "{matchExpressions: [{key: to, operator: In, values: [own, other]}]}";
        let yaml =
            role("leaf", "other", SECRETS, "") + &role("sum", "own", "[]", wanted) + &role("none", "z", "[]", &to("q"));
        let (found, _) = sums(&yaml, 100);
        assert!(reads(&found["sum"]) && !reads(&found["none"]));
    }

    /// The server writes the sum down: what it wrote stands.
    #[test]
    fn a_sum_that_is_written_down_is_not_added_up_again() {
        let yaml =
            role("leaf", "a", SECRETS, "") + &role("sum", "b", "[{nonResourceURLs: [/x], verbs: [get]}]", &to("a"));
        assert!(sums(&yaml, 100).0.is_empty());
    }

    /// A chain of a thousand roles in the worst order: the work grows with the links, not with their square.
    #[test]
    fn a_long_chain_costs_what_its_links_cost() {
        let link = |i: usize| role(&format!("r{i:04}"), &format!("l{i}"), "[]", &to(&format!("l{}", i + 1)));
        let yaml: String = (0..1_000).map(link).collect::<String>() + &role("leaf", "l1000", SECRETS, "");
        let (found, steps) = sums(&yaml, 100_000);
        assert!(found.values().all(reads));
        assert!(steps <= 3_000, "{steps}");
    }

    #[test]
    fn too_many_steps_leave_a_doubt_that_is_handed_on() {
        let many: String = (0..50).map(|i| role(&format!("leaf{i}"), "a", SECRETS, "")).collect();
        let yaml = many + &role("sum", "b", "[]", &to("a")) + &role("over", "c", "[]", &to("b"));
        let (found, steps) = sums(&yaml, 20);
        assert_eq!(steps, 20);
        for name in ["sum", "over"] {
            assert!(found[name].doubts.contains(&RightsUnknown::TooManyRoles), "{name}");
        }
    }
}
