//! How good answers of closed classes are. Comes in: for each text the probabilities and the true class. Goes out: the
//! numbers that are published, each with its definition.

use crate::interval::resampled;

/// One text's answer to one question.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The class that was chosen.
    pub chosen: usize,
    /// How likely the chosen class is held to be, 0 to 1.
    pub sure: f32,
    /// The class that was published.
    pub truth: usize,
}

/// The mean over the classes of 2 TP / (2 TP + FP + FN); a class that neither occurs nor is chosen does not count.
pub fn macro_f1(answers: &[Answer], classes: usize) -> f64 {
    f1(answers.iter(), classes)
}

fn f1<'a>(answers: impl Iterator<Item = &'a Answer>, classes: usize) -> f64 {
    let mut counts = vec![[0u32; 3]; classes];
    for answer in answers {
        if answer.chosen == answer.truth {
            counts[answer.truth][0] += 1;
        } else {
            counts[answer.chosen][1] += 1;
            counts[answer.truth][2] += 1;
        }
    }
    let seen: Vec<f64> = counts
        .iter()
        .filter(|c| c.iter().any(|n| *n > 0))
        .map(|[right, extra, missed]| {
            2.0 * f64::from(*right) / (2.0 * f64::from(*right) + f64::from(*extra) + f64::from(*missed))
        })
        .collect();
    if seen.is_empty() { 0.0 } else { seen.iter().sum::<f64>() / seen.len() as f64 }
}

/// 95 of 100 draws with replacement have a macro-F1 between these two.
pub fn macro_f1_interval(answers: &[Answer], classes: usize, seed: u64) -> [f64; 2] {
    const DRAWS: usize = 400;
    resampled(answers.len(), DRAWS, seed, |drawn| f1(drawn.iter().map(|i| &answers[*i]), classes))
}

/// The expected calibration error over fifteen bins of equal width (Guo and others, "On calibration of modern neural
/// networks", 2017): how far sureness and being right lie apart.
pub fn calibration_error(answers: &[Answer]) -> f64 {
    const BINS: usize = 15;
    let mut bins = [(0.0f64, 0.0f64); BINS];
    for answer in answers {
        let bin = &mut bins[((answer.sure * BINS as f32) as usize).min(BINS - 1)];
        bin.0 += f64::from(answer.sure);
        bin.1 += f64::from(u8::from(answer.chosen == answer.truth));
    }
    bins.iter().map(|(sure, right)| (sure - right).abs()).sum::<f64>() / answers.len().max(1) as f64
}

/// The share of wrong answers among all, and among the nine of ten that are surest.
pub fn errors(answers: &[Answer]) -> [f64; 2] {
    let mut sorted: Vec<&Answer> = answers.iter().collect();
    sorted.sort_by(|a, b| b.sure.total_cmp(&a.sure));
    let wrong =
        |some: &[&Answer]| some.iter().filter(|a| a.chosen != a.truth).count() as f64 / some.len().max(1) as f64;
    [wrong(&sorted), wrong(&sorted[..sorted.len() * 9 / 10])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(list: &[(usize, usize, f32)]) -> Vec<Answer> {
        list.iter().map(|(chosen, truth, sure)| Answer { chosen: *chosen, truth: *truth, sure: *sure }).collect()
    }

    #[test]
    fn a_rare_class_counts_as_much_as_a_frequent_one() {
        let all = answers(&[(0, 0, 0.9), (0, 0, 0.9), (0, 0, 0.9), (0, 1, 0.6)]);
        assert!((macro_f1(&all, 2) - (6.0 / 7.0) / 2.0).abs() < 1e-9);
        assert!((macro_f1(&all[..3], 2) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_unsure_tenth_is_left_out() {
        let mut list = vec![(0, 0, 0.9); 9];
        list.push((0, 1, 0.5));
        assert_eq!(errors(&answers(&list)), [0.1, 0.0]);
    }

    #[test]
    fn sure_and_right_as_often_as_said_is_no_error() {
        let all = answers(&[(0, 0, 0.75), (0, 0, 0.75), (0, 0, 0.75), (0, 1, 0.75)]);
        assert!(calibration_error(&all) < 1e-6);
        assert!((calibration_error(&answers(&[(0, 1, 1.0)])) - 1.0).abs() < 1e-6);
    }
}
