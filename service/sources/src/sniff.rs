//! Which format a report has, by its content: names of files are only hints. Comes in: a report from its beginning, of
//! any length. Goes out: its format, or what it is instead, with what to do about it. Values that decide nothing are
//! passed over and never built.

mod bytes;
mod clues;

use std::io::{BufRead, Read};

use assay_core::named;

use crate::limits::ReadLimits;
use crate::read::json::{Json, Kind};
use crate::read::{ReadError, after_runtime_prefix};
use clues::Clues;

named! {
    /// The report formats that can be read, by the name that `--format` takes.
    pub enum Format {
        /// `trivy image|fs|repo|config -f json`.
        TrivyJson = "trivy-json",
        /// `trivy k8s -f json`, both shapes.
        TrivyK8sJson = "trivy-k8s-json",
        /// Custom resources of trivy-operator, as YAML or JSON, alone or in a list.
        TrivyOperator = "trivy-operator-cr",
        /// `grype -o json`.
        GrypeJson = "grype-json",
        /// `kubescape scan --format json`.
        KubescapeJson = "kubescape-json",
        /// `kube-bench --json`.
        KubeBenchJson = "kube-bench-json",
        /// SARIF 2.1.0.
        Sarif = "sarif",
        /// CycloneDX, JSON.
        CycloneDxJson = "cyclonedx-json",
        /// CycloneDX, XML.
        CycloneDxXml = "cyclonedx-xml",
        /// SPDX 2.x, JSON.
        SpdxJson = "spdx-json",
        /// OpenVEX.
        OpenVex = "openvex",
        /// Batches of Assay's own agent, one JSON object a line.
        SensorBatches = "sensor-batches",
        /// Alerts of Falco, one JSON object a line, also among its other log lines.
        FalcoJsonl = "falco-jsonl",
        /// Events of Tetragon.
        TetragonJsonl = "tetragon-jsonl",
        /// Events of Tracee.
        TraceeJsonl = "tracee-jsonl",
        /// Alerts and logs of KubeArmor.
        KubeArmorJsonl = "kubearmor-jsonl",
        /// The audit log of the API server, as it is or in the frame of a cloud.
        AuditJsonl = "k8s-audit-jsonl",
    }
}

impl Format {
    /// True for logs of events, which may begin and end anywhere and hold other lines.
    pub const fn is_log(self) -> bool {
        matches!(
            self,
            Self::FalcoJsonl | Self::TetragonJsonl | Self::TraceeJsonl | Self::KubeArmorJsonl | Self::AuditJsonl
        )
    }
}

/// How much of a text that is not JSON is looked at.
const HEAD_BYTES: usize = 64 << 10;

/// Tells the format of a report. It reads as far as it must, so a reader has to begin at the start again.
///
/// # Errors
/// When the report is empty, cut, no text, or of no known format.
pub fn sniff(input: &mut dyn BufRead, limits: &ReadLimits) -> Result<Format, ReadError> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    Read::take(&mut *input, HEAD_BYTES as u64).read_to_end(&mut head)?;
    bytes::refuse(&head)?;
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head).trim_ascii_start().to_vec();
    let text = text.as_slice();
    let told = match text.first() {
        None => Err(ReadError::Empty),
        // It begins like a list of JSON and is none.
        Some(b'[') if [b"[INFO]", b"[PASS]", b"[FAIL]", b"[WARN]"].iter().any(|tag| text.starts_with(*tag)) => {
            Err(ReadError::Unknown { saw: "the text output of kube-bench; run it with --json" })
        }
        Some(b'<') => clues::of_xml(text),
        Some(b'{' | b'[') => of_json(&mut head.as_slice().chain(input), limits),
        Some(b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') if is_plain_json(text) => Err(ReadError::Unknown {
            saw: if text.starts_with(b"null") {
                "the word null, which old versions of Trivy write for no result; scan again with a current one"
            } else {
                "a single JSON value"
            },
        }),
        Some(_) => clues::of_text(text),
    };
    match told {
        // A log may begin with lines of other sorts, or in the middle of an event.
        Err(ReadError::Unknown { .. } | ReadError::Syntax { .. }) => of_log(text, limits).map_or(told, Ok),
        told => told,
    }
}

/// How many lines of a text are tried as the first event of a log.
const LINES_TRIED_MAX: usize = 200;

/// The first line that is an event tells what log it is.
fn of_log(text: &[u8], limits: &ReadLimits) -> Option<Format> {
    let lines = text.split(|b| *b == b'\n').map(|line| after_runtime_prefix(line.trim_ascii()));
    let told = lines.filter(|line| line.starts_with(b"{")).take(LINES_TRIED_MAX);
    told.filter_map(|mut line| of_json(&mut line, limits).ok()).find(|format| format.is_log())
}

