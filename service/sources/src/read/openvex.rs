//! OpenVEX: what a vendor or an operator says about vulnerabilities of products. Statements are facts; whether their
//! author may decide anything is no matter of this reader.

use assay_core::asset::{ImageRef, PackageKey, PackageParts};
use assay_core::ids::{Time, VulnId};
use assay_core::observation::{Author, Fact, Justification, Observation, Record, RecordKind, Subject, VexStatus, What};
use assay_core::scope::{Artifact, Head, Part, Scope, Spoken};
use assay_core::text::Opaque;
use serde::Deserialize;

use super::ReadError;
use super::intake::{Intake, Learnt, NAME_THE_SOURCE, instant};
use super::json::Json;
use super::lenient::{Many, Word};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Statement {
    vulnerability: Named,
    products: Many<Named>,
    /// Where the statement names no product, the subcomponents of the document's.
    subcomponents: Many<Named>,
    status: Word,
    justification: Word,
    impact_statement: Word,
    action_statement: Word,
    status_notes: Word,
    statement: Word,
    timestamp: Word,
}

/// A vulnerability or product: a plain name, or an object around one.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "NamedRow")]
struct Named {
    name: String,
    subcomponents: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NamedRow {
    Plain(String),
    Object {
        #[serde(default, rename = "@id")]
        id: Word,
        #[serde(default)]
        name: Word,
        #[serde(default)]
        identifiers: Option<Identifiers>,
        #[serde(default)]
        subcomponents: Many<Named>,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Identifiers {
    purl: Word,
}

impl From<NamedRow> for Named {
    fn from(row: NamedRow) -> Self {
        match row {
            NamedRow::Plain(name) => Self { name, subcomponents: Vec::new() },
            NamedRow::Object { id, name, identifiers, subcomponents } => {
                let purl = identifiers.and_then(|i| i.purl.some().map(str::to_owned));
                let purl_id = id.some().filter(|i| i.starts_with("pkg:")).map(str::to_owned);
                let other = name.some().or(id.some()).unwrap_or_default().to_owned();
                Self { name: purl_id.or(purl).unwrap_or(other), subcomponents: subcomponents.0 }
            }
        }
    }
}

pub(super) fn read(json: &mut Json<'_>, mut intake: Intake<'_>) -> Result<Head, ReadError> {
    let (mut id, mut stamp): (String, Option<Time>) = Default::default();
    let mut held: Vec<(String, Statement)> = Vec::new();
    let max = intake.how.limits.held_max;
    json.object(|json, key| match key {
        "@id" => Ok(id = json.need::<Word>()?.0),
        "timestamp" => Ok(stamp = stamp.max(instant(json.need::<Word>()?.as_str()))),
        "last_updated" => Ok(stamp = stamp.max(instant(json.need::<Word>()?.as_str()))),
        "statements" => json.list(|json, i| {
            let locator = format!("statements[{i}]");
            match json.take::<Statement>()? {
                // The document's id is part of each fact.
                Ok(statement) if !id.is_empty() => statement.record(&mut intake, &locator, &id, stamp),
                Ok(statement) if held.len() < max => Ok(held.push((locator, statement))),
                Ok(_) => Err(ReadError::Limit {
                    what: "statements before the document's @id",
                    max: max as u64,
                    unit: "statements",
                }),
                Err(reason) => Ok(intake.skip(locator, reason)),
            }
        }),
        _ => json.skip(),
    })?;
    json.finish()?;
    for (locator, statement) in held {
        statement.record(&mut intake, &locator, &id, stamp)?;
    }
    let document = intake.name(&id);
    let (scope, hint) = match document.is_empty() {
        true => (Scope::Unnamed, Some(NAME_THE_SOURCE)),
        false => (Scope::Document { id: document.clone() }, None),
    };
    let part = Part { scope, classes: [Spoken::Vex].into_iter().collect(), complete: true, content: None };
    Ok(intake.head(Learnt {
        tool_version: Opaque::readmit(""),
        artifact: Artifact::Tree(document),
        parts: vec![part],
        produced_at: stamp,
        hint,
    }))
}

impl Statement {
    fn record(
        &self,
        intake: &mut Intake<'_>,
        locator: &str,
        document: &str,
        stamp: Option<Time>,
    ) -> Result<(), ReadError> {
        let Ok(vuln) = self.vulnerability.name.parse::<VulnId>() else {
            intake.skip(locator, "the statement names no vulnerability");
            return Ok(());
        };
        let Ok(status) = self.status.as_str().parse::<VexStatus>() else {
            intake.skip(locator, "the statement has a status that OpenVEX does not know");
            return Ok(());
        };
        let at = instant(self.timestamp.as_str()).or(stamp).unwrap_or(intake.how.received_at);
        let notes = [&self.impact_statement, &self.action_statement, &self.status_notes, &self.statement];
        let what = What::Vex {
            vuln,
            status,
            justification: self.justification.as_str().parse::<Justification>().ok(),
            document: intake.name(document),
            note: intake.text(notes.iter().find_map(|n| n.some()).unwrap_or("")),
        };
        let fact = |subject: Subject, component: Option<PackageKey>| {
            Observation::Fact(Box::new(Fact {
                subject,
                component,
                what: what.clone(),
                author: Author::Vendor,
                since: at,
                until: at,
                valid_until: None,
            }))
        };
        let mut yields = Vec::new();
        for product in self.products.iter() {
            let (subject, own) = product.place(intake);
            let parts = if product.subcomponents.is_empty() { &self.subcomponents.0 } else { &product.subcomponents };
            if parts.is_empty() {
                yields.push(fact(subject.clone(), own));
            }
            yields.extend(parts.iter().map(|part| fact(subject.clone(), part.place(intake).1)));
        }
        if self.products.is_empty() {
            yields.push(fact(Subject::Artifact, None));
        }
        intake.give(Record {
            locator: locator.into(),
            kind: RecordKind::Statement,
            author: Author::Vendor,
            seen_at: instant(self.timestamp.as_str()),
            yields,
        })
    }
}

impl Named {
    /// The image that it is, or the package in whatever holds it.
    fn place(&self, intake: &Intake<'_>) -> (Subject, Option<PackageKey>) {
        let name = intake.name(&self.name);
        if let Some(image) = image_of(intake, name.reveal()) {
            return (Subject::Image(image), None);
        }
        let purl = Some(name.reveal()).filter(|n| n.starts_with("pkg:"));
        let parts = PackageParts { ecosystem: "generic", name: name.reveal(), purl, ..Default::default() };
        let key = parts.package().key;
        (Subject::Artifact, Some(key).filter(|k| !k.name.is_empty()))
    }
}

/// The image of a `pkg:oci/..` or `pkg:docker/..` purl.
pub(super) fn image_of(intake: &Intake<'_>, purl: &str) -> Option<ImageRef> {
    let purl = purl.parse::<packageurl::PackageUrl<'_>>().ok().filter(|p| matches!(p.ty(), "oci" | "docker"))?;
    let named = match purl.namespace() {
        Some(namespace) => format!("{namespace}/{}", purl.name()),
        None => purl.name().to_owned(),
    };
    let mut text = purl
        .qualifiers()
        .get("repository_url")
        .map_or(named, |url| url.split_once("://").map_or(url.as_ref(), |(_, rest)| rest).to_owned());
    if let Some(tag) = purl.qualifiers().get("tag") {
        text.push(':');
        text.push_str(tag);
    }
    match purl.version() {
        Some(version) if version.starts_with("sha256:") => text.push_str(&format!("@{version}")),
        Some(version) if !text.contains(':') => text.push_str(&format!(":{version}")),
        _ => {}
    }
    ImageRef::parse(&intake.name(&text))
}
