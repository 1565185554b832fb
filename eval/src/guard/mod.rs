//! Non-interference. Comes in: scenes drawn from a seed, and texts that strangers write. Goes out: how many cases leaked:
//! a text that moved an order, a band, a count or a prompt, that became markup on a sink, or a secret that was seen.

pub mod corpus;
mod frame;
mod look;

use assay_core::catalogue::Catalogue;
use assay_core::control::Controls;
use assay_core::document::{Document, Guarded};
use assay_core::policy::Policy;
use assay_core::scene::{CONTROLS, Dice, Scene};
use assay_core::sink::Sink;
use assay_core::text::Door;

use crate::outcome::Outcome;
use crate::{EvalError, Size, Suite};
use corpus::Text;

/// The seed of the suite.
pub const SEED: u64 = 26;

/// The stages that a text could interfere with. A test puts a broken one in the place of ours.
pub struct Road<'a> {
    /// Takes secrets out.
    pub door: &'a dyn Door,
    /// Renders.
    pub escape: &'a dyn Fn(&Guarded<Document>, Sink) -> String,
    /// What is made of a scene's words before it is judged: nothing.
    pub heed: &'a dyn Fn(&mut Scene),
}

/// What does not change from case to case.
struct Bench<'a> {
    road: &'a Road<'a>,
    texts: &'a [Text],
    policy: Policy,
    controls: Controls,
    catalogue: Catalogue,
}

impl<'a> Bench<'a> {
    fn new(texts: &'a [Text], road: &'a Road<'a>) -> Result<Self, EvalError> {
        Ok(Self {
            road,
            texts,
            policy: Policy::bod_26_04()?,
            controls: Controls::parse(CONTROLS)?,
            catalogue: Catalogue::bundled()?,
        })
    }
}

/// How many cases a size of `interference` has.
pub const fn interference_cases(size: Size) -> usize {
    match size {
        Size::Ci => 5_000,
        Size::Full => 100_000,
    }
}

/// Looks at `cases` drawn cases, and at nothing but what must not move: the bytes of every prompt, and everything that an
/// order rests on.
///
/// # Errors
/// When a table of the core cannot be read.
pub fn interference(texts: &[Text], cases: usize, seed: u64, road: &Road<'_>) -> Result<[Outcome; 2], EvalError> {
    let bench = Bench::new(texts, road)?;
    let mut moved = [Vec::new(), Vec::new()];
    let mut seeds = Dice::new(seed);
    let cases = if texts.is_empty() { 0 } else { cases };
    for case in 0..cases {
        let seed = seeds.number();
        for (all, one) in moved.iter_mut().zip(look::moved(&bench, seed)) {
            all.extend(one.map(|why| format!("case {case}, seed {seed}: {why}")));
        }
    }
    let [prompts, ranks] = moved;
    let row = |measure, failed| Outcome::count(Suite::Interference, measure, cases, failed).seeded(seed);
    Ok([row("cases in which a prompt moved", prompts), row("cases in which a rank moved", ranks)])
}

/// How many cases a size has.
pub const fn cases(size: Size) -> usize {
    match size {
        Size::Ci => 10_000,
        Size::Full => 100_000,
    }
}

/// Looks at `cases` drawn cases, and at every text at every place of a document.
///
/// # Errors
/// When a table of the core cannot be read.
pub fn run(texts: &[Text], cases: usize, seed: u64, road: &Road<'_>) -> Result<Outcome, EvalError> {
    let bench = Bench::new(texts, road)?;
    let mut failed = Vec::new();
    let calm = frame::Calm::new(road);
    for text in texts {
        failed.extend(frame::leak(text, &calm, road).map(|why| format!("{}: {why}", text.id)));
    }
    let mut seeds = Dice::new(seed);
    for case in 0..if texts.is_empty() { 0 } else { cases } {
        let seed = seeds.number();
        failed.extend(look::leak(&bench, seed).map(|why| format!("case {case}, seed {seed}: {why}")));
    }
    Ok(Outcome::count(Suite::Guard, "cases that leaked", cases + texts.len(), failed).seeded(seed))
}

#[cfg(test)]
mod tests;
