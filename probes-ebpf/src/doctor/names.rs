//! Whether the API server names this node's containers, asked once and said in one line.

use serde::Serialize;

use crate::pods::api::{ApiServer, Asker};

/// What the API server says of this node's pods.
#[derive(Debug, Serialize)]
pub struct Names {
    /// The node that was asked for.
    pub node: String,
    /// The server; absent when there is none to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_server: Option<String>,
    /// How many pods it lists; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<usize>,
    /// Why it does not name them; absent when it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl Names {
    /// Asks once.
    pub fn ask(node: String, server: Option<ApiServer>) -> Self {
        let api_server = server.as_ref().map(|server| server.url.to_string());
        let asked = server.map(|server| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            runtime.block_on(Asker::new(server, &node).ask()).map_err(|error| error.to_string())
        });
        let (pods, because) = match asked {
            Some(Ok(listing)) if listing.is_empty() => (Some(0), Some(format!("it lists no pod of node {node}"))),
            Some(Ok(listing)) => (Some(listing.len()), None),
            Some(Err(why)) => (None, Some(why)),
            None => (None, Some("no API server is named, and this is no pod of a cluster".to_owned())),
        };
        Self { node, api_server, pods, because }
    }

    pub(super) fn line(&self) -> String {
        match (&self.because, self.pods) {
            (None, Some(pods)) => format!("names      the API server lists the pods of node {}: {pods}\n", self.node),
            (because, _) => {
                let why = because.as_deref().unwrap_or_default();
                format!("names      from the runtime and the kubelet's folders only: {why}\n")
            }
        }
    }
}
