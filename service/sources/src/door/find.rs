//! Where the secrets of a text are. One pass of keywords says which rules may fire and where; only those rules look at
//! the text, each at a bounded stretch behind its keyword, so that the time is linear whatever the text.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::bytes::{Regex, RegexBuilder};

use super::MARK;
use super::check::passes;
use super::joined::{self, assigned};
use super::rules::{self, Lead, Rule};

/// The shortest text that can hold a secret.
const SECRET_BYTES_MIN: usize = 8;
/// How far a rule looks behind its keyword, unless its row says otherwise.
pub(super) const WINDOW_BYTES: usize = 2048;
/// The longest value in quotes.
const QUOTED_MAX: usize = 512;

/// A stretch of text that a rule recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) rule: &'static str,
    /// Where the rule stands in the table: of two that see the same value the earlier one names it.
    row: usize,
}

/// The keywords of all rules as one automaton.
struct Engine {
    keywords: AhoCorasick,
    /// For each keyword the rules that it wakes.
    wakes: Vec<Vec<&'static Compiled>>,
}

struct Compiled {
    row: usize,
    rule: &'static Rule,
    /// Compiled when the first keyword of the rule is seen.
    lead: OnceLock<Option<Regex>>,
    value: OnceLock<Option<Regex>>,
}

static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
    rules::all()
        .enumerate()
        .map(|(row, rule)| Compiled { row, rule, lead: OnceLock::new(), value: OnceLock::new() })
        .collect()
});

static ENGINE: LazyLock<Option<Engine>> = LazyLock::new(|| {
    let mut words: Vec<&'static str> = COMPILED.iter().flat_map(|c| c.rule.words.iter().copied()).collect();
    words.sort_unstable();
    words.dedup();
    let keywords = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(&words)
        .ok()?;
    let wakes = words.iter().map(|w| COMPILED.iter().filter(|c| c.rule.words.contains(w)).collect()).collect();
    Some(Engine { keywords, wakes })
});

/// The secrets of a text, in order, apart from each other.
pub(super) fn secrets(text: &str) -> Vec<Span> {
    if text.len() < SECRET_BYTES_MIN {
        return Vec::new();
    }
    let Some(engine) = ENGINE.as_ref() else { return Vec::new() };
    let mut found: Vec<Span> = Vec::new();
    let mut marks: Option<Vec<Range<usize>>> = None;
    for hit in engine.keywords.find_overlapping_iter(text) {
        let marks = marks.get_or_insert_with(|| marks_of(text));
        if marks.iter().any(|m| m.contains(&hit.start())) {
            continue;
        }
        for compiled in &engine.wakes[hit.pattern().as_usize()] {
            if let Some(span) = compiled.at(text, hit.start(), hit.end(), marks) {
                found.push(span);
            }
        }
    }
    settle(found)
}

/// The marks that stand in the text already: no rule may fire inside or across them.
fn marks_of(text: &str) -> Vec<Range<usize>> {
    let mark = |(at, _): (usize, &str)| {
        let tail = &text.as_bytes()[at + MARK.len()..];
        let end = tail.iter().take(80).position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b':')))?;
        (tail[end] == b']').then_some(at..at + MARK.len() + end + 1)
    };
    text.match_indices(MARK).filter_map(mark).collect()
}

