//! Every refusal has one shape: problem+json, or OpenAI's own under /v1, with the request's id.

use crate::door::Service;
use crate::door::wire::{Answer, ask, get, post};

/// The answer is a problem with this status and title; what it says in detail.
pub(crate) fn problem(answer: &Answer, status: u16, title: &str) -> String {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["status"], &body["title"]), (&status.into(), &title.into()), "{answer:?}");
    assert_eq!(body["type"], "about:blank");
    assert_eq!(body["request_id"].as_str(), answer.header("x-request-id"), "{answer:?}");
    let detail = body["detail"].as_str().unwrap();
    assert!(!detail.is_empty());
    detail.to_owned()
}

#[test]
fn what_is_not_there_and_what_is_not_taken_are_told_apart() {
    let service = Service::start();
    let token = service.token();
    for path in ["/nowhere", "/api/v1/nowhere", "/api/v2/findings", "/api/v1/findings/", "/static/../token", "/token"] {
        problem(&get(&service, path).token(&token).send(), 404, "not found");
    }
    for path in ["/api/v1/findings/none", "/api/v1/findings/none/explanation", "/findings/none", "/api/v1/findings/99"]
    {
        problem(&get(&service, path).token(&token).send(), 404, "not found");
    }
    let decision = r#"{"status":"fixed"}"#;
    problem(&post(&service, "/api/v1/findings/none/decision", decision).token(&token).send(), 404, "not found");
    for (method, path, takes) in [
        ("DELETE", "/api/v1/findings", "GET,HEAD"),
        ("POST", "/api/v1/findings/1", "GET,HEAD"),
        ("GET", "/api/v1/reports", "POST"),
        ("PUT", "/healthz", "GET,HEAD"),
        ("GET", "/login", "POST"),
        ("DELETE", "/findings", "GET,HEAD"),
    ] {
        let answer = ask(&service, method, path).token(&token).send();
        problem(&answer, 405, "method not allowed");
        assert_eq!(answer.header("allow"), Some(takes), "{method} {path}");
    }
}

#[test]
fn bodies_that_make_no_sense_are_named() {
    let service = Service::start();
    let token = service.token();
    let cut = "the body is not what is expected here: EOF";
    for (path, body, said) in [
        ("/api/v1/enrichments", "{", cut),
        ("/api/v1/enrichments", "", cut),
        ("/api/v1/enrichments", "{}", "missing field `text`"),
        ("/api/v1/enrichments", r#"{"text":1}"#, "expected a string at line 1 column 9"),
        ("/api/v1/enrichments", r#"{"text":"a","colour":"red"}"#, "unknown field `colour`"),
        ("/api/v1/chat", "[]", "an object belongs here"),
        ("/api/v1/chat", r#"["what is exposed"]"#, "an object belongs here"),
        ("/api/v1/chat", r#"{"question":" "}"#, "the question is empty"),
        ("/api/v1/chat", "\u{feff}{}", "an object belongs here"),
        ("/api/v1/digests", r#"{"since":"yesterday"}"#, "since: "),
        ("/api/v1/findings/1/decision", r#"{"status":"ignored"}"#, "status: "),
        ("/api/v1/findings/1/decision", r#"{"status":"not_affected","until":"2027-01-01"}"#, "justification"),
        ("/api/v1/findings/1/decision", r#"{"status":"under_investigation"}"#, "until"),
        ("/api/v1/findings/1/decision", r#"{"status":"affected","until":"2027-01-01"}"#, "needs a reason"),
    ] {
        let detail = problem(&post(&service, path, body).token(&token).send(), 400, "bad request");
        assert!(detail.contains(said), "{path} {body}: {detail}");
    }
    let agent = service.agent_token();
    let detail = problem(&post(&service, "/api/v1/events", "{}").token(&agent).send(), 400, "bad request");
    assert!(detail.starts_with("not a batch of a sensor: missing field"), "{detail}");
    let detail = problem(&post(&service, "/api/v1/reports", "nonsense").token(&token).send(), 422, "bad report");
    assert!(detail.starts_with("the report was not taken: no known report format"), "{detail}");
}

#[test]
fn questions_that_make_no_sense_are_named() {
    let service = Service::start();
    let token = service.token();
    for (query, said) in [
        ("limit=0", "limit is 1 to 1000"),
        ("limit=-1", "limit is 1 to 1000"),
        ("limit=1001", "limit is 1 to 1000"),
        ("limit=many", "limit"),
        ("band=red", "red"),
        ("cve=log4shell!", "cve: not a vulnerability id"),
        ("status=gone", "status: "),
        ("class=bug", "class: "),
        ("after=x", "after: "),
        ("colour=red", "unknown field `colour`"),
        ("band=3-days&band=14-days", "duplicate field `band`"),
    ] {
        let answer = get(&service, &format!("/api/v1/findings?{query}")).token(&token).send();
        let detail = problem(&answer, 400, "bad request");
        assert!(detail.contains(said) && !detail.contains("deserialize"), "{query}: {detail}");
    }
    for path in ["/api/v1/findings/%FF", "/findings/%FF", "/findings?band=a&band=b", "/ask?q=a&q=b"] {
        problem(&get(&service, path).token(&token).send(), 400, "bad request");
    }
}

#[test]
fn under_v1_errors_have_the_shape_that_clients_of_openai_read() {
    let service = Service::start();
    let token = service.token();
    let chat = "/v1/chat/completions";
    for (answer, status, kind) in [
        (post(&service, chat, "{}").send(), 401, "not_authorized"),
        (post(&service, chat, "{").token(&token).send(), 400, "bad_request"),
        (post(&service, chat, r#"{"messages":[]}"#).token(&token).send(), 400, "bad_request"),
        (
            post(&service, chat, r#"{"messages":[{"role":"system","content":"x"}]}"#).token(&token).send(),
            400,
            "bad_request",
        ),
        (get(&service, chat).token(&token).send(), 405, "method_not_allowed"),
        (get(&service, "/v1/nowhere").token(&token).send(), 404, "not_found"),
        (get(&service, "/v1/models").token(&service.agent_token()).send(), 403, "not_allowed"),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
        let error = &answer.json()["error"];
        assert_eq!((&error["type"], &error["code"]), (&kind.into(), &status.into()), "{answer:?}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{answer:?}");
        assert_eq!(error["request_id"].as_str(), answer.header("x-request-id"));
    }
}

#[test]
fn a_refusal_says_how_to_get_in() {
    let service = Service::start();
    let answer = get(&service, "/api/v1/findings").send();
    problem(&answer, 401, "not authorized");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    problem(&get(&service, "/api/v1/findings").token(&service.agent_token()).send(), 403, "not allowed");
}
