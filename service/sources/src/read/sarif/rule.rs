//! The rules of a run: what results point to.

use std::collections::HashMap;

use assay_core::observation::Severity;
use serde::Deserialize;

use super::super::ReadError;
use super::super::intake::Intake;
use super::super::json::Json;
use super::super::lenient::{Many, Word};

/// A message that SARIF wraps.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    pub(super) text: Word,
    pub(super) markdown: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RuleRow {
    pub(super) id: Word,
    pub(super) name: Word,
    pub(super) short_description: Option<Message>,
    pub(super) full_description: Option<Message>,
    pub(super) help: Option<Message>,
    default_configuration: Option<Configuration>,
    pub(super) properties: Option<RuleProperties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Configuration {
    level: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RuleProperties {
    #[serde(rename = "security-severity")]
    security_severity: Word,
    pub(super) purls: Many<Word>,
    pub(super) tags: Many<Word>,
}

/// The driver and its rules.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) driver: String,
    pub(super) version: String,
    rows: Vec<RuleRow>,
    by_id: HashMap<String, usize>,
}

impl Rules {
    pub(super) fn read(&mut self, json: &mut Json<'_>, intake: &mut Intake<'_>) -> Result<(), ReadError> {
        json.object(|json, key| match key {
            "driver" => self.component(json, intake, true),
            "extensions" => json.list(|json, _| self.component(json, intake, false)),
            _ => json.skip(),
        })
    }

    fn component(&mut self, json: &mut Json<'_>, intake: &mut Intake<'_>, driver: bool) -> Result<(), ReadError> {
        let (mut version, mut semantic) = (String::new(), String::new());
        json.object(|json, key| match key {
            "name" if driver => Ok(self.driver = json.need::<Word>()?.0),
            "version" if driver => Ok(version = json.need::<Word>()?.0),
            "semanticVersion" if driver => Ok(semantic = json.need::<Word>()?.0),
            "rules" => json.list(|json, i| {
                match json.take::<RuleRow>()? {
                    Ok(row) if self.rows.len() < intake.how.limits.names_max => self.keep(row),
                    Ok(_) => {}
                    Err(reason) => intake.skip(format!("tool rules[{i}]"), reason),
                }
                Ok(())
            }),
            _ => json.skip(),
        })?;
        if driver {
            self.version = if version.is_empty() { semantic } else { version };
        }
        Ok(())
    }

    fn keep(&mut self, row: RuleRow) {
        self.by_id.entry(row.id.0.clone()).or_insert(self.rows.len());
        self.rows.push(row);
    }

    /// The rule that a result names: by id, by the id in front of a `/`, or by its place in the list.
    pub(super) fn find(&self, id: &str, index: Option<i64>) -> Option<&RuleRow> {
        let at = self
            .by_id
            .get(id)
            .or_else(|| self.by_id.get(id.split('/').next()?))
            .copied()
            .or_else(|| usize::try_from(index?).ok());
        self.rows.get(at?)
    }
}

impl RuleRow {
    pub(super) fn short(&self) -> Option<&str> {
        self.short_description.as_ref().and_then(|m| m.text.some())
    }

    pub(super) fn full(&self) -> Option<&str> {
        let help = self.help.as_ref().and_then(|m| m.text.some().or(m.markdown.some()));
        self.full_description.as_ref().and_then(|m| m.text.some()).or(help)
    }

    pub(super) fn level(&self) -> Option<&str> {
        self.default_configuration.as_ref().and_then(|c| c.level.some())
    }

    /// The bands of a CVSS score, which code hosts take from this property.
    pub(super) fn security_severity(&self) -> Option<Severity> {
        let score: f64 = self.properties.as_ref()?.security_severity.as_str().parse().ok()?;
        Some(match score {
            s if s >= 9.0 => Severity::Critical,
            s if s >= 7.0 => Severity::High,
            s if s >= 4.0 => Severity::Medium,
            s if s > 0.0 => Severity::Low,
            _ => return None,
        })
    }
}
