//! Rendering loses nothing that is said: another value in any slot of any phrase is another text, on every sink.

use super::*;
use crate::brief::{Arg, Family, Proposition};
use crate::catalogue::Predicate;
use crate::context::tests::catalogue;
use crate::explain::clause;
use crate::ids::Span;
use crate::text::Shaped;

const AS_OF: Time = Time::from_secs(1_000_000_000);

fn rendered(predicate: Predicate, args: &[Arg], sink: Sink) -> String {
    let (args, evidence) = (args.to_vec(), Vec::new());
    let p = Proposition { predicate, args, evidence, as_of: None, family: Family::Claim };
    let blocks = vec![Block::Fact(clause(&p, catalogue()), Vec::new())];
    escape(&guard(Document { as_of: AS_OF, blocks }, &Open).unwrap(), sink)
}

/// Pairs of values that differ as little as values of their kind can.
fn pairs() -> Vec<(Arg, Arg)> {
    let shaped = |a, b| (Arg::Shaped(a), Arg::Shaped(b));
    let name = |a: &str, b: &str| (Arg::Name(Opaque::readmit(a)), Arg::Name(Opaque::readmit(b)));
    vec![
        (Arg::Own(Own::new("by the scan")), Arg::Own(Own::new("by the scans"))),
        name("web", "web2"),
        name("web", "Web"),
        name("libssl3", "libssl1.1"),
        name("a b", "a  b"),
        name("web", " web"),
        name("web", "web "),
        name("approved by security", "approved by nobody"),
        name(&"x".repeat(60), &format!("{}y", "x".repeat(59))),
        // Two long names that differ only where they are cut.
        name(&format!("{}1{}", "x".repeat(60), "y".repeat(60)), &format!("{}2{}", "x".repeat(60), "y".repeat(60))),
        shaped(Shaped::Port(80), Shaped::Port(8080)),
        shaped(Shaped::Count(1), Shaped::Count(2)),
        shaped(Shaped::Count(1_204_331), Shaped::Count(1_204_332)),
        shaped(Shaped::Percent(9), Shaped::Percent(10)),
        shaped(Shaped::Tenths(98), Shaped::Tenths(100)),
        shaped(Shaped::Probability(9_300), Shaped::Probability(9_400)),
        shaped(Shaped::At(AS_OF - Span::hours(5)), Shaped::At(AS_OF - Span::hours(6))),
        shaped(Shaped::At(AS_OF - Span::days(90)), Shaped::At(AS_OF - Span::days(91))),
        shaped(Shaped::For(Span::hours(24)), Shaped::For(Span::hours(25))),
        shaped(Shaped::Vuln("CVE-2021-44228".parse().unwrap()), Shaped::Vuln("CVE-2021-4422".parse().unwrap())),
    ]
}

#[test]
fn every_slot_of_every_phrase_shows_on_every_sink() {
    let pairs = pairs();
    for predicate in Predicate::ALL {
        let slots = predicate.slots().len();
        let plain: Vec<Arg> = (0..slots).map(|i| Arg::Shaped(Shaped::Count(1_000 + i as u64))).collect();
        for sink in &SINKS {
            for (slot, (a, b)) in (0..slots).flat_map(|s| pairs.iter().map(move |p| (s, p))) {
                let with = |arg: &Arg| {
                    let mut args = plain.clone();
                    args[slot] = arg.clone();
                    rendered(*predicate, &args, *sink)
                };
                assert_ne!(with(a), with(b), "{predicate}, slot {slot}, {a:?} and {b:?} on {sink:?}");
            }
            for (slot, swapped) in (1..slots).map(|s| (s, s - 1)) {
                let mut args = plain.clone();
                args.swap(slot, swapped);
                assert_ne!(
                    rendered(*predicate, &args, *sink),
                    rendered(*predicate, &plain, *sink),
                    "{predicate} swapped"
                );
            }
        }
    }
}

#[test]
fn no_two_predicates_say_the_same() {
    for sink in &SINKS {
        let mut texts: Vec<(String, Predicate)> = Vec::new();
        for predicate in Predicate::ALL {
            let args: Vec<Arg> = predicate.slots().iter().map(|_| Arg::Shaped(Shaped::Count(1))).collect();
            let text = rendered(*predicate, &args, *sink);
            assert!(texts.iter().all(|(t, _)| *t != text), "{predicate} on {sink:?}");
            texts.push((text, *predicate));
        }
    }
}
