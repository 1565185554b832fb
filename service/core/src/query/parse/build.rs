//! From runs of words to what they say: filters, hints of the kind, names with the preposition before them, times. One
//! walk from left to right; what a hint comes to is decided afterwards, when all of them are known.

use super::super::abstain::Abstain;
use super::super::calendar::Stretch;
use super::super::filters::{Filters, NameKind, Percent, Tenths, Which};
use super::super::lexicon::{Ask, Means, Prep, Setting};
use super::super::names::{Hit, NAMES_PER_WORD_MAX, NameIndex};
use super::super::tokens::Token;
use super::super::{Change, GroupBy, Impact, Order, QueryKind, ROWS_MAX, Tri};
use super::{Item, What};
use crate::assess::Attacked;
use crate::observation::Severity;
use crate::text::Opaque;

/// How far from a topic "unknown" may stand.
const UNKNOWN_REACH: usize = 6;

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
    group_hint: Option<GroupBy>,
    breakdown: bool,
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
    pub(super) seen: bool,
    pub(super) resolved: bool,
    pub(super) asks_which: bool,
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
}

struct Walk<'a> {
    items: &'a [Item],
    words: &'a [Token],
    names: &'a NameIndex,
    out: Built,
    not: u8,
    /// What was left out last, so that "or build" belongs to it.
    left_out: Option<Family>,
    prep: Option<Prep>,
    held: Option<Prep>,
    each: bool,
    sorting: bool,
    taken: Vec<usize>,
    unknown: Vec<usize>,
}

