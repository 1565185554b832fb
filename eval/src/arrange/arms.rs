//! Who arranges: the template, chance, a model that is shown another finding's facts, and the model. Comes in: cases and
//! the models that there are. Goes out: one plan a case and arm. The two arms that are swapped read as many facts under the
//! same letters, so that a model which only likes some letters, or some phrases, does as well there.

use assay_core::brief::Brief;
use assay_core::catalogue::Catalogue;
use assay_core::ids::Span;
use assay_core::plan::{Phrased, Plan, Walk, phrase_prompt, prompt, template};
use assay_core::ports::{Choices, Planner};
use assay_core::scene::Dice;

use super::Case;

/// More than any answer takes: a suite measures words and not time.
const BUDGET: Span = Span::minutes(10);

/// One plan, and whether the model's answer was legal. An answer that is not gives the template's plan, as in the product.
#[derive(Clone, Debug)]
pub(super) struct Arranged {
    pub(super) plan: Plan,
    pub(super) legal: bool,
}

/// A legal plan by chance.
pub(super) fn by_chance(brief: &Brief, dice: &mut Dice) -> Plan {
    let mut walk = Walk::new(brief);
    while !walk.options().is_empty() {
        let options = walk.options().len();
        walk.take(dice.below(options));
    }
    walk.plan().unwrap_or_else(|| template(brief))
}

/// The model's plan by letters; `shown` is the brief whose facts it reads.
pub(super) fn by_letters(planner: &dyn Planner, brief: &Brief, shown: &Brief, catalogue: &Catalogue) -> Arranged {
    let mut walk = Walk::new(brief);
    let chosen = planner.choose(prompt(shown, catalogue).as_str(), &mut walk, BUDGET);
    arranged(brief, chosen.ok().and_then(|()| walk.plan()))
}

/// The model's plan by phrases.
pub(super) fn by_phrases(planner: &dyn Planner, brief: &Brief, shown: &Brief, catalogue: &Catalogue) -> Arranged {
    let mut phrased = Phrased::new(brief, catalogue);
    let chosen = planner.choose(phrase_prompt(shown, catalogue).as_str(), &mut phrased, BUDGET);
    arranged(brief, chosen.ok().and_then(|()| phrased.walk().plan()))
}

fn arranged(brief: &Brief, plan: Option<Plan>) -> Arranged {
    let legal = plan.is_some();
    Arranged { plan: plan.unwrap_or_else(|| template(brief)), legal }
}

/// For each of the first `few` cases another one with as many facts: the next in the list, round and round.
pub(super) fn swapped(cases: &[Case], few: usize) -> Vec<usize> {
    let count = |at: usize| cases[at].seen.brief.propositions.len();
    let other = |at: usize| {
        let rest = (1..cases.len()).map(|step| (at + step) % cases.len());
        rest.into_iter().find(|other| count(*other) == count(at)).unwrap_or(at)
    };
    (0..few.min(cases.len())).map(other).collect()
}
