//! The API under /api/v1: findings, reports, decisions, digests, enrichments, assets, rights.

use std::fmt::Display;
use std::io::Write;
use std::str::FromStr;
use std::sync::Arc;

use assay_core::finding::Decision;
use assay_core::ids::{Digest, Span};
use assay_core::text::Opaque;
use assay_store::Role;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::state::{Caller, Service};
use crate::commands::decide::relies_on;
use crate::commands::digest::DigestWire;
use crate::commands::enrich::EnrichmentWire;
use crate::commands::explain::{ExplanationWire, FORMS, find, wire as explanation};
use crate::commands::findings::{Filter, ListWire, list};
use crate::commands::ingest::FileWire;
use crate::inventory::{self, AssetsWire};
use crate::rights::{self, Asked, RightsWire};
use crate::wire::FindingWire;
use crate::{digest, ingest, ticket};

/// The largest body of a request that is no report, in bytes.
const QUESTION_BYTES_MAX: u64 = 1 << 20;

pub(super) type Answer<T> = Result<Json<T>, Problem>;

/// A JSON body up to a limit; whatever is wrong with it is said.
pub(crate) async fn body<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    read_body(&bytes(request, QUESTION_BYTES_MAX).await?)
}

fn read_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A list of the right length would be read as an object's fields in their order.
    if bytes.trim_ascii_start().first().is_some_and(|b| *b != b'{') {
        return Err(Problem::Bad("the body is not what is expected here: an object belongs here".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|e| Problem::Bad(format!("the body is not what is expected here: {e}")))
}

pub(crate) async fn bytes(request: Request, limit: u64) -> Result<axum::body::Bytes, Problem> {
    axum::body::to_bytes(request.into_body(), usize::try_from(limit).unwrap_or(usize::MAX))
        .await
        .map_err(|_| Problem::TooLarge(limit))
}

/// What a list can be asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ListQuery {
    limit: Option<i64>,
    band: Option<String>,
    namespace: Option<String>,
    cve: Option<String>,
    class: Option<String>,
    status: Option<String>,
    after: Option<String>,
}

impl ListQuery {
    fn filter(&self, snapshot: &crate::snapshot::Snapshot) -> Result<Filter, Problem> {
        let limit = self.limit.unwrap_or(50);
        if !(1..=1000).contains(&limit) {
            return Err(Problem::Bad("limit is 1 to 1000".to_owned()));
        }
        Ok(Filter {
            band: self.band.as_deref().map(|b| crate::commands::band_order(&snapshot.policy, b)).transpose()?,
            namespace: self.namespace.clone(),
            vuln: read("cve", self.cve.as_deref())?,
            class: read("class", self.class.as_deref())?,
            status: read("status", self.status.as_deref())?,
            limit: usize::try_from(limit).unwrap_or(50),
            after: read("after", self.after.as_deref())?,
        })
    }
}

/// Reads a field that may be left out; what is wrong with it is said with its name.
fn read<T: FromStr<Err: Display>>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(|t| t.parse().map_err(|e| Problem::Bad(format!("{name}: {e}")))).transpose()
}

pub(crate) async fn findings(
    State(service): State<Arc<Service>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Answer<ListWire> {
    let Query(query) = query.map_err(|e| unread(&e))?;
    let found = service.read(move |_, store, snapshot| Ok(list(store, snapshot, &query.filter(snapshot)?)?)).await?;
    Ok(Json(found))
}

pub(crate) async fn finding(State(service): State<Arc<Service>>, Path(id): Path<String>) -> Answer<FindingWire> {
    let found = service
        .read(move |_, store, snapshot| {
            let (finding, ranked) = find(store, snapshot, &id).map_err(|_| Problem::NotFound)?;
            Ok(FindingWire::of(snapshot, &finding, &ranked))
        })
        .await?;
    Ok(Json(found))
}

pub(crate) async fn explain(State(service): State<Arc<Service>>, Path(id): Path<String>) -> Answer<ExplanationWire> {
    let (wire, record, kept) = service
        .read(move |service, store, snapshot| {
            let (finding, ranked) = find(store, snapshot, &id).map_err(|_| Problem::NotFound)?;
            let (explained, record) = service.words.explain(store, snapshot, &finding, &ranked, &service.door)?;
            let kept = service.words.record(&finding, &explained, &FORMS)?;
            Ok((explanation(store, snapshot, &finding, &ranked, &explained)?, record, kept))
        })
        .await?;
    if let Some(record) = record {
        service.note(move |store| Ok(store.keep_plan(&record)?)).await?;
    }
    service.keep_shown(kept, "api").await?;
    Ok(Json(wire))
}

/// A query that does not say what this address takes: the field and the reason, without the reader's own words.
pub(super) fn unread(rejection: &QueryRejection) -> Problem {
    let said = rejection.body_text();
    Problem::Bad(said.rsplit_once("query string: ").map_or(said.as_str(), |(_, why)| why).to_owned())
}

/// What a person concluded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionBody {
    status: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    until: Option<String>,
}

