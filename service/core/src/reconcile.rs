//! A report against the ledger of its scope. Comes in: what the ledger holds for one scope and what the report claims,
//! both in the order of fingerprint and component. Goes out: one change a row. Silence closes nothing unless the report
//! is newer, complete, speaks for the class, and does not look broken itself.

use std::cmp::Ordering;
use std::iter::Peekable;

use crate::finding::{Presence, ResolvedBecause};
use crate::ids::{Digest, Fingerprint, Time};
use crate::scope::{Spoken, SpokenSet};
use crate::text::Opaque;

/// A drop by more than this share (in percent) of the rows of a scope and class, and by more than [`DROP_ROWS`], is
/// suspicious.
pub const DROP_PERCENT: usize = 20;
/// See [`DROP_PERCENT`].
pub const DROP_ROWS: usize = 5;

/// One source's word in one scope, reduced to what comparing needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The finding.
    pub finding: Fingerprint,
    /// The part that the source named: a binary package, a rule and a path.
    pub component: Opaque,
    /// What a report must speak for to close it; none for signals, which are never absent.
    pub spoken: Option<Spoken>,
    /// A digest of the details: severity, rule, version, fix, title.
    pub details: u64,
}

/// A row of the ledger: one source's earlier word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// The row.
    pub id: i64,
    /// What was said.
    pub said: Said,
    /// False when a newer report already took it back.
    pub alive: bool,
    /// Whether a suspicious report lacked it.
    pub doubt: Doubt,
    /// When the tool said so last, by what it wrote on its report.
    pub said_at: Time,
}

/// Whether a broken report has put a row in doubt, and whether a second look at it counts yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It was not.
    None,
    /// It was, and the report at hand is no second look: it came too soon.
    Fresh,
    /// It was, and the report at hand is a second look.
    Ripe,
}

/// A claim of the report at hand, its identity computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// The row in the staging table.
    pub id: i64,
    /// What is said now.
    pub said: Said,
}

/// How the report stands to what the ledger knows of its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When the tool looked.
    pub at: Time,
    /// The classes that it may close: it speaks for them, is complete, and is newer than every report before.
    pub closes: SpokenSet,
    /// Older than a complete report of the scope: it can add nothing to what that one spoke for.
    pub outdated: SpokenSet,
    /// The same thing was scanned with the same version of the tool, so that a sudden drop means a broken scan.
    pub same_content_and_tool: bool,
}

/// What one row asks the ledger to do. Rows are named by their ids: `staged` of the report, `live` of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The source says it for the first time.
    Appeared {
        /// The claim.
        staged: i64,
    },
    /// The source says it again after it had been gone.
    Returned {
        /// The ledger's row.
        live: i64,
        /// The claim.
        staged: i64,
    },
    /// The source says it with other details.
    Updated {
        /// The ledger's row.
        live: i64,
        /// The claim.
        staged: i64,
    },
    /// Nothing new; doubt, where there was any, is gone.
    Same {
        /// The ledger's row.
        live: i64,
        /// True when a broken report had put it in doubt.
        was_doubted: bool,
    },
    /// The source says it no longer.
    Gone {
        /// The ledger's row.
        live: i64,
    },
    /// The source does not say it, but its report looks broken.
    Doubted {
        /// The ledger's row.
        live: i64,
    },
}

impl Standing {
    /// Of a report that may close nothing, in a scope without history.
    pub fn new(at: Time) -> Self {
        Self { at, closes: SpokenSet::default(), outdated: SpokenSet::default(), same_content_and_tool: false }
    }
}

/// Walks both sides. See the module's words.
pub struct Reconcile<L: Iterator<Item = Live>, S: Iterator<Item = Staged>> {
    live: Peekable<L>,
    staged: Peekable<S>,
    standing: Standing,
    tallies: [Tally; Spoken::ALL.len()],
    missing: Vec<Missing>,
    verdicts: Option<std::vec::IntoIter<Change>>,
}

/// How many rows a class had, and has in the report at hand.
#[derive(Clone, Copy, Default)]
struct Tally {
    before: usize,
    now: usize,
}

impl Tally {
    /// Empty where it was full, or far fewer.
    fn looks_broken(self) -> bool {
        let fewer = self.before.saturating_sub(self.now);
        let emptied = self.now == 0 && self.before > 0;
        emptied || (fewer > DROP_ROWS && fewer * 100 > self.before * DROP_PERCENT)
    }
}

