use std::collections::HashMap;

use assay_core::scene::Dice;
use candle_core::{Device, Tensor};

use super::*;
use crate::fit::cross_entropy;

const SIZES: Sizes = Sizes { layers: 2, width: 8, heads: 2, inner: 12, rank: 3, outputs: 26 };

fn small() -> (Frozen, Layout, Vec<f32>) {
    let mut dice = Dice::new(3);
    let mut draw = move || (dice.below(2001) as f32 - 1000.0) / 1000.0;
    let mut tensors = HashMap::new();
    let mut put = |name: String, rows: usize, columns: usize| {
        let numbers: Vec<f32> = (0..rows * columns).map(|_| draw() * 0.6).collect();
        let shape = if rows == 1 { vec![columns] } else { vec![rows, columns] };
        tensors.insert(name, Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap());
    };
    put("embeddings.word_embeddings.weight".into(), 20, 8);
    put("embeddings.position_embeddings.weight".into(), 10, 8);
    put("embeddings.token_type_embeddings.weight".into(), 2, 8);
    for name in ["weight", "bias"] {
        put(format!("embeddings.LayerNorm.{name}"), 1, 8);
    }
    for i in 0..2 {
        let linears = [
            ("attention.self.query", 8, 8),
            ("attention.self.key", 8, 8),
            ("attention.self.value", 8, 8),
            ("attention.output.dense", 8, 8),
            ("intermediate.dense", 12, 8),
            ("output.dense", 8, 12),
        ];
        for (name, rows, columns) in linears {
            put(format!("encoder.layer.{i}.{name}.weight"), rows, columns);
            put(format!("encoder.layer.{i}.{name}.bias"), 1, rows);
        }
        for name in ["attention.output.LayerNorm", "output.LayerNorm"] {
            put(format!("encoder.layer.{i}.{name}.weight"), 1, 8);
            put(format!("encoder.layer.{i}.{name}.bias"), 1, 8);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.safetensors");
    candle_core::safetensors::save(&tensors, &path).unwrap();
    let layout = Layout::new(&SIZES);
    let mut dice = Dice::new(4);
    let mut draw = move || (dice.below(2001) as f32 - 1000.0) / 1000.0;
    let (frozen, mut params) = Frozen::load(&std::fs::read(path).unwrap(), &SIZES, &layout, &mut draw).unwrap();
    // Away from the start, where half of the gradients are zero.
    params.iter_mut().for_each(|p| *p += draw() * 0.2);
    (frozen, layout, params)
}

#[test]
fn the_gradient_is_what_a_small_change_does() {
    let (frozen, layout, params) = small();
    let tokens = [3, 7, 11, 2, 19];
    let mask: Vec<f32> = (0..8).map(|i| if i == 2 { 0.0 } else { 1.2 }).collect();
    let classes: Vec<Option<usize>> =
        vec![Some(1), None, Some(3), Some(0), Some(1), Some(0), None, Some(2), Some(1), Some(0)];
    let weights = vec![vec![1.0, 2.0, 0.5, 1.5]; 10];
    let loss = |params: &[f32]| {
        let live = Live::new(SIZES, &layout, params).unwrap();
        let trace = frozen.forward(&live, &tokens, Some(&mask)).unwrap();
        cross_entropy(&trace.outputs, &classes, &weights, 4)
    };
    let live = Live::new(SIZES, &layout, &params).unwrap();
    let trace = frozen.forward(&live, &tokens, Some(&mask)).unwrap();
    let mut grads = vec![0f32; layout.total];
    frozen.backward(&live, &trace, &loss(&params).1, Some(&mask), &mut grads).unwrap();
    for (name, slot) in &layout.named {
        for at in [0, slot.rows * slot.columns / 2, slot.rows * slot.columns - 1] {
            let (mut up, mut down) = (params.clone(), params.clone());
            up[slot.at + at] += 1e-2;
            down[slot.at + at] -= 1e-2;
            let slope = (loss(&up).0 - loss(&down).0) / 2e-2;
            let grad = grads[slot.at + at];
            assert!((slope - grad).abs() < 2e-3 + 0.03 * slope.abs(), "{name}, number {at}: {slope} but {grad}");
        }
    }
}
