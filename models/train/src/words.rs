//! The baseline: counted words and a logistic regression. Comes in: texts and classes. Goes out: outputs for each
//! question, to be calibrated and measured exactly as those of the encoder. Words and pairs of words that stand in two
//! texts or more, 1 + ln of their count times their rarity, texts brought to length one.

use std::collections::HashMap;

use assay_core::scene::Dice;
use assay_eval::read::questions::{ASKED, QUESTIONS};

/// A text as numbered terms and their weights.
type Terms = Vec<(usize, f32)>;

/// The terms that are known, and how rare each is.
pub(crate) struct Vocabulary {
    numbers: HashMap<String, usize>,
    rarity: Vec<f32>,
}

impl Vocabulary {
    pub(crate) fn of(texts: &[&str]) -> Self {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for text in texts {
            for term in counted(text).into_keys() {
                *seen.entry(term).or_default() += 1;
            }
        }
        let mut kept: Vec<(String, usize)> = seen.into_iter().filter(|(_, texts)| *texts >= 2).collect();
        kept.sort();
        let all = texts.len() as f32;
        let rarity = kept.iter().map(|(_, n)| ((1.0 + all) / (1.0 + *n as f32)).ln() + 1.0).collect();
        Self { numbers: kept.into_iter().enumerate().map(|(i, (term, _))| (term, i)).collect(), rarity }
    }

    fn terms(&self, text: &str) -> Terms {
        let mut terms: Terms = counted(text)
            .into_iter()
            .filter_map(|(term, count)| {
                let number = *self.numbers.get(&term)?;
                Some((number, (1.0 + (count as f32).ln()) * self.rarity[number]))
            })
            .collect();
        terms.sort_unstable_by_key(|(number, _)| *number);
        let length = terms.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
        terms.iter_mut().for_each(|(_, w)| *w /= length.max(1e-9));
        terms
    }
}

fn counted(text: &str) -> HashMap<String, usize> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| w.chars().count() > 1).collect();
    let mut counts = HashMap::new();
    for word in &words {
        *counts.entry((*word).to_owned()).or_default() += 1;
    }
    for pair in words.windows(2) {
        *counts.entry(pair.join(" ")).or_default() += 1;
    }
    counts
}

/// Outputs for `asked`, learned from `texts`: one list of all product questions' outputs a text.
pub(crate) fn outputs(texts: &[(&str, &[Option<usize>])], asked: &[&str], seed: u64) -> Vec<Vec<f32>> {
    let vocabulary = Vocabulary::of(&texts.iter().map(|(text, _)| *text).collect::<Vec<_>>());
    let learned: Vec<Terms> = texts.iter().map(|(text, _)| vocabulary.terms(text)).collect();
    let wanted: Vec<Terms> = asked.iter().map(|text| vocabulary.terms(text)).collect();
    let mut out = vec![Vec::new(); asked.len()];
    for (q, question) in QUESTIONS.iter().enumerate().take(ASKED) {
        let lessons: Vec<(&Terms, usize)> =
            learned.iter().zip(texts).filter_map(|(terms, (_, classes))| Some((terms, classes[q]?))).collect();
        let model = Logistic::fit(&lessons, question.classes.len(), vocabulary.rarity.len(), seed);
        for (out, terms) in out.iter_mut().zip(&wanted) {
            out.extend(model.outputs(terms));
        }
    }
    out
}

/// A multinomial logistic regression over sparse terms.
struct Logistic {
    weights: Vec<Vec<f32>>,
    shifts: Vec<f32>,
}

impl Logistic {
    /// Stochastic descent with a rate for each weight (Duchi and others, "Adaptive subgradient methods", 2011). The hold
    /// on weights is that of a penalty of one over all texts, as the common libraries have it.
    fn fit(lessons: &[(&Terms, usize)], classes: usize, terms: usize, seed: u64) -> Self {
        const ROUNDS: u64 = 12;
        let mut model = Self { weights: vec![vec![0.0; terms]; classes], shifts: vec![0.0; classes] };
        let mut seen = vec![vec![1e-6f32; terms]; classes];
        let hold = 1.0 / lessons.len().max(1) as f32;
        let mut dice = Dice::new(seed);
        let mut order: Vec<usize> = (0..lessons.len()).collect();
        for _ in 0..ROUNDS {
            dice.shuffle(&mut order);
            for i in &order {
                let (text, truth) = lessons[*i];
                let mut chances = model.outputs(text);
                assay_models::vector::softmax(&mut chances);
                for (class, chance) in chances.into_iter().enumerate() {
                    let off = chance - f32::from(u8::from(class == truth));
                    model.shifts[class] -= 0.01 * off;
                    for (term, weight) in text {
                        let slope = off * weight + hold * model.weights[class][*term];
                        let seen = &mut seen[class][*term];
                        *seen += slope * slope;
                        model.weights[class][*term] -= 0.5 * slope / seen.sqrt();
                    }
                }
            }
        }
        model
    }

    fn outputs(&self, text: &Terms) -> Vec<f32> {
        let of = |weights: &Vec<f32>| text.iter().map(|(term, w)| weights[*term] * w).sum::<f32>();
        self.weights.iter().zip(&self.shifts).map(|(weights, shift)| of(weights) + shift).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_tell_are_learned() {
        let texts: Vec<String> = (0..60)
            .map(|i| {
                if i % 2 == 0 { format!("remote attackers send packet {i}") } else { format!("a local user opens {i}") }
            })
            .collect();
        let classes: Vec<Vec<Option<usize>>> = (0..60).map(|i| vec![Some(usize::from(i % 2 == 0)); 10]).collect();
        let lessons: Vec<(&str, &[Option<usize>])> =
            texts.iter().zip(&classes).map(|(t, c)| (t.as_str(), c.as_slice())).collect();
        let outputs = outputs(&lessons, &["remote attackers of a kind", "some local user"], 1);
        assert!(outputs[0][1] > outputs[0][0] && outputs[1][0] > outputs[1][1], "{outputs:?}");
    }
}
