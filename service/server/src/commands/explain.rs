//! `assay explain`: one finding with its assessment, evidence and words.

use anyhow::Result;
use assay_core::brief::Decided;
use assay_core::finding::Finding;
use assay_core::ids::{EvidenceId, VulnId};
use assay_core::order::{Ranked, Row};
use assay_core::plan::By;
use assay_core::query::nicknamed;
use assay_core::sink::{Sink, escape};
use assay_core::text::{Shaped, how_many};
use assay_store::Store;
use serde::Serialize;

use super::{print_json, print_text, sink};
use crate::app::App;
use crate::cli::{Explain, Global, Output};
use crate::shown::Form;
use crate::similar::SimilarWire;
use crate::snapshot::Snapshot;
use crate::wire::{AssetWire, FindingWire, NeedsWire, ReadingWire};
use crate::words::Explained;
use crate::{Ended, Usage, ticket, today};

/// An explained finding on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct ExplanationWire {
    pub(crate) finding: FindingWire,
    pub(crate) text: String,
    pub(crate) markdown: String,
    pub(crate) by: ByWire,
    pub(crate) plan: String,
    pub(crate) evidence: Vec<EvidenceWire>,
    pub(crate) decided_by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) needs: Option<NeedsWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reading: Option<ReadingWire>,
    pub(crate) similar: SimilarWire,
}

/// Who arranged the words.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ByWire {
    Model { model: String },
    Fallback { model: String, instead_of: String, because: &'static str },
    Template { template_because: &'static str },
}

impl From<&By> for ByWire {
    fn from(by: &By) -> Self {
        match by {
            By::Model(model) => Self::Model { model: model.name.to_string() },
            By::Fallback { model, instead_of, because } => Self::Fallback {
                model: model.name.to_string(),
                instead_of: instead_of.to_string(),
                because: because.as_str(),
            },
            By::Template(because) => Self::Template { template_because: because.as_str() },
        }
    }
}

/// One piece of evidence and what it is.
#[derive(Debug, Serialize)]
pub(crate) struct EvidenceWire {
    pub(crate) mark: String,
    pub(crate) id: String,
    pub(crate) what: String,
}

/// How an explanation leaves inside of JSON.
pub(crate) const FORMS: [Form; 2] = [Form::Sink(Sink::Ticket), Form::Sink(Sink::Markdown)];
/// The most findings that are offered to choose from.
const CHOICES_MAX: usize = 20;

pub(crate) fn run(global: &Global, args: &Explain) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let (finding, ranked) = find(&store, &snapshot, &args.id)?;
    let door = app.door()?;
    let words = app.words()?;
    let (explained, record) = words.explain(&store, &snapshot, &finding, &ranked, &door)?;
    if let Some(record) = record {
        store.keep_plan(&record)?;
    }
    if let Some(mark) = &args.evidence {
        let at = mark.strip_prefix('e').and_then(|n| n.parse::<usize>().ok()).and_then(|n| n.checked_sub(1));
        let id = at
            .and_then(|at| explained.evidence.get(at))
            .ok_or_else(|| Usage(format!("no evidence `{mark}` here: e1 to e{}", explained.evidence.len())))?;
        let what = store.evidence(id, snapshot.world.as_of)?;
        match global.output {
            Output::Json => print_json(&EvidenceWire { mark: mark.clone(), id: id.to_string(), what })?,
            Output::Text | Output::Md | Output::Html => print_text(&format!("{mark}  {id}\n{what}\n"))?,
        }
        return Ok(Ended::Done);
    }
    let forms = match global.output {
        Output::Json => FORMS.to_vec(),
        output => vec![Form::Sink(sink(output))],
    };
    words.record(&finding, &explained, &forms)?.keep(&mut store, app.now(), "cli");
    match global.output {
        Output::Json => print_json(&wire(&store, &snapshot, &finding, &ranked, &explained)?)?,
        output => print_text(&escape(&explained.document, sink(output)))?,
    }
    Ok(Ended::Done)
}

