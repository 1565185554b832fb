//! The order in which a brief's facts are told. Comes in: letters. Goes out: sentences of one or two facts, every fact
//! once. A model may choose among the legal steps; whatever it does, no fact is added, dropped or changed.

mod phrased;
mod walk;

pub use phrased::{Phrased, phrase_prompt, phrase_prompt_empty};
pub use walk::{Step, Walk};

use crate::brief::{Brief, Family, Handle};
use crate::catalogue::{Catalogue, Predicate};
use crate::ids::Digest;
use crate::named;
use crate::ports::{ModelError, ModelId};
use crate::text::Own;

/// An order: sentences of handles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The sentences.
    pub sentences: Vec<Vec<Handle>>,
}

named! {
    /// Why the template spoke.
    pub enum TemplateBecause {
        /// No model is installed.
        NoModel = "no model is installed",
        /// The template is what arranges, unless the configuration says otherwise.
        Chosen = "no model was shown to do it better",
        /// Models are switched off.
        SwitchedOff = "models are switched off",
        /// The model did not answer in time.
        Late = "the model was late",
        /// The model was busy.
        Busy = "the model was busy",
        /// The model failed.
        Failed = "the model failed",
        /// The answer was not a legal plan.
        Illegal = "the model's answer was not legal",
        /// It failed several times in a row, and is not asked for a while.
        Resting = "the model failed several times and is left alone for a while",
        /// There is only one order.
        NothingToOrder = "there was nothing to order",
        /// The final scan found a secret.
        SecretFound = "the final scan found a secret",
    }
}

/// Who arranged the words: shown on every surface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A model chose the order.
    Model(ModelId),
    /// A model chose the order in the place of one that should have been the first to be asked.
    Fallback {
        /// Who chose.
        model: ModelId,
        /// The name of the one that should have.
        instead_of: Box<str>,
        /// What was the matter with that one.
        because: TemplateBecause,
    },
    /// The template did.
    Template(TemplateBecause),
}

impl By {
    /// The model that chose, where one did.
    pub fn model(&self) -> Option<&ModelId> {
        match self {
            Self::Model(model) | Self::Fallback { model, .. } => Some(model),
            Self::Template(_) => None,
        }
    }
}

/// A plan that is sure to be legal, with who chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The plan.
    pub plan: Plan,
    /// Who chose it.
    pub by: By,
}

/// The prompt of the `arrange` job: text of ours only. An [`crate::text::Opaque`] has no way into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt(String);

impl Prompt {
    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its digest, for the record.
    pub fn digest(&self) -> Digest {
        Digest::of_bytes(self.0.as_bytes())
    }
}

mod sealed {
    /// Nobody outside this module says what may stand in a prompt.
    pub trait Sealed {}
    impl Sealed for crate::text::Own {}
    impl Sealed for crate::brief::Handle {}
}

/// A part that may stand in a prompt. Strangers' text is none, and cannot become one: the list is closed.
pub trait PromptSafe: sealed::Sealed {
    /// Its characters.
    fn prompt_text(&self) -> String;
}

impl PromptSafe for Own {
    fn prompt_text(&self) -> String {
        self.as_str().to_owned()
    }
}

impl PromptSafe for Handle {
    fn prompt_text(&self) -> String {
        self.letter().to_string()
    }
}

/// Collects safe parts.
#[derive(Default)]
struct PromptParts(String);

impl PromptParts {
    fn add(&mut self, part: &impl PromptSafe) -> &mut Self {
        self.0.push_str(&part.prompt_text());
        self
    }
}

/// The prompt for a brief: one line a fact, its letter and its gist.
pub fn prompt(brief: &Brief, catalogue: &Catalogue) -> Prompt {
    let mut parts = PromptParts::default();
    let [before, after] = catalogue.arrange_ask();
    parts.add(before);
    for (i, handle) in brief.handles().enumerate() {
        let Some(p) = brief.get(handle) else { continue };
        if i > 0 {
            parts.add(&Own::new("\n"));
        }
        parts.add(&handle).add(&Own::new(": ")).add(&catalogue.phrase(p.predicate).gist);
    }
    parts.add(after);
    Prompt(parts.0)
}

