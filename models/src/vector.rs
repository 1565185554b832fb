//! The arithmetic that candle leaves slow: row-wise functions over slices, written plainly so that the compiler
//! can use the widest vectors that the machine has. Nothing here allocates, and every function is pure.

use std::sync::LazyLock;

use candle_core::{CpuStorage, Result, Storage, Tensor};

static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

/// Runs `f` compiled for the widest vector instructions that this machine has. What `f` calls must be
/// `#[inline(always)]`, else it is compiled for the oldest machine that we support.
pub fn wide<R>(f: impl FnOnce() -> R) -> R {
    ARCH.dispatch(f)
}

/// e^x within two units in the last place for x in -87 ..= 88; smaller x give about 1e-38, greater ones are cut.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it leaves the nearest whole number in the low bits.
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    // ln 2 in two parts, so that the rest keeps its digits.
    let r = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_6e-1;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    p * f32::from_bits(shifted.to_bits().wrapping_shl(23).wrapping_add(0x3f80_0000))
}

/// The error function within 2e-7 (Abramowitz and Stegun 7.1.26).
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let a = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * a);
    let p = 1.061_405_4 * t - 1.453_152;
    let p = p * t + 1.421_413_8;
    let p = p * t - 0.284_496_72;
    let p = p * t + 0.254_829_6;
    (1.0 - p * t * exp(-a * a)).copysign(x)
}

/// Adds the bias, then takes x/2 * (1 + erf(x / sqrt 2)): the activation that BERT was trained with.
#[inline(always)]
pub fn bias_gelu(row: &mut [f32], bias: &[f32]) {
    for (x, b) in row.iter_mut().zip(bias) {
        let y = *x + b;
        *x = 0.5 * y * (1.0 + erf(y * std::f32::consts::FRAC_1_SQRT_2));
    }
}

/// Adds bias and residual, then brings the row to mean 0 and variance 1, scaled and shifted.
#[inline(always)]
pub fn add_norm(row: &mut [f32], residual: &[f32], [bias, scale, shift]: [&[f32]; 3], epsilon: f32) {
    let count = row.len() as f32;
    for ((x, r), b) in row.iter_mut().zip(residual).zip(bias) {
        *x += r + b;
    }
    let mean = sum(row, |x| x) / count;
    let variance = sum(row, |x| (x - mean) * (x - mean)) / count;
    let inverse = 1.0 / (variance + epsilon).sqrt();
    for ((x, g), b) in row.iter_mut().zip(scale).zip(shift) {
        *x = (*x - mean) * inverse * g + b;
    }
}

/// Turns a row into e^x, each over their sum. Returns nothing for an empty row.
#[inline(always)]
pub fn softmax(row: &mut [f32]) {
    let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for x in row.iter_mut() {
        *x = exp(*x - top);
    }
    let inverse = 1.0 / sum(row, |x| x);
    for x in row.iter_mut() {
        *x *= inverse;
    }
}

/// The sum of `f` over the row, in sixteen lanes: the order of additions is fixed, so the result is too.
#[inline(always)]
pub fn sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (chunks, rest) = row.as_chunks::<16>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += f(*x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += f(*x);
    }
    lanes.iter().sum()
}

/// Shows a tensor's numbers to `f` without a copy.
pub fn with_floats<T>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(all)), Some((from, to))) => Ok(f(&all[from..to])),
        _ => candle_core::bail!("expected f32 without gaps"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_the_libraries_to_six_digits() {
        for i in -870..=880 {
            let x = i as f32 / 10.0;
            let (ours, theirs) = (exp(x), x.exp());
            assert!((ours - theirs).abs() <= theirs * 1e-6, "{x}: {ours} {theirs}");
        }
        assert!(exp(f32::NEG_INFINITY) < 2e-38 && exp(1e9).is_finite());
    }

    #[test]
    fn the_error_function_is_that_of_the_tables() {
        let table = [(0.0, 0.0), (0.1, 0.112_462_92), (0.5, 0.520_499_9), (1.0, 0.842_700_8), (2.0, 0.995_322_3)];
        for (x, expected) in table {
            assert!((erf(x) - expected).abs() < 5e-7 && (erf(-x) + expected).abs() < 5e-7, "{x}: {}", erf(x));
        }
        assert_eq!(erf(9.0), 1.0);
    }

    #[test]
    fn a_softmax_sums_to_one_and_a_norm_has_mean_and_variance() {
        let mut row: Vec<f32> = (0..37).map(|i| (i * i % 11) as f32).collect();
        let mut norm = row.clone();
        softmax(&mut row);
        assert!((sum(&row, |x| x) - 1.0).abs() < 1e-6 && row.iter().all(|x| *x > 0.0));
        softmax(&mut []);
        let (zeros, ones) = (vec![0.0; 37], vec![1.0; 37]);
        add_norm(&mut norm, &zeros, [&zeros, &ones, &zeros], 1e-12);
        assert!(sum(&norm, |x| x).abs() < 1e-4 && (sum(&norm, |x| x * x) - 37.0).abs() < 1e-3);
    }
}
