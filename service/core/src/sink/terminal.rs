//! Terminals: columns by display width, wrapped at the edge, colour never the only sign.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{ago, defanged_name, defanged_quote, is_plain_name, shaped};
use crate::document::{Block, Document, Inline, Line};
use crate::ids::Time;

/// Where labels end and text begins.
const LABEL: usize = 16;
/// A side column never takes more than this share of the width.
const SIDE_SHARE: usize = 3;

/// A column of a table gives way down to this.
const COLUMN_MIN: usize = 12;
/// What the last column keeps where words of the others have to be broken.
const LAST_MIN: usize = 16;

pub(super) fn render(document: &Document, width: usize, colour: bool) -> String {
    let paint = Paint { colour, as_of: document.as_of };
    let width = width.clamp(40, 160);
    let mut out = String::new();
    for (i, block) in document.blocks.iter().enumerate() {
        match block {
            Block::Title(left, right) => {
                out.push_str(&sides(&paint.bold(&paint.line(left)), &paint.dim(&paint.line(right)), width));
            }
            Block::Section(text) => {
                if i > 0 {
                    out.push('\n');
                }
                out.push_str(&paint.bold(text.as_str()));
                out.push('\n');
            }
            Block::Line(line) => out.push_str(&wrap(&paint.line(line), width, 0)),
            Block::Field(label, line) => {
                let text = wrap(&paint.line(line), width, LABEL);
                let pad = LABEL.saturating_sub(label.as_str().width());
                out.push_str(&format!("{}{:pad$}{}", paint.dim(label.as_str()), "", text.trim_start()));
            }
            Block::Fact(text, side) => out.push_str(&fact(&paint.line(text), &paint.line(side), width, &paint)),
            Block::Table { head, rows } => {
                let head: Vec<String> = head.iter().map(|h| h.as_str().to_owned()).collect();
                let rows: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|c| paint.line(c)).collect()).collect();
                out.push_str(&table(&head, &rows, width, &paint));
            }
            Block::Quote { of, text } => {
                let quote = format!("\u{201c}{}\u{201d} ({})", defanged_quote(text.reveal()), of.as_str());
                out.push_str(&wrap(&paint.dim(&quote), width, 2));
            }
            Block::Chart(chart) => {
                let values: Vec<String> = chart.values.iter().map(u64::to_string).collect();
                let line = format!(
                    "{}: {} ({} to {})",
                    chart.title.as_str(),
                    values.join(" "),
                    chart.ends[0].as_str(),
                    chart.ends[1].as_str()
                );
                out.push_str(&wrap(&line, width, 0));
            }
        }
    }
    out
}

struct Paint {
    colour: bool,
    as_of: Time,
}

impl Paint {
    fn line(&self, line: &Line) -> String {
        line.iter()
            .map(|inline| match inline {
                Inline::Own(own) => own.as_str().to_owned(),
                Inline::Strong(own) => self.bold(own.as_str()),
                Inline::Shaped(value) => shaped(value, self.as_of),
                Inline::Name(name) => framed(name.reveal()),
                Inline::Cell(name) => defanged_name(name.reveal()),
                Inline::Ago(time) => ago(*time, self.as_of),
                Inline::Mark(n) => format!("e{n}"),
                Inline::Command(command) => command.text(),
                Inline::Finding(_, words) => self.line(words),
            })
            .collect()
    }

