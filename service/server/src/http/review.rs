//! Agents that bring the token of their service account. Comes in: a token that is none of ours. Goes out: an agent that
//! speaks for one node, as the API server says; nobody; or the reason why it cannot be said. What the API server said is
//! believed for a short time: so long a token that was taken back is still good here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use assay_core::ids::Digest;
use assay_sources::cluster::live::Server;
use assay_sources::cluster::live::review::Review;
use assay_store::Role;
use tokio::sync::Semaphore;

use super::problem::Problem;
use super::state::Caller;

/// Whom such a token must be meant for.
const AUDIENCE: &str = "assay";
/// How long a good answer is believed.
const REVIEWED_AGE_MAX: Duration = Duration::from_secs(60);
/// The most good answers that are remembered; the oldest gives way.
const REVIEWED_MAX: usize = 8_192;
/// The most reviews at a time; more agents are asked to wait.
const REVIEWS_AT_ONCE_MAX: usize = 16;
/// The longest token that is shown to the API server.
const TOKEN_BYTES_MAX: usize = 8_192;

/// Who asks the API server whose tokens are.
pub(crate) struct Reviewer {
    server: Server,
    /// The account that agents run under.
    account: String,
    /// The node of each good token, and when it was said.
    known: Mutex<HashMap<Digest, (Instant, String)>>,
    permits: Semaphore,
    /// Whether the last review failed, so that an outage is one line in the log.
    failing: AtomicBool,
}

impl Reviewer {
    /// One that asks the API server of the pod's own account, or of the kubeconfig.
    pub(crate) async fn connect(account: String) -> Result<Self> {
        let server = Server::connect(None).await;
        let server = server.context("token_review in [serve] needs an API server to ask: set it to false, or give the service's pod a service account token")?;
        let (known, failing) = (Mutex::default(), AtomicBool::new(false));
        Ok(Self { server, account, known, permits: Semaphore::new(REVIEWS_AT_ONCE_MAX), failing })
    }

    /// The agent that a token belongs to; none when it is no good token.
    pub(crate) async fn agent(&self, token: &str) -> Result<Option<Caller>, Problem> {
        if !is_web_token(token) {
            return Ok(None);
        }
        let digest = crate::tokens::digest(token);
        let node = match self.remembered(&digest) {
            Some(node) => node,
            None => match self.ask(token).await? {
                Some(node) => self.remember(digest, node),
                None => return Ok(None),
            },
        };
        // The node is in the name, so that every report tells who brought it.
        let name = format!("{} on {node}", self.account);
        Ok(Some(Caller { name, role: Role::Agent, node: Some(node), by_cookie: false }))
    }

    /// The node that the API server names for a good token of our account.
    async fn ask(&self, token: &str) -> Result<Option<String>, Problem> {
        let Ok(_permit) = self.permits.try_acquire() else { return Err(Problem::Busy) };
        let said = self.server.review(token, AUDIENCE).await;
        let failed_before = self.failing.swap(said.is_err(), Ordering::Relaxed);
        match said {
            Ok(Review::Refused) => Ok(None),
            Ok(Review::Good { account, .. }) if account != self.account => {
                Err(Problem::OtherAccount(self.account.clone()))
            }
            Ok(Review::Good { node, .. }) => node.map(Some).ok_or(Problem::NoNode),
            Err(error) => {
                if !failed_before {
                    tracing::warn!("{:#}: agents wait until it does", anyhow::Error::from(error));
                }
                Err(Problem::Unreviewed)
            }
        }
    }

    fn remembered(&self, digest: &Digest) -> Option<String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (since, _)| since.elapsed() < REVIEWED_AGE_MAX);
        known.get(digest).map(|(_, node)| node.clone())
    }

    fn remember(&self, digest: Digest, node: String) -> String {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REVIEWED_MAX
            && let Some(oldest) = known.iter().min_by_key(|(_, (since, _))| *since).map(|(digest, _)| *digest)
        {
            known.remove(&oldest);
        }
        known.insert(digest, (Instant::now(), node.clone()));
        node
    }
}

/// True for what may be a token of a service account: three parts in base64url. Other secrets that somebody sends by
/// mistake are not shown to the API server.
fn is_web_token(token: &str) -> bool {
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    token.len() <= TOKEN_BYTES_MAX && token.split('.').count() == 3 && token.split('.').all(part)
}
