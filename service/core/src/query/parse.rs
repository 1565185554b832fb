//! A question as a typed query, without a model. Comes in: text, the caller's names, the query before. Goes out: one
//! query with the words that were left aside, or the reason why there is none. The same words always give the same.

mod build;
mod items;
mod refuse;
mod sentence;
mod settings;
mod settle;
mod walk;
mod words;

use build::Built;
use items::{Item, What, items, mended};
pub(super) use refuse::refused_words;

use super::abstain::{Absent, Abstain, OffTopic};
use super::filters::Which;
use super::lexicon::{Ask, Means};
use super::names::NameIndex;
use super::near::CHARS_MIN;
use super::tokens::{Token, tokens};
use super::{QUESTION_BYTES_MAX, Query, QueryKind};
use crate::ids::Time;
use crate::text::Opaque;

/// A question that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What it asks.
    pub query: Query,
    /// Words that say nothing to us. The reading says so.
    pub left_aside: Vec<Opaque>,
}

/// Reads a question. `previous` is the query before it, for "and in staging?".
///
/// # Errors
/// The reason why there is no query for these words.
pub fn read(question: &str, names: &NameIndex, previous: Option<&Query>, as_of: Time) -> Result<Read, Abstain> {
    if question.len() > QUESTION_BYTES_MAX {
        return Err(Abstain::NotForAssay(OffTopic::Noise));
    }
    let words = tokens(question);
    if words.is_empty() {
        return Err(Abstain::NotForAssay(OffTopic::Noise));
    }
    let words = mended(words, names);
    sentence::read_asking(&words, names, &|words| sentence(&words, names, previous, as_of, None))
}

/// Reads a question whose kind somebody else named; names, filters and times are what the words say.
///
/// # Errors
/// The reason why there is no query for these words, even so.
pub(super) fn read_as(
    question: &str,
    names: &NameIndex,
    previous: Option<&Query>,
    as_of: Time,
    kind: QueryKind,
) -> Result<Read, Abstain> {
    sentence(&mended(tokens(question), names), names, previous, as_of, Some(kind))
}

/// Reads one sentence.
fn sentence(
    words: &[Token],
    names: &NameIndex,
    previous: Option<&Query>,
    as_of: Time,
    named: Option<QueryKind>,
) -> Result<Read, Abstain> {
    if let Some(refused) = refuse::refuse(words, names) {
        return Err(refused);
    }
    let items = items(words, names, as_of);
    let built = Built::of(&items, words, names)?;
    let before = previous.filter(|_| built.follows(&items, words));
    let (mut query, explicit) = settle::settle(&built, &items, before, as_of, named);
    if let Some(before) = before {
        query = followed(before, query, &built, explicit);
    }
    if nowhere(&query, names) {
        return Err(Abstain::NothingFound(Absent::Finding));
    }
    if predicate_is_strange(&items) {
        return Err(Abstain::NotForAssay(OffTopic::NotUnderstood));
    }
    let mut left_aside = left_aside(&built, words, names, before.is_some(), named.is_some())?;
    left_aside.extend(second_question(&items, words, &query));
    Ok(Read { query, left_aside })
}

/// True when every workload that is asked for is known, and none of them lies in the namespaces that are asked for.
fn nowhere(query: &Query, names: &NameIndex) -> bool {
    let f = &query.filters;
    let placed = |name: &str| f.namespace.iter().any(|n| names.has_workload(n.reveal(), name));
    !f.namespace.is_empty()
        && !f.workload.is_empty()
        && f.workload.iter().all(|w| !w.reveal().contains('/') && !placed(w.reveal()))
}

/// True when a question whether or why something is ends in a word that nothing was made of: what it asks is not known.
fn predicate_is_strange(items: &[Item]) -> bool {
    let first = items.iter().map(|i| &i.what).find(|w| !matches!(w, What::Means(Means::Filler)));
    let whether = matches!(first, Some(What::Means(Means::Ask(Ask::Is) | Means::Kind(QueryKind::Why))));
    let mut last = items.iter().rev();
    let strange = matches!(last.next().map(|i| &i.what), Some(What::Unknown));
    // Behind a preposition it is a name, which is refused as one.
    let placed = matches!(
        last.next().map(|i| &i.what),
        Some(What::Means(
            Means::Prep(_) | Means::Cue(_) | Means::Runs | Means::Has | Means::Affects | Means::Kind(_) | Means::Filler
        ))
    );
    whether && strange && !placed
}

