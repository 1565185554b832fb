//! `assay vex`: decisions, and packages proven not to be in use, as an OpenVEX document.

use anyhow::Result;
use assay_core::asset::ImageRef;
use assay_core::context::Use;
use assay_core::finding::{Finding, Matter};
use assay_core::ids::Digest;
use assay_core::text::Opaque;
use serde::Serialize;

use super::print_json;
use crate::Ended;
use crate::app::App;
use crate::cli::Global;
use crate::snapshot::Snapshot;
use crate::wire::package_purl;

/// OpenVEX 0.2.0, as far as it is written.
#[derive(Debug, Serialize)]
struct Document {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: String,
    author: &'static str,
    timestamp: String,
    version: u32,
    tooling: &'static str,
    statements: Vec<Statement>,
}

#[derive(Debug, Serialize)]
struct Statement {
    vulnerability: Name,
    products: Vec<Product>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    impact_statement: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    action_statement: String,
    timestamp: String,
}

#[derive(Debug, Serialize)]
struct Name {
    name: String,
}

#[derive(Debug, Serialize)]
struct Product {
    #[serde(rename = "@id")]
    id: String,
    subcomponents: Vec<Sub>,
}

#[derive(Debug, Serialize)]
struct Sub {
    #[serde(rename = "@id")]
    id: String,
}

pub(crate) fn run(global: &Global) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let now = snapshot.world.as_of;
    let mut statements = Vec::new();
    for standing in store.standing_decisions()? {
        let Some(finding) = store.details(&[standing.finding], now)?.into_iter().next() else { continue };
        let d = &standing.decision;
        let Some((vuln, product)) = product(&finding) else { continue };
        if d.until.is_some_and(|until| until <= now) {
            continue;
        }
        let (impact_statement, action_statement) = match d.status {
            assay_core::observation::VexStatus::Affected => (String::new(), d.note.reveal().to_owned()),
            _ => (d.note.reveal().to_owned(), String::new()),
        };
        statements.push(Statement {
            vulnerability: vuln,
            products: vec![product],
            status: d.status.as_str(),
            justification: d.justification.map(|j| j.as_str()),
            impact_statement,
            action_statement,
            timestamp: d.at.to_string(),
        });
    }
    let unused: Vec<i64> = snapshot
        .table
        .rows()
        .iter()
        .filter(|r| r.is_open() && !r.is_decided() && r.in_use() == assay_core::assess::Answer::No)
        .map(|r| i64::from(r.id))
        .collect();
    for chunk in unused.chunks(assay_store::DETAILS_MAX) {
        for finding in store.details(chunk, now)? {
            statements.extend(not_used(&snapshot, &finding));
        }
    }
    statements
        .sort_by(|a, b| (&a.vulnerability.name, &a.products[0].id).cmp(&(&b.vulnerability.name, &b.products[0].id)));
    let body = serde_json::to_string(&statements)?;
    let document = Document {
        context: "https://openvex.dev/ns/v0.2.0",
        id: format!("urn:assay:vex:{}", &Digest::of_bytes(body.as_bytes()).to_string()[7..39]),
        author: "Assay",
        timestamp: now.to_string(),
        version: 1,
        tooling: concat!("assay/", env!("CARGO_PKG_VERSION")),
        statements,
    };
    print_json(&document)?;
    Ok(Ended::Done)
}

/// Not in use, with the watch window as its justification: only where the sensor's coverage allows the word "not".
fn not_used(snapshot: &Snapshot, finding: &Finding) -> Option<Statement> {
    let factors = snapshot.factors(finding);
    let Use::No(watch) = &factors.usage else { return None };
    let (vulnerability, product) = product(finding)?;
    let place = &finding.place.asset;
    let impact_statement = format!(
        "not in use in {} watched on {} of {} wanted replicas of {}/{}, starts seen: {}, until {}",
        watch.span(),
        watch.watched,
        watch.replicas.unwrap_or(watch.watched),
        place.namespace.reveal(),
        place.name.reveal(),
        watch.starts,
        watch.until
    );
    let justification = Some(assay_core::observation::Justification::VulnerableCodeNotInExecutePath.as_str());
    Some(Statement {
        vulnerability,
        products: vec![product],
        status: "not_affected",
        justification,
        impact_statement,
        action_statement: String::new(),
        timestamp: watch.until.to_string(),
    })
}

fn product(finding: &Finding) -> Option<(Name, Product)> {
    let Matter::Vulnerability { id, package } = &finding.matter else { return None };
    let none = Opaque::readmit("");
    let purl = package_purl(package, finding.version().unwrap_or(&none));
    let product = match &finding.image {
        Some(image) => {
            let name = image.repository.reveal();
            let short = name.rsplit('/').next().unwrap_or(name);
            let tag = image.versions.last().map_or(String::new(), |v| format!("&tag={}", v.reveal()));
            format!("pkg:oci/{short}?repository_url={}{tag}", ImageRef::familiar(name))
        }
        None => purl.clone(),
    };
    Some((Name { name: id.to_string() }, Product { id: product, subcomponents: vec![Sub { id: purl }] }))
}
