//! The questions that a text is read for, and their classes. The first five are what the product asks; the others only
//! help the layers below to learn, and their heads are thrown away.

/// One question.
pub struct Question {
    /// Its name, as in the adapter.
    pub name: &'static str,
    /// Its classes, in the order of the outputs.
    pub classes: &'static [&'static str],
    /// The metrics of a CVSS vector that answer it: the first that is there.
    pub metrics: &'static [&'static str],
    /// Its part in the loss.
    pub weight: f32,
}

/// How many of [`QUESTIONS`] the product asks.
pub const ASKED: usize = 5;

/// All questions.
pub const QUESTIONS: [Question; 10] = [
    Question { name: "automatable", classes: &["no", "yes"], metrics: &[], weight: 1.5 },
    Question { name: "technical_impact", classes: &["partial", "total"], metrics: &[], weight: 1.0 },
    Question { name: "attack_vector", classes: &["N", "A", "L", "P"], metrics: &["AV"], weight: 1.0 },
    Question { name: "privileges_required", classes: &["N", "L", "H"], metrics: &["PR"], weight: 1.0 },
    Question { name: "user_interaction", classes: &["N", "R"], metrics: &["UI"], weight: 1.0 },
    Question { name: "attack_complexity", classes: &["L", "H"], metrics: &["AC"], weight: 0.4 },
    Question { name: "scope", classes: &["U", "C"], metrics: &["S"], weight: 0.4 },
    Question { name: "confidentiality", classes: &["N", "L", "H"], metrics: &["C", "VC"], weight: 0.4 },
    Question { name: "integrity", classes: &["N", "L", "H"], metrics: &["I", "VI"], weight: 0.4 },
    Question { name: "availability", classes: &["N", "L", "H"], metrics: &["A", "VA"], weight: 0.4 },
];

impl Question {
    /// The class of a published value; version 4 tells active from passive interaction, which is "required" here.
    pub fn class(&self, said: &str) -> Option<usize> {
        let said = said.trim();
        let said = if self.name == "user_interaction" && ["A", "P"].contains(&said) { "R" } else { said };
        self.classes.iter().position(|class| class.eq_ignore_ascii_case(said))
    }
}

/// Where each question's outputs begin, and how many there are in all.
pub fn outputs() -> (Vec<usize>, usize) {
    let mut at = 0;
    let starts = QUESTIONS.iter().map(|question| {
        let start = at;
        at += question.classes.len();
        start
    });
    let starts = starts.collect();
    (starts, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_version_four_has_a_class() {
        assert_eq!(
            [QUESTIONS[4].class("P"), QUESTIONS[4].class("A"), QUESTIONS[4].class("N")],
            [Some(1), Some(1), Some(0)]
        );
        assert_eq!((QUESTIONS[0].class("Yes"), QUESTIONS[2].class("X")), (Some(1), None));
        assert_eq!(outputs().1, QUESTIONS.iter().map(|q| q.classes.len()).sum::<usize>());
    }
}
