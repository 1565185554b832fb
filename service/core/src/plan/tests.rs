//! Whatever chooses the order: no fact is added, dropped or changed, none stands beside what it would seem to explain,
//! and no stranger's byte reaches a prompt.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::context::tests::{cases, catalogue, controls, now, policy};
use crate::document::{Block, Inline};
use crate::ids::Span;
use crate::ports::{Choices, Planner};
use crate::scene::{Dice, Open, Renaming, Scene, random};

fn scene(seed: u64) -> Scene {
    random(seed, now(), &policy(), &controls())
}

fn briefs(scene: &Scene) -> Vec<Brief> {
    let world = scene.world();
    scene.findings.iter().map(|f| scene.see(&world, f).brief).collect()
}

/// A planner that does what it likes.
struct Byzantine {
    id: ModelId,
    seed: u64,
}

impl Byzantine {
    fn new(seed: u64) -> Self {
        Self { id: ModelId { name: "byzantine".into(), digest: Digest::of_bytes(b"byzantine") }, seed }
    }
}

impl Planner for Byzantine {
    fn model(&self) -> &ModelId {
        &self.id
    }

    fn choose(&self, _: &str, choices: &mut dyn Choices, _: Span) -> Result<(), ModelError> {
        let mut dice = Dice::new(self.seed);
        match dice.below(6) {
            // Legal, at random, to the end.
            0 | 1 => {
                while !choices.options().is_empty() {
                    choices.take(dice.below(choices.options().len()));
                }
            }
            // Out of range, most of the time; endless.
            2 => (0..200).for_each(|_| choices.take(dice.below(500))),
            // Stops half-way.
            3 => (0..dice.below(4)).for_each(|_| choices.take(0)),
            // Takes nothing.
            4 => {}
            _ => {
                let errors = [ModelError::Missing, ModelError::Busy, ModelError::Late(Span::secs(2))];
                return Err(errors[dice.below(errors.len())].clone());
            }
        }
        Ok(())
    }
}

fn walked(brief: &Brief, planner: &Byzantine) -> Settled {
    let mut walk = Walk::new(brief);
    let result = planner.choose("", &mut walk, Span::secs(2));
    settle(brief, result.map(|()| (&walk, planner.model())))
}

/// Every fact once, at most two in a sentence and then of one family, and no neighbours that invite an inference.
fn check(brief: &Brief, plan: &Plan) -> Result<(), TestCaseError> {
    let told: Vec<Handle> = plan.sentences.iter().flatten().copied().collect();
    let all: BTreeSet<Handle> = brief.handles().collect();
    prop_assert_eq!(told.len(), all.len());
    prop_assert_eq!(told.iter().copied().collect::<BTreeSet<_>>(), all);
    for pair in told.windows(2) {
        prop_assert!(!brief.invite_inference(pair[0], pair[1]), "{:?} in {}", pair, plan.text());
    }
    for sentence in &plan.sentences {
        let families: BTreeSet<_> = sentence.iter().filter_map(|h| brief.get(*h)).map(|p| p.family).collect();
        prop_assert!((1..=2).contains(&sentence.len()) && families.len() == 1, "{}", plan.text());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(3_000)))]

    #[test]
    fn whatever_a_planner_does_the_plan_tells_every_fact_once(seed: u64, planner: u64) {
        for (i, brief) in (0..).zip(briefs(&scene(seed))) {
            let settled = walked(&brief, &Byzantine::new(planner.wrapping_add(i)));
            check(&brief, &settled.plan)?;
            if let By::Template(_) = settled.by {
                prop_assert_eq!(&settled.plan, &template(&brief));
            }
        }
    }

    /// A mark is how a fact is asked for its proof: it means the same whoever arranged the facts.
    #[test]
    fn who_arranges_the_facts_moves_no_mark(seed: u64, planner: u64) {
        let scene = scene(seed);
        let world = scene.world();
        for finding in scene.findings.iter().take(3) {
            let seen = scene.see(&world, finding);
            let by_template = Settled { plan: template(&seen.brief), by: By::Template(TemplateBecause::NoModel) };
            let marks = |settled: &Settled| -> BTreeMap<String, Vec<Inline>> {
                let told = scene.tell(finding, &seen, settled, catalogue(), &Open).unwrap();
                let facts = told.get().blocks.iter().filter_map(|b| match b {
                    Block::Fact(line, side) => Some((format!("{line:?}"), side.clone())),
                    _ => None,
                });
                facts.collect()
            };
            let (a, b) = (marks(&by_template), marks(&walked(&seen.brief, &Byzantine::new(planner))));
            for (fact, side) in a {
                prop_assert!(b.get(&fact).is_none_or(|other| *other == side), "{fact}");
            }
        }
    }

    #[test]
    fn a_plan_is_written_and_read_again(seed: u64, planner: u64) {
        for brief in briefs(&scene(seed)) {
            let settled = walked(&brief, &Byzantine::new(planner));
            prop_assert_eq!(parse(&brief, &settled.plan.text()), Some(settled.plan));
        }
    }

    #[test]
    fn what_is_no_legal_plan_is_not_read(seed: u64, cut in 0usize..30, letter in any::<char>()) {
        for brief in briefs(&scene(seed)) {
            let text = template(&brief).text();
            let at = text.char_indices().map(|(i, _)| i).nth(cut % text.len()).unwrap();
            let mut other = text.clone();
            other.replace_range(at..=at, &letter.to_string());
            if let Some(plan) = parse(&brief, &other) {
                check(&brief, &plan)?;
            }
            prop_assert_eq!(parse(&brief, &text[..at]), None, "{}", &text[..at]);
        }
    }

    /// Every name and every text in the world is a canary; none sings in a prompt.
    #[test]
    fn no_byte_of_a_stranger_reaches_a_prompt(seed: u64) {
        let renaming = Renaming {
            name: &|name| format!("canary {name}"),
            text: &|text| format!("canary {text}"),
            vuln: &|id| id.clone(),
        };
        let (plain, sung) = (scene(seed), renaming.of(&scene(seed)));
        for (a, b) in briefs(&plain).iter().zip(briefs(&sung)) {
            let prompt = prompt(&b, catalogue());
            prop_assert!(!prompt.as_str().contains("canary"));
            prop_assert_eq!(super::prompt(a, catalogue()), prompt);
        }
    }
}