/// A row of the ledger that the report lacks.
struct Missing {
    live: i64,
    class: Spoken,
    doubt: Doubt,
}

/// Compares a report with the ledger. Both iterators must be in ascending order of (fingerprint, component), without
/// repeats. The missing rows come last, because only their number tells whether the report looks broken.
pub fn reconcile<L, S>(live: L, staged: S, standing: Standing) -> Reconcile<L::IntoIter, S::IntoIter>
where
    L: IntoIterator<Item = Live>,
    S: IntoIterator<Item = Staged>,
{
    Reconcile {
        live: live.into_iter().peekable(),
        staged: staged.into_iter().peekable(),
        standing,
        tallies: [Tally::default(); Spoken::ALL.len()],
        missing: Vec::new(),
        verdicts: None,
    }
}

impl<L: Iterator<Item = Live>, S: Iterator<Item = Staged>> Iterator for Reconcile<L, S> {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        loop {
            let order = match (self.live.peek(), self.staged.peek()) {
                (None, None) => return self.verdict(),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(l), Some(s)) => key(&l.said).cmp(&key(&s.said)),
            };
            let change = match order {
                Ordering::Less => self.live.next().and_then(|live| self.lacking(&live)),
                Ordering::Greater => self.staged.next().and_then(|staged| self.unknown(&staged)),
                Ordering::Equal => {
                    self.live.next().zip(self.staged.next()).and_then(|(live, staged)| self.met(&live, &staged))
                }
            };
            if change.is_some() {
                return change;
            }
        }
    }
}

impl<L: Iterator<Item = Live>, S: Iterator<Item = Staged>> Reconcile<L, S> {
    /// Silence about a row. What was said after this report was made is none of its business.
    fn lacking(&mut self, live: &Live) -> Option<Change> {
        let class = live.said.spoken.filter(|class| self.standing.closes.contains(*class))?;
        if live.alive {
            self.tallies[class as usize].before += 1;
            if live.said_at < self.standing.at {
                self.missing.push(Missing { live: live.id, class, doubt: live.doubt });
            }
        }
        None
    }

    fn unknown(&mut self, staged: &Staged) -> Option<Change> {
        if self.outdated(staged) {
            return None;
        }
        self.tally_now(staged);
        Some(Change::Appeared { staged: staged.id })
    }

    fn met(&mut self, live: &Live, staged: &Staged) -> Option<Change> {
        if let Some(class) = live.said.spoken.filter(|_| live.alive) {
            self.tallies[class as usize].before += 1;
        }
        self.tally_now(staged);
        if self.outdated(staged) || (live.alive && self.standing.at < live.said_at) {
            return None;
        }
        let (live_id, staged_id) = (live.id, staged.id);
        Some(match (live.alive, live.said == staged.said) {
            (false, _) => Change::Returned { live: live_id, staged: staged_id },
            (true, true) => Change::Same { live: live_id, was_doubted: live.doubt != Doubt::None },
            (true, false) => Change::Updated { live: live_id, staged: staged_id },
        })
    }

    fn outdated(&self, staged: &Staged) -> bool {
        staged.said.spoken.is_some_and(|class| self.standing.outdated.contains(class))
    }

    fn tally_now(&mut self, staged: &Staged) {
        if let Some(class) = staged.said.spoken {
            self.tallies[class as usize].now += 1;
        }
    }

    fn verdict(&mut self) -> Option<Change> {
        let verdicts = self.verdicts.get_or_insert_with(|| {
            let unexplained = self.standing.same_content_and_tool;
            let judge = |missing: Missing| {
                let in_doubt = match missing.doubt {
                    Doubt::None => unexplained && self.tallies[missing.class as usize].looks_broken(),
                    // One look said so already, and this one comes too soon to be another.
                    Doubt::Fresh => unexplained,
                    Doubt::Ripe => false,
                };
                if in_doubt { Change::Doubted { live: missing.live } } else { Change::Gone { live: missing.live } }
            };
            std::mem::take(&mut self.missing).into_iter().map(judge).collect::<Vec<_>>().into_iter()
        });
        verdicts.next()
    }
}

fn key(said: &Said) -> (&[u8; 20], &str) {
    (said.finding.bytes(), said.component.reveal())
}

