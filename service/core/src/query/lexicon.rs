//! The words that questions are made of: one table, longest phrase first. A row says what its words mean, never what a
//! question means; that is decided in `parse`.

mod said;
mod slips;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use said::SAID;
use slips::{CORE, RIGHT, SLIPS};
use table::{PLAIN, TABLE};

use super::calendar;
use super::filters::NameKind;
use super::names::one_letter_off;
use super::tokens::Token;
use super::{Change, GroupBy, Impact, Order, QueryKind, Tri};
use crate::assess::Attacked;
use crate::finding::FindingClass;
use crate::observation::{Environment, Severity, VexStatus};

/// What a phrase means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// Nothing: articles, politeness.
    Filler,
    /// Findings, or what people call them.
    Noun,
    /// A question word.
    Ask(Ask),
    /// The kind of question.
    Kind(QueryKind),
    /// The kind of question when nothing else decides.
    Weak(QueryKind),
    /// A filter with its value.
    Set(Setting),
    /// A question that a filter answers, without its value: "exposure", "use".
    Topic(Setting),
    /// The value of a topic beside it is unknown.
    Unknown,
    /// What comes next is left out.
    Not,
    /// From what comes next to what comes after "and".
    Between,
    /// Joins values of one filter.
    Or,
    /// A preposition: a name may follow.
    Prep(Prep),
    /// The kind of the name beside it.
    Cue(NameKind),
    /// What comes next tells counts apart.
    Each,
    /// Tells counts apart.
    Group(GroupBy),
    /// How many of each.
    Breakdown,
    /// What comes next orders.
    Sort,
    /// Orders.
    By(Order),
    /// Somebody uses or runs something.
    Runs,
    /// Somebody has something.
    Has,
    /// Something concerns somebody.
    Affects,
    /// A way from here to there.
    Path,
    /// Taking ways away.
    Cut,
    /// The outside.
    Internet,
    /// Full rights in the cluster.
    ClusterAdmin,
    /// An identity of the cloud.
    CloudIdentity,
    /// A right, as a control.
    Right(&'static str),
    /// A vulnerability by the name that the press gave it.
    Cve(&'static str),
    /// A base score follows.
    Cvss,
    /// An EPSS percentile follows.
    Epss,
    /// A port follows.
    Port,
    /// A finding's number follows.
    Number,
    /// A place in a list.
    Nth(u16),
    /// At least; below.
    Least,
    /// Below.
    Below,
    /// And what is worse.
    OrWorse,
    /// Everything, not only the first rows.
    All,
    /// Only the first one.
    Single,
    /// Decisions and their end.
    Expires,
    /// Their end, where decisions are spoken of.
    Ends,
    /// Seen first, or not any more.
    Seen,
    /// Seen for the last time.
    LastSeen,
    /// Speaks about the answer before.
    Before,
}

/// Question words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Who,
    Where,
    When,
    How,
    Is,
    Other,
}

/// Prepositions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prep {
    In,
    From,
    To,
    By,
    About,
}

/// A filter with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Exposed(Tri),
    Traffic(Tri),
    InUse(Tri),
    Kev(Tri),
    Automatable(Tri),
    Impact(Impact),
    Conditions(Tri),
    Fix(Tri),
    Overdue(Tri),
    Decision(Tri),
    Expired(Tri),
    Inert(Tri),
    Stale(Tri),
    Attacked(&'static [Attacked]),
    Environment(Environment),
    Severity(Severity),
    Class(FindingClass),
    Status(VexStatus),
    Change(Change),
    /// Gone: a state, or a move where a time stands beside it.
    Resolved,
}

/// The table, ready to be searched.
pub(super) struct Lexicon {
    phrases: BTreeMap<&'static str, Vec<(Vec<&'static str>, Means)>>,
    words: BTreeSet<&'static str>,
    /// Words that say where: a slip in one could as well be a name.
    places: BTreeSet<&'static str>,
    /// Slips that are known, with what is meant.
    slips: BTreeMap<&'static str, &'static str>,
    /// Words that are no slip.
    right: BTreeSet<&'static str>,
    /// Words of what is refused.
    refused: BTreeSet<&'static str>,
}

/// Shorter words are never taken for a slip of the pen.
const SLIP_CHARS_MIN: usize = 5;
/// Shorter words are never taken for a slip in one of the commonest words.
const CORE_CHARS_MIN: usize = 3;
/// Shorter words are never taken for two slips.
const TWO_SLIPS_CHARS_MIN: usize = 8;
/// Shorter words for an environment are never taken for a slip of the pen.
const PLACE_CHARS_MIN: usize = 9;

pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::new);

impl Lexicon {
    fn new() -> Self {
        let mut lexicon = Self {
            phrases: BTreeMap::new(),
            words: BTreeSet::new(),
            places: BTreeSet::new(),
            slips: SLIPS.split(' ').filter_map(|s| s.split_once('>')).collect(),
            right: RIGHT.split(' ').collect(),
            refused: super::parse::refused_words().filter(|w| w.len() >= SLIP_CHARS_MIN).collect(),
        };
        for (pattern, means) in SAID.iter().chain(TABLE) {
            for phrase in spread(pattern) {
                let Some(first) = phrase.first() else { continue };
                lexicon.words.extend(phrase.iter().copied());
                if matches!(means, Means::Set(Setting::Environment(_))) {
                    lexicon.places.extend(phrase.iter().copied());
                }
                let rows = lexicon.phrases.entry(first).or_default();
                // Of two rows with equal words the first counts.
                if !rows.iter().any(|(known, _)| *known == phrase) {
                    rows.push((phrase, *means));
                }
            }
        }
        for word in PLAIN.split(' ') {
            lexicon.words.insert(word);
            let rows = lexicon.phrases.entry(word).or_default();
            if !rows.iter().any(|(known, _)| known.len() == 1) {
                rows.push((vec![word], Means::Filler));
            }
        }
        for rows in lexicon.phrases.values_mut() {
            rows.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
        }
        lexicon
    }

