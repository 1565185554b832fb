//! What is no workload: identities, namespaces, nodes. What counts for them, and why something does not.

use super::{Shop, now};
use crate::assess::{Attacked, Exposed};
use crate::asset::{AssetKey, Kind};
use crate::context::{Factors, Known, UnknownBecause, foothold_below};
use crate::finding::Matter;
use crate::ids::Span;
use crate::observation::{AttackStage, Author, Capability, ControlId, Entry, Eye, Link, Reach, SettledBy, What};
use crate::scene::CLUSTER;
use crate::text::Opaque;
use crate::world::AssetIdx;

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

/// The factors of a finding on this asset.
fn factors(shop: &mut Shop, asset: AssetIdx) -> Factors {
    let matter = Matter::Rbac { capability: Capability::ReadSecrets, cluster_wide: false };
    shop.scene.finding(asset, "", matter);
    let world = shop.scene.world();
    shop.scene.see(&world, shop.scene.findings.last().unwrap()).factors
}

fn attacked(asset: AssetIdx, stage: AttackStage, shop: &mut Shop) {
    shop.scene.fact(asset, Author::Kernel, What::Attacked { stage, signal: ControlId(o("shell-in-container")) });
}

/// An identity that the workload `web` runs as, in a namespace that was scanned whole.
fn runner(shop: &mut Shop) -> AssetIdx {
    let runner = shop.scene.object("ServiceAccount", "shop", "runner");
    shop.scene.edge(shop.web, runner, Author::Cluster, Link::RunsAs { token_mounted: true });
    runner
}

#[test]
fn what_was_recorded_on_an_identity_itself_counts_for_it_and_not_for_its_workloads() {
    let mut shop = Shop::new();
    let runner = runner(&mut shop);
    attacked(runner, AttackStage::Foothold, &mut shop);
    assert_eq!(factors(&mut shop, runner).attacked.value(), Some(Attacked::Foothold));
    let web = shop.web;
    assert_eq!(factors(&mut shop, web).attacked.value(), None);
}

#[test]
fn a_foothold_is_below_an_identity_that_has_none_of_its_own() {
    let mut shop = Shop::new();
    let (web, runner) = (shop.web, runner(&mut shop));
    let below = |shop: &Shop, asset| foothold_below(&shop.scene.world(), asset);
    attacked(runner, AttackStage::Attempt, &mut shop);
    attacked(web, AttackStage::Attempt, &mut shop);
    assert_eq!(below(&shop, runner), None, "an attempt is no foothold");
    attacked(web, AttackStage::Foothold, &mut shop);
    assert_eq!(below(&shop, runner), Some(web));
    assert_eq!(below(&shop, web), None, "a workload speaks for itself");
    attacked(runner, AttackStage::Foothold, &mut shop);
    assert_eq!(below(&shop, runner), None, "it has one of its own");
}

#[test]
fn a_workload_whose_identity_was_misused_is_not_called_quiet() {
    let mut shop = Shop::new();
    let (web, runner) = (shop.web, runner(&mut shop));
    shop.watch(Eye::SensorSignals, 3, Span::days(3));
    assert_eq!(factors(&mut shop, web).attacked.value(), Some(Attacked::NoneSeen));
    attacked(runner, AttackStage::Foothold, &mut shop);
    assert_eq!(factors(&mut shop, web).attacked, Known::Unknown(UnknownBecause::IdentityAttacked, None));
    shop.scene.facts.last_mut().unwrap().1.until = now() - Span::days(8);
    assert_eq!(factors(&mut shop, web).attacked.value(), Some(Attacked::NoneSeen), "that was long ago");
    attacked(web, AttackStage::Attempt, &mut shop);
    attacked(runner, AttackStage::Foothold, &mut shop);
    assert_eq!(factors(&mut shop, web).attacked.value(), Some(Attacked::Attempt), "its own is known");
}

#[test]
fn an_identity_is_quiet_when_every_workload_that_runs_as_it_was_watched() {
    let mut shop = Shop::new();
    let runner = runner(&mut shop);
    let other = shop.scene.object("Deployment", "shop", "other");
    shop.scene.fact(other, Author::Cluster, What::Exists { replicas: Some(1), owner: None, aliases: vec![] });
    shop.scene.edge(other, runner, Author::Cluster, Link::RunsAs { token_mounted: true });
    shop.watch(Eye::SensorSignals, 3, Span::days(3));
    let Known::Unknown(because, by) = factors(&mut shop, runner).attacked else { unreachable!("one is not watched") };
    assert_eq!((because, by), (UnknownBecause::NoSensor, Some(SettledBy::Sensor)));
    shop.scene.window(other, "other", Eye::SensorSignals, Span::days(2));
    assert_eq!(factors(&mut shop, runner).attacked.value(), Some(Attacked::NoneSeen));
}

