//! Questions as operators write them, by people who had not seen what reads them. Comes in: questions with the query that each
//! is, or the reason why there is none, and the names of a small shop. Goes out: how many are read exactly, how many are
//! refused that have no answer, and how many that have one. Cases that are held back are counted and never told, so that
//! nothing can be tuned on them.

mod cases;
mod score;

use std::collections::BTreeMap;

use assay_core::ids::Time;
use assay_core::ports::Embed;
use assay_core::query::{Abstain, Asked, NameIndex, Query, Read, Second, in_one_order, read};

pub use self::cases::{Case, Want, cases, shop};
use self::score::{Mark, Score};
use crate::outcome::Outcome;
use crate::{EvalError, Suite};

/// The questions of this build.
pub const QUESTIONS: &str = include_str!("../data/understand.jsonl");

/// The names that the questions are about, and the instant that they are asked at.
pub const NAMES: &str = include_str!("../data/understand-names.json");

/// The share of questions that must be read exactly.
const EXACT_MIN: f64 = 0.92;
/// The share of questions without an answer that must get none.
const REFUSED_MIN: f64 = 0.98;
/// The share of questions with an answer that must get one.
const ANSWERED_MIN: f64 = 0.95;

/// Who reads.
struct Reader<'a> {
    names: &'a NameIndex,
    as_of: Time,
    second: Option<(&'a Second, &'a dyn Embed)>,
}

impl Reader<'_> {
    fn read(&self, question: &str, previous: Option<&Query>) -> Result<Read, Abstain> {
        let first = read(question, self.names, previous, self.as_of);
        match self.second {
            Some((second, embed)) => {
                let asked = Asked { question, names: self.names, previous, as_of: self.as_of };
                second.or(first, asked, embed).0
            }
            None => first,
        }
    }

    fn mark(&self, case: &Case) -> Mark {
        let previous = case.after.as_deref().and_then(|q| self.read(q, None).ok()).map(|r| r.query);
        let got = self.read(&case.ask, previous.as_ref());
        let said = match &got {
            Ok(read) => in_one_order(&read.query.spelled()),
            Err(abstain) => format!("({})", abstain.reason()),
        };
        let exact = match &case.want {
            Want::Query(query) => said == in_one_order(query),
            Want::Abstain(reason) => said == format!("({reason})"),
        };
        Mark { answered: got.is_ok(), exact, said }
    }
}

/// Asks every question of the parser alone and, where there is a model, of both.
///
/// # Errors
/// When the names of this build cannot be read, or the model fails.
pub fn run(cases: &[Case], embed: Option<&dyn Embed>) -> Result<Vec<Outcome>, EvalError> {
    let bad = |source| EvalError::Cases { suite: Suite::Understand, source };
    let (names, as_of) = shop(NAMES).map_err(bad)?;
    let mut reader = Reader { names: &names, as_of, second: None };
    let alone = marks(&reader, cases);
    let mut rows = ROWS[0].outcomes(cases, &alone);
    rows.extend(apart(cases, &alone));
    if let Some(embed) = embed {
        let second =
            Second::new(embed).map_err(|e| EvalError::Ground { suite: Suite::Understand, source: Box::new(e) })?;
        reader.second = Some((&second, embed));
        let both = marks(&reader, cases);
        rows.extend(ROWS[1].outcomes(cases, &both));
        rows.push(changed(cases, &alone, &both));
    }
    Ok(rows)
}

fn marks(reader: &Reader<'_>, cases: &[Case]) -> Vec<Mark> {
    cases.iter().map(|case| reader.mark(case)).collect()
}

/// The names of the measures of one reader.
struct Rows {
    exact: &'static str,
    answered: &'static str,
    refused: &'static str,
    reason: &'static str,
}

const ROWS: [Rows; 2] = [
    Rows {
        exact: "exact query, parser alone",
        answered: "answerable and answered, parser alone",
        refused: "unanswerable and refused, parser alone",
        reason: "refused with the right reason, parser alone",
    },
    Rows {
        exact: "exact query, parser and model",
        answered: "answerable and answered, parser and model",
        refused: "unanswerable and refused, parser and model",
        reason: "refused with the right reason, parser and model",
    },
];

impl Rows {
    fn outcomes(&self, cases: &[Case], marks: &[Mark]) -> Vec<Outcome> {
        let held = |case: &Case| case.judged();
        let score = Score::of(cases, marks, held);
        let suite = Suite::Understand;
        vec![
            Outcome::at_least(suite, self.exact, score.exact(), EXACT_MIN, score.told_by(|c| c.kind().to_owned())),
            Outcome::at_least(
                suite,
                self.answered,
                score.answered(),
                ANSWERED_MIN,
                score.told_by(|c| c.writer.clone()),
            ),
            Outcome::at_least(suite, self.refused, score.refused(), REFUSED_MIN, score.told_refused()),
            Outcome::reported(suite, self.reason, score.reasons(), Vec::new()),
        ]
    }
}

/// What is only reported: the questions that the parser may be mended on, and other languages.
fn apart(cases: &[Case], marks: &[Mark]) -> Vec<Outcome> {
    let suite = Suite::Understand;
    let open = Score::of(cases, marks, |case| case.open && !case.is_foreign());
    let foreign = Score::of(cases, marks, Case::is_foreign);
    let mut rows = Vec::new();
    if open.any() {
        rows.push(Outcome::reported(suite, "all as written, open cases, parser alone", open.right(), open.told()));
    }
    if foreign.any() {
        rows.push(Outcome::reported(
            suite,
            "all as written, other languages, parser alone",
            foreign.right(),
            Vec::new(),
        ));
    }
    rows
}

/// Of the questions that the model read differently, how many it made right: above a half with its whole interval, it earns its
/// place.
fn changed(cases: &[Case], alone: &[Mark], both: &[Mark]) -> Outcome {
    let moved = cases.iter().zip(alone.iter().zip(both)).filter(|(case, (a, b))| case.judged() && a.exact != b.exact);
    let (mut better, mut all) = (0, 0);
    for (_, (_, with)) in moved {
        all += 1;
        better += usize::from(with.exact);
    }
    Outcome::reported(
        Suite::Understand,
        "made right, of those that the model made right or wrong",
        (better, all),
        Vec::new(),
    )
}

/// How many of each sort there are, by what stands in a case.
fn by<'a>(
    cases: impl Iterator<Item = (&'a Case, bool)>,
    sort: impl Fn(&Case) -> String,
) -> BTreeMap<String, (usize, usize)> {
    let mut out: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (case, hit) in cases {
        let of = out.entry(sort(case)).or_default();
        of.0 += usize::from(hit);
        of.1 += 1;
    }
    out
}

#[cfg(test)]
mod tests;
