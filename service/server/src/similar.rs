//! What stands beside a finding or a ticket. Comes in: a finding, or a ticket's text. Goes out: the same flaw elsewhere,
//! past decisions, tickets, and texts that say something alike. Typed keys first; texts by words and, where a model made
//! them, by vectors, fused in the core. None of it enters factors, rank or a prompt.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use assay_core::finding::Finding;
use assay_core::fuse::fuse;
use assay_core::order::{NOWHERE, Row};
use assay_core::similar::{Found, Similar};
use assay_core::text::{Opaque, Redacted};
use assay_store::{PastDecision, Store, VectorIndex};
use serde::Serialize;

use crate::models::LocalModels;
use crate::snapshot::Snapshot;
use crate::today::counts;

/// The most of each sort.
const SOME: usize = 3;
/// Texts of each list that are fused.
const TEXTS_MAX: usize = 30;
/// From this cosine on two texts say something alike: below it MiniLM finds any two texts about software.
const ALIKE: f32 = 0.55;
/// Texts that share fewer rare words than this are not alike by words.
const SHARED_WORDS: usize = 3;

/// Search of texts.
#[derive(Clone)]
pub(crate) struct TextSearch {
    models: LocalModels,
    index: Arc<Mutex<Option<Arc<VectorIndex>>>>,
}

impl TextSearch {
    pub(crate) fn new(models: LocalModels) -> Self {
        Self { models, index: Arc::default() }
    }