fn of_json(input: &mut dyn Read, limits: &ReadLimits) -> Result<Format, ReadError> {
    let mut json = Json::open(input, limits)?;
    if json.kind()? == Kind::List {
        return of_list(&mut json);
    }
    let mut clues = Clues::default();
    let walked = json.object(|json, key| match clues.key(json, key)? {
        // The road out of the walk: what is decided needs no look at the rest.
        Some(_) => Err(ReadError::Stopped),
        None => Ok(()),
    });
    match (clues.decided, walked) {
        (Some(format), Err(ReadError::Stopped)) => Ok(format),
        (_, Err(error)) => Err(error),
        (_, Ok(())) => clues.verdict(),
    }
}

/// The first element of a list tells what the others are.
fn of_list(json: &mut Json<'_>) -> Result<Format, ReadError> {
    let mut verdict = None;
    let walked = json.list(|json, _| {
        let mut clues = Clues::listed();
        if json.kind()? == Kind::Object {
            json.object(|json, key| clues.key(json, key).map(|_| ()))?;
            verdict = Some(clues.verdict());
        } else {
            json.skip()?;
        }
        Err(ReadError::Stopped)
    });
    match (verdict, walked) {
        (Some(verdict), _) => verdict,
        (None, Err(ReadError::Stopped)) => Err(ReadError::Unknown { saw: "a list of JSON values that are no objects" }),
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Err(ReadError::Unknown { saw: "an empty list" }),
    }
}

