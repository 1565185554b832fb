//! Conditions of exploitation, read out of texts. Comes in: sentences of ours with the conditions that they state, and
//! labels of records whose texts lie elsewhere. Goes out: precision and recall of what the table of phrases reads. A
//! condition counts as read where it is read from words that overlap those of the label.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::condition::Condition;
use assay_core::ids::Digest;
use assay_core::reading::Phrases;
use serde::Deserialize;

use crate::cases::{self, BadCase, Named};
use crate::outcome::Outcome;
use crate::{EvalError, Suite};

/// The sentences of this build.
pub const SENTENCES: &str = include_str!("../data/condition-sentences.jsonl");

/// The labels of this build: 200 records of container stacks, labelled before there was a reader. Their texts are not here.
pub const LABELS: &str = include_str!("../data/conditions.jsonl");

/// What must be right of what is read.
const PRECISION: f64 = 0.90;

/// What must be read of what is there.
const RECALL: f64 = 0.70;

/// A text, and the conditions that it states with their places in bytes.
#[derive(Clone, Debug)]
pub struct Labelled {
    id: String,
    text: Text,
    stated: Vec<(Condition, [usize; 2])>,
}

#[derive(Clone, Debug)]
enum Text {
    /// Here.
    Own(String),
    /// With whoever has the record.
    Elsewhere(Digest),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(alias = "cve")]
    id: String,
    text: Option<String>,
    sha256: Option<String>,
    conditions: Vec<Stated>,
    #[serde(default, rename = "note")]
    _note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    id: String,
    #[serde(default)]
    span: Option<[usize; 2]>,
    words: String,
}

impl Named for Line {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads labels: a line is a text or a text's digest, and conditions with their words and, of a digest, their bytes.
///
/// # Errors
/// When a line names no condition of the list, or words that its text has not.
pub fn read(text: &str) -> Result<Vec<Labelled>, BadCase> {
    cases::read(text, |line: Line| {
        let text = match (line.text, line.sha256) {
            (Some(text), None) => Text::Own(text),
            (None, Some(sha)) => Text::Elsewhere(digest(&sha)?),
            _ => return Err("it has a text or the digest of one".to_owned()),
        };
        let place = |stated: &Stated| match (stated.span, &text) {
            (Some(span), _) => Ok(span),
            (None, Text::Own(text)) => {
                let at = text.find(&stated.words).ok_or_else(|| format!("the text has not `{}`", stated.words))?;
                Ok([at, at + stated.words.len()])
            }
            (None, Text::Elsewhere(_)) => Err("a condition has no place".to_owned()),
        };
        let stated = line.conditions.iter().map(|stated| {
            let condition = stated.id.parse().map_err(|_| format!("no condition `{}`", stated.id))?;
            Ok((condition, place(stated)?))
        });
        let stated = stated.collect::<Result<_, String>>()?;
        Ok(Labelled { id: line.id, text, stated })
    })
}

fn digest(text: &str) -> Result<Digest, String> {
    let text = if text.starts_with("sha256:") { text.to_owned() } else { format!("sha256:{text}") };
    text.parse().map_err(|e: assay_core::ids::BadDigest| e.to_string())
}

/// Reads the sentences, and of the labelled records those whose texts, by id, are at hand. Of records whose text is not, or is not
/// the labelled one, nothing is said.
///
/// # Errors
/// When the table of phrases cannot be read.
pub fn run(
    sentences: &[Labelled],
    records: &[Labelled],
    texts: &BTreeMap<String, String>,
) -> Result<Vec<Outcome>, EvalError> {
    let table = Phrases::bundled()?;
    let own = sentences.iter().filter_map(|s| match &s.text {
        Text::Own(text) => Some((s, text.as_str())),
        Text::Elsewhere(_) => None,
    });
    let mut outcomes = vec![exact(&table, own)];
    let known = records.iter().filter_map(|r| match &r.text {
        Text::Own(text) => Some((r, text.as_str())),
        Text::Elsewhere(sha) => {
            let text = texts.get(&r.id).filter(|text| Digest::of_bytes(text.as_bytes()) == *sha)?;
            Some((r, text.as_str()))
        }
    });
    let known: Vec<_> = known.collect();
    if !known.is_empty() {
        outcomes.extend(of_records(&table, &known));
    }
    Ok(outcomes)
}

/// Sentences of ours that give exactly their conditions.
fn exact<'a>(table: &Phrases, own: impl Iterator<Item = (&'a Labelled, &'a str)>) -> Outcome {
    let (mut cases, mut failed) = (0, Vec::new());
    for (labelled, text) in own {
        cases += 1;
        let read: BTreeSet<Condition> = table.read(text).iter().map(|s| s.condition).collect();
        let wanted: BTreeSet<Condition> = labelled.stated.iter().map(|(c, _)| *c).collect();
        if read != wanted {
            failed.push(format!("{}: {}", labelled.id, names(&read)));
        }
    }
    Outcome::share(Suite::Conditions, "sentences of ours with exactly their conditions", cases, failed)
}

fn names(conditions: &BTreeSet<Condition>) -> String {
    conditions.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(" ")
}

/// Precision and recall over pairs of a record and a condition.
fn of_records(table: &Phrases, known: &[(&Labelled, &str)]) -> [Outcome; 2] {
    let (mut right, mut read, mut stated) = (0, 0, 0);
    let (mut wrong, mut missed) = (Vec::new(), Vec::new());
    for (labelled, text) in known {
        let spans = table.read(text);
        let of_text: BTreeSet<Condition> = spans.iter().map(|s| s.condition).collect();
        let of_label: BTreeSet<Condition> = labelled.stated.iter().map(|(c, _)| *c).collect();
        for condition in of_text.union(&of_label) {
            let mine = spans.iter().filter(|s| s.condition == *condition);
            let over = |start: usize, end: usize| {
                let wanted = labelled.stated.iter().filter(|(c, _)| c == condition);
                wanted.into_iter().any(|(_, [from, to])| start < *to && *from < end)
            };
            let hit = mine.into_iter().any(|s| over(s.start as usize, s.end as usize));
            let (is_read, is_stated) = (of_text.contains(condition), of_label.contains(condition));
            read += usize::from(is_read);
            stated += usize::from(is_stated);
            right += usize::from(hit);
            // The texts are not ours to show.
            if is_read && !hit {
                wrong.push(format!("{}: {condition} is read and not stated there", labelled.id));
            }
            if is_stated && !hit {
                missed.push(format!("{}: {condition} is stated and not read there", labelled.id));
            }
        }
    }
    [
        Outcome::at_least(Suite::Conditions, "read from records and stated there", (right, read), PRECISION, wrong),
        Outcome::at_least(Suite::Conditions, "stated by records and read there", (right, stated), RECALL, missed),
    ]
}

#[cfg(test)]
mod tests;
