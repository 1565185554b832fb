//! Questions that nobody means well: far too long, with characters that steer a terminal, with other people's names, and
//! very many at once. Each is refused by name or read as what is left of it, and the next one is answered.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::door::Service;
use crate::door::wire::{get, post};
use crate::problems::problem;

/// Callers at once, and how often each asks: two thousand in all.
const CALLERS: usize = 50;
const EACH: usize = 40;

fn ask(service: &Service, question: &str) -> Value {
    let body = json!({ "question": question }).to_string();
    let answer = post(service, "/api/v1/chat", body).token(&service.token()).send();
    let events = answer.events();
    serde_json::from_str(&events[events.len() - 2].1).unwrap()
}

#[test]
fn a_question_of_a_megabyte_is_refused_by_its_size_in_every_form() {
    let service = Service::start();
    let token = service.token();
    let long = "criticals in shop ".repeat(1_000_000 / 18);
    let own = json!({ "question": long }).to_string();
    let detail = problem(&post(&service, "/api/v1/chat", own).token(&token).send(), 400, "bad request");
    assert!(detail.contains("up to 2000 are read"), "{detail}");
    let body = json!({ "messages": [{ "role": "user", "content": long }] }).to_string();
    let answer = post(&service, "/v1/chat/completions", body).token(&token).send();
    assert_eq!((answer.status, answer.body.contains("up to 2000 are read")), (400, true), "{answer:?}");
    // What was asked before is cut to what can be leaned on, and never an error.
    let body = json!({ "question": "criticals in shop", "previous": "x ".repeat(250_000) }).to_string();
    post(&service, "/api/v1/chat", body).token(&token).send().events();
}

#[test]
fn characters_that_steer_are_taken_out_and_the_rest_is_read() {
    let service = Service::start();
    let answer = ask(&service, "\u{1b}[2Jcriticals\u{0}\u{7} in\u{202e} sh\u{200b}op\u{9b}\r\n");
    let text = answer.to_string();
    let steers = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}'..='\u{200f}');
    let shown: Vec<&Value> = vec![&answer["question"], &answer["answer"]];
    for value in shown {
        let said = value.as_str().unwrap();
        assert!(!said.chars().any(|c| c != '\n' && steers(c)), "{said:?}");
    }
    assert!(text.contains("namespace") || answer["abstained"].is_string(), "{text}");
}

#[test]
fn a_name_of_somebody_else_reads_as_one_that_does_not_exist() {
    let service = Service::start();
    let refused = |name: &str| {
        let answer = ask(&service, &format!("criticals in {name}"));
        assert_eq!((&answer["abstained"], &answer["query"]), (&json!("unknown_name"), &Value::Null), "{answer}");
        answer["answer"].as_str().unwrap().replace(name, "NAME")
    };
    assert_eq!(refused("other-tenant"), refused("zq-nothing-at-all"));
}

#[test]
fn two_thousand_questions_at_once_are_answered_or_refused_by_name_and_the_next_one_is_answered() {
    let service = Service::with("[serve]\nrequests_at_once_max = 4\n", &[]);
    let token = service.token();
    let body = json!({ "question": "how many criticals in shop" }).to_string();
    let (answered, busy) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let answer = post(&service, "/api/v1/chat", body.clone()).token(&token).send();
                    match answer.status {
                        200 => answered.fetch_add(1, Ordering::Relaxed),
                        429 => {
                            assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
                            problem(&answer, 429, "busy");
                            busy.fetch_add(1, Ordering::Relaxed)
                        }
                        _ => panic!("{answer:?}"),
                    };
                }
            });
        }
    });
    let (answered, busy) = (answered.into_inner(), busy.into_inner());
    assert_eq!(answered + busy, CALLERS * EACH);
    assert!(answered > 0, "none was answered");
    assert!(!ask(&service, "how many criticals in shop").is_null());
    assert_eq!(get(&service, "/healthz").send().status, 200);
}
