//! Files that lie about themselves: counts that no machine has room for, sizes that do not fit, a vocabulary that is not
//! that of the weights. Each is an error, in bounded memory, and never a panic.

use super::*;

/// A value of a GGUF header.
#[derive(Clone)]
enum Value<'a> {
    Text(&'a str),
    Count(u32),
    Number(f32),
    Texts(&'a [&'a str]),
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

/// A file of version 3 with these fields and no tensor.
fn file(fields: &[(&str, Value<'_>)]) -> Vec<u8> {
    let mut bytes = b"GGUF\x03\0\0\0".to_vec();
    bytes.extend(0u64.to_le_bytes());
    bytes.extend((fields.len() as u64).to_le_bytes());
    for (key, value) in fields {
        text(&mut bytes, key);
        match value {
            Value::Count(count) => {
                bytes.extend(4u32.to_le_bytes());
                bytes.extend(count.to_le_bytes());
            }
            Value::Number(number) => {
                bytes.extend(6u32.to_le_bytes());
                bytes.extend(number.to_le_bytes());
            }
            Value::Text(value) => {
                bytes.extend(8u32.to_le_bytes());
                text(&mut bytes, value);
            }
            Value::Texts(values) => {
                bytes.extend(9u32.to_le_bytes());
                bytes.extend(8u32.to_le_bytes());
                bytes.extend((values.len() as u64).to_le_bytes());
                values.iter().for_each(|value| text(&mut bytes, value));
            }
        }
    }
    bytes
}

fn reason(bytes: &[u8]) -> String {
    match load::parse(std::path::Path::new("x.gguf"), || open(bytes).map(|_| ())) {
        Err(LoadError::Format { reason, .. }) => reason,
        other => unreachable!("{other:?}"),
    }
}

/// The sizes of a small Gemma, all fitting.
fn sizes() -> Vec<(&'static str, Value<'static>)> {
    vec![
        ("general.architecture", Value::Text("gemma3")),
        ("gemma3.block_count", Value::Count(2)),
        ("gemma3.embedding_length", Value::Count(64)),
        ("gemma3.feed_forward_length", Value::Count(128)),
        ("gemma3.attention.head_count", Value::Count(4)),
        ("gemma3.attention.head_count_kv", Value::Count(1)),
        ("gemma3.attention.key_length", Value::Count(32)),
        ("gemma3.attention.sliding_window", Value::Count(16)),
        ("gemma3.attention.layer_norm_rms_epsilon", Value::Number(1e-6)),
    ]
}

#[test]
fn sizes_that_make_no_sense_are_named() {
    assert!(reason(&file(&sizes())).contains("token_embd"), "the sizes fit, the weights are missing");
    for (key, value, said) in [
        ("gemma3.block_count", Value::Count(u32::MAX), "gemma3.block_count is 4294967295"),
        ("gemma3.block_count", Value::Count(0), "gemma3.block_count is 0"),
        ("gemma3.attention.head_count_kv", Value::Count(3), "do not fit"),
        ("gemma3.attention.key_length", Value::Count(31), "do not fit"),
        ("gemma3.attention.key_length", Value::Text("wide"), ""),
        ("gemma3.rope.freq_base", Value::Number(f32::NAN), "do not fit"),
        ("gemma3.rope.freq_base", Value::Number(-1.0), "do not fit"),
        ("gemma3.rope.scaling.factor", Value::Number(8.0), "scaled"),
        ("gemma3.attention.value_length", Value::Count(64), "do not fit"),
    ] {
        let mut fields = sizes();
        fields.retain(|(other, _)| *other != key);
        fields.push((key, value));
        let reason = reason(&file(&fields));
        assert!(reason.contains(said), "{key}: {reason}");
    }
}

#[test]
fn a_reason_is_short_whatever_the_file_holds() {
    let long = "x".repeat(100_000);
    let mut fields = sizes();
    fields.retain(|(key, _)| *key != "gemma3.block_count");
    fields.push(("gemma3.block_count", Value::Text(&long)));
    assert!(reason(&file(&fields)).len() < 400);
}

#[test]
fn counts_that_nobody_has_room_for_are_errors_at_once() {
    // A header of a few bytes that promises 2^60 fields, tensors, characters of a text, or entries of a list.
    let huge = (1u64 << 60).to_le_bytes();
    let head = |tensors: [u8; 8], fields: [u8; 8]| [b"GGUF\x03\0\0\0".as_slice(), &tensors, &fields].concat();
    let one = 1u64.to_le_bytes();
    let key = [4u64.to_le_bytes().as_slice(), b"tall"].concat();
    for bytes in [
        head(huge, one),
        head(one, huge),
        [head([0; 8], one), huge.to_vec(), b"key".to_vec()].concat(),
        [head([0; 8], one), key.clone(), 8u32.to_le_bytes().to_vec(), huge.to_vec()].concat(),
        [head([0; 8], one), key, 9u32.to_le_bytes().to_vec(), 8u32.to_le_bytes().to_vec(), huge.to_vec()].concat(),
    ] {
        assert!(!reason(&bytes).is_empty());
    }
}

#[test]
fn a_vocabulary_that_does_not_agree_with_itself_is_refused() {
    let fields = |tokens: &'static [&'static str]| {
        vec![
            ("tokenizer.ggml.model", Value::Text("llama")),
            ("tokenizer.ggml.tokens", Value::Texts(tokens)),
            ("tokenizer.ggml.scores", Value::Texts(&["1"])),
            ("tokenizer.ggml.token_type", Value::Texts(&["1"])),
        ]
    };
    let vocabulary = |bytes: &[u8]| {
        let content = gguf_file::Content::read(&mut Cursor::new(bytes)).unwrap();
        Chat::load(&content).map(|_| ()).unwrap_err().to_string()
    };
    assert!(vocabulary(&file(&fields(&["a", "b"]))).contains("2 tokens, 1 scores"));
    assert!(!vocabulary(&file(&fields(&["a"]))).is_empty(), "a score that is no number");
    assert!(vocabulary(&file(&[("tokenizer.ggml.model", Value::Text("wordpiece"))])).contains("wordpiece"));
    assert!(vocabulary(&file(&[("tokenizer.ggml.model", Value::Text("llama"))])).contains("tokenizer.ggml.tokens"));
}
