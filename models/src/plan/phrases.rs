//! Choices by phrases. Comes in: a prompt that tells facts, and step by step the phrases that may come next. Goes out: at
//! each step the phrase that the prompt makes likelier the most: log p(phrase | prompt) - log p(phrase | the same prompt
//! without facts), so that a phrase that is likely anyway gains nothing. All phrases of a question are scored in one pass.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use assay_core::ids::Span;
use assay_core::ports::{Choices, ModelError, ModelId, Planner};
use candle_core::Tensor;

use super::llama::{Past, Stop};
use super::{LocalPlanner, PlanLimits, deadline, said};
use crate::load::LoadError;
use crate::store::ModelStore;

/// Phrases whose likelihood without facts is remembered: more than a catalogue has.
const PRIORS_MAX: usize = 512;

/// A planner that weighs phrases by what the prompt adds to them. The same model in memory as [`LocalPlanner`].
pub struct PhrasePlanner {
    planner: LocalPlanner,
    /// The prompt without facts, which must be ours as well.
    empty: String,
    /// log p(phrase | the prompt without facts): the same for every question.
    priors: Mutex<BTreeMap<String, f32>>,
}

impl PhrasePlanner {
    /// Loads the model; `empty` is the prompt as it is when there is no fact.
    ///
    /// # Errors
    /// As [`LocalPlanner::load`].
    pub fn load(store: &ModelStore, system: &str, empty: &str, limits: PlanLimits) -> Result<Self, LoadError> {
        Ok(Self::over(LocalPlanner::load(store, system, limits)?, empty))
    }

    /// Over a model that is in memory.
    pub fn over(planner: LocalPlanner, empty: &str) -> Self {
        Self { planner, empty: empty.to_owned(), priors: Mutex::default() }
    }

    /// What the prompt adds to each phrase, in nats.
    ///
    /// # Errors
    /// When the model is busy, fails, or the budget is used up.
    pub fn gains(&self, prompt: &str, phrases: &[String], budget: Span) -> Result<Vec<f32>, ModelError> {
        let deadline = deadline(budget);
        let question = self.planner.question(prompt, budget)?;
        let held = self.planner.permit(deadline)?;
        let gains = self.weigh(question, phrases, deadline).map_err(|stop| said(stop, budget));
        drop(held);
        gains
    }

    fn weigh(&self, question: Vec<u32>, phrases: &[String], deadline: Instant) -> Result<Vec<f32>, Stop> {
        self.remember(phrases, deadline)?;
        let told = self.likely(question, phrases, deadline)?;
        let priors = self.priors.lock().unwrap_or_else(PoisonError::into_inner);
        let gain = |(phrase, told): (&String, f32)| told - priors.get(phrase).copied().unwrap_or(0.0);
        Ok(phrases.iter().zip(told).map(gain).collect())
    }

    /// Scores the phrases that were not met yet without facts.
    fn remember(&self, phrases: &[String], deadline: Instant) -> Result<(), Stop> {
        let new: Vec<String> = {
            let mut priors = self.priors.lock().unwrap_or_else(PoisonError::into_inner);
            if priors.len() > PRIORS_MAX {
                priors.clear();
            }
            phrases.iter().filter(|phrase| !priors.contains_key(*phrase)).cloned().collect()
        };
        if new.is_empty() {
            return Ok(());
        }
        let likely = self.likely(self.planner.chat.question(&self.empty)?, &new, deadline)?;
        self.priors.lock().unwrap_or_else(PoisonError::into_inner).extend(new.into_iter().zip(likely));
        Ok(())
    }

    fn likely(&self, question: Vec<u32>, phrases: &[String], deadline: Instant) -> Result<Vec<f32>, Stop> {
        let runs = phrases.iter().map(|p| self.planner.chat.tokens(p)).collect::<candle_core::Result<Vec<_>>>()?;
        let opened: &Past = self.planner.opened(deadline)?;
        let (past, outlook): (Past, Tensor) = self.planner.model.extend(opened, &question, deadline)?;
        self.planner.model.likely(&past, &outlook, &runs, deadline)
    }
}

impl Planner for PhrasePlanner {
    fn model(&self) -> &ModelId {
        self.planner.model()
    }

    fn choose(&self, prompt: &str, choices: &mut dyn Choices, budget: Span) -> Result<(), ModelError> {
        let phrases = choices.options();
        if phrases.is_empty() {
            return Ok(());
        }
        let gains = self.gains(prompt, &phrases, budget)?;
        let weight: BTreeMap<&String, f32> = phrases.iter().zip(gains).collect();
        // A step takes one option away, so there are not more steps than options at the start.
        for _ in 0..phrases.len() {
            let options = choices.options();
            let of = |phrase: &String| weight.get(phrase).copied().unwrap_or(f32::NEG_INFINITY);
            // Between equals the option that was named first.
            let best = options.iter().enumerate().rev().max_by(|(_, a), (_, b)| of(a).total_cmp(&of(b)));
            let Some((index, _)) = best else { return Ok(()) };
            choices.take(index);
        }
        if choices.options().is_empty() {
            return Ok(());
        }
        Err(ModelError::Failed("a phrase was named that was not there at the start".into()))
    }
}

#[cfg(test)]
mod tests;
