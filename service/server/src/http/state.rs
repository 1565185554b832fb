//! What all requests share: one writer, some readers, the newest snapshot, sessions. A commit of any process makes a new
//! snapshot; readers of the old one are not disturbed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use arc_swap::ArcSwap;
use assay_core::ids::{Digest, Time};
use assay_core::query::NameIndex;
use assay_sources::door::SecretDoor;
use assay_store::{Grant, Role, Store};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::data::random;
use crate::http::guard::Hosts;
use crate::http::metrics::Metrics;
use crate::http::problem::Problem;
use crate::http::review::Reviewer;
use crate::shown::Kept;
use crate::snapshot::Snapshot;
use crate::words::Words;

/// Readers that are kept open.
const READERS_MAX: usize = 4;
/// How long a session lasts.
const SESSION_AGE_MAX: Duration = Duration::from_secs(12 * 3600);
/// How long the one-time code is good for.
const CODE_AGE_MAX: Duration = Duration::from_secs(10 * 60);
/// The most sessions at a time; the oldest gives way.
const SESSIONS_MAX: usize = 256;

/// The most records of shown texts that wait for the writer; more are not kept, and that is logged.
const WAITING_MAX: usize = 1_000;

/// The service.
pub(crate) struct Service {
    pub(crate) app: App,
    pub(crate) door: SecretDoor,
    pub(crate) words: Words,
    pub(crate) metrics: Metrics,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) hosts: Hosts,
    writer: Mutex<Store>,
    readers: Mutex<Vec<Store>>,
    snapshot: ArcSwap<Snapshot>,
    trusted: Trusted,
    names: Mutex<Option<(Time, Arc<NameIndex>)>>,
    waiting: Mutex<Vec<(Kept, Time, &'static str)>>,
    sessions: Mutex<HashMap<String, (Instant, Role)>>,
    code: Mutex<Option<(String, Instant)>>,
}

/// Whom the service lets in besides those whose tokens it keeps.
pub(crate) struct Trusted {
    /// Tokens given by the environment.
    pub(crate) fixed: Vec<(Digest, Role)>,
    /// Who is asked about tokens of service accounts; none: nobody, and none is taken.
    pub(crate) reviewer: Option<Reviewer>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The only node whose batches it may post; none: any.
    pub(crate) node: Option<String>,
    /// True when a cookie proved it: writes then need a check of their origin.
    pub(crate) by_cookie: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in one request must not take the service from the others.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    pub(crate) fn new(app: App, mut store: Store, words: Words, trusted: Trusted, hosts: Hosts) -> Result<Self> {
        let snapshot = app.refreshed(&mut store)?;
        let permits = Arc::new(Semaphore::new(app.config.serve.requests_at_once_max));
        Ok(Self {
            door: app.door()?,
            metrics: Metrics::new(&words.models.ladder().counts),
            words,
            permits,
            hosts,
            writer: Mutex::new(store),
            readers: Mutex::new(Vec::new()),
            snapshot: ArcSwap::from_pointee(snapshot),
            trusted,
            names: Mutex::new(None),
            waiting: Mutex::new(Vec::new()),
            sessions: Mutex::new(HashMap::new()),
            code: Mutex::new(None),
            app,
        })
    }

    /// True while a question is being answered.
    pub(crate) fn is_busy(&self) -> bool {
        self.permits.available_permits() < self.app.config.serve.requests_at_once_max
    }

