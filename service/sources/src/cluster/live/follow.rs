//! One kind, followed: one list, then one watch that goes on from where it stood. Comes in: where to list. Goes out: changes,
//! in their order. A connection that breaks is taken up again, the list at its page and the watch at its version; only a
//! server that has forgotten that version is asked for a new list.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::StreamExt;
use kube::Client;
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

use super::ask::{Asker, Miss, Question};
use super::backoff::{Backoff, Jitter};
use super::discover::Target;
use super::events::{Event, event};
use super::list::{Name, Shown, page};
use super::mirror::{Change, What};
use super::pieces::Lines;
use super::watch::Counts;
use crate::cluster::limits::{ScanLimits, WatchLimits};
use crate::cluster::object::Object;
use crate::door::SecretDoor;

/// How much longer than it was asked for a watch may stay silent before it counts as broken.
const WATCH_GRACE: Duration = Duration::from_secs(20);
/// A watch that lasted this long was a good one, whatever it showed.
const GOOD_WATCH: Duration = Duration::from_secs(5);

/// What all followers of one server share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) limits: ScanLimits,
    pub(super) watch: WatchLimits,
    pub(super) door: SecretDoor,
    pub(super) jitter: Jitter,
    pub(super) counts: Arc<Counts>,
    pub(super) out: Sender<Change>,
}

impl Shared {
    pub(super) fn asker(&self) -> Asker<'_> {
        Asker { client: &self.client, limits: &self.limits, door: &self.door }
    }
}

/// Nobody wants to know any more.
pub(super) struct Over;

/// Follows one kind until nobody wants to know.
pub(super) struct Follower {
    pub(super) shared: Shared,
    pub(super) target: Target,
    /// Which of the kinds it is.
    pub(super) at: usize,
}

/// A list in the making.
#[derive(Default)]
struct Listing {
    token: Option<String>,
    version: String,
    objects: BTreeMap<Name, Object>,
    lost: Vec<(Option<Name>, String)>,
    restarts: u32,
}

/// What a follower does next.
enum Doing {
    List(Listing),
    /// Watches from a version on.
    Watch(String),
}

