//! Plain text for tickets: what trackers turn into links or mentions has been taken apart.

use super::{defanged_name, defanged_quote, is_plain_name, shaped};
use crate::document::{Block, Document, Inline, Line};
use crate::text::Shaped;

pub(super) fn render(document: &Document) -> String {
    let line = |l: &Line| text(l, document);
    let mut out = String::new();
    for block in &document.blocks {
        match block {
            Block::Title(left, right) if right.is_empty() => out.push_str(&format!("{}\n", line(left))),
            Block::Title(left, right) => out.push_str(&format!("{} ({})\n", line(left), line(right))),
            Block::Section(own) => out.push_str(&format!("\n{}\n", own.as_str())),
            Block::Line(l) => out.push_str(&format!("{}\n", line(l))),
            Block::Field(label, l) => out.push_str(&format!("{}: {}\n", label.as_str(), line(l))),
            Block::Fact(l, side) if side.is_empty() => out.push_str(&format!("- {}\n", line(l))),
            Block::Fact(l, side) => out.push_str(&format!("- {} ({})\n", line(l), line(side).trim())),
            Block::Table { head, rows } => {
                // A column of ours may be headed by `#`, which trackers read as a reference.
                let heads: Vec<String> = head.iter().map(|h| plain(h.as_str())).collect();
                for row in rows {
                    let cells: Vec<String> = row.iter().zip(&heads).map(|(c, h)| format!("{h} {}", line(c))).collect();
                    out.push_str(&format!("- {}\n", cells.join(", ")));
                }
            }
            Block::Quote { of, text } => {
                out.push_str(&format!("\"{}\" ({})\n", plain(&defanged_quote(text.reveal())), of.as_str()));
            }
            Block::Chart(_) => {}
        }
    }
    out
}

fn text(line: &Line, document: &Document) -> String {
    line.iter()
        .map(|inline| match inline {
            Inline::Own(own) | Inline::Strong(own) => own.as_str().to_owned(),
            Inline::Ago(time) | Inline::Shaped(Shaped::At(time)) => time.to_minute(),
            Inline::Shaped(value) => plain(&shaped(value, document.as_of)),
            Inline::Name(name) | Inline::Cell(name) if is_plain_name(name.reveal()) => name.reveal().to_owned(),
            Inline::Name(name) | Inline::Cell(name) => format!("'{}'", plain(&defanged_name(name.reveal()))),
            Inline::Mark(n) => format!("e{n}"),
            Inline::Command(command) => command.text(),
            Inline::Finding(_, words) => text(words, document),
        })
        .collect()
}

/// Without the marks that trackers read as markup: links, images, macros, references, raw HTML. What stands in their
/// place must not make anything new together with what stands around it.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '[' | '{' | '<' => out.push('('),
            ']' | '}' | '>' => out.push(')'),
            '|' | '\\' => out.push('-'),
            '`' | '"' => out.push('\''),
            '!' => out.push(','),
            '#' => out.push_str("(#)"),
            c => out.push(c),
        }
    }
    out
}
