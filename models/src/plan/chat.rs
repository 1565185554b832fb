//! From texts to the tokens of a conversation: in ChatML, the form that SmolLM2 was trained on, or one text after the
//! other for a model that was not trained on any conversation.

use candle_core::quantized::gguf_file;
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use candle_core::{Error, Result};
use tokenizers::Tokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;

use super::pieces::Pieces;

/// The vocabulary and the marks of a conversation.
pub(super) struct Chat {
    words: Words,
    /// Begins what somebody says; for a model without conversations, the whole text.
    begin: u32,
    end: u32,
}

/// How texts become tokens, and with it the form of a conversation.
enum Words {
    /// Pairs of bytes, joined by rank; a conversation in ChatML.
    ChatMl(Box<Tokenizer>),
    /// Pieces; no conversation.
    Plain(Pieces),
}

impl Chat {
    /// Reads the vocabulary of a GGUF file.
    pub(super) fn load(file: &gguf_file::Content) -> Result<Self> {
        let text = |key: &str| file.metadata.get(key).and_then(|value| value.to_string().ok());
        let model = text("tokenizer.ggml.model").map_or("none", String::as_str);
        let kind = text("tokenizer.ggml.pre").map_or("none", String::as_str);
        match (model, kind) {
            (_, "smollm") => Self::chat_ml(file),
            ("llama", _) => Self::plain(file),
            _ => candle_core::bail!(
                "its words are cut in the way {model:?} {kind:?}, this build knows \"smollm\" and \"llama\""
            ),
        }
    }

    fn chat_ml(file: &gguf_file::Content) -> Result<Self> {
        let mut tokenizer = Tokenizer::from_gguf(file)?;
        // candle cuts what it does not know in GPT-2's way with a space put in front, which SmolLM2 never saw.
        let words = Sequence::new(vec![Digits::new(true).into(), ByteLevel::new(false, true, true).into()]);
        tokenizer.with_pre_tokenizer(Some(words));
        // Marks are set by us alone: a text that spells one out is text.
        tokenizer.set_encode_special_tokens(true);
        let mark = |name: &str| tokenizer.token_to_id(name).ok_or_else(|| Error::msg(format!("no token {name}")));
        let (begin, end) = (mark("<|im_start|>")?, mark("<|im_end|>")?);
        Ok(Self { words: Words::ChatMl(Box::new(tokenizer)), begin, end })
    }

    fn plain(file: &gguf_file::Content) -> Result<Self> {
        let pieces = Pieces::load(file)?;
        let mark = |name: &str| pieces.mark(name).ok_or_else(|| Error::msg(format!("no token {name}")));
        let (begin, end) = (mark("<bos>")?, mark("<eos>")?);
        Ok(Self { words: Words::Plain(pieces), begin, end })
    }

    /// The token that closes what somebody says.
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    /// How many tokens there are.
    pub(super) fn vocabulary(&self) -> usize {
        match &self.words {
            Words::ChatMl(tokenizer) => tokenizer.get_vocab_size(true),
            Words::Plain(pieces) => pieces.count(),
        }
    }

    /// A text as tokens; never a mark.
    pub(super) fn tokens(&self, text: &str) -> Result<Vec<u32>> {
        match &self.words {
            Words::ChatMl(tokenizer) => {
                let encoded = tokenizer.encode_fast(text, false).map_err(Error::wrap)?;
                Ok(encoded.get_ids().to_vec())
            }
            Words::Plain(pieces) => Ok(pieces.tokens(text)),
        }
    }

    /// What stands before every question: the system's text and the mark of the user.
    pub(super) fn opening(&self, system: &str) -> Result<Vec<u32>> {
        let mut tokens = vec![self.begin];
        if let Words::Plain(_) = self.words {
            tokens.extend(self.tokens(&format!("{system}\n\n"))?);
            return Ok(tokens);
        }
        tokens.extend(self.tokens(&format!("system\n{system}"))?);
        tokens.push(self.end);
        tokens.extend(self.tokens("\n")?);
        tokens.push(self.begin);
        tokens.extend(self.tokens("user\n")?);
        Ok(tokens)
    }

    /// The question, and the mark after which the model answers.
    pub(super) fn question(&self, prompt: &str) -> Result<Vec<u32>> {
        let mut tokens = self.tokens(prompt)?;
        if let Words::Plain(_) = self.words {
            return Ok(tokens);
        }
        tokens.push(self.end);
        tokens.extend(self.tokens("\n")?);
        tokens.push(self.begin);
        tokens.extend(self.tokens("assistant\n")?);
        Ok(tokens)
    }
}
