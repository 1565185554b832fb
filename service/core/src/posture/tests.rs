use super::*;
use crate::asset::{AssetKey, Kind};
use crate::environment::EnvironmentRules;
use crate::ids::{Digest, Time};
use crate::observation::{Capability, Coverage, Eye, Link, Subject, What};
use crate::world::{AssetIdx, CoverageSeen, EdgeSeen, FactSeen, Watching, World};

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

fn posture(words: &[(Aspect, &str, &str)]) -> Posture {
    let word = |value: &str| Word { value: o(value), by: Author::Cluster };
    words.iter().map(|(aspect, which, value)| ((*aspect, o(which)), word(value))).collect()
}

/// Shifts as `aspect which: before > after`.
fn told(shifts: &[Shift]) -> Vec<String> {
    let value = |word: &Option<Word>| word.as_ref().map_or("-".to_owned(), |w| w.value.reveal().to_owned());
    shifts
        .iter()
        .map(|s| format!("{} {}: {} > {}", s.aspect, s.which.reveal(), value(&s.before), value(&s.after)))
        .collect()
}

fn between(before: &[(Aspect, &str, &str)], now: &[(Aspect, &str, &str)]) -> Vec<String> {
    told(&compare(&posture(before), &posture(now), |_| true).0)
}

const THERE: (Aspect, &str, &str) = (Aspect::Object, "", "there");

#[test]
fn the_same_posture_has_no_shifts() {
    let all = [THERE, (Aspect::Image, "app", "web:1"), (Aspect::Rights, "b", "exec")];
    assert!(between(&all, &all).is_empty());
}

#[test]
fn a_value_that_differs_is_one_shift_with_both_values() {
    let now = [THERE, (Aspect::Exposure, "", "exposed"), (Aspect::Identity, "", "admin")];
    let before = [THERE, (Aspect::Exposure, "", "internal"), (Aspect::Identity, "", "default")];
    assert_eq!(between(&before, &now), ["exposure : internal > exposed", "identity : default > admin"]);
}

#[test]
fn another_digest_under_the_same_tag_is_told_and_under_another_image_it_is_not() {
    let run = |image, digest| [THERE, (Aspect::Image, "app", image), (Aspect::Digest, "app", digest)];
    assert_eq!(between(&run("web:1", "sha256:a"), &run("web:1", "sha256:b")), ["digest app: sha256:a > sha256:b"]);
    assert_eq!(between(&run("web:1", "sha256:a"), &run("web:2", "sha256:b")), ["image app: web:1 > web:2"]);
}

#[test]
fn what_nobody_can_tell_is_no_shift_and_stays_recorded() {
    let before = posture(&[THERE, (Aspect::Exposure, "", "internal"), (Aspect::Digest, "app", "sha256:a")]);
    let (shifts, kept) = compare(&before, &posture(&[THERE]), |_| true);
    assert!(shifts.is_empty() && kept == before, "{shifts:?}");
    let (shifts, _) = compare(&kept, &posture(&[THERE, (Aspect::Exposure, "", "exposed")]), |_| true);
    assert_eq!(told(&shifts), ["exposure : internal > exposed"]);
}

#[test]
fn the_digest_of_an_image_that_runs_no_more_is_forgotten() {
    let before = posture(&[THERE, (Aspect::Image, "app", "web:1"), (Aspect::Digest, "app", "sha256:a")]);
    let (_, kept) = compare(&before, &posture(&[THERE, (Aspect::Image, "app", "web:2")]), |_| true);
    assert_eq!(kept, posture(&[THERE, (Aspect::Image, "app", "web:2")]));
}

#[test]
fn an_object_that_comes_or_goes_is_one_shift() {
    let whole = [THERE, (Aspect::Image, "app", "web:1"), (Aspect::PodSecurity, "", "baseline")];
    assert_eq!(between(&[], &whole), ["object : - > there"]);
    assert_eq!(told(&gone(&posture(&whole))), ["object : there > -"]);
}

#[test]
fn what_is_new_where_nobody_had_looked_is_no_shift() {
    let (shifts, kept) = compare(&Posture::new(), &posture(&[(Aspect::Rights, "b", "exec")]), |_| false);
    assert!(shifts.is_empty());
    assert_eq!(kept.len(), 1, "but it is recorded");
}

#[test]
fn a_right_that_left_is_told() {
    assert_eq!(
        between(&[(Aspect::Rights, "RoleBinding/b shop", "exec")], &[]),
        ["rights RoleBinding/b shop: exec > -"]
    );
}

