//! The layers every request passes: an id, the name it was called by, a permit, a deadline, who asks and what they may do,
//! the shape of errors, headers that keep the page to itself.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_store::Role;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::{Problem, Reader, Shapeless};
use super::state::{Caller, Service};

/// The name of the session cookie.
pub(crate) const COOKIE: &str = "assay_session";

/// Where agents post to.
const EVENTS: &str = "/api/v1/events";

/// Headers of every answer that does not set its own. The page is told its own origin, so that a form of ours can be told
/// from a stranger's; nobody else is told anything.
const HEADERS: [(header::HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
];

/// The outermost layer: host, permits, deadlines, counts, and the shape of errors.
pub(crate) async fn outer(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let (id, started) = (request_id(), Instant::now());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let reader = reader(&request);
    let response = answer(&service, request, next).await;
    let mut response = shaped(response, &id, reader);
    let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis());
    // Never the query: questions are in it. A path is a stranger's text and is quoted.
    tracing::debug!(request_id = id, %method, ?path, status, ms, "answered");
    service.metrics.request(status);
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    response
}

async fn answer(service: &Service, request: Request, next: Next) -> Response {
    if !service.hosts.may(host(&request)) {
        return Problem::Misdirected.into_response();
    }
    // Whether it lives is asked while it is busy: then most of all.
    if matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics") {
        return next.run(request).await;
    }
    let Ok(_permit) = service.permits.clone().try_acquire_owned() else { return Problem::Busy.into_response() };
    let limit = service.app.config.serve.request_timeout_seconds;
    match tokio::time::timeout(Duration::from_secs(limit), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::Late(limit).into_response(),
    }
}

/// Who would read an error: browsers say that they take HTML.
fn reader(request: &Request) -> Reader {
    let path = request.uri().path();
    let takes = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if path.starts_with("/v1/") {
        Reader::OpenAi
    } else if takes.contains("text/html") && !path.starts_with("/api/") {
        Reader::Person
    } else {
        Reader::Program
    }
}

/// Gives an error its final shape.
fn shaped(response: Response, id: &str, reader: Reader) -> Response {
    let problem = match response.extensions().get::<Shapeless>().cloned() {
        Some(Shapeless(problem)) => problem,
        // What the router itself refuses, before anything of ours sees it.
        None if response.status() == StatusCode::BAD_REQUEST => {
            Arc::new(Problem::Bad("the path or the query cannot be read".to_owned()))
        }
        None => return response,
    };
    let mut answer = problem.answer(id, reader);
    if let Some(methods) = response.headers().get(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, methods.clone());
    }
    answer
}

/// By which names the service may be called. A page of a stranger can make its own name lead to this machine and so reach
/// a service that only this machine should reach; the name that the browser then asks for gives it away.
#[derive(Debug)]
pub(crate) struct Hosts {
    /// None: any name, because other machines call it by names that it cannot know.
    names: Option<Vec<String>>,
}

impl Hosts {
    /// The names in the configuration; without any, a service on a loopback address answers to addresses and `localhost`.
    pub(crate) fn new(names: &[String], listens: IpAddr) -> Self {
        let known = !names.is_empty() || listens.is_loopback();
        Self { names: known.then(|| names.iter().map(|n| n.to_ascii_lowercase()).collect()) }
    }

    /// True when a request for this host may be answered. Programs that send none are no browsers.
    pub(crate) fn may(&self, host: Option<&str>) -> bool {
        let (Some(names), Some(host)) = (&self.names, host) else { return true };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']');
        address.parse::<IpAddr>().is_ok() || name == "localhost" || names.contains(&name)
    }
}

/// The host that was asked: HTTP/2 has it in the address, HTTP/1.1 in a header.
fn host(request: &Request) -> Option<&str> {
    request
        .headers()
        .get(header::HOST)
        .map_or_else(|| request.uri().authority().map(|a| a.as_str()), |value| Some(value.to_str().unwrap_or("?")))
}

/// Lets callers in whose token or session allows the request.
pub(crate) async fn allow(State(service): State<Arc<Service>>, mut request: Request, next: Next) -> Response {
    let caller = match caller(&service, &request) {
        Ok(Some(caller)) => caller,
        Ok(None) => match reviewed(&service, unknown_agent(&request)).await {
            Ok(caller) => caller,
            Err(problem) => return problem.into_response(),
        },
        Err(problem) => return problem.into_response(),
    };
    let events = request.uri().path() == EVENTS;
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) || is_question(request.uri().path());
    let allowed = match caller.role {
        Role::Agent => events,
        Role::Reader => !events && reads,
        Role::Writer => !events,
    };
    if !allowed {
        return Problem::Forbidden.into_response();
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if caller.by_cookie && changes && !same_origin(request.headers()) {
        return Problem::Forbidden.into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// The unknown token of a request that an agent might have made. Nobody else's token is shown to the API server.
fn unknown_agent(request: &Request) -> Option<String> {
    let posts = *request.method() == Method::POST && request.uri().path() == EVENTS;
    posts.then(|| bearer_token(request).map(str::to_owned)).flatten()
}

async fn reviewed(service: &Service, token: Option<String>) -> Result<Caller, Problem> {
    let token = token.ok_or(Problem::Unauthorized)?;
    service.reviewed(&token).await?.ok_or(Problem::Unauthorized)
}

/// Questions that are posted because of their length: they change nothing.
fn is_question(path: &str) -> bool {
    matches!(path, "/api/v1/chat" | "/api/v1/enrichments" | "/v1/chat/completions")
}

/// Who asks, by bearer token or by session cookie.
pub(crate) fn caller(service: &Service, request: &Request) -> Result<Option<Caller>, Problem> {
    let header = |name: header::HeaderName| request.headers().get(name).and_then(|v| v.to_str().ok());
    if header(header::AUTHORIZATION).is_some() {
        return bearer_token(request).map_or(Ok(None), |token| service.bearer(token));
    }
    Ok(header(header::COOKIE).and_then(session_cookie).and_then(|id| service.session(id)))
}

fn bearer_token(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The session in a `Cookie` header.
pub(crate) fn session_cookie(value: &str) -> Option<&str> {
    value.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// A write by cookie comes from our own page: its origin is the host that was asked.
pub(crate) fn same_origin(headers: &HeaderMap) -> bool {
    let header = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
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
