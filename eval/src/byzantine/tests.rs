use std::borrow::Cow;

use assay_core::plan::{By, Plan, TemplateBecause, template};
use assay_core::scene::Open;
use assay_core::sink::escape;

use super::*;

/// A door that knows the secret of the suite.
struct Knows;

impl Door for Knows {
    fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let secret = SECRET.concat();
        if text.contains(&secret) { Cow::Owned(text.replace(&secret, "[secret]")) } else { Cow::Borrowed(text) }
    }
}

fn ours() -> Road<'static> {
    Road { door: &Knows, escape: &escape, settle: &settled }
}

fn tried(road: &Road<'_>) -> Outcome {
    run(500, SEED, road).unwrap()
}

fn caught(road: &Road<'_>, claim: &str) {
    let outcome = tried(road);
    assert!(outcome.failed.iter().any(|f| f.contains(claim)), "{claim}: {:#?}", outcome.failed);
}

#[test]
fn nothing_that_a_model_puts_out_breaks_a_claim() {
    let outcome = tried(&ours());
    assert_eq!(outcome.met, Some(true), "{:#?}", outcome.failed);
    assert_eq!(outcome, tried(&ours()), "the same seed gives the same row");
}

#[test]
fn a_guard_that_lets_a_fact_be_dropped_is_caught() {
    let settle = |brief: &Brief, _: &Output| {
        let mut plan = template(brief);
        plan.sentences.pop();
        Settled { plan, by: By::Template(TemplateBecause::NoModel) }
    };
    caught(&Road { settle: &settle, ..ours() }, "C2");
}

#[test]
fn a_guard_that_lets_any_two_facts_stand_together_is_caught() {
    let settle = |brief: &Brief, _: &Output| {
        let plan = Plan { sentences: brief.handles().map(|h| vec![h]).collect() };
        Settled { plan, by: By::Template(TemplateBecause::NoModel) }
    };
    caught(&Road { settle: &settle, ..ours() }, "C3");
}

#[test]
fn a_door_that_finds_nothing_is_caught() {
    caught(&Road { door: &Open, ..ours() }, "C4");
}

#[test]
fn a_sink_that_adds_a_link_is_caught() {
    let escape = |d: &Guarded<Document>, s: Sink| format!("{}[x](https://evil.example)", escape(d, s));
    caught(&Road { escape: &escape, ..ours() }, "C5");
}
