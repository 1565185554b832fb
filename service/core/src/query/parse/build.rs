//! What the words of a question say, before it is known what they come to: filters, hints of the kind, names with the
//! preposition before them, times.

use super::super::calendar::Stretch;
use super::super::filters::{Filters, NameKind};
use super::super::lexicon::{Ask, Prep};
use super::super::{GroupBy, Order, QueryKind};
use crate::text::Opaque;

/// What the words say.
#[derive(Debug, Default)]
pub(super) struct Built {
    pub(super) filters: Filters,
    /// Kinds that the words name, in their order, with the item that does.
    pub(super) kinds: Vec<(QueryKind, usize)>,
    pub(super) weak: Vec<QueryKind>,
    /// Names with the preposition before them.
    pub(super) spots: Vec<Spot>,
    pub(super) stretches: Vec<(Stretch, bool)>,
    pub(super) asks: Vec<Ask>,
    pub(super) cues: Vec<NameKind>,
    pub(super) order: Option<Order>,
    pub(super) limit: Option<u16>,
    pub(super) group_by: Option<GroupBy>,
    pub(super) group_hint: Option<GroupBy>,
    pub(super) breakdown: bool,
    pub(super) nth: Option<u16>,
    /// The place was given by a number.
    pub(super) by_number: bool,
    /// One row is asked for.
    pub(super) single: bool,
    pub(super) names: usize,
    pub(super) runs: bool,
    pub(super) has: bool,
    /// "Not used", as far as nobody runs anything.
    pub(super) unused: bool,
    pub(super) affects: bool,
    pub(super) path: bool,
    pub(super) cut: bool,
    pub(super) noun: bool,
    pub(super) expires: bool,
    pub(super) ends: bool,
    pub(super) seen: bool,
    pub(super) last_seen: bool,
    /// How many of something that nobody here counts.
    pub(super) counts_strangers: bool,
    pub(super) resolved: bool,
    pub(super) asks_which: bool,
    /// How much of that is times, which alone ask nothing.
    pub(super) times: usize,
    /// Runs of words that say something.
    pub(super) meaning: usize,
    pub(super) strays: Vec<Stray>,
}

/// A place that a question names.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) prep: Option<Prep>,
    pub(super) at: Place,
    pub(super) not: bool,
}

/// What stands at a spot.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Names(NameKind, Vec<Opaque>),
    Internet,
    ClusterAdmin,
    CloudIdentity,
    Nodes,
    Secrets,
}

/// A word that nothing was made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stray {
    pub(super) at: usize,
    /// It stands where a name would.
    pub(super) is_name: bool,
    /// It is spelled as only names are.
    pub(super) has_shape: bool,
    /// The vulnerability that the press calls so.
    pub(super) calls: Option<&'static str>,
}

impl Built {
    pub(super) fn asks(&self, ask: Ask) -> bool {
        self.asks.contains(&ask)
    }

    pub(super) fn numbered(&mut self, n: u16) {
        self.nth = Some(n);
        self.by_number = true;
    }

    pub(super) fn kind(&self, kind: QueryKind) -> bool {
        self.kinds.iter().any(|(k, _)| *k == kind)
    }

    /// Whether names of this kind are asked for.
    pub(super) fn named(&self, kind: NameKind) -> bool {
        self.spots.iter().any(|s| matches!(&s.at, Place::Names(k, _) if *k == kind))
    }
}
