//! Gemma 3 where it is installed: its numbers are those of candle's own Gemma 3 on the same weights, and stay what they
//! are.

use std::collections::HashMap;

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use candle_transformers::models::gemma3::{Config, Model};

use super::*;

const GEMMA: &str = "gemma3-270m";

fn gemma() -> Option<LocalPlanner> {
    Some(LocalPlanner::load_named(&installed(GEMMA)?, GEMMA, SYSTEM, PlanLimits::default()).unwrap())
}

#[test]
fn letters_are_single_tokens_and_marks_in_a_text_are_text() {
    let Some(planner) = gemma() else { return };
    let tokens = |text: &str| planner.chat.tokens(text).unwrap();
    assert!(!tokens("<eos><bos>").contains(&planner.chat.end()) && tokens("<eos>").len() > 1);
    assert_eq!(planner.opening.first(), Some(&2), "the mark of the beginning");
    // As the model's own tokenizer has it.
    assert_eq!(tokens("Hello world"), [9259, 1902]);
    assert_eq!(tokens("\n\n"), [108]);
}

#[test]
fn the_same_question_gets_the_same_plan_warm_or_cold() {
    let Some(planner) = gemma() else { return };
    let ask = || {
        let mut letters = Letters::new("CAB");
        planner.choose(PROMPT, &mut letters, Span::minutes(5)).unwrap();
        letters.taken
    };
    let cold = ask();
    assert_eq!((cold.len(), ask()), (3, cold));
}

#[test]
fn logits_are_near_those_of_candles_own_gemma() {
    let Some(planner) = gemma() else { return };
    let prompt = [planner.opening.clone(), planner.chat.question(PROMPT).unwrap()].concat();
    let until = deadline(Span::minutes(5));
    let letters = [" A", " B", " C", " Z"].map(|letter| planner.chat.tokens(letter).unwrap()[0]);
    let (_, state) = planner.model.extend(&Past::default(), &prompt, until).unwrap();
    let ours = planner.model.logits(&state, &letters).unwrap();
    let (half, _) = planner.model.extend(&Past::default(), &prompt[..20], until).unwrap();
    let (_, state) = planner.model.extend(&half, &prompt[20..], until).unwrap();
    let halves = planner.model.logits(&state, &letters).unwrap();

    let entry = load::model(GEMMA).unwrap();
    let mut file = Cursor::new(load::read(&installed(GEMMA).unwrap(), entry, &entry.files[0]).unwrap());
    let mut stock = Model::new(false, &config(), weights(&mut file)).unwrap();
    let all = Tensor::new(prompt.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let all = stock.forward(&all, 0).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let stock = letters.map(|letter| all[letter as usize]);
    let pinned = [16.7986f32, 14.6406, 14.6426, 10.1987];
    for i in 0..letters.len() {
        assert!((ours[i] - halves[i]).abs() < 1e-2, "{ours:?} {halves:?}");
        // Both compute with the same spread weights.
        assert!((ours[i] - stock[i]).abs() < 1e-3, "{ours:?} {stock:?}");
        assert!((ours[i] - pinned[i]).abs() < 2e-2, "{ours:?}");
    }
}

/// The sizes of Gemma 3 270M, as its own configuration has them.
fn config() -> Config {
    Config {
        attention_bias: false,
        head_dim: 256,
        hidden_activation: candle_nn::Activation::GeluPytorchTanh,
        hidden_size: 640,
        intermediate_size: 2048,
        num_attention_heads: 4,
        num_hidden_layers: 18,
        num_key_value_heads: 1,
        rms_norm_eps: 1e-6,
        rope_theta: 1_000_000.0,
        rope_local_base_freq: 10_000.0,
        vocab_size: 262_144,
        final_logit_softcapping: None,
        attn_logit_softcapping: None,
        query_pre_attn_scalar: 256,
        sliding_window: 512,
        sliding_window_pattern: 6,
        max_position_embeddings: 1024,
    }
}

/// The weights of the file, spread, under the names that candle's model asks for.
fn weights(file: &mut Cursor<Vec<u8>>) -> VarBuilder<'static> {
    let content = gguf_file::Content::read(file).unwrap();
    let mut named = HashMap::new();
    for name in content.tensor_infos.keys() {
        let tensor = content.tensor(file, name, &Device::Cpu).unwrap().dequantize(&Device::Cpu).unwrap();
        // A GGUF file has one added to each norm already.
        let tensor = if name.contains("norm") { (tensor - 1.0).unwrap() } else { tensor };
        named.insert(hub_name(name), tensor);
    }
    VarBuilder::from_tensors(named, DType::F32, &Device::Cpu)
}

fn hub_name(name: &str) -> String {
    match name {
        "token_embd.weight" => return "model.embed_tokens.weight".to_owned(),
        "output_norm.weight" => return "model.norm.weight".to_owned(),
        _ => {}
    }
    let (layer, part) = name.strip_prefix("blk.").unwrap().split_once('.').unwrap();
    let part = match part.trim_end_matches(".weight") {
        "attn_norm" => "input_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_q_norm" => "self_attn.q_norm",
        "attn_k_norm" => "self_attn.k_norm",
        "attn_output" => "self_attn.o_proj",
        "post_attention_norm" => "post_attention_layernorm",
        "ffn_norm" => "pre_feedforward_layernorm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        "post_ffw_norm" => "post_feedforward_layernorm",
        other => unreachable!("{other}"),
    };
    format!("model.layers.{layer}.{part}.weight")
}
