//! A live API server, looked at once or watched. Comes in: a kubeconfig, or the pod's own account. Goes out: the same objects
//! that manifests give, with what was not shown and for want of what. Every request is a GET, but for a token that is shown to
//! the server to be judged; Secrets are never asked for.

mod ask;
mod backoff;
mod discover;
mod events;
mod follow;
mod kinds;
mod list;
mod mirror;
mod pieces;
pub mod review;
mod rights;
mod watch;
mod within;

use kube::config::KubeConfigOptions;
use kube::{Client, Config};

use super::gathered::Gathered;
use super::limits::ScanLimits;
use crate::door::SecretDoor;
use ask::{Asker, Miss};
pub use backoff::Jitter;
use discover::{Target, discover};
use list::Shown;
pub use mirror::{Mirror, Unseen};
pub use rights::{Right, rights_used};
pub use watch::{Counts, Watch};
pub use within::{BadNamespaces, Namespaces, NoNamespace};

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
    /// The same without retries of its own: a watch keeps its own time.
    plain: Client,
    host: Option<Box<str>>,
    namespaces: Namespaces,
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
        let mut plain = config.clone();
        plain.default_retry = false;
        let client = |config| Client::try_from(config).map_err(|e| LiveError::Client(Box::new(e)));
        Ok(Self { plain: client(plain)?, client: client(config)?, host, namespaces: Namespaces::All })
    }

    /// The same, looked at in these namespaces only.
    #[must_use]
    pub fn within(self, namespaces: Namespaces) -> Self {
        Self { namespaces, ..self }
    }

    /// Lists every kind that is read, once, in pages. What is forbidden, late or cut off is skipped and named; the scan
    /// then is not complete for that kind.
    ///
    /// # Errors
    /// When the server does not even say what it serves.
    pub async fn gather(&self, limits: &ScanLimits, door: &SecretDoor) -> Result<Gathered, LiveError> {
        let asker = Asker { client: &self.client, limits, door };
        let found = discover(asker, &self.namespaces).await?;
        let mut home = self.nothing_yet();
        for target in &found.targets {
            if let Err(miss) = list_all(asker, target, &mut home).await {
                home.unseen_for(&miss, target, asker);
            }
        }
        for target in &found.mute {
            home.unseen_for(&Miss::Odd, target, asker);
        }
        Ok(home)
    }

    fn nothing_yet(&self) -> Gathered {
        Gathered { endpoint: self.host.clone(), restricted: self.namespaces.restricted(), ..Gathered::default() }
    }
}

/// All pages of one kind.
async fn list_all(asker: Asker<'_>, target: &Target, home: &mut Gathered) -> Result<(), Miss> {
    let (objects, lost) = (home.objects.len(), home.lost.len());
    let mut restarts = 0;
    let mut pages = 0usize;
    let mut token: Option<String> = None;
    loop {
        pages += 1;
        if pages > asker.limits.objects_max || home.objects.len() > asker.limits.objects_max {
            return Err(Miss::TooMany);
        }
        let mut keep = |shown| match shown {
            Shown::Object(_, object) => home.objects.push(*object),
            Shown::Lost(_, why) => home.lose(asker.limits.skipped_listed_max, &target.place(), &why, asker.door),
        };
        match list::page(asker, target, token.as_deref(), &mut keep).await {
            Ok(page) if page.next.is_none() => return Ok(()),
            Ok(page) => token = page.next,
            // The server forgot the snapshot that the pages came from: only a whole list is a list.
            Err(Miss::Gone) if restarts < asker.limits.list_restarts_max => {
                restarts += 1;
                token = None;
                home.objects.truncate(objects);
                home.lost.truncate(lost);
            }
            Err(miss) => return Err(miss),
        }
    }
}

impl Gathered {
    /// Notes a kind that was not shown.
    fn unseen_for(&mut self, miss: &Miss, target: &Target, asker: Asker<'_>) {
        // Between discovery and list the kind went: then there is none.
        if *miss == Miss::NotThere {
            return;
        }
        self.unseen.push(target.listed.kind.into());
        let reason = miss.reason("list", target, asker.limits);
        self.pass_over(asker.limits.skipped_listed_max, &target.place(), &reason, asker.door);
    }
}
