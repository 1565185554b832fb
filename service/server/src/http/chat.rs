//! Chat over HTTP: our own form as server-sent events, and OpenAI's form, whole or as a stream. Both run the same typed
//! query on the same road.

use std::convert::Infallible;
use std::sync::Arc;

use assay_core::sink::{Sink, escape};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::api::body;
use super::problem::Problem;
use super::state::Service;
use crate::chat::{self, AskWire, Chat};

/// The model's name in OpenAI's form: it is the road that answers, not a model.
const MODEL: &str = "assay";
/// The most messages of a conversation that are looked at.
const MESSAGES_MAX: usize = 64;

/// A question in our own form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionBody {
    question: String,
    /// The questions before it, one a line.
    #[serde(default)]
    previous: Option<String>,
}

/// An answer in both forms.
struct Answered {
    wire: AskWire,
    markdown: String,
}

async fn answer(service: &Arc<Service>, question: String, previous: Option<String>) -> Result<Answered, Problem> {
    if question.trim().is_empty() {
        return Err(Problem::Bad("the question is empty".to_owned()));
    }
    chat::fits(&question).map_err(Problem::from)?;
    let (answered, plan) = service
        .read(move |service, store, snapshot| {
            let names = service.names(store, snapshot)?;
            let chat = Chat { store, snapshot, names: &names, words: &service.words, door: &service.door };
            let before = previous.and_then(|p| chat.previous(&p));
            let mut answer = chat.answer(&question, before.as_ref())?;
            let plan = answer.plan.take();
            let markdown = escape(&answer.document, Sink::Markdown);
            Ok((Answered { wire: AskWire::from(answer), markdown }, plan))
        })
        .await?;
    if let Some(because) = answered.wire.abstained {
        service.words.models.ladder().counts.abstained("understand", because);
    }
    if let Some(plan) = plan {
        service.note(move |store| Ok(store.keep_plan(&plan)?)).await?;
    }
    Ok(answered)
}

/// Our own form: the reading first, then the answer clause by clause, then all of it as JSON.
pub(crate) async fn ask(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Problem> {
    let asked: QuestionBody = body(request).await?;
    let answered = answer(&service, asked.question, asked.previous).await?;
    let lines = answered.wire.answer.lines().map(|line| Event::default().event("text").data(line));
    let whole = serde_json::to_string(&answered.wire).map_err(|e| Problem::Inside(e.into()))?;
    let last = [Event::default().event("answer").data(whole), Event::default().event("done").data("")];
    let events: Vec<Result<Event, Infallible>> = lines.chain(last).map(Ok).collect();
    Ok(Sse::new(futures::stream::iter(events)).keep_alive(KeepAlive::default()).into_response())
}

/// A conversation in OpenAI's form; what else clients send is not needed and not read.
#[derive(Debug, Deserialize)]
pub(crate) struct CompletionBody {
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    model: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Content,
}

/// A text, or parts of which the texts count.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
    #[default]
    Nothing,
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

impl Content {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join("\n"),
            Self::Nothing => String::new(),
        }
    }
}

pub(crate) async fn complete(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Problem> {
    let asked: CompletionBody = body(request).await?;
    if asked.messages.len() > MESSAGES_MAX {
        return Err(Problem::Bad(format!("up to {MESSAGES_MAX} messages are read")));
    }
    let mut questions: Vec<String> =
        asked.messages.iter().filter(|m| m.role == "user").map(|m| m.content.text()).collect();
    let question = questions.pop().ok_or_else(|| Problem::Bad("no message of the user is in it".to_owned()))?;
    // What was asked before gives "and in staging?" something to follow; what was answered does not.
    let previous =
        (!questions.is_empty()).then(|| questions.iter().map(|q| q.replace('\n', " ")).collect::<Vec<_>>().join("\n"));
    let answered = answer(&service, question, previous).await?;
    let created = service.app.now().millis() / 1000;
    let id = format!("assay-{created}");
    let model =
        asked.model.as_deref().unwrap_or(MODEL).chars().filter(|c| c.is_ascii_graphic()).take(64).collect::<String>();
    if !asked.stream {
        let message = json!({ "role": "assistant", "content": answered.markdown });
        let choices = json!([{ "index": 0, "message": message, "finish_reason": "stop" }]);
        let usage = json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 });
        return Ok(Json(json!({ "id": id, "object": "chat.completion", "created": created, "model": model, "choices": choices, "usage": usage })).into_response());
    }
    let chunk = |delta: serde_json::Value, finish: Option<&str>| {
        let choices = json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
        let body = json!({ "id": id, "object": "chat.completion.chunk", "created": created, "model": model, "choices": choices });
        Ok::<_, Infallible>(Event::default().data(body.to_string()))
    };
    let mut events = vec![chunk(json!({ "role": "assistant", "content": "" }), None)];
    // Closed lines only: a beginning of a line could mean something else than the line.
    events.extend(answered.markdown.split_inclusive('\n').map(|line| chunk(json!({ "content": line }), None)));
    events.push(chunk(json!({}), Some("stop")));
    events.push(Ok(Event::default().data("[DONE]")));
    Ok(Sse::new(futures::stream::iter(events)).into_response())
}

/// OpenAI's list of models.
pub(crate) async fn models() -> Json<serde_json::Value> {
    Json(json!({ "object": "list", "data": [{ "id": MODEL, "object": "model", "created": 0, "owned_by": "assay" }] }))
}
