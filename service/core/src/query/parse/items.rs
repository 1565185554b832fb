//! The words of a question with what each run of them means: a name of the caller's, a time, a phrase of the lexicon,
//! a number; or nothing that is known.

use super::super::QueryKind;
use super::super::calendar::{self, Stretch, number, stretch};
use super::super::filters::NameKind;
use super::super::lexicon::{Ask, LEXICON, Means, Prep, Setting};
use super::super::names::{Hit, NameIndex};
use super::super::tokens::{Mark, Token};
use crate::ids::Time;

/// A run of words and what it means.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) what: What,
    /// The first word.
    pub(super) from: usize,
    /// The word behind the last.
    pub(super) to: usize,
    /// A comma or full stop follows.
    pub(super) ends: bool,
    /// The words say "finding", or what means the same: not "anything".
    pub(super) says_findings: bool,
}

/// What a run of words means.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A phrase of the lexicon.
    Means(Means),
    /// Names of the caller's.
    Names(Vec<Hit>),
    /// The id of a finding, or its beginning.
    Id(Box<str>),
    /// A stretch of time.
    Stretch(Stretch),
    /// A whole number.
    Number(u16),
    /// A number with one digit behind the point, or a share of a hundred.
    Tenths(u16),
    /// A port that says that it is one.
    Port(u16),
    /// A word that is none of these.
    Unknown,
}

/// Questions of no more words may say a span of time and nothing else.
const SHORT_MAX: usize = 5;

/// Reads the words one run after the other.
pub(super) fn items(words: &[Token], names: &NameIndex, as_of: Time) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (what, used) = one(words, at, &items, names, as_of);
        let to = (at + used.max(1)).min(words.len());
        items.push(Item {
            what,
            from: at,
            to,
            ends: words[to - 1].ends(),
            says_findings: says_findings(&words[to - 1].text),
        });
        at = to;
    }
    items
}

fn says_findings(word: &str) -> bool {
    matches!(
        word,
        "finding" | "findings" | "issue" | "issues" | "problem" | "problems" | "result" | "results" | "flaws" | "risks"
    )
}

fn one(words: &[Token], at: usize, before: &[Item], names: &NameIndex, as_of: Time) -> (What, usize) {
    let word = &words[at];
    let text = word.text.as_str();
    let named = names.whole(text);
    if word.quoted {
        return (if named.is_empty() { What::Unknown } else { What::Names(named) }, 1);
    }
    if let Some(id) = finding_id(text) {
        return (What::Id(id), 1);
    }
    if let Some(port) = port(text) {
        return (What::Port(port), 1);
    }
    let phrase = LEXICON.longest(&words[at..]);
    let is_name = !named.is_empty()
        && match phrase {
            // Digits are a version only where a version can stand.
            None if named.iter().all(|h| h.kind == NameKind::Version) => version_fits(before),
            None => true,
            Some((means, used)) => used == 1 && wins(means, &named, words, at, before),
        };
    if is_name {
        return (What::Names(named), 1);
    }
    if let Some((stretch, used)) = stretch(&words[at..], as_of) {
        return (What::Stretch(stretch), used);
    }
    // "48 hours" in a short follow-up.
    if words.len() <= SHORT_MAX
        && let Some((span, used)) = calendar::bare_span(&words[at..], as_of)
    {
        return (What::Stretch(Stretch::Within(span)), used);
    }
    if let Some((means, used)) = phrase {
        return (What::Means(means), used);
    }
    // "The spiciest", "the most annoying".
    let most = at > 0 && words[at - 1].text == "most" && !text.contains(|c: char| !c.is_alphabetic());
    let of_findings = words.get(at + 1).and_then(|_| LEXICON.longest(&words[at + 1..])).map(|(means, _)| means);
    let of_findings = matches!(of_findings, Some(Means::Noun | Means::Cue(_) | Means::Set(_) | Means::Prep(_)));
    if named.is_empty() && of_findings && (most || text.len() > 6 && text.ends_with("iest")) {
        return (What::Means(Means::Kind(QueryKind::Top)), 1);
    }
    // An adverb is no name.
    if named.is_empty() && text.len() > 6 && text.ends_with("ly") && names.near(text).is_none() {
        return (What::Means(Means::Filler), 1);
    }
    if let Some(what) = figure(text) {
        return (what, 1);
    }
    let pieces = names.with_piece(text);
    if pieces.is_empty() { (What::Unknown, 1) } else { (What::Names(pieces), 1) }
}

