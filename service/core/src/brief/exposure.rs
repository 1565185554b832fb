//! Propositions about the asset: ways in, attacks, the place.

use super::{Arg, Family, Proposition, own, settle_words, span};
use crate::assess::{Attacked, Exposed};
use crate::asset::KindClass;
use crate::catalogue::Predicate;
use crate::context::{Factors, Known, Origin, Proof, stage_of, watch};
use crate::drift::unnamed_ports;
use crate::finding::Finding;
use crate::graph::{Exposure, Path, exposed_by};
use crate::ids::{EvidenceId, Span};
use crate::observation::{Entry, Eye, Link, SettledBy};
use crate::text::{Opaque, Own, Shaped};
use crate::world::World;

/// The way in with the most weight, with its traffic; or that there is none; or why that is unknown.
pub(super) fn ways(said: &mut Vec<Proposition>, finding: &Finding, factors: &Factors, world: &World) {
    let family = Family::Exposure;
    match (&factors.exposure, &factors.ways) {
        (Known::Is(value, proof), Exposure::Exposed { paths, .. }) => {
            let Some(path) = paths.first() else { return };
            let port = Arg::Shaped(Shaped::Port(path.port));
            let (entry, door) = entry_of(path, world);
            let edges = path.edges.len().min(proof.evidence.len());
            let pod = own(which_pod(finding));
            let scanned = path.edges.iter().map(|&e| world.edges[e as usize].until).max();
            let untold = path.outside_port == 0;
            let (predicate, args) = if untold {
                (Predicate::ExposedUntold, vec![pod, entry, door])
            } else {
                let outside = Arg::Shaped(Shaped::Port(path.outside_port));
                (Predicate::ExposedPath, vec![port.clone(), pod, entry, door, outside])
            };
            let evidence = proof.evidence[..edges].to_vec();
            said.push(Proposition { predicate, args, evidence, as_of: scanned, family });
            if untold {
                return;
            }
            let (predicate, evidence, as_of) = match (value, &path.traffic) {
                (Exposed::WithTraffic, Some((at, fact))) => (Predicate::TrafficSeen, vec![fact.clone()], Some(*at)),
                _ => (Predicate::TrafficNotSeen, Vec::new(), Some(world.as_of)),
            };
            said.push(Proposition { predicate, args: vec![port], evidence, as_of, family });
        }
        (Known::Is(_, Proof { evidence, as_of, .. }), Exposure::Internal { not_running, .. }) => {
            let its_own = finding.place.asset.kind.class() == KindClass::Workload;
            let predicate = if *not_running && its_own { Predicate::NotRunning } else { Predicate::Internal };
            said.push(Proposition {
                predicate,
                args: Vec::new(),
                evidence: evidence.clone(),
                as_of: Some(*as_of),
                family,
            });
        }
        (Known::Unknown(because, by), _) => {
            let settle = Arg::Own(settle_words(by.unwrap_or(SettledBy::ClusterScan)));
            let args = vec![own(because.as_str()), settle];
            said.push(Proposition {
                predicate: Predicate::ExposureUnknown,
                args,
                evidence: Vec::new(),
                as_of: None,
                family,
            });
        }
        _ => {}
    }
}

fn entry_of(path: &Path, world: &World) -> (Arg, Arg) {
    let first = path.edges.first().map(|&e| &world.edges[e as usize]);
    let Some(Link::Enters { entry, host, .. }) = first.map(|e| &e.link) else {
        return (own("an entry"), own("of no name"));
    };
    let kind = own(match entry {
        Entry::LoadBalancer => "the load balancer",
        Entry::NodePort => "the node port of",
        Entry::ExternalIp => "the external address of",
        Entry::Ingress => "the Ingress",
        Entry::Gateway => "the Gateway",
        Entry::HostPort => "a port of the host taken by",
        Entry::HostNetwork => "the host's network, by",
        Entry::NodeAddress => "the public address of",
    });
    let door = match (host, first) {
        (Some(host), _) if !host.is_empty() => host.clone(),
        (_, Some(edge)) => world.asset(edge.to).key.name.clone(),
        _ => Opaque::readmit("?"),
    };
    (kind, Arg::Name(door))
}

