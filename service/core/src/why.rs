//! One line of why: the facts that place a finding where it stands, shortest form first to be read at night. Comes in: a
//! finding and its factors. Goes out: a line whose parts say who wrote them.

use std::collections::BTreeSet;

use crate::assess::Attacked;
use crate::context::{Factors, Known, Use};
use crate::document::{Inline, Line, counted, own};
use crate::finding::{Finding, FindingClass, Matter};
use crate::graph::Exposure;
use crate::observation::Capability;
use crate::text::{Opaque, Shaped};
use crate::world::World;

/// The facts that a person asks for first, worst first; what is unknown is said, never left out.
pub fn why(finding: &Finding, factors: &Factors, world: &World) -> Line {
    let mut parts: Vec<Line> = Vec::new();
    attacks(&mut parts, factors);
    if finding.class == FindingClass::Vulnerability && factors.in_kev.value() == Some(true) {
        parts.push(vec![own("exploited, says CISA")]);
    }
    exposure(&mut parts, factors);
    usage(&mut parts, factors);
    rights(&mut parts, finding, world);
    join(parts)
}

fn attacks(parts: &mut Vec<Line>, factors: &Factors) {
    if let Known::Is(stage, proof) = &factors.attacked {
        match stage {
            Attacked::Foothold => parts.push(vec![own("foothold "), Inline::Ago(proof.as_of)]),
            Attacked::Attempt => parts.push(vec![own("attacked "), Inline::Ago(proof.as_of)]),
            Attacked::NoneSeen | Attacked::Unknown => {}
        }
    }
}

fn exposure(parts: &mut Vec<Line>, factors: &Factors) {
    match (&factors.exposure, &factors.ways) {
        (Known::Is(..), Exposure::Exposed { paths, .. }) => {
            let Some(path) = paths.first() else { return };
            let mut line = match path.outside_port {
                0 => vec![own("exposed")],
                port => vec![own("exposed :"), Inline::Shaped(Shaped::Port(port))],
            };
            if let Some((at, _)) = &path.traffic {
                line.extend([own(", traffic "), Inline::Ago(*at)]);
            }
            parts.push(line);
        }
        (Known::Is(..), Exposure::Internal { not_running: true, .. }) => parts.push(vec![own("not running")]),
        (Known::Is(..), _) => parts.push(vec![own("not exposed")]),
        (Known::Unknown(..), _) => parts.push(vec![own("exposure unknown")]),
        (Known::NotApplicable, _) => {}
    }
}

fn usage(parts: &mut Vec<Line>, factors: &Factors) {
    if factors.class != FindingClass::Vulnerability {
        return;
    }
    match &factors.usage {
        Use::Yes { level, exe, listens, .. } => {
            let mut line = vec![own(level.as_str()), own(" by "), Inline::Name(program(exe))];
            if let Some(port) = listens {
                line.extend([own(" that listens on :"), Inline::Shaped(Shaped::Port(*port))]);
            }
            parts.push(line);
        }
        Use::No(watch) => {
            let watched = Inline::Shaped(Shaped::Count(u64::from(watch.watched)));
            let wanted = u64::from(watch.replicas.unwrap_or(watch.watched));
            let span = Inline::Shaped(Shaped::For(watch.span()));
            let mut line = vec![own("not in use in "), span, own(" watched on "), watched, own(" of ")];
            line.extend(counted(wanted, [" replica", " replicas"]));
            parts.push(line);
        }
        Use::Unknown(_, _, watch) => {
            let past = watch.as_ref().filter(|w| w.watched == 0).and_then(|w| w.past.as_ref());
            parts.push(match past {
                Some(past) if past.silent => vec![own("use unknown, sensor last heard "), Inline::Ago(past.until)],
                Some(past) => vec![own("use unknown, last run ended "), Inline::Ago(past.until)],
                None => vec![own("use unknown")],
            });
        }
    }
}

/// An executable by its last name: the explanation has the whole path.
fn program(exe: &Opaque) -> Opaque {
    let path = exe.reveal();
    Opaque::readmit(path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path))
}

fn rights(parts: &mut Vec<Line>, finding: &Finding, world: &World) {
    let Matter::Rbac { capability, .. } = &finding.matter else { return };
    if *capability == Capability::ClusterAdmin {
        parts.push(vec![own("full control of the cluster")]);
    }
    let Some(identity) = world.find(&finding.place.asset) else { return };
    let workloads = world.run_as(identity).collect::<BTreeSet<_>>().len() as u64;
    if workloads == 0 && world.scanned(identity).is_none() {
        parts.push(vec![own("who runs as it is unknown")]);
        return;
    }
    let held = counted(workloads, [" workload", " workloads"]);
    parts.push([own("held by ")].into_iter().chain(held).collect());
}

fn join(parts: Vec<Line>) -> Line {
    let mut line = Vec::new();
    for (i, part) in parts.into_iter().enumerate() {
        if i > 0 {
            line.push(own("; "));
        }
        line.extend(part);
    }
    line
}
