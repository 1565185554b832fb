//! Slack's Block Kit: sections of mrkdwn within its limits; what does not fit is counted in words.

use serde_json::{Value, json};

use super::{ago, defanged_name, defanged_quote, shaped};
use crate::document::{Block, Document, Inline, Line};
use crate::text::{CUT, how_many};

/// The longest text of a section; Slack refuses more than 3,000 characters.
const SECTION_CHARS_MAX: usize = 2_900;
/// The most blocks of a message; Slack refuses more than 50.
const BLOCKS_MAX: usize = 48;

pub(super) fn render(document: &Document) -> String {
    let line = |l: &Line| text(l, document);
    let mut sections: Vec<String> = Vec::new();
    for block in &document.blocks {
        match block {
            Block::Title(left, right) => sections.push(format!("*{}*  {}", line(left), line(right))),
            Block::Section(own) => sections.push(format!("*{}*", escaped(own.as_str()))),
            Block::Line(l) => sections.push(line(l)),
            Block::Field(label, l) => sections.push(format!("*{}:* {}", escaped(label.as_str()), line(l))),
            Block::Fact(l, side) if side.is_empty() => sections.push(format!("\u{2022} {}", line(l))),
            Block::Fact(l, side) => sections.push(format!("\u{2022} {} ({})", line(l), line(side).trim())),
            Block::Table { head, rows } => {
                for row in rows {
                    let cells: Vec<String> =
                        row.iter().zip(head).map(|(c, h)| format!("{} {}", escaped(h.as_str()), line(c))).collect();
                    sections.push(format!("\u{2022} {}", cells.join(", ")));
                }
            }
            Block::Quote { of, text } => {
                sections.push(format!("> {} ({})", escaped(&defanged_quote(text.reveal())), escaped(of.as_str())));
            }
            Block::Chart(_) => {}
        }
    }
    let packed = pack(&sections);
    // Verbatim: Slack would make links and mentions of its own from plain words.
    let blocks: Vec<Value> = packed
        .iter()
        .map(|t| json!({ "type": "section", "text": { "type": "mrkdwn", "verbatim": true, "text": t } }))
        .collect();
    json!({ "blocks": blocks }).to_string()
}

/// Lines packed into sections; what is over the limit of a message is counted.
fn pack(lines: &[String]) -> Vec<String> {
    let mut packed: Vec<String> = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let line = shortened(line);
        let fits = packed.last().is_some_and(|last| last.chars().count() + line.chars().count() < SECTION_CHARS_MAX);
        if let (true, Some(last)) = (fits, packed.last_mut()) {
            last.push('\n');
            last.push_str(&line);
        } else if packed.len() < BLOCKS_MAX {
            packed.push(line);
        } else {
            let more = how_many((lines.len() - i) as u64, "more line does", "more lines do");
            packed.push(format!("{more} not fit here; assay digest -o md has the rest"));
            break;
        }
    }
    packed
}

/// A line that fits into a section; what was cut is marked.
fn shortened(line: &str) -> String {
    if line.chars().count() < SECTION_CHARS_MAX {
        return line.to_owned();
    }
    let kept: String = line.chars().take(SECTION_CHARS_MAX - CUT.len() - 1).collect();
    format!("{kept} {CUT}")
}

fn text(line: &Line, document: &Document) -> String {
    line.iter()
        .map(|inline| match inline {
            Inline::Own(own) => escaped(own.as_str()),
            Inline::Strong(own) => format!("*{}*", escaped(own.as_str())),
            Inline::Ago(time) => ago(*time, document.as_of),
            Inline::Shaped(value) => escaped(&shaped(value, document.as_of)),
            Inline::Name(name) | Inline::Cell(name) => code(&defanged_name(name.reveal())),
            Inline::Mark(n) => format!("e{n}"),
            Inline::Command(command) => code(&command.text()),
            Inline::Finding(_, words) => text(words, document),
        })
        .collect()
}

fn code(text: &str) -> String {
    format!("`{}`", escaped(&text.replace('`', "'")))
}

/// Slack's own escapes; a mention or channel cannot be written without `<`.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
