//! Which sentence of a vulnerability's description says what an attacker can do. Comes in: places that were labelled before
//! anything chose one, and the texts: a few of ours, and those of CVE records where they are at hand. Goes out: for each way
//! to choose the share of texts in which it picks a labelled sentence.

use std::collections::BTreeMap;
use std::ops::Range;

use assay_core::ids::Digest;
use assay_core::ports::Embed;
use assay_core::quote::{effect, sentences};
use serde::Deserialize;

use crate::cases::{self, BadCase, Named};
use crate::ground::{Absent, Ground};
use crate::outcome::Outcome;
use crate::{EvalError, Suite};

/// Labels of texts that are no part of the project: the CVE, the digest of the text, the places.
pub const LABELS: &str = include_str!("../../data/quotes.jsonl");
/// Texts of ours with the sentence that is right.
pub const OWN: &str = include_str!("../../data/quotes-own.jsonl");
/// Sentences of ours that say what an attacker can do: the nearest sentence of a text is the embedding's choice.
pub const REFERENCES: &str = include_str!("../../../prompts/effects.txt");
/// A choice is right when it shares at least this much with a labelled place: where sentences part may be seen otherwise.
const SHARED_MIN: f64 = 0.5;

/// A text and the places in it that are right; none where no sentence says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Its name.
    pub id: String,
    /// The text.
    pub text: String,
    /// The sentences that are right, as bytes.
    pub accept: Vec<Range<usize>>,
}

