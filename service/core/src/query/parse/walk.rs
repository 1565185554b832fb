//! One walk over the runs of words, from left to right: each adds what it says. What a hint comes to is decided
//! afterwards, when all of them are known.

use super::super::abstain::Abstain;
use super::super::filters::{NameKind, Which};
use super::super::lexicon::{Ask, Means, Prep, Setting};
use super::super::names::NameIndex;
use super::super::tokens::Token;
use super::super::{Order, QueryKind, ROWS_MAX, Tri};
use super::build::{Built, Place, Spot};
use super::settings::{is_tri, or_worse, topic_group};
use super::{Item, What};
use crate::text::Opaque;

/// How far from a topic "unknown" may stand.
const UNKNOWN_REACH: usize = 12;

pub(super) struct Walk<'a> {
    pub(super) items: &'a [Item],
    pub(super) words: &'a [Token],
    pub(super) names: &'a NameIndex,
    pub(super) out: Built,
    pub(super) not: u8,
    /// What was left out last, so that "or build" belongs to it.
    pub(super) left_out: Option<Family>,
    pub(super) prep: Option<Prep>,
    pub(super) held: Option<Prep>,
    pub(super) each: bool,
    /// Behind "between": what comes after "and" is the other end.
    pub(super) between: bool,
    pub(super) sorting: bool,
    pub(super) taken: Vec<usize>,
    pub(super) unknown: Vec<usize>,
}

/// Filters of one sort, that "or" may join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Names(NameKind),
    Severity,
    Class,
    Environment,
}

impl Built {
    /// Walks the items.
    pub(super) fn of(items: &[Item], words: &[Token], names: &NameIndex) -> Result<Self, Abstain> {
        let mut walk = Walk {
            items,
            words,
            names,
            out: Self::default(),
            not: 0,
            left_out: None,
            prep: None,
            held: None,
            each: false,
            between: false,
            sorting: false,
            taken: Vec::new(),
            unknown: Vec::new(),
        };
        walk.find_unknowns();
        for (at, item) in items.iter().enumerate() {
            walk.step(at)?;
            if item.ends {
                walk.not = 0;
                walk.prep = walk.held;
            }
        }
        Ok(walk.out)
    }
}

