//! The closed tree that every surface renders: no link, image, HTML or mention exists in it, but for words that stand for
//! a finding of ours. Comes in: parts whose types say who wrote them. Goes out: a guarded document, which only this module
//! can make.

use crate::brief::Arg;
use crate::ids::{Fingerprint, Time};
use crate::text::{Door, Opaque, Own, Shaped};

/// A piece of a line, by who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Text of ours.
    Own(Own),
    /// A value that a strict grammar parsed.
    Shaped(Shaped),
    /// A stranger's name: framed, cut in the middle, never at the start of a sentence's grammar.
    Name(Opaque),
    /// A stranger's name in a column of its own, where no grammar stands around it.
    Cell(Opaque),
    /// A time, as people say it relative to the document's instant.
    Ago(Time),
    /// The mark of a piece of evidence, such as `e3`.
    Mark(u16),
    /// A command that a reader may type next.
    Command(Command),
    /// Text of ours that stands out.
    Strong(Own),
    /// Words for a finding: on the page they lead to it, everywhere else they are words.
    Finding(Fingerprint, Line),
}

/// Commands that documents may suggest: ours, with typed arguments only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A command without a stranger's words in it.
    Plain(&'static str),
    /// `assay explain N`, by the number in today's list.
    Explain(u32),
}

/// A line of text.
pub type Line = Vec<Inline>;

/// A block of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// What the document is about; a short right-hand part may stand beside it.
    Title(Line, Line),
    /// A heading inside.
    Section(Own),
    /// A line of its own.
    Line(Line),
    /// A labelled line.
    Field(Own, Line),
    /// A fact with its age and evidence at the side.
    Fact(Line, Line),
    /// Rows under a head.
    Table {
        /// The head.
        head: Vec<Own>,
        /// The rows; each has as many cells as the head.
        rows: Vec<Vec<Line>>,
    },
    /// What a stranger wrote, framed as a quote, cut and defanged.
    Quote {
        /// Whose words.
        of: Own,
        /// The words.
        text: Opaque,
    },
    /// A bar or line chart: labels of ours or times, whole numbers.
    Chart(Chart),
}

/// A series over time, drawn as SVG where a sink can, as a line of numbers elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// What is counted.
    pub title: Own,
    /// One value a step, oldest first.
    pub values: Vec<u64>,
    /// What the first and last step are.
    pub ends: [Own; 2],
}

/// A document: blocks, for one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The instant that ages are told from.
    pub as_of: Time,
    /// The blocks.
    pub blocks: Vec<Block>,
}

/// Something that passed the last stage of the guard. Only this module can make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded<T>(T);

impl<T> Guarded<T> {
    /// What was guarded.
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// The final scan found a secret in what was about to be shown: the document is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the final scan found a secret in a document; it was withheld")]
pub struct Alarm;

/// The last stage: every text of the document is scanned once more, and so is the whole of each line, because two
/// harmless names may make a secret together.
///
/// # Errors
/// When a secret is found.
pub fn guard(document: Document, door: &dyn Door) -> Result<Guarded<Document>, Alarm> {
    let clean = |text: &str| door.redact(text) == text;
    for block in &document.blocks {
        let lines: Vec<&Line> = match block {
            Block::Title(a, b) | Block::Fact(a, b) => vec![a, b],
            Block::Line(l) | Block::Field(_, l) => vec![l],
            Block::Table { rows, .. } => rows.iter().flatten().collect(),
            Block::Quote { text, .. } => {
                if !clean(text.reveal()) {
                    return Err(Alarm);
                }
                Vec::new()
            }
            Block::Section(_) | Block::Chart(_) => Vec::new(),
        };
        for line in lines {
            if foreign(line) && !clean(&plain(line)) {
                return Err(Alarm);
            }
        }
    }
    Ok(Guarded(document))
}

/// What stands in for a document that was withheld.
pub fn withheld(as_of: Time) -> Guarded<Document> {
    let line = vec![Inline::Own(Own::new(
        "This text was withheld: the final scan found a secret in it. The facts are in the JSON form.",
    ))];
    Guarded(Document { as_of, blocks: vec![Block::Line(line)] })
}

/// True when a stranger wrote a part of the line.
fn foreign(line: &Line) -> bool {
    line.iter().any(|inline| match inline {
        Inline::Name(_) | Inline::Cell(_) => true,
        Inline::Finding(_, words) => foreign(words),
        Inline::Own(_)
        | Inline::Shaped(_)
        | Inline::Ago(_)
        | Inline::Mark(_)
        | Inline::Command(_)
        | Inline::Strong(_) => false,
    })
}

/// A line as bare characters.
pub(crate) fn plain(line: &Line) -> String {
    line.iter()
        .map(|i| match i {
            Inline::Own(own) | Inline::Strong(own) => own.as_str().to_owned(),
            Inline::Shaped(shaped) => shaped.to_string(),
            Inline::Name(name) | Inline::Cell(name) => name.reveal().to_owned(),
            Inline::Ago(time) => time.to_string(),
            Inline::Mark(n) => format!("e{n}"),
            Inline::Command(command) => command.text(),
            Inline::Finding(_, words) => plain(words),
        })
        .collect()
}

impl Command {
    /// As it is typed.
    pub fn text(&self) -> String {
        match self {
            Self::Plain(text) => (*text).to_owned(),
            Self::Explain(n) => format!("assay explain {n}"),
        }
    }
}

impl From<&Arg> for Inline {
    fn from(arg: &Arg) -> Self {
        match arg {
            Arg::Own(own) => Self::Own(own.clone()),
            Arg::Shaped(shaped) => Self::Shaped(shaped.clone()),
            Arg::Name(name) => Self::Name(name.clone()),
        }
    }
}

/// Shorthand for a text of ours in a line.
pub fn own(text: &'static str) -> Inline {
    Inline::Own(Own::new(text))
}

/// Shorthand for a count in a line.
pub fn count(n: u64) -> Inline {
    Inline::Shaped(Shaped::Count(n))
}

/// Shorthand for a count with what is counted: one of them, and any other number.
pub fn counted(n: u64, [one, many]: [&'static str; 2]) -> [Inline; 2] {
    [count(n), own(if n == 1 { one } else { many })]
}
