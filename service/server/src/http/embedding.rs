//! Vectors for texts that have none, made while nobody asks: no question waits for them.

use std::sync::Arc;
use std::time::Duration;

use assay_core::ports::{Embed, Passages};

use super::problem::Problem;
use super::state::Service;

/// Texts that are read at once, most urgent first.
const READ_MAX: usize = 256;
/// Texts that are embedded between two looks at who is waiting.
const PACK: usize = 4;
/// How long to wait when a question is being answered.
const YIELD: Duration = Duration::from_millis(50);
/// How long to wait when there is nothing to do.
const IDLE: Duration = Duration::from_secs(10);

/// Embeds what has no vector, for as long as the service runs. Without the model it ends at once.
pub(super) async fn follow(service: Arc<Service>) {
    loop {
        let embedding = service.clone();
        let embedder = tokio::task::spawn_blocking(move || embedding.words.models.embedder()).await;
        let Ok(Some(embedder)) = embedder else { return };
        match some(&service, embedder).await {
            Ok(0) => tokio::time::sleep(IDLE).await,
            Ok(_) => service.words.texts.forget(),
            Err(problem) => {
                tracing::error!("no vectors: {problem}");
                tokio::time::sleep(IDLE).await;
            }
        }
    }
}

/// Embeds some texts; gives how many.
async fn some(service: &Arc<Service>, embedder: Arc<dyn Embed + Send + Sync>) -> Result<usize, Problem> {
    let model = embedder.model().clone();
    let texts = service.read(move |_, store, _| Ok(store.without_vector(&model, READ_MAX)?)).await?;
    for pack in texts.chunks(PACK) {
        while service.is_busy() {
            tokio::time::sleep(YIELD).await;
        }
        let (model, embedding, pack) = (embedder.model().clone(), embedder.clone(), pack.to_vec());
        let rows = tokio::task::spawn_blocking(move || {
            let plain: Vec<&str> = pack.iter().map(|(_, text)| text.as_str()).collect();
            let vectors = embedding.embed(&plain)?;
            Ok::<Vec<(i64, Vec<f32>)>, anyhow::Error>(pack.iter().map(|(id, _)| *id).zip(vectors).collect())
        });
        let rows = rows.await.map_err(|e| Problem::Inside(e.into()))?.map_err(Problem::Inside)?;
        service.note(move |store| Ok(store.put_vectors(&model, &rows)?)).await?;
    }
    if !texts.is_empty() {
        let model = embedder.model().clone();
        let (all, have) = service.read(move |_, store, _| Ok(store.vector_progress(&model)?)).await?;
        tracing::info!("vectors for {have} of {all} passages");
    }
    Ok(texts.len())
}
