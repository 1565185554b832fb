//! The page: today, findings, one finding, served whole by the binary. It works without JavaScript; nothing is fetched
//! from anywhere else.

use std::sync::Arc;

use askama::Template;
use assay_core::document::Command;
use assay_core::sink::{Sink, escape};
use axum::extract::{Path, Query, Request, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::problem::Problem;
use super::session::{Login, reader};
use super::state::Service;
use crate::commands::explain::{EvidenceWire, find, wire};
use crate::commands::findings::{Filter, list};
use crate::inventory::{self, OneAssetWire};
use crate::shown::Form;
use crate::today::{Around, document, gather};
use crate::wire::FindingWire;

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Template)]
#[template(path = "document.html")]
struct DocumentPage<'a> {
    view: &'static str,
    title: &'a str,
    /// Made by the HTML sink from a guarded document.
    body: &'a str,
    version: &'static str,
    as_of: String,
}

#[derive(Template)]
#[template(path = "findings.html")]
struct FindingsPage {
    view: &'static str,
    total: usize,
    findings: Vec<FindingWire>,
    next: Option<String>,
    more: String,
    bands: Vec<String>,
    statuses: &'static [&'static str],
    classes: Vec<&'static str>,
    band: String,
    status: String,
    class: String,
    namespace: String,
    cve: String,
    refused: String,
    version: &'static str,
    as_of: String,
}

#[derive(Template)]
#[template(path = "finding.html")]
struct FindingPage {
    view: &'static str,
    finding: FindingWire,
    evidence: Vec<EvidenceWire>,
    body: String,
    version: &'static str,
    as_of: String,
}

#[derive(Template)]
#[template(path = "assets.html")]
struct AssetsPage {
    view: &'static str,
    assets: Vec<OneAssetWire>,
    version: &'static str,
    as_of: String,
}

pub(crate) fn html(template: &impl Template) -> Result<Response, Problem> {
    let text = template.render().map_err(|e| Problem::Inside(e.into()))?;
    Ok(Html(text).into_response())
}

/// Today for those who may read; the form for all others.
pub(crate) async fn home(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Problem> {
    if reader(&service, &request)?.is_none() {
        return html(&Login { wrong: false });
    }
    let (body, as_of) = service
        .read(|service, store, snapshot| {
            let today = gather(store, snapshot)?;
            let models = &service.words.models;
            let next = vec![Command::Explain(1), Command::Plain("assay digest")];
            let around = Around {
                cluster: service.app.config.cluster.reveal(),
                words: &models.words_label(),
                search: &models.search_label(store)?,
                digest: None,
                next,
            };
            let page = document(&today, snapshot, &around, &service.door);
            Ok((escape(&page, Sink::Page), snapshot.world.as_of.to_string()))
        })
        .await?;
    html(&DocumentPage { view: "today", title: "today", body: &body, version: VERSION, as_of })
}

/// What the list can be narrowed to; empty fields of the form mean any.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FindingsQuery {
    band: String,
    status: String,
    class: String,
    namespace: String,
    cve: String,
    after: String,
}

pub(crate) async fn findings(
    State(service): State<Arc<Service>>,
    Query(query): Query<FindingsQuery>,
) -> Result<Response, Problem> {
    let page = service
        .read(move |_, store, snapshot| {
            let mut refused = String::new();
            let mut read = |what: &str, result: Result<(), String>| {
                if let Err(why) = result {
                    refused = format!("{what}: {why}");
                }
            };
            let mut filter = Filter { limit: 50, ..Filter::default() };
            let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
            if let Some(band) = some(&query.band) {
                read(
                    "band",
                    crate::commands::band_order(&snapshot.policy, &band)
                        .map(|b| filter.band = Some(b))
                        .map_err(|e| e.to_string()),
                );
            }
            if let Some(status) = some(&query.status) {
                read(
                    "status",
                    status.parse().map(|s| filter.status = Some(s)).map_err(|e: crate::Usage| e.to_string()),
                );
            }
            if let Some(class) = some(&query.class) {
                read(
                    "class",
                    class
                        .parse()
                        .map(|c| filter.class = Some(c))
                        .map_err(|e: assay_core::named::Unspelled| e.to_string()),
                );
            }
            if let Some(cve) = some(&query.cve) {
                read(
                    "CVE",
                    cve.parse().map(|c| filter.vuln = Some(c)).map_err(|e: assay_core::ids::BadVulnId| e.to_string()),
                );
            }
            filter.namespace = some(&query.namespace);
            filter.after = some(&query.after).and_then(|a| a.parse().ok());
            let found = list(store, snapshot, &filter)?;
            let pairs = [
                ("band", &query.band),
                ("status", &query.status),
                ("class", &query.class),
                ("namespace", &query.namespace),
                ("cve", &query.cve),
            ];
            let more: String =
                pairs.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k}={}&", encoded(v))).collect();
            Ok(FindingsPage {
                view: "findings",
                total: found.total,
                findings: found.findings,
                next: found.next,
                more: format!("/findings?{more}"),
                bands: snapshot.policy.bands.iter().map(|b| b.name.clone()).collect(),
                statuses: &["new", "open", "stale", "reopened", "resolved", "decided", "all"],
                classes: assay_core::finding::FindingClass::ALL.iter().map(|c| c.as_str()).collect(),
                band: query.band,
                status: query.status,
                class: query.class,
                namespace: query.namespace,
                cve: query.cve,
                refused,
                version: VERSION,
                as_of: snapshot.world.as_of.to_string(),
            })
        })
        .await?;
    html(&page)
}