/// The finding that an id, the beginning of one, a number of today's list or a vulnerability names.
pub(crate) fn find<'a>(store: &Store, snapshot: &'a Snapshot, text: &str) -> Result<(Finding, Ranked<'a>)> {
    let unknown = || unknown(text);
    let id = match text.parse::<usize>() {
        Ok(n) if n >= 1 => {
            let items = today::items(store, snapshot, today::TODAY_MAX)?;
            let item = items.get(n - 1).ok_or_else(|| {
                Usage(format!("today has {}; {n} is none of them", how_many(items.len() as u64, "finding", "findings")))
            })?;
            item.finding.id
        }
        _ => match store.find(text)? {
            Some(id) => id,
            None => the_only_one(store, snapshot, text, ticket::vuln(text).or_else(|| nicknamed(text).pop()))?,
        },
    };
    let ranked = snapshot.ranked(id).ok_or_else(unknown)?;
    let finding = store.details(&[id], snapshot.world.as_of)?.into_iter().next().ok_or_else(unknown)?;
    Ok((finding, ranked))
}

fn unknown(text: &str) -> Usage {
    Usage(format!(
        "no finding `{text}`: give an id of `assay findings`, the beginning of one, a number that `assay` prints, or a vulnerability that is open in one place"
    ))
}

/// The open finding that has a vulnerability, where one alone has it; else the error lists those to choose from.
fn the_only_one(store: &Store, snapshot: &Snapshot, text: &str, id: Option<VulnId>) -> Result<i64> {
    let id = id.ok_or_else(|| unknown(text))?;
    let vuln = store.vuln_row(&id)?.and_then(|row| snapshot.world.vuln_row(row));
    let has = |row: &Row| row.is_open() && vuln.is_some_and(|v| v.0 == row.vuln);
    let open: Vec<Ranked<'_>> = snapshot.table.list(&snapshot.policy, has).collect();
    match open.as_slice() {
        [] => {
            Err(Usage(format!("no open finding has {id}; `assay enrich` and `assay ask` say what was looked at"))
                .into())
        }
        [one] => Ok(i64::from(one.row.id)),
        many => {
            let ids: Vec<i64> = many.iter().take(CHOICES_MAX).map(|r| i64::from(r.row.id)).collect();
            let mut say = format!("{} findings have {id}; give one of these:", many.len());
            for finding in store.details(&ids, snapshot.world.as_of)? {
                let short = Shaped::Finding(finding.fingerprint);
                say.push_str(&format!("\n  {short}  {}", AssetWire::of(&finding).place()));
            }
            if many.len() > ids.len() {
                say.push_str(&format!("\n  and {} more: assay findings --cve {id}", many.len() - ids.len()));
            }
            Err(Usage(say).into())
        }
    }
}

/// What is said of an answer that nobody gave, or that a model read.
const fn mark_of(decided: &Decided) -> &'static str {
    match (decided.assumed, decided.read) {
        (true, _) => " (assumed)",
        (false, true) => " (model_reading)",
        (false, false) => "",
    }
}

/// An explanation as JSON.
pub(crate) fn wire(
    store: &Store,
    snapshot: &Snapshot,
    finding: &Finding,
    ranked: &Ranked<'_>,
    explained: &Explained,
) -> Result<ExplanationWire> {
    let mark = |(i, id): (usize, &EvidenceId)| -> Result<EvidenceWire> {
        Ok(EvidenceWire {
            mark: format!("e{}", i + 1),
            id: id.to_string(),
            what: store.evidence(id, snapshot.world.as_of)?,
        })
    };
    let factors = snapshot.factors(finding);
    Ok(ExplanationWire {
        finding: FindingWire::of(snapshot, finding, ranked),
        text: escape(&explained.document, Sink::Ticket),
        markdown: escape(&explained.document, Sink::Markdown),
        by: (&explained.settled.by).into(),
        plan: explained.settled.plan.text(),
        evidence: explained.evidence.iter().enumerate().map(mark).collect::<Result<_>>()?,
        decided_by: explained
            .brief
            .decided_by
            .iter()
            .map(|d| format!("{}={}{}", d.question, d.answer, mark_of(d)))
            .collect(),
        needs: factors.asked.as_ref().map(NeedsWire::from),
        reading: factors.text.as_ref().map(ReadingWire::from),
        similar: SimilarWire::of(&explained.similar),
    })
}
