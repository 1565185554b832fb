//! A ticket in, what is known out; the ticket is kept under its key and then stands beside the finding.

use serde_json::{Value, json};

use crate::door::Service;
use crate::door::wire::{get, post};

const TEXT: &str = "Log4Shell again: please look at CVE-2021-44228 in shop/checkout, and at shop/unheard-of";

fn enrich(service: &Service, token: &str, key: &str) -> Value {
    let body = json!({ "text": TEXT, "key": key });
    post(service, "/api/v1/enrichments", body.to_string()).token(token).send().good()
}

/// The tickets beside a finding, and the text of its explanation.
fn beside(service: &Service, id: &str) -> (Value, String) {
    let path = format!("/api/v1/findings/{id}/explanation");
    let explained = get(service, &path).token(&service.token()).send().good();
    (explained["similar"]["tickets"].clone(), explained["markdown"].as_str().unwrap().to_owned())
}

#[test]
fn a_ticket_is_answered_kept_and_shown_beside_its_finding() {
    let service = Service::start();
    let answer = enrich(&service, &service.token(), "SEC-1180");
    assert_eq!((&answer["key"], &answer["cves"]), (&"SEC-1180".into(), &json!(["CVE-2021-44228"])));
    assert_eq!(answer["unknown"], json!(["shop/unheard-of"]), "what nobody knows is said");
    let findings = answer["findings"].as_array().unwrap();
    assert!(findings.iter().all(|f| f["cve"] == "CVE-2021-44228"), "{findings:?}");
    let text = answer["text"].as_str().unwrap();
    assert!(text.contains("CVE-2021-44228") && text.contains("shop/checkout"), "{text}");
    assert!(!answer["markdown"].as_str().unwrap().contains("SEC-1180"), "a ticket is not offered to itself");
    let id = findings[0]["id"].as_str().unwrap();

    let (tickets, shown) = beside(&service, id);
    assert!(tickets.to_string().contains("SEC-1180"), "{tickets}");
    assert!(shown.contains("SEC-1180"), "{shown}");
    let page = get(&service, &format!("/findings/{id}")).token(&service.token()).send();
    assert!(page.body.contains("SEC-1180"), "{}", page.body);
    // The next ticket about it is told of the first, and the first one again is kept once.
    let next = enrich(&service, &service.token(), "SEC-1181");
    assert!(next["markdown"].as_str().unwrap().contains("SEC-1180"), "{next}");
    enrich(&service, &service.token(), "SEC-1180");
    let (tickets, _) = beside(&service, id);
    assert_eq!(tickets.to_string().matches("SEC-1180").count(), 1, "{tickets}");
}

#[test]
fn a_reader_is_answered_and_leaves_nothing_behind() {
    let service = Service::start();
    let reader = service.new_token("reader");
    let answer = enrich(&service, &reader, "SEC-7");
    assert_eq!(answer["key"], "SEC-7");
    let id = answer["findings"][0]["id"].as_str().unwrap();
    assert!(!beside(&service, id).0.to_string().contains("SEC-7"));
}

#[test]
fn a_ticket_cannot_bring_markup_or_a_secret_into_the_answer() {
    let service = Service::start();
    let secret = format!("ghp_{}", "a1B2".repeat(9));
    let text = format!("CVE-2021-44228 in shop/<script>alert(1)</script> token {secret} [x](http://evil.example)");
    let body = json!({ "text": text, "key": format!("K<b>{secret}") });
    let answer = post(&service, "/api/v1/enrichments", body.to_string()).token(&service.token()).send();
    answer.good();
    assert!(!answer.body.contains(&secret), "{}", answer.body);
    assert!(!answer.json()["markdown"].as_str().unwrap().contains("](http"), "{}", answer.body);
    assert!(!service.log().contains(&secret));
}
