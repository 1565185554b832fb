//! One POST. Comes in: the bytes of a batch. Goes out: taken, never, or later. What the service says decides which; an
//! answer that is not understood means later, so nothing is thrown away by mistake.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use super::Service;

/// How long one POST may take.
const POST_TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes of a token file.
const TOKEN_BYTES_MAX: usize = 8_192;
/// The most bytes of a refusal that are read for its reason.
const REFUSAL_BYTES_MAX: usize = 4_096;
/// The most bytes of an acknowledgement that are read for its orders.
const ORDERS_BYTES_MAX: usize = 65_536;

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The service has it, now or from before.
    Taken {
        /// Containers of which it wants evidence, as their runtime numbers them.
        keep: Vec<String>,
    },
    /// It will never be taken.
    Never(String),
    /// Not by this agent, as things stand: there is no token, or the service does not accept it. Somebody may change that.
    NoRight(String),
    /// Not now.
    Later {
        /// Why.
        why: String,
        /// When the service wants to be asked again.
        after: Option<Duration>,
    },
}

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PosterError {
    /// TLS or the client's own settings.
    #[error("no HTTP client")]
    Client(#[source] reqwest::Error),
    /// No runtime for it.
    #[error("no runtime for the HTTP client")]
    Runtime(#[source] io::Error),
    /// No thread for it.
    #[error("the shipping thread does not start")]
    Thread(#[source] io::Error),
    /// The address is none.
    #[error("{0} is not the address of a service: expected such as https://assay.example:8443")]
    Url(String),
}

/// Posts batches, one at a time.
pub struct Poster {
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    service: Service,
    url: String,
}

impl Poster {
    /// A client for this service.
    ///
    /// # Errors
    /// When the address is none or the client cannot be made.
    pub fn new(service: Service) -> Result<Self, PosterError> {
        let base = service.url.trim_end_matches('/');
        if !(base.starts_with("http://") || base.starts_with("https://")) {
            return Err(PosterError::Url(service.url));
        }
        // Somebody may have installed a provider before: then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(POST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("assay-agent/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(PosterError::Client)?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(PosterError::Runtime)?;
        let url = format!("{base}/api/v1/events");
        Ok(Self { client, runtime, service, url })
    }

    /// Posts the bytes of one batch and waits for the answer.
    pub fn post(&self, bytes: Vec<u8>) -> Answer {
        // Read each time: the kubelet renews the token of a service account long before it ends.
        let token = match read_token(&self.service.token_file) {
            Ok(token) => token,
            Err(error) => {
                let file = self.service.token_file.display();
                return Answer::NoRight(format!("the token file {file} cannot be read: {error}"));
            }
        };
        let request = self
            .client
            .post(&self.url)
            .bearer_auth(token)
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(bytes);
        let response = match self.runtime.block_on(async { request.send().await }) {
            Ok(response) => response,
            // The URL is the operator's own and may carry nothing secret; the token is a header and never in it.
            Err(error) => return Answer::Later { why: format!("the service does not answer: {error}"), after: None },
        };
        let status = response.status().as_u16();
        let after = response.headers().get(reqwest::header::RETRY_AFTER);
        let after = after.and_then(|v| v.to_str().ok()).and_then(|v| v.trim().parse().ok());
        match answer(status, after) {
            Answer::NoRight(why) => Answer::NoRight(match self.runtime.block_on(reason(response)) {
                Some(reason) => format!("{why}: {reason}"),
                None => why,
            }),
            Answer::Taken { .. } => Answer::Taken { keep: self.runtime.block_on(orders(response)).unwrap_or_default() },
            other => other,
        }
    }
}

/// The token in a file.
pub(crate) fn read_token(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(TOKEN_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
    let token = text.trim();
    if token.is_empty() || text.len() > TOKEN_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it holds no token"));
    }
    Ok(token.to_owned())
}

/// What a refusal says of itself, in one line.
async fn reason(response: reqwest::Response) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Refusal {
        detail: String,
    }
    let refusal: Refusal = serde_json::from_slice(&body_of(response, REFUSAL_BYTES_MAX).await?).ok()?;
    Some(refusal.detail.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
}

/// What an acknowledgement orders. One that cannot be understood orders nothing: the batch is taken all the same.
async fn orders(response: reqwest::Response) -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Acknowledged {
        #[serde(default)]
        keep: Vec<String>,
    }
    let acknowledged: Acknowledged = serde_json::from_slice(&body_of(response, ORDERS_BYTES_MAX).await?).ok()?;
    Some(acknowledged.keep)
}

/// The whole body; none when it is longer than that or breaks off.
async fn body_of(mut response: reqwest::Response, bytes_max: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > bytes_max {
            return None;
        }
    }
    Some(body)
}

fn answer(status: u16, retry_after: Option<u64>) -> Answer {
    match status {
        // 409: the service has this number already, so an earlier acknowledgement was lost on the way.
        200..=299 | 409 => Answer::Taken { keep: Vec::new() },
        400 | 413 | 415 | 422 => Answer::Never(format!("HTTP {status}")),
        401 | 403 => Answer::NoRight(format!("the service does not accept the agent's token (HTTP {status})")),
        _ => Answer::Later {
            why: format!("the service answers HTTP {status}"),
            after: retry_after.map(Duration::from_secs),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_refusal_gives_a_batch_up() {
        for (status, taken, never) in [
            (200, true, false),
            (202, true, false),
            (409, true, false),
            (400, false, true),
            (413, false, true),
            (422, false, true),
            (401, false, false),
            (403, false, false),
            (404, false, false),
            (302, false, false),
            (429, false, false),
            (500, false, false),
            (503, false, false),
        ] {
            let answer = answer(status, None);
            assert_eq!(
                (matches!(answer, Answer::Taken { .. }), matches!(answer, Answer::Never(_))),
                (taken, never),
                "{status}"
            );
        }
        let busy = answer(429, Some(7));
        assert!(matches!(busy, Answer::Later { after: Some(after), .. } if after == Duration::from_secs(7)));
    }
}
