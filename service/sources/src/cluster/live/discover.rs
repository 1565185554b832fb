//! What an API server serves. Comes in: its groups, and what is in each of them. Goes out: where to list each kind that is
//! read. A kind that is not served is passed over; a group that does not say what is in it is a gap, and named.

use std::collections::BTreeMap;
use std::time::Duration;

use super::LiveError;
use super::ask::Asker;
use super::kinds::{LISTED, Listed};
use super::within::{Looked, Namespaces};

/// One list, and its watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) listed: &'static Listed,
    pub(super) api_version: String,
    pub(super) looked: Looked,
}

/// What was found.
pub(super) struct Found {
    pub(super) targets: Vec<Target>,
    /// Kinds of groups that do not say what is in them.
    pub(super) mute: Vec<Target>,
}

impl Target {
    /// The path of the list.
    pub(super) fn path(&self) -> String {
        let (root, resource) = (if self.listed.group.is_empty() { "api" } else { "apis" }, self.listed.resource);
        match &self.looked.namespace {
            Some(namespace) => format!("/{root}/{}/namespaces/{namespace}/{resource}", self.api_version),
            None => format!("/{root}/{}/{resource}", self.api_version),
        }
    }

    /// Where the list stands, for people.
    pub(super) fn place(&self) -> String {
        let of = self.looked.namespace.as_ref().map(|namespace| format!(" of namespace {namespace}"));
        format!("live {} {}{}", self.api_version, self.listed.resource, of.unwrap_or_default())
    }

    /// What a right on it is called in a role.
    pub(super) fn granted(&self) -> String {
        let group = if self.listed.group.is_empty() { "the core group" } else { self.listed.group };
        format!("{} of {group}", self.listed.resource)
    }
}

/// Asks what is served.
///
/// # Errors
/// When the server does not even say which groups it has.
pub(super) async fn discover(asker: Asker<'_>, namespaces: &Namespaces) -> Result<Found, LiveError> {
    let groups = groups(asker).await?;
    let mut served: BTreeMap<String, Option<BTreeMap<String, bool>>> = BTreeMap::new();
    let mut found = Found { targets: Vec::new(), mute: Vec::new() };
    for listed in LISTED {
        let versions = groups.get(listed.group).into_iter().flatten();
        for version in versions.filter(|version| listed.knows(version)) {
            let api_version = listed.api_version(version);
            if !served.contains_key(&api_version) {
                served.insert(api_version.clone(), resources(asker, listed.group, &api_version).await);
            }
            let at = |looked: Looked| Target { listed, api_version: api_version.clone(), looked };
            match served.get(&api_version) {
                Some(Some(resources)) => {
                    let Some(namespaced) = resources.get(listed.resource) else { continue };
                    found.targets.extend(namespaces.places(listed, *namespaced).into_iter().map(at));
                }
                Some(None) | None => found.mute.push(at(Looked { namespace: None, selector: None })),
            }
            break;
        }
    }
    Ok(found)
}

/// The groups that are served, each with its versions, the preferred one first.
async fn groups(asker: Asker<'_>) -> Result<BTreeMap<String, Vec<String>>, LiveError> {
    let named = in_time(asker, asker.client.list_api_groups()).await?;
    let core = in_time(asker, asker.client.list_core_api_versions()).await?;
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    groups.insert(String::new(), core.versions);
    for group in named.groups {
        let preferred = group.preferred_version.map(|v| v.version);
        let rest = group.versions.into_iter().map(|v| v.version).filter(|v| Some(v) != preferred.as_ref());
        groups.insert(group.name, preferred.iter().cloned().chain(rest).collect());
    }
    Ok(groups)
}

/// What is in one version of a group: each resource, and whether it has namespaces.
async fn resources(asker: Asker<'_>, group: &str, api_version: &str) -> Option<BTreeMap<String, bool>> {
    let list = if group.is_empty() {
        in_time(asker, asker.client.list_core_api_resources(api_version)).await
    } else {
        in_time(asker, asker.client.list_api_group_resources(api_version)).await
    };
    Some(list.ok()?.resources.into_iter().map(|resource| (resource.name, resource.namespaced)).collect())
}

async fn in_time<T>(asker: Asker<'_>, answer: impl Future<Output = kube::Result<T>>) -> Result<T, LiveError> {
    let limit = asker.limits.request_timeout_ms;
    match tokio::time::timeout(Duration::from_millis(limit), answer).await {
        Ok(answer) => answer.map_err(|e| LiveError::Discovery(Box::new(e))),
        Err(_) => Err(LiveError::Late(limit)),
    }
}
