//! What is counted of models, by job: how long they took, which rung was passed over and why, what was known already, and
//! how the breakers stand. Every label is a word of ours.

use std::time::Duration;

use assay_core::plan::TemplateBecause;
use assay_models::breaker::State;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::Rung;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Job {
    job: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Of {
    job: &'static str,
    rung: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Passed {
    job: &'static str,
    rung: &'static str,
    because: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Which {
    rung: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Abstained {
    job: &'static str,
    because: &'static str,
}

/// The counts. Clones count together.
#[derive(Clone)]
pub(crate) struct Counts {
    answers: Family<Of, Histogram, fn() -> Histogram>,
    fallbacks: Family<Passed, Counter>,
    known: Family<Job, Counter>,
    abstentions: Family<Abstained, Counter>,
    breakers: Family<Which, Gauge>,
}

impl Default for Counts {
    fn default() -> Self {
        // From 10 ms to 5 s: below it nobody waits, above it nobody does any more.
        let seconds: fn() -> Histogram = || Histogram::new(exponential_buckets(0.01, 2.0, 10));
        Self {
            answers: Family::new_with_constructor(seconds),
            fallbacks: Family::default(),
            known: Family::default(),
            abstentions: Family::default(),
            breakers: Family::default(),
        }
    }
}

impl Counts {
    /// Makes them part of what the service tells.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register_with_unit("model_answer", "Time a model took", Unit::Seconds, self.answers.clone());
        let help = "Questions that a model was passed over in, by reason";
        registry.register("model_fallbacks", help, self.fallbacks.clone());
        registry.register("model_known", "Questions whose answer was known from equal facts", self.known.clone());
        registry.register("model_abstentions", "Questions that were not answered, by reason", self.abstentions.clone());
        let help = "Whether a model is asked: 0 yes, 1 once, to see, 2 no, it failed too often";
        registry.register("model_breaker", help, self.breakers.clone());
    }

    /// Counts a question that nobody answers, on purpose.
    pub(crate) fn abstained(&self, job: &'static str, because: &'static str) {
        self.abstentions.get_or_create(&Abstained { job, because }).inc();
    }

    pub(super) fn took(&self, job: &'static str, rung: Rung, took: Duration, state: State) {
        self.answers.get_or_create(&Of { job, rung: rung.as_str() }).observe(took.as_secs_f64());
        self.breakers.get_or_create(&Which { rung: rung.as_str() }).set(i64::from(state.number()));
    }

    pub(super) fn passed_over(&self, job: &'static str, rung: Rung, because: TemplateBecause) {
        let label = Passed { job, rung: rung.as_str(), because: because.as_str() };
        self.fallbacks.get_or_create(&label).inc();
    }

    pub(super) fn known(&self, job: &'static str) {
        self.known.get_or_create(&Job { job }).inc();
    }
}
