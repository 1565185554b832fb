//! What exploitation asks for, and what a text reads as, on the wire.

use assay_core::condition::Met;
use assay_core::context::{Asked, TextRead};
use assay_core::reading::{Contradiction, Sure};
use assay_core::text::Redacted;
use serde::Serialize;

/// The conditions of a vulnerability at one place.
#[derive(Debug, Serialize)]
pub(crate) struct NeedsWire {
    origin: &'static str,
    source: Redacted,
    conditions: Vec<ConditionWire>,
}

#[derive(Debug, Serialize)]
struct ConditionWire {
    id: &'static str,
    met: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'static str>,
    evidence: Vec<String>,
    /// Bytes of the text, from and to, where it was read from one.
    spans: Vec<[u32; 2]>,
}

/// What a model read out of a text.
#[derive(Debug, Serialize)]
pub(crate) struct ReadingWire {
    origin: &'static str,
    model: Redacted,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    automatable: Option<SureWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    technical_impact: Option<SureWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attack_vector: Option<SureWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    privileges_required: Option<SureWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_interaction: Option<SureWire>,
    contradictions: Vec<ContradictionWire>,
}

#[derive(Debug, Serialize)]
struct SureWire {
    value: &'static str,
    probability: f64,
}

#[derive(Debug, Serialize)]
struct ContradictionWire {
    of: &'static str,
    text: &'static str,
    vector: &'static str,
}

impl From<&Asked> for NeedsWire {
    fn from(asked: &Asked) -> Self {
        let each = asked.each.iter().map(|(condition, met)| {
            let (met, because, evidence) = match met {
                Met::Yes(evidence, _) => ("yes", None, evidence.as_slice()),
                Met::No(evidence, _) => ("no", None, evidence.as_slice()),
                Met::Unknown(because) => ("unknown", Some(because.as_str()), [].as_slice()),
            };
            let mine = asked.spans.iter().filter(|s| s.condition == *condition);
            ConditionWire {
                id: condition.as_str(),
                met,
                because,
                evidence: evidence.iter().map(|e| e.to_string()).collect(),
                spans: mine.map(|s| [s.start, s.end]).collect(),
            }
        });
        Self { origin: asked.origin.as_str(), source: (&asked.source).into(), conditions: each.collect() }
    }
}

impl From<&TextRead> for ReadingWire {
    fn from(text: &TextRead) -> Self {
        let reading = &text.reading;
        let against = |c: &Contradiction| ContradictionWire { of: c.of, text: c.text, vector: c.vector };
        Self {
            origin: assay_core::context::Origin::ModelReading.as_str(),
            model: (&text.by).into(),
            at: text.at.to_string(),
            automatable: sure(reading.automatable, |yes| if yes { "yes" } else { "no" }),
            technical_impact: sure(reading.impact, |v| v.as_str()),
            attack_vector: sure(reading.vector, |v| v.as_str()),
            privileges_required: sure(reading.privileges, |v| v.as_str()),
            user_interaction: sure(reading.interaction, |v| v.as_str()),
            contradictions: text.contradictions().iter().map(against).collect(),
        }
    }
}

fn sure<T: Copy>(sure: Option<Sure<T>>, spell: impl Fn(T) -> &'static str) -> Option<SureWire> {
    sure.map(|s| SureWire { value: spell(s.value), probability: f64::from(s.probability) / 10_000.0 })
}
