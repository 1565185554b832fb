//! Propositions about use: whether the vulnerable package runs, and how well that was watched.

use super::{Arg, Family, Proposition, count, own, package_name, settle_words, span};
use crate::catalogue::Predicate;
use crate::context::{Factors, Use};
use crate::finding::Finding;
use crate::observation::UseLevel;
use crate::text::Shaped;

/// Use of the package, or how well its absence was watched, or why nobody can tell.
pub(super) fn usage(said: &mut Vec<Proposition>, finding: &Finding, factors: &Factors) {
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
            let (predicate, args, evidence, as_of) = match watch {
                Some(w) => {
                    let args = vec![package, because, span(w.span()), count(w.watched), settle];
                    (Predicate::UseHalfSeen, args, w.evidence.clone(), Some(w.until))
                }
                None => (Predicate::UseUnknown, vec![package, because, settle], Vec::new(), None),
            };
            Proposition { predicate, args, evidence, as_of, family }
        }
    };
    said.push(proposition);
}

const fn level_words(level: UseLevel) -> &'static str {
    match level {
        UseLevel::Read => "read a file of",
        UseLevel::Loaded => "loaded",
        UseLevel::Linked => "linked in",
        UseLevel::Executed => "run from",
    }
}