/// The words that nothing was made of; too many of them, and the question was not understood. What stands where a name
/// would stand is an unknown name.
fn left_aside(
    built: &Built,
    words: &[Token],
    names: &NameIndex,
    follows: bool,
    named: bool,
) -> Result<Vec<Opaque>, Abstain> {
    let meaning = built.meaning + usize::from(follows);
    if built.counts_strangers {
        return Err(Abstain::NotForAssay(OffTopic::NotUnderstood));
    }
    let said = |at: usize| Opaque::readmit(&words[at].text);
    // Beside other words that say nothing, a word where a name would stand is one more of them.
    let others = built.strays.iter().filter(|s| !s.is_name).count();
    let about_us = meaning > 0 || built.noun;
    let is_named = |s: &&build::Stray| s.is_name && (s.has_shape || about_us && others * 3 <= meaning);
    if let Some(stray) = built.strays.iter().find(is_named) {
        if let Some(id) = stray.calls {
            return Err(Abstain::UnknownName { said: Opaque::readmit(id), near: None });
        }
        let word = words[stray.at].text.as_str();
        let near = names.near(word).or_else(|| names.one_off(word).filter(|_| word.chars().count() >= CHARS_MIN));
        let near = near.map(|hit| (hit.kind, hit.name));
        return Err(Abstain::UnknownName { said: said(stray.at), near });
    }
    let strays = built.strays.len();
    let only_times = meaning == built.times && !built.noun && built.weak.is_empty() && !follows;
    if !named && (meaning == 0 || only_times || strays * 2 > meaning) {
        return Err(Abstain::NotForAssay(OffTopic::NotUnderstood));
    }
    Ok(built.strays.iter().map(|s| said(s.at)).collect())
}

/// The words of a second question in the same breath, where it gave the query nothing: one question is read at a time.
fn second_question(items: &[Item], words: &[Token], query: &Query) -> Option<Opaque> {
    let asks = |what: &What| match what {
        What::Means(Means::Ask(ask)) => *ask != Ask::Is,
        What::Means(Means::Kind(_)) => true,
        _ => false,
    };
    let joins = |item: &Item| item.ends || matches!(item.what, What::Means(Means::Or));
    let at = (1..items.len()).find(|at| joins(&items[at - 1]) && asks(&items[*at].what))?;
    let clause = &items[at..];
    let mut unused = false;
    for item in clause {
        unused |= match &item.what {
            // Every row says why.
            What::Means(Means::Kind(QueryKind::Why)) => false,
            What::Means(Means::Kind(kind)) => *kind != query.kind,
            What::Means(Means::Runs) => query.kind != QueryKind::WhoRuns && query.filters.in_use.is_none(),
            What::Means(Means::Path) => query.kind != QueryKind::Paths,
            What::Means(
                Means::Filler
                | Means::Noun
                | Means::Ask(_)
                | Means::Weak(_)
                | Means::Prep(_)
                | Means::Before
                | Means::Has,
            ) => false,
            // It narrows the query, and the reading shows how.
            _ => return None,
        };
    }
    let first = clause.first().filter(|_| unused)?.from;
    let said: Vec<&str> = words[first..].iter().map(|w| w.text.as_str()).collect();
    Some(Opaque::readmit(&said.join(" ")))
}

