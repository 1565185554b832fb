//! Batches of agents: acknowledged once they are durable, with the order to keep evidence where a finding asks for it. The cluster is the service's own, never a name in the batch; an
//! agent whose token is bound to a node speaks for that node only.

use std::sync::Arc;

use assay_core::batch::SensorBatch;
use assay_core::text::Opaque;
use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::api::bytes;
use super::problem::Problem;
use super::state::{Caller, Service};
use crate::sensor::{self, Bringer, SensorError};

/// The largest batch, in bytes.
const BATCH_BYTES_MAX: u64 = 16 << 20;

pub(crate) async fn take(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    let body = bytes(request, BATCH_BYTES_MAX).await?;
    let batch: SensorBatch =
        serde_json::from_slice(&body).map_err(|e| Problem::Bad(format!("not a batch of a sensor: {e}")))?;
    if let Some(own) = caller.node.as_ref().filter(|own| **own != batch.node) {
        let named = Opaque::admit_name(&batch.node, &service.door).reveal().to_owned();
        return Err(Problem::OtherNode { own: own.clone(), named });
    }
    let node = Opaque::admit_name(&batch.node, &service.door);
    let receipt = service
        .write(move |service, store| {
            let from = Bringer {
                sender: Opaque::admit_name(&caller.name, &service.door),
                cluster: &service.app.config.cluster,
                received_at: service.app.now(),
            };
            sensor::take(store, &batch, &body, &from, &service.door).map_err(|e| match e {
                SensorError::Bad(bad) => Problem::Bad(bad.to_string()),
                SensorError::Store(error) => error.into(),
            })
        })
        .await?;
    let keep = crate::keep::wanted(&service.snapshot(), &node);
    // A number that is known already is as good as taken.
    let (status, known) = match receipt.repeats {
        Some(_) => (StatusCode::OK, true),
        None => (StatusCode::CREATED, false),
    };
    Ok((
        status,
        Json(json!({ "acknowledged": true, "known": known, "observations": receipt.observations, "keep": keep })),
    )
        .into_response())
}
