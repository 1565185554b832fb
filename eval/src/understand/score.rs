//! What readings come to: shares, and the sorts of questions in which they fall short.

use super::cases::{Case, Want};

/// What became of a question.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) answered: bool,
    /// The query is the one that is wanted, or the reason is.
    pub(super) exact: bool,
    /// The query on a line, or the reason in brackets.
    pub(super) said: String,
}

/// The questions of one sort with what became of them.
pub(super) struct Score<'a> {
    pairs: Vec<(&'a Case, &'a Mark)>,
}

impl<'a> Score<'a> {
    pub(super) fn of(cases: &'a [Case], marks: &'a [Mark], take: impl Fn(&Case) -> bool) -> Self {
        Self { pairs: cases.iter().zip(marks).filter(|(case, _)| take(case)).collect() }
    }

    pub(super) fn any(&self) -> bool {
        !self.pairs.is_empty()
    }

    fn answerable(&self) -> impl Iterator<Item = &(&'a Case, &'a Mark)> {
        self.pairs.iter().filter(|(case, _)| matches!(case.want, Want::Query(_)))
    }

    fn unanswerable(&self) -> impl Iterator<Item = &(&'a Case, &'a Mark)> {
        self.pairs.iter().filter(|(case, _)| matches!(case.want, Want::Abstain(_)))
    }

    pub(super) fn exact(&self) -> (usize, usize) {
        (self.answerable().filter(|(_, mark)| mark.exact).count(), self.answerable().count())
    }

    pub(super) fn answered(&self) -> (usize, usize) {
        (self.answerable().filter(|(_, mark)| mark.answered).count(), self.answerable().count())
    }

    pub(super) fn refused(&self) -> (usize, usize) {
        (self.unanswerable().filter(|(_, mark)| !mark.answered).count(), self.unanswerable().count())
    }

    pub(super) fn reasons(&self) -> (usize, usize) {
        (self.unanswerable().filter(|(_, mark)| mark.exact).count(), self.unanswerable().count())
    }

    pub(super) fn right(&self) -> (usize, usize) {
        (self.pairs.iter().filter(|(_, mark)| mark.exact).count(), self.pairs.len())
    }

    /// How many of the answerable are exact, by sort; sorts without a miss are left out.
    pub(super) fn told_by(&self, sort: impl Fn(&Case) -> String) -> Vec<String> {
        told(super::by(self.answerable().map(|(case, mark)| (*case, mark.exact)), sort), "exact")
    }

    /// How many of the unanswerable are refused, by the reason that is wanted.
    pub(super) fn told_refused(&self) -> Vec<String> {
        let sort = |case: &Case| match &case.want {
            Want::Abstain(reason) => reason.as_str().to_owned(),
            Want::Query(_) => String::new(),
        };
        told(super::by(self.unanswerable().map(|(case, mark)| (*case, !mark.answered)), sort), "refused")
    }

    /// The questions that came to something else.
    pub(super) fn told(&self) -> Vec<String> {
        let wrong = self.pairs.iter().filter(|(_, mark)| !mark.exact);
        wrong.map(|(case, mark)| format!("{}: {:?} was read as {}", case.id, case.ask, mark.said)).collect()
    }
}

fn told(sorts: std::collections::BTreeMap<String, (usize, usize)>, what: &str) -> Vec<String> {
    let short = sorts.into_iter().filter(|(_, (hits, all))| hits < all);
    short.map(|(sort, (hits, all))| format!("{sort}: {hits} of {all} {what}")).collect()
}
