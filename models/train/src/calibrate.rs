//! From outputs to probabilities that mean what they say. Comes in: outputs and classes of texts that nothing was
//! learned from. Goes out: for each question a factor and a shift for each class (Guo and others, 2017: scaling by a
//! vector, here with one factor for all classes), and where to cut between two classes.

use assay_eval::read::classes::{Answer, macro_f1};
use assay_models::vector::softmax;

/// How outputs of one question become probabilities.
#[derive(Clone, Debug)]
pub(crate) struct Calibration {
    pub(crate) factor: f32,
    pub(crate) shifts: Vec<f32>,
    /// Between two classes: the probability from which the second is chosen. Half for more classes.
    pub(crate) cut: f32,
}

impl Calibration {
    /// The probabilities of the classes.
    pub(crate) fn apply(&self, outputs: &[f32]) -> Vec<f32> {
        let mut out: Vec<f32> = outputs.iter().zip(&self.shifts).map(|(x, s)| x * self.factor + s).collect();
        softmax(&mut out);
        out
    }

    /// The answer of these outputs.
    pub(crate) fn answer(&self, outputs: &[f32], truth: usize) -> Answer {
        let chances = self.apply(outputs);
        let chosen = match chances.as_slice() {
            [_, second] => usize::from(*second >= self.cut),
            all => all.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(i, _)| i),
        };
        Answer { chosen, sure: chances[chosen], truth }
    }

    /// The one that makes these outputs least surprising. Shifts are held near zero, for rare classes have few texts.
    pub(crate) fn fit(texts: &[(&[f32], usize)], classes: usize) -> Self {
        const STEPS: usize = 2000;
        const HOLD: f32 = 0.002;
        let mut found = Self { factor: 1.0, shifts: vec![0.0; classes], cut: 0.5 };
        let count = texts.len().max(1) as f32;
        for step in 0..STEPS {
            let (mut to_factor, mut to_shifts) = (0.0, vec![0f32; classes]);
            for (outputs, truth) in texts {
                for (i, p) in found.apply(outputs).into_iter().enumerate() {
                    let off = (p - f32::from(u8::from(i == *truth))) / count;
                    to_factor += off * outputs[i];
                    to_shifts[i] += off;
                }
            }
            let rate = 0.5 * (1.0 - step as f32 / STEPS as f32);
            found.factor = (found.factor - rate * 0.2 * to_factor).max(0.05);
            for (shift, to) in found.shifts.iter_mut().zip(to_shifts) {
                *shift -= rate * (to + HOLD * *shift);
            }
        }
        if classes == 2 {
            found.cut = found.best_cut(texts);
        }
        found
    }

    fn best_cut(&self, texts: &[(&[f32], usize)]) -> f32 {
        let mut best = (0.0, 0.5);
        // From the middle outwards, so that equals stay near it.
        for away in 0..30 {
            for cut in [0.5 - away as f32 * 0.01, 0.5 + away as f32 * 0.01] {
                let at = Self { cut, ..self.clone() };
                let answers: Vec<Answer> = texts.iter().map(|(outputs, truth)| at.answer(outputs, *truth)).collect();
                let value = macro_f1(&answers, 2);
                if value > best.0 + 1e-9 {
                    best = (value, cut);
                }
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_that_are_too_sure_are_held_back() {
        let lists: Vec<([f32; 2], usize)> =
            (0..100).map(|i| if i % 4 == 0 { ([4.0, -4.0], 1) } else { ([4.0, -4.0], 0) }).collect();
        let texts: Vec<(&[f32], usize)> = lists.iter().map(|(o, t)| (o.as_slice(), *t)).collect();
        let found = Calibration::fit(&texts, 2);
        assert!((found.apply(&[4.0, -4.0])[0] - 0.75).abs() < 0.03, "{found:?}");
    }
}