    /// The newest snapshot.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Runs a question on a reader, away from the threads that serve connections.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&Self, &Store, &Snapshot) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.clone();
        let done =
            tokio::task::spawn_blocking(move || service.on_reader(|reader| ask(&service, reader, &service.snapshot())));
        done.await.map_err(|e| Problem::Inside(e.into()))?
    }

    fn on_reader<T>(&self, ask: impl FnOnce(&Store) -> Result<T, Problem>) -> Result<T, Problem> {
        let reader = locked(&self.readers).pop();
        let reader = match reader {
            Some(reader) => reader,
            None => Store::open_reader(&self.app.data.database())?,
        };
        let answer = ask(&reader);
        let mut readers = locked(&self.readers);
        if readers.len() < READERS_MAX {
            readers.push(reader);
        }
        answer
    }

    /// Runs a change on the writer, and makes a new snapshot of what came of it.
    pub(crate) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&Self, &mut Store) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.write_if(move |service, store| Ok((true, change(service, store)?))).await
    }

    /// The same for a change that may turn out to be none: then the snapshot stays.
    pub(crate) async fn write_if<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&Self, &mut Store) -> Result<(bool, T), Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut store = locked(&service.writer);
            let (changed, answer) = change(&service, &mut store)?;
            if changed {
                service.renew(&mut store)?;
            }
            Ok(answer)
        });
        done.await.map_err(|e| Problem::Inside(e.into()))?
    }

    /// Keeps something that changes no finding: no new snapshot is made.
    pub(crate) async fn note<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Store) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.clone();
        let done = tokio::task::spawn_blocking(move || change(&mut locked(&service.writer)));
        done.await.map_err(|e| Problem::Inside(e.into()))?
    }

    /// Keeps the record of a text that is about to leave. A report that is being taken in keeps the writer: nobody who reads
    /// waits for it, the record does.
    pub(crate) async fn keep_shown(self: &Arc<Self>, kept: Kept, actor: &'static str) -> Result<(), Problem> {
        {
            let mut waiting = locked(&self.waiting);
            if waiting.len() < WAITING_MAX {
                waiting.push((kept, self.app.now(), actor));
            } else {
                tracing::warn!("what was shown is not in the audit chain: {WAITING_MAX} records wait for the writer");
            }
        }
        let service = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            if let Ok(mut store) = service.writer.try_lock() {
                service.keep_waiting(&mut store);
            }
        });
        done.await.map_err(|e| Problem::Inside(e.into()))
    }

    fn keep_waiting(&self, store: &mut Store) {
        for (kept, at, actor) in std::mem::take(&mut *locked(&self.waiting)) {
            kept.keep(store, at, actor);
        }
    }

    /// The names that may be asked for, made once a snapshot.
    pub(crate) fn names(&self, store: &Store, snapshot: &Snapshot) -> Result<Arc<NameIndex>, Problem> {
        let mut kept = locked(&self.names);
        if let Some((as_of, names)) = kept.as_ref()
            && *as_of == snapshot.world.as_of
        {
            return Ok(names.clone());
        }
        let names = Arc::new(crate::chat::index(store, snapshot)?);
        *kept = Some((snapshot.world.as_of, names.clone()));
        Ok(names)
    }

    fn renew(&self, store: &mut Store) -> Result<(), Problem> {
        self.keep_waiting(store);
        let snapshot = self.app.refreshed(store).map_err(Problem::from)?;
        self.snapshot.store(Arc::new(snapshot));
        Ok(())
    }

    /// Makes a new snapshot for the passing of time, or because another process wrote.
    pub(crate) fn tick(&self) -> Result<(), Problem> {
        self.renew(&mut locked(&self.writer))
    }

    /// A number that changes when another process commits.
    pub(crate) fn data_version(&self) -> Result<i64, Problem> {
        Ok(locked(&self.writer).data_version()?)
    }

    /// Who a bearer token belongs to.
    pub(crate) fn bearer(&self, token: &str) -> Result<Option<Caller>, Problem> {
        let digest = crate::tokens::digest(token);
        for (known, role) in &self.trusted.fixed {
            if bool::from(subtle::ConstantTimeEq::ct_eq(known.bytes().as_slice(), digest.bytes().as_slice())) {
                let (name, role) = (format!("fixed-{role}"), *role);
                return Ok(Some(Caller { name, role, node: None, by_cookie: false }));
            }
        }
        // A report that is being taken in keeps the writer, and nobody out.
        let found = self.on_reader(|reader| Ok(reader.token(&digest)?))?;
        Ok(found.map(|Grant { name, role, node }| {
            let name = name.reveal().to_owned();
            Caller { name, role, node, by_cookie: false }
        }))
    }

    /// Whose token of a service account this is; none when that is asked of nobody, or it is no such token.
    pub(crate) async fn reviewed(&self, token: &str) -> Result<Option<Caller>, Problem> {
        match &self.trusted.reviewer {
            Some(reviewer) => reviewer.agent(token).await,
            None => Ok(None),
        }
    }

    /// Who a session cookie belongs to.
    pub(crate) fn session(&self, id: &str) -> Option<Caller> {
        let mut sessions = locked(&self.sessions);
        sessions.retain(|_, (since, _)| since.elapsed() < SESSION_AGE_MAX);
        let caller = |role| Caller { name: "session".to_owned(), role, node: None, by_cookie: true };
        sessions.get(id).map(|(_, role)| caller(*role))
    }

    /// Opens a session for a token or the one-time code; none when neither is right.
    pub(crate) fn log_in(&self, secret: &str) -> Result<Option<String>, Problem> {
        let role = match self.bearer(secret)?.filter(|c| c.role != Role::Agent) {
            Some(caller) => caller.role,
            None if self.takes_code(secret) => Role::Writer,
            None => return Ok(None),
        };
        let id = data_encoding::HEXLOWER.encode(&random::<32>().map_err(Problem::from)?);
        let mut sessions = locked(&self.sessions);
        if sessions.len() >= SESSIONS_MAX
            && let Some(oldest) =
                sessions.iter().max_by_key(|(_, (since, _))| since.elapsed()).map(|(id, _)| id.clone())
        {
            sessions.remove(&oldest);
        }
        sessions.insert(id.clone(), (Instant::now(), role));
        Ok(Some(id))
    }

    /// Ends a session.
    pub(crate) fn log_out(&self, id: &str) {
        locked(&self.sessions).remove(id);
    }

    /// A new one-time code; the one before is void.
    pub(crate) fn new_code(&self) -> Result<String> {
        let code = data_encoding::BASE32_NOPAD.encode(&random::<8>()?).to_ascii_lowercase();
        *locked(&self.code) = Some((code.clone(), Instant::now()));
        Ok(code)
    }

    /// True once for the code that was printed, while it is young. A wrong guess voids it.
    fn takes_code(&self, guess: &str) -> bool {
        let Some((code, since)) = locked(&self.code).take() else { return false };
        since.elapsed() < CODE_AGE_MAX
            && bool::from(subtle::ConstantTimeEq::ct_eq(code.as_bytes(), guess.trim().as_bytes()))
    }
}