/// Filters of one sort, that "or" may join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
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
            sorting: false,
            taken: Vec::new(),
            unknown: Vec::new(),
        };
        walk.find_unknowns();
        for at in 0..items.len() {
            walk.step(at)?;
            if items[at].ends {
                walk.not = 0;
                walk.prep = walk.held;
            }
        }
        Ok(walk.out)
    }

    pub(super) fn asks(&self, ask: Ask) -> bool {
        self.asks.contains(&ask)
    }

    fn numbered(&mut self, n: u16) {
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

impl Walk<'_> {
    /// Gives each "unknown" the topic that it speaks about.
    fn find_unknowns(&mut self) {
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

    fn step(&mut self, at: usize) -> Result<(), Abstain> {
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
    fn clear(&mut self) {
        self.not = 0;
        self.prep = None;
        self.held = None;
        self.each = false;
        self.left_out = None;
    }

    fn means(&mut self, at: usize, means: Means) {
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
        ));
        match means {
            Means::Filler => return,
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
                self.each = true;
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
            Means::Cve(id) => self.nickname(id),
            Means::Cvss | Means::Epss => return self.measure(at, means),
            Means::Port | Means::Number | Means::Least | Means::Below => return,
            Means::Nth(n) => out.nth = out.nth.or(Some(n)),
            Means::OrWorse => or_worse(&mut out.filters.severity),
            Means::All => out.limit = Some(ROWS_MAX),
            Means::Single => out.single = true,
            Means::Expires => out.expires = true,
            Means::Seen => {
                out.seen = true;
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
    fn reach(&mut self, at: usize) {
        let item = &self.items[at];
        let last = self.words[item.to - 1].text.as_str();
        self.clear();
        if self.words[item.from].text == "internet" {
            self.spot(Place::Internet);
        }
        self.prep = match last {
            "from" => Some(Prep::From),
            "to" | "into" | "reach" | "reaches" | "reaching" => Some(Prep::To),
            "for" | "of" | "on" | "in" => Some(Prep::In),
            "about" => Some(Prep::About),
            _ => None,
        };
    }

    /// "Worst finding" is one; "worst findings" are some.
    fn singular(&mut self, at: usize) {
        let word = self.words[self.items[at].to - 1].text.as_str();
        let one = matches!(word, "finding" | "thing" | "issue" | "problem" | "risk" | "item" | "threat");
        let top = self.previous(at).is_some_and(|w| matches!(w, What::Means(Means::Kind(QueryKind::Top))));
        self.out.single |= one && top;
    }

    fn setting(&mut self, at: usize, setting: Setting) {
        if self.each {
            if let Some(group) = setting_group(setting) {
                return self.group(Some(group));
            }
        }
        if self.unknown.contains(&at) {
            self.set(unknown(setting));
        } else if matches!(setting, Setting::Class(crate::finding::FindingClass::Secret)) && self.prep == Some(Prep::To)
        {
            self.spot(Place::Secrets);
        } else {
            self.set(setting);
        }
        if !matches!(family(setting), Some(f) if self.left_out == Some(f)) {
            self.left_out = None;
        }
        self.not = 0;
        self.prep = None;
        self.each = false;
    }

    fn topic(&mut self, at: usize, setting: Setting) {
        if self.unknown.contains(&at) {
            self.set(unknown(setting));
        } else if matches!(setting, Setting::Exposed(_)) && self.not == 0 {
            self.out.path = true;
            self.spot(Place::Internet);
        } else {
            self.set(setting);
        }
        self.clear();
    }

    fn cue(&mut self, kind: NameKind) {
        self.out.cues.push(kind);
        if self.each || self.prep == Some(Prep::By) {
            self.group(cue_group(kind));
            self.clear();
        } else if kind == NameKind::Node && self.prep == Some(Prep::To) {
            self.spot(Place::Nodes);
        }
    }

    fn group_word(&mut self, group: GroupBy) {
        if self.each || self.prep == Some(Prep::By) || self.out.breakdown {
            self.group(Some(group));
        } else {
            self.out.group_hint = Some(group);
        }
    }

    fn group(&mut self, group: Option<GroupBy>) {
        self.out.group_by = group.or(self.out.group_by);
        self.each = false;
    }

    fn order(&mut self, order: Order) {
        self.out.order = Some(order);
        self.sorting = false;
    }

    /// "Running" beside a place says where, not that a package is in use.
    fn runs(&mut self, at: usize) {
        self.out.runs = true;
        self.out.unused |= self.not > 0;
        let next = self.items.get(at + 1).map(|i| &i.what);
        if matches!(next, Some(What::Means(Means::Prep(Prep::In)))) {
            self.out.has = true;
        }
        self.not = 0;
    }

    fn nickname(&mut self, id: &str) {
        match self.names.whole(&id.to_lowercase()).into_iter().find(|h| h.kind == NameKind::Cve) {
            Some(hit) => {
                self.out.names += 1;
                self.spot(Place::Names(NameKind::Cve, vec![hit.name]));
            }
            // The name that the press gave it is known, the vulnerability is not among the caller's.
            None => self.spot(Place::Names(NameKind::Cve, vec![Opaque::readmit(id)])),
        }
    }

    /// `cvss over 9`, `epss above 90 %`, `sorted by epss`.
    fn measure(&mut self, at: usize, means: Means) {
        let mut below = false;
        for next in at + 1..(at + 6).min(self.items.len()) {
            let value = match self.items[next].what {
                What::Means(Means::Below) => {
                    below = true;
                    continue;
                }
                What::Means(Means::Least | Means::Filler | Means::Prep(_) | Means::OrWorse) => continue,
                What::Number(n) => n.saturating_mul(10),
                What::Tenths(t) => t,
                _ => break,
            };
            self.taken.push(next);
            let not = (self.not > 0) != below;
            let filters = if not { self.out.filters.not.get_or_insert_default() } else { &mut self.out.filters };
            match means {
                Means::Cvss => filters.cvss_min = Some(Tenths(value.min(100) as u8)),
                // A share below one is written as a fraction as often as in percent.
                _ if value < 10 => filters.epss_min = Some(Percent((value * 10) as u8)),
                _ => filters.epss_min = Some(Percent((value / 10).min(100) as u8)),
            }
            return self.clear();
        }
        if self.sorting || self.prep == Some(Prep::By) {
            self.order(if means == Means::Cvss { Order::Cvss } else { Order::Epss });
        }
        self.clear();
    }

    fn spot(&mut self, at: Place) {
        self.out.spots.push(Spot { prep: self.prep, at, not: self.not > 0 });
    }

    fn name(&mut self, at: usize, hits: &[Hit]) -> Result<(), Abstain> {
        let cue_before = match self.previous_plain(at) {
            Some(What::Means(Means::Cue(kind))) => Some(*kind),
            _ => None,
        };
        let cue_after = match self.items.get(at + 1).map(|i| &i.what) {
            Some(What::Means(Means::Cue(kind))) => Some(*kind),
            _ => None,
        };
        let singular = at > 0 && !self.words[self.items[at].from - 1].text.ends_with('s');
        let of = |kind: NameKind| hits.iter().any(|h| h.kind == kind);
        if let Some(kind) = cue_before.filter(|k| singular && !of(*k)) {
            // "Namespace checkout" where only a workload has that name.
            let near = matches!(kind, NameKind::Workload | NameKind::Package | NameKind::Image);
            if !near {
                self.out.strays.push(Stray { at: self.items[at].from, is_name: true, has_shape: true });
                return Ok(());
            }
        }
        let cue = cue_before.filter(|k| of(*k)).or(cue_after.filter(|k| of(*k)));
        let kind = cue.unwrap_or_else(|| self.likely(hits));
        let mut picked: Vec<Opaque> = hits.iter().filter(|h| h.kind == kind).map(|h| h.name.clone()).collect();
        picked.sort();
        picked.dedup();
        if picked.len() > NAMES_PER_WORD_MAX {
            let said = Opaque::readmit(&self.words[self.items[at].from].text);
            return Err(Abstain::TooManyNames { said, names: picked.len() });
        }
        let family = Family::Names(kind);
        let not = self.not > 0 || self.left_out == Some(family);
        self.left_out = not.then_some(family);
        self.out.names += 1;
        self.out.meaning += 1;
        self.out.spots.push(Spot { prep: self.prep, at: Place::Names(kind, picked), not });
        self.held = self.prep.take();
        self.not = 0;
        self.each = false;
        Ok(())
    }

    /// Which of several kinds a name most likely is of, by the words before it.
    fn likely(&self, hits: &[Hit]) -> NameKind {
        use NameKind as N;
        let order: &[NameKind] = match self.prep {
            Some(Prep::By) => &[N::Person, N::Source],
            Some(Prep::From) => &[N::Source, N::Workload, N::Namespace, N::Node],
            Some(Prep::In) => &[N::Namespace, N::Workload, N::Node, N::Image],
            _ if self.out.runs || self.out.has => &[N::Package, N::Image, N::Namespace],
            _ => &[],
        };
        let rest = [
            N::Cve,
            N::Band,
            N::Namespace,
            N::Workload,
            N::Package,
            N::Image,
            N::Node,
            N::ServiceAccount,
            N::Control,
            N::Source,
            N::Person,
            N::Version,
        ];
        let of = |kind: &&NameKind| hits.iter().any(|h| h.kind == **kind);
        order.iter().chain(&rest).find(of).copied().unwrap_or(N::Workload)
    }

    fn number(&mut self, at: usize, n: u16) {
        let word = self.words[self.items[at].from].text.as_str();
        let previous = self.previous(at);
        let on = at > 0 && self.words[self.items[at].from - 1].text == "on";
        match previous {
            Some(What::Means(Means::Port)) => self.out.filters.port = Some(n),
            _ if on && n > 0 => self.out.filters.port = Some(n),
            Some(What::Means(Means::Nth(_) | Means::Before)) if word == "one" => return,
            _ if word == "one" && !matches!(previous, Some(What::Means(Means::Kind(QueryKind::Top)))) => return,
            Some(What::Means(Means::Kind(QueryKind::Why) | Means::Number | Means::Noun)) => self.out.numbered(n),
            _ if word.starts_with('#') => self.out.numbered(n),
            Some(What::Means(
                Means::Kind(QueryKind::Top) | Means::Weak(QueryKind::List) | Means::Nth(1) | Means::All,
            )) => {
                self.limit(n);
            }
            _ if self.counted(at) => self.limit(n),
            _ => return self.stray(at),
        }
        self.out.meaning += 1;
        self.clear();
    }

    fn limit(&mut self, n: u16) {
        self.out.limit = Some(n.clamp(1, ROWS_MAX));
    }

    /// What follows is something that can be counted.
    fn counted(&self, at: usize) -> bool {
        let next = self.items[at + 1..].iter().map(|i| &i.what).find(|w| !matches!(w, What::Means(Means::Filler)));
        matches!(
            next,
            Some(What::Means(
                Means::Noun
                    | Means::Cue(_)
                    | Means::Kind(_)
                    | Means::By(_)
                    | Means::Set(Setting::Severity(_) | Setting::Class(_))
            ))
        )
    }

    fn stray(&mut self, at: usize) {
        let word = &self.words[self.items[at].from];
        let cue_after = matches!(self.items.get(at + 1).map(|i| &i.what), Some(What::Means(Means::Cue(_))));
        let verb = matches!(
            self.previous(at),
            Some(What::Means(
                Means::Cue(_) | Means::Runs | Means::Has | Means::Affects | Means::Kind(QueryKind::Why) | Means::Path
            ))
        );
        let marks = |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | '_' | ':' | '@');
        let has_shape = word.quoted
            || (word.text.contains(marks) && word.text.contains(char::is_alphabetic))
            || matches!(self.previous(at), Some(What::Names(hits)) if hits.iter().any(|h| h.kind == NameKind::Package) && word.text.contains('.'))
            || self.names.near(&word.text).is_some();
        // "Does kafka have", "is frontend exposed": the subject of a question.
        let subject = matches!(self.previous(at), Some(What::Means(Means::Ask(Ask::Is))))
            && matches!(
                self.items.get(at + 1).map(|i| &i.what),
                Some(What::Means(Means::Has | Means::Runs | Means::Affects | Means::Set(_) | Means::Kind(_)))
            );
        let is_name = has_shape || cue_after || verb || subject || self.prep.is_some();
        self.out.strays.push(Stray { at: self.items[at].from, is_name, has_shape });
        self.held = self.prep.take();
        self.not = 0;
    }

    /// What the last run of words that says something means.
    fn previous(&self, at: usize) -> Option<&What> {
        self.items[..at].iter().rev().map(|i| &i.what).find(|w| !matches!(w, What::Means(Means::Filler)))
    }

    /// What the run directly before means.
    fn previous_plain(&self, at: usize) -> Option<&What> {
        at.checked_sub(1).and_then(|i| self.items.get(i)).map(|i| &i.what)
    }

    fn set(&mut self, setting: Setting) {
        let family = family(setting);
        let joined = family.is_some() && self.left_out == family;
        let not = if joined { 1 } else { self.not };
        if not > 0 && family.is_some() {
            self.left_out = family;
        }
        apply(&mut self.out, setting, not);
    }
}

fn is_tri(setting: Setting) -> bool {
    unknown(setting) != setting
}

fn family(setting: Setting) -> Option<Family> {
    match setting {
        Setting::Severity(_) => Some(Family::Severity),
        Setting::Class(_) => Some(Family::Class),
        Setting::Environment(_) => Some(Family::Environment),
        _ => None,
    }
}

fn unknown(setting: Setting) -> Setting {
    use Setting as S;
    let u = Tri::Unknown;
    match setting {
        S::Exposed(_) => S::Exposed(u),
        S::Traffic(_) => S::Traffic(u),
        S::InUse(_) => S::InUse(u),
        S::Kev(_) => S::Kev(u),
        S::Automatable(_) => S::Automatable(u),
        S::Impact(_) => S::Impact(Impact::Unknown),
        S::Conditions(_) => S::Conditions(u),
        S::Attacked(_) => S::Attacked(&[Attacked::Unknown]),
        other => other,
    }
}

fn topic_group(setting: Setting) -> Option<GroupBy> {
    match setting {
        Setting::Exposed(_) => Some(GroupBy::Exposed),
        Setting::InUse(_) => Some(GroupBy::InUse),
        _ => None,
    }
}

fn setting_group(setting: Setting) -> Option<GroupBy> {
    match setting {
        Setting::Class(_) => Some(GroupBy::Cve),
        _ => topic_group(setting),
    }
}

fn cue_group(kind: NameKind) -> Option<GroupBy> {
    Some(match kind {
        NameKind::Namespace => GroupBy::Namespace,
        NameKind::Workload => GroupBy::Workload,
        NameKind::Image => GroupBy::Image,
        NameKind::Package => GroupBy::Package,
        NameKind::Cve => GroupBy::Cve,
        NameKind::Node => GroupBy::Node,
        NameKind::Control => GroupBy::Control,
        NameKind::Source => GroupBy::Source,
        NameKind::Band => GroupBy::Band,
        NameKind::Version | NameKind::ServiceAccount | NameKind::Person => return None,
    })
}

fn or_worse(severities: &mut Vec<Severity>) {
    if let Some(least) = severities.iter().min().copied() {
        *severities = Severity::ALL.iter().copied().filter(|s| *s >= least).collect();
    }
}

fn push<T: PartialEq + Ord>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
        list.sort();
    }
}

