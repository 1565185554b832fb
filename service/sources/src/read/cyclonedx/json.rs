//! CycloneDX as JSON.

use assay_core::scope::Head;
use serde::Deserialize;

use super::super::ReadError;
use super::super::intake::{Intake, instant};
use super::super::json::Json;
use super::super::lenient::{Many, Word};
use super::{Bom, Component, Rating, Vulnerability};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ComponentRow {
    #[serde(rename = "bom-ref")]
    bom_ref: Word,
    r#type: Word,
    group: Word,
    name: Word,
    version: Word,
    purl: Word,
    licenses: Many<LicenseRow>,
    properties: Many<PropertyRow>,
    components: Many<ComponentRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LicenseRow {
    license: Option<LicenseName>,
    expression: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LicenseName {
    id: Word,
    name: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PropertyRow {
    name: Word,
    value: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    timestamp: Word,
    tools: Option<Tools>,
    component: Option<ComponentRow>,
}

/// A list of tools until 1.4, an object of components since 1.5.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Tools {
    List(Vec<Tool>),
    Object {
        #[serde(default)]
        components: Many<Tool>,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tool {
    name: Word,
    version: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VulnerabilityRow {
    id: Word,
    references: Many<Reference>,
    ratings: Many<RatingRow>,
    cwes: Many<Word>,
    description: Word,
    detail: Word,
    recommendation: Word,
    published: Word,
    updated: Word,
    analysis: Option<Analysis>,
    affects: Many<Affect>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    id: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RatingRow {
    severity: Word,
    method: Word,
    vector: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Analysis {
    state: Word,
    justification: Word,
    detail: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Affect {
    r#ref: Word,
}

pub(in super::super) fn read(json: &mut Json<'_>, intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut bom = Bom::new(intake);
    json.object(|json, key| match key {
        "serialNumber" => Ok(bom.serial = json.need::<Word>()?.0),
        "metadata" => {
            let metadata = json.need::<Option<Metadata>>()?.unwrap_or_default();
            bom.produced_at = instant(metadata.timestamp.as_str());
            if let Some(tool) = metadata.tools.and_then(Tools::first) {
                bom.made_by(tool.name.as_str(), tool.version.as_str());
            }
            bom.about = metadata.component.map(Component::from);
            Ok(())
        }
        "components" => json.list(|json, i| {
            let locator = format!("components[{i}]");
            match json.take::<ComponentRow>()? {
                Ok(row) => bom.component(row.into(), &locator),
                Err(reason) => Ok(bom.intake.skip(locator, reason)),
            }
        }),
        "vulnerabilities" => {
            bom.lists_vulnerabilities = true;
            json.list(|json, i| {
                let locator = format!("vulnerabilities[{i}]");
                match json.take::<VulnerabilityRow>()? {
                    Ok(row) => bom.vulnerability(&row.into(), &locator),
                    Err(reason) => Ok(bom.intake.skip(locator, reason)),
                }
            })
        }
        _ => json.skip(),
    })?;
    json.finish()?;
    Ok(bom.close())
}

impl Tools {
    fn first(self) -> Option<Tool> {
        match self {
            Self::List(tools) => tools.into_iter().next(),
            Self::Object { components } => components.0.into_iter().next(),
        }
    }
}

impl From<ComponentRow> for Component {
    fn from(row: ComponentRow) -> Self {
        let licence = |row: LicenseRow| {
            let named = row.license.map(|l| if l.id.is_empty() { l.name.0 } else { l.id.0 });
            named.unwrap_or(row.expression.0)
        };
        Self {
            bom_ref: row.bom_ref.0,
            ty: row.r#type.0,
            group: row.group.0,
            name: row.name.0,
            version: row.version.0,
            purl: row.purl.0,
            licences: row.licenses.0.into_iter().map(licence).filter(|l| !l.is_empty()).collect(),
            properties: row.properties.0.into_iter().map(|p| (p.name.0, p.value.0)).collect(),
            components: row.components.0.into_iter().map(Self::from).collect(),
            vulnerabilities: Vec::new(),
        }
    }
}

impl From<VulnerabilityRow> for Vulnerability {
    fn from(row: VulnerabilityRow) -> Self {
        let rating = |r: RatingRow| Rating { severity: r.severity.0, method: r.method.0, vector: r.vector.0 };
        let analysis = row.analysis.unwrap_or_default();
        Self {
            id: row.id.0,
            references: row.references.0.into_iter().map(|r| r.id.0).collect(),
            ratings: row.ratings.0.into_iter().map(rating).collect(),
            cwes: row.cwes.0.into_iter().map(|c| c.0).collect(),
            description: if row.description.is_empty() { row.detail.0 } else { row.description.0 },
            recommendation: row.recommendation.0,
            updated: if row.updated.is_empty() { row.published.0 } else { row.updated.0 },
            state: Some(analysis.state.0).filter(|s| !s.is_empty()),
            justification: analysis.justification.0,
            detail: analysis.detail.0,
            affects: row.affects.0.into_iter().map(|a| a.r#ref.0).filter(|r| !r.is_empty()).collect(),
        }
    }
}