impl Follower {
    pub(super) async fn run(self) -> Result<(), Over> {
        let mut backoff = Backoff::new(&self.shared.watch);
        let mut doing = Doing::List(Listing::default());
        let mut broken_since: Option<Instant> = None;
        loop {
            let (verb, miss) = match &mut doing {
                Doing::List(listing) => match self.list(listing).await {
                    Ok(()) => {
                        backoff.reset();
                        let done = std::mem::take(listing);
                        doing = Doing::Watch(done.version);
                        self.say(What::Listed(done.objects, done.lost)).await?;
                        continue;
                    }
                    Err(miss) => ("list", miss),
                },
                Doing::Watch(version) => {
                    let since = Instant::now();
                    match self.watch(version, &mut broken_since).await? {
                        // At its end, as asked.
                        Miss::Late if since.elapsed() >= GOOD_WATCH => {
                            backoff.reset();
                            continue;
                        }
                        Miss::Gone => {
                            doing = Doing::List(Listing::default());
                            continue;
                        }
                        miss => {
                            if since.elapsed() >= GOOD_WATCH {
                                backoff.reset();
                            }
                            ("watch", miss)
                        }
                    }
                }
            };
            self.say_missing(verb, &miss, &mut broken_since).await?;
            let random = (self.shared.jitter)();
            let wait = match miss {
                Miss::Forbidden | Miss::NotThere | Miss::Odd | Miss::TooMany => backoff.longest(random),
                Miss::Busy(asked) => backoff.wait(random, asked),
                Miss::Stranger | Miss::Gone | Miss::Refused(_) | Miss::Late | Miss::Cut | Miss::Untrusted => {
                    backoff.wait(random, None)
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Tells that a kind is not seen: at once when it cannot be listed, after a while when its watch is broken.
    async fn say_missing(&self, verb: &str, miss: &Miss, broken_since: &mut Option<Instant>) -> Result<(), Over> {
        if verb == "list" && *miss == Miss::NotThere {
            return self.say(What::Listed(BTreeMap::new(), Vec::new())).await;
        }
        let since = *broken_since.get_or_insert_with(Instant::now);
        let patient = Duration::from_millis(self.shared.watch.broken_ms_max);
        if verb == "list" || *miss == Miss::Forbidden || since.elapsed() >= patient {
            return self.say(What::Unseen(miss.reason(verb, &self.target, &self.shared.limits))).await;
        }
        Ok(())
    }

    async fn say(&self, what: What) -> Result<(), Over> {
        self.shared.out.send(Change { at: self.at, what }).await.map_err(|_| Over)
    }

    /// Lists page by page, from where it was.
    async fn list(&self, listing: &mut Listing) -> Result<(), Miss> {
        let asker = self.shared.asker();
        loop {
            if listing.token.is_none() {
                self.shared.counts.lists.fetch_add(1, Ordering::Relaxed);
                (listing.objects, listing.lost) = (BTreeMap::new(), Vec::new());
            }
            let Listing { objects, lost, .. } = listing;
            let mut keep = |shown| match shown {
                Shown::Object(name, object) => drop(objects.insert(name, *object)),
                Shown::Lost(name, why) if lost.len() < asker.limits.skipped_listed_max => lost.push((name, why)),
                Shown::Lost(..) => {}
            };
            match page(asker, &self.target, listing.token.as_deref(), &mut keep).await {
                Ok(_) if listing.objects.len() > asker.limits.objects_max => return Err(Miss::TooMany),
                Ok(page) if page.version.is_empty() => return Err(Miss::Odd),
                Ok(page) => {
                    (listing.version, listing.token) = (page.version, page.next);
                    if listing.token.is_none() {
                        return Ok(());
                    }
                }
                Err(Miss::Gone) if listing.restarts < asker.limits.list_restarts_max => {
                    listing.restarts += 1;
                    listing.token = None;
                }
                Err(Miss::Gone) => {
                    *listing = Listing::default();
                    return Err(Miss::Gone);
                }
                Err(miss) => return Err(miss),
            }
        }
    }

    /// Watches until the connection ends, and says why it did: [`Miss::Late`] is the end that was asked for.
    async fn watch(&self, version: &mut String, broken_since: &mut Option<Instant>) -> Result<Miss, Over> {
        let (asker, limits) = (self.shared.asker(), &self.shared.watch);
        self.shared.counts.watches.fetch_add(1, Ordering::Relaxed);
        let question = Question::Changes { since: version, seconds: limits.watch_seconds_max };
        let patience = Duration::from_millis(asker.limits.request_timeout_ms);
        let body = match tokio::time::timeout(patience, asker.ask(&self.target, question)).await {
            Ok(Ok(body)) => body,
            Ok(Err(miss)) => return Ok(miss),
            Err(_) => return Ok(Miss::Cut),
        };
        if broken_since.take().is_some() {
            self.say(What::Seen).await?;
        }
        let mut body = pin!(body);
        let mut lines = Lines::new(asker.limits.object_bytes_max);
        let silence_max = Duration::from_secs(u64::from(limits.watch_seconds_max)) + WATCH_GRACE;
        loop {
            let some = match tokio::time::timeout(silence_max, body.next()).await {
                Ok(Some(Ok(some))) => some,
                Ok(None) => return Ok(Miss::Late),
                Ok(Some(Err(_))) | Err(_) => return Ok(Miss::Cut),
            };
            let mut events = Vec::new();
            lines.push(some.as_ref(), &mut |piece| events.push(event(asker, &self.target, &piece)));
            for event in events {
                let (what, as_of) = match event {
                    Event::Put(Shown::Object(name, object), as_of) => (Some(What::Put(name, object)), as_of),
                    Event::Put(Shown::Lost(name, why), as_of) => (Some(What::Lost(name, why)), as_of),
                    Event::Gone(name, as_of) => (Some(What::Gone(name)), as_of),
                    Event::Bookmark(as_of) => (None, as_of),
                    Event::End(miss) => return Ok(miss),
                };
                if let Some(what) = what {
                    self.say(what).await?;
                }
                if !as_of.is_empty() {
                    *version = as_of;
                }
            }
        }
    }
}
