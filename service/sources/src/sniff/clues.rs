//! What the keys of a text say about its format.

use crate::read::ReadError;
use crate::read::json::{Json, Kind};

use super::Format;

/// A manifest beside reports is a common mix-up: say where it goes.
const MANIFEST: &str = "a Kubernetes object; read it with: assay scan --manifests PATH";
/// A published feed.
const FEED: &str = "a feed of published vulnerabilities; take it in with: assay intel import PATH";

/// The sorts of Tetragon's events. Source: Tetragon's gRPC API, GetEventsResponse.
const TETRAGON: &[&str] = &[
    "process_exec",
    "process_exit",
    "process_kprobe",
    "process_tracepoint",
    "process_loader",
    "process_uprobe",
    "process_usdt",
    "process_lsm",
    "process_throttle",
    "process_connect",
    "process_close",
    "process_listen",
    "process_accept",
];

/// What was seen of a JSON object so far.
#[derive(Default)]
pub(super) struct Clues {
    /// It stands in a list.
    listed: bool,
    pub(super) decided: Option<Format>,
    refused: Option<&'static str>,
    api_version: String,
    kind: String,
    seen: Vec<Seen>,
}

/// Keys that decide only together with others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    ClusterName,
    K8sLists,
    TrivyFrame,
    TrivyResults,
    Target,
    Matches,
    GrypeFrame,
    Controls,
    NodeType,
    KubescapeFrame,
    Results,
    Version,
    Runs,
    Node,
    Boot,
    Sequence,
    Vulnerabilities,
    Catalog,
    Items,
    Rule,
    Output,
    Priority,
    EventName,
    Traced,
    Operation,
    Type,
    HostName,
    Verb,
}

impl Clues {
    /// For an object in a list.
    pub(super) fn listed() -> Self {
        Self { listed: true, ..Self::default() }
    }