/// Whether a name that is also a common word is meant as the name: its kind stands beside it, or it stands where a place
/// would, or the word is one for an environment, which a namespace of that name says more exactly.
fn wins(means: Means, named: &[Hit], words: &[Token], at: usize, before: &[Item]) -> bool {
    if matches!(means, Means::Set(Setting::Environment(_))) {
        return named.iter().any(|h| h.kind == NameKind::Namespace);
    }
    let of = |kind: NameKind| named.iter().any(|h| h.kind == kind);
    let cue_before = matches!(before.last().map(|i| &i.what), Some(What::Means(Means::Cue(kind))) if of(*kind));
    let cue_after = match words.get(at + 1..).and_then(|rest| LEXICON.longest(rest)) {
        Some((Means::Cue(kind), _)) => of(kind),
        _ => false,
    };
    let previous = before.last().map(|i| &i.what);
    let after_prep = matches!(previous, Some(What::Means(Means::Prep(Prep::In | Prep::From | Prep::To))));
    let is_place = [NameKind::Namespace, NameKind::Node, NameKind::Workload, NameKind::Image].into_iter().any(of);
    // "Why is report exposed": a plain word as the subject or object of a question.
    let plain = matches!(means, Means::Filler | Means::Noun | Means::Weak(_));
    let verb = matches!(
        previous,
        Some(What::Means(
            Means::Ask(Ask::Is) | Means::Kind(QueryKind::Why) | Means::Runs | Means::Has | Means::Affects | Means::Path
        ))
    );
    cue_before || cue_after || after_prep && is_place || plain && verb && (is_place || of(NameKind::Package))
}

/// A version can stand behind a package, or behind the word.
fn version_fits(before: &[Item]) -> bool {
    match before.last().map(|i| &i.what) {
        Some(What::Names(hits)) => hits.iter().any(|h| h.kind == NameKind::Package),
        Some(What::Means(Means::Cue(NameKind::Version))) => true,
        _ => false,
    }
}

fn finding_id(text: &str) -> Option<Box<str>> {
    let body = text.strip_prefix("a1:")?;
    let legal = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
    ((4..=32).contains(&body.len()) && body.bytes().all(legal)).then(|| text.into())
}

/// `:443`, `443/tcp`.
fn port(text: &str) -> Option<u16> {
    let digits = match text.strip_prefix(':') {
        Some(rest) => rest,
        None => text.strip_suffix("/tcp").or_else(|| text.strip_suffix("/udp"))?,
    };
    digits.parse().ok().filter(|p| *p > 0)
}

/// `5`, `#5`, `9.8`, `90%`, `9+`.
fn figure(text: &str) -> Option<What> {
    let plain = text.strip_prefix('#').unwrap_or(text);
    let plain = plain.strip_suffix(['%', '+']).unwrap_or(plain);
    if let Some(n) = number(plain) {
        return Some(What::Number(n));
    }
    if let Ok(n) = plain.parse::<u16>() {
        return Some(What::Number(n));
    }
    let (whole, part) = plain.split_once('.')?;
    let digits = |s: &str| !s.is_empty() && s.len() <= 2 && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return None;
    }
    let whole: u16 = whole.parse().ok()?;
    let tenth: u16 = part.get(..1)?.parse().ok()?;
    Some(What::Tenths(whole * 10 + tenth))
}

