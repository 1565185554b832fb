//! A matrix of weights and two ways to multiply by it. Many rows at once: the weights are spread to f32, one matrix at
//! a time, and go through the dense product. Few rows: each weight is spread in a register, because then memory is
//! what counts. Both compute with f32 activations, so both give the same answer but for rounding, and only the
//! four-bit form stays resident. Weights of other forms than Q4_0 and Q4_1 are spread once, when they are loaded.

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Result, Tensor};
use rayon::prelude::*;

use crate::vector::{sum, wide, with_floats};

/// From this number of rows on, spreading the weights pays for itself.
const DENSE_ROWS_MIN: usize = 7;
/// Weights of one row that share a scale.
const BLOCK: usize = 32;
/// Rows that are kept interleaved, so that one vector instruction works on all of them.
const TILE: usize = 16;
/// Tiles that one task takes.
const TILES_A_TASK: usize = 4;

/// A block of sixteen rows. Weight j of row r is `scale[r] * nibble + least[r]`, where the nibble is the low half
/// of `nibbles[j][r]`, or for j from 16 on the high half of `nibbles[j - 16][r]`.
#[derive(Clone)]
struct Tile {
    scale: [f32; TILE],
    least: [f32; TILE],
    nibbles: [[u8; TILE]; BLOCK / 2],
}

/// A matrix of `rows` x `width`.
pub(super) struct Weight {
    form: Form,
    rows: usize,
    width: usize,
}

enum Form {
    /// Sixteen rows after sixteen rows, each from its first block to its last.
    Tiles(Vec<Tile>),
    /// f32, transposed: `width` x `rows`.
    Dense(Tensor),
}

/// Room for the largest matrix spread to f32; one for each forward pass, so that passes do not share it.
pub(super) struct Scratch(Tensor);

impl Weight {
    /// Matrices of the same width become one, with their rows one after the other.
    pub(super) fn stack(parts: &[QTensor]) -> Result<Self> {
        let (mut rows, mut width) = (0, 0);
        for part in parts {
            let (more, same) = part.shape().dims2()?;
            if more == 0 || same == 0 || (rows > 0 && same != width) {
                candle_core::bail!("a matrix of {more} x {same} does not fit beside one of width {width}");
            }
            rows += more;
            width = same;
        }
        let form = match parts.iter().all(fits_tiles) {
            true => {
                let each = |part: &QTensor| tiles(part.dtype(), &part.data()?, width / BLOCK);
                Form::Tiles(parts.iter().map(each).collect::<Result<Vec<_>>>()?.concat())
            }
            false => {
                let spread = parts.iter().map(|part| part.dequantize(&Device::Cpu)).collect::<Result<Vec<_>>>()?;
                Form::Dense(Tensor::cat(&spread, 0)?.t()?.contiguous()?)
            }
        };
        Ok(Self { form, rows, width })
    }

    /// The matrix, if it is of this size.
    pub(super) fn of(self, rows: usize, width: usize) -> Result<Self> {
        if (self.rows, self.width) != (rows, width) {
            candle_core::bail!("a matrix of {} x {} where {rows} x {width} is needed", self.rows, self.width);
        }
        Ok(self)
    }

    /// x * wᵀ.
    pub(super) fn apply(&self, x: &Tensor, scratch: &Scratch) -> Result<Tensor> {
        let (count, width) = x.dims2()?;
        if width != self.width {
            candle_core::bail!("rows of {width} do not fit a matrix of width {}", self.width);
        }
        let tiles = match &self.form {
            Form::Dense(spread) => return x.matmul(spread),
            Form::Tiles(tiles) => tiles,
        };
        if count >= DENSE_ROWS_MIN {
            let spread = scratch.0.narrow(0, 0, self.rows * width)?;
            spread.inplace_op1(&Spread { tiles, rows: self.rows, width })?;
            return x.matmul(&spread.reshape((width, self.rows))?);
        }
        let out = with_floats(x, |x| self.few(tiles, x, count))?;
        Tensor::from_vec(out, (count, self.rows), &Device::Cpu)
    }

