//! The optimiser: AdamW (Loshchilov and Hutter, 2019) over one list of numbers, with a linear rise and fall of its rate.

use assay_models::vector::wide;

/// Moments of every number, and how many steps there were.
#[derive(Clone, Debug)]
pub(crate) struct Adam {
    pub(crate) first: Vec<f32>,
    pub(crate) second: Vec<f32>,
    pub(crate) step: usize,
}

const FIRST: f32 = 0.9;
const SECOND: f32 = 0.98;
const EPSILON: f32 = 1e-8;
const DECAY: f32 = 0.01;
/// The greatest length of a gradient; a longer one is shortened.
const LENGTH_MAX: f32 = 1.0;

impl Adam {
    pub(crate) fn new(count: usize) -> Self {
        Self { first: vec![0.0; count], second: vec![0.0; count], step: 0 }
    }

    /// One step at this rate. Gives the gradient's length.
    pub(crate) fn step(&mut self, params: &mut [f32], grads: &[f32], rate: f32) -> f32 {
        self.step += 1;
        let length = grads.iter().map(|g| f64::from(*g) * f64::from(*g)).sum::<f64>().sqrt() as f32;
        let shorten = (LENGTH_MAX / length.max(1e-12)).min(1.0);
        let count = self.step as i32;
        let (whole_first, whole_second) = (1.0 - FIRST.powi(count), 1.0 - SECOND.powi(count));
        let (first, second) = (&mut self.first, &mut self.second);
        wide(|| {
            for (((p, g), m), v) in params.iter_mut().zip(grads).zip(first.iter_mut()).zip(second.iter_mut()) {
                let g = g * shorten;
                *m += (1.0 - FIRST) * (g - *m);
                *v += (1.0 - SECOND) * (g * g - *v);
                let move_by = (*m / whole_first) / ((*v / whole_second).sqrt() + EPSILON);
                *p -= rate * (move_by + DECAY * *p);
            }
        });
        length
    }
}

/// The rate at a step: up over the first twentieth, then down in a line to a fiftieth of the peak.
pub(crate) fn rate(peak: f32, step: usize, steps: usize) -> f32 {
    let rise = (steps / 20).max(1);
    if step < rise {
        return peak * (step + 1) as f32 / rise as f32;
    }
    let left = steps.saturating_sub(step) as f32 / (steps - rise).max(1) as f32;
    peak * left.max(0.02)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_bottom_of_a_bowl() {
        let mut params = vec![3.0, -2.0];
        let mut adam = Adam::new(2);
        for step in 0..600 {
            let grads: Vec<f32> = params.iter().map(|p| 2.0 * (p - 1.0)).collect();
            adam.step(&mut params, &grads, rate(0.1, step, 600));
        }
        assert!(params.iter().all(|p| (p - 1.0).abs() < 0.05), "{params:?}");
    }

    #[test]
    fn the_rate_rises_and_falls() {
        assert!(rate(1.0, 0, 100) < rate(1.0, 4, 100) && rate(1.0, 50, 100) > rate(1.0, 99, 100));
    }
}
