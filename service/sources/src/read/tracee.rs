//! Tracee's events (`--output json`), one JSON object a line. Findings of its signatures carry what they matched under
//! `metadata`; all other events are what the kernel did, of which only what ran is kept.

use std::io::BufRead;

use assay_core::ids::Time;
use assay_core::observation::{Author, Severity};
use assay_core::scope::Head;
use serde::Deserialize;
use serde_json::Value;

use super::ReadError;
use super::events::{At, Event, Hearer, Outcome, Place, Sign, read as hear};
use super::intake::Intake;
use super::lenient::{Many, Word};
use super::signals::mapped;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Traced {
    timestamp: Word,
    process_name: Word,
    host_name: Word,
    executable: Option<Executable>,
    container_name: Word,
    pod_name: Word,
    pod_namespace: Word,
    container: Option<Container>,
    kubernetes: Option<Kubernetes>,
    event_name: Word,
    args: Many<Arg>,
    metadata: Option<Metadata>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Executable {
    path: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    name: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Kubernetes {
    pod_name: Word,
    pod_namespace: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Arg {
    name: Word,
    value: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Metadata {
    description: Word,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    #[serde(rename = "signatureID")]
    id: Word,
    #[serde(rename = "signatureName")]
    name: Word,
    #[serde(rename = "Severity")]
    severity: Word,
}

pub(super) fn read(input: &mut dyn BufRead, intake: Intake<'_>) -> Result<Head, ReadError> {
    hear(input, intake, Author::Scanner, &mut one)
}

fn one(hearer: &mut Hearer<'_>, at: At, traced: Traced) -> Result<Outcome, ReadError> {
    if traced.event_name.is_empty() || traced.timestamp.is_empty() {
        return Ok(Outcome::Foreign);
    }
    let event = Event {
        at: traced.seen_at(),
        place: traced.place(),
        signs: traced.sign().into_iter().collect(),
        ran: if traced.event_name.as_str() == "sched_process_exec" { traced.path() } else { "" },
    };
    hearer.hear(at, at.to_string(), &event)?;
    Ok(Outcome::Heard)
}

impl Traced {
    /// Nanoseconds since the epoch; older versions may count from the machine's start, which is no time of ours.
    fn seen_at(&self) -> Option<Time> {
        const FIRST_BELIEVED: i64 = 631_152_000_000;
        let millis = self.timestamp.as_str().parse::<i64>().ok()? / 1_000_000;
        (millis > FIRST_BELIEVED).then(|| Time::from_millis(millis))
    }

    fn place(&self) -> Place<'_> {
        let container = self.container.as_ref().and_then(|c| c.name.some()).unwrap_or(self.container_name.as_str());
        let (namespace, pod) = match &self.kubernetes {
            Some(k) if !k.pod_name.is_empty() => (k.pod_namespace.as_str(), k.pod_name.as_str()),
            _ => (self.pod_namespace.as_str(), self.pod_name.as_str()),
        };
        Place::pod(namespace, pod, container).or_node(self.host_name.as_str())
    }

    /// The path argument of an event about a file.
    fn path(&self) -> &str {
        self.args
            .iter()
            .find(|arg| arg.name.as_str() == "pathname")
            .and_then(|arg| arg.value.as_str())
            .unwrap_or_default()
    }

    fn says(&self, description: &str) -> String {
        let parts = [self.process_name.as_str(), description].into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(": ")
    }

    fn sign(&self) -> Option<Sign<'_>> {
        let event = self.event_name.as_str();
        let properties = self.metadata.as_ref().and_then(|m| m.properties.as_ref());
        let of_event = mapped("tracee", "rule", event);
        if properties.is_none() && of_event.is_none() {
            return None;
        }
        let id = properties.map_or("", |p| p.id.as_str());
        let description = self.metadata.as_ref().map_or("", |m| m.description.as_str());
        Some(Sign {
            rule: properties.and_then(|p| p.name.some()).unwrap_or(event),
            mapped: mapped("tracee", "rule", id).or(of_event),
            severity: properties.map_or(Severity::Unknown, |p| severity(p.severity.as_str())),
            says: self.says(description).into(),
            refused: false,
            exe: self.executable.as_ref().and_then(|e| e.path.some()).unwrap_or(self.process_name.as_str()),
            user: "",
            place: None,
        })
    }
}

/// Zero to four. Source: Tracee's signature metadata.
fn severity(number: &str) -> Severity {
    match number {
        "0" | "1" => Severity::Low,
        "2" => Severity::Medium,
        "3" => Severity::High,
        "4" => Severity::Critical,
        _ => Severity::Unknown,
    }
}
