//! The record of a shown text as JSON: a twin of the closed tree and of the propositions, with every type told apart, so that
//! what is read back is exactly what was written. A value that this build does not know is refused, never guessed.

use assay_core::brief::{Arg, Proposition};
use assay_core::catalogue::Predicate;
use assay_core::document::{Block, Chart, Command, Inline, Line};
use assay_core::ids::{EvidenceId, Time};
use assay_core::sink::Sink;
use assay_core::text::{Opaque, Own, Shaped};
use serde::{Deserialize, Serialize};

use super::Form;

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("this build does not know {what} `{value}`")]
pub(super) struct Unknown {
    what: &'static str,
    value: String,
}

fn unknown(what: &'static str) -> impl Fn(&str) -> Unknown {
    move |value| Unknown { what, value: value.to_owned() }
}

/// The commands without an argument that documents suggest.
const COMMANDS: &[&str] = &[
    "assay decide",
    "assay digest",
    "assay intel update",
    "assay paths",
    "assay ask \"what changed since yesterday\"",
];

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordTwin {
    pub(super) kind: String,
    /// Milliseconds since 1970.
    pub(super) as_of: i64,
    pub(super) build: String,
    pub(super) catalogue: Option<String>,
    pub(super) model: Option<ModelTwin>,
    pub(super) because: Option<String>,
    pub(super) prompt: Option<String>,
    pub(super) raw: Option<String>,
    pub(super) ms: Option<i64>,
    pub(super) plan: Option<String>,
    pub(super) brief: Option<Vec<PropositionTwin>>,
    pub(super) before: Vec<BlockTwin>,
    pub(super) after: Vec<BlockTwin>,
    pub(super) texts: Vec<TextTwin>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelTwin {
    pub(super) name: String,
    pub(super) digest: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextTwin {
    pub(super) form: String,
    pub(super) sha256: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PropositionTwin {
    predicate: String,
    args: Vec<ArgTwin>,
    evidence: Vec<String>,
    as_of: Option<i64>,
    family: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ArgTwin {
    Own(String),
    Value(ShapedTwin),
    Name(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ShapedTwin {
    Vuln(String),
    Port(u16),
    Count(u64),
    Percent(u8),
    Tenths(u16),
    Probability(u16),
    At(i64),
    For(i64),
    Digest(String),
    Finding(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BlockTwin {
    Title(Vec<InlineTwin>, Vec<InlineTwin>),
    Section(String),
    Line(Vec<InlineTwin>),
    Field(String, Vec<InlineTwin>),
    Fact(Vec<InlineTwin>, Vec<InlineTwin>),
    Table { head: Vec<String>, rows: Vec<Vec<Vec<InlineTwin>>> },
    Quote { of: String, text: String },
    Chart { title: String, values: Vec<u64>, ends: [String; 2] },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum InlineTwin {
    Own(String),
    Strong(String),
    Value(ShapedTwin),
    Name(String),
    Cell(String),
    Ago(i64),
    Mark(u16),
    Command(String),
    Explain(u32),
    Finding(String, Vec<InlineTwin>),
}

impl From<&Shaped> for ShapedTwin {
    fn from(value: &Shaped) -> Self {
        match value {
            Shaped::Vuln(id) => Self::Vuln(id.to_string()),
            Shaped::Port(port) => Self::Port(*port),
            Shaped::Count(n) => Self::Count(*n),
            Shaped::Percent(p) => Self::Percent(*p),
            Shaped::Tenths(t) => Self::Tenths(*t),
            Shaped::Probability(p) => Self::Probability(*p),
            Shaped::At(time) => Self::At(time.millis()),
            Shaped::For(span) => Self::For(span.millis()),
            Shaped::Digest(digest) => Self::Digest(digest.to_string()),
            Shaped::Finding(id) => Self::Finding(id.to_string()),
        }
    }
}

impl ShapedTwin {
    fn read(&self) -> Result<Shaped, Unknown> {
        Ok(match self {
            Self::Vuln(id) => Shaped::Vuln(id.parse().map_err(|_| unknown("the vulnerability")(id))?),
            Self::Port(port) => Shaped::Port(*port),
            Self::Count(n) => Shaped::Count(*n),
            Self::Percent(p) => Shaped::Percent(*p),
            Self::Tenths(t) => Shaped::Tenths(*t),
            Self::Probability(p) => Shaped::Probability(*p),
            Self::At(ms) => Shaped::At(Time::from_millis(*ms)),
            Self::For(ms) => Shaped::For(Time::from_millis(0).until(Time::from_millis(*ms))),
            Self::Digest(digest) => Shaped::Digest(digest.parse().map_err(|_| unknown("the digest")(digest))?),
            Self::Finding(id) => Shaped::Finding(id.parse().map_err(|_| unknown("the finding")(id))?),
        })
    }
}

impl From<&Proposition> for PropositionTwin {
    fn from(p: &Proposition) -> Self {
        let arg = |arg: &Arg| match arg {
            Arg::Own(own) => ArgTwin::Own(own.as_str().to_owned()),
            Arg::Shaped(value) => ArgTwin::Value(value.into()),
            Arg::Name(name) => ArgTwin::Name(name.reveal().to_owned()),
        };
        Self {
            predicate: p.predicate.as_str().to_owned(),
            args: p.args.iter().map(arg).collect(),
            evidence: p.evidence.iter().map(EvidenceId::to_string).collect(),
            as_of: p.as_of.map(Time::millis),
            family: p.family.as_str().to_owned(),
        }
    }
}

impl PropositionTwin {
    /// The proposition. Of its evidence only which pieces are equal is needed: marks are numbered by that.
    pub(super) fn read(&self) -> Result<Proposition, Unknown> {
        let arg = |arg: &ArgTwin| -> Result<Arg, Unknown> {
            Ok(match arg {
                ArgTwin::Own(own) => Arg::Own(Own::catalogued(own.clone())),
                ArgTwin::Value(value) => Arg::Shaped(value.read()?),
                ArgTwin::Name(name) => Arg::Name(Opaque::readmit(name)),
            })
        };
        Ok(Proposition {
            predicate: predicate(&self.predicate)?,
            args: self.args.iter().map(arg).collect::<Result<_, _>>()?,
            evidence: self.evidence.iter().map(|id| EvidenceId::Table("cited", id.as_str().into())).collect(),
            as_of: self.as_of.map(Time::from_millis),
            family: self.family.parse().map_err(|_| unknown("the family")(&self.family))?,
        })
    }
}

fn predicate(name: &str) -> Result<Predicate, Unknown> {
    Predicate::ALL.iter().find(|p| p.as_str() == name).copied().ok_or_else(|| unknown("the predicate")(name))
}

impl From<&Block> for BlockTwin {
    fn from(block: &Block) -> Self {
        match block {
            Block::Title(left, right) => Self::Title(line(left), line(right)),
            Block::Section(own) => Self::Section(own.as_str().to_owned()),
            Block::Line(l) => Self::Line(line(l)),
            Block::Field(label, l) => Self::Field(label.as_str().to_owned(), line(l)),
            Block::Fact(l, side) => Self::Fact(line(l), line(side)),
            Block::Table { head, rows } => Self::Table {
                head: head.iter().map(|h| h.as_str().to_owned()).collect(),
                rows: rows.iter().map(|row| row.iter().map(line).collect()).collect(),
            },
            Block::Quote { of, text } => Self::Quote { of: of.as_str().to_owned(), text: text.reveal().to_owned() },
            Block::Chart(chart) => Self::Chart {
                title: chart.title.as_str().to_owned(),
                values: chart.values.clone(),
                ends: [0, 1].map(|i: usize| chart.ends[i].as_str().to_owned()),
            },
        }
    }
}

impl BlockTwin {
    pub(super) fn read(&self) -> Result<Block, Unknown> {
        let own = |text: &String| Own::catalogued(text.clone());
        Ok(match self {
            Self::Title(left, right) => Block::Title(read(left)?, read(right)?),
            Self::Section(text) => Block::Section(own(text)),
            Self::Line(l) => Block::Line(read(l)?),
            Self::Field(label, l) => Block::Field(own(label), read(l)?),
            Self::Fact(l, side) => Block::Fact(read(l)?, read(side)?),
            Self::Table { head, rows } => Block::Table {
                head: head.iter().map(own).collect(),
                rows: rows
                    .iter()
                    .map(|row| row.iter().map(|l| read(l)).collect::<Result<_, _>>())
                    .collect::<Result<_, _>>()?,
            },
            Self::Quote { of, text } => Block::Quote { of: own(of), text: Opaque::readmit(text) },
            Self::Chart { title, values, ends } => {
                Block::Chart(Chart { title: own(title), values: values.clone(), ends: [own(&ends[0]), own(&ends[1])] })
            }
        })
    }
}

fn line(line: &Line) -> Vec<InlineTwin> {
    let inline = |inline: &Inline| match inline {
        Inline::Own(own) => InlineTwin::Own(own.as_str().to_owned()),
        Inline::Strong(own) => InlineTwin::Strong(own.as_str().to_owned()),
        Inline::Shaped(value) => InlineTwin::Value(value.into()),
        Inline::Name(name) => InlineTwin::Name(name.reveal().to_owned()),
        Inline::Cell(name) => InlineTwin::Cell(name.reveal().to_owned()),
        Inline::Ago(time) => InlineTwin::Ago(time.millis()),
        Inline::Mark(n) => InlineTwin::Mark(*n),
        Inline::Command(Command::Plain(text)) => InlineTwin::Command((*text).to_owned()),
        Inline::Command(Command::Explain(n)) => InlineTwin::Explain(*n),
        Inline::Finding(id, words) => InlineTwin::Finding(id.to_string(), self::line(words)),
    };
    line.iter().map(inline).collect()
}

fn read(line: &[InlineTwin]) -> Result<Line, Unknown> {
    let inline = |inline: &InlineTwin| -> Result<Inline, Unknown> {
        Ok(match inline {
            InlineTwin::Own(text) => Inline::Own(Own::catalogued(text.clone())),
            InlineTwin::Strong(text) => Inline::Strong(Own::catalogued(text.clone())),
            InlineTwin::Value(value) => Inline::Shaped(value.read()?),
            InlineTwin::Name(name) => Inline::Name(Opaque::readmit(name)),
            InlineTwin::Cell(name) => Inline::Cell(Opaque::readmit(name)),
            InlineTwin::Ago(ms) => Inline::Ago(Time::from_millis(*ms)),
            InlineTwin::Mark(n) => Inline::Mark(*n),
            InlineTwin::Command(text) => {
                let known = COMMANDS.iter().find(|c| **c == text);
                Inline::Command(Command::Plain(known.ok_or_else(|| unknown("the command")(text))?))
            }
            InlineTwin::Explain(n) => Inline::Command(Command::Explain(*n)),
            InlineTwin::Finding(id, words) => {
                Inline::Finding(id.parse().map_err(|_| unknown("the finding")(id))?, read(words)?)
            }
        })
    };
    line.iter().map(inline).collect()
}

/// The name of a form in a record.
pub(super) fn form_name(form: Form) -> String {
    match form {
        Form::DigestPage => "digest-page".to_owned(),
        Form::Sink(Sink::Terminal { width, colour }) => {
            format!("terminal:{width}:{}", if colour { "colour" } else { "plain" })
        }
        Form::Sink(Sink::Markdown) => "markdown".to_owned(),
        Form::Sink(Sink::Html) => "html".to_owned(),
        Form::Sink(Sink::Page) => "page".to_owned(),
        Form::Sink(Sink::Json) => "json".to_owned(),
        Form::Sink(Sink::Ticket) => "ticket".to_owned(),
        Form::Sink(Sink::Slack) => "slack".to_owned(),
    }
}

/// The form of a name.
pub(super) fn form(name: &str) -> Result<Form, Unknown> {
    let terminal = || {
        let (width, colour) = name.strip_prefix("terminal:")?.split_once(':')?;
        let colour = match colour {
            "colour" => true,
            "plain" => false,
            _ => return None,
        };
        Some(Form::Sink(Sink::Terminal { width: width.parse().ok()?, colour }))
    };
    match name {
        "digest-page" => Ok(Form::DigestPage),
        "markdown" => Ok(Form::Sink(Sink::Markdown)),
        "html" => Ok(Form::Sink(Sink::Html)),
        "page" => Ok(Form::Sink(Sink::Page)),
        "json" => Ok(Form::Sink(Sink::Json)),
        "ticket" => Ok(Form::Sink(Sink::Ticket)),
        "slack" => Ok(Form::Sink(Sink::Slack)),
        _ => terminal().ok_or_else(|| unknown("the form")(name)),
    }
}