#[test]
fn why_nothing_is_known_of_attacks_is_said_for_what_it_is() {
    let mut shop = Shop::new();
    let person = shop.scene.asset(AssetKey::object(&o(CLUSTER), Kind::of("User"), o(""), o("anna")));
    let node = shop.scene.asset(AssetKey::object(&o(CLUSTER), Kind::of("Node"), o(""), o("node-1")));
    let idle = shop.scene.object("ServiceAccount", "shop", "idle");
    let unscanned = shop.scene.object("ServiceAccount", "lab", "idle");
    let role = shop.scene.object("Role", "shop", "reader");
    for (asset, because, by) in [
        (person, UnknownBecause::NoWorkload, Some(SettledBy::ClusterScan)),
        (node, UnknownBecause::NoContainer, None),
        (idle, UnknownBecause::NoContainer, None),
        (unscanned, UnknownBecause::NoWorkload, Some(SettledBy::ClusterScan)),
        (role, UnknownBecause::NoWorkload, None),
    ] {
        assert_eq!(factors(&mut shop, asset).attacked, Known::Unknown(because, by));
    }
}

fn node(shop: &mut Shop, name: &str, reach: Reach) -> AssetIdx {
    let node = shop.scene.asset(AssetKey::object(&o(CLUSTER), Kind::of("Node"), o(""), o(name)));
    let internet = shop.scene.asset(AssetKey::internet());
    let link = Link::Enters { reach, entry: Entry::NodeAddress, host: None, port: 0 };
    shop.scene.edge(internet, node, Author::Cluster, link);
    node
}

fn group(shop: &mut Shop) -> AssetIdx {
    shop.scene.asset(AssetKey::object(&o(CLUSTER), Kind::of("NodeGroup"), o(""), o("node")))
}

#[test]
fn a_node_is_exposed_by_its_own_addresses() {
    let mut shop = Shop::new();
    let nodes = [("a", Reach::Public), ("b", Reach::Internal), ("c", Reach::Unknown(SettledBy::Nodes))];
    let nodes = nodes.map(|(name, reach)| node(&mut shop, name, reach));
    let value = |asset| factors(&mut shop, asset).exposure;
    let [public, private, untold] = nodes.map(value);
    assert_eq!((public.value(), private.value()), (Some(Exposed::ByPath), Some(Exposed::Internal)));
    assert_eq!(untold, Known::Unknown(UnknownBecause::NodesNotInView, Some(SettledBy::Nodes)));
}

#[test]
fn an_old_word_that_a_node_is_private_is_no_word() {
    let mut shop = Shop::new();
    let node = node(&mut shop, "a", Reach::Internal);
    shop.scene.edges.last_mut().unwrap().until = now() - Span::days(8);
    assert_eq!(factors(&mut shop, node).exposure.value(), None);
}

#[test]
fn of_a_group_of_nodes_only_that_is_known_which_is_so_of_all() {
    let of = |reaches: &[Reach]| {
        let mut shop = Shop::new();
        for (i, reach) in reaches.iter().enumerate() {
            node(&mut shop, &format!("node-{i}"), *reach);
        }
        let group = group(&mut shop);
        factors(&mut shop, group).exposure
    };
    assert_eq!(of(&[Reach::Public, Reach::Public]).value(), Some(Exposed::ByPath));
    assert_eq!(of(&[Reach::Internal, Reach::Internal]).value(), Some(Exposed::Internal));
    let differ = Known::Unknown(UnknownBecause::NodesDiffer, Some(SettledBy::NodeNames));
    assert_eq!(of(&[Reach::Public, Reach::Internal]), differ);
    let unseen = Known::Unknown(UnknownBecause::NodesNotInView, Some(SettledBy::Nodes));
    assert_eq!(of(&[]), unseen);
    assert_eq!(of(&[Reach::Public, Reach::Unknown(SettledBy::Nodes)]), unseen);
}
