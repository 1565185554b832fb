//! What a model reads out of the text of a CVE record. Comes in: the probabilities that a model gives to the values of
//! five questions, and the threshold that each question was calibrated to. Goes out: the values that pass, each with its
//! probability; below the threshold nothing is said. A reading may only raise, whoever it is asked by.

mod spans;

pub use spans::{BadPhrases, Phrases, SPANS_MAX};

use crate::condition::Condition;
use crate::intel::{CvssVector, TechnicalImpact};
use crate::named;

/// The most bytes of one text that are read; what follows is not looked at.
pub const READ_TEXT_BYTES_MAX: usize = 16 * 1024;

named! {
    /// CVSS Attack Vector.
    pub enum AttackVector {
        /// Over a network.
        Network = "network",
        /// From the same network segment.
        Adjacent = "adjacent",
        /// From a session on the machine, or through a file that is opened there.
        Local = "local",
        /// By touching the device.
        Physical = "physical",
    }
}

named! {
    /// CVSS Privileges Required.
    pub enum PrivilegesRequired {
        /// None.
        None = "none",
        /// Those of an ordinary user.
        Low = "low",
        /// Those of an administrator.
        High = "high",
    }
}

named! {
    /// CVSS User Interaction.
    pub enum UserInteraction {
        /// Nobody but the attacker takes part.
        None = "none",
        /// Somebody has to do something.
        Required = "required",
    }
}

/// How far the probabilities of one question may be from adding up to 1.
const SUM_SLACK: f32 = 0.01;

/// What a model says of one text: a probability between 0 and 1 for each value of each question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marks {
    automatable: f32,
    total: f32,
    vector: [f32; 4],
    privileges: [f32; 3],
    interaction: [f32; 2],
}

/// Numbers that are no probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMarks {
    /// One is not between 0 and 1.
    #[error("a probability of {0} is not between 0 and 1")]
    OutOfRange(&'static str),
    /// Those of one question do not add up to 1.
    #[error("the probabilities of {0} do not add up to 1")]
    Sum(&'static str),
}

impl Marks {
    /// `automatable`: of yes. `total`: of total technical impact. `vector`: of network, adjacent, local, physical.
    /// `privileges`: of none, low, high. `interaction`: of none, required.
    ///
    /// # Errors
    /// When a number is not between 0 and 1, or those of one question do not add up to 1.
    pub fn new(
        automatable: f32,
        total: f32,
        vector: [f32; 4],
        privileges: [f32; 3],
        interaction: [f32; 2],
    ) -> Result<Self, BadMarks> {
        for (name, all) in [("automatable", [automatable]), ("technical impact", [total])] {
            in_range(name, &all)?;
        }
        adds_up("attack vector", &vector)?;
        adds_up("privileges required", &privileges)?;
        adds_up("user interaction", &interaction)?;
        Ok(Self { automatable, total, vector, privileges, interaction })
    }
}

impl Marks {
    /// That exploitation can be automated.
    pub fn automatable(&self) -> f32 {
        self.automatable
    }

    /// Of total technical impact.
    pub fn total(&self) -> f32 {
        self.total
    }

    /// Of network, adjacent, local, physical.
    pub fn vector(&self) -> [f32; 4] {
        self.vector
    }

    /// Of none, low, high.
    pub fn privileges(&self) -> [f32; 3] {
        self.privileges
    }

    /// Of none, required.
    pub fn interaction(&self) -> [f32; 2] {
        self.interaction
    }
}

fn in_range(name: &'static str, all: &[f32]) -> Result<(), BadMarks> {
    if all.iter().all(|p| (0.0..=1.0).contains(p)) { Ok(()) } else { Err(BadMarks::OutOfRange(name)) }
}

fn adds_up(name: &'static str, all: &[f32]) -> Result<(), BadMarks> {
    in_range(name, all)?;
    if (all.iter().sum::<f32>() - 1.0).abs() <= SUM_SLACK { Ok(()) } else { Err(BadMarks::Sum(name)) }
}

/// The least probability, between 0 and 1, at which a value is said: one a question, as calibrated on held-back texts.
/// A number that is no number lets nothing pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Of either answer to automatable.
    pub automatable: f32,
    /// Of either technical impact.
    pub impact: f32,
    /// Of an attack vector.
    pub vector: f32,
    /// Of privileges required.
    pub privileges: f32,
    /// Of user interaction.
    pub interaction: f32,
}

/// A value that passed its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sure<T> {
    /// The value.
    pub value: T,
    /// Its probability in ten-thousandths.
    pub probability: u16,
}

