//! Limits: what is too large, too much or too slow is refused by name, and the next request is answered.

use std::time::{Duration, Instant};

use crate::door::Service;
use crate::door::wire::{Answer, get, post};
use crate::problems::problem;

const SMALL: &str = "[serve]\nbody_bytes_max = 4096\nrequests_at_once_max = 1\nrequest_timeout_seconds = 2\n";

/// A report whose body never ends.
fn slow(service: &Service) -> std::net::TcpStream {
    let report = post(service, "/api/v1/reports", "{").token(&service.token());
    report.header("content-length", "1000").begin()
}

#[test]
fn what_is_too_large_too_much_or_too_slow_is_refused_by_name() {
    let service = Service::with(SMALL, &[]);
    let token = service.token();
    let large = " ".repeat(5000);
    let answer = post(&service, "/api/v1/reports", large).token(&token).send();
    assert_eq!(problem(&answer, 413, "too large"), "the body is over the limit of 4096 bytes");

    let mut held = slow(&service);
    let started = Instant::now();
    let busy = loop {
        let answer = get(&service, "/api/v1/findings?limit=1").token(&token).send();
        if answer.status != 200 {
            break answer;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "never busy");
        // The slow one may not have been seen yet, or was itself refused because of ours.
        held = slow(&service);
        std::thread::sleep(Duration::from_millis(50));
    };
    problem(&busy, 429, "busy");
    assert_eq!(busy.header("retry-after"), Some("1"));
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(get(&service, path).send().status, 200, "{path} while it is busy");
    }

    let late = Answer::read(&mut held).unwrap();
    assert_eq!(problem(&late, 503, "too late"), "it took longer than 2 s");
    assert_eq!(late.header("retry-after"), Some("1"));
    get(&service, "/api/v1/findings?limit=1").token(&token).send().good();
}

#[test]
fn a_body_that_is_no_report_is_small() {
    let service = Service::start();
    let token = service.token();
    for path in ["/api/v1/chat", "/api/v1/enrichments", "/api/v1/digests", "/v1/chat/completions"] {
        let answer = post(&service, path, vec![b' '; (1 << 20) + 1]).token(&token).send();
        assert_eq!(answer.status, 413, "{path}: {answer:?}");
        assert!(answer.body.contains("the body is over the limit of 1048576 bytes"), "{answer:?}");
    }
    let ticket = serde_json::json!({ "text": "x".repeat((256 << 10) + 1) }).to_string();
    let answer = post(&service, "/api/v1/enrichments", ticket).token(&token).send();
    assert_eq!(problem(&answer, 413, "too large"), "the body is over the limit of 262144 bytes");
    let question = serde_json::json!({ "question": "what is exposed ".repeat(1000) }).to_string();
    let detail = problem(&post(&service, "/api/v1/chat", question).token(&token).send(), 400, "bad request");
    assert!(detail.contains("16000 bytes; up to 2000 are read"), "{detail}");
    let form =
        post(&service, "/login", "x".repeat((2 << 20) + 1)).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(problem(&form.send(), 413, "too large"), "the body is over the limit of 2097152 bytes");
    let many = serde_json::json!({ "messages": vec![serde_json::json!({ "role": "user", "content": "x" }); 65] });
    let answer = post(&service, "/v1/chat/completions", many.to_string()).token(&token).send();
    assert_eq!((answer.status, answer.body.contains("up to 64 messages")), (400, true), "{answer:?}");
}

#[test]
fn a_batch_may_be_larger_than_a_question() {
    let service = Service::start();
    let agent = service.agent_token();
    let batch = |bytes: usize| post(&service, "/api/v1/events", vec![b' '; bytes]).token(&agent).send();
    let detail = problem(&batch(10 << 20), 400, "bad request");
    assert!(detail.starts_with("not a batch of a sensor"), "read to its end: {detail}");
    assert_eq!(problem(&batch((16 << 20) + 1), 413, "too large"), "the body is over the limit of 16777216 bytes");
}
