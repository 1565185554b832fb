//! Tetragon's events (`tetra getevents -o json`, or the export file), one JSON object after the other, on one line or
//! several. A program that ran is everyday work unless a row knows it; what a policy watched is an alert of that policy,
//! told by the file, peer or function that it saw.

mod probe;

use std::io::BufRead;

use assay_core::observation::{Author, Severity};
use assay_core::scope::Head;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ReadError;
use super::events::{At, Event, Hearer, Outcome, Place, Sign, read as hear};
use super::intake::{Intake, instant};
use super::json::record_of;
use super::lenient::Word;
use super::signals::{Mapped, mapped, ran};
use probe::Probe;

const TOOL: &str = "tetragon";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    process: Option<Process>,
    parent: Option<Process>,
    #[serde(flatten)]
    probe: Probe,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Process {
    uid: Word,
    binary: Word,
    arguments: Word,
    pod: Option<Pod>,
    binary_properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pod {
    namespace: Word,
    name: Word,
    workload: Word,
    workload_kind: Word,
    container: Option<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Container {
    name: Word,
}

/// What the file of a program was.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    setuid: Option<Word>,
    file: Option<File>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    path: Word,
    inode: Option<Inode>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Inode {
    links: Option<Word>,
}

pub(super) fn read(input: &mut dyn BufRead, intake: Intake<'_>) -> Result<Head, ReadError> {
    hear(input, intake, Author::Scanner, &mut one)
}

fn one(hearer: &mut Hearer<'_>, at: At, event: Map<String, Value>) -> Result<Outcome, ReadError> {
    let Some((kind, value)) = event.iter().find(|(key, _)| key.starts_with("process_")) else {
        return Ok(Outcome::Foreign);
    };
    // Serde would take a list for a process.
    if value.get("process").is_some_and(|process| !process.is_object()) {
        return Ok(Outcome::Bad("expected an object, found another value".to_owned()));
    }
    let body = match record_of::<Body>(value) {
        Ok(body) => body,
        Err(reason) => return Ok(Outcome::Bad(reason)),
    };
    let Some(process) = &body.process else { return Ok(Outcome::Foreign) };
    let word = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
    let signs = body.sign(kind, process).into_iter().collect();
    let executed = kind == "process_exec" && process.binary.as_str().starts_with('/');
    let event = Event {
        at: instant(word("time")),
        place: process.place().or_node(word("node_name")),
        signs,
        ran: if executed { process.binary.as_str() } else { "" },
    };
    hearer.hear(at, at.to_string(), &event)?;
    Ok(Outcome::Heard)
}

impl Process {
    fn place(&self) -> Place<'_> {
        let Some(pod) = &self.pod else { return Place::Nowhere };
        let container = pod.container.as_ref().map_or("", |c| c.name.as_str());
        Place::pod(pod.namespace.as_str(), pod.name.as_str(), container)
            .owned_by(pod.workload_kind.as_str(), pod.workload.as_str())
    }

    fn file(&self) -> Option<&File> {
        self.binary_properties.as_ref()?.file.as_ref()
    }

    /// A file that lives in memory only. The container runtime's copy of itself is none: it prepares the container.
    fn is_from_memory(&self) -> bool {
        let path = self.file().and_then(|f| f.path.some()).unwrap_or(self.binary.as_str());
        let of_runtime = matches!(self.arguments.as_str(), "init" | "exec");
        (path.starts_with("/memfd:") || path.starts_with("memfd:")) && !of_runtime
    }

    fn is_deleted(&self) -> bool {
        let links = self.file().and_then(|f| f.inode.as_ref()?.links.as_ref());
        links.is_some_and(|links| links.as_str() == "0")
    }

    /// A program that runs as root whoever starts it, started by somebody who is not.
    fn gains_root(&self, parent: Option<&Self>) -> bool {
        let setuid = self.binary_properties.as_ref().and_then(|p| p.setuid.as_ref());
        let stranger = parent.is_some_and(|p| !p.uid.is_empty() && p.uid.as_str() != "0");
        setuid.is_some_and(|uid| uid.as_str() == "0") && stranger
    }
}

impl Body {
    fn sign(&self, kind: &str, process: &Process) -> Option<Sign<'_>> {
        let sign = |rule, mapped, refused| {
            let Process { binary, arguments, .. } = self.process.as_ref()?;
            let says = format!("{} {}", binary.as_str(), arguments.as_str()).into();
            let severity = Severity::Unknown;
            Some(Sign { rule, mapped, severity, says, refused, exe: binary.as_str(), user: "", place: None })
        };
        match kind {
            // On a machine such programs are everyday work.
            "process_exec" if process.pod.is_some() => sign("process_exec", Some(self.executed(process)?), false),
            "process_kprobe" | "process_tracepoint" | "process_uprobe" | "process_lsm" | "process_usdt" => {
                let probe = &self.probe;
                let by_policy = mapped(TOOL, "rule", probe.policy());
                let mapped = by_policy.or_else(|| probe.seen(process.uid.as_str()));
                sign(probe.rule(), mapped, probe.refused())
            }
            _ => None,
        }
    }

    /// What a program that ran is a sign of, where a row knows it.
    fn executed(&self, process: &Process) -> Option<Mapped> {
        let ours = |id| crate::signals::signal(id).map(Mapped::Signal);
        if process.is_from_memory() {
            return ours("memfd-exec");
        }
        if process.is_deleted() {
            return ours("deleted-exe-run");
        }
        let parent = self.parent.as_ref();
        let by_name = ran(TOOL, process.binary.as_str(), parent.map_or("", |p| p.binary.as_str()));
        by_name.or_else(|| process.gains_root(parent).then(|| ours("setuid-gain")).flatten())
    }
}
