//! Sessions of the page: logging in with a token or the one-time code, logging out, and who may see pages.

use std::sync::Arc;

use askama::Template;
use assay_store::Role;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::{COOKIE, caller, same_origin, session_cookie};
use super::problem::Problem;
use super::state::{Caller, Service};

/// How long a browser keeps the cookie, in seconds: as long as the session lasts.
const AGE: u32 = 12 * 3600;
/// The largest form, in bytes: what axum takes where nothing else is said.
const FORM_BYTES_MAX: u64 = 2 << 20;

/// The form that takes the token or the code.
#[derive(Template)]
#[template(path = "login.html")]
pub(crate) struct Login {
    pub(crate) wrong: bool,
}

/// The secret of a log-in.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    secret: String,
}

/// Who asks for a page; none when nobody who may read.
pub(crate) fn reader(service: &Service, request: &Request) -> Result<Option<Caller>, Problem> {
    Ok(caller(service, request)?.filter(|caller| caller.role != Role::Agent))
}

/// Those who may not read are sent to the form.
pub(crate) async fn session_or_form(
    State(service): State<Arc<Service>>,
    request: Request,
    next: axum::middleware::Next,
) -> Response {
    match reader(&service, &request) {
        Ok(Some(_)) => next.run(request).await,
        Ok(None) => Redirect::to("/").into_response(),
        Err(problem) => problem.into_response(),
    }
}

pub(crate) async fn log_in(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    form: Result<Form<LoginForm>, FormRejection>,
) -> Result<Response, Problem> {
    // A stranger's page may not log a browser in; programs send no origin.
    if headers.contains_key(header::ORIGIN) && !same_origin(&headers) {
        return Err(Problem::Forbidden);
    }
    let Form(form) = form.map_err(|e| match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge(FORM_BYTES_MAX),
        _ => Problem::Bad(e.body_text()),
    })?;
    let Some(id) = service.log_in(form.secret.trim())? else {
        let text = Login { wrong: true }.render().map_err(|e| Problem::Inside(e.into()))?;
        return Ok((StatusCode::UNAUTHORIZED, Html(text)).into_response());
    };
    home_with_cookie(&id, AGE)
}

pub(crate) async fn log_out(State(service): State<Arc<Service>>, headers: HeaderMap) -> Result<Response, Problem> {
    if !same_origin(&headers) {
        return Err(Problem::Forbidden);
    }
    let cookie = headers.get(header::COOKIE).and_then(|v| v.to_str().ok());
    if let Some(id) = cookie.and_then(session_cookie) {
        service.log_out(id);
    }
    home_with_cookie("", 0)
}

fn home_with_cookie(session: &str, age: u32) -> Result<Response, Problem> {
    let cookie = format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}");
    let value = HeaderValue::from_str(&cookie).map_err(|e| Problem::Inside(e.into()))?;
    let mut response = Redirect::to("/").into_response();
    response.headers_mut().insert(header::SET_COOKIE, value);
    Ok(response)
}
