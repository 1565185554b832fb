//! A finding that asks for forensics makes the service order evidence of its container, of the node that watches it and of
//! no other, until the agent says that it was kept. The explanation says so then.

use assay_core::ids::{Digest, Span, Time};
use serde_json::{Value, json};

use crate::door::wire::{get, post};
use crate::door::{NOW, Service};

fn now() -> Time {
    NOW.parse().unwrap()
}

/// A batch of a node about its container of a workload, with these facts.
fn send(service: &Service, node: &str, container: &str, sequence: u32, facts: &[Value]) -> Vec<String> {
    let at = |ago: i64| (now() - Span::minutes(ago)).to_string();
    let facts: Vec<Value> =
        facts.iter().map(|what| json!({"container": 0, "since": at(0), "until": at(0), "what": what})).collect();
    let batch = json!({
        "version": 1, "node": node, "boot": "b9", "sequence": sequence, "sent_at": at(0),
        "containers": [{"id": container, "namespace": "quiet", "pod": "web-1", "name": "web", "image": "shop/web:1.0"}],
        "facts": facts,
        "coverage": [{"container": 0, "eye": "sensor_signals", "since": at(60), "until": at(0), "start_seen": true}],
    });
    let answer = post(service, "/api/v1/events", batch.to_string()).token(&service.agent_token()).send();
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["keep"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn evidence_is_ordered_of_the_node_that_watches_until_it_is_kept_and_then_it_is_told() {
    let service = Service::start();
    let attempt = json!({"kind": "attacked", "stage": "attempt", "signal": "port-scan", "exe": "/usr/bin/nmap"});
    assert_eq!(send(&service, "node-a", "c1", 1, &[attempt]), [""; 0], "an attempt asks for no forensics");
    let miner = json!({"kind": "attacked", "stage": "foothold", "signal": "miner", "exe": "/tmp/xmrig"});
    assert_eq!(send(&service, "node-a", "c1", 2, &[miner]), ["c1"]);
    assert_eq!(send(&service, "node-a", "c1", 3, &[]), ["c1"], "it is ordered until it was heard");
    assert_eq!(send(&service, "node-b", "c9", 1, &[]), ["c9"], "another replica of the workload, on its own node");

    let kept = json!({
        "kind": "kept", "file": "0001-c1.json", "sha256": Digest::of_bytes(b"evidence").to_string(), "bytes": 4096,
        "processes": 3, "files": 12, "sockets": 1, "maps": 40, "records": 7, "left_out": 0,
    });
    assert_eq!(send(&service, "node-a", "c1", 4, &[kept]), [""; 0]);
    assert_eq!(send(&service, "node-b", "c9", 2, &[]), ["c9"], "what node-a kept is none of node-b");

    let token = service.token();
    let list = get(&service, "/api/v1/findings?limit=1000").token(&token).send().json();
    let miner = list["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["asset"]["namespace"] == "quiet" && f["title"].as_str().unwrap().contains("miner"));
    let id = miner.unwrap()["id"].as_str().unwrap();
    let told = get(&service, &format!("/api/v1/findings/{id}/explanation")).token(&token).send().body;
    for part in ["node-a", "0001-c1.json", "3 processes", "12 open files", "1 socket", "no verdict of a person yet"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
