//! What is published about a way of reading: the same numbers for each, on the same texts.

use assay_eval::read::classes::{Answer, calibration_error, errors, macro_f1, macro_f1_interval};
use assay_eval::read::questions::{ASKED, QUESTIONS, outputs};
use serde::Serialize;

use crate::adapter::Settled;
use crate::calibrate::Calibration;

/// One question read in one way.
#[derive(Debug, Serialize)]
pub(crate) struct Number {
    /// In which way.
    pub(crate) by: &'static str,
    /// What was asked.
    pub(crate) question: &'static str,
    /// Texts with a published answer.
    pub(crate) texts: usize,
    pub(crate) macro_f1: f64,
    pub(crate) interval: [f64; 2],
    /// Expected calibration error.
    pub(crate) calibration_error: f64,
    /// The share of wrong answers among all.
    pub(crate) error: f64,
    /// The share of wrong answers among the nine of ten that are surest.
    pub(crate) error_of_surest: f64,
}

/// Outputs of texts, with the published classes.
pub(crate) type Told<'a> = (&'a [Vec<f32>], &'a [Vec<Option<usize>>]);

fn of_question<'a>((told, classes): Told<'a>, question: usize) -> Vec<(&'a [f32], usize)> {
    let start = outputs().0[question];
    let end = start + QUESTIONS[question].classes.len();
    told.iter().zip(classes).filter_map(|(o, c)| Some((&o[start..end], c[question]?))).collect()
}

/// Fits the calibration of every question on the texts for tuning, and finds the sureness that nine of ten reach.
pub(crate) fn settle(tune: Told<'_>) -> Vec<Settled> {
    let settle = |q: usize| {
        let texts = of_question(tune, q);
        let calibration = Calibration::fit(&texts, QUESTIONS[q].classes.len());
        let likeliest = |outputs: &[f32]| calibration.apply(outputs).into_iter().fold(0.0, f32::max);
        let mut sure: Vec<f32> = texts.iter().map(|(outputs, _)| likeliest(outputs)).collect();
        sure.sort_by(f32::total_cmp);
        Settled { threshold: sure.get(sure.len() / 10).copied().unwrap_or(1.0), calibration }
    };
    (0..ASKED).map(settle).collect()
}

/// Measures.
pub(crate) fn measure(by: &'static str, told: Told<'_>, settled: &[Settled]) -> Vec<Number> {
    let each = settled.iter().enumerate().map(|(q, settled)| {
        let texts = of_question(told, q);
        let answers: Vec<Answer> = texts.iter().map(|(o, truth)| settled.calibration.answer(o, *truth)).collect();
        let classes = QUESTIONS[q].classes.len();
        let [error, error_of_surest] = errors(&answers);
        Number {
            by,
            question: QUESTIONS[q].name,
            texts: answers.len(),
            macro_f1: macro_f1(&answers, classes),
            interval: macro_f1_interval(&answers, classes, 1),
            calibration_error: calibration_error(&answers),
            error,
            error_of_surest,
        }
    });
    each.collect()
}

/// Two ways together: the sum of their calibrated outputs.
pub(crate) fn together(one: (&[Vec<f32>], &[Settled]), other: (&[Vec<f32>], &[Settled])) -> Vec<Vec<f32>> {
    let scaled = |(outputs, settled): (&[Vec<f32>], &[Settled])| -> Vec<Vec<f32>> {
        let scale = |row: &Vec<f32>| {
            let factors =
                settled.iter().flat_map(|s| s.calibration.shifts.iter().map(|shift| (s.calibration.factor, *shift)));
            row.iter().zip(factors).map(|(x, (factor, shift))| x * factor + shift).collect()
        };
        outputs.iter().map(scale).collect()
    };
    let (one, other) = (scaled(one), scaled(other));
    one.iter().zip(&other).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect()
}