/// The template's order: what decides first, then what else is known, unknowns last.
pub fn template(brief: &Brief) -> Plan {
    let mut walk = Walk::new(brief);
    loop {
        let best = walk.legal().into_iter().filter(|s| matches!(s, Step::Open(_))).min_by_key(|s| match s {
            Step::Open(h) | Step::Join(h) => (weight(brief, *h), *h),
        });
        match best {
            Some(step) => {
                walk.take_step(step);
                if let Some(pair) =
                    walk.legal().into_iter().find(|s| matches!(s, Step::Join(h) if partners(brief, step, *h)))
                {
                    walk.take_step(pair);
                }
            }
            None => return walk.told(),
        }
    }
}

/// Facts that the template tells in one breath.
fn partners(brief: &Brief, step: Step, h: Handle) -> bool {
    let (Step::Open(first) | Step::Join(first)) = step;
    let predicate = |h: Handle| brief.get(h).map(|p| p.predicate);
    matches!(
        (predicate(first), predicate(h)),
        (
            Some(Predicate::GainsAfterFoothold | Predicate::GainsFootholdFree),
            Some(Predicate::GainsTotal | Predicate::GainsPartial)
        ) | (Some(Predicate::AutomatableUnknown), Some(Predicate::ImpactUnknown))
    )
}

/// Smaller is told earlier.
fn weight(brief: &Brief, h: Handle) -> u8 {
    let Some(p) = brief.get(h) else { return u8::MAX };
    let known = !p.evidence.is_empty();
    let base = match (p.predicate, p.family) {
        (Predicate::Foothold | Predicate::SignalSeen | Predicate::SignalPrevented | Predicate::Resolved, _) => 0,
        (_, Family::Claim) if !matches!(p.predicate, Predicate::ReportedBy | Predicate::ReportedByMany) => 1,
        (_, Family::Exposure) => 2,
        (_, Family::Use) => 3,
        (_, Family::Exploited) => 4,
        (_, Family::Attack) => 5,
        (_, Family::Conditions) => 6,
        (_, Family::Gain) => 7,
        (_, Family::Place) => 8,
        (_, Family::Claim) => 9,
        (_, Family::Doubt) => 10,
    };
    if known { base } else { base + 20 }
}

/// The plan that will be told: the model's when it walked to the end, else the template's, labelled.
pub fn settle(brief: &Brief, walked: Result<(&Walk<'_>, &ModelId), ModelError>) -> Settled {
    let template = |because| Settled { plan: template(brief), by: By::Template(because) };
    match walked {
        Ok((walk, model)) => match walk.plan() {
            Some(plan) => Settled { plan, by: By::Model(model.clone()) },
            None => template(TemplateBecause::Illegal),
        },
        Err(error) => template((&error).into()),
    }
}

impl From<&ModelError> for TemplateBecause {
    fn from(error: &ModelError) -> Self {
        match error {
            ModelError::Missing => Self::NoModel,
            ModelError::Late(_) => Self::Late,
            ModelError::Busy => Self::Busy,
            ModelError::Illegal => Self::Illegal,
            ModelError::TooLong { .. } | ModelError::Failed(_) => Self::Failed,
        }
    }
}

/// Reads a plan that was written before, such as one from the record; none when it is not legal for this brief.
pub fn parse(brief: &Brief, text: &str) -> Option<Plan> {
    let mut walk = Walk::new(brief);
    for sentence in text.split(' ') {
        for (i, part) in sentence.split('+').enumerate() {
            let mut letters = part.chars();
            let (Some(letter), None) = (letters.next(), letters.next()) else { return None };
            let handle = Handle(u8::try_from(u32::from(letter).checked_sub(u32::from('A'))?).ok()?);
            let step = if i == 0 { Step::Open(handle) } else { Step::Join(handle) };
            if !walk.take_step(step) {
                return None;
            }
        }
    }
    walk.plan()
}

impl Plan {
    /// As it is written: `C A+D B`.
    pub fn text(&self) -> String {
        let sentence = |s: &Vec<Handle>| s.iter().map(|h| h.letter().to_string()).collect::<Vec<_>>().join("+");
        self.sentences.iter().map(sentence).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests;
