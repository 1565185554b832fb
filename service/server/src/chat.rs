//! A question about the findings, answered. Comes in: the question's text and the one before it. Goes out: the typed
//! query that it was read as, rows and words of the same road that every surface walks, or the reason why there is no
//! answer. It reads, and can do nothing else.

mod concluded;
mod counts;
mod findings;
mod fixes;
mod moved;
mod names;
mod places;
mod refusal;
mod scope;
mod shifted;
mod sieve;
mod sources;
mod tables;
mod wire;

use anyhow::Result;
use assay_core::document::{Block, Document, Guarded, guard, withheld};
use assay_core::ids::Time;
use assay_core::query::{Abstain, Asked, NameIndex, QUESTION_BYTES_MAX, Query, QueryKind, Read, ReadBy, read, reading};
use assay_core::text::{Door, Opaque};
use assay_store::{PlanRecord, Store};

pub(crate) use names::index;
pub(crate) use wire::AskWire;

use crate::Usage;
use crate::commands::explain::ByWire;
use crate::snapshot::Snapshot;
use crate::words::Words;
use wire::RowWire;

/// Everything that a question is answered from. The names are the caller's: what is not in them cannot be asked for.
pub(crate) struct Chat<'a> {
    pub(crate) store: &'a Store,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) names: &'a NameIndex,
    pub(crate) words: &'a Words,
    pub(crate) door: &'a dyn Door,
}

/// An answer, or the reason why there is none.
pub(crate) struct Answer {
    pub(crate) question: Opaque,
    /// What the question was read as; none when it was not.
    pub(crate) query: Option<Query>,
    pub(crate) abstained: Option<Abstain>,
    pub(crate) document: Guarded<Document>,
    pub(crate) rows: Vec<RowWire>,
    /// Who read the question.
    pub(crate) read_by: ReadBy,
    /// Who arranged the words, where words were arranged.
    pub(crate) by: Option<ByWire>,
    /// What a model chose, to be kept.
    pub(crate) plan: Option<PlanRecord>,
}

impl Answer {
    /// Who read the question and why, as it stands on the wire.
    fn read(&self) -> (&'static str, &'static str) {
        match (self.read_by, &self.query) {
            (ReadBy::Model { .. }, _) => ("model", "nearest_frame"),
            (ReadBy::Parser, Some(_)) => ("parser", "understood"),
            (ReadBy::Parser, None) => ("parser", "refused"),
        }
    }
}

/// What a query comes to.
#[derive(Default)]
struct Told {
    blocks: Vec<Block>,
    rows: Vec<RowWire>,
    /// The findings that are shown, in the order of their numbers.
    findings: Vec<i64>,
    by: Option<ByWire>,
    plan: Option<PlanRecord>,
}

/// The most questions before this one that are read.
const PREVIOUS_MAX: usize = 16;

/// An answer's parts, or why there are none.
type Outcome = Result<Result<Told, Abstain>>;

/// Refuses what is too long to be a question, unread.
pub(crate) fn fits(question: &str) -> Result<&str> {
    if question.len() > QUESTION_BYTES_MAX {
        let bytes = question.len();
        return Err(Usage(format!("the question has {bytes} bytes; up to {QUESTION_BYTES_MAX} are read")).into());
    }
    Ok(question)
}

