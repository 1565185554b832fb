//! Learning. Comes in: texts as tokens with their classes, a seed, and where it stood when it was cut off. Goes out:
//! what was learned. The same seed and the same number of threads give the same numbers.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use assay_core::scene::Dice;
use assay_eval::read::questions::{QUESTIONS, outputs};

use crate::adam::{Adam, rate};
use crate::checkpoint;
use crate::encoder::{Frozen, Live};
use crate::params::{Layout, Sizes};

/// A text ready to be learned from.
pub(crate) struct Lesson {
    pub(crate) tokens: Vec<u32>,
    pub(crate) classes: Vec<Option<usize>>,
}

/// How to learn.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) epochs: usize,
    pub(crate) batch: usize,
    pub(crate) peak: f32,
    /// The share of the mean state that is left out at random, in a hundred.
    pub(crate) dropout: usize,
    pub(crate) threads: usize,
    /// Where it is kept, so that a later run goes on.
    pub(crate) checkpoint: PathBuf,
}

/// Steps between two checkpoints.
const STEPS_KEPT: usize = 50;

/// Learns from the lessons. `after_epoch` sees what was learned after each.
pub(crate) fn fit(
    frozen: &Frozen,
    sizes: Sizes,
    layout: &Layout,
    mut params: Vec<f32>,
    lessons: &[Lesson],
    plan: &Plan,
    mut after_epoch: impl FnMut(usize, &[f32]) -> Result<()>,
) -> Result<Vec<f32>> {
    let mut adam = Adam::new(params.len());
    if let Some((kept, state)) = checkpoint::read(&plan.checkpoint, params.len())? {
        eprintln!("goes on after step {}", state.step);
        (params, adam) = (kept, state);
    }
    let weights = weights(lessons);
    let steps_each = lessons.len().div_ceil(plan.batch);
    let steps = steps_each * plan.epochs;
    let began = std::time::Instant::now();
    let first = adam.step;
    for epoch in adam.step / steps_each..plan.epochs {
        let mut order: Vec<usize> = (0..lessons.len()).collect();
        Dice::new(plan.seed.wrapping_add(epoch as u64)).shuffle(&mut order);
        let mut loss = 0.0;
        for (at, batch) in order.chunks(plan.batch).enumerate().skip(adam.step % steps_each) {
            let live = Live::new(sizes, layout, &params)?;
            let dice = plan.seed ^ ((adam.step as u64) << 20);
            let (lost, grads) = gradient(frozen, &live, lessons, batch, &weights, plan, dice)?;
            let peak = rate(plan.peak, adam.step, steps);
            adam.step(&mut params, &grads, peak);
            loss += lost;
            if adam.step.is_multiple_of(STEPS_KEPT) {
                checkpoint::write(&plan.checkpoint, &params, &adam)?;
                let each = began.elapsed().as_secs_f64() / (adam.step - first) as f64;
                let left = each * (steps - adam.step) as f64 / 60.0;
                eprintln!("step {} of {steps}, loss {:.4}, {left:.0} min left", adam.step, loss / (at + 1) as f32);
            }
        }
        checkpoint::write(&plan.checkpoint, &params, &adam)?;
        after_epoch(epoch + 1, &params)?;
    }
    Ok(params)
}

/// The outputs of the heads for each text, in order.
pub(crate) fn outputs_of(frozen: &Frozen, live: &Live<'_>, texts: &[&[u32]], threads: usize) -> Result<Vec<Vec<f32>>> {
    let parts = each_thread(threads, |turn| {
        let of = |text: &&[u32]| frozen.forward(live, text, None).map(|trace| trace.outputs);
        texts.iter().skip(turn.first).step_by(turn.of).map(of).collect::<Result<Vec<_>>>()
    })?;
    let mut parts: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
    let threads = parts.len();
    (0..texts.len()).map(|i| parts[i % threads].next().context("a thread left a text out")).collect()
}

