//! What is so about the asset a finding sits on, whatever the finding: environment, exposure, attacks, blast radius.

use super::attacked::attacked;
use super::{Known, Origin, Proof, UnknownBecause, node};
use crate::assess::{Attacked, Exposed};
use crate::asset::KindClass;
use crate::environment::HumanImpact;
use crate::graph::{self, Exposure};
use crate::ids::{EvidenceId, Span};
use crate::observation::{Capability, Environment, Link, PodSecurity, SettledBy, What};
use crate::world::{AssetIdx, EdgeSeen, World};

/// A foothold or attempt older than this says nothing about now.
pub const FOOTHOLD_AGE_MAX: Span = Span::days(7);

/// Points of blast radius below which a part of the view says less than none: an unknown has as many.
const AT_LEAST_MIN: u8 = 30;

/// The factors that depend on the asset alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Situation {
    /// What the place is for.
    pub environment: Known<Environment>,
    /// What a failure would mean.
    pub human_impact: Known<HumanImpact>,
    /// Whether the Internet gets there.
    pub exposure: Known<Exposed>,
    /// The ways in behind it.
    pub ways: Exposure,
    /// Attacked in the last seven days.
    pub attacked: Known<Attacked>,
    /// Points of blast radius, 0 to 100.
    pub blast_radius: Known<u8>,
}

impl Situation {
    /// The situation of an asset; of one that no scan has placed, all unknown.
    pub fn of(world: &World, asset: Option<AssetIdx>) -> Self {
        let placed =
            asset.filter(|a| !matches!(world.asset(*a).key.kind.class(), KindClass::Image | KindClass::Repository));
        let Some(asset) = placed else {
            return Self {
                environment: not_placed(),
                human_impact: not_placed(),
                exposure: not_placed(),
                ways: Exposure::Unknown { settled_by: SettledBy::ClusterScan, paths: Vec::new() },
                attacked: not_placed(),
                blast_radius: not_placed(),
            };
        };
        let class = world.asset(asset).key.kind.class();
        let (ways, exposure) = match class {
            KindClass::Node => node::exposure(world, asset),
            _ if has_workloads(class) => {
                let ways = worst_ways(world, asset);
                let exposure = exposed(world, &ways);
                (ways, exposure)
            }
            _ => {
                let settled_by = SettledBy::ClusterScan;
                let ways = Exposure::Unknown { settled_by, paths: Vec::new() };
                (ways, Known::Unknown(UnknownBecause::NoWorkload, Some(settled_by)))
            }
        };
        Self {
            environment: environment(world, asset),
            human_impact: match world.environments.human_impact(&world.asset(asset).key) {
                Some((impact, evidence, at)) => Known::Is(impact, Proof::by(Origin::Rule, evidence, at)),
                None => Known::Unknown(UnknownBecause::NoRule, Some(SettledBy::EnvironmentRules)),
            },
            exposure,
            ways,
            attacked: attacked(world, asset),
            blast_radius: blast_radius(world, asset),
        }
    }
}

fn not_placed<T>() -> Known<T> {
    Known::Unknown(UnknownBecause::NotPlaced, Some(SettledBy::ClusterScan))
}

/// The operator's rule, else a fact by somebody who may lower; a tenant's word counts only where it raises.
fn environment(world: &World, asset: AssetIdx) -> Known<Environment> {
    if let Some((environment, evidence, at)) = world.environments.environment(&world.asset(asset).key) {
        return Known::Is(environment, Proof::by(Origin::Rule, evidence, at));
    }
    let pick = |what: &What| match what {
        What::Environment(environment) => Some(*environment),
        _ => None,
    };
    match world.word(asset, pick, |environment| environment == Environment::Production) {
        Some((e, f)) => Known::Is(e, Proof::by(Origin::Scan, f.evidence(), f.until)),
        None => Known::Unknown(UnknownBecause::NoRule, Some(SettledBy::EnvironmentRules)),
    }
}

/// A workload's own exposure; of an identity, namespace or cluster the worst of its workloads. An identity that nothing
/// runs as is reached by nobody, if the scan saw everything.
fn worst_ways(world: &World, asset: AssetIdx) -> Exposure {
    let kind = world.asset(asset).key.kind.class();
    let workloads = graph::exposed_by(world, asset);
    let worst = workloads.into_iter().map(|w| graph::exposure(world, w)).max_by_key(severity);
    match (worst, world.scanned(asset)) {
        (Some(Exposure::Internal { evidence, as_of, not_running }), Some(scan)) if kind != KindClass::Workload => {
            let evidence = evidence.into_iter().chain([EvidenceId::Coverage(scan.id)]).collect();
            Exposure::Internal { evidence, as_of: as_of.min(scan.window.until), not_running }
        }
        // That those in view are not reached says nothing of those that were not looked for.
        (Some(Exposure::Internal { .. }), None) if kind != KindClass::Workload => {
            Exposure::Unknown { settled_by: SettledBy::ClusterScan, paths: Vec::new() }
        }
        (Some(worst), _) => worst,
        (None, Some(scan)) => Exposure::Internal {
            evidence: vec![EvidenceId::Coverage(scan.id)],
            as_of: scan.window.until,
            not_running: false,
        },
        (None, None) => Exposure::Unknown { settled_by: SettledBy::ClusterScan, paths: Vec::new() },
    }
}