/// Overlapping finds become one, under the rule that began first; of several the earlier row.
fn settle(mut found: Vec<Span>) -> Vec<Span> {
    found.sort_by_key(|span| (span.start, span.row));
    let mut out: Vec<Span> = Vec::with_capacity(found.len());
    for span in found {
        match out.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

impl Compiled {
    fn value(&self, pattern: &str) -> Option<&Regex> {
        // Beside a name the shape is all there is, and tools write it in either case.
        let any_case = matches!(self.rule.lead, Lead::Beside { .. });
        if any_case { anchored(&self.value, &format!("(?i:{pattern})")) } else { anchored(&self.value, pattern) }
    }

    /// The secret that this rule sees behind a keyword.
    fn at(&self, text: &str, start: usize, end: usize, marks: &[Range<usize>]) -> Option<Span> {
        let bytes = text.as_bytes();
        let from = match self.rule.lead {
            // A short prefix in the middle of a word is part of a digest or a name.
            Lead::Here if !self.rule.anywhere && start > 0 && bytes[start - 1].is_ascii_alphanumeric() => return None,
            Lead::Here => start,
            Lead::Back { min, max, of } => back(bytes, start, min, max, of)?,
            Lead::Assigned => assigned(bytes, start, end)?,
            Lead::Beside { commas } => joined::beside(bytes, start, end, commas)?,
            Lead::User => user_before_password(bytes, end)?,
            Lead::After(pattern) => end + anchored(&self.lead, pattern)?.find(window(bytes, end, WINDOW_BYTES))?.end(),
        };
        let whole = match self.rule.value {
            // Everything up to the end of the quotes or of the word.
            "" if matches!(self.rule.lead, Lead::User) => password_end(bytes, from)?,
            "" => word_end(bytes, from),
            pattern => from + self.value(pattern)?.find(window(bytes, from, self.rule.window))?.end(),
        };
        // A value never reaches into a mark: what a rule took out before stays as it is.
        let mut until = marks.iter().find(|m| m.end > from).map_or(whole, |m| whole.min(m.start.max(from)));
        while !text.is_char_boundary(until) {
            until += 1;
        }
        let value = text.get(from..until).filter(|v| !v.is_empty())?;
        if self.rule.whole && bytes.get(until).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
            return None;
        }
        if matches!(self.rule.lead, Lead::Beside { .. }) && joined::may_be_a_tag(bytes, end, from, value) {
            return None;
        }
        passes(self.rule.check, value).then_some(Span { start: from, end: until, rule: self.rule.id, row: self.row })
    }
}

pub(super) fn window(bytes: &[u8], from: usize, max: usize) -> &[u8] {
    &bytes[from.min(bytes.len())..bytes.len().min(from.saturating_add(max))]
}

fn anchored<'r>(cell: &'r OnceLock<Option<Regex>>, pattern: &str) -> Option<&'r Regex> {
    cell.get_or_init(|| RegexBuilder::new(&format!(r"\A(?:{pattern})")).unicode(false).build().ok()).as_ref()
}

/// Walks back from the keyword over bytes of a class.
fn back(bytes: &[u8], start: usize, min: usize, max: usize, of: fn(u8) -> bool) -> Option<usize> {
    let head = &bytes[start.saturating_sub(max)..start];
    let run = head.iter().rev().take_while(|b| of(**b)).count();
    (run >= min).then_some(start - run)
}

/// The end of a value that began at `from`: at its closing quote where it stands in quotes, else where its word ends.
fn word_end(bytes: &[u8], from: usize) -> usize {
    let tail = window(bytes, from, QUOTED_MAX);
    let quote = from.checked_sub(1).map(|i| bytes[i]).filter(|b| matches!(b, b'"' | b'\'' | b'`'));
    if let Some(quote) = quote
        && let Some(n) = tail.iter().position(|b| *b == quote || *b == b'\n')
        && tail[n] == quote
    {
        let escape = usize::from(n > 0 && tail[n - 1] == b'\\');
        return from + n - escape;
    }
    let ends = |b: &u8| {
        b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b',' | b';' | b'<' | b'>' | b')' | b'}' | b'|')
    };
    from + tail.iter().position(ends).unwrap_or(tail.len())
}

/// After `://`: the start of the password in `user:password@host`.
fn user_before_password(bytes: &[u8], end: usize) -> Option<usize> {
    let tail = window(bytes, end, 256);
    let colon = tail.iter().position(|b| matches!(b, b':' | b'/' | b'@' | b'?' | b'#') || b.is_ascii_whitespace())?;
    (tail[colon] == b':').then_some(end + colon + 1)
}

/// The end of the password: at the last `@` before the path begins.
fn password_end(bytes: &[u8], from: usize) -> Option<usize> {
    let tail = window(bytes, from, QUOTED_MAX);
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`');
    let authority = &tail[..tail.iter().position(ends).unwrap_or(tail.len())];
    authority.iter().rposition(|b| *b == b'@').map(|at| from + at)
}
