//! A model server that answers as scripted: what is asked of it, what is taken from it, and that nothing it does lasts
//! longer or goes further than it may.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod scripted;

use std::time::{Duration, Instant};

use assay_core::ids::Span;
use assay_core::ports::{Choices, ModelError, Planner};
use assay_models::ServerPlanner;
use assay_models::server::{ANSWER_STEPS_MAX, Form, ServerSettings};

use self::scripted::{Act, Scripted, reply};

const SYSTEM: &str = "Order the facts.";
const PROMPT: &str = "A: one\nB: two\nC: three\nOrder:";
/// Longer than any answer of the script takes.
const PATIENT: Span = Span::minutes(1);

/// Each letter once, the way a plan is written.
#[derive(Default)]
struct Letters {
    left: Vec<char>,
    taken: String,
}

impl Letters {
    fn of(letters: &str) -> Self {
        Self { left: letters.chars().collect(), taken: String::new() }
    }
}

impl Choices for Letters {
    fn options(&self) -> Vec<String> {
        let before = if self.taken.is_empty() { "" } else { " " };
        let open = self.left.iter().map(|letter| format!("{before}{letter}"));
        let join = self.left.iter().filter(|_| !self.taken.is_empty()).map(|letter| format!("+{letter}"));
        open.chain(join).collect()
    }

    fn take(&mut self, index: usize) {
        let text = self.options().swap_remove(index);
        self.left.retain(|letter| !text.ends_with(*letter));
        self.taken.push_str(&text);
    }
}

fn planner(server: &Scripted, form: Form, timeout: Span) -> ServerPlanner {
    // Another test of this process may have done it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings =
        ServerSettings { url: server.url(), model: "small".to_owned(), key: Some("k3y".to_owned()), timeout, form };
    ServerPlanner::new(settings, SYSTEM).unwrap()
}

fn asked(acts: Vec<Act>, form: Form) -> (Result<(), ModelError>, String, Vec<serde_json::Value>) {
    let server = Scripted::start(acts);
    let mut letters = Letters::of("ABC");
    let result = planner(&server, form, PATIENT).choose(PROMPT, &mut letters, PATIENT);
    (result, letters.taken, server.bodies())
}

#[test]
fn a_whole_answer_that_is_legal_is_taken_step_by_step() {
    for answer in ["C A+B", " C A+B\n"] {
        let (result, taken, bodies) = asked(vec![reply(answer)], Form::Answer);
        assert_eq!((result, taken.as_str(), bodies.len()), (Ok(()), "C A+B", 1));
    }
}

