//! Propositions about findings without a CVE: what failed, and what that gives.

use std::collections::BTreeSet;

use super::{Arg, Family, Proposition, own, span};
use crate::catalogue::Predicate;
use crate::context::{Factors, Known, Proof, stage_here};
use crate::control::Controls;
use crate::detector;
use crate::finding::{Finding, FindingClass, Matter};
use crate::ids::EvidenceId;
use crate::observation::{Capability, Link};
use crate::profile::{self, Before};
use crate::reconcile::Word;
use crate::rights::usage::{self, Usage};
use crate::text::{Opaque, Own, Shaped};
use crate::world::{AssetIdx, EdgeSeen, World};

/// What a source claims is wrong, in its name.
pub(super) fn claim(said: &mut Vec<Proposition>, finding: &Finding, world: &World, controls: &Controls) {
    let stands = |wanted: Word| finding.words.iter().find(move |w| w.stands == wanted);
    let word = stands(Word::Live).or_else(|| stands(Word::Silent));
    if word.is_none() && finding.class != FindingClass::Signal {
        // What nobody claims any more is not said to be so.
        return;
    }
    let word = word.or_else(|| finding.words.first());
    let tool = Arg::Name(word.map_or_else(|| Opaque::readmit("?"), |w| w.tool.clone()));
    let evidence: Vec<EvidenceId> = word.map(|w| EvidenceId::Record(w.record)).into_iter().collect();
    let as_of = word.map(|w| w.produced_at);
    let (predicate, args) = match &finding.matter {
        Matter::Control { control, path } => {
            let name = match controls.get(control.0.reveal()) {
                Some(row) => Arg::Own(row.title.clone()),
                None => Arg::Name(control.0.clone()),
            };
            if path.is_empty() {
                (Predicate::FailedControlWhole, vec![tool, name])
            } else {
                (Predicate::FailedControl, vec![tool, name, Arg::Name(path.clone())])
            }
        }
        Matter::Secret { detector, location } => {
            let found = detector::noun(detector.reveal()).map_or_else(|| Arg::Name(detector.clone()), Arg::Own);
            (Predicate::SecretOpen, vec![tool, found, Arg::Name(location.clone())])
        }
        Matter::Rbac { capability, cluster_wide } => {
            let reach = own(if *cluster_wide { "in every namespace" } else { "in its namespace" });
            (Predicate::HoldsRight, vec![own(capability.row().words), reach])
        }
        Matter::Signal { signal, .. } => {
            let name = match controls.get(signal.0.reveal()) {
                Some(row) => Arg::Own(row.title.clone()),
                None => Arg::Name(signal.0.clone()),
            };
            let prevented = finding.matter.was_prevented();
            (if prevented { Predicate::SignalPrevented } else { Predicate::SignalSeen }, vec![tool, name])
        }
        Matter::Vulnerability { .. } => return,
    };
    said.push(Proposition { predicate, args, evidence, as_of, family: Family::Claim });
    said.extend(made_for_it(finding, world));
    said.extend(profile::before(finding, world).map(|before| usual(finding, before)));
    if let (Matter::Rbac { .. }, Some(identity)) = (&finding.matter, world.find(&finding.place.asset)) {
        said.push(run_by(identity, world));
        said.extend(not_seen(finding, identity, world));
    }
}

/// That the container was given what the act takes, where that makes an attempt of a foothold.
fn made_for_it(finding: &Finding, world: &World) -> Option<Proposition> {
    let (Matter::Signal { signal, .. }, Some(stage)) = (&finding.matter, finding.stage) else { return None };
    let asset = world.find(&finding.place.asset)?;
    let Proof { evidence, as_of, .. } = stage_here(world, asset, &finding.place.container, &signal.0, stage).1?;
    let predicate = Predicate::MadeForIt;
    Some(Proposition { predicate, args: Vec::new(), evidence, as_of: Some(as_of), family: Family::Claim })
}

/// Whether the signal's program is part of what the image usually does.
fn usual(finding: &Finding, before: Before<'_>) -> Proposition {
    let came = finding.life.first_seen;
    let (predicate, args, evidence, as_of) = match before {
        Before::Known { exe, fact } => {
            let args = vec![Arg::Name(exe.clone()), span(fact.since.until(came))];
            (Predicate::InProfile, args, vec![fact.evidence()], fact.until)
        }
        Before::New(watch) => {
            (Predicate::NotInProfile, vec![span(watch.since.until(came))], watch.evidence, watch.until)
        }
    };
    Proposition { predicate, args, evidence, as_of: Some(as_of), family: Family::Claim }
}

/// How many workloads run as an identity: all, when a complete scan has looked; else those in view.
fn run_by(identity: AssetIdx, world: &World) -> Proposition {
    let runs: Vec<&EdgeSeen> = world.into(identity).filter(|e| matches!(e.link, Link::RunsAs { .. })).collect();
    let workloads: BTreeSet<AssetIdx> = runs.iter().map(|e| e.from).collect();
    let count = vec![Arg::Shaped(Shaped::Count(workloads.len() as u64))];
    let mut evidence: Vec<EvidenceId> = runs.iter().map(|e| EvidenceId::Edge(e.id)).collect();
    let seen = runs.iter().map(|e| e.until).min();
    let (predicate, args, as_of) = match world.scanned(identity) {
        Some(scan) => {
            evidence.push(EvidenceId::Coverage(scan.id));
            (Predicate::RunBy, count, Some(scan.window.until))
        }
        None if runs.is_empty() => (Predicate::RunByUnknown, Vec::new(), None),
        None => (Predicate::RunByAtLeast, count, seen),
    };
    Proposition { predicate, args, evidence, as_of, family: Family::Claim }
}

/// That the audit log, where it covers long enough, shows no use of the right. It lowers nothing: what was not used can
/// be.
fn not_seen(finding: &Finding, identity: AssetIdx, world: &World) -> Option<Proposition> {
    let Matter::Rbac { capability, .. } = &finding.matter else { return None };
    let Usage::NotSeen(log) = usage::usage(world, identity, *capability) else { return None };
    Some(Proposition {
        predicate: Predicate::RightNotSeen,
        args: vec![span(log.span)],
        evidence: log.evidence,
        as_of: Some(log.until),
        family: Family::Claim,
    })
}

/// What an attacker needs first, and gains then.
pub(super) fn gain(said: &mut Vec<Proposition>, factors: &Factors) {
    let family = Family::Gain;
    let (free, total) = match (&factors.automatable, &factors.total_impact) {
        (Known::Is(free, p), Known::Is(total, _)) => ((*free, p), *total),
        // Housekeeping gives nothing by itself: there is nothing to say.
        (_, Known::NotApplicable) => return,
        _ => {
            said.push(Proposition {
                predicate: Predicate::GainUnknown,
                args: Vec::new(),
                evidence: Vec::new(),
                as_of: None,
                family,
            });
            return;
        }
    };
    let (free, Proof { evidence, as_of, .. }) = free;
    let mut say = |predicate| {
        said.push(Proposition { predicate, args: Vec::new(), evidence: evidence.clone(), as_of: Some(*as_of), family });
    };
    say(if free { Predicate::GainsFootholdFree } else { Predicate::GainsAfterFoothold });
    say(if total { Predicate::GainsTotal } else { Predicate::GainsPartial });
}

/// The right in words that follow "may", for titles.
pub fn capability_own(capability: Capability) -> Own {
    Own::new(capability.row().words)
}
