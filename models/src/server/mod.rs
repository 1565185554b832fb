//! Closed choices by a server that speaks OpenAI's protocol (vLLM, llama-server, Ollama). Comes in: a prompt made of our
//! own words, and the legal continuations. Goes out: those that the server's answer spells, letter by letter. Nothing
//! but that prompt is ever sent, only to a loopback address or over TLS, and an answer that spells anything else is
//! refused whole.

mod line;
mod talk;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use assay_core::ids::{Digest, Span};
use assay_core::ports::{Choices, ModelError, ModelId, Planner};
use reqwest::Url;

use self::line::{AGENT, Line};
use self::talk::{Request, content, grammar};
use crate::plan::clock::{deadline, left};

/// Tokens of one answer that are paid for. An order of sixteen facts is at most 32 short ones.
pub const ANSWER_TOKENS_MAX: usize = 64;
/// Steps of one answer.
pub const ANSWER_STEPS_MAX: usize = 64;

/// Which server, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// The address of the API, such as `http://127.0.0.1:8080/v1`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// What is sent as bearer token.
    pub key: Option<String>,
    /// How long one answer may take.
    pub timeout: Span,
    /// How it is asked.
    pub form: Form,
}

/// How a server is asked for a closed answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One completion holds the whole answer, which is then read against the legal options. Any server.
    #[default]
    Answer,
    /// One completion a step, held to the legal options by a grammar (GBNF in the field `grammar`): llama-server and
    /// llama-cpp-python.
    Grammar,
}

/// Why a server cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is not one that may be sent to.
    #[error("the model server's address {url:?} cannot be used: {why}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The binary did not install rustls's provider of cryptography.
    #[error("TLS is not set up: no provider of cryptography is installed")]
    NoTls,
    /// The client could not be made.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

/// A model behind an address. Threads may share it. It blocks: never call it from an asynchronous task.
pub struct ServerPlanner {
    id: ModelId,
    line: Line,
    system: String,
    settings: ServerSettings,
}

impl ServerPlanner {
    /// Prepares to ask; nothing is sent. `system` is the fixed text that stands before every prompt; it must be ours.
    ///
    /// # Errors
    /// When the address is neither loopback nor https, or TLS is not set up.
    pub fn new(settings: ServerSettings, system: &str) -> Result<Self, ServerError> {
        let url = address(&settings.url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let name = format!("{} at {host}{port}", settings.model).into();
        let digest = Digest::of_bytes(format!("model server\n{url}\n{}", settings.model).as_bytes());
        let line = Line::new(url, settings.key.clone())?;
        Ok(Self { id: ModelId { name, digest }, line, system: system.to_owned(), settings })
    }

    /// Everything that is sent for a prompt: the address, the headers that we set (without the key) and the body, byte
    /// for byte. In [`Form::Grammar`] it is the first of several requests.
    pub fn would_send(&self, prompt: &str, choices: &dyn Choices) -> String {
        let key = self.settings.key.as_ref().map_or("", |_| "authorization: Bearer (the key)\n");
        let body = self.request(prompt, "", &choices.options()).body();
        let head = format!("POST {}\nuser-agent: {AGENT}\ncontent-type: application/json\n{key}", self.line.url());
        format!("{head}\n{body}\n")
    }

    fn request<'a>(&'a self, prompt: &'a str, written: &'a str, options: &[String]) -> Request<'a> {
        let (tokens, grammar) = match self.settings.form {
            Form::Answer => (ANSWER_TOKENS_MAX, None),
            // No token is shorter than a byte.
            Form::Grammar => (options.iter().map(String::len).max().unwrap_or(1), Some(grammar(options))),
        };
        Request::new(&self.settings.model, [&self.system, prompt, written], tokens.min(ANSWER_TOKENS_MAX), grammar)
    }

    fn whole(&self, prompt: &str, choices: &mut dyn Choices, budget: Span) -> Result<(), ModelError> {
        let body = self.line.post(&self.request(prompt, "", &choices.options()).body(), deadline(budget), budget)?;
        let answer = content(&body, &self.settings.model)?;
        let mut rest = answer.trim();
        for _ in 0..ANSWER_STEPS_MAX {
            let Some((index, length)) = spelled(&choices.options(), rest) else { break };
            choices.take(index);
            rest = &rest[length..];
        }
        // What is left over, on either side, makes it no answer.
        match rest.is_empty() && choices.options().is_empty() {
            true => Ok(()),
            false => Err(ModelError::Illegal),
        }
    }

    fn stepwise(&self, prompt: &str, choices: &mut dyn Choices, budget: Span) -> Result<(), ModelError> {
        let deadline = deadline(budget);
        let mut written = String::new();
        for _ in 0..ANSWER_STEPS_MAX {
            let options = choices.options();
            let index = match options.as_slice() {
                [] => return Ok(()),
                [_] => 0,
                _ => {
                    let asked = self.request(prompt, &written, &options).body();
                    let answer = content(&self.line.post(&asked, deadline, budget)?, &self.settings.model)?;
                    options.iter().position(|option| *option == answer).ok_or(ModelError::Illegal)?
                }
            };
            written.push_str(&options[index]);
            choices.take(index);
        }
        Err(ModelError::Illegal)
    }
}