    /// True for a word of the table.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.words.contains(word) || self.refused.contains(word)
    }

    /// The longest phrase that begins here, and how many words it takes.
    pub(super) fn longest(&self, words: &[Token]) -> Option<(Means, usize)> {
        let first = words.first().filter(|w| !w.quoted)?;
        let rows = self.phrases.get(first.text.as_str())?;
        let fits = |phrase: &[&str]| {
            phrase.len() <= words.len() && phrase.iter().zip(words).all(|(p, w)| *p == w.text && !w.quoted)
        };
        rows.iter().find(|(phrase, _)| fits(phrase)).map(|(phrase, means)| (*means, phrase.len()))
    }

    /// A word that says something alone and is one letter from this one; a letter that was left out before one that was
    /// mistaken.
    pub(super) fn one_off(&self, word: &str) -> Option<&'static str> {
        let says = |w: &&&'static str| {
            let token = Token::plain(w);
            !matches!(self.longest(std::slice::from_ref(&token)), None | Some((Means::Filler, _)))
        };
        let near = self.words.iter().filter(|w| one_letter_off(word, w)).filter(says).copied();
        near.min_by_key(|w| (w.len() <= word.len(), *w))
    }

    /// The vulnerabilities whose popular names stand in a text, each once, in their order.
    pub(super) fn nicknamed(&self, words: &[Token]) -> Vec<&'static str> {
        let mut out = Vec::new();
        for at in 0..words.len() {
            if let Some((Means::Cve(id), _)) = self.longest(&words[at..])
                && !out.contains(&id)
            {
                out.push(id);
            }
        }
        out
    }

    /// The one word of the table that this was meant to be: common words are often mistyped, and none is a name.
    pub(super) fn meant(&self, word: &str) -> Option<&'static str> {
        let length = word.chars().count();
        if (CORE_CHARS_MIN..SLIP_CHARS_MIN).contains(&length) && !self.right.contains(word) {
            let slip = |w: &&str| w.chars().next() == word.chars().next() && one_letter_off(word, w);
            let mut near = CORE.split(' ').filter(slip);
            return near.next().filter(|_| near.next().is_none());
        }
        if length < SLIP_CHARS_MIN || !word.chars().all(char::is_alphabetic) || self.right.contains(word) {
            return None;
        }
        // One more letter at the end of a place makes a name of it.
        let named = |w: &str| self.places.contains(w) && (length < PLACE_CHARS_MIN || word.starts_with(w));
        let long = |w: &&&str| w.chars().count() >= SLIP_CHARS_MIN && !named(w);
        // A slip rarely takes the first letter, and "teach" is not "reach".
        let initial = |w: &&&str| w.chars().next() == word.chars().next();
        let candidates = || self.words.iter().chain(&self.refused).filter(long).filter(initial).copied();
        let times = || calendar::WORDS_LONG.split(' ').filter(|w| w.chars().next() == word.chars().next());
        let one = candidates().chain(times()).find(|w| one_letter_off(word, w));
        if one.is_some() || length < TWO_SLIPS_CHARS_MIN {
            return one;
        }
        let last = |w: &str| w.chars().next_back();
        let mut two = candidates()
            .filter(|w| w.len() >= TWO_SLIPS_CHARS_MIN && last(w) == last(word) && two_letters_off(word, w));

        two.next().filter(|_| two.next().is_none())
    }

    /// True for a word for an environment.
    pub(super) fn is_place(&self, word: &str) -> bool {
        self.places.contains(word)
    }

    /// What a known slip or word of chat stands for.
    pub(super) fn slip(&self, word: &str) -> Option<&'static str> {
        self.slips.get(word).copied()
    }
}

/// True when one letter off twice leads from one word to the other.
fn two_letters_off(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 {
        return false;
    }
    // The distance of Damerau and Levenshtein with neighbours that change places, three rows at a time.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()] <= 2
}

/// Every phrase that a pattern stands for.
fn spread(pattern: &'static str) -> Vec<Vec<&'static str>> {
    let mut out: Vec<Vec<&'static str>> = vec![Vec::new()];
    for slot in pattern.split(' ') {
        let (slot, optional) = match slot.strip_suffix('?') {
            Some(rest) => (rest, true),
            None => (slot, false),
        };
        let longer = |base: &Vec<&'static str>| -> Vec<Vec<&'static str>> {
            slot.split('|').map(|word| base.iter().copied().chain([word]).collect()).collect()
        };
        let mut next: Vec<Vec<&'static str>> = out.iter().flat_map(longer).collect();
        if optional {
            next.extend(out);
        }
        out = next;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    #[test]
    fn the_longest_phrase_wins() {
        let found = |text: &str| LEXICON.longest(&tokens(text));
        assert_eq!(found("in use or not"), Some((Means::Set(Setting::InUse(Tri::Yes)), 2)));
        assert_eq!(found("exposed to the internet"), Some((Means::Set(Setting::Exposed(Tri::Yes)), 4)));
        assert_eq!(found("frobnicate"), None);
    }

    #[test]
    fn a_slip_in_a_common_word_is_read() {
        assert_eq!(LEXICON.meant("critcal"), Some("critical"));
        assert_eq!(LEXICON.meant("namepsace"), Some("namespace"));
        assert_eq!(LEXICON.meant("banana"), None);
    }
}
