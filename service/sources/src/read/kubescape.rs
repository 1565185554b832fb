//! `kubescape scan --format json`: pairs of resource and control that failed. A summary without results says nothing
//! about any resource, and says so.

mod ids;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use assay_core::ids::Time;
use assay_core::observation::{Claim, Flaw, Observation, Record, RecordKind, Severity, Subject};
use assay_core::scope::{Artifact, Head, Part, Scope, Spoken};
use assay_core::text::Opaque;
use serde::Deserialize;

use super::ReadError;
use super::controls::control;
use super::intake::{Intake, Learnt, instant, record, tree};
use super::json::{Json, Kind};
use super::lenient::{Many, Word};
use ids::{ResourceId, container_in};

const ONLY_SUMMARY: &str =
    "this is only a summary, without the resources that failed: export the whole report (--format json)";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResultRow {
    #[serde(rename = "resourceID")]
    resource: Word,
    controls: Many<ControlRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ControlRow {
    #[serde(rename = "controlID")]
    id: Word,
    name: Word,
    status: Option<StatusRow>,
    rules: Many<RuleRow>,
}

/// Version 3 wraps its statuses, version 2 writes them plainly on the rules.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusRow {
    status: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RuleRow {
    status: Word,
    paths: Many<PathRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PathRow {
    failed_path: Word,
    review_path: Word,
    fix_path: Option<FixRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FixRow {
    path: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResourceRow {
    #[serde(rename = "resourceID")]
    id: Word,
    object: Option<ids::ObjectRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ControlSummary {
    name: Word,
    score_factor: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    scan_metadata: Option<ScanMetadata>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ScanMetadata {
    kubescape_version: Word,
    target_type: Word,
}

/// What is known so far.
struct Reader<'a> {
    intake: Intake<'a>,
    controls: BTreeMap<String, ControlSummary>,
    summary_seen: bool,
    results_seen: bool,
    /// Names of containers by resource, in their order.
    containers: HashMap<String, Vec<String>>,
    /// Records that wait for the severities of the summary.
    held: Vec<Record>,
    namespaces: BTreeSet<Opaque>,
    files: bool,
    produced_at: Option<Time>,
    metadata: Metadata,
}

pub(super) fn read(json: &mut Json<'_>, intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut reader = Reader {
        intake,
        controls: BTreeMap::new(),
        summary_seen: false,
        results_seen: false,
        containers: HashMap::new(),
        held: Vec::new(),
        namespaces: BTreeSet::new(),
        files: false,
        produced_at: None,
        metadata: Metadata::default(),
    };
    json.object(|json, key| match key {
        "generationTime" => Ok(reader.produced_at = instant(json.need::<Word>()?.as_str())),
        "metadata" => Ok(reader.metadata = json.need::<Option<Metadata>>()?.unwrap_or_default()),
        "summaryDetails" => json.object(|json, key| match key {
            "controls" => reader.summary(json),
            _ => json.skip(),
        }),
        // The inside of `summaryDetails` alone.
        "controls" => reader.summary(json),
        "resources" => json.list(|json, i| {
            match json.take::<ResourceRow>()? {
                Ok(row) => reader.resource(row),
                Err(reason) => reader.intake.skip(format!("resources[{i}]"), reason),
            }
            Ok(())
        }),
        "results" => {
            reader.results_seen = true;
            json.list(|json, i| match json.take::<ResultRow>()? {
                Ok(row) => reader.result(&row, i),
                Err(reason) => Ok(reader.intake.skip(format!("results[{i}]"), reason)),
            })
        }
        _ => json.skip(),
    })?;
    json.finish()?;
    reader.flush()?;
    Ok(reader.close())
}

impl Reader<'_> {
    fn summary(&mut self, json: &mut Json<'_>) -> Result<(), ReadError> {
        if json.kind()? != Kind::Object {
            return json.skip();
        }
        json.object(|json, id| {
            match json.take::<ControlSummary>()? {
                Ok(row) => drop(self.controls.insert(id.to_owned(), row)),
                Err(reason) => self.intake.skip("summaryDetails.controls", reason),
            }
            Ok(())
        })?;
        self.summary_seen = true;
        self.flush()
    }

    fn resource(&mut self, row: ResourceRow) {
        if self.containers.len() < self.intake.how.limits.names_max
            && let Some(names) = row.object.map(ids::ObjectRow::containers).filter(|n| !n.is_empty())
        {
            self.containers.insert(row.id.0, names);
        }
    }

    fn result(&mut self, row: &ResultRow, index: usize) -> Result<(), ReadError> {
        let Some(id) = ResourceId::parse(row.resource.as_str()) else {
            self.intake.skip(format!("results[{index}]"), "resourceID names no resource");
            return Ok(());
        };
        let at = id.asset(&self.intake);
        // What was read from files says nothing about the namespaces of the cluster.
        let scope = if id.from_file {
            self.files = true;
            None
        } else {
            let scope = Scope::Namespace { cluster: self.intake.how.cluster.clone(), namespace: at.namespace.clone() };
            self.namespaces.insert(at.namespace.clone());
            Some(scope.key())
        };
        for (i, row_control) in row.controls.iter().enumerate().filter(|(_, c)| c.failed()) {
            let rule = self.intake.name(row_control.id.as_str());
            let (control, _) = control("kubescape", &rule);
            let known = self.containers.get(row.resource.as_str()).map_or(&[][..], Vec::as_slice);
            let containers = row_control.containers(known);
            let claim = |container: Option<&str>| {
                Observation::Claim(Box::new(Claim {
                    scope: scope.clone(),
                    subject: Subject::Object { at: at.clone(), container: container.map(|c| self.intake.name(c)) },
                    severity: self.severity(row_control.id.as_str()),
                    title: self.intake.text(row_control.name.as_str()),
                    text: Opaque::readmit(""),
                    rule: rule.clone(),
                    flaw: Flaw::Control { control: control.clone(), path: Opaque::readmit("") },
                }))
            };
            let yields = match containers.is_empty() {
                true => vec![claim(None)],
                false => containers.iter().map(|c| claim(Some(c))).collect(),
            };
            let pair = record(&format!("results[{index}].controls[{i}]"), RecordKind::Check, yields);
            if self.summary_seen || self.held.len() >= self.intake.how.limits.held_max {
                self.intake.give(pair)?;
            } else {
                self.held.push(pair);
            }
        }
        Ok(())
    }

    /// Kubescape's own bands of its score factor.
    fn severity(&self, control: &str) -> Severity {
        match self.controls.get(control).map_or(0.0, |c| c.score_factor) {
            f if f >= 9.0 => Severity::Critical,
            f if f >= 7.0 => Severity::High,
            f if f >= 4.0 => Severity::Medium,
            f if f >= 1.0 => Severity::Low,
            _ => Severity::Unknown,
        }
    }

    /// Hands on what waited for the summary.
    fn flush(&mut self) -> Result<(), ReadError> {
        for mut pair in std::mem::take(&mut self.held) {
            for observation in &mut pair.yields {
                if let Observation::Claim(claim) = observation {
                    claim.severity = self.severity(claim.rule.reveal());
                    if claim.title.is_empty()
                        && let Some(row) = self.controls.get(claim.rule.reveal())
                    {
                        claim.title = self.intake.text(row.name.as_str());
                    }
                }
            }
            self.intake.give(pair)?;
        }
        Ok(())
    }

    fn close(self) -> Head {
        let scan = self.metadata.scan_metadata.unwrap_or_default();
        // A scan of one workload or one control is narrower than the namespaces that it touches.
        let narrow = ["workload", "control"].iter().any(|t| scan.target_type.as_str().eq_ignore_ascii_case(t));
        let classes = [Spoken::Misconfiguration].into_iter().collect();
        let mut hint = (!self.results_seen).then_some(ONLY_SUMMARY);
        let mut parts = Vec::new();
        if self.files {
            let (scope, _, unnamed) = tree(&self.intake, "", "");
            hint = hint.or(unnamed);
            parts.push(Part { scope, classes, complete: !narrow, content: None });
        }
        let cluster = self.intake.how.cluster;
        parts.extend(self.namespaces.iter().map(|ns| Part::namespace(cluster, ns, classes, !narrow)));
        let tool_version = self.intake.name(scan.kubescape_version.as_str());
        let produced_at = self.produced_at;
        self.intake.head(Learnt { tool_version, artifact: Artifact::Cluster, parts, produced_at, hint })
    }
}

impl ControlRow {
    fn failed(&self) -> bool {
        match &self.status {
            Some(status) if !status.status.is_empty() => status.status.as_str() == "failed",
            _ => self.rules.iter().any(|r| r.status.as_str() == "failed"),
        }
    }

    /// The containers that failed, as far as their paths and the resource tell.
    fn containers<'n>(&self, known: &'n [String]) -> BTreeSet<&'n str> {
        let failed = self.rules.iter().filter(|r| r.status.as_str() != "passed");
        let paths = failed.flat_map(|r| r.paths.iter()).flat_map(|p| {
            [p.failed_path.some(), p.review_path.some(), p.fix_path.as_ref().and_then(|f| f.path.some())]
        });
        paths.flatten().filter_map(|path| container_in(path, known)).collect()
    }
}