/// Kinds whose workloads can be named. Of the others, such as roles and config maps, nobody has said who uses them, and
/// nothing is said of their exposure.
const fn has_workloads(kind: KindClass) -> bool {
    match kind {
        KindClass::Workload | KindClass::Identity | KindClass::Namespace | KindClass::Cluster => true,
        KindClass::Node
        | KindClass::Image
        | KindClass::Repository
        | KindClass::Rbac
        | KindClass::Network
        | KindClass::Internet
        | KindClass::Other => false,
    }
}

fn severity(ways: &Exposure) -> u8 {
    match ways {
        Exposure::Internal { .. } => 0,
        Exposure::Unknown { .. } => 1,
        Exposure::Exposed { traffic: false, .. } => 2,
        Exposure::Exposed { traffic: true, .. } => 3,
    }
}

/// What the ways come to, as a factor.
pub(super) fn exposed(world: &World, ways: &Exposure) -> Known<Exposed> {
    match ways {
        Exposure::Exposed { paths, traffic } => {
            let Some(first) = paths.first() else {
                return Known::Unknown(UnknownBecause::RoutesNotInView, Some(SettledBy::ServicesAndRoutes));
            };
            let edges = || first.edges.iter().map(|&e| &world.edges[e as usize]);
            let mut evidence: Vec<EvidenceId> = edges().map(|e| EvidenceId::Edge(e.id)).collect();
            let seen = edges().map(|e| e.until).max().unwrap_or(world.as_of);
            match (traffic, &first.traffic) {
                (true, Some((at, fact))) => {
                    evidence.push(fact.clone());
                    Known::Is(Exposed::WithTraffic, Proof { origin: Origin::Sensor, evidence, as_of: *at })
                }
                _ => Known::Is(Exposed::ByPath, Proof { origin: Origin::Scan, evidence, as_of: seen }),
            }
        }
        Exposure::Internal { evidence, as_of, .. } => {
            Known::Is(Exposed::Internal, Proof { origin: Origin::Scan, evidence: evidence.clone(), as_of: *as_of })
        }
        Exposure::Unknown { settled_by, .. } => Known::Unknown(UnknownBecause::RoutesNotInView, Some(*settled_by)),
    }
}

/// Ten points for each doubling of workloads and nodes that fall when this asset falls: those its identity can change,
/// and the node where it runs below the baseline.
fn blast_radius(world: &World, asset: AssetIdx) -> Known<u8> {
    let key = &world.asset(asset).key;
    let identities: Vec<AssetIdx> = match key.kind.class() {
        KindClass::Workload => world.identities(asset).map(|e| e.to).collect(),
        KindClass::Identity => vec![asset],
        _ => Vec::new(),
    };
    let mut evidence = Vec::new();
    let mut reached = 0usize;
    for edge in identities.iter().flat_map(|i| world.out(*i)) {
        let Link::Holds { capability, cluster_wide, names, .. } = &edge.link else { continue };
        // What gives a part only changes no workload by itself.
        if !capability.row().total {
            continue;
        }
        evidence.push(EvidenceId::Edge(edge.id));
        let all = within_reach(world, edge, *capability, *cluster_wide);
        reached = reached.max(if names.is_empty() { all } else { all.min(names.len()) });
    }
    if let Some((PodSecurity::Privileged, fact)) = world.pod_security(asset) {
        evidence.push(fact.evidence());
        reached += 1;
    }
    let Some(scan) = world.scanned(asset) else {
        // What was seen is the least that falls: it counts where it says more than not knowing does.
        return match doublings(reached) {
            0..AT_LEAST_MIN => Known::Unknown(UnknownBecause::NoScan, Some(SettledBy::ClusterScan)),
            least => Known::Is(least, Proof { origin: Origin::Scan, evidence, as_of: world.as_of }),
        };
    };
    evidence.push(EvidenceId::Coverage(scan.id));
    Known::Is(doublings(reached), Proof { origin: Origin::Scan, evidence, as_of: scan.window.until })
}

fn within_reach(world: &World, edge: &EdgeSeen, capability: Capability, cluster_wide: bool) -> usize {
    let everywhere = cluster_wide || capability == Capability::ClusterAdmin;
    let (identity, to) = (&world.asset(edge.from).key, &world.asset(edge.to).key);
    let namespace = if to.kind.class() == KindClass::Namespace { &to.name } else { &identity.namespace };
    match everywhere {
        true => world.fleet_size(&identity.cluster),
        false => world.fleet_in(&identity.cluster, namespace).len(),
    }
}

fn doublings(n: usize) -> u8 {
    (10.0 * ((n + 1) as f64).log2()).round().min(100.0) as u8
}
