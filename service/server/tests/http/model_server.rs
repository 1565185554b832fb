//! A model server in the planner's place: what it is asked, how its answer is told, and what becomes of the words when it
//! fails.

use serde_json::Value;

use crate::door::Service;
use crate::door::wire::get;
use crate::scripted::{Act, Scripted, reply};

fn service(server: &Scripted) -> Service {
    let config = format!("[models.server]\nenabled = true\nurl = \"{}\"\nmodel = \"small\"\n", server.url());
    // Long enough for a machine that builds beside the test.
    Service::with(&format!("[models]\nanswer_ms_max = 60000\n{config}timeout_ms = 60000\n"), &[])
}

/// Ids of findings, the most urgent first.
fn ids(service: &Service) -> Vec<String> {
    let list: Value = get(service, "/api/v1/findings?limit=20").token(&service.token()).send().good();
    list["findings"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

fn explained(service: &Service, id: &str) -> Value {
    get(service, &format!("/api/v1/findings/{id}/explanation")).token(&service.token()).send().good()
}

fn metrics(service: &Service) -> String {
    get(service, "/metrics").send().body
}

#[test]
fn its_order_is_told_and_it_is_asked_once_for_equal_facts() {
    // What is legal, the template says.
    let plain = Service::start();
    let id = ids(&plain).remove(0);
    let plan = explained(&plain, &id)["plan"].as_str().unwrap().to_owned();
    let finding = explained(&plain, &id)["finding"].clone();

    let server = Scripted::start(vec![reply(&plan)]);
    let service = service(&server);
    let shown = service.beside(&["models", "server", "--show", "--finding", &id]);
    assert!(server.requests().is_empty(), "shown is not sent");
    for _ in 0..3 {
        let told = explained(&service, &id);
        assert!(told["by"]["model"].as_str().unwrap().starts_with("small at 127.0.0.1:"), "{}", told["by"]);
        assert!(told["text"].as_str().unwrap().contains("Arranged by 'small at 127.0.0.1"), "{}", told["text"]);
        assert_eq!(told["plan"], plan.as_str());
    }
    let sent = server.requests();
    assert_eq!(sent.len(), 1);
    let body = sent[0].split_once("\r\n\r\n").unwrap().1;
    assert!(shown.contains(body), "{shown}");
    for name in [&finding["asset"]["namespace"], &finding["asset"]["name"], &finding["cve"], &finding["title"]] {
        assert!(name.as_str().is_none_or(|name| name.len() < 5 || !body.contains(name)), "{name} in {body}");
    }
    let metrics = metrics(&service);
    assert!(metrics.contains("assay_model_answer_seconds_count{job=\"arrange\",rung=\"server\"} 1\n"), "{metrics}");
    assert!(metrics.contains("assay_model_known_total{job=\"arrange\"} 2\n"), "{metrics}");
}

#[test]
fn when_it_keeps_failing_the_template_speaks_and_it_is_left_alone() {
    let server = Scripted::start(vec![Act::Status(500), Act::Body(b"garbage".to_vec()), reply("Z Z Z")]);
    let service = service(&server);
    let reasons: Vec<String> = ids(&service)
        .iter()
        .map(|id| explained(&service, id)["by"]["template_because"].as_str().unwrap().to_owned())
        .filter(|because| because != "there was nothing to order")
        .collect();
    let expected = ["the model failed", "the model failed", "the model's answer was not legal"];
    assert_eq!(reasons[..3], expected);
    let resting = "the model failed several times and is left alone for a while";
    // An answer that was not legal is remembered for equal facts.
    assert!(reasons[3..].iter().all(|because| because == resting || because == expected[2]), "{reasons:?}");
    assert!(reasons.iter().any(|because| because == resting), "{reasons:?}");
    assert_eq!(server.requests().len(), 3);
    assert!(metrics(&service).contains("assay_model_breaker{rung=\"server\"} 2\n"));
}

#[test]
fn a_server_that_is_not_switched_on_is_never_asked() {
    let server = Scripted::start(vec![]);
    let config = format!("[models.server]\nurl = \"{}\"\nmodel = \"small\"\n", server.url());
    let service = Service::with(&config, &[]);
    let id = ids(&service).remove(0);
    assert_eq!(explained(&service, &id)["by"]["template_because"], "no model was shown to do it better");
    let shown = service.beside(&["models", "server", "--show"]);
    assert!(shown.contains("switched off") && shown.contains("\"model\": \"small\""), "{shown}");
    assert!(server.requests().is_empty());
}
