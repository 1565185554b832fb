//! One measure of a suite, as it is printed.

use serde::Serialize;

use crate::Suite;
use crate::interval::wilson;

/// The most failed cases that are told one by one.
pub const FAILED_MAX: usize = 20;

/// What a measure came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The suite.
    pub suite: &'static str,
    /// What the value is.
    pub measure: &'static str,
    /// How many cases were looked at.
    pub cases: usize,
    /// A share, or a number of cases.
    pub value: f64,
    /// Where the true value lies, 95 times in 100, as if the cases were a sample.
    pub interval: [f64; 2],
    /// What the value must be, or may be at most where the measure says so; none where it is only reported.
    pub aim: Option<f64>,
    /// Whether it is; none without an aim.
    pub met: Option<bool>,
    /// The seed of what was drawn; none where nothing was.
    pub seed: Option<u64>,
    /// The first cases that failed, each with what was seen.
    pub failed: Vec<String>,
}

impl Outcome {
    /// The share of `cases` that are not among the failed ones; all of them must be right.
    pub fn share(suite: Suite, measure: &'static str, cases: usize, failed: Vec<String>) -> Self {
        Self::share_of(suite, measure, cases.saturating_sub(failed.len()), cases, failed)
    }

    /// The share of `hits` among `cases`, where the failed cases are told in words of their own.
    pub fn share_of(suite: Suite, measure: &'static str, hits: usize, cases: usize, failed: Vec<String>) -> Self {
        let value = if cases == 0 { 0.0 } else { hits as f64 / cases as f64 };
        let interval = wilson(hits, cases);
        Self { value, interval, aim: Some(1.0), ..Self::empty(suite, measure, cases, failed) }.judged(hits == cases)
    }

    /// The share of `hits` among `cases`, which must be at least `aim`.
    pub fn at_least(
        suite: Suite,
        measure: &'static str,
        (hits, cases): (usize, usize),
        aim: f64,
        failed: Vec<String>,
    ) -> Self {
        let share = Self::share_of(suite, measure, hits, cases, failed);
        let right = share.value >= aim;
        Self { aim: Some(aim), ..share }.judged(right)
    }

    /// The share of `hits` among `cases`, without an aim.
    pub fn reported(suite: Suite, measure: &'static str, (hits, cases): (usize, usize), failed: Vec<String>) -> Self {
        Self { aim: None, met: None, ..Self::share_of(suite, measure, hits, cases, failed) }
    }

    /// How many of `cases` failed; none may.
    pub fn count(suite: Suite, measure: &'static str, cases: usize, failed: Vec<String>) -> Self {
        let count = failed.len();
        let interval = wilson(count, cases).map(|share| (share * cases as f64 * 1e3).round() / 1e3);
        Self { value: count as f64, interval, aim: Some(0.0), ..Self::empty(suite, measure, cases, failed) }
            .judged(count == 0)
    }

    /// How many there were; no more than `most` may be. Those that should not be there are told.
    pub fn at_most(
        suite: Suite,
        measure: &'static str,
        cases: usize,
        (count, most): (usize, usize),
        told: Vec<String>,
    ) -> Self {
        let interval = wilson(count, cases).map(|share| (share * cases as f64 * 1e3).round() / 1e3);
        let aim = Some(most as f64);
        Self { value: count as f64, interval, aim, ..Self::empty(suite, measure, cases, told) }.judged(count <= most)
    }

    /// A number with its interval, which must be at least `aim` where there is one.
    pub fn number(
        suite: Suite,
        measure: &'static str,
        cases: usize,
        (value, interval): (f64, [f64; 2]),
        aim: Option<f64>,
    ) -> Self {
        let (value, interval) = (rounded(value), interval.map(rounded));
        let plain = Self { value, interval, aim, ..Self::empty(suite, measure, cases, Vec::new()) };
        match aim {
            Some(aim) => plain.judged(value >= aim),
            None => plain,
        }
    }

    /// A number that may be at most `most` where that is given. It has no interval of its own.
    pub fn number_below(suite: Suite, measure: &'static str, cases: usize, value: f64, most: Option<f64>) -> Self {
        let value = rounded(value);
        let plain =
            Self { value, interval: [value, value], aim: most, ..Self::empty(suite, measure, cases, Vec::new()) };
        match most {
            Some(most) => plain.judged(value <= most),
            None => plain,
        }
    }

    /// A share that may be at most that of so many hits.
    pub fn below_count(self, hits: usize) -> Self {
        let most = if self.cases == 0 { 0.0 } else { hits as f64 / self.cases as f64 };
        let right = self.value <= most;
        Self { aim: Some(most), ..self }.judged(right)
    }

    /// The mean of a number a case, with its interval: told, without an aim.
    pub fn mean(suite: Suite, measure: &'static str, values: &[f64], interval: [f64; 2]) -> Self {
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        Self { value: rounded(mean), interval, ..Self::empty(suite, measure, values.len(), Vec::new()) }
    }

    /// A measure that could not be taken here, and why.
    pub fn skipped(suite: Suite, measure: &'static str, why: &str) -> Self {
        Self::empty(suite, measure, 0, vec![format!("not measured: {why}")])
    }

    /// The same without an aim: it is only told.
    pub fn told(self) -> Self {
        Self { aim: None, met: None, ..self }
    }

    /// The same, drawn from a seed.
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    fn empty(suite: Suite, measure: &'static str, cases: usize, mut failed: Vec<String>) -> Self {
        failed.truncate(FAILED_MAX);
        Self {
            suite: suite.as_str(),
            measure,
            cases,
            value: 0.0,
            interval: [0.0, 0.0],
            aim: None,
            met: None,
            seed: None,
            failed,
        }
    }

    /// A suite without a case proves nothing.
    fn judged(self, right: bool) -> Self {
        Self { met: Some(right && self.cases > 0), ..self }
    }
}

/// Six places: the same digits on every machine.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_without_cases_meets_no_aim() {
        assert_eq!(Outcome::share(Suite::Context, "m", 0, Vec::new()).met, Some(false));
        assert_eq!(Outcome::count(Suite::Context, "m", 0, Vec::new()).met, Some(false));
    }

    #[test]
    fn a_bound_is_met_up_to_itself() {
        let met = |count| Outcome::at_most(Suite::Replay, "m", 100, (count, 5), Vec::new()).met;
        assert_eq!((met(5), met(6)), (Some(true), Some(false)));
        assert_eq!(Outcome::at_most(Suite::Replay, "m", 0, (0, 5), Vec::new()).met, Some(false));
    }

    #[test]
    fn a_share_is_enough_from_its_aim_on() {
        let met = |hits| Outcome::at_least(Suite::Exposure, "m", (hits, 100), 0.98, Vec::new()).met;
        assert_eq!((met(97), met(98), met(100)), (Some(false), Some(true), Some(true)));
    }

    #[test]
    fn all_failures_count_and_some_are_told() {
        let failed = vec![String::new(); 50];
        let outcome = Outcome::count(Suite::Context, "m", 100, failed.clone());
        assert_eq!((outcome.value, outcome.failed.len(), outcome.met), (50.0, FAILED_MAX, Some(false)));
        let outcome = Outcome::share(Suite::Context, "m", 100, failed);
        assert_eq!((outcome.value, outcome.met), (0.5, Some(false)));
    }
}
