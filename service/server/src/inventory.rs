//! What there is: workloads, identities, nodes and the rest, with environment, images, exposure and the level they meet.

use assay_core::assess::Exposed;
use assay_core::asset::{AssetKey, ImageRef, KindClass};
use assay_core::context::{Known, Situation};
use assay_core::graph::{Exposure, Path};
use assay_core::observation::{Admits, Link, Reach, What};
use assay_core::text::Redacted;
use assay_core::world::{AssetIdx, World};
use serde::Serialize;

use crate::snapshot::Snapshot;

/// Assets on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct AssetsWire {
    pub(crate) assets: Vec<OneAssetWire>,
    pub(crate) as_of: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct OneAssetWire {
    pub(crate) kind: String,
    pub(crate) cluster: Redacted,
    pub(crate) namespace: Redacted,
    pub(crate) name: Redacted,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) images: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<Redacted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replicas: Option<u32>,
    pub(crate) environment: &'static str,
    pub(crate) exposure: ExposureWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pod_security: Option<&'static str>,
    /// What its namespace asks of new pods: what is met and not asked for may be gone tomorrow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pod_security_enforced: Option<&'static str>,
    pub(crate) open_findings: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct ExposureWire {
    pub(crate) value: &'static str,
    /// The pod's ports that a way leads to.
    pub(crate) ports: Vec<u16>,
    pub(crate) paths: Vec<PathWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) settled_by: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) not_running: bool,
}

/// One way in.
#[derive(Debug, Serialize)]
pub(crate) struct PathWire {
    pub(crate) steps: Vec<StepWire>,
    pub(crate) outside_port: u16,
    pub(crate) port: u16,
    pub(crate) reach: &'static str,
    pub(crate) traffic: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct StepWire {
    pub(crate) to: String,
    pub(crate) by: String,
    pub(crate) evidence: String,
    pub(crate) author: &'static str,
}

/// The assets of a namespace, or all; images and what only names others are left out.
pub(crate) fn list(snapshot: &Snapshot, namespace: Option<&str>) -> AssetsWire {
    let world = &snapshot.world;
    let mut open = vec![0u64; world.assets.len()];
    for row in snapshot.table.rows().iter().filter(|r| r.is_open()) {
        if let Some(n) = open.get_mut(row.asset as usize) {
            *n += 1;
        }
    }
    let shown =
        |key: &AssetKey| matches!(key.kind.class(), KindClass::Workload | KindClass::Identity | KindClass::Node);
    let mut assets: Vec<OneAssetWire> = (0..world.assets.len() as u32)
        .map(AssetIdx)
        .filter(|i| {
            shown(&world.asset(*i).key) && namespace.is_none_or(|n| world.asset(*i).key.namespace.reveal() == n)
        })
        .map(|i| asset(snapshot, i, open[i.0 as usize]))
        .collect();
    assets.sort_by(|a, b| {
        (&a.cluster, &a.namespace, &a.kind, &a.name).cmp(&(&b.cluster, &b.namespace, &b.kind, &b.name))
    });
    AssetsWire { assets, as_of: world.as_of.to_string() }
}

fn asset(snapshot: &Snapshot, idx: AssetIdx, open_findings: u64) -> OneAssetWire {
    let world = &snapshot.world;
    let key = &world.asset(idx).key;
    let situation = Situation::of(world, Some(idx));
    let images = world.images(idx).map(|(edge, _, tag, digest)| {
        let name = ImageRef::familiar(world.asset(edge.to).key.name.reveal()).to_owned();
        match (tag, digest) {
            (Some(tag), _) => format!("{name}:{}", tag.reveal()),
            (None, Some(digest)) => format!("{name}@{digest}"),
            (None, None) => name,
        }
    });
    let level = world.facts(idx).find_map(|f| match f.what {
        What::PodSecurity(level) => Some(level.as_str()),
        _ => None,
    });
    OneAssetWire {
        kind: key.kind.to_string(),
        cluster: (&key.cluster).into(),
        namespace: (&key.namespace).into(),
        name: (&key.name).into(),
        images: images.collect(),
        identity: world.identity(idx).map(|e| (&world.asset(e.to).key.name).into()),
        replicas: world.replicas(idx).map(|(n, _)| n),
        environment: situation.environment.value().map_or("unknown", |e| e.as_str()),
        exposure: exposure(world, &situation.exposure, &situation.ways),
        pod_security: level,
        pod_security_enforced: world.enforced(&key.cluster, &key.namespace).map(|(level, _)| level.as_str()),
        open_findings,
    }
}

pub(crate) fn exposure(world: &World, known: &Known<Exposed>, ways: &Exposure) -> ExposureWire {
    let value = known.value().unwrap_or(Exposed::Unknown).as_str();
    let (paths, settled_by, not_running) = match ways {
        Exposure::Exposed { paths, .. } => (paths.as_slice(), None, false),
        Exposure::Internal { not_running, .. } => ([].as_slice(), None, *not_running),
        Exposure::Unknown { settled_by, paths } => (paths.as_slice(), Some(settled_by.as_str()), false),
    };
    let mut ports: Vec<u16> = paths.iter().map(|p| p.port).filter(|port| *port > 0).collect();
    ports.sort_unstable();
    ports.dedup();
    ExposureWire { value, ports, paths: paths.iter().map(|p| path(world, p)).collect(), settled_by, not_running }
}

/// One way in, step by step.
pub(crate) fn path(world: &World, path: &Path) -> PathWire {
    let steps = path.edges.iter().map(|&e| {
        let edge = &world.edges[e as usize];
        let to = &world.asset(edge.to).key;
        StepWire {
            to: format!("{} {}/{}", to.kind, to.namespace.reveal(), to.name.reveal()),
            by: link_words(&edge.link),
            evidence: assay_core::ids::EvidenceId::Edge(edge.id).to_string(),
            author: edge.author.as_str(),
        }
    });
    PathWire {
        steps: steps.collect(),
        outside_port: path.outside_port,
        port: path.port,
        reach: match path.reach {
            assay_core::observation::Reach::Public => "public",
            assay_core::observation::Reach::Internal => "internal",
            assay_core::observation::Reach::Unknown(_) => "unknown",
        },
        traffic: path.traffic.as_ref().map(|(at, _)| at.to_string()),
    }
}

fn link_words(link: &Link) -> String {
    match link {
        Link::Enters { entry, host, port, .. } => match host.as_ref().filter(|h| !h.is_empty()) {
            Some(host) => format!("{entry} {}:{port}", host.reveal()),
            None => format!("{entry} :{port}"),
        },
        Link::Routes { port, target_port, protocol, admits, .. } => {
            format!("{protocol} {port} to {target_port}{}", admits_words(*admits))
        }
        Link::Runs { .. } | Link::RunsAs { .. } | Link::IsHanded | Link::Holds { .. } | Link::MayHold { .. } => {
            link.as_str().to_owned()
        }
    }
}

/// What network policies do to a step, where they do anything.
fn admits_words(admits: Admits) -> &'static str {
    match (admits.direct, admits.routed) {
        (Reach::Public, Reach::Public) => "",
        (Reach::Internal, Reach::Internal) => " (closed by network policies)",
        (_, Reach::Public) => " (network policies: only from the controller of a route)",
        _ => " (network policies: not certain who gets through)",
    }
}
