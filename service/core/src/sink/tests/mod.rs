//! What a stranger wrote never becomes a link, an image, a mention, an escape or a line of its own, on any sink; and what
//! is said changes when what is known changes.

mod hostile;
mod lossless;
mod shown;

use std::borrow::Cow;

use super::*;
use crate::document::{Block, Inline, Line, guard, own};
use crate::text::{Door, Opaque, Own};

/// A door that finds no secret.
pub(super) struct Open;

impl Door for Open {
    fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }
}

/// Every sink, the terminal narrow and wide.
pub(super) const SINKS: &[Sink] = &[
    Sink::Terminal { width: 60, colour: false },
    Sink::Terminal { width: 120, colour: true },
    Sink::Markdown,
    Sink::Html,
    Sink::Page,
    Sink::Json,
    Sink::Ticket,
    Sink::Slack,
];

/// A document in which one text of a stranger stands at every place where one can stand.
pub(super) fn everywhere(text: &Opaque) -> Guarded<Document> {
    let name = || Inline::Name(text.clone());
    let cell = || Inline::Cell(text.clone());
    let around = |inline: Inline| -> Line { vec![own("before "), inline, own(" after")] };
    let blocks = vec![
        Block::Title(around(name()), vec![cell()]),
        Block::Line(vec![name()]),
        Block::Line(around(cell())),
        Block::Field(Own::new("Field"), around(name())),
        Block::Section(Own::new("Facts")),
        Block::Fact(around(name()), vec![own("1 min ago "), name()]),
        Block::Fact(vec![name(), own(" "), name()], Vec::new()),
        Block::Table { head: vec![Own::new("A"), Own::new("B")], rows: vec![vec![vec![name()], around(cell())]] },
        Block::Line(vec![Inline::Finding(crate::ids::Fingerprint::from_bytes([7; 20]), around(name()))]),
        Block::Quote { of: Own::new("a stranger"), text: text.clone() },
        Block::Line(vec![own("the end")]),
    ];
    guard(Document { as_of: Time::from_secs(0), blocks }, &Open).unwrap()
}