impl Planner for ServerPlanner {
    fn model(&self) -> &ModelId {
        &self.id
    }

    fn choose(&self, prompt: &str, choices: &mut dyn Choices, budget: Span) -> Result<(), ModelError> {
        if choices.options().is_empty() {
            return Ok(());
        }
        let budget = budget.min(self.settings.timeout);
        match self.settings.form {
            Form::Answer => self.whole(prompt, choices, budget),
            Form::Grammar => self.stepwise(prompt, choices, budget),
        }
    }
}

/// The longest option that the text begins with: its index and its length.
fn spelled(options: &[String], text: &str) -> Option<(usize, usize)> {
    let begins = options.iter().enumerate().filter(|(_, option)| !option.is_empty() && text.starts_with(*option));
    begins.map(|(index, option)| (index, option.len())).max_by_key(|(index, length)| (*length, usize::MAX - index))
}

/// The address that completions are asked of.
fn address(text: &str) -> Result<Url, ServerError> {
    let refuse = |why| ServerError::Address { url: text.to_owned(), why };
    let mut url = Url::parse(text).map_err(|_| refuse("it is no address"))?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| refuse("it names no host"))?;
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let loopback = number.map_or(host == "localhost", |address| address.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(refuse("plain http is only for this machine; use https")),
        _ => return Err(refuse("it is neither http nor https")),
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it holds more than a place; a key goes into key_file"));
    }
    let path = format!("{}/chat/completions", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

/// Time that is left of a deadline, for who waits on the line.
fn remaining(deadline: Instant, budget: Span) -> Result<Duration, ModelError> {
    left(deadline).ok_or(ModelError::Late(budget))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_or_tls_is_sent_to() {
        for good in [
            "http://127.0.0.1:8080/v1",
            "http://localhost/v1/",
            "http://[::1]:1/v1",
            "https://models.example:8443/openai/v1",
        ] {
            assert!(address(good).unwrap().path().ends_with("/v1/chat/completions"), "{good}");
        }
        for bad in [
            "http://models.example/v1",
            "http://10.0.0.7/v1",
            "http://localhost.example/v1",
            "http://127.0.0.1.example/v1",
            "ftp://localhost/v1",
            "unix:/run/model",
            "https://user:word@models.example/v1",
            "https://models.example/v1?key=1",
            "models.example",
            "",
        ] {
            assert!(matches!(address(bad), Err(ServerError::Address { .. })), "{bad}");
        }
    }

    #[test]
    fn the_longest_option_is_the_one_that_was_spelled() {
        let options = ["A".to_owned(), "AB".to_owned(), String::new(), "AB".to_owned()];
        assert_eq!(spelled(&options, "ABC"), Some((1, 2)));
        assert_eq!(spelled(&options, "AC"), Some((0, 1)));
        assert_eq!(spelled(&options, "C"), None);
    }
}
