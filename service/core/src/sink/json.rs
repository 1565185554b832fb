//! The tree as JSON, for programs that lay it out themselves.

use serde_json::{Value, json};

use crate::document::{Block, Document, Inline, Line};

pub(super) fn render(document: &Document) -> String {
    let blocks: Vec<Value> = document.blocks.iter().map(block).collect();
    json!({ "as_of": document.as_of.to_string(), "blocks": blocks }).to_string()
}

fn block(block: &Block) -> Value {
    match block {
        Block::Title(left, right) => json!({ "block": "title", "line": line(left), "side": line(right) }),
        Block::Section(own) => json!({ "block": "section", "text": own.as_str() }),
        Block::Line(l) => json!({ "block": "line", "line": line(l) }),
        Block::Field(label, l) => json!({ "block": "field", "label": label.as_str(), "line": line(l) }),
        Block::Fact(l, side) => json!({ "block": "fact", "line": line(l), "side": line(side) }),
        Block::Table { head, rows } => {
            let head: Vec<&str> = head.iter().map(|h| h.as_str()).collect();
            let rows: Vec<Vec<Value>> = rows.iter().map(|r| r.iter().map(line).collect()).collect();
            json!({ "block": "table", "head": head, "rows": rows })
        }
        Block::Quote { of, text } => json!({ "block": "quote", "of": of.as_str(), "text": text.reveal() }),
        Block::Chart(chart) => {
            json!({ "block": "chart", "title": chart.title.as_str(), "values": chart.values, "ends": [chart.ends[0].as_str(), chart.ends[1].as_str()] })
        }
    }
}

fn line(line: &Line) -> Value {
    let parts: Vec<Value> = line
        .iter()
        .map(|inline| match inline {
            Inline::Own(own) => json!({ "own": own.as_str() }),
            Inline::Strong(own) => json!({ "strong": own.as_str() }),
            Inline::Shaped(shaped) => json!({ "value": shaped.to_string() }),
            Inline::Name(name) | Inline::Cell(name) => json!({ "name": name.reveal() }),
            Inline::Ago(time) => json!({ "time": time.to_string() }),
            Inline::Mark(n) => json!({ "evidence": format!("e{n}") }),
            Inline::Command(command) => json!({ "command": command.text() }),
            Inline::Finding(id, words) => json!({ "finding": id.to_string(), "line": self::line(words) }),
        })
        .collect();
    Value::Array(parts)
}