/// What a model read: of each question the value that passed, none where the model abstains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reading {
    /// Whether exploitation can be automated.
    pub automatable: Option<Sure<bool>>,
    /// Technical impact.
    pub impact: Option<Sure<TechnicalImpact>>,
    /// From where it is attacked.
    pub vector: Option<Sure<AttackVector>>,
    /// What the attacker must hold before.
    pub privileges: Option<Sure<PrivilegesRequired>>,
    /// Whether somebody else must take part.
    pub interaction: Option<Sure<UserInteraction>>,
}

impl Reading {
    /// The likeliest value of each question, where it reaches the threshold. Of equal ones nothing is said.
    pub fn of(marks: &Marks, thresholds: &Thresholds) -> Self {
        use TechnicalImpact::{Partial, Total};
        let either = |p: f32| [p, 1.0 - p];
        Self {
            automatable: sure(&either(marks.automatable), &[true, false], thresholds.automatable),
            impact: sure(&either(marks.total), &[Total, Partial], thresholds.impact),
            vector: sure(&marks.vector, AttackVector::ALL, thresholds.vector),
            privileges: sure(&marks.privileges, PrivilegesRequired::ALL, thresholds.privileges),
            interaction: sure(&marks.interaction, UserInteraction::ALL, thresholds.interaction),
        }
    }

    /// True when the model abstains from every question.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A condition of exploitation, and where the text says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spanned {
    /// Which.
    pub condition: Condition,
    /// The first byte of the words that say so.
    pub start: u32,
    /// The byte behind the last of them.
    pub end: u32,
}

/// One reading of a text, with who read it. Whatever it says, it may only raise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBy {
    /// The model's name, or that of the table of phrases.
    pub by: Box<str>,
    /// True for a model.
    pub by_model: bool,
    /// The values that passed.
    pub reading: Reading,
    /// The conditions that the text names, in the order of the text.
    pub conditions: Vec<Spanned>,
}

/// The part of a text that is read: cut at the limit, between two letters.
pub fn legible(text: &str) -> &str {
    let end = (0..=READ_TEXT_BYTES_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..end].trim_end()
}

/// What the text and a CVSS vector say differently of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Of what: `attack vector`, `privileges required`, `user interaction`.
    pub of: &'static str,
    /// As the text reads.
    pub text: &'static str,
    /// As the vector says.
    pub vector: &'static str,
}

impl Reading {
    /// Where the text reads otherwise than the vector says.
    pub fn contradictions(&self, vector: &CvssVector) -> Vec<Contradiction> {
        let (from, holds, takes_part) = of_vector(vector);
        let pairs = [
            ("attack vector", self.vector.map(|s| s.value.as_str()), from.map(AttackVector::as_str)),
            ("privileges required", self.privileges.map(|s| s.value.as_str()), holds.map(PrivilegesRequired::as_str)),
            ("user interaction", self.interaction.map(|s| s.value.as_str()), takes_part.map(UserInteraction::as_str)),
        ];
        let differ = |(of, text, vector): (&'static str, Option<&'static str>, Option<&'static str>)| {
            let (text, vector) = (text?, vector?);
            (text != vector).then_some(Contradiction { of, text, vector })
        };
        pairs.into_iter().filter_map(differ).collect()
    }
}

fn sure<T: Copy>(probabilities: &[f32], values: &[T], threshold: f32) -> Option<Sure<T>> {
    let best = probabilities.iter().copied().fold(0.0, f32::max);
    let mut at_best = probabilities.iter().zip(values).filter(|(p, _)| **p >= best);
    let value = at_best.next().map(|(_, value)| *value)?;
    // A tie is no answer; a threshold that is no number compares false.
    let passes = at_best.next().is_none() && best >= threshold;
    passes.then_some(Sure { value, probability: (best * 10_000.0).round() as u16 })
}