/// A label without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    id: String,
    sha256: String,
    accept: Vec<Range<usize>>,
    /// The first set mended what chooses; the second was labelled and run after that.
    set: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelLine {
    id: String,
    sha256: String,
    accept: Vec<[usize; 2]>,
    set: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnLine {
    id: String,
    text: String,
    accept: Vec<String>,
}

impl Named for LabelLine {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Named for OwnLine {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads labels.
///
/// # Errors
/// When a line is no label.
pub fn labels(text: &str) -> Result<Vec<Label>, BadCase> {
    cases::read(text, |line: LabelLine| {
        let accept: Vec<Range<usize>> = line.accept.into_iter().map(|[from, to]| from..to).collect();
        if accept.iter().any(Range::is_empty) {
            return Err("a place is empty".to_owned());
        }
        if !matches!(line.set, 1 | 2) {
            return Err("a set is 1 or 2".to_owned());
        }
        Ok(Label { id: line.id, sha256: line.sha256, accept, set: line.set })
    })
}

/// Reads texts of ours.
///
/// # Errors
/// When a line is no text, or a sentence does not stand in it.
pub fn own(text: &str) -> Result<Vec<Labelled>, BadCase> {
    cases::read(text, |line: OwnLine| {
        let place = |sentence: &String| line.text.find(sentence.as_str()).map(|at| at..at + sentence.len());
        let accept = line.accept.iter().map(place).collect::<Option<Vec<_>>>();
        let accept = accept.ok_or_else(|| "a sentence is not in the text".to_owned())?;
        Ok(Labelled { id: line.id, text: line.text, accept })
    })
}

/// Labels with their texts, where the text is the one that was labelled; and how many were not.
fn joined(labels: Vec<Label>, texts: &BTreeMap<String, String>) -> Vec<Labelled> {
    let with = |label: Label| {
        let text = texts.get(&label.id)?;
        let same = Digest::of_bytes(text.as_bytes()).to_string().strip_prefix("sha256:") == Some(label.sha256.as_str());
        let inside = label.accept.iter().all(|place| text.get(place.clone()).is_some());
        (same && inside).then(|| Labelled { id: label.id, text: text.clone(), accept: label.accept })
    };
    labels.into_iter().filter_map(with).collect()
}

/// Lets every way choose.
///
/// # Errors
/// When labels cannot be read.
pub fn run(own_texts: &[Labelled], labels: Vec<Label>, ground: &impl Ground) -> Result<Vec<Outcome>, EvalError> {
    let embedder = ground.embedder();
    let mut out = Vec::new();
    let wanted = labels.len();
    let texts = ground.descriptions();
    let of = |set: u8| {
        let labels = labels.iter().filter(|label| label.set == set).cloned().collect();
        texts.clone().map(|texts| joined(labels, &texts))
    };
    for (set, names) in [(Ok(own_texts.to_vec()), &OURS), (of(1), &FIRST), (of(2), &SECOND)] {
        let set = match set {
            Ok(set) => set,
            Err(Absent(why)) => {
                let none = |measure| Outcome::skipped(Suite::Quote, measure, &format!("{why} ({wanted} labels)"));
                out.extend([names.effect, names.embedding].map(none));
                continue;
            }
        };
        let (says, silent): (Vec<&Labelled>, Vec<&Labelled>) = set.iter().partition(|case| !case.accept.is_empty());
        let first = |case: &Labelled| sentences(&case.text).into_iter().next();
        out.push(chosen(names.first, &says, first).told());
        out.push(chosen(names.effect, &says, |case| effect(&case.text)).told());
        out.push(match &embedder {
            Ok(embedder) => chosen(names.embedding, &says, |case| nearest(&case.text, embedder.as_ref())).told(),
            Err(Absent(why)) => Outcome::skipped(Suite::Quote, names.embedding, why),
        });
        if !silent.is_empty() {
            let picked: Vec<String> =
                silent.iter().filter(|case| effect(&case.text).is_some()).map(|case| case.id.clone()).collect();
            out.push(Outcome::share(Suite::Quote, names.silent, silent.len(), picked).told());
        }
    }
    Ok(out)
}

/// What the rows of a set are called.
struct Names {
    first: &'static str,
    effect: &'static str,
    embedding: &'static str,
    silent: &'static str,
}

const OURS: Names = Names {
    first: "our texts, right sentence: the first",
    effect: "our texts, right sentence: by words of effect",
    embedding: "our texts, right sentence: nearest by embedding",
    silent: "our texts that say it nowhere, none picked: by words of effect",
};

const FIRST: Names = Names {
    first: "CVE texts, first set, right sentence: the first",
    effect: "CVE texts, first set, right sentence: by words of effect",
    embedding: "CVE texts, first set, right sentence: nearest by embedding",
    silent: "CVE texts, first set, that say it nowhere, none picked: by words of effect",
};

const SECOND: Names = Names {
    first: "CVE texts, second set, right sentence: the first",
    effect: "CVE texts, second set, right sentence: by words of effect",
    embedding: "CVE texts, second set, right sentence: nearest by embedding",
    silent: "CVE texts, second set, that say it nowhere, none picked: by words of effect",
};

fn chosen(measure: &'static str, cases: &[&Labelled], choose: impl Fn(&Labelled) -> Option<Range<usize>>) -> Outcome {
    let wrong = cases.iter().filter_map(|case| {
        let choice = choose(case);
        let right = choice.as_ref().is_some_and(|c| case.accept.iter().any(|a| shared(c, a) >= SHARED_MIN));
        (!right).then(|| format!("{}: {choice:?} and not {:?}", case.id, case.accept))
    });
    Outcome::share(Suite::Quote, measure, cases.len(), wrong.collect())
}

/// What two places have in common, as a share of both together.
fn shared(a: &Range<usize>, b: &Range<usize>) -> f64 {
    let both = a.end.min(b.end).saturating_sub(a.start.max(b.start));
    let either = a.end.max(b.end) - a.start.min(b.start);
    both as f64 / either.max(1) as f64
}

/// The sentence that is nearest to one of the references.
fn nearest(text: &str, embedder: &dyn Embed) -> Option<Range<usize>> {
    let all = sentences(text);
    let references: Vec<&str> = REFERENCES.lines().filter(|line| !line.trim().is_empty()).collect();
    let texts: Vec<&str> = all.iter().map(|place| &text[place.clone()]).chain(references.iter().copied()).collect();
    let vectors = embedder.embed(&texts).ok()?;
    let (own, references) = vectors.split_at(all.len());
    let near = |vector: &Vec<f32>| {
        let cosine = |other: &Vec<f32>| vector.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
        references.iter().map(cosine).fold(f32::NEG_INFINITY, f32::max)
    };
    let best = all.iter().zip(own.iter().map(near)).rev().max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.map(|(place, _)| place.clone())
}

#[cfg(test)]
mod tests;
