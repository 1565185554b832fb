//! Says what harm a rendered document could do, by the rules of whatever shows it.

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::ids::Fingerprint;
use crate::sink::Sink;

/// What is wrong with a rendered document; none when it can do nothing but be read.
pub fn harm(rendered: &str, sink: Sink) -> Option<String> {
    match sink {
        Sink::Terminal { colour, .. } => terminal(rendered, colour),
        Sink::Markdown => markdown(rendered).or_else(|| linked(&words(rendered))),
        Sink::Html => html(rendered).err().or_else(|| linked(&visible(rendered))),
        Sink::Page => page(rendered),
        Sink::Json => serde_json::from_str::<serde_json::Value>(rendered).err().map(|e| e.to_string()),
        Sink::Ticket => markdown(rendered).or_else(|| linked(rendered)).or_else(|| wiki(rendered)),
        Sink::Slack => slack(rendered),
    }
}

/// What programs make links or mentions of although nobody marked it as one.
fn linked(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    // A name may end in `Javascript`, and a colon of ours behind it: a scheme without anything behind it leads nowhere.
    let led = |fang: &str| lower.match_indices(fang).any(|(at, f)| !lower[at + f.len()..].starts_with([' ', '\n']));
    let schemes = ["mailto:", "javascript:", "tel:"].iter().find(|f| led(f));
    let fang = ["://", "@"].iter().find(|f| lower.contains(**f)).or(schemes);
    // A name may end in `www`, and our sentence behind it. Source: GitHub Flavored Markdown, extended www autolinks.
    let host = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let www = lower.match_indices("www.").any(|(at, fang)| host(&lower[at + fang.len()..])).then_some(&"www.");
    fang.or(www).map(|fang| format!("`{fang}` is left"))
}

fn terminal(text: &str, colour: bool) -> Option<String> {
    let mut bare = text.to_owned();
    if colour {
        for code in ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[0m"] {
            bare = bare.replace(code, "");
        }
    }
    bare.chars()
        .find(|c| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}'..='\u{200f}' | '\u{2066}'..='\u{2069}')
        })
        .map(|c| format!("{c:?} is left"))
}

fn markdown(text: &str) -> Option<String> {
    Parser::new_ext(text, Options::all()).find_map(|event| match event {
        Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock | Tag::FootnoteDefinition(_))
        | Event::Html(_)
        | Event::InlineHtml(_)
        | Event::FootnoteReference(_) => Some(format!("{event:?}")),
        _ => None,
    })
}

/// The words of Markdown outside of code, where trackers look for links of their own.
fn words(text: &str) -> String {
    let words = Parser::new_ext(text, Options::all()).filter_map(|event| match event {
        Event::Text(text) => Some(text.into_string()),
        _ => None,
    });
    words.collect()
}

/// What wikis read as links, images and macros.
fn wiki(text: &str) -> Option<String> {
    let marks = ['[', ']', '{', '}', '|', '!', '#', '<', '>', '`'];
    // `>` quotes at the beginning of a line only; between two words of ours it stands for "of these".
    let between = |i: usize| text[..i].ends_with(' ') && text[i..].starts_with("> ") && !begins(text, i);
    // Our own frames hold no other either; `[..]` of a cut became `(..)`.
    let found = text.char_indices().find(|(i, c)| marks.contains(c) && !text[..*i].ends_with('(') && !between(*i))?;
    Some(format!("`{}` is left", found.1))
}

/// Whether nothing but spaces and marks of quotes stands before a place in its line.
fn begins(text: &str, at: usize) -> bool {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    text[line..at].chars().all(|c| c == ' ' || c == '>')
}

/// The tags that our fragments are made of, with the attributes each may have.
const TAGS: &[(&str, &[&str])] = &[
    ("header", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("p", &["class"]),
    ("b", &[]),
    ("strong", &[]),
    ("ul", &["class"]),
    ("li", &[]),
    ("small", &[]),
    ("div", &["class"]),
    ("table", &[]),
    ("thead", &[]),
    ("tbody", &[]),
    ("tr", &[]),
    ("th", &["scope"]),
    ("td", &["data-head"]),
    ("blockquote", &[]),
    ("footer", &[]),
    ("code", &["class", "title"]),
    ("span", &["class"]),
    ("time", &["datetime", "title"]),
    // The digest's chart, of our numbers.
    ("figure", &[]),
    ("figcaption", &[]),
    ("svg", &["viewBox", "role", "aria-label"]),
    ("polyline", &["fill", "stroke", "stroke-width", "points"]),
];

/// Reads HTML as strictly as it can be read: every `<` opens a known tag with known, quoted attributes, every tag is
/// closed in order, every `&` is one of five entities.
fn html(text: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&']) {
        let (mark, after) = (&rest[at..=at], &rest[at + 1..]);
        match mark {
            "&" => {
                let known = ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|e| after.starts_with(e));
                known.then_some(()).ok_or("a bare `&`")?;
                rest = after;
            }
            "<" => {
                let end = after.find('>').ok_or("a tag that never ends")?;
                tag(&after[..end], &mut open)?;
                rest = &after[end + 1..];
            }
            _ => return Err("a bare `>`".to_owned()),
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} stay open")) }
}