/// Percent-encodes a value of a query.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

pub(crate) async fn finding(State(service): State<Arc<Service>>, Path(id): Path<String>) -> Result<Response, Problem> {
    let (page, kept) = service
        .read(move |service, store, snapshot| {
            let (finding, ranked) = find(store, snapshot, &id).map_err(|_| Problem::NotFound)?;
            let (explained, _) = service.words.explain(store, snapshot, &finding, &ranked, &service.door)?;
            let wire = wire(store, snapshot, &finding, &ranked, &explained)?;
            let body = escape(&explained.document, Sink::Page);
            let kept = service.words.record(&finding, &explained, &[Form::Sink(Sink::Page)])?;
            let page = FindingPage {
                view: "findings",
                finding: wire.finding,
                evidence: wire.evidence,
                body,
                version: VERSION,
                as_of: snapshot.world.as_of.to_string(),
            };
            Ok((page, kept))
        })
        .await?;
    service.keep_shown(kept, "page").await?;
    html(&page)
}

pub(crate) async fn digest(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    let (body, as_of, kept) = service
        .read(|service, store, snapshot| {
            let since = snapshot.world.as_of - crate::digest::newest_span(store)?;
            let made = crate::digest::make(store, snapshot, since, &service.door)?;
            let kept = crate::digest::record(&made, &[Form::Sink(Sink::Page)])?;
            Ok((escape(&made.document, Sink::Page), snapshot.world.as_of.to_string(), kept))
        })
        .await?;
    service.keep_shown(kept, "page").await?;
    html(&DocumentPage { view: "digest", title: "digest", body: &body, version: VERSION, as_of })
}

pub(crate) async fn assets(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    let page = service
        .read(|_, _, snapshot| {
            Ok(AssetsPage {
                view: "assets",
                assets: inventory::list(snapshot, None).assets,
                version: VERSION,
                as_of: snapshot.world.as_of.to_string(),
            })
        })
        .await?;
    html(&page)
}

/// Questions to begin with: each is read and answered whatever the data are.
const EXAMPLES: [&str; 5] = [
    "what is exposed and in use",
    "what changed since yesterday",
    "which fixes close the most findings",
    "how many findings are there by namespace",
    "which sources were last heard when",
];

/// A question of the form, and those before it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AskQuery {
    q: String,
    previous: String,
}

#[derive(Template)]
#[template(path = "ask.html")]
struct AskPage {
    view: &'static str,
    question: String,
    /// The questions so far, one a line, for the next one to follow.
    previous: String,
    examples: [&'static str; 5],
    body: String,
    version: &'static str,
    as_of: String,
}

pub(crate) async fn ask(
    State(service): State<Arc<Service>>,
    Query(query): Query<AskQuery>,
) -> Result<Response, Problem> {
    let page = service
        .read(move |service, store, snapshot| {
            let as_of = snapshot.world.as_of.to_string();
            let question = query.q.trim().replace('\n', " ");
            if question.is_empty() {
                return Ok(AskPage {
                    view: "ask",
                    question,
                    previous: String::new(),
                    examples: EXAMPLES,
                    body: String::new(),
                    version: VERSION,
                    as_of,
                });
            }
            crate::chat::fits(&question).map_err(Problem::from)?;
            let names = service.names(store, snapshot)?;
            let chat = crate::chat::Chat { store, snapshot, names: &names, words: &service.words, door: &service.door };
            let before = chat.previous(&query.previous);
            let answer = chat.answer(&question, before.as_ref())?;
            let body = escape(&answer.document, Sink::Page);
            let previous = if answer.query.is_some() {
                format!("{}\n{question}", query.previous.trim()).trim().to_owned()
            } else {
                query.previous
            };
            Ok(AskPage { view: "ask", question, previous, examples: EXAMPLES, body, version: VERSION, as_of })
        })
        .await?;
    html(&page)
}

pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")], crate::STYLE)
        .into_response()
}

pub(crate) async fn icon() -> Response {
    (
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=3600")],
        include_str!("icon.svg"),
    )
        .into_response()
}

pub(crate) async fn keys() -> Response {
    (
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")],
        include_str!("keys.js"),
    )
        .into_response()
}