    fn few(&self, tiles: &[Tile], x: &[f32], count: usize) -> Vec<f32> {
        let sums: Vec<f32> = x.chunks_exact(BLOCK).map(|x| sum(x, |x| x)).collect();
        let each = self.width / BLOCK;
        // Tile after tile, because that is how the work is divided.
        let mut out = vec![0f32; self.rows * count];
        let tasks = out.par_chunks_mut(count * TILE * TILES_A_TASK).zip(tiles.par_chunks(each * TILES_A_TASK));
        tasks.for_each(|(out, tiles)| {
            wide(|| {
                for (out, tiles) in out.chunks_exact_mut(count * TILE).zip(tiles.chunks_exact(each)) {
                    let vectors = x.chunks_exact(self.width).zip(sums.chunks_exact(each));
                    for (out, (x, sums)) in out.as_chunks_mut::<TILE>().0.iter_mut().zip(vectors) {
                        *out = sixteen(tiles, x, sums);
                    }
                }
            });
        });
        if count == 1 {
            return out;
        }
        let mut rows = vec![0f32; out.len()];
        for (i, tile) in out.chunks_exact(TILE).enumerate() {
            rows[i % count * self.rows + i / count * TILE..][..TILE].copy_from_slice(tile);
        }
        rows
    }
}

impl Scratch {
    /// Large enough to apply each of these to `count` rows; nothing when they are few.
    pub(super) fn new<'a>(count: usize, weights: impl IntoIterator<Item = &'a Weight>) -> Result<Self> {
        let tiled = |w: &&Weight| count >= DENSE_ROWS_MIN && matches!(w.form, Form::Tiles(_));
        let sizes = weights.into_iter().filter(tiled).map(|w| w.rows * w.width);
        let size = sizes.max().unwrap_or(0);
        Ok(Self(Tensor::zeros(size, DType::F32, &Device::Cpu)?))
    }
}

/// One vector times sixteen rows.
#[inline(always)]
fn sixteen(tiles: &[Tile], x: &[f32], sums: &[f32]) -> [f32; TILE] {
    let mut out = [0f32; TILE];
    for ((tile, x), sum) in tiles.iter().zip(x.as_chunks::<BLOCK>().0).zip(sums) {
        let mut part = [0f32; TILE];
        for (j, nibbles) in tile.nibbles.iter().enumerate() {
            let (low, high) = (x[j], x[j + BLOCK / 2]);
            for (part, nibble) in part.iter_mut().zip(nibbles) {
                *part += f32::from(nibble & 15) * low + f32::from(nibble >> 4) * high;
            }
        }
        for (((out, part), scale), least) in out.iter_mut().zip(part).zip(&tile.scale).zip(&tile.least) {
            *out += scale * part + least * sum;
        }
    }
    out
}

/// Writes a matrix as f32, transposed: the layout that the dense product reads fastest.
struct Spread<'a> {
    tiles: &'a [Tile],
    rows: usize,
    width: usize,
}

impl InplaceOp1 for Spread<'_> {
    fn name(&self) -> &'static str {
        "spread"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(to), Some((from, end))) = (to, layout.contiguous_offsets()) else {
            candle_core::bail!("expected room for f32 without gaps")
        };
        let Self { tiles, rows, width } = self;
        to[from..end].par_chunks_mut(BLOCK * rows).enumerate().for_each(|(block, to)| {
            wide(|| spread(to, tiles.iter().skip(block).step_by(width / BLOCK), *rows));
        });
        Ok(())
    }
}

/// 32 columns of the matrix, as rows.
#[inline(always)]
fn spread<'a>(to: &mut [f32], tiles: impl Iterator<Item = &'a Tile>, rows: usize) {
    let (low, high) = to.split_at_mut(BLOCK / 2 * rows);
    for (at, tile) in tiles.enumerate() {
        for (j, nibbles) in tile.nibbles.iter().enumerate() {
            let at = j * rows + at * TILE;
            let (low, high) = (&mut low[at..at + TILE], &mut high[at..at + TILE]);
            for (r, nibble) in nibbles.iter().enumerate() {
                low[r] = f32::from(nibble & 15) * tile.scale[r] + tile.least[r];
                high[r] = f32::from(nibble >> 4) * tile.scale[r] + tile.least[r];
            }
        }
    }
}