/// The words with compounds of common words split and slips in common words mended. What could be a name is left as it
/// is: a name one letter off must come out as unknown.
pub(super) fn mended(words: Vec<Token>, names: &NameIndex) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(words.len());
    let rest = words.clone();
    for (at, word) in words.into_iter().enumerate() {
        let text = word.text.as_str();
        let slip = LEXICON
            .slip(text)
            .filter(|_| !word.quoted && names.whole(text).is_empty() && names.with_piece(text).is_empty());
        if let Some(slip) = slip {
            out.push(Token { text: slip.to_owned(), ..word });
            continue;
        }
        let known = word.quoted
            || LEXICON.knows(text)
            || calendar::knows(text)
            || number(text).is_some()
            || text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '#' | ':'))
            || !names.whole(text).is_empty()
            || !names.with_piece(text).is_empty();
        if known {
            out.push(word);
            continue;
        }
        // "top5", "last3".
        if let Some((lead, digits)) = word_and_number(text) {
            out.push(Token { mark: Mark::None, ..Token::plain(lead) });
            out.push(Token { mark: word.mark, ..Token::plain(digits) });
            continue;
        }
        let parts: Vec<&str> = text.split(['-', '/']).collect();
        if parts.len() > 1 && parts.iter().all(|p| LEXICON.knows(p)) {
            let last = parts.len() - 1;
            for (i, part) in parts.iter().enumerate() {
                let mark = if i == last { word.mark } else { Mark::None };
                out.push(Token { mark, ..Token::plain(part) });
            }
            continue;
        }
        let meant = if names.near(text).is_some() { None } else { LEXICON.meant(text) };
        let meant =
            meant.filter(|meant| !(is_subject(&out, rest.get(at + 1)) || asks_whether(&out) && names_a_kind(meant)));
        let meant = meant.filter(|meant| {
            says_severity(meant)
                || !stands_for_a_name(&out, rest.get(at + 1))
                || names_a_kind(meant)
                || LEXICON.is_place(meant)
        });
        match meant {
            Some(meant) => out.push(Token { text: meant.to_owned(), ..word }),
            None => out.push(word),
        }
    }
    out
}

fn word_and_number(text: &str) -> Option<(&str, &str)> {
    let (lead, digits) = text.split_at(text.find(|c: char| c.is_ascii_digit())?);
    let counts =
        matches!(lead, "top" | "last" | "next" | "first" | "worst" | "cvss" | "epss" | "number" | "nr" | "port");
    (counts && digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit())).then_some((lead, digits))
}

/// "Does teamx have any": the subject of a question.
fn is_subject(before: &[Token], next: Option<&Token>) -> bool {
    let verb = "have has run use affected exposed vulnerable";
    let verb = next.is_some_and(|w| verb.split(' ').any(|v| v == w.text));
    verb && before.last().is_some_and(|w| matches!(w.text.as_str(), "does" | "do" | "is" | "are" | "did" | "has"))
}

/// Behind "does" a subject follows, which may be a name that is like a word for names.
fn asks_whether(before: &[Token]) -> bool {
    before.last().is_some_and(|w| matches!(w.text.as_str(), "does" | "do" | "did" | "has" | "have"))
}

/// No name is meant by a word for a severity or a class of findings.
fn says_severity(word: &str) -> bool {
    let token = Token::plain(word);
    let means = LEXICON.longest(std::slice::from_ref(&token)).map(|(means, _)| means);
    matches!(means, Some(Means::Set(Setting::Severity(_) | Setting::Class(_))))
}

/// True where a name would stand: behind a preposition or the word for a kind of names, or before that word.
fn stands_for_a_name(before: &[Token], next: Option<&Token>) -> bool {
    let article = |w: &&Token| !matches!(w.text.as_str(), "the" | "a" | "an" | "our" | "my" | "your" | "all" | "any");
    let of_kind = |w: &Token| names_a_kind(&w.text) && !w.text.ends_with('s');
    let placed = before.iter().rev().find(article).is_some_and(|w| {
        let means = LEXICON.longest(std::slice::from_ref(w)).map(|(means, _)| means);
        matches!(means, Some(Means::Prep(Prep::In | Prep::From | Prep::To))) || of_kind(w)
    });
    placed || next.is_some_and(of_kind)
}

fn names_a_kind(word: &str) -> bool {
    let token = Token::plain(word);
    matches!(LEXICON.longest(std::slice::from_ref(&token)), Some((Means::Cue(_), 1)))
}
