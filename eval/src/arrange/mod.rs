//! Who arranges the facts of a finding best. Comes in: briefs drawn from a seed and those of the demo, and a model where
//! one is installed. Goes out: for each arm how well its order follows what weighs most, and the differences between arms
//! on the same briefs. A model that does not beat its swapped twin does not read what it is shown; one that does not beat
//! the template is not worth its time.

mod arms;
mod measure;

use std::collections::HashSet;

use assay_core::catalogue::Catalogue;
use assay_core::control::Controls;
use assay_core::plan::{Plan, phrase_prompt_empty, template};
use assay_core::policy::Policy;
use assay_core::ports::Planner;
use assay_core::scene::{CONTROLS, Dice, Seen, random};

use crate::ground::{Absent, Ground};
use crate::interval::bootstrap;
use crate::outcome::Outcome;
use crate::situation::now;
use crate::{EvalError, Size, Suite};
use arms::Arranged;
pub use measure::{grouped, ordered, weights};

/// The seed of the suite.
pub const SEED: u64 = 7;
/// Briefs that are drawn.
const DRAWN: usize = 240;
/// A brief with fewer facts has hardly an order.
const FACTS_MIN: usize = 4;

/// How many briefs the models arrange: each takes a second or more.
pub const fn briefs(size: Size) -> usize {
    match size {
        Size::Ci => 3,
        Size::Full => usize::MAX,
    }
}

/// A finding to arrange.
#[derive(Clone, Debug)]
pub struct Case {
    /// The finding as the road sees it.
    pub seen: Seen,
    /// What each of its facts weighs.
    pub weights: Vec<Option<u32>>,
}

impl Case {
    /// A case, where the brief has an order that can be right or wrong.
    pub fn of(seen: Seen, policy: &Policy) -> Option<Self> {
        let weights = weights(&seen, policy);
        let enough = seen.brief.propositions.len() >= FACTS_MIN;
        (enough && ordered(&template(&seen.brief), &weights).is_some()).then_some(Self { seen, weights })
    }

    fn ordered(&self, plan: &Plan) -> f64 {
        ordered(plan, &self.weights).unwrap_or(0.0)
    }
}

/// The cases of a seed, no two with the same facts in the same weights; those that were lived through stand first.
///
/// # Errors
/// When a table of the core cannot be read.
pub fn cases(seed: u64, lived: Vec<Seen>) -> Result<Vec<Case>, EvalError> {
    let (policy, controls) = (Policy::bod_26_04()?, Controls::parse(CONTROLS)?);
    let mut met = HashSet::new();
    let mut distinct = |case: &Case| met.insert((case.seen.brief.digest(), case.weights.clone()));
    let mut cases: Vec<Case> = lived.into_iter().filter_map(|seen| Case::of(seen, &policy)).collect();
    cases.retain(&mut distinct);
    let enough = cases.len() + DRAWN;
    let mut dice = Dice::new(seed);
    while cases.len() < enough {
        let scene = random(dice.number(), now(), &policy, &controls);
        let world = scene.world();
        let drawn = scene.findings.iter().filter_map(|f| Case::of(scene.see(&world, f), &policy));
        cases.extend(drawn.filter(&mut distinct).take(enough - cases.len()));
    }
    Ok(cases)
}

/// Lets every arm arrange.
///
/// # Errors
/// When a table of the core cannot be read, or the ground fails.
pub fn run(size: Size, seed: u64, ground: &impl Ground) -> Result<Vec<Outcome>, EvalError> {
    let fault = |source| EvalError::Ground { suite: Suite::Arrange, source };
    let lived = if size == Size::Full { ground.lived().map_err(fault)? } else { Vec::new() };
    let cases = cases(seed, lived)?;
    let catalogue = Catalogue::bundled()?;
    let letters = ground.planner(catalogue.arrange_system.as_str());
    let empty = phrase_prompt_empty(&catalogue);
    let phrases = ground.phrases(catalogue.arrange_system.as_str(), empty.as_str());
    let mut dice = Dice::new(seed);
    let by_template: Vec<Plan> = cases.iter().map(|c| template(&c.seen.brief)).collect();
    let by_chance: Vec<Plan> = cases.iter().map(|c| arms::by_chance(&c.seen.brief, &mut dice)).collect();
    let mut rows = Rows { cases: &cases, seed, out: Vec::new() };
    rows.arm("in order of weight: template", &by_template);
    rows.arm("in order of weight: by chance", &by_chance);
    rows.beside("grouped by subject: template", &by_template);
    let few = briefs(size);
    let other = arms::swapped(&cases, few);
    let ask = |planner: &dyn Planner, by: By<'_>| -> [Vec<Arranged>; 2] {
        let own = other.iter().enumerate().map(|(at, _)| by(planner, &cases[at], &cases[at], &catalogue));
        let swapped = other.iter().enumerate().map(|(at, other)| by(planner, &cases[at], &cases[*other], &catalogue));
        [own.collect(), swapped.collect()]
    };
    let by_letters = letters.map(|planner| {
        ask(planner.as_ref(), &|p, c, shown, catalogue| {
            arms::by_letters(p, &c.seen.brief, &shown.seen.brief, catalogue)
        })
    });
    rows.model(&MODEL, by_letters, &by_template);
    let by_phrases = phrases.map(|planner| {
        ask(planner.as_ref(), &|p, c, shown, catalogue| {
            arms::by_phrases(p, &c.seen.brief, &shown.seen.brief, catalogue)
        })
    });
    rows.model(&PHRASES, by_phrases, &by_template);
    Ok(rows.out)
}

