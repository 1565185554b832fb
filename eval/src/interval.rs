//! How sure a share is. Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.

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

#[cfg(test)]
mod tests {
    use super::wilson;

    #[test]
    fn it_is_what_the_tables_say() {
        let near = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).abs() < 5e-5 && (a[1] - b[1]).abs() < 5e-5;
        assert!(near(wilson(8, 10), [0.4902, 0.9433]), "{:?}", wilson(8, 10));
        assert!(near(wilson(120, 120), [0.9690, 1.0]), "{:?}", wilson(120, 120));
        assert!(near(wilson(0, 30), [0.0, 0.1135]), "{:?}", wilson(0, 30));
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
    }
}