/// True when the whole text is one JSON value that is no object or list.
fn is_plain_json(text: &[u8]) -> bool {
    matches!(serde_json::from_slice::<serde_json::Value>(text), Ok(v) if !v.is_object() && !v.is_array())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Result<Format, String> {
        sniff(&mut &bytes[..], &ReadLimits::default()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_format_is_known_by_its_content() {
        for (text, format) in [
            (r#"{"SchemaVersion":2,"ArtifactName":"a","Results":null}"#, Format::TrivyJson),
            (r#"[{"Target":"a (debian 10)","Vulnerabilities":null}]"#, Format::TrivyJson),
            (r#"{"ClusterName":"","Resources":[{"Kind":"Pod"}]}"#, Format::TrivyK8sJson),
            (r#"{"ClusterName":"c","Vulnerabilities":[],"Misconfigurations":[]}"#, Format::TrivyK8sJson),
            (r#"{"apiVersion":"aquasecurity.github.io/v1alpha1","kind":"VulnerabilityReport"}"#, Format::TrivyOperator),
            (
                r#"{"apiVersion":"v1","items":[{"kind":"X","apiVersion":"aquasecurity.github.io/v1alpha1"}],"kind":"List"}"#,
                Format::TrivyOperator,
            ),
            (r#"[{"apiVersion":"aquasecurity.github.io/v1alpha1","kind":"ConfigAuditReport"}]"#, Format::TrivyOperator),
            (r#"{"vulnerabilityreports.aquasecurity.github.io":[]}"#, Format::TrivyOperator),
            ("---\napiVersion: aquasecurity.github.io/v1alpha1\nkind: X\n", Format::TrivyOperator),
            (r#"{"matches":[{"vulnerability":{"id":"CVE-1"}}]}"#, Format::GrypeJson),
            (r#"{"results":[],"clusterName":"c"}"#, Format::KubescapeJson),
            (r#"{"controls":{"C-0001":{"controlID":"C-0001"}},"status":"x"}"#, Format::KubescapeJson),
            (r#"{"Controls":[{"id":"1"}],"Totals":{}}"#, Format::KubeBenchJson),
            (r#"[{"id":"1","node_type":"master","tests":[]}]"#, Format::KubeBenchJson),
            (r#"{"version":"2.1.0","$schema":"https://json.schemastore.org/sarif-2.1.0.json"}"#, Format::Sarif),
            (r#"{"version":"2.1.0","runs":[]}"#, Format::Sarif),
            (r#"{"bomFormat":"CycloneDX","specVersion":"1.5"}"#, Format::CycloneDxJson),
            (r#"<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.4"/>"#, Format::CycloneDxXml),
            (r#"{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3"}"#, Format::SpdxJson),
            (r#"{"@context":"https://openvex.dev/ns/v0.2.0"}"#, Format::OpenVex),
            ("{\"version\":1,\"node\":\"n\",\"boot\":\"b\",\"sequence\":1}\n{\"version\":1}", Format::SensorBatches),
            (r#"{"output":"o","priority":"Notice","rule":"r","time":"t","output_fields":{}}"#, Format::FalcoJsonl),
            (
                "Falco starts\n{\"level\":\"info\"}\n{\"rule\":\"r\",\"output\":\"o\",\"priority\":\"Error\"}",
                Format::FalcoJsonl,
            ),
            ("[info] x\n{\"rule\":\"r\",\"output\":\"o\",\"priority\":\"Error\"}", Format::FalcoJsonl),
            ("\"x\"}}\n{\"process_exec\":{\"process\":{}},\"time\":\"t\"}\n", Format::TetragonJsonl),
            ("{\n  \"process_exit\": {\n    \"process\": {}\n  }\n}\n{\n", Format::TetragonJsonl),
            (r#"{"node_name":"n","time":"t","process_kprobe":{"process":{}}}"#, Format::TetragonJsonl),
            (r#"[{"timestamp":1,"processId":7,"eventId":"59","eventName":"execve","args":[]}]"#, Format::TraceeJsonl),
            (
                r#"{"ClusterName":"c","HostName":"h","Type":"ContainerLog","Operation":"File","Resource":"/etc/x"}"#,
                Format::KubeArmorJsonl,
            ),
            (r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get"}"#, Format::AuditJsonl),
            (r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[]}"#, Format::AuditJsonl),
            (r#"{"auditID":"a","kind":"Event","verb":"get","objectRef":{}}"#, Format::AuditJsonl),
            (r#"{"category":"kube-audit","properties":{"log":"{}"}}"#, Format::AuditJsonl),
            (r#"{"protoPayload":{"methodName":"io.k8s.core.v1.pods.get","serviceName":"k8s.io"}}"#, Format::AuditJsonl),
        ] {
            assert_eq!(of(text.as_bytes()), Ok(format), "{text}");
            assert_eq!(of(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()), Ok(format), "with a byte order mark: {text}");
        }
    }

    #[test]
    fn what_is_no_report_is_refused_by_its_name() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let trivy = r#"{"SchemaVersion":2}"#;
        for (bytes, says) in [
            (b"".to_vec(), "it is empty"),
            (b" \n".to_vec(), "it is empty"),
            (b"null".to_vec(), "the word null"),
            (b"hello".to_vec(), "text of no known format"),
            (b"[1,2,3]".to_vec(), "no objects"),
            (b"[]".to_vec(), "an empty list"),
            (b"\xEF\xBB\xBF{}".to_vec(), "JSON of a format"),
            (br#"{"a":1,"a":2}"#.to_vec(), "occurs twice"),
            (b"[".repeat(2_000_000), "nesting is over the limit"),
            (b"{\"a\":".repeat(400_000), "nesting is over the limit"),
            (br#"{"SchemaVersion":2"#[..10].to_vec(), "it was cut"),
            (b"PK\x03\x04zip".to_vec(), "a zip archive"),
            (b"\x1f\x8b\x08\x00".to_vec(), "gunzip"),
            ((0..=255).collect(), "binary data"),
            (utf16(trivy), "UTF-16, little endian; convert it"),
            ([b"\xFF\xFE".to_vec(), utf16(trivy)].concat(), "UTF-16, little endian"),
            (trivy.encode_utf16().flat_map(u16::to_be_bytes).collect(), "UTF-16, big endian"),
            (b"{\"a\":\"\xE9\"}".to_vec(), "ISO 8859-1"),
            (br#"{"apiVersion":"v1","kind":"Pod"}"#.to_vec(), "assay scan --manifests"),
            (br#"{"apiVersion":"v1","kind":"Event","involvedObject":{}}"#.to_vec(), "assay scan --manifests"),
            (br#"{"eventName":"RunInstances","eventSource":"ec2","eventVersion":"1"}"#.to_vec(), "JSON of a format"),
            (br#"{"protoPayload":{"methodName":"compute.instances.list"}}"#.to_vec(), "JSON of a format"),
            (br#"{"rule":"r","level":"high","message":"m"}"#.to_vec(), "JSON of a format"),
            (b"apiVersion: v1\nkind: Pod\n".to_vec(), "assay scan --manifests"),
            (br#"{"catalogVersion":"2026.11.24","vulnerabilities":[]}"#.to_vec(), "assay intel import"),
            (br#"{"dataType":"CVE_RECORD","cveMetadata":{}}"#.to_vec(), "assay intel import"),
            (b"#model_version:v2025,score_date:2026-11-24\ncve,epss,percentile\n".to_vec(), "assay intel import"),
            (br#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}"#.to_vec(), "SPDX 3"),
            (b"<html></html>".to_vec(), "an HTML page"),
            (b"[INFO] 1 Master Node Security Configuration\n[PASS] 1.1.1".to_vec(), "run it with --json"),
        ] {
            let refused = of(&bytes).unwrap_err();
            assert!(refused.contains(says), "{says}: {refused}");
        }
    }
}
