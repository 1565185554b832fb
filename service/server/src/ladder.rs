//! Who is asked to choose, rung after rung: the model server, then the local model, then nobody and the template speaks.
//! Comes in: a question of ours and the legal answers. Goes out: what was chosen, by whom, and which rung was passed over
//! for which reason. Equal facts are asked about once; who keeps failing is left alone for a while.

mod counts;
mod kept;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::Result;
use assay_core::ids::{Digest, Span};
use assay_core::plan::TemplateBecause;
use assay_core::ports::{Choices, ModelError, ModelId, Planner};
use assay_models::{Breaker, BreakerLimits};

pub(crate) use counts::Counts;
use kept::Kept;

/// Answers that are kept in memory, of the newest questions; each is under a kilobyte.
pub(crate) const ANSWERS_KEPT_MAX: usize = 4096;

/// A rung of the ladder, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rung {
    /// The model server of the configuration.
    Server,
    /// The model in this process.
    Local,
}

/// A model that chooses, or why there is none.
pub(crate) type Chooser = Result<Arc<dyn Planner + Send + Sync>, TemplateBecause>;

/// A question to a model.
pub(crate) struct Question<'a> {
    /// What the answer is for: a label of the counts.
    pub(crate) job: &'static str,
    /// What the question is about. Equal facts have equal digests.
    pub(crate) facts: Digest,
    /// Text of ours.
    pub(crate) prompt: &'a str,
    /// How long each rung may take.
    pub(crate) budget: Span,
}

/// What came of a question.
pub(crate) struct Asked {
    /// What a model wrote, to its end, and which one; or why none did.
    pub(crate) chosen: Result<(ModelId, String), TemplateBecause>,
    /// The first rung that was passed over for another one: its model, and why.
    pub(crate) passed: Option<(Box<str>, TemplateBecause)>,
    /// The last try that was made for this question now; none when the answer was known.
    pub(crate) tried: Option<Tried>,
}

/// One try.
#[derive(Clone)]
pub(crate) struct Tried {
    pub(crate) model: ModelId,
    /// What it wrote.
    pub(crate) raw: String,
    /// Why that is no answer.
    pub(crate) because: Option<TemplateBecause>,
    pub(crate) ms: i64,
}

/// The ladder's memory: how each rung did, what was answered, and the counts. All rungs of a process share one.
pub(crate) struct Ladder {
    began: Instant,
    breakers: [Mutex<Breaker>; 2],
    kept: Kept<Tried>,
    pub(crate) counts: Counts,
}

impl Ladder {
    pub(crate) fn new(limits: BreakerLimits) -> Self {
        let breaker = || Mutex::new(Breaker::new(limits));
        Self {
            began: Instant::now(),
            breakers: [breaker(), breaker()],
            kept: Kept::new(ANSWERS_KEPT_MAX),
            counts: Counts::default(),
        }
    }

    /// Asks the rungs in their order until one answers. `start` makes the choices anew for each; `raw` says what was
    /// written in them; `known` looks up what a model answered to equal facts in an earlier run.
    ///
    /// # Errors
    /// When `known` fails.
    pub(crate) fn ask<C: Choices>(
        &self,
        rungs: &[(Rung, Chooser)],
        question: &Question<'_>,
        start: impl Fn() -> C,
        raw: impl Fn(&C) -> String,
        known: impl Fn(&ModelId) -> Result<Option<String>>,
    ) -> Result<Asked> {
        let mut asked = Asked { chosen: Err(TemplateBecause::NoModel), passed: None, tried: None };
        for (rung, planner) in rungs {
            let planner = match planner {
                Ok(planner) => &**planner,
                Err(because) => {
                    asked.pass(rung.as_str().into(), *because);
                    self.counts.passed_over(question.job, *rung, *because);
                    continue;
                }
            };
            let model = planner.model();
            if let Some(text) = known(model)? {
                self.counts.known(question.job);
                asked.chosen = Ok((model.clone(), text));
                return Ok(asked);
            }
            let key = key(question, model);
            let (tried, fresh) = self.kept.once(key, || {
                let tried = self.once(*rung, planner, question, &start, &raw);
                // The same question to the same weights has the same answer; all else may be otherwise the next time.
                let keep = matches!(tried.because, None | Some(TemplateBecause::Illegal));
                (tried, keep)
            });
            if !fresh {
                self.counts.known(question.job);
            }
            match tried.because {
                None => asked.chosen = Ok((model.clone(), tried.raw.clone())),
                Some(because) => {
                    asked.pass(model.name.clone(), because);
                    self.counts.passed_over(question.job, *rung, because);
                }
            }
            if fresh && tried.because != Some(TemplateBecause::Resting) {
                asked.tried = Some(tried);
            }
            if asked.chosen.is_ok() {
                return Ok(asked);
            }
        }
        Ok(asked)
    }

    /// Forgets every answer: for measurements, which are of models and not of memory.
    pub(crate) fn forget(&self) {
        self.kept.clear();
    }

    fn once<C: Choices>(
        &self,
        rung: Rung,
        planner: &dyn Planner,
        question: &Question<'_>,
        start: impl Fn() -> C,
        raw: impl Fn(&C) -> String,
    ) -> Tried {
        let tried = |raw, because, ms| Tried { model: planner.model().clone(), raw, because, ms };
        if !self.breaker(rung).lets_through(self.began.elapsed()) {
            return tried(String::new(), Some(TemplateBecause::Resting), 0);
        }
        let (mut choices, started) = (start(), Instant::now());
        let walked = planner.choose(question.prompt, &mut choices, question.budget);
        let took = started.elapsed();
        if let Err(error @ (ModelError::Failed(_) | ModelError::TooLong { .. })) = &walked {
            tracing::warn!("{}: {error}", planner.model().name);
        }
        let walked = walked.and_then(|()| match choices.options().is_empty() {
            true => Ok(()),
            false => Err(ModelError::Illegal),
        });
        let state = {
            let mut breaker = self.breaker(rung);
            match &walked {
                Ok(()) => breaker.went_well(),
                // Not the fault of who was asked.
                Err(ModelError::Busy | ModelError::TooLong { .. }) => breaker.said_nothing(self.began.elapsed()),
                Err(ModelError::Missing | ModelError::Late(_) | ModelError::Illegal | ModelError::Failed(_)) => {
                    breaker.failed(self.began.elapsed());
                }
            }
            breaker.state()
        };
        self.counts.took(question.job, rung, took, state);
        let ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
        tried(raw(&choices), walked.err().map(|error| (&error).into()), ms)
    }

    fn breaker(&self, rung: Rung) -> MutexGuard<'_, Breaker> {
        // It is whole at every moment, so a panic elsewhere does not spoil it.
        self.breakers[rung as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    fn pass(&mut self, model: Box<str>, because: TemplateBecause) {
        // The first reason is told: the rung that should have answered.
        let (_, first) = self.passed.get_or_insert((model, because));
        self.chosen = Err(*first);
    }
}

impl Rung {
    /// The label of the counts.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Local => "local",
        }
    }
}

/// One question to one model: the job, the facts and the weights.
fn key(question: &Question<'_>, model: &ModelId) -> Digest {
    let parts = [question.job.as_bytes(), question.facts.bytes().as_slice(), model.digest.bytes().as_slice()];
    Digest::of_bytes(&parts.join(&b'\n'))
}

#[cfg(test)]
mod tests;
