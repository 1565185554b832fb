//! `assay vex`: decisions as an OpenVEX document and, when asked for, packages that sensors showed not to be in use.

mod decided;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use assay_core::assess::Answer;
use assay_core::asset::ImageRef;
use assay_core::context::{Use, Watch};
use assay_core::finding::{Finding, FindingClass, Matter};
use assay_core::ids::Digest;
use assay_core::observation::{Justification, VexStatus};
use assay_core::order::Row;
use assay_core::text::Opaque;
use assay_store::Store;
use serde::Serialize;

use self::decided::{Decided, decided};
use super::print_json;
use crate::Ended;
use crate::app::App;
use crate::cli::{Global, Vex};
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

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Product {
    #[serde(rename = "@id")]
    id: String,
    subcomponents: Vec<Sub>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Sub {
    #[serde(rename = "@id")]
    id: String,
}

/// Placements that were watched, each with its window.
type Seen = Vec<(Finding, Watch)>;

pub(crate) fn run(global: &Global, args: &Vex) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let now = snapshot.world.as_of;
    let Decided { mut statements, held_back } = decided(&store, &snapshot)?;
    if held_back > 0 {
        anstream::eprintln!(
            "assay: {held_back} decision{} not written whole: a statement speaks for an image wherever it runs, and the same \
             finding in another place was not decided so. `assay findings` shows the places, `assay decide` decides them.",
            if held_back == 1 { " is" } else { "s are" }
        );
    }
    if args.observed {
        statements.extend(observed(&store, &snapshot)?);
    }
    statements.sort_by(|a, b| a.key().cmp(&b.key()));
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

impl Statement {
    fn key(&self) -> (&str, Option<&str>, &str) {
        (&self.vulnerability.name, self.products.first().map(|p| p.id.as_str()), &self.timestamp)
    }
}

/// What sensors showed: one statement a vulnerability and product, and only where every placement of the image is known
/// not to use the package, and nobody has decided.
fn observed(store: &Store, snapshot: &Snapshot) -> Result<Vec<Statement>> {
    let mut placements: BTreeMap<(u32, u32), Vec<&Row>> = BTreeMap::new();
    for row in snapshot.table.rows().iter().filter(|r| r.is_open() && r.class == FindingClass::Vulnerability) {
        placements.entry((row.cause, row.vuln)).or_default().push(row);
    }
    let mut told: BTreeMap<(String, Vec<Product>), Seen> = BTreeMap::new();
    for rows in placements.into_values() {
        if rows.iter().any(|r| r.is_decided() || r.in_use() != Answer::No) {
            continue;
        }
        let ids: Vec<i64> = rows.iter().map(|r| i64::from(r.id)).collect();
        for finding in details(store, snapshot, &ids)? {
            let Use::No(watch) = snapshot.factors(&finding).usage else { continue };
            let Some((vulnerability, products)) = products(snapshot, &finding) else { continue };
            told.entry((vulnerability.name, products)).or_default().push((finding, watch));
        }
    }
    Ok(told.into_iter().filter_map(|((name, products), seen)| not_used(name, products, &seen)).collect())
}

/// The findings of these rows, however many.
fn details(store: &Store, snapshot: &Snapshot, ids: &[i64]) -> Result<Vec<Finding>> {
    let mut findings = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(assay_store::DETAILS_MAX) {
        findings.extend(store.details(chunk, snapshot.world.as_of)?);
    }
    Ok(findings)
}

/// Not in use, with every watch window as its ground: only where the sensor's coverage allows the word "not".
fn not_used(name: String, products: Vec<Product>, seen: &[(Finding, Watch)]) -> Option<Statement> {
    let mut windows: Vec<String> = seen
        .iter()
        .map(|(finding, watch)| {
            let place = &finding.place.asset;
            format!(
                "not in use in {} watched on {} of {} wanted replicas of {}/{}, starts seen: {}, until {}",
                watch.span(),
                watch.watched,
                watch.replicas.unwrap_or(watch.watched),
                place.namespace.reveal(),
                place.name.reveal(),
                watch.starts,
                watch.until
            )
        })
        .collect();
    windows.sort();
    windows.dedup();
    // It holds as long as the window that ends first.
    let until = seen.iter().map(|(_, watch)| watch.until).min()?;
    Some(Statement {
        vulnerability: Name { name },
        products,
        status: VexStatus::NotAffected.as_str(),
        justification: Some(Justification::VulnerableCodeNotInExecutePath.as_str()),
        impact_statement: windows.join("; "),
        action_statement: String::new(),
        timestamp: until.to_string(),
    })
}

/// The vulnerability and what it is in: the image by the digests that this place runs, else by those that were scanned,
/// else by its tags; without an image the package itself.
fn products(snapshot: &Snapshot, finding: &Finding) -> Option<(Name, Vec<Product>)> {
    let Matter::Vulnerability { id, package } = &finding.matter else { return None };
    let none = Opaque::readmit("");
    let purl = package_purl(package, finding.version().unwrap_or(&none));
    let vulnerability = Name { name: id.to_string() };
    let product = |id: String| Product { id, subcomponents: vec![Sub { id: purl.clone() }] };
    let Some(image) = &finding.image else { return Some((vulnerability, vec![product(purl.clone())])) };
    let name = image.repository.reveal();
    let short = name.rsplit('/').next().unwrap_or(name);
    let familiar = ImageRef::familiar(name);
    let world = &snapshot.world;
    let running = world.find(&finding.place.asset).into_iter().flat_map(|place| world.images(place)).filter_map(
        |(edge, _, _, digest)| {
            digest.filter(|_| world.asset(edge.to).key.name == image.repository).map(|d| d.to_string())
        },
    );
    let scanned = || image.versions.iter().map(|v| v.reveal().to_owned());
    let mut digests: BTreeSet<String> = running.collect();
    if digests.is_empty() {
        digests = scanned().filter(|v| v.starts_with("sha256:")).collect();
    }
    let products: Vec<Product> = if digests.is_empty() {
        scanned().map(|tag| product(format!("pkg:oci/{short}?repository_url={familiar}&tag={tag}"))).collect()
    } else {
        let at = |d: &String| product(format!("pkg:oci/{short}@{}?repository_url={familiar}", d.replace(':', "%3A")));
        digests.iter().map(at).collect()
    };
    (!products.is_empty()).then_some((vulnerability, products))
}