impl Chat<'_> {
    /// The query of the questions before this one: one a line, each read after the other, the last of many.
    pub(crate) fn previous(&self, questions: &str) -> Option<Query> {
        let as_of = self.snapshot.world.as_of;
        let lines: Vec<&str> = questions.lines().rev().take(PREVIOUS_MAX).collect();
        let mut before: Option<Query> = None;
        for question in lines.into_iter().rev() {
            // What was not read then is nothing to lean on now.
            before = self.read(question, before.as_ref(), as_of).0.ok().map(|r| r.query).or(before);
        }
        before
    }

    /// Answers a question; `previous` is what the one before it was read as.
    pub(crate) fn answer(&self, question: &str, previous: Option<&Query>) -> Result<Answer> {
        let question = fits(question)?;
        let (asked, by) = self.read(question, previous, self.snapshot.world.as_of);
        let answer = self.of_reading(question, asked, by)?;
        Ok(Answer { read_by: by, ..answer })
    }

    /// The parser is first. A model may try what it did not understand, and nothing else (`Abstain::is_open_to_a_model`); what
    /// it reads is echoed and run like any other query.
    fn read(
        &self,
        question: &str,
        previous: Option<&Query>,
        as_of: Time,
    ) -> (std::result::Result<Read, Abstain>, ReadBy) {
        let first = read(question, self.names, previous, as_of);
        let open = first.as_ref().is_err_and(Abstain::is_open_to_a_model);
        match open.then(|| self.words.models.second()).flatten() {
            Some((second, embed)) => {
                second.or(first, Asked { question, names: self.names, previous, as_of }, embed.as_ref())
            }
            None => (first, ReadBy::Parser),
        }
    }

    fn of_reading(&self, question: &str, asked: std::result::Result<Read, Abstain>, by: ReadBy) -> Result<Answer> {
        match asked {
            Ok(Read { query, left_aside }) => {
                let left_aside: Vec<Opaque> = left_aside.iter().map(|w| self.admitted(w)).collect();
                let mut blocks = vec![Block::Line(reading(&query, &left_aside))];
                if matches!(by, ReadBy::Model { .. }) {
                    blocks.push(tables::line(
                        "The parser did not understand it. A model named the kind of question; the rest is what the words say.",
                    ));
                }
                match self.told(&query)? {
                    Ok(told) => {
                        blocks.extend(told.blocks);
                        let answer = self.made(question, Some(query), None, blocks);
                        Ok(Answer { rows: told.rows, by: told.by, plan: told.plan, ..answer })
                    }
                    Err(abstain) => {
                        blocks.extend(refusal::blocks(&abstain, self.snapshot));
                        Ok(self.made(question, Some(query), Some(abstain), blocks))
                    }
                }
            }
            Err(abstain) => {
                let abstain = self.admitted_abstain(abstain);
                let mut blocks = refusal::blocks(&abstain, self.snapshot);
                if abstain.is_open_to_a_model() {
                    blocks.splice(1..1, refusal::near_words(question, self.names, self.door));
                }
                Ok(self.made(question, None, Some(abstain), blocks))
            }
        }
    }

    fn made(&self, question: &str, query: Option<Query>, abstained: Option<Abstain>, blocks: Vec<Block>) -> Answer {
        let as_of = self.snapshot.world.as_of;
        let document = guard(Document { as_of, blocks }, self.door).unwrap_or_else(|alarm| {
            tracing::error!("{alarm}");
            withheld(as_of)
        });
        let question = Opaque::admit(question, self.door);
        Answer { question, query, abstained, document, rows: Vec::new(), read_by: ReadBy::Parser, by: None, plan: None }
    }

    /// A word of the question, as far as it may be shown.
    fn admitted(&self, word: &Opaque) -> Opaque {
        Opaque::admit_name(word.reveal(), self.door)
    }

    fn admitted_abstain(&self, abstain: Abstain) -> Abstain {
        match abstain {
            Abstain::UnknownName { said, near } => Abstain::UnknownName { said: self.admitted(&said), near },
            Abstain::TooManyNames { said, names } => Abstain::TooManyNames { said: self.admitted(&said), names },
            other => other,
        }
    }

    fn told(&self, query: &Query) -> Outcome {
        if let Some(abstain) = self.silent_source(query)? {
            return Ok(Err(abstain));
        }
        match query.kind {
            QueryKind::Top => self.top(query).map(Ok),
            QueryKind::Why => self.why(query),
            QueryKind::List => self.list(query).map(Ok),
            QueryKind::Count => self.count(query).map(Ok),
            QueryKind::Due => self.due(query).map(Ok),
            QueryKind::Affected => self.affected(query).map(Ok),
            QueryKind::Changed => self.changed(query).map(Ok),
            QueryKind::WhoRuns => self.who_runs(query).map(Ok),
            QueryKind::Paths => self.paths(query),
            QueryKind::ChokePoints => Ok(Err(refusal::not_computed())),
            QueryKind::Fixes => self.fixes(query).map(Ok),
            QueryKind::Decisions => self.decisions(query).map(Ok),
            QueryKind::Coverage => self.coverage(query).map(Ok),
            QueryKind::Blind => self.blind(query).map(Ok),
        }
    }
}

#[cfg(test)]
mod tests;
