//! Getting bytes by HTTP, from the start or from a place in the middle.

use std::io::Read;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::blocking::Client;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE, LAST_MODIFIED, RANGE};

/// Gets bytes by address. The network, or a stand-in for it.
pub trait Fetch {
    /// Asks for the bytes at this address, from `resume` on when it is given and they did not change since.
    ///
    /// # Errors
    /// When there is no answer at all. An answer that says no is a [`Reply`] with its status.
    fn get(&self, url: &str, resume: Option<&Resume>) -> Result<Reply, FetchError>;
}

/// Where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Bytes that are there already.
    pub from: u64,
    /// What the server called that version: its ETag, or the time of its last change.
    pub validator: String,
}

/// An answer.
pub struct Reply {
    /// The HTTP status: 200 gives everything, 206 the rest.
    pub status: u16,
    /// Where the first byte of the body belongs. Zero unless the status is 206.
    pub from: u64,
    /// What the server calls this version. None: a cut download starts again.
    pub validator: Option<String>,
    /// The bytes.
    pub body: Box<dyn Read>,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The binary did not install rustls's provider of cryptography.
    #[error("TLS is not set up: no provider of cryptography is installed")]
    NoTls,
    /// The client could not be made.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
    /// Nobody answered.
    #[error("no answer from {url}")]
    NoAnswer {
        /// Who was asked.
        url: String,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
}

/// HTTP by reqwest. It honours the proxy variables of the environment. It blocks: call it from a thread of its own,
/// never from an asynchronous task.
pub struct Http(Client);

impl Http {
    /// A client that waits at most this long for a connection, and as long for each next piece of an answer.
    ///
    /// # Errors
    /// When TLS is not set up.
    pub fn new(patience: Duration) -> Result<Self, FetchError> {
        // reqwest ends the process where we can say what is missing.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(FetchError::NoTls);
        }
        let agent = concat!("assay/", env!("CARGO_PKG_VERSION"));
        let client = Client::builder().user_agent(agent).connect_timeout(patience).timeout(patience).build();
        client.map(Self).map_err(FetchError::Client)
    }
}

impl Fetch for Http {
    fn get(&self, url: &str, resume: Option<&Resume>) -> Result<Reply, FetchError> {
        let mut request = self.0.get(url);
        if let Some(resume) = resume {
            request = request.header(RANGE, format!("bytes={}-", resume.from)).header(IF_RANGE, &resume.validator);
        }
        let reply = request.send().map_err(|source| FetchError::NoAnswer { url: url.to_owned(), source })?;
        let partial = reply.status() == StatusCode::PARTIAL_CONTENT;
        Ok(Reply {
            status: reply.status().as_u16(),
            from: if partial { first_byte(reply.headers()).unwrap_or(u64::MAX) } else { 0 },
            validator: validator(reply.headers()),
            body: Box::new(reply),
        })
    }
}

/// A strong ETag, else the time of the last change: what If-Range takes.
fn validator(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let tag = text(ETAG).filter(|tag| !tag.starts_with("W/"));
    tag.or_else(|| text(LAST_MODIFIED)).map(str::to_owned)
}

/// N of `Content-Range: bytes N-M/TOTAL`.
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}
