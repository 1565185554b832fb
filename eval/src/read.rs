//! Reading of CVE texts, held against what was published about the same flaws. Comes in: texts with their published
//! values, split by construction, and whoever reads. Goes out: how good its answers to closed questions are. Nothing is
//! chosen by the texts that it measures on.

mod bands;
pub mod classes;
pub mod questions;
pub mod texts;

use assay_core::policy::Policy;
use assay_core::ports::ReadText;
use assay_core::reading::{Marks, Reading};

use crate::cases::BadCase;
use crate::ground::Fault;
use crate::outcome::Outcome;
use crate::read::classes::{Answer, calibration_error, errors, macro_f1, macro_f1_interval};
use crate::read::questions::QUESTIONS;
use crate::read::texts::{Example, Part, Split};
use crate::{Size, Suite};

/// Texts of our own, about products that do not exist.
pub const TEXTS: &str = include_str!("../data/read.jsonl");
/// Texts of others that a run in the sizes of CI looks at.
const TEXTS_CI: usize = 400;
/// The seed of the draws behind intervals.
pub const SEED: u64 = 1;
/// Texts that go to the reader together.
const TOGETHER: usize = 64;

/// A question of the suite: its measure and its aim.
const AIMS: [(&str, f64); 5] = [
    ("automatable, text only: macro-F1", 0.86),
    ("technical impact, text only: macro-F1", 0.90),
    ("attack vector, text only: macro-F1", 0.82),
    ("privileges required, text only: macro-F1", 0.82),
    ("user interaction, text only: macro-F1", 0.80),
];
/// How far sureness and being right may lie apart.
const CALIBRATION_MAX: f64 = 0.05;

/// Texts of others, as JSON lines: those that no model of ours learned from. In the sizes of CI a part of them.
///
/// # Errors
/// With the first line that is no such row.
pub fn others(text: &str, size: Size) -> Result<Vec<Example>, BadCase> {
    let mut all = every(text)?;
    all.retain(|example| example.part == Part::Test);
    if size == Size::Ci {
        all.truncate(TEXTS_CI);
    }
    Ok(all)
}

/// Our own texts.
///
/// # Errors
/// With the first line that is no such row.
pub fn own() -> Result<Vec<Example>, BadCase> {
    every(TEXTS)
}

fn every(text: &str) -> Result<Vec<Example>, BadCase> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = lines
        .map(|(at, line)| texts::parse(line, Split::Vendor).map_err(|e| BadCase { line: at + 1, why: e.to_string() }));
    read.filter_map(Result::transpose).collect()
}

/// Asks the reader every text and measures. Aims hold for texts of others; on our few own ones the numbers are reported.
///
/// # Errors
/// When the reader fails.
pub fn run(
    texts: &[Example],
    aims: bool,
    reader: &dyn ReadText,
    policy: &Policy,
    seed: u64,
) -> Result<Vec<Outcome>, Fault> {
    let mut marks = Vec::with_capacity(texts.len());
    for some in texts.chunks(TOGETHER) {
        let words: Vec<&str> = some.iter().map(|e| e.text.as_str()).collect();
        marks.extend(reader.marks(&words)?);
    }
    let mut outcomes = Vec::new();
    let (mut wrong, mut wrong_kept) = (Vec::new(), Vec::new());
    for (q, (measure, aim)) in AIMS.iter().enumerate() {
        let answers: Vec<Answer> =
            marks.iter().zip(texts).filter_map(|(m, e)| Some(likeliest(&chances(m)[q], e.classes[q]?))).collect();
        let classes = QUESTIONS[q].classes.len();
        let value = macro_f1(&answers, classes);
        let interval = macro_f1_interval(&answers, classes, seed);
        let aim = aims.then_some(*aim);
        outcomes.push(Outcome::number(Suite::Read, measure, answers.len(), (value, interval), aim).seeded(seed));
        if q < 2 {
            let [all, surest] = errors(&answers);
            wrong.push(all);
            wrong_kept.push(surest);
            let off = calibration_error(&answers);
            let measure = ["automatable: calibration error", "technical impact: calibration error"][q];
            let most = aims.then_some(CALIBRATION_MAX);
            outcomes.push(Outcome::number_below(Suite::Read, measure, answers.len(), off, most));
        }
    }
    for (q, measure) in [
        "automatable: wrong among the nine of ten surest, as a share of wrong among all",
        "technical impact: wrong among the nine of ten surest, as a share of wrong among all",
    ]
    .into_iter()
    .enumerate()
    {
        let share = if wrong[q] > 0.0 { wrong_kept[q] / wrong[q] } else { 0.0 };
        outcomes.push(Outcome::number_below(Suite::Read, measure, texts.len(), share, aims.then_some(0.5)));
    }
    if aims {
        let thresholds = reader.thresholds();
        let readings: Vec<Reading> = marks.iter().map(|m| Reading::of(m, &thresholds)).collect();
        outcomes.extend(bands::run(texts, &readings, policy));
    }
    Ok(outcomes)
}

/// The probabilities of the classes of each question.
fn chances(marks: &Marks) -> [Vec<f32>; 5] {
    let of_two = |p: f32| vec![1.0 - p, p];
    [
        of_two(marks.automatable()),
        of_two(marks.total()),
        marks.vector().to_vec(),
        marks.privileges().to_vec(),
        marks.interaction().to_vec(),
    ]
}

fn likeliest(chances: &[f32], truth: usize) -> Answer {
    let best = chances.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    let (chosen, sure) = best.unwrap_or_default();
    Answer { chosen, sure, truth }
}

#[cfg(test)]
mod tests {
    use assay_core::ids::Digest;
    use assay_core::ports::{ModelError, ModelId};
    use assay_core::reading::Thresholds;

    use super::*;

    /// Says the same of every text.
    struct Stubborn(ModelId);

    impl ReadText for Stubborn {
        fn model(&self) -> &ModelId {
            &self.0
        }

        fn thresholds(&self) -> Thresholds {
            Thresholds { automatable: 0.5, impact: 0.5, vector: 0.5, privileges: 0.5, interaction: 0.5 }
        }

        fn marks(&self, texts: &[&str]) -> Result<Vec<Marks>, ModelError> {
            let marks = Marks::new(0.0, 0.0, [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0]);
            Ok(vec![marks.map_err(|e| ModelError::Failed(e.to_string().into()))?; texts.len()])
        }
    }

    fn stubborn() -> Stubborn {
        Stubborn(ModelId { name: "stubborn".into(), digest: Digest::of_bytes(b"") })
    }

    #[test]
    fn who_always_says_the_same_meets_no_aim() {
        let policy = Policy::bod_26_04().unwrap();
        let outcomes = run(&own().unwrap(), true, &stubborn(), &policy, 1).unwrap();
        assert_eq!(outcomes.len(), 14);
        assert!(outcomes[..5].iter().all(|o| o.met == Some(false) && o.value < 0.6), "{outcomes:?}");
        let reported = run(&own().unwrap(), false, &stubborn(), &policy, 1).unwrap();
        assert!(reported.iter().all(|o| o.met.is_none()));
    }

    #[test]
    fn every_own_text_answers_every_question_of_the_product() {
        assert!(own().unwrap().iter().all(|e| e.classes[..5].iter().all(Option::is_some)));
    }

    #[test]
    fn a_line_that_is_no_text_is_refused_with_its_number() {
        assert_eq!(others("\n{}", Size::Full).map(|all| all.len()).map_err(|e| e.line), Err(2));
    }
}