#[test]
fn only_manifests_before_and_the_cluster_after_differ_from_what_was_declared() {
    let word = |by| Some(Word { value: o("x"), by });
    let shift =
        |before, after| Shift { aspect: Aspect::Image, which: o("app"), before: word(before), after: word(after) };
    assert!(shift(Author::ClusterAdmin, Author::Cluster).differs_from_declared());
    assert!(!shift(Author::Cluster, Author::Cluster).differs_from_declared());
    assert!(!shift(Author::ClusterAdmin, Author::ClusterAdmin).differs_from_declared());
}

struct Town(World);

impl Town {
    fn new() -> Self {
        Self(World::empty(Time::from_secs(1_000_000), EnvironmentRules::default(), Watching::default()))
    }

    fn add(&mut self, key: AssetKey) -> AssetIdx {
        let id = self.0.assets.len() as i64 + 1;
        self.0.add_asset(id, key)
    }

    fn says(&mut self, at: AssetIdx, what: What, author: Author) {
        let now = self.0.as_of;
        let id = self.0.assets.iter().map(|a| a.facts.len() as i64).sum::<i64>() + 1;
        let fact =
            FactSeen { id, container: o(""), component: None, what, author, since: now, until: now, valid_until: None };
        self.0.add_fact(at, fact);
    }

    fn link(&mut self, from: AssetIdx, to: AssetIdx, link: Link, author: Author) {
        let (id, now) = (self.0.edges.len() as i64 + 1, self.0.as_of);
        self.0.add_edge(EdgeSeen { id, from, to, link, author, since: now, until: now });
    }

    fn looked(&mut self, at: AssetIdx) {
        let now = self.0.as_of;
        let subject = Subject::Object { at: self.0.asset(at).key.clone(), container: None };
        let (eye, instance, node) = (Eye::CompleteScan, o(""), o(""));
        let window =
            Coverage { subject, eye, instance, node, since: now, until: now, start_seen: true, holes: Vec::new() };
        self.0.add_coverage(at, CoverageSeen { id: 1, container: o(""), window });
    }
}

fn object(kind: &'static str, name: &str) -> AssetKey {
    AssetKey::object(&o("c"), Kind::of(kind), o("shop"), o(name))
}

fn exists() -> What {
    What::Exists { replicas: Some(1), owner: None, aliases: Vec::new() }
}

#[test]
fn a_workload_is_seen_with_what_a_scan_of_ours_says_and_no_other_tool() {
    let mut town = Town::new();
    let space = town.add(AssetKey::namespace(&o("c"), o("shop")));
    let web = town.add(object("Deployment", "web"));
    let other = town.add(object("Deployment", "other"));
    town.looked(space);
    town.says(web, exists(), Author::Cluster);
    town.says(other, exists(), Author::Scanner);
    let runs = |by| RunsImage {
        workload: 2,
        container: o("app"),
        image: o("web:1"),
        digest: Some(Digest::from_bytes([7; 32])),
        by,
    };
    let all = seen(&town.0, &[runs(Author::Cluster), RunsImage { image: o("web:9"), ..runs(Author::Scanner) }]);
    let of = |at: AssetIdx| all.of.get(&at).cloned().unwrap_or_default();
    let values: Vec<String> =
        of(web).iter().map(|((a, w), word)| format!("{a} {}={}", w.reveal(), word.value.reveal())).collect();
    let digest = Digest::from_bytes([7; 32]);
    assert_eq!(values, ["object =there", "image app=web:1", &format!("digest app={digest}"), "exposure =internal"]);
    assert!(of(other).is_empty());
    let enforced = (Aspect::Enforced, o(""));
    assert_eq!(of(space).get(&enforced).map(|w| w.value.reveal().to_owned()).as_deref(), Some("none"));
}

#[test]
fn the_rights_of_a_binding_are_one_value_and_lie_where_they_are_held() {
    let mut town = Town::new();
    let account = town.add(object("ServiceAccount", "ci"));
    let space = town.add(AssetKey::namespace(&o("c"), o("prod")));
    let holds = |capability| Link::Holds {
        capability,
        cluster_wide: false,
        names: Vec::new(),
        binding: o("RoleBinding/deploy"),
        role: o("Role/deploy"),
    };
    let (first, second) = (Capability::ALL[1], Capability::ALL[0]);
    town.link(account, space, holds(first), Author::Cluster);
    town.link(account, space, holds(second), Author::Cluster);
    town.link(account, space, holds(Capability::ALL[2]), Author::Scanner);
    let all = seen(&town.0, &[]);
    let which = (Aspect::Rights, o("RoleBinding/deploy prod"));
    let mut both = [first.as_str(), second.as_str()];
    both.sort_unstable();
    assert_eq!(all.of[&account][&which].value.reveal(), both.join(", "));
    assert_eq!(all.homes(&town.0, account, &which), [None, Some(space)]);
}
