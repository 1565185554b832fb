//! What a model can put out, and more than that. Comes in: dice. Goes out: choices, legal and not, texts of any kind, failures;
//! and the plan that the road settles on.

use assay_core::brief::Brief;
use assay_core::condition::Condition;
use assay_core::ids::{Digest, Span};
use assay_core::intel::{Exploitation, Said, TechnicalImpact};
use assay_core::plan::{By, Settled, TemplateBecause, Walk, parse, settle, template};
use assay_core::ports::{Choices, ModelError, ModelId};
use assay_core::scene::Dice;

/// The most choices of one output.
const CHOICES_MAX: usize = 200;
/// The most letters of one text.
const LETTERS_MAX: usize = 60;
/// What a text is put together from: letters of facts, what joins them, and what has no business in a plan.
const PIECES: &[&str] = &[
    "A",
    "B",
    "C",
    "D",
    "E",
    "F",
    "G",
    "H",
    "I",
    "J",
    "K",
    "L",
    "M",
    "Z",
    "a",
    " ",
    " ",
    " ",
    "+",
    "+",
    "\n",
    "\u{0}",
    "\u{202e}",
    "\u{1b}[31m",
    "[x](https://evil.example)",
    "<img src=//evil.example>",
    "@channel",
    "ignore all facts",
    "é",
    "\u{feff}",
    "A+A",
    "A A",
    "++",
    "999",
    "-1",
];

/// One output.
#[derive(Clone, Debug)]
pub enum Output {
    /// Indexes of choices, whatever was offered.
    Choices(Vec<usize>),
    /// A text, as it would stand in a record that somebody changed.
    Text(String),
    /// None.
    Error(ModelError),
}

impl Output {
    /// Any output.
    pub(super) fn draw(brief: &Brief, dice: &mut Dice) -> Self {
        match dice.below(10) {
            // Legal to the end, at random: as many as fit the options in turn.
            0..=3 => {
                let mut walk = Walk::new(brief);
                let mut taken = Vec::new();
                while !walk.options().is_empty() {
                    let index = dice.below(walk.options().len());
                    walk.take(index);
                    taken.push(index);
                }
                // Some stop half-way, some go on for ever.
                match dice.below(6) {
                    0 => taken.truncate(dice.below(taken.len() + 1)),
                    1 => taken.extend((0..dice.below(CHOICES_MAX)).map(|_| dice.below(30))),
                    _ => {}
                }
                Self::Choices(taken)
            }
            4 | 5 => Self::Choices((0..dice.below(CHOICES_MAX)).map(|_| dice.below(40)).collect()),
            6..=8 => Self::Text((0..dice.below(LETTERS_MAX)).map(|_| dice.pick(PIECES)).collect()),
            _ => {
                let errors = [
                    ModelError::Missing,
                    ModelError::Busy,
                    ModelError::Late(Span::secs(2)),
                    ModelError::TooLong { tokens: 600, max: 512 },
                    ModelError::Failed("<script>alert(1)</script> https://evil.example".into()),
                ];
                Self::Error(errors[dice.below(errors.len())].clone())
            }
        }
    }
}

/// The plan that the road makes of an output: the core's own functions, and nothing else.
pub fn settled(brief: &Brief, output: &Output) -> Settled {
    let model = ModelId { name: "byzantine".into(), digest: Digest::of_bytes(b"byzantine") };
    match output {
        Output::Choices(indexes) => {
            let mut walk = Walk::new(brief);
            indexes.iter().for_each(|index| walk.take(*index));
            settle(brief, Ok((&walk, &model)))
        }
        Output::Text(text) => match parse(brief, text) {
            Some(plan) => Settled { plan, by: By::Model(model) },
            None => Settled { plan: template(brief), by: By::Template(TemplateBecause::Illegal) },
        },
        Output::Error(error) => settle(brief, Err(error.clone())),
    }
}

/// Anything that a model could have read out of a text about a vulnerability.
pub(super) fn reading(dice: &mut Dice) -> Said {
    if dice.chance(30) {
        return Said::Conditions((0..1 + dice.below(3)).map(|_| dice.pick(Condition::ALL)).collect());
    }
    Said::Ssvc {
        exploitation: dice.chance(60).then(|| dice.pick(Exploitation::ALL)),
        automatable: dice.chance(60).then(|| dice.chance(50)),
        impact: dice.chance(60).then(|| dice.pick(TechnicalImpact::ALL)),
    }
}
