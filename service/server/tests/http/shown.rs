//! What the service shows is in the audit chain, and comes out again byte for byte.

use serde_json::{Value, json};

use crate::door::Service;
use crate::door::wire::{get, post};

fn replayed(service: &Service) -> Value {
    let said = service.beside(&["audit", "verify", "--replay", "-o", "json"]);
    serde_json::from_str::<Value>(&said).unwrap()["replay"].clone()
}

#[test]
fn whatever_leaves_the_service_is_in_the_chain_and_comes_out_again() {
    let service = Service::start();
    let before = replayed(&service);
    let token = service.token();
    let id = get(&service, "/api/v1/findings").token(&token).send().good()["findings"][0]["id"].clone();
    let id = id.as_str().unwrap();
    for path in [format!("/api/v1/findings/{id}/explanation"), "/api/v1/digests/latest".to_owned()] {
        get(&service, &path).token(&token).send().good();
    }
    for path in [format!("/findings/{id}"), "/digest".to_owned()] {
        assert_eq!(get(&service, &path).token(&token).send().status, 200, "{path}");
    }
    let ticket = json!({ "text": "CVE-2021-44228 in shop/checkout" }).to_string();
    post(&service, "/api/v1/enrichments", ticket).token(&token).send().good();
    let after = replayed(&service);
    let more = |what: &str| after[what].as_u64().unwrap() - before[what].as_u64().unwrap();
    assert_eq!((more("shown"), more("same")), (5, 5), "{before} {after}");
    assert_eq!(after["broken"], 0, "{after}");
}
