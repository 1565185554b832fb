//! Errors on the wire: problem+json (RFC 9457), OpenAI's shape under /v1, a page for browsers. One total match; what the
//! caller reads and what the log keeps are two texts with one request id.

use askama::Template;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use crate::ingest::IngestError;

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Programs of ours and of others.
    Program,
    /// Clients of OpenAI.
    OpenAi,
    /// A person with a browser.
    Person,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Page<'a> {
    title: &'a str,
    detail: String,
    request_id: &'a str,
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// No token, a wrong one, or one that was taken back.
    #[error("a token is needed")]
    Unauthorized,
    /// The token's role does not allow it.
    #[error("this token may not do that")]
    Forbidden,
    /// An agent speaks for a node that is not its own.
    #[error(
        "this token speaks for node {own} and the batch names {named}: start the agent with --node {own}, or give it the token of its own node (`assay token create --role agent --node NODE`)"
    )]
    OtherNode { own: String, named: String },
    /// A good token of a service account, and the API server does not say of which node.
    #[error(
        "the API server does not say on which node this token's pod runs: Kubernetes 1.30 or later puts that into tokens that are mounted into pods; on an older one give each node a token of its own (`assay token create --role agent --node NODE`)"
    )]
    NoNode,
    /// A good token of another service account.
    #[error(
        "this token is not one of {0}: run the agent under that account, or name its own as `agent_account` in [serve] of the configuration"
    )]
    OtherAccount(String),
    /// The API server did not say whose token this is.
    #[error("the API server does not say whose token this is: try again later; the log of the service says why")]
    Unreviewed,
    /// There is nothing of this name.
    #[error("there is no such thing")]
    NotFound,
    /// It is there, and does not take this method.
    #[error("this path does not take that method")]
    Method,
    /// The service was called by a name that is not its own.
    #[error(
        "this service does not answer to the host of this request: call it by its address, or list the name under `hosts` in [serve] of the configuration"
    )]
    Misdirected,
    /// The request makes no sense.
    #[error("{0}")]
    Bad(String),
    /// A report that cannot be read.
    #[error("the report was not taken: {0}")]
    Report(#[from] assay_sources::read::ReadError),
    /// The body is too large.
    #[error("the body is over the limit of {0} bytes")]
    TooLarge(u64),
    /// Too many requests at once.
    #[error("too many requests at once")]
    Busy,
    /// It took too long.
    #[error("it took longer than {0} s")]
    Late(u64),
    /// Something failed inside; the log has it under the request's id.
    #[error("something failed inside")]
    Inside(#[source] anyhow::Error),
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<crate::Usage>() {
            Ok(usage) => Self::Bad(usage.0),
            Err(error) => Self::Inside(error),
        }
    }
}

impl From<assay_store::StoreError> for Problem {
    fn from(error: assay_store::StoreError) -> Self {
        match error {
            assay_store::StoreError::NoFinding => Self::NotFound,
            assay_store::StoreError::Busy => Self::Busy,
            other => Self::Inside(other.into()),
        }
    }
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Read(error) => Self::Report(error),
            IngestError::Store(error) => error.into(),
        }
    }
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::OtherNode { .. } | Self::NoNode | Self::OtherAccount(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Report(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Late(_) | Self::Unreviewed => StatusCode::SERVICE_UNAVAILABLE,
            Self::Inside(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Unauthorized => "not authorized",
            Self::Forbidden => "not allowed",
            Self::OtherNode { .. } => "another node",
            Self::NoNode => "no node",
            Self::OtherAccount(_) => "another account",
            Self::Unreviewed => "not reviewed",
            Self::NotFound => "not found",
            Self::Method => "method not allowed",
            Self::Misdirected => "wrong host",
            Self::Bad(_) => "bad request",
            Self::Report(_) => "bad report",
            Self::TooLarge(_) => "too large",
            Self::Busy => "busy",
            Self::Late(_) => "too late",
            Self::Inside(_) => "failed inside",
        }
    }

    /// In how many seconds the same may go well.
    fn retry_after(&self) -> Option<&'static str> {
        // The API server is another's, and the agents are many: they need not ask every second.
        if matches!(self, Self::Unreviewed) {
            return Some("5");
        }
        matches!(self, Self::Busy | Self::Late(_)).then_some("1")
    }

    /// The answer for a request under this id.
    pub(crate) fn answer(&self, request_id: &str, reader: Reader) -> Response {
        if let Self::Inside(error) = self {
            tracing::error!(request_id, "{error:#}");
        }
        let (status, title, detail) = (self.status(), self.title(), self.to_string());
        let mut response = match reader {
            Reader::Program => {
                let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail, "request_id": request_id });
                let kind = HeaderValue::from_static("application/problem+json");
                (status, [(header::CONTENT_TYPE, kind)], Json(body)).into_response()
            }
            Reader::OpenAi => {
                let kind = title.replace(' ', "_");
                let error =
                    json!({ "message": detail, "type": kind, "code": status.as_u16(), "request_id": request_id });
                (status, Json(json!({ "error": error }))).into_response()
            }
            // A page that cannot be made is still an answer.
            Reader::Person => match (Page { title, detail, request_id }).render() {
                Ok(page) => (status, Html(page)).into_response(),
                Err(_) => status.into_response(),
            },
        };
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        if matches!(self, Self::Unauthorized) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Problem {
    /// Leaves the problem in the response's extensions: the outermost layer knows the request's id and path, and gives it
    /// its final shape.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Shapeless(std::sync::Arc::new(self)));
        response
    }
}

/// A problem that has not got its shape yet.
#[derive(Clone)]
pub(crate) struct Shapeless(pub(crate) std::sync::Arc<Problem>);
