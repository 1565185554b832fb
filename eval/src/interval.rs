//! How sure a share or a mean is. Sources: Wilson, "Probable inference, the law of succession, and statistical inference", 1927;
//! Efron, "Bootstrap methods: another look at the jackknife", 1979.

use assay_core::scene::Dice;

/// The quantile of the normal distribution that leaves five in a hundred outside.
const Z: f64 = 1.959_964;

/// The interval in which the true share lies, 95 times in 100, when `hits` of `cases` were hits.
pub fn wilson(hits: usize, cases: usize) -> [f64; 2] {
    if cases == 0 {
        return [0.0, 1.0];
    }
    let (n, share) = (cases as f64, hits as f64 / cases as f64);
    let scale = 1.0 + Z * Z / n;
    let middle = (share + Z * Z / (2.0 * n)) / scale;
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
    // Six places are more than anybody reads, and give the same digits on every machine.
    [middle - half, middle + half].map(|end| (end.clamp(0.0, 1.0) * 1e6).round() / 1e6)
}

/// How often the values are drawn anew.
const DRAWS: usize = 2_000;

/// The interval in which the mean lies in 95 of 100 sets of as many values, drawn with replacement from these.
pub fn bootstrap(values: &[f64], seed: u64) -> [f64; 2] {
    if values.is_empty() {
        return [0.0, 0.0];
    }
    let mean = |drawn: &[usize]| drawn.iter().map(|i| values[*i]).sum::<f64>() / values.len() as f64;
    resampled(values.len(), DRAWS, seed, mean).map(|end| (end * 1e6).round() / 1e6)
}

/// The interval in which a number lies in 95 of 100 draws. Each draw is as many places of `count` cases, with replacement.
pub fn resampled(count: usize, draws: usize, seed: u64, number: impl Fn(&[usize]) -> f64) -> [f64; 2] {
    let mut dice = Dice::new(seed);
    let mut drawn = vec![0; count];
    let mut draw = || {
        drawn.iter_mut().for_each(|place| *place = dice.below(count));
        number(&drawn)
    };
    let mut numbers: Vec<f64> = (0..draws).map(|_| draw()).collect();
    numbers.sort_by(f64::total_cmp);
    let ends = [draws * 25 / 1_000, (draws * 975 / 1_000).saturating_sub(1)];
    ends.map(|at| numbers.get(at).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{bootstrap, wilson};

    #[test]
    fn it_is_what_the_tables_say() {
        let near = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).abs() < 5e-5 && (a[1] - b[1]).abs() < 5e-5;
        assert!(near(wilson(8, 10), [0.4902, 0.9433]), "{:?}", wilson(8, 10));
        assert!(near(wilson(120, 120), [0.9690, 1.0]), "{:?}", wilson(120, 120));
        assert!(near(wilson(0, 30), [0.0, 0.1135]), "{:?}", wilson(0, 30));
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
    }
    #[test]
    fn the_mean_of_a_coin_lies_where_theory_says() {
        let coin: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let [low, high] = bootstrap(&coin, 1);
        // The normal approximation: 0.5 +- 1.96 * 0.5 / 20.
        assert!((low - 0.451).abs() < 0.01 && (high - 0.549).abs() < 0.01, "{low} {high}");
        assert_eq!(bootstrap(&coin, 1), [low, high], "the same seed gives the same interval");
        assert_eq!(bootstrap(&[0.25; 9], 3), [0.25, 0.25]);
        assert_eq!(bootstrap(&[], 3), [0.0, 0.0]);
    }
}