/// The loss of a batch and its gradient. Texts go to threads in turns and are added in a fixed order.
fn gradient(
    frozen: &Frozen,
    live: &Live<'_>,
    lessons: &[Lesson],
    batch: &[usize],
    weights: &[Vec<f32>],
    plan: &Plan,
    dice: u64,
) -> Result<(f32, Vec<f32>)> {
    let mut sorted = batch.to_vec();
    sorted.sort_by_key(|i| (std::cmp::Reverse(lessons[*i].tokens.len()), *i));
    let total = live.total();
    let parts = each_thread(plan.threads, |turn| {
        let (mut loss, mut grads) = (0.0, vec![0f32; total]);
        for (at, i) in sorted.iter().enumerate().skip(turn.first).step_by(turn.of) {
            let mask = mask(live.width(), plan.dropout, dice.wrapping_add(at as u64));
            let trace = frozen.forward(live, &lessons[*i].tokens, Some(&mask))?;
            let (lost, to_outputs) = cross_entropy(&trace.outputs, &lessons[*i].classes, weights, batch.len());
            frozen.backward(live, &trace, &to_outputs, Some(&mask), &mut grads)?;
            loss += lost;
        }
        Ok((loss, grads))
    })?;
    let mut parts = parts.into_iter();
    let (mut loss, mut grads) = parts.next().context("no thread worked")?;
    for (lost, more) in parts {
        loss += lost;
        crate::steps::add(&mut grads, &more, 1.0);
    }
    Ok((loss, grads))
}

/// Which texts a thread takes: from `first` on every one of `of`.
#[derive(Clone, Copy)]
struct Turn {
    first: usize,
    of: usize,
}

/// What each thread made of its turn, in the order of the threads.
fn each_thread<T: Send>(threads: usize, work: impl Fn(Turn) -> Result<T> + Sync) -> Result<Vec<T>> {
    let (work, of) = (&work, threads.max(1));
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..of).map(|first| scope.spawn(move || work(Turn { first, of }))).collect();
        running.into_iter().map(|r| r.join().map_err(|_| anyhow::anyhow!("a thread ended badly"))?).collect()
    })
}

/// The loss of one text and the gradient of its outputs. A question that nobody answered counts nothing.
pub(crate) fn cross_entropy(
    told: &[f32],
    classes: &[Option<usize>],
    weights: &[Vec<f32>],
    batch: usize,
) -> (f32, Vec<f32>) {
    let (starts, count) = outputs();
    let (mut loss, mut grad) = (0.0, vec![0f32; count]);
    for (((question, start), class), weights) in QUESTIONS.iter().zip(starts).zip(classes).zip(weights) {
        let Some(class) = *class else { continue };
        let range = start..start + question.classes.len();
        let mut chances = told[range.clone()].to_vec();
        assay_models::vector::softmax(&mut chances);
        let weight = question.weight * weights[class] / batch as f32;
        loss -= weight * chances[class].max(1e-9).ln();
        for (i, (g, p)) in grad[range].iter_mut().zip(chances).enumerate() {
            *g = weight * (p - f32::from(u8::from(i == class)));
        }
    }
    (loss, grad)
}

/// A rare class counts more: by the fourth root of how rare it is, with a mean of one over the texts.
fn weights(lessons: &[Lesson]) -> Vec<Vec<f32>> {
    QUESTIONS
        .iter()
        .enumerate()
        .map(|(q, question)| {
            let mut counts = vec![1.0f32; question.classes.len()];
            lessons.iter().filter_map(|l| l.classes[q]).for_each(|c| counts[c] += 1.0);
            let all: f32 = counts.iter().sum();
            let raw: Vec<f32> = counts.iter().map(|c| (all / c).powf(0.25)).collect();
            let mean = raw.iter().zip(&counts).map(|(w, c)| w * c).sum::<f32>() / all;
            raw.iter().map(|w| w / mean).collect()
        })
        .collect()
}

fn mask(width: usize, dropout: usize, seed: u64) -> Vec<f32> {
    let mut dice = Dice::new(seed);
    let keep = 100.0 / (100 - dropout.min(99)) as f32;
    (0..width).map(|_| if dice.chance(dropout) { 0.0 } else { keep }).collect()
}

/// Where a checkpoint lies beside the result.
pub(crate) fn beside(out: &Path) -> PathBuf {
    out.with_extension("checkpoint")
}
