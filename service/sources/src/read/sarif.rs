//! SARIF 2.1.0: results of any analyser. What a result is (a vulnerability in a package, a secret, a failed rule) is told
//! from its rule and words; where nothing tells, it stays a rule of its tool.

mod result;
mod rule;

use assay_core::ids::Time;
use assay_core::observation::{Observation, Record, RecordKind};
use assay_core::scope::{Artifact, Head, Part, Scope, Spoken, SpokenSet};
use assay_core::text::Opaque;
use serde::Deserialize;

use super::ReadError;
use super::image::{ImageWords, image};
use super::intake::{Intake, Learnt, NAME_THE_SOURCE, instant, lasting_name, record};
use super::json::Json;
use super::lenient::{Many, Word};
use result::ResultRow;
use rule::Rules;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AutomationDetails {
    id: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Invocation {
    end_time_utc: Word,
    execution_successful: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Provenance {
    repository_uri: Word,
}

/// What Trivy says of the image that it scanned.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RunProperties {
    image_name: Word,
    repo_tags: Many<Word>,
    repo_digests: Many<Word>,
}

/// One run, as far as it was read.
#[derive(Default)]
struct Run {
    rules: Rules,
    automation: String,
    root: String,
    repository: String,
    properties: RunProperties,
    ended: Option<Time>,
    failed: bool,
    classes: SpokenSet,
    /// Results that stood before their rules.
    held: Vec<(String, ResultRow)>,
    tool_seen: bool,
}

pub(super) fn read(json: &mut Json<'_>, mut intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut runs: Vec<Part> = Vec::new();
    let mut artifact = None;
    let (mut produced_at, mut version, mut hint) = (None, None, None);
    json.object(|json, key| match key {
        "runs" => json.list(|json, i| {
            let mut later: Vec<Record> = Vec::new();
            let mut run = Run::default();
            run.read(json, &mut intake, i, &mut later)?;
            if i == 0 {
                intake.set_tool(&run.rules.driver);
                version = Some(intake.name(&run.rules.version));
            }
            let (part, about, unnamed) = run.close(&intake);
            // Claims of the first run need no scope; those of later runs carry theirs.
            for mut record in later {
                for observation in &mut record.yields {
                    if let Observation::Claim(claim) = observation {
                        claim.scope = Some(part.scope.key());
                    }
                }
                intake.give(record)?;
            }
            artifact.get_or_insert(about);
            produced_at = produced_at.max(run.ended);
            hint = hint.or(unnamed);
            runs.push(part);
            Ok(())
        }),
        _ => json.skip(),
    })?;
    json.finish()?;
    Ok(intake.head(Learnt {
        tool_version: version.unwrap_or_else(|| Opaque::readmit("")),
        artifact: artifact.unwrap_or_else(|| Artifact::Tree(Opaque::readmit(""))),
        parts: runs,
        produced_at,
        hint,
    }))
}

impl Run {
    fn read(
        &mut self,
        json: &mut Json<'_>,
        intake: &mut Intake<'_>,
        index: usize,
        later: &mut Vec<Record>,
    ) -> Result<(), ReadError> {
        let max = intake.how.limits.held_max;
        json.object(|json, key| match key {
            "tool" => {
                self.rules.read(json, intake)?;
                self.tool_seen = true;
                for (locator, row) in std::mem::take(&mut self.held) {
                    self.give(intake, index, &locator, &row, later)?;
                }
                Ok(())
            }
            "automationDetails" => {
                Ok(self.automation = json.need::<Option<AutomationDetails>>()?.unwrap_or_default().id.0)
            }
            "originalUriBaseIds" => self.roots(json),
            "versionControlProvenance" => {
                let list = json.need::<Many<Provenance>>()?;
                Ok(self.repository = list.first().map_or(String::new(), |p| p.repository_uri.0.clone()))
            }
            "invocations" => {
                for invocation in json.need::<Many<Invocation>>()?.iter() {
                    self.failed |= invocation.execution_successful == Some(false);
                    self.ended = self.ended.max(instant(invocation.end_time_utc.as_str()));
                }
                Ok(())
            }
            "properties" => Ok(self.properties = json.take::<RunProperties>()?.unwrap_or_default()),
            "results" => json.list(|json, i| {
                let locator = format!("runs[{index}].results[{i}]");
                match json.take::<ResultRow>()? {
                    Ok(row) if self.tool_seen => self.give(intake, index, &locator, &row, later),
                    Ok(row) if self.held.len() < max => Ok(self.held.push((locator, row))),
                    Ok(_) => {
                        Err(ReadError::Limit { what: "results before their tool", max: max as u64, unit: "results" })
                    }
                    Err(reason) => Ok(intake.skip(locator, reason)),
                }
            }),
            _ => json.skip(),
        })?;
        for (locator, row) in std::mem::take(&mut self.held) {
            self.give(intake, index, &locator, &row, later)?;
        }
        Ok(())
    }

    fn give(
        &mut self,
        intake: &mut Intake<'_>,
        index: usize,
        locator: &str,
        row: &ResultRow,
        later: &mut Vec<Record>,
    ) -> Result<(), ReadError> {
        if index == 0 && self.tool_seen {
            intake.set_tool(&self.rules.driver);
        }
        let yields = row.yields(intake, &self.rules, &mut self.classes);
        let record = record(locator, RecordKind::Result, yields);
        if index == 0 {
            return intake.give(record);
        }
        let max = intake.how.limits.held_max;
        if later.len() >= max {
            return Err(ReadError::Limit {
                what: "results of a run behind the first",
                max: max as u64,
                unit: "results",
            });
        }
        later.push(record);
        Ok(())
    }

    fn roots(&mut self, json: &mut Json<'_>) -> Result<(), ReadError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Base {
            uri: Word,
        }
        json.object(|json, _| {
            if let Ok(base) = json.take::<Base>()?
                && self.root.is_empty()
            {
                self.root = base.uri.0;
            }
            Ok(())
        })
    }

    fn close(&self, intake: &Intake<'_>) -> (Part, Artifact, Option<&'static str>) {
        let properties = &self.properties;
        let words = ImageWords {
            asked: properties.image_name.as_str(),
            tags: properties.repo_tags.iter().map(Word::as_str).collect(),
            digests: properties.repo_digests.iter().map(Word::as_str).collect(),
        };
        let image = image(intake, &words);
        // What tells this run's line of runs from others: the id that its author gave, else what it looked at.
        let repository = lasting_name(&self.repository).map(str::to_owned);
        let looked_at = image.as_ref().map(|i| i.repository.reveal().to_owned()).or(repository);
        let source = intake.how.source.map(|s| s.reveal().to_owned()).filter(|s| !s.is_empty());
        let id = Some(self.automation.trim_end_matches('/').to_owned())
            .filter(|id| !id.is_empty())
            .or(source)
            .or(looked_at.clone())
            .or_else(|| lasting_name(&self.root).map(str::to_owned));
        let driver = self.rules.driver.to_ascii_lowercase();
        let (scope, hint) = match id {
            Some(id) => (Scope::Run { id: intake.name(&format!("{driver}:{id}")) }, None),
            None => (Scope::Unnamed, Some(NAME_THE_SOURCE)),
        };
        // An analyser of one purpose always looks for all that it can say; Trivy's scanners are chosen run by run.
        let mut classes = self.classes;
        if driver != "trivy" {
            for class in [Spoken::OsPackages, Spoken::LanguagePackages, Spoken::Misconfiguration, Spoken::Secret] {
                classes.insert(class);
            }
        }
        let content = image.as_ref().and_then(|i| i.digest);
        let artifact = match (image, looked_at) {
            (Some(image), _) => Artifact::Image(image),
            (None, name) => {
                let named = intake.how.source.map(|s| s.reveal().to_owned()).or(name).unwrap_or_default();
                Artifact::Tree(intake.name(&named))
            }
        };
        (Part { scope, classes, complete: !self.failed, content }, artifact, hint)
    }
}
