//! Closed choices by a small language model: SmolLM2-135M-Instruct, or Gemma 3 270M. Comes in: a prompt made of our own words, and step by step the legal
//! continuations. Goes out: which of them the model finds most likely. It cannot write anything else.

mod chat;
pub(crate) mod clock;
mod engine;
mod gemma;
mod heads;
mod llama;
mod metadata;
mod permit;
mod phrases;
mod pieces;
mod speed;
mod walk;
mod weight;

use std::io::Cursor;
use std::sync::OnceLock;
use std::time::Instant;

use assay_core::ids::Span;
use assay_core::ports::{Choices, ModelError, ModelId, Planner};
use candle_core::Tensor;
use candle_core::quantized::gguf_file;

use self::chat::Chat;
use self::clock::{deadline, duration};
use self::engine::Engine;
use self::llama::{Past, Stop};
use self::permit::Permit;
pub use self::phrases::PhrasePlanner;
pub use self::speed::Speed;
use self::walk::{Place, Reader, best};
use crate::load::{self, LoadError};
use crate::store::ModelStore;

/// The default model's name in the manifest.
pub const PLANNER: &str = "smollm2-135m-instruct";

/// What a planner may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanLimits {
    /// Tokens of the system's text, the prompt and the answer together. Each costs 46 kB while a question is open.
    pub context_tokens_max: usize,
    /// Tokens of the answer, kept free when a prompt is measured.
    pub answer_tokens_max: usize,
    /// Questions that may wait while one is answered; the next one hears that the model is busy.
    pub waiting_max: usize,
    /// How long a question waits, whatever its budget.
    pub wait_max: Span,
}

impl Default for PlanLimits {
    fn default() -> Self {
        Self { context_tokens_max: 1024, answer_tokens_max: 128, waiting_max: 4, wait_max: Span::secs(2) }
    }
}

/// The language model in memory: about 130 MB for SmolLM2, 670 MB for Gemma 3 270M. Threads may share it; it answers one question at a time.
pub struct LocalPlanner {
    id: ModelId,
    model: Engine,
    chat: Chat,
    opening: Vec<u32>,
    /// The opening as the model keeps it: the same for every question, so it is read once.
    opened: OnceLock<Past>,
    permit: Permit,
    limits: PlanLimits,
}

impl LocalPlanner {
    /// Loads [`PLANNER`].
    ///
    /// # Errors
    /// As [`LocalPlanner::load_named`].
    pub fn load(store: &ModelStore, system: &str, limits: PlanLimits) -> Result<Self, LoadError> {
        Self::load_named(store, PLANNER, system, limits)
    }

    /// Loads a model of the manifest from the models folder, proven by its digest first. `system` is the fixed text that stands
    /// before every prompt; it must be ours.
    ///
    /// # Errors
    /// When the model is not installed, not whole, not what it should be, or when a letter from A to Z, with or
    /// without a space before it, is not one token.
    pub fn load_named(store: &ModelStore, name: &str, system: &str, limits: PlanLimits) -> Result<Self, LoadError> {
        let entry = load::model(name)?;
        let file = entry.files.first().ok_or_else(|| LoadError::Unknown(format!("{name} with a file")))?;
        let path = store.path(entry, file);
        let bytes = load::read(store, entry, file)?;
        let (model, chat) = load::parse(&path, || open(&bytes))?;
        let count = |text: &str| load::parse(&path, || chat.tokens(text)).map(|tokens| tokens.len());
        for handle in ('A'..='Z').flat_map(|letter| [letter.to_string(), format!(" {letter}")]) {
            let tokens = count(&handle)?;
            if tokens != 1 {
                return Err(LoadError::Handle { path, handle, tokens });
            }
        }
        let opening = load::parse(&path, || chat.opening(system))?;
        let id = ModelId { name: entry.title.as_str().into(), digest: file.sha256 };
        Ok(Self { id, model, chat, opening, opened: OnceLock::new(), permit: Permit::default(), limits })
    }

    /// Reads the opening, so that the first question need not. Without it the first one does.
    ///
    /// # Errors
    /// When the model is busy, fails, or the budget is used up.
    pub fn warm(&self, budget: Span) -> Result<(), ModelError> {
        let deadline = deadline(budget);
        let _held = self.permit(deadline)?;
        self.opened(deadline).map(|_| ()).map_err(|stop| said(stop, budget))
    }

