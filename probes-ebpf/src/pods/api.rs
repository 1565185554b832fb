//! The pods of this node, as the API server lists them. Comes in: the server's address and the account of the agent's own
//! pod. Goes out: names of containers, or why there are none. It only asks, for the pods of one node, and keeps of them
//! what a name is made of.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Certificate, Client, Url};

use super::listing::{Listing, PODS_MAX};
use crate::ship::read_token;

/// How long one list may take.
const ASK_TIME_MAX: Duration = Duration::from_secs(10);
/// The most bytes of a list.
const LIST_BYTES_MAX: usize = 16 << 20;
/// Where the kubelet puts the account of a pod.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// An API server, and who asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiServer {
    /// Its address.
    pub url: Url,
    /// The folder with `token` and `ca.crt`.
    pub account: PathBuf,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The account of the pod cannot be read.
    #[error("{path} cannot be read, which the API server wants ({source})")]
    Account {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No client can be made.
    #[error("no HTTP client for the API server ({0})")]
    Client(reqwest::Error),
    /// It does not answer.
    #[error("the API server does not answer ({})", deepest(.0))]
    Silent(reqwest::Error),
    /// The account may not list pods.
    #[error("the API server answers HTTP {0} to the list of pods: grant get and list on pods to the agent's account")]
    NoRight(u16),
    /// It answers something else.
    #[error("the API server answers HTTP {0} to the list of pods")]
    Status(u16),
    /// The list is too long.
    #[error("the list of pods is over {LIST_BYTES_MAX} bytes")]
    TooLarge,
    /// It is no list of pods.
    #[error("what the API server sent is no list of pods ({0})")]
    Odd(serde_json::Error),
}

/// The last cause: the client's own words name the address and stop before a certificate that is not trusted.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl ApiServer {
    /// The server that was named, else that of the cluster whose pod this is; none outside of one.
    pub fn found(named: Option<Url>) -> Option<Self> {
        let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let url = named.or_else(|| in_cluster(&of("KUBERNETES_SERVICE_HOST")?, of("KUBERNETES_SERVICE_PORT")))?;
        Some(Self { url, account: PathBuf::from(ACCOUNT) })
    }

    fn list_of(&self, node: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/api/v1/pods", self.url.path().trim_end_matches('/')));
        // Version 0 is what the server has at hand: it keeps pods by node there, and reads no other node's for this.
        url.query_pairs_mut()
            .append_pair("fieldSelector", &format!("spec.nodeName={node}"))
            .append_pair("resourceVersion", "0");
        url
    }
}

/// An address that a token may be sent to: encrypted, or this machine's own, as of `kubectl proxy`.
///
/// # Errors
/// When it is another, or none.
pub fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| e.to_string())?;
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let own = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if own => Ok(url),
        _ => Err("an API server is asked by https://, or by http:// on this machine".to_owned()),
    }
}

fn in_cluster(host: &str, port: Option<String>) -> Option<Url> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    Url::parse(&format!("https://{host}:{}", port.as_deref().unwrap_or("443"))).ok()
}

/// Asks one API server for the pods of one node.
pub struct Asker {
    server: ApiServer,
    list: Url,
    node: String,
    /// The client, and the certificates that it trusts: they may be renewed.
    client: Option<(Vec<u8>, Client)>,
}

impl Asker {
    /// One for this server and node.
    pub fn new(server: ApiServer, node: &str) -> Self {
        Self { list: server.list_of(node), server, node: node.to_owned(), client: None }
    }

    /// Asks once.
    ///
    /// # Errors
    /// When there is no list.
    pub async fn ask(&mut self) -> Result<Listing, AskError> {
        let encrypted = self.server.url.scheme() == "https";
        let client = self.client(encrypted)?;
        let mut request = client.get(self.list.clone()).header(reqwest::header::ACCEPT, "application/json");
        let path = self.server.account.join("token");
        match read_token(&path) {
            Ok(token) => request = request.bearer_auth(token),
            // A proxy on this machine has a right of its own.
            Err(error) if !encrypted && error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(AskError::Account { path, source }),
        }
        let mut answer = request.send().await.map_err(AskError::Silent)?;
        match answer.status().as_u16() {
            200 => {}
            status @ (401 | 403) => return Err(AskError::NoRight(status)),
            status => return Err(AskError::Status(status)),
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(AskError::Silent)? {
            body.extend_from_slice(&chunk);
            if body.len() > LIST_BYTES_MAX {
                return Err(AskError::TooLarge);
            }
        }
        let listing = Listing::read(&body, &self.node).map_err(AskError::Odd)?;
        if listing.cut {
            tracing::debug!("more than {PODS_MAX} pods: the rest is not named by the API server");
        }
        Ok(listing)
    }

    fn client(&mut self, encrypted: bool) -> Result<Client, AskError> {
        let path = self.server.account.join("ca.crt");
        let trusted = match fs::read(&path) {
            Ok(trusted) => trusted,
            Err(_) if !encrypted => Vec::new(),
            Err(source) => return Err(AskError::Account { path, source }),
        };
        if let Some((before, client)) = &self.client
            && *before == trusted
        {
            return Ok(client.clone());
        }
        // Somebody may have installed a provider before: then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A proxy of the environment is for the world outside, and would see the token.
        let mut builder = Client::builder()
            .timeout(ASK_TIME_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("assay-agent/", env!("CARGO_PKG_VERSION")));
        if encrypted {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(&trusted).map_err(AskError::Client)?);
        }
        let client = builder.build().map_err(AskError::Client)?;
        self.client = Some((trusted, client.clone()));
        Ok(client)
    }
}
