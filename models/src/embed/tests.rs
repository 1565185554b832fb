//! The parts of the embedder that need no model, and the model held against candle's own where it is installed.

use candle_core::{DType, Device, Tensor};
use candle_transformers::models::bert::{BertModel, Config};

use super::*;
use crate::tests::installed;

#[test]
fn a_file_that_is_no_safetensors_is_an_error_not_a_panic() {
    let path = Path::new("model.safetensors");
    for bytes in [&b""[..], b"{}", &[0xff; 64], b"\x10\0\0\0\0\0\0\0{\"a\":{\"dtype\":\""] {
        assert!(matches!(load::parse(path, || MiniLm::load(bytes, None)), Err(LoadError::Format { .. })));
    }
}

#[test]
fn a_file_that_is_no_tokenizer_is_an_error() {
    let path = Path::new("tokenizer.json");
    assert!(matches!(tokenizer(path, b"{\"version\":"), Err(LoadError::Format { .. })));
}

#[test]
fn a_model_that_is_not_installed_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let Err(LoadError::Missing { model, .. }) = Embedder::load(&ModelStore::new(dir.path())) else {
        unreachable!("nothing is installed")
    };
    assert_eq!(model, EMBEDDER);
}

#[test]
fn weights_cut_short_are_refused_by_the_parser_too() {
    let Some(store) = installed(EMBEDDER) else { return };
    let entry = load::model(EMBEDDER).unwrap();
    let bytes = load::read(&store, entry, &entry.files[0]).unwrap();
    for keep in [7, 8, 1000, 20_000, bytes.len() / 2, bytes.len() - 1] {
        let parsed = load::parse(Path::new("cut"), || MiniLm::load(&bytes[..keep], None));
        assert!(matches!(parsed, Err(LoadError::Format { .. })), "{keep}");
    }
}

#[test]
fn vectors_are_those_of_candles_own_bert() {
    let Some(store) = installed(EMBEDDER) else { return };
    let embedder = Embedder::load(&store).unwrap();
    let entry = load::model(EMBEDDER).unwrap();
    let bytes = load::read(&store, entry, &entry.files[0]).unwrap();
    let weights = candle_nn::VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu).unwrap();
    let config = r#"{"vocab_size":30522,"hidden_size":384,"num_hidden_layers":6,"num_attention_heads":12,
        "intermediate_size":1536,"hidden_act":"gelu","hidden_dropout_prob":0.1,"max_position_embeddings":512,
        "type_vocab_size":2,"initializer_range":0.02,"layer_norm_eps":1e-12,"pad_token_id":0}"#;
    let config: Config = serde_json::from_str(config).unwrap();
    let stock = BertModel::load(weights, &config).unwrap();

    let long = "a heap overflow in the parser of a header lets a remote attacker run code ".repeat(40);
    let texts = ["", "x", "A shell ran in the container.", long.as_str(), "Über-long naïve words: Ω≈ç√∫ 漢字 🙂"];
    let ours = embedder.embed(&texts).unwrap();
    for (text, ours) in embedder.encoder.tokens(&texts).unwrap().iter().zip(&ours) {
        let ids = Tensor::new(text.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
        let states = stock.forward(&ids, &ids.zeros_like().unwrap(), None).unwrap();
        let mean = states.mean(1).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt();
        for (ours, stock) in ours.iter().zip(&mean) {
            assert!((ours - stock / length).abs() < 1e-4, "{ours} {}", stock / length);
        }
    }
}

#[test]
fn vectors_of_three_sentences_stay_what_they_are() {
    let Some(store) = installed(EMBEDDER) else { return };
    let embedder = Embedder::load(&store).unwrap();
    let texts = [
        "The container runs as root.",
        "Root is the user inside the container.",
        "EPSS gives a probability of exploitation.",
    ];
    let vectors = embedder.embed(&texts).unwrap();
    let pinned: [[f32; 8]; 3] = [
        [0.0376, 0.0039, -0.0729, -0.0406, 0.0998, -0.1103, -0.0705, 0.0240],
        [0.0376, 0.0384, -0.0717, -0.0339, 0.0536, -0.0812, 0.0236, 0.0678],
        [-0.0194, 0.0167, -0.1243, -0.0336, 0.0535, -0.0142, 0.0329, -0.0117],
    ];
    for (vector, pinned) in vectors.iter().zip(pinned) {
        assert_eq!(vector.len(), embedder.dimensions());
        assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
        let near = vector.iter().zip(pinned).all(|(x, p)| (x - p).abs() < 1e-3);
        assert!(near, "{:?}", &vector[..8]);
    }
    let cosine = |a: usize, b: usize| vectors[a].iter().zip(&vectors[b]).map(|(x, y)| x * y).sum::<f32>();
    assert!(cosine(0, 1) > 0.7 && cosine(0, 1) > cosine(0, 2) && cosine(0, 2) < 0.3);
}

#[test]
fn neighbours_in_a_pack_do_not_touch() {
    let Some(store) = installed(EMBEDDER) else { return };
    let embedder = Embedder::load(&store).unwrap();
    let long = "one two three four five six seven ".repeat(50);
    let texts: Vec<&str> = (0..40).map(|i| if i % 3 == 0 { long.as_str() } else { "short" }).collect();
    let together = embedder.embed(&texts).unwrap();
    assert_eq!(together.len(), 40);
    let alone = [embedder.embed(&texts[..1]).unwrap().remove(0), embedder.embed(&texts[1..2]).unwrap().remove(0)];
    for (i, vector) in together.iter().enumerate() {
        let alone = &alone[usize::from(i % 3 != 0)];
        assert!(vector.iter().zip(alone).all(|(a, b)| (a - b).abs() < 1e-5), "{i}");
    }
    assert!(embedder.embed(&[]).unwrap().is_empty());
}
