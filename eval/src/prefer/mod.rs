//! Whether a model knows which of two findings of one band is more urgent. Comes in: pairs of `context` whose order a person
//! demands, and the model. Goes out: how often it answers the same in both orders, how often that is right, and what twenty
//! points for its choice would do to the order that the points give. Nothing of it is used by the road: `preference` stays
//! empty unless this suite shows a gain.

use assay_core::brief::Brief;
use assay_core::catalogue::Catalogue;
use assay_core::ids::Span;
use assay_core::policy::Policy;
use assay_core::ports::{Choices, ModelError, Planner};
use assay_core::scene::Dice;

use crate::context::{Pair, places};
use crate::ground::{Absent, Ground};
use crate::interval::bootstrap;
use crate::outcome::Outcome;
use crate::situation::{self, Situation, Spot, lay};
use crate::{EvalError, Size, Suite};

/// The seed of what is drawn: which pairs a small run takes, and the interval.
pub const SEED: u64 = 20;
/// More than any answer takes: a suite measures choices and not time.
const BUDGET: Span = Span::minutes(10);
/// What stands before every question.
const SYSTEM: &str = "You compare two security findings for an operator at night. Answer with one letter only.";
/// The most points that a preference may give.
const POINTS: u16 = 20;

/// How many pairs a size asks about: each is two questions.
const fn pairs_max(size: Size) -> usize {
    match size {
        Size::Ci => 4,
        Size::Full => usize::MAX,
    }
}

const AGREE: &str = "pairs of a band: the same choice in both orders";
const RIGHT: &str = "of these the demanded choice";
const WITHOUT: &str = "pairs of a band in the demanded order: by points";
const WITH: &str = "pairs of a band in the demanded order: by points and preference";
const GAIN: &str = "with - without preference, same pairs";

/// Two findings of one band; the first is the more urgent one.
struct Close {
    id: String,
    briefs: [Brief; 2],
    points: [u16; 2],
}

/// Asks the model about every pair in both orders.
///
/// # Errors
/// When a table of the core cannot be read.
pub fn run(pairs: &[Pair], policy: &Policy, size: Size, ground: &impl Ground) -> Result<Vec<Outcome>, EvalError> {
    let catalogue = Catalogue::bundled()?;
    let mut close = close(pairs, policy)?;
    shuffle(&mut close);
    close.truncate(pairs_max(size));
    let planner = match ground.planner(SYSTEM) {
        Ok(planner) => planner,
        Err(Absent(why)) => {
            return Ok([AGREE, RIGHT, GAIN].map(|measure| Outcome::skipped(Suite::Prefer, measure, &why)).to_vec());
        }
    };
    let choices = close.iter().map(|pair| choice(planner.as_ref(), pair, &catalogue)).collect::<Vec<_>>();
    let named = |which: Option<usize>| {
        let of = close.iter().zip(&choices).filter(move |(_, choice)| **choice == which);
        of.map(|(pair, _)| pair.id.clone()).collect::<Vec<_>>()
    };
    let (split, wrong) = (named(None), named(Some(1)));
    let agreed = close.len() - split.len();
    let ordered = |preferred: Option<usize>, pair: &Close| {
        let with = |at: usize| pair.points[at] + if preferred == Some(at) { POINTS } else { 0 };
        with(0) > with(1)
    };
    let share = |with: bool| {
        let right = |(pair, choice): &(&Close, &Option<usize>)| ordered(choice.filter(|_| with), pair);
        let failed = close.iter().zip(&choices).filter(|both| !right(both)).map(|(pair, _)| pair.id.clone());
        failed.collect::<Vec<_>>()
    };
    let gains = close
        .iter()
        .zip(&choices)
        .map(|(pair, choice)| f64::from(u8::from(ordered(*choice, pair))) - f64::from(u8::from(ordered(None, pair))));
    let gains: Vec<f64> = gains.collect();
    Ok(vec![
        Outcome::share(Suite::Prefer, AGREE, close.len(), split).told(),
        Outcome::share(Suite::Prefer, RIGHT, agreed, wrong).told(),
        Outcome::share(Suite::Prefer, WITHOUT, close.len(), share(false)).told(),
        Outcome::share(Suite::Prefer, WITH, close.len(), share(true)).told(),
        Outcome::mean(Suite::Prefer, GAIN, &gains, bootstrap(&gains, SEED)).seeded(SEED),
    ])
}

/// The pairs whose two findings lie in one band and tell different facts; each is looked at in a world of its own.
fn close(pairs: &[Pair], policy: &Policy) -> Result<Vec<Close>, EvalError> {
    let mut out = Vec::new();
    for pair in pairs.iter().filter(|pair| !pair.equal && pair.policy.is_none()) {
        let (first, second) = (seen(&pair.first, policy)?, seen(&pair.second, policy)?);
        let (Some((a, band, more)), Some((b, other, less))) = (first, second) else { continue };
        if band == other && a.digest() != b.digest() {
            out.push(Close { id: pair.id.clone(), briefs: [a, b], points: [more, less] });
        }
    }
    Ok(out)
}

