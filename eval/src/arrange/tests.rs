//! The measures on plans whose worth is plain, and the arms without a model.

use super::*;
use crate::testing::Real;
use assay_core::plan::parse;

fn some(count: usize) -> Vec<Case> {
    cases(SEED, Vec::new()).unwrap().into_iter().take(count).collect()
}

/// The order of the weights themselves, heaviest first, without regard to what is legal.
fn by_weight(case: &Case, heaviest_first: bool) -> Plan {
    let mut handles: Vec<_> = case.seen.brief.handles().collect();
    handles.sort_by_key(|h| case.weights[usize::from(h.0)]);
    if heaviest_first {
        handles.reverse();
    }
    Plan { sentences: handles.into_iter().map(|h| vec![h]).collect() }
}

#[test]
fn the_order_of_the_weights_is_all_right_and_its_reverse_all_wrong() {
    for case in some(60) {
        assert_eq!(ordered(&by_weight(&case, true), &case.weights), Some(1.0));
        assert_eq!(ordered(&by_weight(&case, false), &case.weights), Some(0.0));
    }
}

#[test]
fn what_decides_the_band_weighs_more_than_any_points() {
    for case in some(60) {
        let decided: Vec<u32> = case.weights.iter().flatten().copied().filter(|w| *w >= 10_000).collect();
        let points: Vec<u32> = case.weights.iter().flatten().copied().filter(|w| *w < 10_000).collect();
        assert!(points.iter().all(|w| *w <= 1_500), "{points:?}");
        assert!(!decided.is_empty() || case.seen.brief.decided_by.is_empty() || !case.seen.assessment.incident);
    }
}

#[test]
fn facts_of_one_family_side_by_side_are_grouped() {
    for case in some(60) {
        let brief = &case.seen.brief;
        let mut handles: Vec<_> = brief.handles().collect();
        handles.sort_by_key(|h| brief.get(*h).map(|p| p.family));
        let plan = Plan { sentences: vec![handles] };
        assert!(grouped(&plan, brief).is_none_or(|share| share == 1.0));
    }
}

#[test]
fn a_brief_that_is_swapped_has_as_many_facts_and_is_another_one() {
    let cases = some(240);
    for (at, other) in arms::swapped(&cases, 240).into_iter().enumerate() {
        assert_eq!(cases[at].seen.brief.propositions.len(), cases[other].seen.brief.propositions.len());
        assert_ne!(at, other);
    }
}

#[test]
fn without_a_model_the_template_and_chance_are_told_and_the_rest_is_not_measured() {
    let rows = run(Size::Ci, SEED, &Real::new()).unwrap();
    let value = |name: &str| rows.iter().find(|r| r.measure == name).unwrap();
    let (by_template, by_chance) = (value("in order of weight: template"), value("in order of weight: by chance"));
    assert!(by_template.cases >= 200 && by_template.interval[0] > by_chance.interval[1], "{rows:?}");
    // Legal plans by chance have no leaning: half of the pairs are right.
    assert!((by_chance.value - 0.5).abs() < 0.05, "{by_chance:?}");
    let model = value("model - swapped, same briefs");
    assert_eq!((model.cases, model.met), (0, None));
    assert!(model.failed[0].contains("not measured"));
}

/// Arranges by the facts it is shown, or by the letters alone.
struct Stub {
    id: assay_core::ports::ModelId,
    reads: bool,
}

impl Planner for Stub {
    fn model(&self) -> &assay_core::ports::ModelId {
        &self.id
    }

    fn choose(
        &self,
        prompt: &str,
        choices: &mut dyn assay_core::ports::Choices,
        _: assay_core::ids::Span,
    ) -> Result<(), assay_core::ports::ModelError> {
        while !choices.options().is_empty() {
            let options = choices.options();
            let place = |option: &String| {
                let letter = option.trim_matches([' ', '+']);
                let gist = prompt.lines().find_map(|l| l.strip_prefix(&format!("{letter}: "))).unwrap_or_default();
                if self.reads { gist.len() } else { usize::from(letter.as_bytes()[0]) }
            };
            let best = (0..options.len()).min_by_key(|at| place(&options[*at])).unwrap();
            choices.take(best);
        }
        Ok(())
    }
}

#[test]
fn a_planner_that_reads_nothing_does_as_well_on_a_swapped_prompt() {
    let (cases, catalogue) = (some(40), Catalogue::bundled().unwrap());
    let id = assay_core::ports::ModelId { name: "stub".into(), digest: assay_core::ids::Digest::of_bytes(b"stub") };
    for reads in [false, true] {
        let stub = Stub { id: id.clone(), reads };
        let differs = arms::swapped(&cases, 40).into_iter().enumerate().filter(|(at, other)| {
            let [own, swapped] = [*at, *other].map(|shown| {
                let (brief, shown) = (&cases[*at].seen.brief, &cases[shown].seen.brief);
                let arranged = arms::by_letters(&stub, brief, shown, &catalogue);
                assert!(arranged.legal && parse(brief, &arranged.plan.text()).is_some());
                arranged.plan
            });
            own != swapped
        });
        assert_eq!(differs.count() > 0, reads);
    }
}
