//! KubeArmor's alerts and logs (`karmor logs --json`), one JSON object a line. An alert matched a policy that somebody
//! wrote: what it is a sign of is told by what was done, and where that says nothing, by the name that the policies of
//! the project itself carry. Logs are everyday work, of which only what ran is kept.

use std::io::BufRead;

use assay_core::ids::Time;
use assay_core::observation::{Author, Severity};
use assay_core::scope::Head;
use serde::Deserialize;

use super::ReadError;
use super::events::{At, Event, Hearer, Outcome, Place, Sign, read as hear};
use super::intake::{Intake, instant};
use super::lenient::Word;
use super::signals::{Mapped, Touch, mapped, ran, touched};

const TOOL: &str = "kubearmor";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Entry {
    timestamp: Word,
    updated_time: Word,
    host_name: Word,
    namespace_name: Word,
    pod_name: Word,
    container_name: Word,
    owner: Option<Owner>,
    policy_name: Word,
    severity: Word,
    message: Word,
    r#type: Word,
    source: Word,
    operation: Word,
    resource: Word,
    data: Word,
    action: Word,
    result: Word,
    process_name: Word,
    parent_process_name: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Owner {
    r#ref: Word,
    name: Word,
}

pub(super) fn read(input: &mut dyn BufRead, intake: Intake<'_>) -> Result<Head, ReadError> {
    hear(input, intake, Author::Scanner, &mut one)
}

fn one(hearer: &mut Hearer<'_>, at: At, entry: Entry) -> Result<Outcome, ReadError> {
    let nameless = entry.r#type.is_empty() && entry.policy_name.is_empty();
    if entry.operation.is_empty() || nameless {
        return Ok(Outcome::Foreign);
    }
    let signs = if entry.is_alert() { vec![entry.sign()] } else { Vec::new() };
    let everyday = signs.is_empty() && entry.operation.as_str() == "Process" && entry.passed();
    let ran = if everyday { entry.process_name.as_str() } else { "" };
    hearer.hear(at, at.to_string(), &Event { at: entry.seen_at(), place: entry.place(), signs, ran })?;
    Ok(Outcome::Heard)
}

impl Entry {
    fn is_alert(&self) -> bool {
        self.r#type.as_str().starts_with("Matched") || !self.policy_name.is_empty()
    }

    fn passed(&self) -> bool {
        self.result.as_str() == "Passed"
    }

    fn seen_at(&self) -> Option<Time> {
        let seconds = || self.timestamp.as_str().parse::<i64>().ok().map(Time::from_secs);
        instant(self.updated_time.as_str()).or_else(seconds)
    }

    fn place(&self) -> Place<'_> {
        let pod = Place::pod(self.namespace_name.as_str(), self.pod_name.as_str(), self.container_name.as_str());
        let pod = match &self.owner {
            Some(owner) => pod.owned_by(owner.r#ref.as_str(), owner.name.as_str()),
            None => pod,
        };
        pod.or_node(self.host_name.as_str())
    }

    fn sign(&self) -> Sign<'_> {
        let rule = self.policy_name.some().unwrap_or(self.r#type.as_str());
        let said = [&self.message, &self.source, &self.resource, &self.data, &self.action, &self.result];
        let said: Vec<&str> = said.into_iter().filter_map(Word::some).collect();
        Sign {
            rule,
            mapped: self.done().or_else(|| mapped(TOOL, "rule", rule)),
            severity: severity(self.severity.as_str()),
            says: said.join("; ").into(),
            refused: self.action.as_str() == "Block" && !self.passed(),
            exe: self.exe(),
            user: "",
            place: None,
        }
    }

    /// The program: of a refused start the resource, since the process is still its parent's.
    fn exe(&self) -> &str {
        let of = if self.operation.as_str() == "Process" { &self.resource } else { &self.process_name };
        let of = of.some().or(self.process_name.some()).unwrap_or(self.source.as_str());
        of.split_whitespace().next().unwrap_or_default()
    }

    /// What was done, where a row knows it.
    fn done(&self) -> Option<Mapped> {
        let (resource, data) = (self.resource.as_str(), self.data.as_str());
        let call = data.split([' ', ',']).find_map(|part| part.strip_prefix("syscall=")).unwrap_or_default();
        let what = match self.operation.as_str() {
            // On a machine such programs are everyday work.
            "Process" if !self.pod_name.is_empty() => {
                ran(TOOL, self.exe(), self.parent_process_name.some().unwrap_or(self.source.as_str()))
            }
            "File" => touched(TOOL, resource, touch(call, data)),
            "Network" if self.pod_name.is_empty() => mapped(TOOL, "network", resource),
            "Network" => mapped(TOOL, "network", resource).or_else(|| ran(TOOL, self.exe(), "")),
            "Syscall" => mapped(TOOL, "function", call),
            _ => None,
        };
        what.or_else(|| mapped(TOOL, "operation", self.operation.as_str()))
    }
}

fn touch(call: &str, data: &str) -> Touch {
    let has = |any: &[&str]| any.iter().any(|word| call.contains(word) || data.contains(word));
    match () {
        () if has(&["SYS_UNLINK", "SYS_RMDIR", "O_TRUNC", "SYS_TRUNCATE"]) => Touch::Removed,
        () if has(&["O_WRONLY", "O_RDWR", "O_CREAT", "SYS_RENAME", "SYS_CHMOD", "SYS_CHOWN"]) => Touch::Written,
        () => Touch::Read,
    }
}

/// One to ten. Source: KubeArmor documentation, specification of security policies.
fn severity(number: &str) -> Severity {
    match number.parse::<u8>() {
        Ok(1..=3) => Severity::Low,
        Ok(4..=6) => Severity::Medium,
        Ok(7..=8) => Severity::High,
        Ok(9..=10) => Severity::Critical,
        _ => Severity::Unknown,
    }
}
