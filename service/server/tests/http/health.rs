//! Health, counts and the log: what runs, how it is doing, and that neither tells a secret.

use std::io::Write;
use std::time::Duration;

use serde_json::json;

use crate::door::Service;
use crate::door::wire::{Answer, get, post};

/// Long enough for the service to see what happened.
const MOMENT: Duration = Duration::from_millis(200);

#[test]
fn health_is_plain() {
    let service = Service::start();
    for (path, says) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = get(&service, path).send();
        assert_eq!((answer.status, answer.body.as_str()), (200, says), "{path}");
    }
}

#[test]
fn told_to_stop_it_answers_what_it_began_and_ends_well() {
    let service = Service::start();
    // A connection that nobody uses does not hold it.
    let _idle = std::net::TcpStream::connect(&service.address).unwrap();
    let (ticket, rest) = (r#"{"text":"CVE-2021-44228""#, "}");
    let length = (ticket.len() + rest.len()).to_string();
    let request = post(&service, "/api/v1/enrichments", ticket).token(&service.token());
    let mut begun = request.header("content-length", &length).begin();
    std::thread::sleep(MOMENT);
    service.tell_to_stop();
    std::thread::sleep(MOMENT);
    begun.write_all(rest.as_bytes()).unwrap();
    Answer::read(&mut begun).unwrap().good();
    assert!(service.ends_well());
}

#[test]
fn counts_are_by_band_and_kind_and_never_by_name() {
    let service = Service::start();
    get(&service, "/api/v1/findings").send();
    get(&service, "/api/v1/findings").token(&service.token()).send();
    let answer = get(&service, "/metrics").send();
    assert!(answer.header("content-type").unwrap().starts_with("application/openmetrics-text"), "{answer:?}");
    let value = |line: &str| -> f64 {
        let found = answer.body.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {line} in {}", answer.body)).parse().unwrap()
    };
    assert!(value("assay_findings_open{band=\"forensic-3-days\"}") >= 1.0);
    assert!(value("assay_requests_total{kind=\"refused\"}") >= 1.0);
    assert!(value("assay_requests_total{kind=\"answered\"}") >= 1.0);
    assert!(answer.body.ends_with("# EOF\n"));
    for name in ["shop", "checkout", "CVE-", "worker-1"] {
        assert!(!answer.body.contains(name), "{name} is in {}", answer.body);
    }
}

#[test]
fn the_log_names_each_request_and_no_secret() {
    let service = Service::with("", &[("ASSAY_LOG", "trace")]);
    let token = service.token();
    let secret = format!("ghp_{}", "a1B2".repeat(9));
    let form = post(&service, "/login", format!("secret={token}"));
    let session = form.header("content-type", "application/x-www-form-urlencoded").send();
    let cookie = session.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let id = cookie.split_once('=').unwrap().1;
    get(&service, "/ask?q=is+payroll-secret-project+exposed").header("cookie", &cookie).send();
    post(&service, "/api/v1/chat", json!({ "question": format!("who uses {secret}") }).to_string())
        .token(&token)
        .send();
    post(&service, "/api/v1/enrichments", json!({ "text": secret, "key": "K-1" }).to_string()).token(&token).send();
    post(&service, "/api/v1/reports", format!("{{\"{secret}\":")).token(&token).send();
    get(&service, "/api/v1/findings").token("assay_a-wrong-token").send();
    let answer = get(&service, "/api/v1/findings/none%0A%1B[31mforged").token(&token).send();

    let log = service.log();
    let request = answer.header("x-request-id").unwrap();
    let line = log.lines().find(|l| l.contains(request)).unwrap_or_else(|| panic!("{request} is not in {log}"));
    assert!(line.contains("404") && line.contains("/api/v1/findings/none"), "{line}");
    assert!(!log.contains('\u{1b}'), "no escape sequence gets in");
    for word in [&token, id, &service.code, &secret, "payroll-secret-project", "a-wrong-token", &service.agent_token()]
    {
        assert!(!log.contains(word), "{word} is in {log}");
    }
}

#[test]
fn what_fails_inside_is_logged_under_the_id_that_the_caller_got() {
    let service = Service::start();
    let token = service.token();
    service.damage();
    let answer = get(&service, "/api/v1/findings").token(&token).send();
    assert_eq!(answer.status, 500, "{answer:?}");
    let body = answer.json();
    assert_eq!(body["detail"], "something failed inside", "the caller is told nothing else");
    let log = service.log();
    let line = log.lines().find(|l| l.contains(body["request_id"].as_str().unwrap()));
    assert!(line.is_some_and(|l| l.contains("ERROR") && l.contains("damaged")), "{log}");
    assert_eq!(get(&service, "/healthz").send().status, 200, "it lives on");
}