    /// Takes one key, and its value off the text. Some when the format is certain.
    pub(super) fn key(&mut self, json: &mut Json<'_>, key: &str) -> Result<Option<Format>, ReadError> {
        let value = json.kind()?;
        let word = |json: &mut Json<'_>| -> Result<String, ReadError> {
            if value == Kind::Text { json.word() } else { json.skip().map(|()| String::new()) }
        };
        match key {
            "bomFormat" if word(json)?.eq_ignore_ascii_case("CycloneDX") => self.decide(Format::CycloneDxJson),
            "spdxVersion" if word(json)?.starts_with("SPDX-2") => self.decide(Format::SpdxJson),
            "summaryDetails" => self.decide_after(json, Format::KubescapeJson)?,
            "cveMetadata" | "catalogVersion" => {
                json.skip()?;
                self.refused = Some(FEED);
            }
            "$schema" => {
                let schema = word(json)?;
                if schema.contains("sarif") {
                    self.decide(Format::Sarif);
                } else if schema.contains("cyclonedx") {
                    self.decide(Format::CycloneDxJson);
                }
            }
            "@context" => self.context(json)?,
            "apiVersion" => self.api_version = word(json)?,
            "kind" => self.kind = word(json)?,
            "items" if value == Kind::List => self.items(json)?,
            "controls" if value == Kind::Object => self.summary(json)?,
            _ if key.ends_with(".aquasecurity.github.io") => self.decide_after(json, Format::TrivyOperator)?,
            "matches" if value == Kind::List => self.matches(json)?,
            "category" if word(json)?.starts_with("kube-audit") => self.decide(Format::AuditJsonl),
            "protoPayload" if value == Kind::Object => self.payload(json)?,
            _ if value == Kind::Object && TETRAGON.contains(&key) => self.decide_after(json, Format::TetragonJsonl)?,
            "bomFormat" | "spdxVersion" | "category" => {}
            _ => {
                self.seen.extend(of_key(key, value));
                self.combine();
                // A value that comes after the decision may be a gigabyte: it is left where it is.
                if self.decided.is_none() || self.listed {
                    json.skip()?;
                }
            }
        }
        self.combine();
        Ok(self.decided)
    }

    /// What the whole object is.
    pub(super) fn verdict(mut self) -> Result<Format, ReadError> {
        self.combine();
        if let Some(format) = self.decided {
            return Ok(format);
        }
        if let Some(saw) = self.refused {
            return Err(ReadError::Unknown { saw });
        }
        let format = match () {
            () if self.operator() => Format::TrivyOperator,
            // Old audit logs leave the version out.
            () if self.kind == "Event" && self.api_version.is_empty() && self.has(Seen::Verb) => Format::AuditJsonl,
            () if !self.api_version.is_empty() && !self.kind.is_empty() => {
                return Err(ReadError::Unknown { saw: MANIFEST });
            }
            () if self.has(Seen::TrivyFrame) => Format::TrivyJson,
            () if self.has(Seen::Matches) => Format::GrypeJson,
            () if self.has(Seen::Version) && self.has(Seen::Runs) => Format::Sarif,
            () if self.has(Seen::ClusterName) => Format::TrivyK8sJson,
            () if self.has(Seen::Catalog) && self.has(Seen::Vulnerabilities) => {
                return Err(ReadError::Unknown { saw: FEED });
            }
            () => return Err(ReadError::Unknown { saw: "JSON of a format that is not read" }),
        };
        Ok(format)
    }

    fn decide(&mut self, format: Format) {
        self.decided = Some(format);
    }

    fn decide_after(&mut self, json: &mut Json<'_>, format: Format) -> Result<(), ReadError> {
        // The reader will walk the value; here it is enough that the key stands.
        if self.listed {
            json.skip()?;
        }
        self.decide(format);
        Ok(())
    }

    fn has(&self, seen: Seen) -> bool {
        self.seen.contains(&seen)
    }

    fn trivy_frame(&self) -> usize {
        self.seen.iter().filter(|s| **s == Seen::TrivyFrame).count()
    }

    fn operator(&self) -> bool {
        self.api_version.starts_with("aquasecurity.github.io/")
    }

    /// Pairs that are certain together.
    fn combine(&mut self) {
        let format = match () {
            () if self.operator() => Format::TrivyOperator,
            () if self.has(Seen::ClusterName) && self.has(Seen::K8sLists) => Format::TrivyK8sJson,
            () if self.trivy_frame() > 1 || self.trivy_frame() > 0 && self.has(Seen::TrivyResults) => Format::TrivyJson,
            () if self.has(Seen::Matches) && self.has(Seen::GrypeFrame) => Format::GrypeJson,
            () if self.has(Seen::Results) && self.has(Seen::KubescapeFrame) => Format::KubescapeJson,
            () if self.has(Seen::Controls) || self.has(Seen::NodeType) => Format::KubeBenchJson,
            () if self.has(Seen::Node) && self.has(Seen::Boot) && self.has(Seen::Sequence) => Format::SensorBatches,
            () if self.listed && self.has(Seen::Target) => Format::TrivyJson,
            () if self.has(Seen::Rule) && self.has(Seen::Output) && self.has(Seen::Priority) => Format::FalcoJsonl,
            () if self.has(Seen::EventName) && self.has(Seen::Traced) => Format::TraceeJsonl,
            () if self.has(Seen::Operation) && self.has(Seen::Type) && self.has(Seen::HostName) => {
                Format::KubeArmorJsonl
            }
            () if self.kind.starts_with("Event") && self.api_version.starts_with("audit.k8s.io/") => Format::AuditJsonl,
            () => return,
        };
        self.decide(format);
    }

    /// Grype's matches may be all of a report: its first one tells.
    fn matches(&mut self, json: &mut Json<'_>) -> Result<(), ReadError> {
        self.seen.push(Seen::Matches);
        let (mut vulnerability, mut artifact) = (false, false);
        json.list(|json, i| {
            if i > 0 || json.kind()? != Kind::Object {
                return json.skip();
            }
            json.object(|json, key| {
                vulnerability |= key == "vulnerability";
                artifact |= key == "artifact";
                json.skip()
            })?;
            if vulnerability && artifact && !self.listed {
                self.decided = Some(Format::GrypeJson);
                return Err(ReadError::Stopped);
            }
            Ok(())
        })
    }

    /// An entry of Google Cloud's log: of the API server of a cluster, or of another service.
    fn payload(&mut self, json: &mut Json<'_>) -> Result<(), ReadError> {
        let mut audit = false;
        json.object(|json, key| match (key, json.kind()?) {
            ("serviceName", Kind::Text) => {
                audit |= json.word()? == "k8s.io";
                Ok(())
            }
            ("methodName", Kind::Text) => {
                audit |= json.word()?.starts_with("io.k8s.");
                Ok(())
            }
            _ => json.skip(),
        })?;
        if audit {
            self.decide(Format::AuditJsonl);
        }
        Ok(())
    }

    fn context(&mut self, json: &mut Json<'_>) -> Result<(), ReadError> {
        // A list of contexts, or one.
        let raw = json.raw()?;
        let holds = |needle: &[u8]| raw.windows(needle.len()).any(|w| w == needle);
        if holds(b"openvex") {
            self.decide(Format::OpenVex);
        } else if holds(b"spdx.org/rdf/3") || holds(b"spdx.github.io") {
            self.refused = Some("SPDX 3, which is not read yet; export SPDX 2.3");
        }
        Ok(())
    }

    /// The items of a Kubernetes list: the first one tells.
    fn items(&mut self, json: &mut Json<'_>) -> Result<(), ReadError> {
        self.seen.push(Seen::Items);
        let mut operator = false;
        json.list(|json, i| {
            if i > 0 || json.kind()? != Kind::Object {
                return json.skip();
            }
            json.object(|json, key| match key {
                "apiVersion" => {
                    operator = json.word()?.starts_with("aquasecurity.github.io/");
                    Ok(())
                }
                _ => json.skip(),
            })
        })?;
        if operator {
            self.decide(Format::TrivyOperator);
        }
        Ok(())
    }

    /// The controls of a Kubescape summary that stands alone.
    fn summary(&mut self, json: &mut Json<'_>) -> Result<(), ReadError> {
        let mut kubescape = false;
        json.object(|json, _| {
            if kubescape || json.kind()? != Kind::Object {
                return json.skip();
            }
            json.object(|json, key| {
                kubescape |= key == "controlID";
                json.skip()
            })
        })?;
        if kubescape {
            self.decide(Format::KubescapeJson);
        }
        Ok(())
    }
}