/// Arranges a case while another one, or the same, is shown.
type By<'a> = &'a dyn Fn(&dyn Planner, &Case, &Case, &Catalogue) -> Arranged;

/// What the rows of a model are called.
struct Names {
    swapped: &'static str,
    own: &'static str,
    reads: &'static str,
    wins: &'static str,
    legal: &'static str,
    grouped: &'static str,
}

const MODEL: Names = Names {
    swapped: "in order of weight: model, swapped prompt",
    own: "in order of weight: model",
    reads: "model - swapped, same briefs",
    wins: "model - template, same briefs",
    legal: "legal answers: model",
    grouped: "grouped by subject: model",
};

const PHRASES: Names = Names {
    swapped: "in order of weight: phrases, swapped prompt",
    own: "in order of weight: phrases",
    reads: "phrases - swapped, same briefs",
    wins: "phrases - template, same briefs",
    legal: "legal answers: phrases",
    grouped: "grouped by subject: phrases",
};

struct Rows<'a> {
    cases: &'a [Case],
    seed: u64,
    out: Vec<Outcome>,
}

impl Rows<'_> {
    fn say(&mut self, measure: &'static str, values: &[f64]) {
        let interval = bootstrap(values, self.seed);
        self.out.push(Outcome::mean(Suite::Arrange, measure, values, interval).seeded(self.seed));
    }

    fn arm(&mut self, measure: &'static str, plans: &[Plan]) {
        let values: Vec<f64> = self.cases.iter().zip(plans).map(|(case, plan)| case.ordered(plan)).collect();
        self.say(measure, &values);
    }

    fn beside(&mut self, measure: &'static str, plans: &[Plan]) {
        let values: Vec<f64> =
            self.cases.iter().zip(plans).filter_map(|(case, plan)| grouped(plan, &case.seen.brief)).collect();
        self.say(measure, &values);
    }

    fn less(&mut self, measure: &'static str, one: &[Plan], other: &[Plan]) {
        let both = self.cases.iter().zip(one.iter().zip(other));
        let values: Vec<f64> = both.map(|(case, (a, b))| case.ordered(a) - case.ordered(b)).collect();
        self.say(measure, &values);
    }

    fn model(&mut self, names: &Names, answers: Result<[Vec<Arranged>; 2], Absent>, by_template: &[Plan]) {
        let [own, swapped] = match answers {
            Ok(answers) => answers,
            Err(Absent(why)) => {
                let skipped = |measure| Outcome::skipped(Suite::Arrange, measure, &why);
                self.out.extend([names.own, names.reads, names.wins].map(skipped));
                return;
            }
        };
        let illegal =
            own.iter().zip(self.cases).filter(|(a, _)| !a.legal).map(|(_, c)| c.seen.brief.digest().to_string());
        let illegal: Vec<String> = illegal.collect();
        self.out.push(Outcome::share(Suite::Arrange, names.legal, own.len(), illegal));
        let plans = |all: Vec<Arranged>| -> Vec<Plan> { all.into_iter().map(|a| a.plan).collect() };
        let (own, swapped) = (plans(own), plans(swapped));
        self.arm(names.swapped, &swapped);
        self.arm(names.own, &own);
        self.less(names.reads, &own, &swapped);
        self.less(names.wins, &own, by_template);
        self.beside(names.grouped, &own);
    }
}

#[cfg(test)]
mod tests;
