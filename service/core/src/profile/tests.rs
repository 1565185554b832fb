use super::*;
use crate::asset::AssetKey;
use crate::brief::Brief;
use crate::catalogue::Predicate;
use crate::context::tests::{Shop, now};
use crate::observation::{Author, ControlId, Link};

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

/// Runs an image in the container `web` of a workload.
fn runs(shop: &mut Shop, workload: AssetIdx, digest: &str) {
    let image = shop.scene.asset(AssetKey::image(o("registry.example/shop/web")));
    let digest = Some(Digest::of_bytes(digest.as_bytes()));
    shop.scene.edge(workload, image, Author::Cluster, Link::Runs { container: o("web"), tag: Some(o("1.0")), digest });
}

/// Two workloads whose containers run an image, by its digest.
fn two_places(web_runs: &str, other_runs: &str) -> (Shop, AssetIdx) {
    let mut shop = Shop::new();
    let (web, other) = (shop.web, shop.scene.object("Deployment", "lab", "web"));
    runs(&mut shop, web, web_runs);
    runs(&mut shop, other, other_runs);
    (shop, other)
}

fn ran(shop: &mut Shop, workload: AssetIdx, exe: &str, author: Author, ago: Span) {
    let fact = shop.scene.fact(workload, author, What::Executed { exe: o(exe) });
    fact.container = o("web");
    fact.since = now() - ago;
}

/// The predicates of a signal about a program, first seen an hour ago.
fn told(shop: &mut Shop, program: &str) -> Brief {
    let web = shop.web;
    let matter =
        Matter::Signal { signal: ControlId(o("network-tool-run")), discriminator: o(&Matter::mark_of(program)) };
    shop.scene.finding(web, "web", matter).life.first_seen = now() - Span::hours(1);
    let world = shop.scene.world();
    let finding = shop.scene.findings.last().unwrap();
    shop.scene.see(&world, finding).brief
}

fn said(brief: &Brief, predicate: Predicate) -> bool {
    brief.propositions.iter().any(|p| p.predicate == predicate)
}

#[test]
fn a_program_that_another_place_of_the_image_ran_for_days_is_in_the_profile() {
    let told_where_the_other_runs = |digest: &str| {
        let (mut shop, other) = two_places("a", digest);
        ran(&mut shop, other, "/bin/nc", Author::Kernel, Span::days(3));
        told(&mut shop, "/usr/bin/nc")
    };
    let brief = told_where_the_other_runs("a");
    assert!(said(&brief, Predicate::InProfile), "by its name, whatever its folder: {brief:?}");
    let other_image = told_where_the_other_runs("b");
    assert!(!said(&other_image, Predicate::InProfile));
}

#[test]
fn what_came_with_the_signal_and_what_a_tool_told_is_not_learnt() {
    for (author, ago) in [(Author::Kernel, Span::hours(2)), (Author::Scanner, Span::days(3))] {
        let mut shop = Shop::new();
        let web = shop.web;
        runs(&mut shop, web, "a");
        ran(&mut shop, web, "/bin/nc", author, ago);
        assert!(!said(&told(&mut shop, "/bin/nc"), Predicate::InProfile), "{author:?} {ago:?}");
    }
}

#[test]
fn a_program_is_new_only_where_the_container_was_watched_well_before() {
    for (replicas, span, new) in [(3, Span::days(3), true), (2, Span::days(3), false), (3, Span::hours(20), false)] {
        let mut shop = Shop::new();
        let web = shop.web;
        runs(&mut shop, web, "a");
        shop.watch(Eye::SensorUse, replicas, span);
        let brief = told(&mut shop, "/tmp/x");
        assert_eq!(said(&brief, Predicate::NotInProfile), new, "{replicas} {span:?}");
    }
}

#[test]
fn being_usual_lowers_nothing() {
    let stands = |ran_before: bool| {
        let mut shop = Shop::new();
        let web = shop.web;
        runs(&mut shop, web, "a");
        if ran_before {
            ran(&mut shop, web, "/bin/nc", Author::Kernel, Span::days(3));
        }
        told(&mut shop, "/bin/nc");
        let world = shop.scene.world();
        shop.scene.see(&world, shop.scene.findings.last().unwrap()).assessment
    };
    assert_eq!(stands(true), stands(false));
}

#[test]
fn a_profile_joins_its_places_and_says_where_a_rollout_mixes_two() {
    let (mut shop, other) = two_places("a", "a");
    let web = shop.web;
    runs(&mut shop, other, "b");
    ran(&mut shop, web, "/bin/nc", Author::Kernel, Span::days(2));
    ran(&mut shop, other, "/bin/nc", Author::Kernel, Span::days(4));
    let listens = What::Listens { port: 8080, protocol: Protocol::Tcp, exe: o("/app/web") };
    shop.scene.fact(web, Author::Kernel, listens).container = o("web");
    let world = shop.scene.world();
    let profiles = profiles(&world);
    assert_eq!(profiles.len(), 2);
    let digest = Some(Digest::of_bytes(b"a"));
    let (_, joined) = profiles.iter().find(|(key, _)| key.digest == digest).unwrap();
    assert_eq!((joined.places.len(), joined.shared.len()), (2, 1));
    let program = o("/bin/nc");
    assert_eq!(joined.programs[&program].since, now() - Span::days(4), "the first of all places");
    assert_eq!(joined.listens.len(), 1);
    assert_eq!(joined.watched, None);
}