fn of_key(key: &str, value: Kind) -> Option<Seen> {
    Some(match (key, value) {
        ("ClusterName", _) => Seen::ClusterName,
        ("Resources" | "Findings" | "Misconfigurations", Kind::List | Kind::Null) => Seen::K8sLists,
        ("Vulnerabilities", Kind::List | Kind::Null) => Seen::K8sLists,
        ("SchemaVersion" | "ArtifactName" | "ArtifactType", _) => Seen::TrivyFrame,
        ("Results", _) => Seen::TrivyResults,
        ("Target", Kind::Text) => Seen::Target,
        ("descriptor" | "distro" | "ignoredMatches", _) => Seen::GrypeFrame,
        ("Controls", Kind::List) => Seen::Controls,
        ("node_type", Kind::Text) => Seen::NodeType,
        ("clusterName" | "clusterAPIServerInfo" | "customerGUID", _) => Seen::KubescapeFrame,
        ("results" | "resources", Kind::List | Kind::Null) => Seen::Results,
        ("version", _) => Seen::Version,
        ("runs", _) => Seen::Runs,
        ("node", Kind::Text) => Seen::Node,
        ("boot", Kind::Text) => Seen::Boot,
        ("sequence", Kind::Number) => Seen::Sequence,
        ("vulnerabilities", Kind::List) => Seen::Vulnerabilities,
        ("dateReleased", _) => Seen::Catalog,
        ("rule", Kind::Text) => Seen::Rule,
        ("output", Kind::Text) => Seen::Output,
        ("priority", Kind::Text) => Seen::Priority,
        ("eventName", Kind::Text) => Seen::EventName,
        ("hostProcessId" | "processId" | "threadId", Kind::Number) => Seen::Traced,
        ("Operation", Kind::Text) => Seen::Operation,
        ("Type", Kind::Text) => Seen::Type,
        ("HostName", Kind::Text) => Seen::HostName,
        ("verb" | "requestURI", Kind::Text) => Seen::Verb,
        _ => return None,
    })
}

/// XML: only CycloneDX is read.
pub(super) fn of_xml(text: &[u8]) -> Result<Format, ReadError> {
    let holds = |needle: &[u8]| text.windows(needle.len()).any(|w| w == needle);
    if holds(b"cyclonedx.org/schema/bom") {
        return Ok(Format::CycloneDxXml);
    }
    Err(ReadError::Unknown {
        saw: if holds(b"<html") || holds(b"<!DOCTYPE html") {
            "an HTML page"
        } else {
            "XML of a format that is not read"
        },
    })
}

/// Text that is not JSON: YAML of trivy-operator, a feed, or prose.
pub(super) fn of_text(text: &[u8]) -> Result<Format, ReadError> {
    let text = String::from_utf8_lossy(text);
    let mut kubernetes = false;
    for line in text.lines() {
        let entry = line.trim_start_matches(['-', ' ']);
        match entry.split_once(':') {
            Some(("apiVersion", version))
                if version.trim().trim_matches(['"', '\'']).starts_with("aquasecurity.github.io/") =>
            {
                return Ok(Format::TrivyOperator);
            }
            Some(("apiVersion", _)) => kubernetes = true,
            // The status of a compliance report, as it stands in the documents of the operator.
            Some(("detailReport" | "summaryReport", rest)) if rest.trim().is_empty() && line == entry => {
                return Ok(Format::TrivyOperator);
            }
            _ => {}
        }
    }
    let first = text.lines().next().unwrap_or_default();
    let saw = match () {
        () if kubernetes => MANIFEST,
        () if first.starts_with("#model_version") || first.starts_with("cve,epss,percentile") => FEED,
        () => "text of no known format",
    };
    Err(ReadError::Unknown { saw })
}
