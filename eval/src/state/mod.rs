//! Random sequences of reports against the ledger. Comes in: a way to make an empty ledger, and a seed. Goes out: how many
//! sequences broke a law, each with the shortest form of it that still does.
//!
//! The laws: presence is what a slow model says; what came in before changes nothing when it comes again; a decision
//! changes nothing that the machine sees; every change has one stored cause; the order of scopes does not matter; the
//! audit chain holds.

mod model;
mod step;
mod told;

use assay_core::ports::Records;
use assay_core::scene::Dice;
use serde::Deserialize;

use crate::cases::{self, BadCase, Named};
use crate::ground::Fault;
use crate::outcome::Outcome;
use crate::{EvalError, Size, Suite};
use step::{Step, draw};
use told::{Broken, laws_hold};

/// The seed of the suite.
pub const SEED: u64 = 2;
/// The longest sequence.
const LEN_MAX: usize = 60;
/// A ledger that breaks laws in this many sequences needs no further proof.
const BROKEN_MAX: usize = 20;

/// How many steps a size has.
pub const fn steps(size: Size) -> usize {
    match size {
        Size::Ci => 10_000,
        Size::Full => 100_000,
    }
}

/// A sequence, and the order in which its scopes are mixed, each by a number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// Its name.
    pub id: String,
    /// What the steps are drawn from.
    pub seed: u64,
    /// What the other order is drawn from.
    pub order: u64,
}

impl Named for Sequence {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads sequences, such as those that a run named.
///
/// # Errors
/// When a line is none.
pub fn read(text: &str) -> Result<Vec<Sequence>, BadCase> {
    cases::read(text, Ok)
}

/// Takes at least this many steps, in sequences of up to sixty.
///
/// # Errors
/// When a ledger does not answer.
pub fn run<R: Records>(make: impl Fn() -> Result<R, Fault>, steps_min: usize, seed: u64) -> Result<Outcome, EvalError> {
    let mut dice = Dice::new(seed);
    let drawn = std::iter::from_fn(|| {
        let (seed, order) = (dice.number(), dice.number());
        Some(Sequence { id: format!("seed {seed} order {order}"), seed, order })
    });
    tell(make, drawn, steps_min).map(|outcome| outcome.seeded(seed))
}

/// Takes these sequences.
///
/// # Errors
/// When a ledger does not answer.
pub fn replay<R: Records>(make: impl Fn() -> Result<R, Fault>, sequences: &[Sequence]) -> Result<Outcome, EvalError> {
    tell(make, sequences.iter().cloned(), usize::MAX)
}

fn tell<R: Records>(
    make: impl Fn() -> Result<R, Fault>,
    sequences: impl Iterator<Item = Sequence>,
    steps_min: usize,
) -> Result<Outcome, EvalError> {
    let (mut taken, mut failed) = (0, Vec::new());
    for Sequence { id, seed, order } in sequences {
        let mut dice = Dice::new(seed);
        let len = 1 + dice.below(LEN_MAX);
        let steps = draw(&mut dice, len);
        taken += len;
        if let Some(why) = broken(&make, &steps, order)? {
            let (steps, why) = shortest(&make, steps, why, order)?;
            let steps: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
            failed.push(format!("{id}: {why}; after {}", steps.join("; ")));
        }
        if taken >= steps_min || failed.len() >= BROKEN_MAX {
            break;
        }
    }
    Ok(Outcome::count(Suite::State, "sequences that broke a law, of so many steps", taken, failed))
}

/// The law that a sequence breaks; none where all hold.
fn broken<R: Records>(
    make: &impl Fn() -> Result<R, Fault>,
    steps: &[Step],
    order: u64,
) -> Result<Option<String>, EvalError> {
    match laws_hold(make, steps, order) {
        Ok(()) => Ok(None),
        Err(Broken::Law(why)) => Ok(Some(why)),
        Err(Broken::Ledger(source)) => Err(EvalError::Ground { suite: Suite::State, source }),
    }
}

/// The same without every step that it can do without.
fn shortest<R: Records>(
    make: &impl Fn() -> Result<R, Fault>,
    mut steps: Vec<Step>,
    mut why: String,
    order: u64,
) -> Result<(Vec<Step>, String), EvalError> {
    let mut at = steps.len();
    while at > 0 {
        at -= 1;
        let mut fewer = steps.clone();
        fewer.remove(at);
        if let Some(still) = broken(make, &fewer, order)? {
            (steps, why) = (fewer, still);
        }
    }
    Ok((steps, why))
}

#[cfg(test)]
mod tests;