    /// Forgets the vectors in memory, because there are new ones.
    pub(crate) fn forget(&self) {
        *self.index.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The vectors of the model that is installed, read once.
    fn index(&self, store: &Store) -> Result<Option<Arc<VectorIndex>>> {
        let Some(model) = self.models.embedding_model() else { return Ok(None) };
        let mut kept = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() {
            *kept = Some(Arc::new(store.vector_index(&model)?));
        }
        Ok(kept.clone().filter(|index| !index.is_empty()))
    }

    /// The text of a passage, with the vector that it may have. Nobody waits for a model here.
    fn known(&self, store: &Store, passage: i64, text: String) -> Result<Asked> {
        let index = self.index(store)?;
        let vector = index.as_ref().and_then(|index| index.vector(passage));
        Ok(Asked { text, vector, index, passage: Some(passage) })
    }

    /// A new text, embedded where there are vectors to hold it against.
    fn new_text(&self, store: &Store, text: &str) -> Result<Asked> {
        let index = self.index(store)?;
        let vector = match index.as_ref().and_then(|_| self.models.embedder()).map(|e| e.embed(&[text])) {
            Some(Ok(vectors)) => vectors.into_iter().next(),
            Some(Err(error)) => {
                tracing::warn!("the text was not embedded: {error}");
                None
            }
            None => None,
        };
        Ok(Asked { text: text.to_owned(), vector, index, passage: None })
    }

    /// What stands beside a finding.
    pub(crate) fn beside(&self, store: &Store, snapshot: &Snapshot, finding: &Finding, row: &Row) -> Result<Similar> {
        let as_of = snapshot.world.as_of;
        let same = |other: &Row| {
            other.class == row.class
                && ((row.vuln != NOWHERE && other.vuln == row.vuln)
                    || (row.vuln == NOWHERE && row.control != NOWHERE && other.control == row.control))
        };
        let elsewhere = |other: &Row| counts(other) && other.asset != row.asset && same(other);
        let mut total = 0;
        let mut some: Vec<i64> = Vec::new();
        for ranked in snapshot.table.list(&snapshot.policy, elsewhere) {
            total += 1;
            if some.len() < SOME {
                some.push(i64::from(ranked.row.id));
            }
        }
        let mut similar =
            Similar { elsewhere: store.details(&some, as_of)?, elsewhere_total: total, ..Similar::default() };
        add_decisions(store, snapshot, store.decisions_like(finding.id, SOME)?, Found::ByKey, &mut similar)?;
        similar.tickets = store.tickets_of(&[finding.id], SOME + 1)?.into_iter().map(|t| (t, Found::ByKey)).collect();
        if let Some((passage, text)) = store.passage_of(finding.id)? {
            let asked = self.known(store, passage, text)?;
            let other = |f: &Finding| f.id != finding.id && f.cause != finding.cause && f.matter != finding.matter;
            by_text(store, snapshot, &asked, &mut similar, other)?;
        }
        Ok(similar)
    }

    /// What stands beside a ticket: `named` are the findings that it names already.
    pub(crate) fn beside_ticket(
        &self,
        store: &Store,
        snapshot: &Snapshot,
        text: &Opaque,
        named: &[&Finding],
        key: Option<&Opaque>,
    ) -> Result<Similar> {
        let ids: Vec<i64> = named.iter().map(|f| f.id).collect();
        let mut similar = Similar::default();
        add_decisions(store, snapshot, store.decisions_about(&ids, SOME)?, Found::ByKey, &mut similar)?;
        for id in ids.iter().take(SOME) {
            add_decisions(store, snapshot, store.decisions_like(*id, SOME)?, Found::ByKey, &mut similar)?;
        }
        similar.tickets = store.tickets_of(&ids, SOME + 1)?.into_iter().map(|t| (t, Found::ByKey)).collect();
        let asked = self.new_text(store, text.reveal())?;
        by_text(store, snapshot, &asked, &mut similar, |f| named.iter().all(|n| n.matter != f.matter))?;
        similar.tickets.retain(|(ticket, _)| Some(ticket) != key);
        Ok(similar)
    }
}

/// A text, and the vectors to hold it against.
struct Asked {
    text: String,
    vector: Option<Vec<f32>>,
    index: Option<Arc<VectorIndex>>,
    passage: Option<i64>,
}

/// Texts of some kinds that say something alike, best first.
fn alike(store: &Store, asked: &Asked, kinds: &[&str]) -> Result<Vec<i64>> {
    let words = store.matching_most(&asked.text, kinds, SHARED_WORDS, TEXTS_MAX)?;
    let near = match (&asked.index, &asked.vector) {
        (Some(index), Some(vector)) => index.above(vector, kinds, ALIKE, TEXTS_MAX),
        _ => Vec::new(),
    };
    let mut found = fuse(&[&near, &words], TEXTS_MAX);
    found.retain(|id| Some(*id) != asked.passage);
    Ok(found)
}

/// Adds what is alike by text.
fn by_text(
    store: &Store,
    snapshot: &Snapshot,
    asked: &Asked,
    similar: &mut Similar,
    wanted: impl Fn(&Finding) -> bool,
) -> Result<()> {
    let found = alike(store, asked, &["cve", "claim"])?;
    let ids: Vec<i64> = store.findings_of_passages(&found, TEXTS_MAX)?.into_iter().map(|(id, _)| id).collect();
    let mut seen = Vec::new();
    for finding in store.details(&ids, snapshot.world.as_of)? {
        if similar.by_text.len() >= SOME {
            break;
        }
        let open = snapshot.ranked(finding.id).is_some_and(|r| counts(r.row));
        if open && wanted(&finding) && !seen.contains(&finding.matter) {
            seen.push(finding.matter.clone());
            similar.by_text.push(finding);
        }
    }
    let found = alike(store, asked, &["decision", "ticket"])?;
    let about = store.findings_of_passages(&found, SOME)?;
    let decided: Vec<i64> = about.into_iter().filter_map(|(id, decision)| decision.then_some(id)).collect();
    add_decisions(store, snapshot, store.decisions_about(&decided, SOME)?, Found::ByText, similar)?;
    for key in store.tickets_of_passages(&found, SOME)? {
        if !similar.tickets.iter().any(|(known, _)| *known == key) {
            similar.tickets.push((key, Found::ByText));
        }
    }
    Ok(())
}

/// Adds past decisions that are not there yet.
fn add_decisions(
    store: &Store,
    snapshot: &Snapshot,
    past: Vec<PastDecision>,
    found: Found,
    similar: &mut Similar,
) -> Result<()> {
    for one in past {
        if similar.decisions.len() >= SOME || similar.decisions.iter().any(|(known, ..)| *known == one) {
            continue;
        }
        if let Some(finding) = store.details(&[one.finding], snapshot.world.as_of)?.into_iter().next() {
            similar.decisions.push((one, finding, found));
        }
    }
    Ok(())
}

/// The panel on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct SimilarWire {
    /// Open findings of the same vulnerability or control in other places: how many, and the most urgent of them.
    elsewhere_total: u64,
    elsewhere: Vec<String>,
    decisions: Vec<PastWire>,
    tickets: Vec<TicketWire>,
    /// Open findings whose text is alike.
    by_text: Vec<String>,
}

#[derive(Debug, Serialize)]
struct PastWire {
    finding: String,
    status: &'static str,
    by: Redacted,
    at: String,
    until: Option<String>,
    revoked: bool,
    found: &'static str,
}

#[derive(Debug, Serialize)]
struct TicketWire {
    key: Redacted,
    found: &'static str,
}

impl SimilarWire {
    pub(crate) fn of(similar: &Similar) -> Self {
        let id = |f: &Finding| f.fingerprint.to_string();
        let found = |f: Found| match f {
            Found::ByKey => "by_key",
            Found::ByText => "by_text",
        };
        Self {
            elsewhere_total: similar.elsewhere_total,
            elsewhere: similar.elsewhere.iter().map(id).collect(),
            decisions: similar
                .decisions
                .iter()
                .map(|(past, finding, how)| PastWire {
                    finding: id(finding),
                    status: past.decision.status.as_str(),
                    by: (&past.decision.by).into(),
                    at: past.decision.at.to_string(),
                    until: past.decision.until.map(|t| t.to_string()),
                    revoked: past.ended.is_some(),
                    found: found(*how),
                })
                .collect(),
            tickets: similar
                .tickets
                .iter()
                .map(|(key, how)| TicketWire { key: key.into(), found: found(*how) })
                .collect(),
            by_text: similar.by_text.iter().map(id).collect(),
        }
    }
}