pub(crate) async fn decide(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Answer<FindingWire> {
    let asked: DecisionBody = body(request).await?;
    let status = asked.status.parse().map_err(|e| Problem::Bad(format!("status: {e}")))?;
    let decision = Decision {
        status,
        justification: read("justification", asked.justification.as_deref())?,
        note: Opaque::admit(&asked.note, &service.door),
        by: Opaque::admit_name(&caller.name, &service.door),
        at: service.app.now(),
        until: read("until", asked.until.as_deref())?,
    };
    let decision = decision.checked().map_err(|e| Problem::Bad(e.to_string()))?;
    let row = service
        .write(move |service, store| {
            let snapshot = service.snapshot();
            let (finding, _) = find(store, &snapshot, &id).map_err(|_| Problem::NotFound)?;
            store.decide(finding.id, &decision, &relies_on(&snapshot, &finding), "person")?;
            Ok(finding.id)
        })
        .await?;
    let found = service
        .read(move |_, store, snapshot| {
            let ranked = snapshot.ranked(row).ok_or(Problem::NotFound)?;
            let finding = store.details(&[row], snapshot.world.as_of)?.into_iter().next().ok_or(Problem::NotFound)?;
            Ok(FindingWire::of(snapshot, &finding, &ranked))
        })
        .await?;
    Ok(Json(found))
}

/// How a report is to be read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReportQuery {
    source: Option<String>,
    format: Option<String>,
    cluster: Option<String>,
}

pub(crate) async fn report(
    State(service): State<Arc<Service>>,
    query: Result<Query<ReportQuery>, QueryRejection>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|e| unread(&e))?;
    let format = read("format", query.format.as_deref())?;
    let mut file = tempfile::NamedTempFile::new_in(service.app.data.root()).map_err(|e| Problem::Inside(e.into()))?;
    let limit = service.app.config.serve.body_bytes_max;
    let mut received = 0u64;
    let mut stream = request.into_body().into_data_stream();
    while let Some(chunk) = futures::StreamExt::next(&mut stream).await {
        let chunk = chunk.map_err(|_| Problem::Bad("the body broke off".to_owned()))?;
        received += chunk.len() as u64;
        if received > limit {
            return Err(Problem::TooLarge(limit));
        }
        file.write_all(&chunk).map_err(|e| Problem::Inside(e.into()))?;
    }
    let key = headers
        .get("idempotency-key")
        .and_then(|v| v.to_str().ok())
        .map(|k| Digest::of_fields([b"key".as_slice(), caller.name.as_bytes(), k.as_bytes()]));
    let taken = service
        .write(move |service, store| {
            let cluster = query
                .cluster
                .as_deref()
                .map_or_else(|| service.app.config.cluster.clone(), |c| Opaque::admit_name(c, &service.door));
            let asked = ingest::Asked {
                sender: Opaque::admit_name(&caller.name, &service.door),
                cluster: &cluster,
                format,
                source: query.source.as_deref().map(|s| Opaque::admit_name(s, &service.door)),
                again: false,
                key,
                received_at: service.app.now(),
            };
            let taken = ingest::reader(store, file.as_file_mut(), &service.door, &asked)?;
            Ok(FileWire::of("body", &taken))
        })
        .await?;
    let status = if taken.findings.repeats.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(taken)).into_response())
}

