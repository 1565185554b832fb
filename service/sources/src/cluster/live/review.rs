//! A token, shown to the API server. Comes in: what a caller brings as the token of its service account. Goes out: whose
//! it is and which node its pod runs on, as the API server says. A review is answered and not kept: nothing is created.

use std::time::Duration;

use futures::AsyncReadExt;
use kube::core::Request;
use kube::core::params::PostParams;
use serde::Deserialize;

use super::Server;

/// How long one review may take, in milliseconds.
pub const REVIEW_MS_MAX: u64 = 5_000;
/// The most bytes of an answer to a review.
const REVIEW_BYTES_MAX: u64 = 64 << 10;

/// Where reviews are asked for.
const PATH: &str = "/apis/authentication.k8s.io/v1/tokenreviews";
/// The claim that Kubernetes 1.30 and later put into the token of a pod.
const NODE: &str = "authentication.kubernetes.io/node-name";

/// What the API server says of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Review {
    /// It is none, it is over, or it is meant for somebody else.
    Refused,
    /// It is good.
    Good {
        /// The name of its user, such as `system:serviceaccount:NAMESPACE:NAME`.
        account: String,
        /// The node of the pod that it was made for, where the API server tells it.
        node: Option<String>,
    },
}

/// Why nothing was said of a token.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// No answer in time.
    #[error("the API server did not answer to a token review within {REVIEW_MS_MAX} ms")]
    Late,
    /// The service itself may not ask.
    #[error(
        "no right to review tokens: grant the verb create on tokenreviews of authentication.k8s.io to the service's account"
    )]
    NoRight,
    /// It answered something else.
    #[error("the API server answered {0} to a token review")]
    Status(u16),
    /// There is no way to it.
    #[error("the API server cannot be reached for a token review")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What came is no review.
    #[error("what came is no token review")]
    Odd,
}

#[derive(Deserialize)]
struct Answer {
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    authenticated: bool,
    audiences: Vec<String>,
    user: User,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct User {
    username: String,
    extra: std::collections::BTreeMap<String, Vec<String>>,
}

impl Server {
    /// Asks whose token this is, and whether it is meant for `audience`.
    ///
    /// # Errors
    /// When the API server does not say so in time, or says nothing that can be understood.
    pub async fn review(&self, token: &str, audience: &str) -> Result<Review, ReviewError> {
        let limit = Duration::from_millis(REVIEW_MS_MAX);
        match tokio::time::timeout(limit, self.ask_review(token, audience)).await {
            Ok(text) => read(&text?, audience),
            Err(_) => Err(ReviewError::Late),
        }
    }

    async fn ask_review(&self, token: &str, audience: &str) -> Result<Vec<u8>, ReviewError> {
        let body = serde_json::json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": { "token": token, "audiences": [audience] },
        });
        let body = body.to_string().into_bytes();
        let request = Request::new(PATH).create(&PostParams::default(), body).map_err(|_| ReviewError::Odd)?;
        let answer = self.client.request_stream(request).await.map_err(failed)?;
        let mut bytes = Vec::new();
        let mut answer = std::pin::pin!(answer.take(REVIEW_BYTES_MAX));
        answer.read_to_end(&mut bytes).await.map_err(|error| ReviewError::Unreachable(error.into()))?;
        Ok(bytes)
    }
}

fn failed(error: kube::Error) -> ReviewError {
    match error {
        kube::Error::Api(status) if matches!(status.code, 401 | 403) => ReviewError::NoRight,
        kube::Error::Api(status) => ReviewError::Status(status.code),
        other => ReviewError::Unreachable(other.into()),
    }
}

fn read(text: &[u8], audience: &str) -> Result<Review, ReviewError> {
    let Answer { status } = serde_json::from_slice(text).map_err(|_| ReviewError::Odd)?;
    // A server that knows nothing of audiences leaves the list empty: its yes is for tokens of its own.
    if !status.authenticated || !status.audiences.iter().any(|a| a == audience) || status.user.username.is_empty() {
        return Ok(Review::Refused);
    }
    let node = match status.user.extra.get(NODE).map(Vec::as_slice) {
        Some([node]) if !node.is_empty() => Some(node.clone()),
        _ => None,
    };
    Ok(Review::Good { account: status.user.username, node })
}
