//! Attack paths over HTTP: as JSON and as a picture.

use std::sync::Arc;

use assay_core::paths::Goal;
use assay_store::Store;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::api::{Answer, unread};
use super::problem::Problem;
use super::state::Service;
use crate::paths::{self, PathsWire};
use crate::snapshot::Snapshot;

/// Where attack paths begin and end.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PathsQuery {
    from: Option<String>,
    to: Option<String>,
    what_if: bool,
}

async fn found(service: &Arc<Service>, query: Result<Query<PathsQuery>, QueryRejection>) -> Result<PathsWire, Problem> {
    let Query(query) = query.map_err(|e| unread(&e))?;
    let to = query.to.iter().flat_map(|to| to.split(',')).filter(|goal| !goal.is_empty()).map(str::parse::<Goal>);
    let to: Vec<Goal> = to.collect::<Result<_, _>>().map_err(|e| Problem::Bad(format!("`to`: {e}")))?;
    let found = move |_: &Service, store: &Store, snapshot: &Snapshot| {
        let from = paths::beginning(snapshot, query.from.as_deref().unwrap_or("internet"))
            .map_err(|e| Problem::Bad(e.to_string()))?;
        Ok(paths::paths(store, snapshot, &paths::Asked { from, to, what_if: query.what_if })?)
    };
    service.read(found).await
}

pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    query: Result<Query<PathsQuery>, QueryRejection>,
) -> Answer<PathsWire> {
    Ok(Json(found(&service, query).await?))
}

pub(crate) async fn picture(
    State(service): State<Arc<Service>>,
    query: Result<Query<PathsQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let picture = paths::svg(&found(&service, query).await?);
    Ok(([(CONTENT_TYPE, "image/svg+xml")], picture))
}
