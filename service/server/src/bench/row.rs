//! One measured promise.

use serde::Serialize;

/// What a number has to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
}

/// A row of `assay bench`.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<&'static str>,
    /// How it was counted: the median of how many runs, and how far they lay apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) over: Option<String>,
    /// Whom it is held against, and whether that was measured here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) against: Option<String>,
    /// How many times better than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aim: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met: Option<bool>,
    /// Why it could not be measured here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) skipped: Option<String>,
}

impl Row {
    /// A number.
    pub(crate) fn new(what: &str, value: f64, unit: &'static str) -> Self {
        Self {
            what: what.to_owned(),
            value: Some(three_digits(value)),
            unit: Some(unit),
            over: None,
            against: None,
            ratio: None,
            aim: None,
            met: None,
            skipped: None,
        }
    }

    /// What could not be measured here, and why.
    pub(crate) fn skipped(what: &str, why: impl Into<String>) -> Self {
        let nothing = Self::new(what, 0.0, "");
        Self { value: None, unit: None, skipped: Some(why.into()), ..nothing }
    }

    /// What it has to be.
    pub(crate) fn aim(self, aim: Aim) -> Self {
        let (value, unit) = (self.value.unwrap_or(f64::NAN), self.unit.unwrap_or_default());
        let (text, met) = match aim {
            Aim::AtMost(limit) => (format!("<= {limit} {unit}"), value <= limit),
            Aim::AtLeast(limit) => (format!(">= {limit} {unit}"), value >= limit),
        };
        Self { aim: Some(text), met: Some(met), ..self }
    }

    /// How it was counted.
    pub(crate) fn over(self, how: impl Into<String>) -> Self {
        Self { over: Some(how.into()), ..self }
    }

    /// Whom it could not be held against, and why.
    pub(crate) fn against_nobody(self, why: &str) -> Self {
        let over = self.over.clone().unwrap_or_default();
        self.over(format!("{over}; held against nobody: {why}"))
    }

    /// Whom it is held against, and how many times better it is.
    pub(crate) fn against(self, peer: &str, ratio: f64) -> Self {
        Self { against: Some(peer.to_owned()), ratio: Some(three_digits(ratio)), ..self }
    }
}

/// Three digits that count: more would be noise.
fn three_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powi(2 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

/// The numbers of several runs.
#[derive(Debug)]
pub(crate) struct Runs(Vec<f64>);

impl Runs {
    /// Numbers in any order.
    pub(crate) fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        Self(numbers)
    }

    /// The smallest number that at least this share of all does not exceed (nearest rank); 0 when there is none.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.clamp(1, self.0.len().max(1)) - 1).copied().unwrap_or_default()
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The median as a row, with the spread.
    pub(crate) fn row(&self, what: &str, unit: &'static str) -> Row {
        let ends = (self.0.first().copied().unwrap_or_default(), self.0.last().copied().unwrap_or_default());
        let (low, high) = (three_digits(ends.0), three_digits(ends.1));
        Row::new(what, self.median(), unit).over(format!("median of {}, {low} to {high}", self.0.len()))
    }

    /// A high quantile as a row, with the median beside it.
    pub(crate) fn tail(&self, what: &str, share: f64, unit: &'static str) -> Row {
        let median = three_digits(self.median());
        Row::new(what, self.quantile(share), unit).over(format!(
            "p{} of {}, median {median}",
            (share * 100.0).round(),
            self.0.len()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let runs = Runs::of(vec![5.0, 1.0, 3.0, 2.0, 4.0]);
        assert_eq!(runs.median(), 3.0);
        assert_eq!(runs.quantile(0.99), 5.0);
        assert_eq!(runs.quantile(0.2), 1.0);
        assert_eq!(Runs::of(vec![]).median(), 0.0);
    }

    #[test]
    fn an_aim_is_met_or_missed() {
        assert_eq!(Row::new("a", 5.0, "s").aim(Aim::AtMost(5.0)).met, Some(true));
        assert_eq!(Row::new("a", 5.1, "s").aim(Aim::AtMost(5.0)).met, Some(false));
        assert_eq!(Row::new("a", 7_000.0, "/s").aim(Aim::AtLeast(6_000.0)).met, Some(true));
        let nothing = Row::skipped("a", "no model").aim(Aim::AtMost(1.0));
        assert_eq!(nothing.met, Some(false), "what was not measured has not met anything");
    }

    #[test]
    fn a_number_keeps_three_digits() {
        assert_eq!(three_digits(1234.5), 1230.0);
        assert_eq!(three_digits(0.012_345), 0.0123);
        assert_eq!(three_digits(0.0), 0.0);
    }
}