/// How a report of a scope stands to the reports before it.
///
/// `last` is the newest complete report of the scope and class, by what the tool wrote on it.
pub fn newer(produced_at: Time, last: Option<Time>) -> bool {
    last.is_none_or(|last| produced_at > last)
}

/// Whether a drop cannot be explained by a change: another digest or another version of the tool. What cannot be
/// compared explains nothing.
pub fn unchanged(content: (Option<Digest>, Option<Digest>), tool: (&str, &str)) -> bool {
    let same_content = match content {
        (Some(before), Some(now)) => before == now,
        _ => true,
    };
    same_content && (tool.0 == tool.1 || tool.0.is_empty())
}

/// What one source says of a finding at the moment that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// It claims it.
    Live,
    /// It claimed it; its last report lacked it but looked broken, or its scope has been silent for too long.
    Silent,
    /// It took it back.
    Gone(ResolvedBecause),
}

/// The presence of a finding, from every source's word. One source's silence does not outvote another's claim.
pub fn presence(words: impl IntoIterator<Item = Word>) -> Presence {
    let best = words.into_iter().min();
    match best {
        Some(Word::Live) => Presence::Open,
        Some(Word::Silent) => Presence::Stale,
        Some(Word::Gone(because)) => Presence::Resolved(because),
        None => Presence::Resolved(ResolvedBecause::SourceWithdrew),
    }
}

/// The clocks of a finding. They run on when we received a report, never on what is written in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// The machine's view.
    pub presence: Presence,
    /// First report ever.
    pub first_seen: Time,
    /// Last report that claimed it.
    pub last_seen: Time,
    /// 1, and one more for each return.
    pub episode: u32,
    /// When this episode began.
    pub episode_start: Time,
    /// When it was resolved, while it is.
    pub resolved_at: Option<Time>,
}

/// A step in the life of a finding. Each has one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It came back: a new episode with a new clock.
    Reopened,
    /// Its sources fell silent.
    Staled,
    /// A silent source spoke again.
    Refreshed,
    /// It went.
    Resolved(ResolvedBecause),
    /// It stays resolved, for another reason.
    Restated(ResolvedBecause),
}

impl Life {
    /// The first report.
    pub fn begin(at: Time) -> Self {
        Self {
            presence: Presence::Open,
            first_seen: at,
            last_seen: at,
            episode: 1,
            episode_start: at,
            resolved_at: None,
        }
    }

    /// The life of one finding that two were taken for: the earlier clocks, and the episode of the one that is there.
    pub fn join(self, other: Life) -> Life {
        let (here, there) = if other.presence < self.presence { (other, self) } else { (self, other) };
        let both_here = here.is_here() == there.is_here();
        Life {
            presence: here.presence,
            first_seen: here.first_seen.min(there.first_seen),
            last_seen: here.last_seen.max(there.last_seen),
            episode: here.episode.max(there.episode),
            episode_start: if both_here { here.episode_start.min(there.episode_start) } else { here.episode_start },
            resolved_at: if here.is_here() { None } else { here.resolved_at.max(there.resolved_at) },
        }
    }

    /// True unless it is resolved.
    pub fn is_here(&self) -> bool {
        !matches!(self.presence, Presence::Resolved(_))
    }

    /// Moves to a presence; says what happened, if anything did. A finding that was only superseded by another one and
    /// is itself again goes on in the same episode.
    pub fn go(&mut self, to: Presence, at: Time) -> Option<Step> {
        let from = self.presence;
        self.presence = to;
        match (from, to) {
            (from, to) if from == to => None,
            (Presence::Resolved(ResolvedBecause::Superseded), Presence::Open | Presence::Stale) => {
                self.resolved_at = None;
                Some(Step::Refreshed)
            }
            (Presence::Resolved(_), Presence::Open | Presence::Stale) => {
                self.resolved_at = None;
                self.episode += 1;
                self.episode_start = at;
                Some(Step::Reopened)
            }
            (Presence::Open, Presence::Stale) => Some(Step::Staled),
            (_, Presence::Open) => Some(Step::Refreshed),
            (Presence::Resolved(_), Presence::Resolved(because)) => Some(Step::Restated(because)),
            (_, Presence::Resolved(because)) => {
                self.resolved_at = Some(at);
                Some(Step::Resolved(because))
            }
            (Presence::Stale, Presence::Stale) => None,
        }
    }
}

#[cfg(test)]
mod tests;
