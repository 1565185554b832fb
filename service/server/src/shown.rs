//! What was shown, kept so that it can be written again. Comes in: a guarded document, who arranged it, and the texts that
//! left. Goes out: a record of the brief, of the choices taken and of the frame that code wrote around them, under the digest
//! of each text. The texts themselves are not kept, and nothing is recorded that did not pass the last stage of the guard.

mod replay;
mod twin;

pub(crate) use replay::{Replay, replay};

use anyhow::Result;
use assay_core::brief::Brief;
use assay_core::catalogue::Catalogue;
use assay_core::document::{Block, Document, Guarded};
use assay_core::explain::facts;
use assay_core::ids::{Digest, Time};
use assay_core::plan::{By, Settled};
use assay_core::sink::{Sink, escape};
use assay_store::Store;
use twin::{BlockTwin, PropositionTwin, RecordTwin, TextTwin};

use crate::words::Made;

/// The build that wrote a text: another one may write it otherwise.
const BUILD: &str = env!("CARGO_PKG_VERSION");

/// How a text left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By a sink.
    Sink(Sink),
    /// As a page of a digest that stands alone.
    DigestPage,
}

impl Form {
    fn write(self, document: &Guarded<Document>) -> String {
        match self {
            Self::Sink(sink) => escape(document, sink),
            Self::DigestPage => crate::digest::page(document),
        }
    }
}

/// What a model's part in a text was.
pub(crate) struct Arranged<'a> {
    pub(crate) brief: &'a Brief,
    pub(crate) settled: &'a Settled,
    pub(crate) made: &'a Made,
    pub(crate) catalogue: &'a Catalogue,
}

/// A record that waits to be kept: which text of what, and from what it can be written again.
pub(crate) struct Kept {
    object: String,
    body: String,
}

/// The record of a text that left in some forms. `of` says what it is about: a finding's id, a span.
pub(crate) fn record(
    kind: &'static str,
    of: &str,
    document: &Guarded<Document>,
    arranged: Option<&Arranged<'_>>,
    forms: &[Form],
) -> Result<Kept> {
    let blocks = &document.get().blocks;
    // A document that was withheld has no facts in it, and is kept as it stands.
    let told = arranged.and_then(|a| {
        let told = facts(a.brief, &a.settled.plan, a.catalogue);
        let at = (!told.is_empty()).then(|| blocks.windows(told.len()).position(|w| w == told.as_slice()))??;
        Some((a, at, told.len()))
    });
    let (before, after) = match &told {
        Some((_, at, len)) => (&blocks[..*at], &blocks[at + len..]),
        None => (blocks.as_slice(), &blocks[..0]),
    };
    let twins = |blocks: &[Block]| -> Vec<BlockTwin> { blocks.iter().map(BlockTwin::from).collect() };
    let text = |form: &Form| TextTwin { form: twin::form_name(*form), sha256: digest_of(&form.write(document)) };
    let by = told.as_ref().map(|(a, ..)| &a.settled.by);
    let record = RecordTwin {
        kind: kind.to_owned(),
        as_of: document.get().as_of.millis(),
        build: BUILD.to_owned(),
        catalogue: told.as_ref().map(|(a, ..)| a.catalogue.version.clone()),
        model: by
            .and_then(By::model)
            .map(|model| twin::ModelTwin { name: model.name.to_string(), digest: model.digest.to_string() }),
        because: by.and_then(|by| match by {
            By::Model(_) => None,
            By::Fallback { because, .. } | By::Template(because) => Some(because.as_str().to_owned()),
        }),
        prompt: told.as_ref().and_then(|(a, ..)| a.made.prompt.as_ref().map(Digest::to_string)),
        raw: told.as_ref().map(|(a, ..)| a.made.raw.clone()),
        ms: told.as_ref().and_then(|(a, ..)| a.made.ms),
        plan: told.as_ref().map(|(a, ..)| a.settled.plan.text()),
        brief: told.as_ref().map(|(a, ..)| a.brief.propositions.iter().map(PropositionTwin::from).collect()),
        before: twins(before),
        after: twins(after),
        texts: forms.iter().map(text).collect(),
    };
    Ok(Kept { object: format!("{kind} {of}"), body: serde_json::to_string(&record)? })
}

impl Kept {
    /// Puts the record into the ledger and its digest into the audit chain. A text that cannot be recorded was shown all the
    /// same, and that is said in the log.
    pub(crate) fn keep(&self, store: &mut Store, at: Time, actor: &str) {
        if let Err(error) = store.keep_shown(at, actor, &self.object, &self.body) {
            tracing::warn!("what was shown is not in the audit chain: {error}");
        }
    }
}

fn digest_of(text: &str) -> String {
    Digest::of_bytes(text.as_bytes()).to_string()
}

#[cfg(test)]
mod tests;
