//! Where strangers' words may stand: every place of a document, every sink, and a finding's own line.

use crate::document::{Alarm, Block, Document, Guarded, Inline, Line, guard, own};
use crate::finding::{Finding, Matter};
use crate::ids::{Fingerprint, Time};
use crate::sink::Sink;
use crate::text::{Door, Opaque, Own};

/// Every sink, the terminal narrow and wide.
pub const SINKS: [Sink; 8] = [
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
///
/// # Errors
/// When the final scan finds a secret in it.
pub fn everywhere(text: &Opaque, as_of: Time, door: &dyn Door) -> Result<Guarded<Document>, Alarm> {
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
        Block::Line(vec![Inline::Finding(Fingerprint::from_bytes([7; 20]), around(name()))]),
        Block::Quote { of: Own::new("a stranger"), text: text.clone() },
        Block::Line(vec![own("the end")]),
    ];
    guard(Document { as_of, blocks }, door)
}

/// A finding's place and matter in one line: `docker.io/shop/web: CVE-2026-1000 in lib0`, `shop/web/app: ..`.
pub fn place_and_matter(finding: &Finding) -> String {
    let asset = &finding.place.asset;
    let place = [asset.namespace.reveal(), asset.name.reveal(), finding.place.container.reveal()];
    let place: Vec<&str> = place.into_iter().filter(|p| !p.is_empty()).collect();
    let matter = match &finding.matter {
        Matter::Vulnerability { id, package } => format!("{id} in {}", package.counted_name().reveal()),
        Matter::Control { control, .. } => control.0.reveal().to_owned(),
        Matter::Secret { detector, location } => format!("{} in {}", detector.reveal(), location.reveal()),
        Matter::Rbac { capability, .. } => capability.to_string(),
        Matter::Signal { signal, .. } => signal.0.reveal().to_owned(),
    };
    format!("{}: {matter}", place.join("/"))
}