/// What a list of assets can be narrowed to.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AssetsQuery {
    namespace: Option<String>,
}

pub(crate) async fn assets(
    State(service): State<Arc<Service>>,
    query: Result<Query<AssetsQuery>, QueryRejection>,
) -> Answer<AssetsWire> {
    let Query(query) = query.map_err(|e| unread(&e))?;
    Ok(Json(service.read(move |_, _, snapshot| Ok(inventory::list(snapshot, query.namespace.as_deref()))).await?))
}

/// What a list of rights can be narrowed to.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RightsQuery {
    subject: Option<String>,
    can: Option<String>,
    namespace: Option<String>,
}

pub(crate) async fn rights(
    State(service): State<Arc<Service>>,
    query: Result<Query<RightsQuery>, QueryRejection>,
) -> Answer<RightsWire> {
    let Query(query) = query.map_err(|e| unread(&e))?;
    let can = read("can", query.can.as_deref())?;
    let asked = Asked { subject: query.subject, can, namespace: query.namespace };
    Ok(Json(service.read(move |_, _, snapshot| Ok(rights::list(snapshot, &asked))).await?))
}

/// Since when a digest looks.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DigestBody {
    since: Option<String>,
}

pub(crate) async fn make_digest(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<(StatusCode, Json<DigestWire>), Problem> {
    let sent = bytes(request, QUESTION_BYTES_MAX).await?;
    let asked = if sent.is_empty() { DigestBody::default() } else { read_body(&sent)? };
    let span = read("since", asked.since.as_deref())?.unwrap_or(Span::hours(24));
    let wire = service
        .write(move |service, store| {
            let snapshot = service.snapshot();
            let made = digest::make(store, &snapshot, snapshot.world.as_of - span, &service.door)?;
            digest::keep(store, &service.app.data, &snapshot, &made)?;
            digest::record(&made, &FORMS)?.keep(store, service.app.now(), "api");
            Ok(DigestWire::of(&snapshot, &made))
        })
        .await?;
    Ok((StatusCode::CREATED, Json(wire)))
}

pub(crate) async fn latest_digest(State(service): State<Arc<Service>>) -> Answer<DigestWire> {
    let (wire, kept) = service
        .read(|service, store, snapshot| {
            let since = snapshot.world.as_of - digest::newest_span(store)?;
            let made = digest::make(store, snapshot, since, &service.door)?;
            Ok((DigestWire::of(snapshot, &made), digest::record(&made, &FORMS)?))
        })
        .await?;
    service.keep_shown(kept, "api").await?;
    Ok(Json(wire))
}

/// A ticket.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TicketBody {
    text: String,
    /// The tracker's own key: given back; with a token that may write the ticket is kept under it.
    #[serde(default)]
    key: Option<String>,
}

pub(crate) async fn enrich(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    let asked: TicketBody = body(request).await?;
    if asked.text.len() > ticket::TICKET_BYTES_MAX {
        return Err(Problem::TooLarge(ticket::TICKET_BYTES_MAX as u64));
    }
    let key = asked.key.as_deref().map(|k| Opaque::admit_name(k, &service.door));
    let tracker = key.clone();
    let (wire, text, findings, kept) = service
        .read(move |service, store, snapshot| {
            let texts = &service.words.texts;
            let found = ticket::enrich(store, snapshot, texts, &asked.text, tracker.as_ref(), &service.door)?;
            let ids: Vec<i64> = found.findings.iter().map(|(_, f)| f.id).collect();
            let kept = ticket::record(&found, &FORMS)?;
            Ok((EnrichmentWire::of(snapshot, &found), found.text, ids, kept))
        })
        .await?;
    service.keep_shown(kept, "api").await?;
    if let Some(key) = key.clone().filter(|_| caller.role == Role::Writer) {
        let at = service.app.now();
        service.note(move |store| Ok(store.keep_ticket(&key, &text, at, &findings)?)).await?;
    }
    let mut value = serde_json::to_value(&wire).map_err(|e| Problem::Inside(e.into()))?;
    if let (Some(key), Some(object)) = (key, value.as_object_mut()) {
        object.insert("key".to_owned(), key.reveal().into());
    }
    Ok(Json(value).into_response())
}
