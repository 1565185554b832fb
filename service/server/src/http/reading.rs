//! Texts of CVE records are read while nobody asks, when their vulnerabilities are first seen: no question waits for it.

use std::sync::Arc;
use std::time::Duration;

use super::problem::Problem;
use super::state::Service;
use crate::readings::{READ_PACK, Reader};

/// Texts that are fetched at once, most urgent first.
const FETCHED_MAX: usize = 256;
/// How long to wait when a question is being answered.
const YIELD: Duration = Duration::from_millis(50);
/// How long to wait when there is nothing to read.
const IDLE: Duration = Duration::from_secs(10);

/// Reads what no reader has read, for as long as the service runs.
pub(super) async fn follow(service: Arc<Service>) {
    let loading = service.clone();
    let readers = tokio::task::spawn_blocking(move || Reader::all(&loading.words.models)).await;
    let readers = match readers {
        Ok(Ok(readers)) => readers,
        Ok(Err(error)) => return tracing::error!("no text is read: {error:#}"),
        Err(error) => return tracing::error!("no text is read: {error}"),
    };
    loop {
        let mut read = 0;
        for reader in &readers {
            match some(&service, reader).await {
                Ok(texts) => read += texts,
                Err(problem) => tracing::error!("texts are not read by {}: {problem}", reader.id().name),
            }
        }
        // What was read counts from the next snapshot on.
        let renewed = if read > 0 { service.write(|_, _| Ok(())).await } else { Ok(()) };
        if let Err(problem) = renewed {
            tracing::error!("no new snapshot: {problem}");
        }
        if read == 0 {
            tokio::time::sleep(IDLE).await;
        }
    }
}

/// Reads some texts; gives how many.
async fn some(service: &Arc<Service>, reader: &Reader) -> Result<usize, Problem> {
    let asked = reader.clone();
    let texts = service.read(move |_, store, _| Ok(asked.unread(store, FETCHED_MAX)?)).await?;
    for pack in texts.chunks(READ_PACK) {
        while service.is_busy() {
            tokio::time::sleep(YIELD).await;
        }
        let (reading, pack) = (reader.clone(), pack.to_vec());
        let rows = tokio::task::spawn_blocking(move || reading.read(&pack));
        let rows = rows.await.map_err(|e| Problem::Inside(e.into()))?.map_err(Problem::Inside)?;
        let (keeping, at) = (reader.clone(), service.app.now());
        service.note(move |store| Ok(keeping.keep(store, at, &rows)?)).await?;
    }
    if !texts.is_empty() {
        let asked = reader.clone();
        let (all, have) = service.read(move |_, store, _| Ok(asked.progress(store)?)).await?;
        tracing::info!("read {have} of {all} texts by {}", reader.id().name);
    }
    Ok(texts.len())
}