#[test]
fn what_is_sent_is_the_prompt_and_what_was_shown_before() {
    let server = Scripted::start(vec![reply("A B C")]);
    let planner = planner(&server, Form::Answer, PATIENT);
    let shown = planner.would_send(PROMPT, &Letters::of("ABC"));
    planner.choose(PROMPT, &mut Letters::of("ABC"), PATIENT).unwrap();
    let sent = server.requests().remove(0);
    let body = shown.split_once("\n\n").unwrap().1.trim_end();
    assert_eq!(sent.split_once("\r\n\r\n").unwrap().1, body, "byte for byte");
    assert!(sent.starts_with("POST /v1/chat/completions HTTP/1.1"), "{sent}");
    let agent = shown.lines().find(|line| line.starts_with("user-agent: ")).unwrap();
    assert!(sent.to_lowercase().contains(agent), "{sent}");
    assert!(shown.contains("Bearer (the key)") && !shown.contains("k3y") && sent.contains("Bearer k3y"));
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    let names: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(names, ["max_tokens", "messages", "model", "stop", "stream", "temperature"]);
    let said = serde_json::json!([{"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}]);
    assert_eq!(value["messages"], said);
}

#[test]
fn an_answer_that_is_not_legal_to_its_end_is_refused() {
    for answer in ["A B", "A B B", "A B C D", "B+", "The order is A B C", "", "A, B, C", "A B C\n\nBecause A is worst."]
    {
        let (result, _, _) = asked(vec![reply(answer)], Form::Answer);
        assert_eq!(result, Err(ModelError::Illegal), "{answer:?}");
    }
}

#[test]
fn step_by_step_each_question_holds_the_legal_options_and_what_was_taken() {
    let (result, taken, bodies) = asked(vec![reply("B"), reply("+A")], Form::Grammar);
    // The last step has one letter left: alone or joined.
    assert_eq!(result, Err(ModelError::Failed("the model server answered 404".into())));
    assert_eq!(taken, "B+A");
    assert_eq!(bodies[0]["grammar"], r#"root ::= "A" | "B" | "C""#);
    assert_eq!(bodies[1]["grammar"], r#"root ::= " A" | " C" | "+A" | "+C""#);
    assert_eq!(bodies[1]["messages"][2], serde_json::json!({"role": "assistant", "content": "B"}));
    assert_eq!(bodies[2]["messages"][2]["content"], "B+A");
    assert_eq!(bodies[2]["max_tokens"], 2);
    let (result, taken, _) = asked(vec![reply("B"), reply(" C"), reply(" A")], Form::Grammar);
    assert_eq!((result, taken.as_str()), (Ok(()), "B C A"));
    let (result, taken, _) = asked(vec![reply("B"), reply(" D")], Form::Grammar);
    assert_eq!((result, taken.as_str()), (Err(ModelError::Illegal), "B"), "its grammar was not kept to");
}

#[test]
fn every_fault_of_a_server_is_a_typed_refusal() {
    type Expected = fn(&ModelError) -> bool;
    let failed: Expected = |error| matches!(error, ModelError::Failed(_));
    let cases: Vec<(Act, Expected)> = vec![
        (Act::Status(500), failed),
        (Act::Status(404), failed),
        (Act::Status(307), failed),
        (Act::Status(429), |error| *error == ModelError::Busy),
        (Act::Status(503), |error| *error == ModelError::Busy),
        (Act::Body(b"<html>Bad gateway</html>".to_vec()), failed),
        (Act::Body(vec![0xff; 4096]), failed),
        (Act::Body(b"{\"choices\":[{\"message\":{\"content\":\"A \xe2\x82".to_vec()), failed),
        (Act::Body(b"{\"model\":\"other\",\"choices\":[{\"message\":{\"content\":\"A B C\"}}]}".to_vec()), failed),
        (Act::Body(b"{\"error\":{\"message\":\"no such model\"}}".to_vec()), failed),
        (Act::Body([b"{\"choices\":".to_vec(), b"[".repeat(100_000)].concat()), failed),
        (Act::Body([b" ".repeat(300 * 1024), b"{}".to_vec()].concat()), failed),
        (Act::CutAfter(20), failed),
        (Act::HangUp, failed),
    ];
    for (act, expected) in cases {
        let said = format!("{act:?}").chars().take(80).collect::<String>();
        let (result, taken, _) = asked(vec![act], Form::Answer);
        let error = result.unwrap_err();
        assert!(expected(&error), "{said}: {error}");
        assert!(taken.is_empty() && error.to_string().len() < 400, "{said}: {error}");
    }
}

#[test]
fn who_answers_too_slowly_or_without_an_end_is_cut_off() {
    for act in [Act::Silent, Act::Drip, Act::Flood] {
        let server = Scripted::start(vec![act.clone()]);
        let planner = planner(&server, Form::Answer, Span::secs(1));
        let begun = Instant::now();
        let result = planner.choose(PROMPT, &mut Letters::of("ABC"), PATIENT);
        assert!(matches!(result, Err(ModelError::Late(_) | ModelError::Failed(_))), "{act:?}: {result:?}");
        // Not a timing of ours: without the cut these never end.
        assert!(begun.elapsed() < Duration::from_secs(20), "{act:?}");
    }
}

#[test]
fn an_answer_without_an_end_of_steps_is_ended() {
    struct Endless(usize);
    impl Choices for Endless {
        fn options(&self) -> Vec<String> {
            vec!["A".to_owned()]
        }
        fn take(&mut self, _: usize) {
            self.0 += 1;
        }
    }
    for form in [Form::Answer, Form::Grammar] {
        let server = Scripted::start(vec![reply(&"A".repeat(1000))]);
        let mut endless = Endless(0);
        let result = planner(&server, form, PATIENT).choose(PROMPT, &mut endless, PATIENT);
        assert_eq!((result, endless.0), (Err(ModelError::Illegal), ANSWER_STEPS_MAX));
    }
}

#[test]
fn nobody_there_is_a_failure_and_nothing_to_choose_asks_nobody() {
    let server = Scripted::start(vec![]);
    let mut none = Letters::of("");
    assert_eq!(planner(&server, Form::Answer, PATIENT).choose(PROMPT, &mut none, Span::ZERO), Ok(()));
    assert!(server.requests().is_empty());
    let late = planner(&server, Form::Answer, PATIENT).choose(PROMPT, &mut Letters::of("AB"), Span::ZERO);
    assert_eq!(late, Err(ModelError::Late(Span::ZERO)));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = ServerSettings {
        url: format!("http://{free}/v1"),
        model: "small".to_owned(),
        key: None,
        timeout: PATIENT,
        form: Form::Answer,
    };
    let gone = ServerPlanner::new(settings, SYSTEM).unwrap().choose(PROMPT, &mut Letters::of("AB"), PATIENT);
    assert!(matches!(gone, Err(ModelError::Failed(why)) if why.contains("cannot be asked")));
}
