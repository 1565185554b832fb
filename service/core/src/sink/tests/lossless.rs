//! Rendering loses nothing that is said: another value in any slot of any phrase is another text, on every sink.

use super::*;
use crate::brief::Arg;
use crate::catalogue::Predicate;
use crate::context::tests::catalogue;
use crate::scene::{close_pairs, one_fact, plain_args};
use crate::text::Shaped;

const AS_OF: Time = Time::from_secs(1_000_000_000);

fn rendered(predicate: Predicate, args: &[Arg], sink: Sink) -> String {
    escape(&one_fact(predicate, args, catalogue(), (AS_OF, &Open)).unwrap(), sink)
}

#[test]
fn every_slot_of_every_phrase_shows_on_every_sink() {
    let pairs = close_pairs(AS_OF);
    for predicate in Predicate::ALL {
        let plain = plain_args(*predicate);
        let slots = plain.len();
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