/// Whether a matrix is kept in its four bits.
fn fits_tiles(part: &QTensor) -> bool {
    let four = matches!(part.dtype(), GgmlDType::Q4_0 | GgmlDType::Q4_1);
    four && part.shape().dims2().is_ok_and(|(rows, width)| width % BLOCK == 0 && rows % TILE == 0)
}

/// The tiles of a matrix whose rows have `each` blocks.
fn tiles(kind: GgmlDType, bytes: &[u8], each: usize) -> Result<Vec<Tile>> {
    let head = match kind {
        GgmlDType::Q4_0 => 2,
        GgmlDType::Q4_1 => 4,
        other => candle_core::bail!("the weights are {other:?}, Q4_0 or Q4_1 is needed"),
    };
    let size = head + BLOCK / 2;
    let half = |at: usize| half::f16::from_le_bytes([bytes[at], bytes[at + 1]]).to_f32();
    let tile = |i: usize| {
        let mut tile = Tile { scale: [0.0; TILE], least: [0.0; TILE], nibbles: [[0; TILE]; BLOCK / 2] };
        for r in 0..TILE {
            let at = ((i / each * TILE + r) * each + i % each) * size;
            tile.scale[r] = half(at);
            tile.least[r] = if head == 2 { -8.0 * tile.scale[r] } else { half(at + 2) };
            for (nibbles, byte) in tile.nibbles.iter_mut().zip(&bytes[at + head..at + size]) {
                nibbles[r] = *byte;
            }
        }
        tile
    };
    Ok((0..bytes.len() / (size * TILE)).into_par_iter().map(tile).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, width: usize, seed: f32) -> Tensor {
        let numbers: Vec<f32> = (0..count * width).map(|i| ((i as f32 + seed) * 0.37).sin()).collect();
        Tensor::from_vec(numbers, (count, width), &Device::Cpu).unwrap()
    }

    #[test]
    fn both_products_are_those_of_the_weights_as_candle_spreads_them() {
        for (kind, width) in [
            (GgmlDType::Q4_0, 96),
            (GgmlDType::Q4_1, 96),
            (GgmlDType::Q5_0, 96),
            (GgmlDType::Q8_0, 96),
            (GgmlDType::Q4K, 256),
            (GgmlDType::Q6K, 256),
        ] {
            let parts = [(32, 1.0), (16, 2.0)].map(|(n, seed)| QTensor::quantize(&rows(n, width, seed), kind).unwrap());
            let spread = parts.each_ref().map(|part| part.dequantize(&Device::Cpu).unwrap());
            let plain = Tensor::cat(&spread, 0).unwrap().t().unwrap();
            let weight = Weight::stack(&parts).unwrap().of(48, width).unwrap();
            for count in [1, 2, 5, DENSE_ROWS_MIN, 40] {
                let x = rows(count, width, 0.5);
                let scratch = Scratch::new(count, [&weight]).unwrap();
                let ours = weight.apply(&x, &scratch).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
                let theirs = x.matmul(&plain).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
                let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(ours.len() == theirs.len() && worst < 1e-4, "{kind:?} {count}: {worst}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let part = |n, width, kind| QTensor::quantize(&rows(n, width, 0.0), kind).unwrap();
        let odd = Weight::stack(&[part(15, 64, GgmlDType::Q4_1)]).unwrap();
        assert!(matches!(odd.form, Form::Dense(_)), "no whole tile");
        let unequal = [part(16, 64, GgmlDType::Q4_1), part(16, 32, GgmlDType::Q4_1)];
        assert!(Weight::stack(&unequal).is_err(), "two widths");
        let weight = Weight::stack(&unequal[..1]).unwrap();
        let scratch = Scratch::new(1, [&weight]).unwrap();
        assert!(weight.apply(&rows(1, 32, 0.0), &scratch).is_err(), "rows of another width");
        assert!(weight.of(16, 65).is_err());
    }
}