    fn bold(&self, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn dim(&self, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// A name bare when nobody could take it for grammar, else in quotation marks.
fn framed(name: &str) -> String {
    if is_plain_name(name) { name.to_owned() } else { format!("\u{2018}{}\u{2019}", defanged_name(name)) }
}

/// The width on screen: our own colour codes take none.
fn shown(text: &str) -> usize {
    let mut width = 0;
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        width += rest[..at].width();
        rest = rest[at..].split_once('m').map_or("", |(_, after)| after);
    }
    width + rest.width()
}

fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut column = indent;
    out.push_str(&" ".repeat(indent));
    let mut first = true;
    for word in text.split(' ') {
        let w = shown(word);
        if !first && column + 1 + w > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
            first = true;
        }
        if !first {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += w;
        first = false;
    }
    let mut out: String = out.lines().map(|l| format!("{}\n", l.trim_end())).collect();
    if out.is_empty() {
        out.push('\n');
    }
    out
}

fn sides(left: &str, right: &str, width: usize) -> String {
    let gap = width.saturating_sub(shown(left) + shown(right));
    if right.is_empty() || gap < 2 {
        let mut out = wrap(left, width, 0);
        if !right.is_empty() {
            out.push_str(&wrap(right, width, 2));
        }
        return out;
    }
    format!("{left}{:gap$}{right}\n", "")
}

fn fact(text: &str, side: &str, width: usize, paint: &Paint) -> String {
    let room = shown(side) + 2;
    if side.is_empty() || room > width / SIDE_SHARE {
        return wrap(text, width, 2) + &if side.is_empty() { String::new() } else { wrap(&paint.dim(side), width, 6) };
    }
    let body = wrap(text, width - room, 2);
    let mut lines = body.lines();
    let first = lines.next().unwrap_or_default();
    let gap = width.saturating_sub(shown(first) + shown(side));
    let mut out = format!("{first}{:gap$}{}\n", "", paint.dim(side));
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// Columns as wide as their widest cell; the last one takes what is left and wraps under itself.
fn table(head: &[String], rows: &[Vec<String>], width: usize, paint: &Paint) -> String {
    let n = head.len();
    let mut widths: Vec<usize> = (0..n)
        .map(|c| {
            rows.iter().filter_map(|r| r.get(c)).map(|cell| shown(cell)).chain([head[c].width()]).max().unwrap_or(0)
        })
        .collect();
    // Leave at least a third of the width to the last column: the widest of the others gives way, first to its longest
    // word, which can then be copied whole, and only on a very narrow screen further.
    let words = |cell: &String| cell.split(' ').map(shown).max().unwrap_or(0);
    let longest: Vec<usize> =
        (0..n).map(|c| rows.iter().filter_map(|r| r.get(c)).map(words).max().unwrap_or(0)).collect();
    for (last_min, by_word) in [(width / 3, true), (LAST_MIN, false)] {
        let floor = |c: usize| if by_word { longest[c].max(COLUMN_MIN) } else { COLUMN_MIN };
        while n > 1 && widths[..n - 1].iter().sum::<usize>() + 2 * (n - 1) + last_min > width {
            let gives = (0..n - 1).filter(|c| widths[*c] > floor(*c)).max_by_key(|c| widths[*c]);
            let Some(widest) = gives else { break };
            widths[widest] -= 1;
        }
    }
    let mut out = String::new();
    let heads: Vec<String> = head.iter().map(|h| paint.dim(h)).collect();
    out.push_str(&row(&heads, &widths, width));
    for r in rows {
        out.push_str(&row(r, &widths, width));
    }
    out
}

fn row(cells: &[String], widths: &[usize], width: usize) -> String {
    let starts: Vec<usize> = widths.iter().scan(0, |at, w| Some(std::mem::replace(at, *at + w + 2))).collect();
    let wrapped: Vec<Vec<String>> = cells
        .iter()
        .enumerate()
        .map(|(c, cell)| {
            let room = if c + 1 == cells.len() { width.saturating_sub(starts[c]).max(10) } else { widths[c] };
            let fitted: Vec<String> = cell.split(' ').map(|w| broken(w, room)).collect();
            wrap(&fitted.join(" "), room, 0).lines().map(str::to_owned).collect()
        })
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let mut out = String::new();
    for line in 0..height {
        let mut text = String::new();
        let mut column = 0;
        for (c, cell) in wrapped.iter().enumerate() {
            let Some(piece) = cell.get(line) else { continue };
            let gap = starts[c].saturating_sub(column).max(usize::from(column > 0));
            text.push_str(&" ".repeat(gap));
            text.push_str(piece);
            column += gap + shown(piece);
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// A word that is wider than its column would push the others aside: it goes on in the next line, and nothing of it is
/// lost.
fn broken(word: &str, room: usize) -> String {
    if shown(word) <= room || word.contains('\u{1b}') {
        return word.to_owned();
    }
    let mut out = String::new();
    let mut column = 0;
    for c in word.chars() {
        let w = c.width().unwrap_or(0);
        if column + w > room {
            out.push(' ');
            column = 0;
        }
        out.push(c);
        column += w;
    }
    out
}
