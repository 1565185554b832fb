//! The names that may be asked for: those of the world and the records, under every spelling that people use.

use std::collections::BTreeSet;

use anyhow::Result;
use assay_core::asset::KindClass;
use assay_core::ids::VulnId;
use assay_core::observation::{Capability, Link};
use assay_core::query::{NameIndex, NameKind};
use assay_store::Store;

use crate::snapshot::Snapshot;

/// The index of a snapshot's names. Made once a snapshot; a caller with fewer rights would get fewer names here.
pub(crate) fn index(store: &Store, snapshot: &Snapshot) -> Result<NameIndex> {
    let mut names = NameIndex::default();
    let world = &snapshot.world;
    for asset in &world.assets {
        let key = &asset.key;
        let (namespace, name) = (key.namespace.reveal(), key.name.reveal());
        if !namespace.is_empty() {
            names.add(NameKind::Namespace, namespace);
        }
        match key.kind.class() {
            KindClass::Workload => names.add_workload(namespace, name),
            KindClass::Image => names.add_image(name, None),
            KindClass::Node => names.add(NameKind::Node, name),
            KindClass::Namespace => names.add(NameKind::Namespace, name),
            KindClass::Identity => names.add_account(namespace, name),
            KindClass::Repository
            | KindClass::Rbac
            | KindClass::Network
            | KindClass::Cluster
            | KindClass::Internet
            | KindClass::Other => {}
        }
    }
    let mut containers: BTreeSet<&str> = BTreeSet::new();
    for edge in &world.edges {
        let Link::Runs { container, tag, .. } = &edge.link else { continue };
        containers.insert(container.reveal());
        if let Some(tag) = tag {
            names.add_image(world.asset(edge.to).key.name.reveal(), Some(tag.reveal()));
        }
    }
    containers.into_iter().for_each(|container| names.add(NameKind::Container, container));
    let windows = world.assets.iter().flat_map(|a| &a.coverage);
    let watched: BTreeSet<&str> = windows.map(|c| c.window.node.reveal()).filter(|n| !n.is_empty()).collect();
    watched.into_iter().for_each(|node| names.add(NameKind::Node, node));
    packages(&mut names, snapshot);
    for (alias, canonical) in store.vuln_names()? {
        names.add_spelled(NameKind::Cve, &canonical, &[&alias, &canonical]);
    }
    for version in store.versions()? {
        names.add(NameKind::Version, &version);
    }
    for control in snapshot.names.controls.values().map(|c| c.reveal()) {
        // A tool's own rule is asked for by the rule alone as well.
        let rule = control.rsplit('/').next().unwrap_or(control);
        names.add_spelled(NameKind::Control, control, &[control, rule]);
    }
    Capability::ALL.iter().for_each(|c| names.add(NameKind::Control, c.as_str()));
    store.sources(world.as_of)?.iter().for_each(|s| names.add(NameKind::Source, s.tool.reveal()));
    snapshot.policy.bands.iter().for_each(|b| names.add(NameKind::Band, &b.name));
    store.deciders()?.iter().for_each(|by| names.add(NameKind::Person, by));
    Ok(names)
}

/// Packages by the name that findings are counted by, and by the one that was installed.
fn packages(names: &mut NameIndex, snapshot: &Snapshot) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for key in snapshot.names.packages.values() {
        for name in [key.counted_name(), &key.name] {
            let name = name.reveal();
            if !seen.insert(name) {
                continue;
            }
            let space = key.namespace.reveal();
            let full = match key.ecosystem.reveal() {
                "maven" if !space.is_empty() => format!("{space}:{name}"),
                "npm" | "golang" | "composer" if !space.is_empty() => format!("{space}/{name}"),
                _ => name.to_owned(),
            };
            names.add_spelled(NameKind::Package, name, &[name, &full]);
        }
    }
}

/// A vulnerability's id, for rows that hold text.
pub(super) fn vuln(snapshot: &Snapshot, row: u32) -> Option<&VulnId> {
    snapshot.world.vulns.get(row as usize).map(|v| &v.id)
}