/// The query before, with what the follow-up changes.
fn followed(before: &Query, new: Query, built: &Built, explicit: bool) -> Query {
    let mut query = before.clone();
    query.filters.finding = None;
    let kind = match (explicit, before.kind) {
        (true, _) => new.kind,
        // "Which ones?" after a count wants the list.
        (false, QueryKind::Count) if built.asks_which => QueryKind::List,
        // What was explained was one finding; what comes now is about the list again.
        (false, QueryKind::Why) if new.filters.finding.is_none() => QueryKind::List,
        (false, kind) => kind,
    };
    if kind != before.kind {
        query.limit = kind.rows_default();
        query.group_by = None;
    }
    if kind == QueryKind::Why {
        let of = match (&before.filters.finding, before.kind) {
            (Some(Which::Nth { of, .. }), QueryKind::Why) => *of,
            (_, QueryKind::Why) => QueryKind::Top,
            (_, kind) => kind,
        };
        let n = match new.filters.finding {
            Some(Which::Nth { n, .. }) => n,
            _ => 1,
        };
        query.filters.finding = Some(Which::Nth { n, of });
        query.kind = kind;
        return query;
    }
    query.kind = kind;
    // A new beginning without an end drops the old end.
    if new.filters.since.is_some() {
        query.filters.until = None;
    }
    query.filters.overlay(new.filters);
    if let Some(order) = built.order {
        query.order = order;
    }
    if let Some(limit) = built.limit {
        query.limit = limit;
    }
    if built.group_by.is_some() {
        query.group_by = built.group_by;
    }
    query
}

impl Built {
    /// True when the words lean on a query before them.
    fn follows(&self, items: &[Item], words: &[Token]) -> bool {
        let polite = |w: &&Token| {
            matches!(w.text.as_str(), "ok" | "okay" | "thanks" | "thx" | "cool" | "great" | "right" | "hm" | "hmm")
        };
        let polite = words.iter().take_while(polite).count();
        let words = if polite < words.len() { &words[polite..] } else { words };
        let first = words.first().map_or("", |w| w.text.as_str());
        let opens = matches!(
            first,
            "and"
                | "also"
                | "only"
                | "but"
                | "same"
                | "then"
                | "or"
                | "not"
                | "without"
                | "except"
                | "excluding"
                | "minus"
                | "drop"
                | "sort"
                | "order"
                | "group"
                | "break"
                | "instead"
                | "just"
                | "grouped"
                | "sorted"
                | "ordered"
        );
        let last = words.last().map_or("", |w| w.text.as_str());
        // "Newest first", "show 25", "48 hours": how, how many and since when, of what was asked before.
        let said = self.order.is_some() || self.limit.is_some() || self.times > 0;
        let bare = self.kinds.is_empty() && self.filters.is_empty() && self.names == 0 && !self.noun;
        let opens = opens || last == "only" || said && bare && self.strays.is_empty();
        let it = self.names == 0
            && self.filters.is_empty()
            && words.iter().enumerate().any(|(at, w)| match w.text.as_str() {
                "it" | "that" => true,
                // "There" says where, unless it only says that something is.
                "there" => {
                    !at.checked_sub(1).is_some_and(|b| matches!(words[b].text.as_str(), "is" | "are" | "was" | "were"))
                }
                _ => false,
            });
        let back = it || items.iter().any(|i| matches!(i.what, What::Means(Means::Before)));
        let bare = self.kinds.len() == 1 && self.filters.is_empty() && self.names == 0 && words.len() <= 4;
        let bare_count = bare && self.kinds.iter().any(|(k, _)| *k == QueryKind::Count);
        let fragment = words.len() <= 4
            && self.kinds.is_empty()
            && !self.noun
            && matches!(first, "in" | "on" | "for" | "with" | "per" | "by" | "each" | "now" | "to" | "from");
        // "Exposed?": a filter and nothing else.
        let narrows = words.len() <= 3
            && self.kinds.is_empty()
            && self.names == 0
            && (!self.filters.is_empty() || self.resolved)
            && self.weak.is_empty();
        let narrows = narrows && !items.iter().any(|i| i.says_findings);
        let asks_why = self.kinds.first().is_some_and(|(k, _)| *k == QueryKind::Why) && self.names == 0;
        opens || back || bare_count || asks_why || fragment || narrows
    }
}

/// The question word that a question begins with, past politeness.
fn opening(items: &[Item]) -> Option<Ask> {
    items.iter().find_map(|item| match item.what {
        What::Means(Means::Filler) => None,
        What::Means(Means::Ask(ask)) => Some(Some(ask)),
        _ => Some(None),
    })?
}
