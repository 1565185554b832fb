//! The layers every request passes: an id, a permit, a deadline, who asks and what they may do, the shape of errors,
//! headers that keep the page to itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use assay_store::Role;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::{Problem, Shapeless};
use super::state::{Caller, Service};

/// The name of the session cookie.
pub(crate) const COOKIE: &str = "assay_session";

/// The outermost layer: counts, deadlines, permits, and gives errors their shape.
pub(crate) async fn outer(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let id = request_id();
    let openai = request.uri().path().starts_with("/v1/");
    let limit = service.app.config.serve.request_timeout_seconds;
    let response = match service.permits.clone().try_acquire_owned() {
        Err(_) => Problem::Busy.into_response(),
        Ok(_permit) => match tokio::time::timeout(Duration::from_secs(limit), next.run(request)).await {
            Ok(response) => response,
            Err(_) => Problem::Late(limit).into_response(),
        },
    };
    let mut response = match response.extensions().get::<Shapeless>().cloned() {
        Some(Shapeless(problem)) => problem.answer(&id, openai),
        None => response,
    };
    service.metrics.request(response.status().as_u16());
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    response
}

/// Lets callers in whose token or session allows the request.
pub(crate) async fn allow(State(service): State<Arc<Service>>, mut request: Request, next: Next) -> Response {
    let caller = match caller(&service, &request) {
        Ok(Some(caller)) => caller,
        Ok(None) => return Problem::Unauthorized.into_response(),
        Err(problem) => return problem.into_response(),
    };
    let events = request.uri().path() == "/api/v1/events";
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) || is_question(request.uri().path());
    let allowed = match caller.role {
        Role::Agent => events,
        Role::Reader => !events && reads,
        Role::Writer => !events,
    };
    if !allowed {
        return Problem::Forbidden.into_response();
    }
    if caller.by_cookie && *request.method() != Method::GET && !same_origin(&request) {
        return Problem::Forbidden.into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Questions that are posted because of their length: they change nothing.
fn is_question(path: &str) -> bool {
    matches!(path, "/api/v1/chat" | "/api/v1/enrichments" | "/v1/chat/completions")
}

/// Who asks, by bearer token or by session cookie.
pub(crate) fn caller(service: &Service, request: &Request) -> Result<Option<Caller>, Problem> {
    let header = |name: header::HeaderName| request.headers().get(name).and_then(|v| v.to_str().ok());
    if let Some(value) = header(header::AUTHORIZATION) {
        return match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => service.bearer(token.trim()),
            _ => Ok(None),
        };
    }
    Ok(header(header::COOKIE).and_then(session_cookie).and_then(|id| service.session(id)))
}

fn session_cookie(value: &str) -> Option<&str> {
    value.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// A write by cookie comes from our own page: its origin is the host that was asked.
pub(crate) fn same_origin(request: &Request) -> bool {
    let header = |name: header::HeaderName| request.headers().get(name).and_then(|v| v.to_str().ok());
    match (header(header::ORIGIN), header(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        _ => false,
    }
}

/// Metrics are for this machine only.
pub(crate) fn is_loopback(peer: Option<&ConnectInfo<SocketAddr>>) -> bool {
    peer.is_none_or(|ConnectInfo(addr)| addr.ip().is_loopback())
}

fn request_id() -> String {
    // A request without randomness is still answered; its id is only less useful.
    crate::data::random::<8>().map(|b| data_encoding::HEXLOWER.encode(&b)).unwrap_or_else(|_| "0".repeat(16))
}