/// Attacks on the asset, or how well it was watched for them.
pub(super) fn attacks(said: &mut Vec<Proposition>, finding: &Finding, factors: &Factors, world: &World) {
    let family = Family::Attack;
    match &factors.attacked {
        Known::Is(value, Proof { evidence, as_of, .. }) => {
            let (predicate, args) = match value {
                Attacked::Foothold => (Predicate::Foothold, vec![own(attacked(finding, *value, evidence, world))]),
                Attacked::Attempt => (Predicate::Attempt, vec![own(attacked(finding, *value, evidence, world))]),
                Attacked::NoneSeen => {
                    let workloads = world.find(&finding.place.asset).map(|a| exposed_by(world, a));
                    let whole = Opaque::readmit("");
                    let spans = workloads.iter().flatten().map(|w| watch(world, *w, &whole, Eye::SensorSignals).span());
                    (Predicate::NoneSeen, vec![span(spans.min().unwrap_or(Span::ZERO))])
                }
                Attacked::Unknown => return,
            };
            said.push(Proposition { predicate, args, evidence: evidence.clone(), as_of: Some(*as_of), family });
        }
        Known::Unknown(because, _) => {
            let args = vec![own(because.as_str())];
            said.push(Proposition {
                predicate: Predicate::AttackUnknown,
                args,
                evidence: Vec::new(),
                as_of: None,
                family,
            });
        }
        Known::NotApplicable => {}
    }
}

/// The pod that a way leads to, seen from what the finding is about.
fn which_pod(finding: &Finding) -> &'static str {
    match finding.place.asset.kind.class() {
        KindClass::Identity => "a pod that runs as it",
        KindClass::Namespace => "a pod of this namespace",
        KindClass::Cluster => "a pod of this cluster",
        KindClass::Node => "the node",
        _ => "the pod",
    }
}

/// A port that the finding's containers listen on and their manifest does not name: the lowest, and how many there are.
pub(super) fn drift(said: &mut Vec<Proposition>, finding: &Finding, world: &World) {
    let Some(asset) = world.find(&finding.place.asset) else { return };
    let found = unnamed_ports(world, asset, &finding.place.container);
    let Some(first) = found.first() else { return };
    let exe = if first.exe.is_empty() { own("a program") } else { Arg::Name(first.exe.clone()) };
    said.push(Proposition {
        predicate: Predicate::PortNotNamed,
        args: vec![exe, Arg::Shaped(Shaped::Port(first.port)), Arg::Shaped(Shaped::Count(found.len() as u64))],
        evidence: first.evidence.clone(),
        as_of: Some(first.as_of),
        family: Family::Use,
    });
}

/// What was attacked: for a signal that says so itself its own asset, which need not be a workload.
fn attacked(finding: &Finding, value: Attacked, evidence: &[EvidenceId], world: &World) -> &'static str {
    if stage_of(finding, world.find(&finding.place.asset), world).map(Attacked::of) != Some(value) {
        return which_workload(finding, evidence, world);
    }
    match finding.place.asset.kind.class() {
        KindClass::Workload => "this workload",
        KindClass::Node => "this node",
        KindClass::Identity => "this identity",
        KindClass::Namespace => "this namespace",
        KindClass::Cluster => "this cluster",
        _ => "this object",
    }
}

/// The workload that was attacked, seen from what the finding is about.
fn which_workload(finding: &Finding, evidence: &[EvidenceId], world: &World) -> &'static str {
    let asset = world.find(&finding.place.asset);
    let mine = |e: &EvidenceId| {
        matches!(e, EvidenceId::Record(_)) || asset.is_some_and(|a| world.facts(a).any(|f| f.evidence() == *e))
    };
    match finding.place.asset.kind.class() {
        KindClass::Workload => "this workload",
        _ if evidence.iter().any(mine) => "it",
        KindClass::Identity => "a workload that runs as it",
        KindClass::Namespace => "a workload of this namespace",
        KindClass::Cluster => "a workload of this cluster",
        _ => "it",
    }
}

/// What the place is for.
pub(super) fn place(said: &mut Vec<Proposition>, factors: &Factors) {
    let family = Family::Place;
    match &factors.environment {
        Known::Is(environment, Proof { origin, evidence, as_of }) => {
            let args = vec![own(environment.as_str()), Arg::Own(origin_words(*origin))];
            said.push(Proposition {
                predicate: Predicate::Environment,
                args,
                evidence: evidence.clone(),
                as_of: Some(*as_of),
                family,
            });
        }
        Known::Unknown(..) => {
            said.push(Proposition {
                predicate: Predicate::EnvironmentUnknown,
                args: Vec::new(),
                evidence: Vec::new(),
                as_of: None,
                family,
            });
        }
        Known::NotApplicable => {}
    }
}

/// Where a value comes from, in words.
pub(super) fn origin_words(origin: Origin) -> Own {
    Own::new(match origin {
        Origin::Sensor => "the sensor",
        Origin::Scan => "the scan",
        Origin::Rule => "the operator's rule",
        Origin::Kev => "CISA's catalogue",
        Origin::Epss => "EPSS",
        Origin::CisaAdp => "CISA's analysis",
        Origin::CvssVector => "its CVSS vector",
        Origin::Curated => "a curated row",
        Origin::ModelReading => "a model's reading of the CVE text",
        Origin::TextReading => "phrases of the CVE text",
        Origin::Control => "the control's row",
        Origin::Report => "a report",
        Origin::ModelPreference => "a model's preference",
        Origin::Default => "the policy's default",
    })
}