/// What a CVSS vector says of three of the questions, in the same values; none where its version has no such metric.
pub fn of_vector(vector: &CvssVector) -> (Option<AttackVector>, Option<PrivilegesRequired>, Option<UserInteraction>) {
    let metric = |name: &str| vector.metric(name);
    let from = metric("AV").and_then(|v| match v.as_str() {
        "N" => Some(AttackVector::Network),
        "A" => Some(AttackVector::Adjacent),
        "L" => Some(AttackVector::Local),
        "P" => Some(AttackVector::Physical),
        _ => None,
    });
    let holds = metric("PR").and_then(|v| match v.as_str() {
        "N" => Some(PrivilegesRequired::None),
        "L" => Some(PrivilegesRequired::Low),
        "H" => Some(PrivilegesRequired::High),
        _ => None,
    });
    let takes_part = metric("UI").and_then(|v| match v.as_str() {
        "N" => Some(UserInteraction::None),
        // Version 4 tells passive from active; both are somebody else's doing.
        "R" | "P" | "A" => Some(UserInteraction::Required),
        _ => None,
    });
    (from, holds, takes_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLDS: Thresholds =
        Thresholds { automatable: 0.8, impact: 0.8, vector: 0.6, privileges: 0.6, interaction: 0.7 };

    fn marks(automatable: f32, total: f32) -> Marks {
        Marks::new(automatable, total, [0.1, 0.0, 0.85, 0.05], [0.5, 0.5, 0.0], [0.3, 0.7]).unwrap()
    }

    #[test]
    fn what_passes_its_threshold_is_said_with_its_probability() {
        let read = Reading::of(&marks(0.93, 0.79), &THRESHOLDS);
        assert_eq!(read.automatable, Some(Sure { value: true, probability: 9_300 }));
        assert_eq!(read.impact, None, "0.79 is below 0.8");
        assert_eq!(read.vector, Some(Sure { value: AttackVector::Local, probability: 8_500 }));
        assert_eq!(read.privileges, None, "two values are as likely as each other");
        assert_eq!(read.interaction.map(|i| i.value), Some(UserInteraction::Required));
    }

    #[test]
    fn a_likely_no_is_a_value_too() {
        let read = Reading::of(&marks(0.04, 0.05), &THRESHOLDS);
        assert_eq!(read.automatable, Some(Sure { value: false, probability: 9_600 }));
        assert_eq!(read.impact.map(|i| i.value), Some(TechnicalImpact::Partial));
    }

    #[test]
    fn a_threshold_that_is_no_number_lets_nothing_pass() {
        let nan = f32::NAN;
        let none = Thresholds { automatable: nan, impact: nan, vector: nan, privileges: nan, interaction: nan };
        assert!(Reading::of(&marks(1.0, 1.0), &none).is_empty());
    }

    #[test]
    fn numbers_that_are_no_probabilities_are_refused() {
        let vector = [1.0, 0.0, 0.0, 0.0];
        let new = |a, v, p| Marks::new(a, 0.5, v, p, [0.5, 0.5]);
        assert_eq!(new(1.2, vector, [1.0, 0.0, 0.0]), Err(BadMarks::OutOfRange("automatable")));
        assert_eq!(new(f32::NAN, vector, [1.0, 0.0, 0.0]), Err(BadMarks::OutOfRange("automatable")));
        assert_eq!(new(0.5, [0.5; 4], [1.0, 0.0, 0.0]), Err(BadMarks::Sum("attack vector")));
        assert_eq!(new(0.5, vector, [1.5, -0.5, 0.0]), Err(BadMarks::OutOfRange("privileges required")));
    }

    #[test]
    fn a_long_text_is_cut_between_two_letters() {
        let text = "\u{e9}".repeat(READ_TEXT_BYTES_MAX);
        assert_eq!(legible(&text).len(), READ_TEXT_BYTES_MAX);
        let odd = format!("x{text}");
        assert_eq!(legible(&odd).len(), READ_TEXT_BYTES_MAX - 1);
        assert_eq!(legible(" \n\t "), "");
    }

    #[test]
    fn a_text_that_reads_otherwise_than_the_vector_is_told() {
        let read = Reading::of(&marks(0.93, 0.79), &THRESHOLDS);
        let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H".parse().unwrap();
        let expected = Contradiction { of: "attack vector", text: "local", vector: "network" };
        assert_eq!(read.contradictions(&vector), [expected]);
        assert!(Reading::default().contradictions(&vector).is_empty());
    }

    #[test]
    fn a_vector_says_the_same_things_in_the_same_values() {
        let said = |text: &str| of_vector(&text.parse().unwrap());
        let local = said("CVSS:3.1/AV:L/AC:L/PR:L/UI:R/S:U/C:H/I:H/A:H");
        let expected = (Some(AttackVector::Local), Some(PrivilegesRequired::Low), Some(UserInteraction::Required));
        assert_eq!(local, expected);
        let passive = said("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N");
        assert_eq!(passive.2, Some(UserInteraction::Required));
        assert_eq!(said("AV:N/AC:L/Au:N/C:C/I:C/A:C"), (Some(AttackVector::Network), None, None));
    }
}
