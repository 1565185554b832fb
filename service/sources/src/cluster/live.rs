//! A live API server, looked at once. Comes in: a kubeconfig, or the pod's own account. Goes out: the same objects that
//! manifests give, with what was not shown and for want of what. Every request is a GET, but for a token that is shown to
//! the server to be judged; Secrets are never asked for.

mod kinds;
pub mod review;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::AsyncReadExt;
use kube::config::KubeConfigOptions;
use kube::core::Request;
use kube::core::params::ListParams;
use kube::{Client, Config};

use super::gathered::Gathered;
use super::json;
use super::limits::ScanLimits;
use super::object::{NoObject, Object, Origin};
use super::yaml::Part;
use crate::door::SecretDoor;
use kinds::{LISTED, Listed};

/// Why a server cannot be looked at at all.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// There is no kubeconfig, it is broken, or it has no such context.
    #[error("no way to an API server: neither a usable kubeconfig nor the account of a pod")]
    Config(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The client cannot be built from it.
    #[error("the kubeconfig gives no usable client")]
    Client(#[source] Box<kube::Error>),
    /// The server does not say what it serves.
    #[error("the API server does not answer what it serves")]
    Discovery(#[source] Box<kube::Error>),
    /// It does not answer in time.
    #[error("the API server did not answer within {0} ms")]
    Late(u64),
}

/// A way to one API server.
#[derive(Clone)]
pub struct Server {
    client: Client,
    host: Option<Box<str>>,
}

impl Server {
    /// The server of a kubeconfig's context; without one of its current context, else of the pod's own account.
    ///
    /// # Errors
    /// When neither is there or usable.
    pub async fn connect(context: Option<&str>) -> Result<Self, LiveError> {
        let config = match context {
            Some(context) => {
                let options = KubeConfigOptions { context: Some(context.to_owned()), ..Default::default() };
                Config::from_kubeconfig(&options).await.map_err(|e| LiveError::Config(Box::new(e)))?
            }
            None => Config::infer().await.map_err(|e| LiveError::Config(Box::new(e)))?,
        };
        Self::of_config(config)
    }

    /// The server of a configuration at hand.
    ///
    /// # Errors
    /// When no client can be built from it.
    pub fn of_config(config: Config) -> Result<Self, LiveError> {
        let host = config.cluster_url.host().map(Into::into);
        let client = Client::try_from(config).map_err(|e| LiveError::Client(Box::new(e)))?;
        Ok(Self { client, host })
    }

    /// Lists every kind that is read, once, in pages. What is forbidden, late or cut off is skipped and named; the scan
    /// then is not complete for that kind.
    ///
    /// # Errors
    /// When the server does not even say what it serves.
    pub async fn gather(&self, limits: &ScanLimits, door: &SecretDoor) -> Result<Gathered, LiveError> {
        let mut look = Look { client: &self.client, limits, door, home: Gathered::default() };
        look.home.endpoint = self.host.clone();
        let groups = look.groups().await?;
        let mut served: BTreeMap<String, Option<Vec<String>>> = BTreeMap::new();
        for listed in LISTED {
            let Some(versions) = groups.get(listed.group) else { continue };
            look.kind(listed, versions, &mut served).await;
        }
        Ok(look.home)
    }
}

/// Why one list came to nothing, or only to a part.
#[derive(Debug)]
enum Miss {
    Forbidden,
    Gone,
    NotThere,
    Refused(u16),
    Late,
    Cut,
    Odd,
    TooMany,
}

struct Look<'a> {
    client: &'a Client,
    limits: &'a ScanLimits,
    door: &'a SecretDoor,
    home: Gathered,
}

impl Look<'_> {
    /// The groups that are served, each with its versions, the preferred one first.
    async fn groups(&self) -> Result<BTreeMap<String, Vec<String>>, LiveError> {
        let named = self.in_time(self.client.list_api_groups()).await?;
        let core = self.in_time(self.client.list_core_api_versions()).await?;
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        groups.insert(String::new(), core.versions);
        for group in named.groups {
            let preferred = group.preferred_version.map(|v| v.version);
            let rest = group.versions.into_iter().map(|v| v.version).filter(|v| Some(v) != preferred.as_ref());
            groups.insert(group.name, preferred.iter().cloned().chain(rest).collect());
        }
        Ok(groups)
    }

    async fn in_time<T>(&self, answer: impl Future<Output = kube::Result<T>>) -> Result<T, LiveError> {
        let limit = self.limits.request_timeout_ms;
        match tokio::time::timeout(Duration::from_millis(limit), answer).await {
            Ok(answer) => answer.map_err(|e| LiveError::Discovery(Box::new(e))),
            Err(_) => Err(LiveError::Late(limit)),
        }
    }

    /// Lists one kind by the first version that serves it. A kind that no version serves does not exist there.
    async fn kind(&mut self, listed: &Listed, versions: &[String], served: &mut BTreeMap<String, Option<Vec<String>>>) {
        for version in versions.iter().filter(|version| listed.knows(version)) {
            let api_version = listed.api_version(version);
            if !served.contains_key(&api_version) {
                let resources = self.resources(listed.group, &api_version).await;
                served.insert(api_version.clone(), resources);
            }
            match served.get(&api_version) {
                Some(Some(resources)) if resources.iter().any(|r| r == listed.resource) => {
                    if let Err(miss) = self.list(listed, &api_version).await {
                        self.miss(listed, &api_version, &miss);
                    }
                    return;
                }
                Some(Some(_)) => {}
                // The group is there and does not say what is in it.
                Some(None) | None => return self.miss(listed, &api_version, &Miss::Odd),
            }
        }
    }

    async fn resources(&self, group: &str, api_version: &str) -> Option<Vec<String>> {
        let list = if group.is_empty() {
            self.in_time(self.client.list_core_api_resources(api_version)).await
        } else {
            self.in_time(self.client.list_api_group_resources(api_version)).await
        };
        Some(list.ok()?.resources.into_iter().map(|resource| resource.name).collect())
    }

    async fn list(&mut self, listed: &Listed, api_version: &str) -> Result<(), Miss> {
        let start = self.home.objects.len();
        let mut restarts = 0;
        let mut pages = 0usize;
        let mut token: Option<String> = None;
        loop {
            pages += 1;
            if pages > self.limits.objects_max || self.home.objects.len() > self.limits.objects_max {
                return Err(Miss::TooMany);
            }
            match self.page(listed, api_version, token.as_deref()).await {
                Ok(None) => return Ok(()),
                Ok(next) => token = next,
                // The server forgot the snapshot that the pages came from: only a whole list is a list.
                Err(Miss::Gone) if restarts < self.limits.list_restarts_max => {
                    restarts += 1;
                    token = None;
                    self.home.objects.truncate(start);
                }
                Err(miss) => return Err(miss),
            }
        }
    }

    /// One page; the token of the next, where there is one.
    async fn page(&mut self, listed: &Listed, api_version: &str, token: Option<&str>) -> Result<Option<String>, Miss> {
        let mut params = ListParams::default().limit(self.limits.page_len_max);
        if let Some(token) = token {
            params = params.continue_token(token);
        }
        let wait = Duration::from_millis(self.limits.request_timeout_ms);
        let text = tokio::time::timeout(wait, self.fetch(listed.path(api_version), &params)).await;
        let text = text.map_err(|_| Miss::Late)??;
        let mut head = None;
        let mut broken = false;
        let (home, limits, door) = (&mut self.home, self.limits, self.door);
        json::read(&text, limits, &mut |part| match part {
            Part::Item(document) => {
                let read = Object::read(document, Some((api_version, listed.kind)), Origin::Live, limits, door);
                let why = match read {
                    Ok(object) => return home.objects.push(object),
                    Err(NoObject::Other(why)) => why.to_owned(),
                    Err(NoObject::Broken(_, why)) => why,
                };
                home.lose(limits.skipped_listed_max, &listed.place(api_version), &why, door);
            }
            Part::Whole(document) => head = Some(document.value),
            Part::Broken(_) => broken = true,
        });
        match head {
            Some(head) if !broken && head.get("items").is_some() => {
                Ok(head["metadata"]["continue"].as_str().filter(|token| !token.is_empty()).map(str::to_owned))
            }
            _ if broken => Err(Miss::Cut),
            _ => Err(Miss::Odd),
        }
    }

    async fn fetch(&self, path: String, params: &ListParams) -> Result<String, Miss> {
        let request = Request::new(path).list(params).map_err(|_| Miss::Odd)?;
        let body = self.client.request_stream(request).await.map_err(|error| Miss::of(&error))?;
        let max = self.limits.file_bytes_max;
        let mut bytes = Vec::new();
        let mut body = std::pin::pin!(body.take(max + 1));
        body.read_to_end(&mut bytes).await.map_err(|_| Miss::Cut)?;
        if bytes.len() as u64 > max {
            return Err(Miss::TooMany);
        }
        String::from_utf8(bytes).map_err(|_| Miss::Odd)
    }

    fn miss(&mut self, listed: &Listed, api_version: &str, miss: &Miss) {
        let resource = listed.resource;
        let group = if listed.group.is_empty() { "the core group" } else { listed.group };
        let reason = match miss {
            // Between discovery and list the kind went: then there is none.
            Miss::NotThere => return,
            Miss::Forbidden => format!("no right to list {resource} of {group}: grant the verb list on it"),
            Miss::Gone => format!("the server forgot its place in the list of {resource} again and again"),
            Miss::Refused(code) => format!("the server answered {code} to the list of {resource}"),
            Miss::Late => format!("the list of {resource} took more than {} ms", self.limits.request_timeout_ms),
            Miss::Cut => format!("the connection broke in the list of {resource}"),
            Miss::Odd => format!("what came for {resource} is no list"),
            Miss::TooMany => format!("more than {} objects, or too many bytes", self.limits.objects_max),
        };
        self.home.unseen.push(listed.kind.into());
        self.home.pass_over(self.limits.skipped_listed_max, &listed.place(api_version), &reason, self.door);
    }
}

impl Miss {
    fn of(error: &kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => match status.code {
                401 | 403 => Self::Forbidden,
                404 => Self::NotThere,
                410 => Self::Gone,
                code => Self::Refused(code),
            },
            _ => Self::Cut,
        }
    }
}
