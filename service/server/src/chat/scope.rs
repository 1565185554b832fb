//! The places that names mean: of a namespace everything in it, of an account what runs as it, of a node what was seen on
//! it, of a port what opens it.

use std::collections::{BTreeSet, HashSet};

use assay_core::asset::{AssetKey, ImageRef, KindClass};
use assay_core::graph::{Exposure, exposure};
use assay_core::observation::{Link, What};
use assay_core::query::Filters;
use assay_core::text::Opaque;
use assay_core::world::{AssetIdx, World};

/// Of what is asked for, all must hold; of what is left out, any does.
pub(super) fn together<T: Copy + Eq + std::hash::Hash>(sets: Vec<HashSet<T>>, positive: bool) -> Option<HashSet<T>> {
    sets.into_iter()
        .reduce(|a, b| if positive { a.intersection(&b).copied().collect() } else { a.union(&b).copied().collect() })
}

/// The full repository of an image that was named the familiar way, with or without a tag.
pub(super) fn repository(world: &World, image: &Opaque) -> String {
    let (name, _) = split_tag(image.reveal());
    let mut keys = world.assets.iter().filter(|a| a.key.kind.class() == KindClass::Image).map(|a| a.key.name.reveal());
    keys.find(|key| ImageRef::familiar(key) == name).unwrap_or(name).to_owned()
}

/// The repository and the tag; a colon before the last slash is a port.
pub(super) fn split_tag(image: &str) -> (&str, Option<&str>) {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (image, None),
    }
}

/// The assets that the names of places mean; none when no place is named.
pub(super) fn assets(world: &World, filters: &Filters, positive: bool) -> Option<HashSet<u32>> {
    let mut sets: Vec<HashSet<u32>> = Vec::new();
    let all = || (0..world.assets.len() as u32).map(AssetIdx);
    if !filters.namespace.is_empty() {
        let inside = |i: &AssetIdx| {
            let key = &world.asset(*i).key;
            filters.namespace.iter().any(|n| key.namespace == *n || key.kind.as_str() == "Namespace" && key.name == *n)
        };
        sets.push(all().filter(inside).map(|i| i.0).collect());
    }
    if !filters.workload.is_empty() {
        // An account often has the name of what runs as it; who types the name means either.
        let named = |i: &AssetIdx| {
            let key = &world.asset(*i).key;
            let place = matches!(key.kind.class(), KindClass::Workload | KindClass::Identity);
            place && filters.workload.iter().any(|w| is_named(key, w))
        };
        sets.push(all().filter(named).map(|i| i.0).collect());
    }
    // Which of its findings sit in the container the records say; elsewhere the workload that has one stands for it.
    if positive && !filters.container.is_empty() {
        sets.push(all().filter(|i| has_container(world, *i, &filters.container)).map(|i| i.0).collect());
    }
    // A tag narrows to what runs it; the repository alone is matched by the records, container by container.
    let tagged: Vec<&Opaque> = filters.image.iter().filter(|i| split_tag(i.reveal()).1.is_some()).collect();
    if !tagged.is_empty() && tagged.len() == filters.image.len() {
        sets.push(all().filter(|i| tagged.iter().any(|t| runs_image(world, *i, t))).map(|i| i.0).collect());
    }
    if !filters.service_account.is_empty() {
        let named = |i: &AssetIdx| {
            let key = &world.asset(*i).key;
            key.kind.class() == KindClass::Identity && filters.service_account.iter().any(|a| is_named(key, a))
        };
        let accounts: Vec<AssetIdx> = all().filter(named).collect();
        let users = accounts.iter().flat_map(|a| world.run_as(*a));
        sets.push(accounts.iter().copied().chain(users).map(|i| i.0).collect());
    }
    if !filters.node.is_empty() {
        sets.push(all().filter(|i| filters.node.iter().any(|n| on_node(world, *i, n))).map(|i| i.0).collect());
    }
    if let Some(port) = filters.port {
        sets.push(world.workloads().filter(|i| opens(world, *i, port)).map(|i| i.0).collect());
    }
    together(sets, positive)
}

/// True for a workload of this name, in this namespace where one is said.
pub(super) fn is_workload(world: &World, asset: AssetIdx, name: &Opaque) -> bool {
    let key = &world.asset(asset).key;
    key.kind.class() == KindClass::Workload && is_named(key, name)
}

/// True for a thing of this name, in this namespace where one is said.
pub(super) fn is_named(key: &AssetKey, name: &Opaque) -> bool {
    match name.reveal().split_once('/') {
        Some((namespace, name)) => key.namespace.reveal() == namespace && key.name.reveal() == name,
        None => key.name == *name,
    }
}

fn has_container(world: &World, asset: AssetIdx, names: &[Opaque]) -> bool {
    world.images(asset).any(|(_, container, ..)| names.contains(container))
        || world.asset(asset).coverage.iter().any(|c| names.contains(&c.container))
}

/// True for a workload that runs an image, with the tag where one is said; and for the image itself.
pub(super) fn runs_image(world: &World, asset: AssetIdx, image: &Opaque) -> bool {
    let (name, tag) = split_tag(image.reveal());
    let is = |i: AssetIdx| ImageRef::familiar(world.asset(i).key.name.reveal()) == name;
    world.asset(asset).key.kind.class() == KindClass::Image && is(asset)
        || world.out(asset).any(|e| match &e.link {
            Link::Runs { tag: runs, .. } => {
                is(e.to) && tag.is_none_or(|t| runs.as_ref().is_some_and(|r| r.reveal() == t))
            }
            _ => false,
        })
}

/// True for a node of this name, and for what a sensor on it has seen.
pub(super) fn on_node(world: &World, asset: AssetIdx, node: &Opaque) -> bool {
    let a = world.asset(asset);
    a.key.kind.class() == KindClass::Node && a.key.name == *node || a.coverage.iter().any(|c| c.window.node == *node)
}

/// True for a workload that listens on a port or lets the outside in through it.
fn opens(world: &World, workload: AssetIdx, port: u16) -> bool {
    let listens = world.facts(workload).any(|f| matches!(f.what, What::Listens { port: p, .. } if p == port));
    listens
        || match exposure(world, workload) {
            Exposure::Exposed { paths, .. } | Exposure::Unknown { paths, .. } => {
                paths.iter().any(|p| p.port == port || p.outside_port == port)
            }
            Exposure::Internal { .. } => false,
        }
}

/// The nodes that a sensor saw an asset on.
pub(super) fn nodes(world: &World, asset: u32) -> BTreeSet<Opaque> {
    let windows = world.assets.get(asset as usize).into_iter().flat_map(|a| &a.coverage);
    windows.map(|c| c.window.node.clone()).filter(|n| !n.is_empty()).collect()
}
