//! Lossless rendering. Comes in: every predicate that can be said. Goes out: the share of smallest changes, of one slot, of
//! two slots against each other, or of the predicate itself, that change the text on every sink.

use std::collections::BTreeMap;

use assay_core::brief::Arg;
use assay_core::catalogue::{Catalogue, Predicate};
use assay_core::document::{Document, Guarded};
use assay_core::scene::{SINKS, close_pairs, one_fact, plain_args};
use assay_core::sink::Sink;
use assay_core::text::Door;

use crate::outcome::Outcome;
use crate::situation::now;
use crate::{EvalError, Suite};

/// What writes a document for a sink.
pub type Escape<'a> = &'a dyn Fn(&Guarded<Document>, Sink) -> String;

/// Makes every change, and looks at every sink.
///
/// # Errors
/// When the phrases cannot be read.
pub fn run(door: &dyn Door, escape: Escape<'_>) -> Result<Outcome, EvalError> {
    let catalogue = Catalogue::bundled()?;
    let pairs = close_pairs(now());
    let (mut cases, mut failed) = (0, Vec::new());
    let mut look = |predicate: Predicate, what: &str, a: &[Arg], b: &[Arg]| {
        cases += 1;
        let told = |args: &[Arg]| one_fact(predicate, args, &catalogue, (now(), door)).ok();
        let (Some(a), Some(b)) = (told(a), told(b)) else {
            return failed.push(format!("{predicate}, {what}: it is withheld"));
        };
        let same = SINKS.iter().find(|sink| escape(&a, **sink) == escape(&b, **sink));
        failed.extend(same.map(|sink| format!("{predicate}, {what}: the same text on {sink:?}")));
    };
    for predicate in Predicate::ALL {
        let plain = plain_args(*predicate);
        for slot in 0..plain.len() {
            for (a, b) in &pairs {
                let with = |arg: &Arg| {
                    let mut args = plain.clone();
                    args[slot] = arg.clone();
                    args
                };
                look(*predicate, &format!("slot {slot}, {a:?} and {b:?}"), &with(a), &with(b));
            }
            if slot > 0 {
                let mut args = plain.clone();
                args.swap(slot, slot - 1);
                look(*predicate, &format!("slots {} and {slot} changed places", slot - 1), &args, &plain);
            }
        }
    }
    for sink in SINKS {
        let mut texts: BTreeMap<String, Predicate> = BTreeMap::new();
        for predicate in Predicate::ALL {
            cases += 1;
            let Ok(document) = one_fact(*predicate, &plain_args(*predicate), &catalogue, (now(), door)) else {
                failed.push(format!("{predicate}: it is withheld"));
                continue;
            };
            if let Some(other) = texts.insert(escape(&document, sink), *predicate) {
                failed.push(format!("{predicate} and {other} say the same on {sink:?}"));
            }
        }
    }
    Ok(Outcome::share(Suite::Lossless, "changes that change the text on every sink", cases, failed))
}

#[cfg(test)]
mod tests {
    use assay_core::scene::Open;
    use assay_core::sink::escape;

    use super::*;

    #[test]
    fn nothing_is_lost() {
        let outcome = run(&Open, &escape).unwrap();
        assert_eq!(outcome.met, Some(true), "{:#?}", outcome.failed);
        assert!(outcome.cases > 1_000, "{}", outcome.cases);
    }

    #[test]
    fn a_sink_that_swallows_a_space_a_case_or_a_digit_is_caught() {
        let careless: [&dyn Fn(String) -> String; 3] =
            [&|t| t.split_whitespace().collect(), &|t| t.to_lowercase(), &|t| t.replace('2', "1")];
        for spoil in careless {
            let outcome = run(&Open, &|d, s| spoil(escape(d, s))).unwrap();
            assert_eq!(outcome.met, Some(false));
        }
    }
}