impl Walk<'_> {
    /// Gives each "unknown" the topic that it speaks about.
    pub(super) fn find_unknowns(&mut self) {
        for (at, item) in self.items.iter().enumerate() {
            if !matches!(item.what, What::Means(Means::Unknown)) {
                continue;
            }
            let topic = |i: &usize| matches!(self.items[*i].what, What::Means(Means::Topic(_)));
            let value = |i: &usize| matches!(self.items[*i].what, What::Means(Means::Set(s)) if is_tri(s));
            let after = at + 1..(at + UNKNOWN_REACH).min(self.items.len());
            let before = at.saturating_sub(UNKNOWN_REACH)..at;
            let found = before.clone().rev().find(topic).or_else(|| after.clone().find(topic));
            let found = found.or_else(|| after.clone().find(value)).or_else(|| before.rev().find(value));
            match found {
                Some(i) => self.unknown.push(i),
                None => self.out.weak.push(QueryKind::Blind),
            }
        }
    }

    pub(super) fn step(&mut self, at: usize) -> Result<(), Abstain> {
        let item = &self.items[at];
        if self.taken.contains(&at) {
            return Ok(());
        }
        match &item.what {
            What::Means(means) => self.means(at, *means),
            What::Names(hits) => self.name(at, hits)?,
            What::Id(id) => {
                self.out.filters.finding = Some(Which::Id(id.clone()));
                self.out.meaning += 2;
                self.clear();
            }
            What::Stretch(stretch) => {
                self.out.stretches.push((*stretch, self.not > 0));
                self.out.meaning += 1;
                self.out.times += 1;
                self.clear();
            }
            What::Number(n) => self.number(at, *n),
            What::Port(port) => {
                self.out.filters.port = Some(*port);
                self.out.meaning += 1;
                self.clear();
            }
            What::Tenths(_) => self.stray(at),
            What::Unknown => self.stray(at),
        }
        Ok(())
    }

    /// What was said before no longer reaches what comes.
    pub(super) fn clear(&mut self) {
        self.not = 0;
        self.prep = None;
        self.held = None;
        self.each = false;
        self.left_out = None;
    }

    pub(super) fn means(&mut self, at: usize, means: Means) {
        let out = &mut self.out;
        out.meaning += usize::from(!matches!(
            means,
            Means::Filler
                | Means::Noun
                | Means::Ask(_)
                | Means::Weak(_)
                | Means::Not
                | Means::Or
                | Means::Prep(_)
                | Means::Unknown
                | Means::Nth(_)
                | Means::All
                | Means::Single
                | Means::Before
                | Means::Has
                | Means::Ends
        ));
        match means {
            Means::Filler => {
                // "The most pressing one".
                let one = self.words[self.items[at].from].text == "one";
                let top = matches!(self.previous(at), Some(What::Means(Means::Kind(QueryKind::Top))));
                self.out.single |= one && top;
                return;
            }
            Means::Noun => {
                out.noun = true;
                self.singular(at);
                return;
            }
            Means::Ask(ask) => out.asks.push(ask),
            Means::Kind(QueryKind::Decisions) if self.not == 1 => self.set(Setting::Decision(Tri::Yes)),
            Means::Kind(QueryKind::Due) if self.sorting => self.order(Order::Due),
            Means::Kind(kind) => {
                out.meaning += 1;
                out.kinds.push((kind, at));
                self.reach(at);
                return;
            }
            Means::Weak(kind) => out.weak.push(kind),
            Means::Set(setting) => return self.setting(at, setting),
            Means::Topic(setting) if self.each || self.prep == Some(Prep::By) => self.group(topic_group(setting)),
            Means::Topic(setting) => return self.topic(at, setting),
            Means::Unknown => {}
            Means::Not => {
                self.not += 1;
                return;
            }
            Means::Between => {
                self.between = true;
                self.prep = Some(Prep::From);
                return;
            }
            Means::Or if self.between => {
                self.between = false;
                self.prep = Some(Prep::To);
                return;
            }
            Means::Or => {
                self.prep = self.held;
                return;
            }
            Means::Prep(prep) => {
                self.prep = Some(prep);
                self.held = None;
                return;
            }
            Means::Cue(kind) => return self.cue(kind),
            Means::Each => {
                // "Every finding" is all of them.
                let every = self.words[self.items[at].to - 1].text == "every";
                let noun =
                    matches!(self.items.get(at + 1).map(|i| &i.what), Some(What::Means(Means::Noun | Means::Set(_))));
                let shown = every && self.out.weak.contains(&QueryKind::List);
                self.each = !(every && noun || shown);
                return;
            }
            Means::Group(group) => self.group_word(group),
            Means::Breakdown => {
                out.meaning += 1;
                out.breakdown = true;
                out.kinds.push((QueryKind::Count, at));
                out.group_by = out.group_by.or(out.group_hint);
                return;
            }
            Means::Sort => {
                self.sorting = true;
                return;
            }
            // "Due dates in payments" orders nothing.
            Means::By(Order::Due)
                if !self.sorting
                    && self.prep != Some(Prep::By)
                    && self.words[self.items[at].to - 1].text.starts_with("date") =>
            {
                out.meaning += 1;
                out.kinds.push((QueryKind::Due, at));
            }
            Means::By(order) => self.order(order),
            Means::Runs => return self.runs(at),
            Means::Has => {
                out.has = true;
                return;
            }
            Means::Affects => out.affects = true,
            Means::Path => {
                out.path = true;
                self.reach(at);
                return;
            }
            Means::Cut => out.cut = true,
            Means::Internet => self.spot(Place::Internet),
            Means::ClusterAdmin => self.spot(Place::ClusterAdmin),
            Means::CloudIdentity => self.spot(Place::CloudIdentity),
            Means::Right(right) => out.filters.control.push(Opaque::readmit(right)),
            Means::Cve(id) => self.nickname(at, id),
            Means::Cvss | Means::Epss => return self.measure(at, means),
            Means::Port | Means::Number | Means::Least | Means::Below => return,
            Means::Nth(n) => out.nth = out.nth.or(Some(n)),
            Means::OrWorse => or_worse(&mut out.filters.severity),
            Means::All => out.limit = Some(ROWS_MAX),
            Means::Single => {
                out.single = true;
                out.weak.push(QueryKind::Top);
            }
            Means::Expires => out.expires = true,
            Means::Ends => out.ends = true,
            Means::Seen => {
                out.seen = true;
                return;
            }
            Means::LastSeen => {
                out.last_seen = true;
                return;
            }
            Means::Before => {
                let listed = out.asks.contains(&Ask::Who) || out.weak.contains(&QueryKind::List);
                out.asks_which |= listed;
                return;
            }
        }
        self.clear();
    }

    /// A phrase that ends in a preposition, or in a verb that takes a place.
    pub(super) fn reach(&mut self, at: usize) {
        let item = &self.items[at];
        let last = self.words[item.to - 1].text.as_str();
        self.clear();
        if matches!(
            self.words[item.from].text.as_str(),
            "internet" | "outsiders" | "outsider" | "strangers" | "stranger"
        ) {
            self.spot(Place::Internet);
        }
        // Where paths end is where they lead to.
        let ends = (item.from..item.to).any(|i| self.words[i].text.starts_with("end"));
        self.prep = match last {
            "in" | "at" | "on" if ends => Some(Prep::To),
            // "After taking it over": from there.
            "from" | "over" => Some(Prep::From),
            "to" | "into" | "access" | "touch" | "at" | "reach" | "reaches" | "reaching" | "protect" | "shield"
            | "defend" | "safeguard" => Some(Prep::To),
            "for" | "of" | "on" | "in" => Some(Prep::In),
            "about" => Some(Prep::About),
            _ => None,
        };
    }

    pub(super) fn order(&mut self, order: Order) {
        self.out.order = Some(order);
        self.sorting = false;
    }

    /// "Running" beside a place says where, not that a package is in use.
    pub(super) fn runs(&mut self, at: usize) {
        self.out.runs = true;
        self.out.unused |= self.not > 0;
        let next = self.items.get(at + 1).map(|i| &i.what);
        if matches!(next, Some(What::Means(Means::Prep(Prep::In) | Means::Below))) {
            self.out.has = true;
        }
        self.not = 0;
    }

    pub(super) fn spot(&mut self, at: Place) {
        self.out.spots.push(Spot { prep: self.prep, at, not: self.not > 0 });
    }

    /// What the last run of words that says something means.
    pub(super) fn previous(&self, at: usize) -> Option<&What> {
        self.items[..at].iter().rev().map(|i| &i.what).find(|w| !matches!(w, What::Means(Means::Filler)))
    }

    /// What the run directly before means.
    pub(super) fn previous_plain(&self, at: usize) -> Option<&What> {
        at.checked_sub(1).and_then(|i| self.items.get(i)).map(|i| &i.what)
    }
}