/// The brief of a situation, its band and its points.
fn seen(situation: &Situation, policy: &Policy) -> Result<Option<(Brief, u8, u16)>, EvalError> {
    let mut scene = situation::scene(policy)?;
    lay(situation, &Spot::new("left", "CVE-2026-1001")?, &mut scene);
    let stands = places(&scene).first().copied();
    let brief = scene.findings.first().map(|finding| scene.see(&scene.world(), finding).brief);
    Ok(stands.zip(brief).map(|(stands, brief)| (brief, stands.band, stands.points)))
}

fn shuffle(pairs: &mut [Close]) {
    let mut dice = Dice::new(SEED);
    for at in (1..pairs.len()).rev() {
        pairs.swap(at, dice.below(at + 1));
    }
}

/// The finding that the model prefers in both orders; none where the order decides, or it does not answer.
fn choice(planner: &dyn Planner, pair: &Close, catalogue: &Catalogue) -> Option<usize> {
    let [a, b] = &pair.briefs;
    let there = ask(planner, a, b, catalogue).ok()?;
    let back = 1 - ask(planner, b, a, catalogue).ok()?;
    (there == back).then_some(there)
}

/// Which of two is more urgent: 0 for the first. The question holds gists of the catalogue and nothing else.
fn ask(planner: &dyn Planner, first: &Brief, second: &Brief, catalogue: &Catalogue) -> Result<usize, ModelError> {
    let facts = |brief: &Brief| {
        let gists = brief.propositions.iter().map(|p| catalogue.phrase(p.predicate).gist.as_str());
        gists.collect::<Vec<_>>().join("\n")
    };
    let (first, second) = (facts(first), facts(second));
    let prompt =
        format!("Finding A:\n{first}\n\nFinding B:\n{second}\n\nWhich finding is more urgent, A or B?\nAnswer:");
    let mut letters = Letters::default();
    planner.choose(&prompt, &mut letters, BUDGET)?;
    letters.taken.ok_or_else(|| ModelError::Failed("it took no letter".into()))
}

/// One of two letters.
#[derive(Default)]
struct Letters {
    taken: Option<usize>,
}

impl Choices for Letters {
    fn options(&self) -> Vec<String> {
        if self.taken.is_some() { Vec::new() } else { vec!["A".to_owned(), "B".to_owned()] }
    }

    fn take(&mut self, index: usize) {
        self.taken = (index < 2).then_some(index);
    }
}

#[cfg(test)]
mod tests {
    use assay_core::ids::Digest;
    use assay_core::ports::ModelId;

    use super::*;
    use crate::context::{self, PAIRS};
    use crate::testing::Real;

    /// Prefers the finding that tells more, or always the first.
    struct Stub {
        id: ModelId,
        reads: bool,
    }

    impl Planner for Stub {
        fn model(&self) -> &ModelId {
            &self.id
        }

        fn choose(&self, prompt: &str, choices: &mut dyn Choices, _: Span) -> Result<(), ModelError> {
            let longer = prompt.split_once("Finding B:").is_some_and(|(a, b)| a.len() + 60 < b.len());
            choices.take(usize::from(self.reads && longer));
            Ok(())
        }
    }

    #[test]
    fn pairs_of_one_band_are_in_the_demanded_order_by_points_already() {
        let policy = Policy::bod_26_04().unwrap();
        let close = close(&context::read(PAIRS).unwrap(), &policy).unwrap();
        assert!(close.len() >= 20, "{}", close.len());
        assert!(close.iter().all(|pair| pair.points[0] >= pair.points[1]));
    }

    #[test]
    fn a_choice_that_follows_the_order_of_the_question_is_no_choice() {
        let policy = Policy::bod_26_04().unwrap();
        let close = close(&context::read(PAIRS).unwrap(), &policy).unwrap();
        let id = ModelId { name: "stub".into(), digest: Digest::of_bytes(b"stub") };
        let (first, catalogue) = (Stub { id, reads: false }, Catalogue::bundled().unwrap());
        assert!(close.iter().all(|pair| choice(&first, pair, &catalogue).is_none()));
    }

    #[test]
    fn without_a_model_nothing_is_measured() {
        let rows = run(&context::read(PAIRS).unwrap(), &Policy::bod_26_04().unwrap(), Size::Ci, &Real::new()).unwrap();
        assert!(rows.iter().all(|row| row.cases == 0 && row.met.is_none() && row.failed[0].contains("not measured")));
    }
}