#[test]
fn every_failure_of_a_model_has_its_label() {
    let brief = briefs(&scene(1)).remove(0);
    let labels = [
        (ModelError::Missing, TemplateBecause::NoModel),
        (ModelError::Late(Span::secs(2)), TemplateBecause::Late),
        (ModelError::Busy, TemplateBecause::Busy),
        (ModelError::Illegal, TemplateBecause::Illegal),
        (ModelError::TooLong { tokens: 600, max: 512 }, TemplateBecause::Failed),
        (ModelError::Failed("out of memory".into()), TemplateBecause::Failed),
    ];
    for (error, because) in labels {
        let settled = settle(&brief, Err(error));
        assert_eq!((settled.by, settled.plan), (By::Template(because), template(&brief)));
    }
    let (model, walk) = (Byzantine::new(0).id, Walk::new(&brief));
    assert_eq!(settle(&brief, Ok((&walk, &model))).by, By::Template(TemplateBecause::Illegal), "it took nothing");
}

#[test]
fn a_prompt_holds_our_text_only() {
    let brief = briefs(&scene(7)).remove(0);
    let prompt = prompt(&brief, catalogue());
    let [before, after] = catalogue().arrange_ask();
    let facts = prompt.as_str().strip_prefix(before.as_str()).unwrap().strip_suffix(after.as_str()).unwrap();
    for (line, p) in facts.lines().zip(&brief.propositions) {
        assert_eq!(line.split_once(": ").unwrap().1, catalogue().phrase(p.predicate).gist.as_str());
    }
    assert_eq!(facts.lines().count(), brief.propositions.len());
}

/// Takes the options of a phrased plan by a seed.
fn by_phrases<'a>(brief: &'a Brief, seed: u64) -> Phrased<'a> {
    let (mut phrased, mut dice) = (Phrased::new(brief, catalogue()), Dice::new(seed));
    while !phrased.options().is_empty() {
        phrased.take(dice.below(phrased.options().len()));
    }
    phrased
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(1_000)))]

    #[test]
    fn a_plan_by_phrases_is_as_legal_as_one_by_letters(seed: u64, chosen: u64) {
        for brief in briefs(&scene(seed)) {
            let phrased = by_phrases(&brief, chosen);
            let plan = phrased.walk().plan();
            prop_assert!(plan.is_some());
            check(&brief, &plan.unwrap())?;
            prop_assert_eq!(parse(&brief, phrased.walk().raw()), phrased.walk().plan());
        }
    }
}

#[test]
fn a_prompt_for_phrases_holds_gists_and_nothing_else() {
    let brief = briefs(&scene(7)).remove(0);
    let [before, after] = catalogue().arrange_phrases();
    let prompt = phrase_prompt(&brief, catalogue());
    let facts = prompt.as_str().strip_prefix(before.as_str()).unwrap().strip_suffix(after.as_str()).unwrap();
    let gists: Vec<&str> = brief.propositions.iter().map(|p| catalogue().phrase(p.predicate).gist.as_str()).collect();
    assert_eq!(facts.lines().collect::<Vec<_>>(), gists);
    assert_eq!(Phrased::new(&brief, catalogue()).options().len(), gists.len(), "every fact may come first");
    assert_eq!(phrase_prompt_empty(catalogue()).as_str(), format!("{}{}", before.as_str(), after.as_str()));
}
