//! One call of the API: who asked for what, of which object, from where, and whether it was allowed. Comes in: an event of
//! an audit log. Goes out: the same fields whatever wrote it.

use std::net::IpAddr;

use assay_core::ids::Time;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::events::Place;
use super::super::intake::instant;
use super::super::lenient::{Many, Word};

/// A call of the API.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    pub(super) at: Option<Time>,
    /// The server has not answered yet: another event of the same call will say what came of it.
    pub(super) unanswered: bool,
    pub(super) verb: String,
    /// The API group of the resource; empty for the core group.
    pub(super) group: String,
    pub(super) resource: String,
    pub(super) subresource: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uri: String,
    /// The program that called, by its own word.
    pub(super) agent: String,
    pub(super) user: String,
    pub(super) groups: Vec<String>,
    /// As whom, where that is somebody else.
    pub(super) acts_as: String,
    pub(super) addresses: Vec<IpAddr>,
    /// None where the event does not say.
    pub(super) allowed: Option<bool>,
    /// What was sent, else what was answered; none where the log keeps neither.
    pub(super) object: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Entry {
    stage: Word,
    verb: Word,
    #[serde(rename = "requestURI")]
    request_uri: Word,
    user_agent: Word,
    user: Option<User>,
    impersonated_user: Option<User>,
    #[serde(rename = "sourceIPs")]
    source_ips: Many<Word>,
    object_ref: Option<ObjectRef>,
    response_status: Option<Status>,
    request_object: Option<Value>,
    response_object: Option<Value>,
    request_received_timestamp: Word,
    stage_timestamp: Word,
    timestamp: Word,
    annotations: Option<Map<String, Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    username: Word,
    groups: Many<Word>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ObjectRef {
    #[serde(rename = "apiGroup")]
    api_group: Word,
    resource: Word,
    subresource: Word,
    namespace: Word,
    name: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    code: Word,
}

impl Entry {
    pub(super) fn call(self) -> Call {
        let times = [&self.request_received_timestamp, &self.stage_timestamp, &self.timestamp];
        let user = self.user.unwrap_or_default();
        let object = self.object_ref.unwrap_or_default();
        let code = self.response_status.as_ref().and_then(|s| s.code.as_str().parse::<u16>().ok());
        let decision = self.annotations.as_ref().and_then(|a| a.get("authorization.k8s.io/decision")?.as_str());
        let allowed = match (code, decision) {
            (Some(code), _) => Some((100..400).contains(&code)),
            (None, Some("allow")) => Some(true),
            (None, Some("forbid")) => Some(false),
            (None, _) => None,
        };
        let mut call = Call {
            at: times.into_iter().find_map(|t| loose_instant(t.as_str())),
            unanswered: self.stage.as_str() == "RequestReceived",
            verb: self.verb.0,
            group: object.api_group.0,
            resource: object.resource.0,
            subresource: object.subresource.0,
            namespace: object.namespace.0,
            name: object.name.0,
            uri: self.request_uri.0,
            agent: self.user_agent.0,
            user: user.username.0,
            groups: user.groups.0.into_iter().map(|g| g.0).collect(),
            acts_as: self.impersonated_user.unwrap_or_default().username.0,
            addresses: self.source_ips.iter().filter_map(|ip| ip.as_str().parse().ok()).collect(),
            allowed,
            object: self.request_object.or(self.response_object).filter(Value::is_object),
        };
        call.learn_name();
        call
    }
}

impl Call {
    /// What is made under a name that the server chooses has it only in the object.
    pub(super) fn learn_name(&mut self) {
        let metadata = self.object.as_ref().and_then(|o| o.get("metadata"));
        let word = |key: &str| metadata.and_then(|m| m.get(key)?.as_str()).unwrap_or_default().to_owned();
        if self.name.is_empty() {
            self.name = word("name");
        }
        if self.namespace.is_empty() {
            self.namespace = word("namespace");
        }
    }

    /// True for one of these verbs.
    pub(super) fn verb_in(&self, verbs: &[&str]) -> bool {
        verbs.contains(&self.verb.as_str())
    }

    /// The object of the call.
    pub(super) fn place(&self) -> Place<'_> {
        if self.resource == "pods" && !self.name.is_empty() && !self.namespace.is_empty() {
            return Place::pod(&self.namespace, &self.name, self.parameter("container"));
        }
        if self.resource == "pods"
            && let Some((kind, owner)) = self.owner()
        {
            return Place::pod(&self.namespace, owner, "").owned_by(kind, owner);
        }
        Place::resource(&self.resource, &self.namespace, &self.name)
    }

    /// The object that owns the one of the call.
    fn owner(&self) -> Option<(&str, &str)> {
        let owners = self.object.as_ref()?.get("metadata")?.get("ownerReferences")?.as_array()?;
        let owner = owners.first()?;
        Some((owner.get("kind")?.as_str()?, owner.get("name")?.as_str()?))
    }

    /// A parameter of the request; empty where it is encoded, which names of containers never need.
    fn parameter(&self, name: &str) -> &str {
        let query = self.uri.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, value)| *key == name && !value.contains('%')).map_or("", |(_, value)| value)
    }

    /// The call in one line, as evidence.
    pub(super) fn says(&self) -> String {
        let slash = |text: &str| if text.is_empty() { String::new() } else { format!("/{text}") };
        let what = match self.resource.is_empty() {
            true => self.uri.clone(),
            false => format!("{}{}", self.resource, slash(&self.subresource)),
        };
        let of = match (self.namespace.is_empty(), self.name.is_empty()) {
            (true, true) => String::new(),
            (true, false) => format!(" {}", self.name),
            (false, _) => format!(" {}{}", self.namespace, slash(&self.name)),
        };
        let from: Vec<String> = self.addresses.iter().map(IpAddr::to_string).collect();
        let from = if from.is_empty() { String::new() } else { format!(" from {}", from.join(", ")) };
        let acts = if self.acts_as.is_empty() { String::new() } else { format!(" as {}", self.acts_as) };
        let command = self.parameter("command");
        let command = if command.is_empty() { String::new() } else { format!(", command {command}") };
        format!("{}{acts}: {} {what}{of}{from}{command}", self.user, self.verb)
    }
}

/// An instant; stores of logs write it without the T and the zone, which is UTC then.
pub(super) fn loose_instant(text: &str) -> Option<Time> {
    let text = text.trim().replacen(' ', "T", 1);
    let zoned = text.split_once('T').is_none_or(|(_, time)| time.ends_with(['Z', 'z']) || time.contains(['+', '-']));
    instant(&if zoned { text } else { format!("{text}Z") })
}
