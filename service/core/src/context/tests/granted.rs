//! Acts that a workload was made for: what makes an attempt of a foothold, and everything that keeps it one.

use super::{Shop, now};
use crate::assess::Attacked;
use crate::asset::{AssetKey, Kind};
use crate::catalogue::Predicate;
use crate::context::{SCAN_VALID, foothold_below, stage_of};
use crate::finding::Matter;
use crate::ids::Span;
use crate::observation::{
    AttackStage, Author, Capability, ControlId, Eye, HostAccess, HostSetting, Link, RightsUnknown, What,
};
use crate::scene::CLUSTER;
use crate::text::Opaque;
use crate::world::AssetIdx;

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

/// The workload `web` asks the runtime by its own program, as the socket that its container was given lets it, in a
/// namespace of administrators that was scanned whole.
struct Given {
    shop: Shop,
    home: AssetIdx,
}

impl Given {
    fn new() -> Self {
        Self::with(Author::Cluster, HostSetting::RuntimeSocket, "service-asks-runtime")
    }

    fn with(author: Author, setting: HostSetting, signal: &str) -> Self {
        let mut shop = Shop::new();
        let (web, scene) = (shop.web, &mut shop.scene);
        let home = scene.asset(AssetKey::namespace(&o(CLUSTER), o("shop")));
        let rights = scene.window(home, "", Eye::CompleteRights, Span::ZERO);
        (rights.window.since, rights.window.until) = (now() - Span::hours(1), now() - Span::hours(1));
        scene.fact(web, author, What::OnHost(HostAccess::default().with(setting))).container = o("web");
        let signal = ControlId(o(signal));
        let what = What::Attacked { stage: AttackStage::Foothold, signal: signal.clone() };
        scene.fact(web, Author::Kernel, what).container = o("web");
        let matter = Matter::Signal { signal, discriminator: o(&Matter::mark_of("/opt/agent/bin/agent")) };
        scene.findings.clear();
        scene.finding(web, "web", matter).stage = Some(AttackStage::Foothold);
        Self { shop, home }
    }

    /// How far the attack is called, by the finding itself, by the table of all findings, and by the workload's facts.
    fn called(&self) -> [Option<Attacked>; 3] {
        let world = self.shop.scene.world();
        let finding = &self.shop.scene.findings[0];
        let own = stage_of(finding, Some(self.shop.web), &world).map(Attacked::of);
        let table = self.shop.scene.table(&world);
        let listed = table.inputs(&table.rows()[0]).attacked;
        [own, Some(listed), self.shop.scene.see(&world, finding).factors.attacked.value()]
    }

    fn holds(&mut self, capability: Capability, cluster_wide: bool) {
        let who = self.shop.scene.asset(AssetKey::object(&o(CLUSTER), Kind::of("Group"), o(""), o("team")));
        let cluster = self.shop.scene.asset(AssetKey::cluster(&o(CLUSTER)));
        let link = Link::Holds { capability, cluster_wide, names: vec![], binding: o("b"), role: o("r") };
        self.shop.scene.edge(who, if cluster_wide { cluster } else { self.home }, Author::Cluster, link);
    }
}

const ATTEMPT: [Option<Attacked>; 3] = [Some(Attacked::Attempt); 3];
const FOOTHOLD: [Option<Attacked>; 3] = [Some(Attacked::Foothold); 3];

#[test]
fn what_administrators_gave_a_container_makes_an_attempt_of_its_use_and_says_so_with_proof() {
    for (setting, signal) in [
        (HostSetting::RuntimeSocket, "service-asks-runtime"),
        (HostSetting::Privileged, "service-changes-namespaces"),
        (HostSetting::SysAdmin, "service-changes-namespaces"),
    ] {
        let given = Given::with(Author::Cluster, setting, signal);
        assert_eq!(given.called(), ATTEMPT, "{signal}");
        let world = given.shop.scene.world();
        let brief = given.shop.scene.see(&world, &given.shop.scene.findings[0]).brief;
        let said = brief.propositions.iter().find(|p| p.predicate == Predicate::MadeForIt).unwrap();
        assert!(said.evidence.len() == 2 && said.as_of.is_some());
    }
    assert_eq!(Given::with(Author::ClusterAdmin, HostSetting::RuntimeSocket, "service-asks-runtime").called(), ATTEMPT);
}

