//! Markdown: every stranger's name in a code span, every special character of ours escaped.

use super::{defanged_name, defanged_quote, shaped};
use crate::document::{Block, Document, Inline, Line};
use crate::text::Shaped;

pub(super) fn render(document: &Document) -> String {
    let line = |l: &Line| text(l, document, code);
    let mut out = String::new();
    let mut in_list = false;
    for block in &document.blocks {
        let is_item = matches!(block, Block::Fact(..));
        if in_list && !is_item {
            // Without it the next line would belong to the last item.
            out.push('\n');
        }
        in_list = is_item;
        match block {
            Block::Title(left, right) => {
                out.push_str(&format!("# {}\n\n", line(left)));
                if !right.is_empty() {
                    out.push_str(&format!("{}\n\n", line(right)));
                }
            }
            Block::Section(own) => out.push_str(&format!("\n## {}\n\n", escaped(own.as_str()))),
            Block::Line(l) => out.push_str(&format!("{}\n\n", line(l))),
            Block::Field(label, l) => out.push_str(&format!("**{}:** {}\n\n", escaped(label.as_str()), line(l))),
            Block::Fact(l, side) if side.is_empty() => out.push_str(&format!("- {}\n", line(l))),
            Block::Fact(l, side) => out.push_str(&format!("- {} ({})\n", line(l), line(side).trim())),
            Block::Table { head, rows } => {
                let heads: Vec<String> = head.iter().map(|h| escaped(h.as_str())).collect();
                out.push_str(&format!("| {} |\n|{}\n", heads.join(" | "), " --- |".repeat(heads.len())));
                for row in rows {
                    let cells: Vec<String> = row.iter().map(|c| text(c, document, code_in_cell)).collect();
                    out.push_str(&format!("| {} |\n", cells.join(" | ")));
                }
                out.push('\n');
            }
            Block::Quote { of, text } => {
                let quote = code(&defanged_quote(text.reveal()));
                out.push_str(&format!("> {quote} ({})\n\n", escaped(of.as_str())));
            }
            Block::Chart(chart) => {
                let values: Vec<String> = chart.values.iter().map(u64::to_string).collect();
                let ends = [escaped(chart.ends[0].as_str()), escaped(chart.ends[1].as_str())];
                out.push_str(&format!(
                    "{}, {} to {}: {}\n\n",
                    escaped(chart.title.as_str()),
                    ends[0],
                    ends[1],
                    values.join(", ")
                ));
            }
        }
    }
    out
}

fn text(line: &Line, document: &Document, code: fn(&str) -> String) -> String {
    line.iter()
        .map(|inline| match inline {
            Inline::Own(own) => escaped(own.as_str()),
            Inline::Strong(own) => format!("**{}**", escaped(own.as_str())),
            Inline::Ago(time) | Inline::Shaped(Shaped::At(time)) => time.to_minute(),
            Inline::Shaped(value) => escaped(&shaped(value, document.as_of)),
            Inline::Name(name) | Inline::Cell(name) => code(&defanged_name(name.reveal())),
            Inline::Mark(n) => format!("e{n}"),
            Inline::Command(command) => code(&command.text()),
            Inline::Finding(_, words) => text(words, document, code),
        })
        .collect()
}

/// A code span that its content cannot leave: backticks inside become quotation marks.
fn code(text: &str) -> String {
    let safe = text.replace('`', "'");
    if safe.trim().is_empty() { String::new() } else { format!("`{}`", safe.trim()) }
}

/// The same in a cell of a table, where a bar ends the cell even inside a code span, and no number of backslashes before it
/// is safe in every reader.
fn code_in_cell(text: &str) -> String {
    code(&text.replace('|', "\u{a6}"))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