/// A part of our page: HTML with links to findings, each by its whole id and nothing else.
fn page(text: &str) -> Option<String> {
    let mut rest = text.to_owned();
    while let Some((before, link)) = rest.split_once("<a ") {
        let inside = link.strip_prefix("href=\"/findings/").and_then(|l| l.split_once("\">"));
        let Some((words, after)) = inside.and_then(|(id, l)| id.parse::<Fingerprint>().ok().and(l.split_once("</a>")))
        else {
            return Some(format!("a link that is not to a finding: {}", link.chars().take(80).collect::<String>()));
        };
        rest = format!("{before}{words}{after}");
    }
    html(&rest).err().or_else(|| linked(&visible(&rest)))
}

fn tag<'t>(inner: &'t str, open: &mut Vec<&'t str>) -> Result<(), String> {
    if let Some(name) = inner.strip_prefix('/') {
        return if open.pop() == Some(name) { Ok(()) } else { Err(format!("</{name}> closes nothing")) };
    }
    // A line of a chart has nothing inside.
    let alone = inner.strip_suffix('/').filter(|inner| inner.starts_with("polyline "));
    let (name, attributes) = alone.unwrap_or(inner).split_once(' ').unwrap_or((inner, ""));
    let (_, legal) = TAGS.iter().find(|(tag, _)| *tag == name).ok_or(format!("<{name}>"))?;
    let mut rest = attributes;
    while !rest.is_empty() {
        let (attribute, value) = rest.split_once("=\"").ok_or(format!("a bare attribute in <{inner}>"))?;
        legal.contains(&attribute).then_some(()).ok_or(format!("{attribute} of <{name}>"))?;
        let end = value.find('"').ok_or("a value that never ends")?;
        rest = value[end + 1..].trim_start();
    }
    if alone.is_none() {
        open.push(name);
    }
    Ok(())
}

/// What a reader of HTML sees: the text between the tags.
fn visible(text: &str) -> String {
    text.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect()
}

fn slack(text: &str) -> Option<String> {
    let message: serde_json::Value = match serde_json::from_str(text) {
        Ok(message) => message,
        Err(error) => return Some(error.to_string()),
    };
    let blocks = message["blocks"].as_array().cloned().unwrap_or_default();
    if blocks.is_empty() || blocks.len() > 50 {
        return Some(format!("{} blocks", blocks.len()));
    }
    blocks.iter().find_map(|block| {
        let text = block["text"]["text"].as_str().unwrap_or_default();
        if block["text"]["verbatim"] != true {
            return Some("Slack would parse it".to_owned());
        }
        if text.chars().count() > 3_000 {
            return Some("too long".to_owned());
        }
        if text.contains(['<', '>']) && !text.starts_with("> ") && !text.contains("\n> ") {
            return Some("a bare angle bracket".to_owned());
        }
        linked(text)
    })
}

/// The shape of a rendered document: everything but words. Equal shapes mean that a text opened nothing of its own.
pub fn shape(rendered: &str, sink: Sink) -> Vec<String> {
    match sink {
        Sink::Markdown => {
            let marks = Parser::new_ext(rendered, Options::all()).filter_map(|event| match event {
                Event::Start(tag) => Some(format!("{tag:?}")),
                Event::End(tag) => Some(format!("/{tag:?}")),
                Event::Rule | Event::HardBreak => Some(format!("{event:?}")),
                _ => None,
            });
            marks.collect()
        }
        Sink::Html | Sink::Page => {
            let tags = rendered.split('<').skip(1).map(|t| t.split([' ', '>']).next().unwrap_or_default().to_owned());
            tags.collect()
        }
        Sink::Ticket => {
            let kind = |line: &str| if line.starts_with("- ") { "item" } else { "line" };
            rendered.lines().map(|l| kind(l).to_owned()).collect()
        }
        Sink::Terminal { .. } | Sink::Json | Sink::Slack => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{harm, linked};
    use crate::sink::Sink;

    #[test]
    fn a_chart_of_ours_is_read_and_anything_more_in_it_is_harm() {
        let chart = |more: &str| {
            format!("<figure><svg viewBox=\"0 0 1 1\" role=\"img\"{more}><polyline points=\"0,0\"/></svg></figure>")
        };
        assert_eq!(harm(&chart(""), Sink::Html), None);
        assert!(harm(&chart(" onload=\"x\""), Sink::Html).is_some());
        assert!(harm("<figure><b/></figure>", Sink::Html).is_some());
    }

    #[test]
    fn a_mark_between_words_is_none_of_a_quote() {
        assert_eq!(harm("12 hook hits > 3 records", Sink::Ticket), None);
        for text in ["> quoted", "a\n> quoted", "a >b", "  > quoted"] {
            assert!(harm(text, Sink::Ticket).is_some(), "{text}");
        }
    }

    #[test]
    fn www_is_a_link_where_a_host_follows_and_else_a_name() {
        for text in ["at www.example.com", "WWW.x", "www.-x", "www.\u{fc}ber", "javascript:x", "mailto:"] {
            assert!(linked(text).is_some(), "{text}");
        }
        for text in ["Javascript: it runs", "in shop/www. It runs", "www.", "awww. ", "ww.example"] {
            assert!(linked(text).is_none(), "{text}");
        }
    }
}
