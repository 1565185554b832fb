//! How an audit event is wrapped: bare, in the list of a webhook, in a diagnostic log of Azure as text within JSON, or
//! told anew by Google Cloud.

use serde_json::{Map, Value};

use super::call::{Call, Entry};
use super::google;

/// What one JSON value of the log holds.
pub(super) enum Framed {
    /// Calls of the API, each read or not.
    Calls(Vec<Result<Call, String>>),
    /// Nothing of an audit log.
    Foreign,
    /// A frame that is broken, and how.
    Bad(String),
}

pub(super) fn framed(mut map: Map<String, Value>) -> Framed {
    if let Some(Value::Object(payload)) = map.remove("protoPayload") {
        let at = map.get("timestamp").and_then(Value::as_str).unwrap_or_default();
        return match google::call(&payload, at) {
            Some(call) => Framed::Calls(vec![Ok(call)]),
            None => Framed::Foreign,
        };
    }
    let word = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
    if word("kind") == "EventList" && is_audit(word("apiVersion")) {
        let Some(Value::Array(items)) = map.remove("items") else {
            return Framed::Bad("the list holds no items".to_owned());
        };
        return Framed::Calls(
            items.into_iter().map(|item| one(item).unwrap_or_else(|| Err(NO_EVENT.to_owned()))).collect(),
        );
    }
    if word("category").starts_with("kube-audit") {
        let log = map.remove("properties").and_then(|mut properties| properties.get_mut("log").map(Value::take));
        return match log {
            Some(Value::String(text)) => match serde_json::from_str(&text) {
                Ok(value) => Framed::Calls(vec![one(value).unwrap_or_else(|| Err(NO_EVENT.to_owned()))]),
                Err(_) => Framed::Bad("the text inside the frame is no JSON".to_owned()),
            },
            Some(value) => Framed::Calls(vec![one(value).unwrap_or_else(|| Err(NO_EVENT.to_owned()))]),
            None => Framed::Bad("the frame holds no event".to_owned()),
        };
    }
    match one(Value::Object(map)) {
        Some(call) => Framed::Calls(vec![call]),
        None => Framed::Foreign,
    }
}

const NO_EVENT: &str = "it is no event of an audit log";

fn is_audit(api_version: &str) -> bool {
    api_version.starts_with("audit.k8s.io/")
}

/// An event as the API server writes it; none for anything else, such as an Event object of the cluster. Old logs leave
/// the version out.
fn one(value: Value) -> Option<Result<Call, String>> {
    let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let versionless = word("apiVersion").is_empty() && !(word("verb").is_empty() && word("requestURI").is_empty());
    if word("kind") != "Event" || !(is_audit(word("apiVersion")) || versionless) {
        return None;
    }
    Some(super::super::json::record_of::<Entry>(&value).map(|entry| entry.call()))
}
