//! `kube-bench --json`: one object with `Controls`, a bare list of them, or one alone. A failed test is a claim; one
//! that a person has to look at, or that is only informational, is a fact and never counts as passed.

use std::collections::BTreeSet;

use assay_core::observation::{Claim, ControlId, Flaw, Observation, Outcome, RecordKind, Severity, Subject, What};
use assay_core::scope::{Artifact, Head, Part, Scope, Spoken, node_group};
use assay_core::text::Opaque;
use serde::Deserialize;

use super::ReadError;
use super::controls::control;
use super::intake::{Intake, Learnt, record};
use super::json::{Json, Kind};
use super::lenient::{Many, Word};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Controls {
    version: Word,
    detected_version: Word,
    node_type: Word,
    tests: Many<Group>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Group {
    results: Many<serde_json::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Test {
    test_number: Word,
    test_desc: Word,
    remediation: Word,
    status: Word,
}

/// The groups of nodes that were looked at, each by its benchmark.
type Seen = BTreeSet<(Opaque, Opaque)>;

pub(super) fn read(json: &mut Json<'_>, mut intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut seen = Seen::new();
    let list = |json: &mut Json<'_>, intake: &mut Intake<'_>, seen: &mut Seen, name: &str| {
        json.list(|json, i| element(json, intake, seen, &format!("{name}[{i}]")))
    };
    match json.kind()? {
        Kind::List => list(json, &mut intake, &mut seen, "")?,
        _ => {
            let mut alone = serde_json::Map::new();
            json.object(|json, key| match key {
                "Controls" => list(json, &mut intake, &mut seen, "Controls"),
                "Totals" => json.skip(),
                _ => {
                    alone.insert(key.to_owned(), json.need()?);
                    Ok(())
                }
            })?;
            if alone.contains_key("tests") {
                match Controls::deserialize(serde_json::Value::Object(alone)) {
                    Ok(controls) => controls.records(&mut intake, &mut seen, "")?,
                    Err(error) => intake.skip("tests", super::json::plain_reason(&error)),
                }
            }
        }
    }
    json.finish()?;
    let classes = [Spoken::Benchmark].into_iter().collect();
    let cluster = intake.how.cluster;
    let part = |(nodes, benchmark): &(Opaque, Opaque)| Part {
        scope: Scope::Benchmark { cluster: cluster.clone(), nodes: nodes.clone(), benchmark: benchmark.clone() },
        classes,
        complete: true,
        content: None,
    };
    let parts = seen.iter().map(part).collect();
    let tool_version = Opaque::readmit("");
    Ok(intake.head(Learnt { tool_version, artifact: Artifact::Cluster, parts, produced_at: None, hint: None }))
}

fn element(json: &mut Json<'_>, intake: &mut Intake<'_>, seen: &mut Seen, place: &str) -> Result<(), ReadError> {
    match json.take::<Controls>()? {
        Ok(controls) => controls.records(intake, seen, place),
        Err(reason) => Ok(intake.skip(place, reason)),
    }
}

impl Controls {
    fn records(&self, intake: &mut Intake<'_>, seen: &mut Seen, place: &str) -> Result<(), ReadError> {
        // A report names the role of its node, not the node; `--source` tells pools apart.
        let role = self.node_type.some().unwrap_or("node");
        let nodes = match intake.how.source {
            Some(source) if !source.is_empty() => intake.name(&format!("{}/{role}", source.reveal())),
            _ => intake.name(role),
        };
        let benchmark = intake.name(self.version.some().or(self.detected_version.some()).unwrap_or("cis"));
        let scope = Scope::Benchmark {
            cluster: intake.how.cluster.clone(),
            nodes: nodes.clone(),
            benchmark: benchmark.clone(),
        };
        let at = node_group(intake.how.cluster, nodes.clone());
        seen.insert((nodes, benchmark));
        let dot = if place.is_empty() { "" } else { "." };
        for (g, group) in self.tests.iter().enumerate() {
            for (i, value) in group.results.iter().enumerate() {
                let locator = format!("{place}{dot}tests[{g}].results[{i}]");
                match Test::deserialize(value) {
                    Ok(test) => test.record(intake, &locator, &at, &scope)?,
                    Err(error) => intake.skip(locator, super::json::plain_reason(&error)),
                }
            }
        }
        Ok(())
    }
}

impl Test {
    fn record(
        &self,
        intake: &mut Intake<'_>,
        locator: &str,
        at: &assay_core::asset::AssetKey,
        scope: &Scope,
    ) -> Result<(), ReadError> {
        let rule = intake.name(self.test_number.as_str());
        if rule.is_empty() {
            intake.skip(locator, "the test has no number");
            return Ok(());
        }
        let subject = Subject::Object { at: at.clone(), container: None };
        let (control, _) = control("kube-bench", &rule);
        let observation = match self.status.as_str() {
            "FAIL" => Observation::Claim(Box::new(Claim {
                scope: Some(scope.key()),
                subject,
                // The benchmark has no severities.
                severity: Severity::Unknown,
                title: intake.text(self.test_desc.as_str()),
                text: intake.text(self.remediation.as_str()),
                rule,
                flaw: Flaw::Control { control, path: Opaque::readmit("") },
            })),
            "WARN" => outcome(intake, subject, control, Outcome::NeedsPerson),
            "INFO" => outcome(intake, subject, control, Outcome::NotApplicable),
            "PASS" => return Ok(()),
            _ => {
                intake.skip(locator, "the test has a status that is not known");
                return Ok(());
            }
        };
        intake.give(record(locator, RecordKind::Check, vec![observation]))
    }
}

fn outcome(intake: &Intake<'_>, subject: Subject, control: ControlId, outcome: Outcome) -> Observation {
    Observation::Fact(Box::new(intake.fact(subject, What::Outcome { control, outcome })))
}
