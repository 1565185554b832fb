//! A guarded document as characters, one file a sink. What a stranger wrote is framed, cut and defanged here, by the
//! rules of each sink; nothing else decides how it looks.

mod html;
mod json;
mod markdown;
mod slack;
mod terminal;
mod ticket;

pub use html::escaped as escaped_markup;

use crate::document::{Document, Guarded};
use crate::ids::{Digest, Time};
use crate::text::{CUT, HIDDEN, Shaped, normalise};

/// Where a document goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// A terminal of this width.
    Terminal {
        /// Columns.
        width: usize,
        /// Whether it shows colours.
        colour: bool,
    },
    /// Markdown as trackers and chats render it.
    Markdown,
    /// A fragment of HTML without script or reference.
    Html,
    /// The same as a part of our page: words for a finding lead to it.
    Page,
    /// The tree as JSON.
    Json,
    /// Plain text for a ticket.
    Ticket,
    /// Slack's Block Kit, as JSON.
    Slack,
}

/// The longest name that is shown, in characters; longer ones are cut in the middle.
pub const NAME_CHARS_MAX: usize = 60;
/// The longest quote that is shown, in characters.
pub const QUOTE_CHARS_MAX: usize = 400;

/// Renders a document for a sink. What is kept and read on another day (tickets, Markdown, a page that stands alone) says
/// instants; a screen says how long ago.
pub fn escape(document: &Guarded<Document>, sink: Sink) -> String {
    let document = document.get();
    match sink {
        Sink::Terminal { width, colour } => terminal::render(document, width, colour),
        Sink::Markdown => markdown::render(document),
        Sink::Html => html::render(document, false),
        Sink::Page => html::render(document, true),
        Sink::Json => json::render(document),
        Sink::Ticket => ticket::render(document),
        Sink::Slack => slack::render(document),
    }
}

/// How long ago, or how long until, as people say it.
fn ago(time: Time, as_of: Time) -> String {
    let (past, ahead) = (time.until(as_of), as_of.until(time));
    if ahead.millis() > 0 {
        return format!("in {ahead}");
    }
    match past.millis() {
        0..60_000 => "just now".to_owned(),
        ms if ms > 60 * 86_400_000 => time.to_string().chars().take(10).collect(),
        _ => format!("{past} ago"),
    }
}

/// A value that a grammar parsed. The names of vulnerabilities are letters, digits and a few marks: enough for the name of a
/// host, so they are taken apart like everything else.
fn shaped(value: &Shaped, as_of: Time) -> String {
    match value {
        Shaped::At(time) => ago(*time, as_of),
        Shaped::Vuln(id) => defang(id.as_str()),
        Shaped::Port(_)
        | Shaped::Count(_)
        | Shaped::Percent(_)
        | Shaped::Tenths(_)
        | Shaped::Probability(_)
        | Shaped::For(_)
        | Shaped::Digest(_)
        | Shaped::Finding(_) => value.to_string(),
    }
}

/// A name on one line, cut in the middle, with nothing in it that a sink could follow or a reader could not see.
fn defanged_name(name: &str) -> String {
    let one_line: String = normalise(name).chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    defang(&show_spaces(&cut_name(&one_line)))
}

/// A space that a wrapped line or a web page would swallow is shown: at either end, and after another one.
fn show_spaces(name: &str) -> String {
    let last = name.chars().count().saturating_sub(1);
    let mut before = ' ';
    let shown = name.chars().enumerate().map(|(i, c)| {
        let swallowed = c == ' ' && (before == ' ' || i == last);
        before = c;
        if swallowed { '\u{2423}' } else { c }
    });
    shown.collect()
}

/// A quote on one line, cut at the end.
fn defanged_quote(text: &str) -> String {
    let flat = normalise(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out: String = flat.chars().take(QUOTE_CHARS_MAX).collect();
    if flat.chars().count() > QUOTE_CHARS_MAX {
        out.push_str(&format!(" {CUT}"));
    }
    defang(&out)
}

/// What trackers, chats, mail and terminals turn into links, mentions or references, and what stands in its place.
const FANGS: &[(&str, &str)] = &[
    ("://", "[:]//"),
    ("@", "(at)"),
    ("www.", "www[.]"),
    ("mailto:", "mailto[:]"),
    ("javascript:", "javascript[:]"),
    ("data:", "data[:]"),
    ("tel:", "tel[:]"),
];

/// Takes the fangs out, however their letters are written.
fn defang(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let fang = FANGS.iter().find(|(fang, _)| rest.get(..fang.len()).is_some_and(|r| r.eq_ignore_ascii_case(fang)));
        match fang {
            Some((fang, safe)) => {
                // The reader sees the letters as they were written.
                let letters = safe.find(['[', '(']).unwrap_or(0);
                out.push_str(&rest[..letters]);
                out.push_str(&safe[letters..]);
                rest = &rest[fang.len()..];
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

/// A name that fits, cut in the middle. Where it was cut stands a mark of the whole, so that two names that differ only
/// there do not look the same.
fn cut_name(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let [a, b, ..] = *Digest::of_bytes(name.as_bytes()).bytes();
    cut_with(name, NAME_CHARS_MAX, &format!("[..{a:02x}{b:02x}..]"))
}

fn cut_with(text: &str, max: usize, mark: &str) -> String {
    let n = text.chars().count();
    if n <= max {
        return text.to_owned();
    }
    let keep = max.saturating_sub(mark.len());
    let head: String = text.chars().take(keep.div_ceil(2)).collect();
    let tail: String = text.chars().skip(n - keep / 2).collect();
    format!("{head}{mark}{tail}")
}

/// True for names that Kubernetes or a registry would accept and that need no frame: letters, digits and a few marks,
/// not long, and not a sentence in disguise.
fn is_plain_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'/' | b'_' | b'+' | b'~' | b':');
    let words =
        name.split(['-', '_', '.']).filter(|w| w.len() > 3 && w.bytes().all(|b| b.is_ascii_alphabetic())).count();
    !name.is_empty()
        && name.len() <= NAME_CHARS_MAX
        && name.bytes().all(legal)
        && !name.contains("//")
        && words <= 4
        && !name.contains(HIDDEN)
        && defang(name) == name
}

#[cfg(test)]
mod tests;
