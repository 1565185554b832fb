//! The words of a finding: its brief, the order that a model or the template gives it, and the document. A plan is asked
//! for once per set of facts; the record of it can be replayed.

use std::sync::Arc;

use anyhow::Result;
use assay_core::brief::{Brief, brief};
use assay_core::catalogue::Catalogue;
use assay_core::document::{Document, Guarded, withheld};
use assay_core::explain::{self, Told};
use assay_core::finding::Finding;
use assay_core::ids::{Digest, EvidenceId, Span};
use assay_core::order::Ranked;
use assay_core::plan::{By, Phrased, Settled, TemplateBecause, Walk, parse, phrase_prompt, prompt, template};
use assay_core::ports::ModelId;
use assay_core::similar::Similar;
use assay_core::text::Door;
use assay_store::{PlanRecord, Store};

use crate::config::Arrange;
use crate::ladder::{Asked, Question};
use crate::models::LocalModels;
use crate::shown::{self, Arranged, Form, Kept};
use crate::similar::TextSearch;
use crate::snapshot::Snapshot;

/// The jobs of the models here, as they are counted.
const ARRANGE: &str = "arrange";
const ARRANGE_PHRASES: &str = "arrange_phrases";

/// What chooses words, and what guards them.
#[derive(Clone)]
pub(crate) struct Words {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) models: LocalModels,
    pub(crate) texts: TextSearch,
    pub(crate) budget: Span,
}

/// An explained finding.
pub(crate) struct Explained {
    pub(crate) document: Guarded<Document>,
    pub(crate) settled: Settled,
    pub(crate) brief: Brief,
    pub(crate) similar: Similar,
    /// What `e1`, `e2` .. stand for.
    pub(crate) evidence: Vec<EvidenceId>,
    pub(crate) made: Made,
}

/// How an order came to be, for the record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    /// The prompt; none where no model was there to be asked.
    pub(crate) prompt: Option<Digest>,
    /// The choices that were taken, as a model writes them.
    pub(crate) raw: String,
    /// How long the model took, in milliseconds; none where it was not asked now.
    pub(crate) ms: Option<i64>,
}

impl Words {
    /// The record of an explanation that leaves in these forms.
    pub(crate) fn record(&self, finding: &Finding, explained: &Explained, forms: &[Form]) -> Result<Kept> {
        let Explained { document, settled, brief, made, .. } = explained;
        let arranged = Arranged { brief, settled, made, catalogue: &self.catalogue };
        shown::record("explanation", &finding.fingerprint.to_string(), document, Some(&arranged), forms)
    }

    /// Explains a finding. What the model chose for equal facts before is used again.
    pub(crate) fn explain(
        &self,
        store: &Store,
        snapshot: &Snapshot,
        finding: &Finding,
        ranked: &Ranked<'_>,
        door: &dyn Door,
    ) -> Result<(Explained, Option<PlanRecord>)> {
        let factors = snapshot.factors(finding);
        let assessment = ranked.assessment();
        let brief = brief(finding, &factors, &assessment, &snapshot.world, &snapshot.policy, &snapshot.controls);
        let (settled, made, record) = self.settle(store, &brief, snapshot)?;
        let mend = snapshot.mend(store, ranked.row)?;
        let similar = self.texts.beside(store, snapshot, finding, ranked.row)?;
        let told = Told {
            finding,
            factors: &factors,
            assessment: &assessment,
            due: ranked.row.due(&snapshot.policy, ranked.band),
            brief: &brief,
            settled: &settled,
            policy: &snapshot.policy,
            controls: &snapshot.controls,
            same_cause: snapshot.same_cause(ranked.row),
            mend: mend.as_ref(),
            similar: &similar,
            as_of: snapshot.world.as_of,
        };
        let document = match explain::render(&told, &self.catalogue, door) {
            Ok(document) => document,
            Err(alarm) => {
                tracing::error!(finding = %finding.fingerprint, "{alarm}");
                withheld(snapshot.world.as_of)
            }
        };
        let evidence = explain::evidence(&brief);
        Ok((Explained { document, settled, brief, similar, evidence, made }, record))
    }

    fn settle(&self, store: &Store, brief: &Brief, snapshot: &Snapshot) -> Result<(Settled, Made, Option<PlanRecord>)> {
        let by_template = |because| Settled { plan: template(brief), by: By::Template(because) };
        if brief.propositions.len() < 2 {
            return Ok((by_template(TemplateBecause::NothingToOrder), Made::default(), None));
        }
        let by_phrases = self.models.arrange() == Arrange::Phrases;
        // What a model answers depends on what it is asked, and so does the record of it.
        let (job, prompt, catalogue) = match by_phrases {
            true => {
                let catalogue = format!("{}/phrases", self.catalogue.version);
                (ARRANGE_PHRASES, phrase_prompt(brief, &self.catalogue), catalogue)
            }
            false => (ARRANGE, prompt(brief, &self.catalogue), self.catalogue.version.clone()),
        };
        let facts = brief.digest();
        let question = Question { job, facts, prompt: prompt.as_str(), budget: self.budget };
        let known = |model: &ModelId| {
            let text = store.plan(&facts, &catalogue, model)?;
            Ok(text.filter(|text| parse(brief, text).is_some()))
        };
        let (rungs, ladder) = (self.models.rungs(), self.models.ladder());
        let asked = match by_phrases {
            true => {
                let start = || Phrased::new(brief, &self.catalogue);
                ladder.ask(&rungs, &question, start, |phrased| phrased.walk().raw().to_owned(), known)?
            }
            false => ladder.ask(&rungs, &question, || Walk::new(brief), |walk| walk.raw().to_owned(), known)?,
        };
        let made = Made::of(&asked, prompt.digest());
        let settled = match asked.chosen {
            Err(because) => by_template(because),
            Ok((model, text)) => match (parse(brief, &text), asked.passed) {
                (None, _) => by_template(TemplateBecause::Illegal),
                (Some(plan), None) => Settled { plan, by: By::Model(model) },
                (Some(plan), Some((instead_of, because))) => {
                    Settled { plan, by: By::Fallback { model, instead_of, because } }
                }
            },
        };
        let record = asked.tried.map(|tried| PlanRecord {
            brief: facts,
            catalogue,
            model: tried.model,
            plan: settled.plan.text(),
            by_model: tried.because.is_none(),
            because: tried.because.map(|because| because.to_string()).unwrap_or_default(),
            prompt: prompt.digest(),
            raw: tried.raw,
            ms: tried.ms,
            at: snapshot.world.as_of,
        });
        Ok((settled, made, record))
    }
}

impl Made {
    /// Where nobody was asked and nothing was known there was no prompt.
    fn of(asked: &Asked, prompt: Digest) -> Self {
        let ms = asked.tried.as_ref().map(|tried| tried.ms);
        match (&asked.chosen, &asked.tried) {
            (Ok((_, text)), _) => Self { prompt: Some(prompt), raw: text.clone(), ms },
            (Err(_), Some(tried)) => Self { prompt: Some(prompt), raw: tried.raw.clone(), ms },
            (Err(_), None) => Self::default(),
        }
    }
}
