//! A guarded document as characters, one file a sink. What a stranger wrote is framed, cut and defanged here, by the
//! rules of each sink; nothing else decides how it looks.

mod html;
mod json;
mod markdown;
mod slack;
mod terminal;
mod ticket;

use crate::document::{Document, Guarded};
use crate::ids::Time;
use crate::text::{CUT, HIDDEN};

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

/// Renders a document for a sink.
pub fn escape(document: &Guarded<Document>, sink: Sink) -> String {
    let document = document.get();
    match sink {
        Sink::Terminal { width, colour } => terminal::render(document, width, colour),
        Sink::Markdown => markdown::render(document),
        Sink::Html => html::render(document),
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

/// A name on one line, cut in the middle, with nothing in it that a sink could follow: no scheme, no mention.
fn defanged_name(name: &str) -> String {
    let one_line: String = name.chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    defang(&cut_middle(&one_line, NAME_CHARS_MAX))
}

/// A quote, cut at the end.
fn defanged_quote(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out: String = flat.chars().take(QUOTE_CHARS_MAX).collect();
    if flat.chars().count() > QUOTE_CHARS_MAX {
        out.push_str(&format!(" {CUT}"));
    }
    defang(&out)
}

/// Takes away what trackers, chats and terminals turn into links, mentions or references.
fn defang(text: &str) -> String {
    text.replace("://", "[:]//")
        .replace('@', "(at)")
        .replace("www.", "www[.]")
        .replace("mailto:", "mailto[:]")
        .replace("javascript:", "javascript[:]")
        .replace("data:", "data[:]")
}

fn cut_middle(text: &str, max: usize) -> String {
    let n = text.chars().count();
    if n <= max {
        return text.to_owned();
    }
    let keep = max.saturating_sub(CUT.len());
    let head: String = text.chars().take(keep.div_ceil(2)).collect();
    let tail: String = text.chars().skip(n - keep / 2).collect();
    format!("{head}{CUT}{tail}")
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
}

#[cfg(test)]
mod tests;
