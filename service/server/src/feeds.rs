//! Fetching a feed by URL: only what changed, checked, within a limit. The network is used only when a person asks.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use assay_core::ids::Digest;
use futures::StreamExt;
use sha2::Digest as _;

/// The largest feed that is fetched.
const FEED_BYTES_MAX: u64 = 512 << 20;
/// How long a server may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// What a fetch brought.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// The server says that nothing changed.
    Unchanged,
    /// The feed, in a file that goes with this value.
    File { file: tempfile::NamedTempFile, etag: Option<String>, sha256: Digest },
}

/// Refuses what is no URL of a feed, before anything is fetched.
pub(crate) fn check(url: &str) -> Result<(), String> {
    match reqwest::Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && parsed.has_host() => Ok(()),
        Ok(_) => Err(format!("`{url}` is no address of a feed: it begins with https:// and a host")),
        Err(e) => Err(format!("`{url}` is no URL: {e}")),
    }
}

/// Fetches a feed into a file in `folder`. When the server publishes a digest (`Repr-Digest: sha-256`), it is checked.
pub(crate) async fn fetch(url: &str, etag: Option<&str>, folder: &Path) -> Result<Fetched> {
    let client = reqwest::Client::builder().connect_timeout(SILENCE_MAX).read_timeout(SILENCE_MAX).build()?;
    let mut request = client.get(url);
    if let Some(etag) = etag {
        request = request.header(reqwest::header::IF_NONE_MATCH, etag);
    }
    let response = request.send().await.context("the server did not answer")?;
    if response.status() == reqwest::StatusCode::NOT_MODIFIED {
        return Ok(Fetched::Unchanged);
    }
    let response = response.error_for_status().context("the server refused")?;
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let (etag, promised, length) = (header("etag"), header("repr-digest"), response.content_length());
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let mut hasher = sha2::Sha256::new();
    let mut bytes = 0u64;
    let mut body = response.bytes_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.context("the connection broke off")?;
        bytes += chunk.len() as u64;
        if bytes > FEED_BYTES_MAX {
            bail!("the feed is over the limit of {FEED_BYTES_MAX} bytes");
        }
        hasher.update(&chunk);
        file.write_all(&chunk)?;
    }
    if length.is_some_and(|length| length != bytes) {
        bail!("the connection broke off: {bytes} bytes of {}", length.unwrap_or_default());
    }
    file.flush()?;
    let digest: [u8; 32] = hasher.finalize().into();
    if let Some(promised) = promised
        && let Some(value) = promised.strip_prefix("sha-256=:").and_then(|v| v.strip_suffix(':'))
        && data_encoding::BASE64.decode(value.as_bytes()).is_ok_and(|p| p != digest)
    {
        bail!("the bytes do not match the digest that the server published");
    }
    Ok(Fetched::File { file, etag, sha256: Digest::from_bytes(digest) })
}
