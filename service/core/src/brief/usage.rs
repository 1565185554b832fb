//! Propositions about use: whether the vulnerable package runs, and how well that was watched.

use std::collections::BTreeMap;

use super::{Arg, Family, Proposition, count, own, package_name, settle_words, span};
use crate::catalogue::Predicate;
use crate::context::{Factors, Past, Use};
use crate::finding::Finding;
use crate::observation::UseLevel;
use crate::text::{Opaque, Shaped};
use crate::world::{FactSeen, World};

/// Use of the package, or how well its absence was watched, or why nobody can tell.
pub(super) fn usage(said: &mut Vec<Proposition>, finding: &Finding, factors: &Factors, world: &World) {
    let family = Family::Use;
    let package = package_name(finding);
    let proposition = match &factors.usage {
        Use::Yes { level, exe, listens, proof } => {
            let (exe, level) = (Arg::Name(exe.clone()), own(level_words(*level)));
            let (predicate, args) = match listens {
                Some(port) => (Predicate::UsedByListener, vec![exe, Arg::Shaped(Shaped::Port(*port)), level, package]),
                None => (Predicate::Used, vec![exe, level, package]),
            };
            Proposition { predicate, args, evidence: proof.evidence.clone(), as_of: Some(proof.as_of), family }
        }
        Use::No(watch) => {
            let replicas = watch.replicas.unwrap_or(watch.watched);
            let args = vec![package, span(watch.span()), count(watch.watched), count(replicas), count(watch.starts)];
            Proposition {
                predicate: Predicate::NotUsed,
                args,
                evidence: watch.evidence.clone(),
                as_of: Some(watch.until),
                family,
            }
        }
        Use::Unknown(because, by, watch) => {
            let (because, settle) = (own(because.as_str()), Arg::Own(settle_words(*by)));
            let past = watch.as_ref().filter(|w| w.watched == 0).and_then(|w| w.past.as_ref());
            let (predicate, args, evidence, as_of) = match watch {
                _ if past.is_some_and(|past| past.is_known(world.as_of)) => {
                    return said.extend(past.map(|past| before(finding, past, [package, settle], world)));
                }
                Some(w) if w.watched > 0 => {
                    let args = vec![package, because, span(w.span()), count(w.watched), settle];
                    (Predicate::UseHalfSeen, args, w.evidence.clone(), Some(w.until))
                }
                _ => (Predicate::UseUnknown, vec![package, because, settle], Vec::new(), None),
            };
            Proposition { predicate, args, evidence, as_of, family }
        }
    };
    said.push(proposition);
}

/// What was seen of instances that are watched no more: that the sensor fell silent, or that they ended.
fn before(finding: &Finding, past: &Past, [package, settle]: [Arg; 2], world: &World) -> Proposition {
    let ran = ran(finding, world);
    let last = ran.iter().max_by_key(|(_, fact)| (fact.until.max(fact.since), std::cmp::Reverse(fact.id)));
    let exe = last.map_or(own("no program"), |(exe, _)| Arg::Name((*exe).clone()));
    let mut evidence = past.evidence.clone();
    evidence.extend(last.map(|(_, fact)| fact.evidence()));
    let until = Arg::Shaped(Shaped::At(past.until));
    let (predicate, args) = if past.silent {
        let node = Arg::Name(past.node.clone());
        (Predicate::UseSilent, vec![package, node, until, span(past.span()), exe, settle])
    } else {
        let programs = count(ran.len() as u32);
        (Predicate::UseEnded, vec![package, count(past.instances), until, programs, exe, settle])
    };
    Proposition { predicate, args, evidence, as_of: Some(past.until), family: Family::Use }
}

/// The programs that a sensor saw in the finding's container, each with the newest fact that names it.
fn ran<'w>(finding: &Finding, world: &'w World) -> BTreeMap<&'w Opaque, &'w FactSeen> {
    let mut ran: BTreeMap<&Opaque, &FactSeen> = BTreeMap::new();
    let asset = world.find(&finding.place.asset);
    let facts = asset.into_iter().flat_map(|asset| world.facts(asset));
    for fact in facts.filter(|f| f.is_seen_in(&finding.place.container)) {
        let Some(exe) = fact.what.program() else { continue };
        let known = ran.entry(exe).or_insert(fact);
        if known.until < fact.until {
            *known = fact;
        }
    }
    ran
}

const fn level_words(level: UseLevel) -> &'static str {
    match level {
        UseLevel::Perhaps => "perhaps used",
        UseLevel::Read => "read a file of",
        UseLevel::Loaded => "loaded",
        UseLevel::Linked => "linked in",
        UseLevel::Executed => "run from",
    }
}
