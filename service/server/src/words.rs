//! The words of a finding: its brief, the order that a model or the template gives it, and the document. A plan is asked
//! for once per set of facts; the record of it can be replayed.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use assay_core::brief::{Brief, brief};
use assay_core::catalogue::Catalogue;
use assay_core::document::{Document, Guarded, withheld};
use assay_core::explain::{self, Told};
use assay_core::finding::Finding;
use assay_core::ids::{Digest, EvidenceId, Span};
use assay_core::order::Ranked;
use assay_core::plan::{By, Settled, TemplateBecause, Walk, parse, prompt, settle, template};
use assay_core::ports::ModelError;
use assay_core::similar::Similar;
use assay_core::text::Door;
use assay_store::{PlanRecord, Store};

use crate::models::LocalModels;
use crate::shown::{self, Arranged, Form, Kept};
use crate::similar::TextSearch;
use crate::snapshot::Snapshot;

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
        let planner = match self.models.planner() {
            Ok(planner) => planner,
            Err(because) => return Ok((by_template(because), Made::default(), None)),
        };
        let model = planner.model();
        let digest = brief.digest();
        let prompt = prompt(brief, &self.catalogue);
        if let Some(text) = store.plan(&digest, &self.catalogue.version, model)?
            && let Some(plan) = parse(brief, &text)
        {
            let made = Made { prompt: Some(prompt.digest()), raw: text, ms: None };
            return Ok((Settled { plan, by: By::Model(model.clone()) }, made, None));
        }
        let mut walk = Walk::new(brief);
        let started = Instant::now();
        let walked = planner.choose(prompt.as_str(), &mut walk, self.budget);
        let ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        if let Err(error @ (ModelError::Failed(_) | ModelError::TooLong { .. })) = &walked {
            tracing::warn!("{error}");
        }
        let settled = settle(brief, walked.map(|()| (&walk, model)));
        let record = PlanRecord {
            brief: digest,
            catalogue: self.catalogue.version.clone(),
            model: model.clone(),
            plan: settled.plan.text(),
            by_model: matches!(settled.by, By::Model(_)),
            because: match &settled.by {
                By::Model(_) => String::new(),
                By::Template(because) => because.to_string(),
            },
            prompt: prompt.digest(),
            raw: walk.raw().to_owned(),
            ms,
            at: snapshot.world.as_of,
        };
        let made = Made { prompt: Some(prompt.digest()), raw: record.raw.clone(), ms: Some(ms) };
        Ok((settled, made, Some(record)))
    }
}