/// Sets a filter. One "not" turns a yes into a no; of a list it leaves the value out; two leave out the no.
fn apply(out: &mut Built, setting: Setting, not: u8) {
    use Setting as S;
    let turned = |t: Tri| match (t, not % 2 == 1 || not == 2) {
        (Tri::Yes, true) => Tri::No,
        (Tri::No, true) => Tri::Yes,
        (t, _) => t,
    };
    let is_list = family(setting).is_some() || matches!(setting, S::Status(_) | S::Change(_) | S::Impact(_));
    if matches!(setting, S::Resolved) {
        out.resolved |= not == 0;
        return;
    }
    let target = if (is_list && not > 0) || not == 2 {
        out.filters.not.get_or_insert_default().as_mut()
    } else {
        &mut out.filters
    };
    match setting {
        S::Exposed(t) => target.exposed = Some(turned(t)),
        S::Traffic(t) => target.traffic = Some(turned(t)),
        S::InUse(t) => target.in_use = Some(turned(t)),
        S::Kev(t) => target.kev = Some(turned(t)),
        S::Automatable(t) => target.automatable = Some(turned(t)),
        S::Impact(i) => target.impact = Some(i),
        S::Conditions(t) => target.conditions = Some(turned(t)),
        S::Fix(t) => target.fix = Some(turned(t)),
        S::Overdue(t) => target.overdue = Some(turned(t)),
        S::Decision(t) => target.decision = Some(turned(t)),
        S::Expired(t) => target.expired = Some(turned(t)),
        S::Inert(t) => target.inert = Some(turned(t)),
        S::Stale(t) => target.stale = Some(turned(t)),
        S::Attacked(_) if not == 1 => target.attacked = vec![Attacked::NoneSeen],
        S::Attacked(list) => target.attacked = list.to_vec(),
        S::Environment(e) => push(&mut target.environment, e),
        S::Severity(s) => push(&mut target.severity, s),
        S::Class(c) => push(&mut target.class, c),
        S::Status(s) => push(&mut target.decision_status, s),
        S::Change(c) => push(&mut target.change, c),
        S::Resolved => {}
    }
}

/// What a change that is asked for says, where a time stands beside it.
pub(super) fn resolved_as_change(filters: &mut Filters) {
    push(&mut filters.change, Change::Resolved);
}
