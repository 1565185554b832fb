//! Vectors as int8 with a scale, and their dot products. The plain loop is the truth; with AVX2 the same loop is compiled
//! for it.

/// A vector as codes and the factor that gives its numbers back.
pub(super) fn quantise(vector: &[f32]) -> (f32, Vec<i8>) {
    let max = vector.iter().fold(0f32, |m, v| m.max(v.abs()));
    if max == 0.0 {
        return (0.0, vec![0; vector.len()]);
    }
    let scale = max / 127.0;
    (scale, vector.iter().map(|v| (v / scale).round().clamp(-127.0, 127.0) as i8).collect())
}

/// The dot product of each row of a matrix with a vector. Rows are as long as the vector.
pub(super) fn products(rows: &[i8], vector: &[i8], out: &mut Vec<i32>) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "the feature was detected on the line above; the function itself is safe code")]
        unsafe {
            products_avx2(rows, vector, out);
        }
        return;
    }
    products_plain(rows, vector, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn products_avx2(rows: &[i8], vector: &[i8], out: &mut Vec<i32>) {
    products_plain(rows, vector, out);
}

#[inline(always)]
fn products_plain(rows: &[i8], vector: &[i8], out: &mut Vec<i32>) {
    out.clear();
    if vector.is_empty() {
        return;
    }
    out.extend(rows.chunks_exact(vector.len()).map(|row| dot(row, vector)));
}

/// Sums of products in 16 lanes of 32 bits: 384 products of at most 127 x 127 fit with room.
#[inline(always)]
fn dot(a: &[i8], b: &[i8]) -> i32 {
    let mut lanes = [0i32; 16];
    let (a_chunks, b_chunks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: i32 =
        a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| i32::from(*x) * i32::from(*y)).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for i in 0..16 {
            lanes[i] += i32::from(i16::from(x[i]) * i16::from(y[i]));
        }
    }
    lanes.iter().sum::<i32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slow(a: &[i8], b: &[i8]) -> i32 {
        a.iter().zip(b).map(|(x, y)| i32::from(*x) * i32::from(*y)).sum()
    }

    proptest! {
        #[test]
        fn the_fast_product_is_the_slow_one(rows in prop::collection::vec(any::<i8>(), 0..2000), n in 1usize..400) {
            let vector: Vec<i8> = (0..n).map(|i| (i * 37 % 251) as i8).collect();
            let mut out = Vec::new();
            products(&rows, &vector, &mut out);
            let expected: Vec<i32> = rows.chunks_exact(n).map(|row| slow(row, &vector)).collect();
            prop_assert_eq!(out, expected);
        }

        #[test]
        fn a_code_gives_its_number_back(vector in prop::collection::vec(-1f32..1f32, 1..400)) {
            let (scale, codes) = quantise(&vector);
            for (v, c) in vector.iter().zip(codes) {
                prop_assert!((v - f32::from(c) * scale).abs() <= scale * 0.51);
            }
        }
    }
}
