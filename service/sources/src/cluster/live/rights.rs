//! Which rights are granted: each kind is asked for one object and for a watch that ends at once. Comes in: a server. Goes
//! out: a row for each verb, with what it is for. Nothing is created, not even a review of access.

use std::time::Duration;

use futures::future::join_all;

use super::ask::{Asker, Miss, Question};
use super::discover::{Target, discover};
use super::kinds::{LISTED, Listed};
use super::{LiveError, Server};
use crate::cluster::limits::ScanLimits;
use crate::door::SecretDoor;

/// A verb on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The resource, in the plural.
    pub resource: &'static str,
    /// The namespace, where the right is asked for in one only.
    pub namespace: Option<String>,
    /// `list` or `watch`.
    pub verb: &'static str,
    /// What it is for.
    pub feature: &'static str,
    /// Why it is missing; none when it is granted.
    pub missing: Option<String>,
}

/// Every right that a scan and a watch can use: group, resource, verb, and what it is for. Those of kinds that a server
/// does not have are not asked for.
pub fn rights_used() -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    let verbs = |listed: &'static Listed| VERBS.map(|verb| (listed.group, listed.resource, verb, listed.feature));
    LISTED.iter().flat_map(verbs)
}

/// What is asked of each kind, and nothing else.
const VERBS: [&str; 2] = ["list", "watch"];

impl Server {
    /// Tries the verbs that a scan and a watch need.
    ///
    /// # Errors
    /// When the server does not even say what it serves.
    pub async fn rights(&self, limits: &ScanLimits, door: &SecretDoor) -> Result<Vec<Right>, LiveError> {
        let one = ScanLimits { page_len_max: 1, ..limits.clone() };
        let asker = Asker { client: &self.client, limits: &one, door };
        let found = discover(asker, &self.namespaces).await?;
        let mut rights = Vec::new();
        for target in &found.targets {
            rights.extend(join_all(VERBS.map(|verb| tried(asker, target, verb))).await);
        }
        for target in &found.mute {
            rights.push(right(target, "list", Some(Miss::Odd.reason("list", target, limits))));
        }
        Ok(rights)
    }
}

async fn tried(asker: Asker<'_>, target: &Target, verb: &'static str) -> Right {
    let question = match verb {
        "list" => Question::Page(None),
        _ => Question::Changes { since: "", seconds: 1 },
    };
    let patience = Duration::from_millis(asker.limits.request_timeout_ms);
    // The status is enough: the answer itself is not read.
    let miss = match tokio::time::timeout(patience, asker.ask(target, question)).await {
        Ok(Ok(_)) | Ok(Err(Miss::NotThere | Miss::Gone)) => None,
        Ok(Err(miss)) => Some(miss),
        Err(_) => Some(Miss::Late),
    };
    right(target, verb, miss.map(|miss| miss.reason(verb, target, asker.limits)))
}

fn right(target: &Target, verb: &'static str, missing: Option<String>) -> Right {
    let listed = target.listed;
    Right {
        group: listed.group,
        resource: listed.resource,
        namespace: target.looked.namespace.clone(),
        verb,
        feature: listed.feature,
        missing,
    }
}