#[test]
fn what_another_setting_gives_does_not_count_and_no_other_sign_is_less_for_it() {
    for (setting, signal) in [
        (HostSetting::Privileged, "service-asks-runtime"),
        (HostSetting::RuntimeSocket, "service-changes-namespaces"),
        (HostSetting::HostNetwork, "service-changes-namespaces"),
        (HostSetting::RuntimeSocket, "runtime-socket"),
        (HostSetting::Privileged, "namespace-change"),
        (HostSetting::Privileged, "container-left"),
        (HostSetting::Privileged, "reverse-shell"),
    ] {
        assert_eq!(Given::with(Author::Cluster, setting, signal).called(), FOOTHOLD, "{setting} {signal}");
    }
}

#[test]
fn a_word_of_those_who_may_not_lower_gives_nothing() {
    for author in Author::ALL.iter().filter(|author| !author.may_lower()) {
        let given = Given::with(*author, HostSetting::RuntimeSocket, "service-asks-runtime");
        assert_eq!(given.called(), FOOTHOLD, "{author}");
    }
}

#[test]
fn where_a_team_writes_workloads_or_brings_programs_in_nothing_counts_as_given() {
    for capability in [Capability::CreateWorkloads, Capability::CreatePods, Capability::ExecPods, Capability::Bind] {
        let mut given = Given::new();
        given.holds(capability, false);
        assert_eq!(given.called(), FOOTHOLD, "{capability}");
        let mut given = Given::new();
        given.holds(capability, true);
        assert_eq!(given.called(), ATTEMPT, "{capability}: who may everywhere has the nodes anyway");
    }
    let mut given = Given::new();
    given.holds(Capability::DeleteEvents, false);
    assert_eq!(given.called(), ATTEMPT);
    let mut given = Given::new();
    let who = given.shop.scene.object("ServiceAccount", "shop", "bot");
    let because = RightsUnknown::RoleNotInView;
    let link = Link::MayHold { binding: o("b"), role: o("r"), because };
    given.shop.scene.edge(who, given.home, Author::Cluster, link);
    assert_eq!(given.called(), FOOTHOLD, "nobody can say what that binding gives");
}

#[test]
fn without_a_newest_whole_scan_that_saw_the_rights_nothing_counts_as_given() {
    let mut given = Given::new();
    given.shop.scene.coverage.retain(|(_, c)| c.window.eye != Eye::CompleteRights);
    assert_eq!(given.called(), FOOTHOLD, "rights were not in view");
    let mut given = Given::new();
    given.shop.scene.coverage.retain(|(_, c)| c.window.eye != Eye::CompleteScan);
    assert_eq!(given.called(), FOOTHOLD, "nothing was scanned whole");
    let mut given = Given::new();
    for (_, seen) in given.shop.scene.coverage.iter_mut().filter(|(_, c)| c.window.eye == Eye::CompleteRights) {
        seen.window.until = seen.window.until - Span::hours(1);
    }
    assert_eq!(given.called(), FOOTHOLD, "the newest scan did not see them");
    let mut given = Given::new();
    for (_, fact) in given.shop.scene.facts.iter_mut().filter(|(_, f)| matches!(f.what, What::OnHost(_))) {
        fact.until = now() - SCAN_VALID - Span::minutes(1);
        fact.since = fact.until;
    }
    assert_eq!(given.called(), FOOTHOLD, "what it held a week ago says nothing of today");
}

#[test]
fn another_container_of_the_pod_was_given_nothing() {
    let mut given = Given::new();
    for (_, fact) in given.shop.scene.facts.iter_mut().filter(|(_, f)| matches!(f.what, What::OnHost(_))) {
        fact.container = o("sidecar");
    }
    assert_eq!(given.called(), FOOTHOLD);
}

#[test]
fn an_attack_beside_the_act_makes_it_urgent_and_is_told_below() {
    let mut given = Given::new();
    let web = given.shop.web;
    let what = What::Attacked { stage: AttackStage::Foothold, signal: ControlId(o("runtime-socket")) };
    given.shop.scene.fact(web, Author::Kernel, what).container = o("web");
    assert_eq!(given.called()[1..], FOOTHOLD[1..], "what else happened there counts");
    let runner = given.shop.scene.object("ServiceAccount", "shop", "runner");
    given.shop.scene.edge(web, runner, Author::Cluster, Link::RunsAs { token_mounted: true });
    assert_eq!(foothold_below(&given.shop.scene.world(), runner), Some(web));
    let alone = Given::new().shop;
    assert_eq!(foothold_below(&alone.scene.world(), alone.web), None);
}
