//! Who may do what. Each request is made with every sort of token, and each is let in or not as the table says.

use crate::door::Service;
use crate::door::wire::{ask, get, post};

/// Whom a request is for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum For {
    /// Those who read, and those who write.
    Readers,
    /// Those who write.
    Writers,
    /// Sensors, and nobody else.
    Agents,
}

const REQUESTS: &[(&str, &str, &str, For)] = &[
    ("GET", "/api/v1/findings", "", For::Readers),
    ("GET", "/api/v1/findings/1", "", For::Readers),
    ("GET", "/api/v1/findings/1/explanation", "", For::Readers),
    ("GET", "/api/v1/assets", "", For::Readers),
    ("GET", "/api/v1/paths", "", For::Readers),
    ("GET", "/api/v1/paths.svg", "", For::Readers),
    ("GET", "/api/v1/rights", "", For::Readers),
    ("GET", "/api/v1/digests/latest", "", For::Readers),
    ("GET", "/v1/models", "", For::Readers),
    ("POST", "/api/v1/chat", r#"{"question":"what is exposed"}"#, For::Readers),
    ("POST", "/v1/chat/completions", r#"{"messages":[{"role":"user","content":"what is exposed"}]}"#, For::Readers),
    ("POST", "/api/v1/enrichments", r#"{"text":"CVE-2021-44228"}"#, For::Readers),
    ("POST", "/api/v1/reports", "{}", For::Writers),
    ("POST", "/api/v1/digests", "{}", For::Writers),
    ("POST", "/api/v1/findings/none/decision", r#"{"status":"fixed"}"#, For::Writers),
    ("POST", "/api/v1/events", "{}", For::Agents),
];

#[test]
fn each_role_may_do_its_own_and_nothing_else() {
    let service = Service::start();
    let (writer, agent) = (service.token(), service.agent_token());
    let reader = service.new_token("reader");
    for (method, path, body, whom) in REQUESTS {
        let status = |token: &str| ask(&service, method, path).body(*body).token(token).send().status;
        assert_eq!(status(""), 401, "{path} without a token");
        assert_eq!(status("assay_unknown"), 401, "{path} with an unknown token");
        for (role, token, may) in [
            ("reader", &reader, *whom == For::Readers),
            ("writer", &writer, *whom != For::Agents),
            ("agent", &agent, *whom == For::Agents),
        ] {
            let status = status(token);
            assert_eq!(status != 403, may, "{role}: {method} {path} gives {status}");
            assert_ne!(status, 401, "{role}: {method} {path}");
        }
    }
}

#[test]
fn what_is_open_without_a_token_is_a_short_list() {
    let service = Service::start();
    for path in [
        "/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/static/style.css",
        "/static/keys.js",
        "/static/icon.svg",
    ] {
        assert_eq!(get(&service, path).send().status, 200, "{path}");
    }
    for path in ["/findings", "/findings/1", "/digest", "/ask", "/assets"] {
        let answer = get(&service, path).send();
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{path}");
    }
}

#[test]
fn a_sensors_token_opens_no_page() {
    let service = Service::start();
    let agent = service.agent_token();
    let home = get(&service, "/").token(&agent).send();
    assert!(home.body.contains("action=\"/login\"") && !home.body.contains("CVE-"), "{}", home.body);
    assert_eq!(get(&service, "/findings").token(&agent).send().status, 303);
    let form = post(&service, "/login", format!("secret={agent}"));
    assert_eq!(form.header("content-type", "application/x-www-form-urlencoded").send().status, 401);
}

#[test]
fn a_token_is_taken_in_one_way_only_and_until_it_is_taken_back() {
    let service = Service::start();
    let token = service.new_token("reader");
    let with = |value: &str| get(&service, "/api/v1/findings").header("authorization", value).send().status;
    assert_eq!(with(&format!("Bearer {token}")), 200);
    assert_eq!(with(&format!("bearer  {token} ")), 200, "the scheme has no case, and blanks are nothing");
    for value in [format!("Basic {token}"), token.clone(), format!("Bearer {token}x"), "Bearer".to_owned()] {
        assert_eq!(with(&value), 401, "{value}");
    }
    assert_eq!(get(&service, &format!("/api/v1/findings?token={token}")).send().status, 401);
    service.beside(&["token", "revoke", "reader"]);
    assert_eq!(with(&format!("Bearer {token}")), 401, "taken back while the service runs");
}

#[test]
fn tokens_of_the_environment_take_the_place_of_those_of_the_first_start() {
    let fixed = [("ASSAY_TOKEN", "a-token-for-people"), ("ASSAY_AGENT_TOKEN", "a-token-for-agents")];
    let service = Service::with("", &fixed);
    let status = |path: &str, token: &str| ask(&service, "GET", path).token(token).send().status;
    assert_eq!(status("/api/v1/findings", "a-token-for-people"), 200);
    assert_eq!(status("/api/v1/findings", "a-token-for-agents"), 403);
    assert_eq!(post(&service, "/api/v1/events", "{}").token("a-token-for-agents").send().status, 400);
}
