//! Falco's alerts, one JSON object a line (`json_output: true`), also among its other log lines. The rule's name says what
//! happened; the fields say where. Alerts of the audit log plugin are about the object that the request was for.

use std::io::BufRead;

use assay_core::ids::Time;
use assay_core::observation::{Author, Severity};
use assay_core::scope::Head;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ReadError;
use super::events::{At, Event, Hearer, Outcome, Place, Sign, read as hear};
use super::intake::{Intake, instant};
use super::lenient::Word;
use super::signals::mapped;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Alert {
    rule: Word,
    output: Word,
    priority: Word,
    time: Word,
    hostname: Word,
    source: Word,
    output_fields: Option<Map<String, Value>>,
}

pub(super) fn read(input: &mut dyn BufRead, intake: Intake<'_>) -> Result<Head, ReadError> {
    hear(input, intake, Author::Scanner, &mut one)
}

fn one(hearer: &mut Hearer<'_>, at: At, alert: Alert) -> Result<Outcome, ReadError> {
    if alert.rule.is_empty() || alert.priority.is_empty() {
        return Ok(Outcome::Foreign);
    }
    let rule = alert.rule.as_str();
    let sign = Sign {
        rule,
        mapped: mapped("falco", "rule", rule),
        severity: severity(alert.priority.as_str()),
        says: alert.output.as_str().into(),
        refused: false,
        exe: alert.first(&["proc.exepath", "proc.exe", "proc.name"]),
        user: alert.first(&["ka.user.name", "user.name"]),
        place: None,
    };
    let event = Event { at: alert.seen_at(), place: alert.place(), signs: vec![sign], ran: "" };
    hearer.hear(at, at.to_string(), &event)?;
    Ok(Outcome::Heard)
}

impl Alert {
    /// A field; Falco writes `<NA>` where it knows nothing.
    fn field(&self, name: &str) -> &str {
        let value = self.output_fields.as_ref().and_then(|fields| fields.get(name)?.as_str());
        value.filter(|v| *v != "<NA>").unwrap_or_default()
    }

    fn first(&self, names: &[&str]) -> &str {
        names.iter().map(|name| self.field(name)).find(|value| !value.is_empty()).unwrap_or_default()
    }

    fn seen_at(&self) -> Option<Time> {
        let nanos = || self.output_fields.as_ref()?.get("evt.time")?.as_i64();
        instant(self.time.as_str()).or_else(|| Some(Time::from_millis(nanos()? / 1_000_000)))
    }

    fn place(&self) -> Place<'_> {
        if self.source.as_str() == "k8s_audit" || !self.field("ka.verb").is_empty() {
            let (resource, namespace) = (self.field("ka.target.resource"), self.field("ka.target.namespace"));
            let place = Place::resource(resource, namespace, self.field("ka.target.name"));
            // A request without a name is about the server that answered it, whatever it was for.
            return if self.field("ka.user.name") == "system:anonymous" { Place::Cluster } else { place };
        }
        let pod = Place::pod(self.field("k8s.ns.name"), self.field("k8s.pod.name"), self.field("container.name"));
        pod.or_node(self.hostname.as_str())
    }
}

/// Syslog's words. Source: Falco documentation, rule priorities.
fn severity(priority: &str) -> Severity {
    match priority.to_ascii_lowercase().as_str() {
        "emergency" | "alert" | "critical" => Severity::Critical,
        "error" => Severity::High,
        "warning" => Severity::Medium,
        "notice" | "informational" | "info" | "debug" => Severity::Low,
        _ => Severity::Unknown,
    }
}