    /// How many tokens a text is.
    ///
    /// # Errors
    /// When the text cannot be cut into tokens.
    pub fn tokens(&self, text: &str) -> Result<usize, ModelError> {
        self.chat.tokens(text).map(|tokens| tokens.len()).map_err(|error| said(error.into(), Span::ZERO))
    }

    /// The prompt as tokens, where it fits beside the opening and an answer.
    fn question(&self, prompt: &str, budget: Span) -> Result<Vec<u32>, ModelError> {
        let max = self.limits.context_tokens_max.saturating_sub(self.limits.answer_tokens_max);
        // No token is longer than a line of our own texts; beyond that the text need not be cut to be refused.
        if prompt.len() > max.saturating_mul(64) {
            return Err(ModelError::TooLong { tokens: prompt.len() / 64, max });
        }
        let question = self.chat.question(prompt).map_err(|error| said(error.into(), budget))?;
        let tokens = self.opening.len() + question.len();
        if tokens > max {
            return Err(ModelError::TooLong { tokens, max });
        }
        Ok(question)
    }

    fn permit(&self, deadline: Instant) -> Result<permit::Held<'_>, ModelError> {
        let patience = deadline.saturating_duration_since(Instant::now()).min(duration(self.limits.wait_max));
        self.permit.take(self.limits.waiting_max, patience).ok_or(ModelError::Busy)
    }

    fn opened(&self, deadline: Instant) -> Result<&Past, Stop> {
        if let Some(past) = self.opened.get() {
            return Ok(past);
        }
        let (past, _) = self.model.extend(&Past::default(), &self.opening, deadline)?;
        Ok(self.opened.get_or_init(|| past))
    }

    fn walk(&self, question: Vec<u32>, choices: &mut dyn Choices, deadline: Instant) -> Result<(), Stop> {
        let reader = Until { model: &self.model, deadline };
        let mut place = Place { kept: self.opened(deadline)?.clone(), pending: question };
        let room = place.kept.tokens() + place.pending.len() + self.limits.answer_tokens_max;
        // An empty option writes nothing, so steps are counted as well as tokens.
        for _ in 0..self.limits.answer_tokens_max {
            let options =
                choices.options().iter().map(|o| self.chat.tokens(o)).collect::<candle_core::Result<Vec<_>>>()?;
            let Some((index, next)) = best(&reader, &place, &options, self.chat.end())? else { return Ok(()) };
            if next.kept.tokens() + next.pending.len() > room {
                break;
            }
            choices.take(index);
            place = next;
        }
        if choices.options().is_empty() {
            return Ok(());
        }
        let max = self.limits.answer_tokens_max;
        Err(Stop::Failed(candle_core::Error::msg(format!("the answer is longer than {max} tokens"))))
    }
}

impl Planner for LocalPlanner {
    fn model(&self) -> &ModelId {
        &self.id
    }

    fn choose(&self, prompt: &str, choices: &mut dyn Choices, budget: Span) -> Result<(), ModelError> {
        let deadline = deadline(budget);
        let question = self.question(prompt, budget)?;
        if choices.options().is_empty() {
            return Ok(());
        }
        let _held = self.permit(deadline)?;
        self.walk(question, choices, deadline).map_err(|stop| said(stop, budget))
    }
}

/// The model, asked until a deadline.
struct Until<'a> {
    model: &'a Engine,
    deadline: Instant,
}

impl Reader for Until<'_> {
    type Kept = Past;
    type Outlook = Tensor;

    fn read(&self, kept: &Past, tokens: &[u32]) -> Result<(Past, Tensor), Stop> {
        self.model.extend(kept, tokens, self.deadline)
    }

    fn logits(&self, outlook: &Tensor, tokens: &[u32]) -> Result<Vec<f32>, Stop> {
        Ok(self.model.logits(outlook, tokens)?)
    }
}

fn open(bytes: &[u8]) -> candle_core::Result<(Engine, Chat)> {
    let mut reader = Cursor::new(bytes);
    let file = gguf_file::Content::read(&mut reader)?;
    let (model, chat) = (Engine::load(&file, &mut reader)?, Chat::load(&file)?);
    if chat.vocabulary() > model.vocabulary() {
        candle_core::bail!("its vocabulary has {} words, its weights {}", chat.vocabulary(), model.vocabulary());
    }
    Ok((model, chat))
}

fn said(stop: Stop, budget: Span) -> ModelError {
    match stop {
        Stop::Late => ModelError::Late(budget),
        Stop::Failed(error) => ModelError::Failed(error.to_string().into()),
    }
}

#[cfg(test)]
mod tests;
