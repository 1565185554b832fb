//! What is said to a server and what is understood of its answer. Everything that comes back is foreign text: it is
//! compared, and shown cut and escaped, but never interpreted.

use assay_core::ports::ModelError;
use serde::{Deserialize, Serialize};

/// Characters of a foreign text that are shown.
const SHOWN_MAX: usize = 64;

/// A question to a server.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    temperature: f32,
    max_tokens: usize,
    stop: [&'static str; 1],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    grammar: Option<String>,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Reply {
    model: Option<String>,
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
}

impl<'a> Request<'a> {
    /// What the system says, what we ask, and what was answered so far.
    pub(super) fn new(model: &'a str, said: [&'a str; 3], max_tokens: usize, grammar: Option<String>) -> Self {
        let roles = ["system", "user", "assistant"];
        let messages = roles.into_iter().zip(said).filter(|(_, content)| !content.is_empty());
        let messages = messages.map(|(role, content)| Message { role, content }).collect();
        Self { model, messages, temperature: 0.0, max_tokens, stop: ["\n"], stream: false, grammar }
    }

    /// As it is sent: with line breaks, because a person is shown the same bytes.
    pub(super) fn body(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// What the server answered, if it is an answer of this model.
pub(super) fn content(body: &[u8], model: &str) -> Result<String, ModelError> {
    let failed = |why: String| ModelError::Failed(why.into());
    let reply: Reply = serde_json::from_slice(body)
        .map_err(|error| failed(format!("the model server's answer has not the expected form: {error}")))?;
    if let Some(other) = reply.model.filter(|other| other != model) {
        return Err(failed(format!("the model server answered as {}, not as {model}", shown(&other))));
    }
    let said = reply.choices.into_iter().next().and_then(|choice| choice.message.content);
    said.ok_or_else(|| failed("the model server answered without any text".to_owned()))
}

/// A grammar in GBNF that allows these texts and nothing else.
pub(super) fn grammar(options: &[String]) -> String {
    let quoted = |option: &String| {
        let escape = |c: char| match c {
            '"' | '\\' => format!("\\{c}"),
            '\n' => "\\n".to_owned(),
            c => c.to_string(),
        };
        format!("\"{}\"", option.chars().map(escape).collect::<String>())
    };
    format!("root ::= {}", options.iter().map(quoted).collect::<Vec<_>>().join(" | "))
}

fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(SHOWN_MAX).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grammar_allows_the_options_and_nothing_else() {
        let options = ["C", " A", "+D", "\"\\\n"].map(str::to_owned);
        assert_eq!(grammar(&options), r#"root ::= "C" | " A" | "+D" | "\"\\\n""#);
    }

    #[test]
    fn an_answer_of_another_model_or_of_no_form_is_none() {
        let answer = |body: &str| content(body.as_bytes(), "small");
        assert_eq!(answer(r#"{"model":"small","choices":[{"message":{"content":"A B"}}]}"#), Ok("A B".to_owned()));
        assert_eq!(answer(r#"{"choices":[{"message":{"content":"A B"}}]}"#), Ok("A B".to_owned()));
        for bad in [
            r#"{"model":"large","choices":[{"message":{"content":"A B"}}]}"#,
            r#"{"choices":[]}"#,
            r#"{"choices":[{"message":{"content":null}}]}"#,
            r#"{"choices":[{"message":{"content":["A"]}}]}"#,
            "[]",
            "A B",
            "",
        ] {
            assert!(matches!(answer(bad), Err(ModelError::Failed(_))), "{bad}");
        }
        assert!(
            content(b"{\"choices\":[{\"message\":{\"content\":\"A \xe2\x82\"}}]}", "small").is_err(),
            "half a sign"
        );
        let long = format!(r#"{{"model":"{}","choices":[]}}"#, "\\u001b[31m".repeat(1000));
        let Err(ModelError::Failed(why)) = answer(&long) else { unreachable!() };
        assert!(why.len() < 500 && !why.contains('\u{1b}'), "{why}");
    }
}
