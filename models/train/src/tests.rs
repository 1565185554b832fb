//! What is learned here is what the product reads.

use assay_core::ports::ReadText;
use assay_models::{ModelStore, Reader};

use super::*;
use crate::adapter::Settled;
use crate::calibrate::Calibration;

#[test]
fn the_product_reads_the_adapter_as_it_was_learned() {
    let models = std::env::var_os("ASSAY_MODELS").map(PathBuf::from).unwrap_or_default();
    let Ok(weights) = std::fs::read(models.join(embed::EMBEDDER).join("model.safetensors")) else {
        assert!(std::env::var_os("ASSAY_REQUIRE_MODELS").is_none(), "the encoder is required and not installed");
        eprintln!("SKIPPED: {} is not installed (set ASSAY_MODELS to the models folder)", embed::EMBEDDER);
        return;
    };
    let sizes = Sizes { layers: 6, width: 384, heads: 12, inner: 1536, rank: 4, outputs: outputs().1 };
    let layout = Layout::new(&sizes);
    let mut dice = Dice::new(5);
    let mut draw = move || (dice.below(2001) as f32 - 1000.0) / 1000.0;
    let (frozen, mut params) = Frozen::load(&weights, &sizes, &layout, &mut draw).unwrap();
    params.iter_mut().for_each(|p| *p += draw() * 0.01);
    let settled: Vec<Settled> = [2, 2, 4, 3, 2]
        .iter()
        .map(|classes| {
            let calibration =
                Calibration { factor: 0.7, shifts: (0..*classes).map(|i| i as f32 * 0.1).collect(), cut: 0.5 };
            Settled { calibration, threshold: 0.5 }
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("try.safetensors");
    adapter::write(&path, &layout, &params, &settled, Digest::of_bytes(&weights)).unwrap();

    let reader = Reader::with_adapter(&ModelStore::new(&models), "try", &std::fs::read(&path).unwrap()).unwrap();
    let texts = ["A remote attacker sends a crafted packet.", "A local user opens a file and gains root."];
    let tokenizer = tokenizer(&models.join(embed::EMBEDDER)).unwrap();
    let live = Live::new(sizes, &layout, &params).unwrap();
    for (text, marks) in texts.iter().zip(reader.marks(&texts).unwrap()) {
        let tokens = tokenizer.encode_fast(*text, true).unwrap().get_ids().to_vec();
        let outputs = frozen.forward(&live, &tokens, None).unwrap().outputs;
        let ours = [
            settled[0].calibration.apply(&outputs[0..2])[1],
            settled[1].calibration.apply(&outputs[2..4])[1],
            settled[2].calibration.apply(&outputs[4..8])[2],
            settled[3].calibration.apply(&outputs[8..11])[0],
            settled[4].calibration.apply(&outputs[11..13])[1],
        ];
        let theirs =
            [marks.automatable(), marks.total(), marks.vector()[2], marks.privileges()[0], marks.interaction()[1]];
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < 3e-3, "{text}: {ours:?} {theirs:?}");
        }
    }
}
