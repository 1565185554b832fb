//! One request over HTTP, bounded in time and in bytes. Comes in: a body and a deadline. Goes out: the answer's body, or
//! why there is none. No redirect is followed, and a loopback address is never asked through a proxy.

use std::io::Read;
use std::time::Instant;

use assay_core::ids::Span;
use assay_core::ports::ModelError;
use reqwest::blocking::{Client, Response};
use reqwest::header::CONTENT_TYPE;
use reqwest::{StatusCode, Url, redirect};

use super::{ServerError, remaining};

/// Who asks.
pub(super) const AGENT: &str = concat!("assay/", env!("CARGO_PKG_VERSION"));
/// Bytes of an answer that are read; a longer one is none.
pub(super) const RESPONSE_BYTES_MAX: usize = 256 * 1024;
/// Bytes that are taken in between two looks at the clock.
const PIECE: usize = 16 * 1024;

pub(super) struct Line {
    client: Client,
    url: Url,
    key: Option<String>,
}

impl Line {
    pub(super) fn new(url: Url, key: Option<String>) -> Result<Self, ServerError> {
        // reqwest ends the process where we can say what is missing.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(ServerError::NoTls);
        }
        let mut client = Client::builder().user_agent(AGENT).redirect(redirect::Policy::none());
        if url.scheme() == "http" {
            client = client.no_proxy();
        }
        Ok(Self { client: client.build().map_err(ServerError::Client)?, url, key })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn post(&self, body: &str, deadline: Instant, budget: Span) -> Result<Vec<u8>, ModelError> {
        let mut request = self.client.post(self.url.clone()).timeout(remaining(deadline, budget)?);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let reply = request.header(CONTENT_TYPE, "application/json").body(body.to_owned()).send();
        let reply = reply.map_err(|error| match error.is_timeout() {
            true => ModelError::Late(budget),
            false => failed(format!("the model server cannot be asked: {}", cause(&error))),
        })?;
        match reply.status() {
            StatusCode::OK => read(reply, deadline, budget),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Err(ModelError::Busy),
            status => Err(failed(format!("the model server answered {}", status.as_u16()))),
        }
    }
}

/// The whole body; what does not end, in time or in size, is cut off.
fn read(mut reply: Response, deadline: Instant, budget: Span) -> Result<Vec<u8>, ModelError> {
    let (mut body, mut piece) = (Vec::new(), vec![0; PIECE]);
    loop {
        let count = match reply.read(&mut piece) {
            Ok(0) => return Ok(body),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) if Instant::now() >= deadline => return Err(ModelError::Late(budget)),
            Err(error) => return Err(failed(format!("the model server's answer broke off: {error}"))),
        };
        body.extend_from_slice(&piece[..count]);
        remaining(deadline, budget)?;
        if body.len() > RESPONSE_BYTES_MAX {
            return Err(failed(format!("the model server's answer is longer than {RESPONSE_BYTES_MAX} bytes")));
        }
    }
}

fn failed(why: String) -> ModelError {
    ModelError::Failed(why.into())
}

/// The innermost cause: what a person can do something about.
fn cause(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(deeper) = inner.source() {
        inner = deeper;
    }
    inner.to_string()
}
