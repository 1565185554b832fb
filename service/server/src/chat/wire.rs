//! An answer on the wire: the question, the query it was read as, the reason when there is no answer, words and rows.

use assay_core::query::{FilterName, Part, Query, Value};
use assay_core::sink::{Sink, escape};
use assay_core::text::Redacted;
use serde::Serialize;
use serde_json::Map;

use super::Answer;
use crate::commands::explain::ByWire;
use crate::inventory::PathWire;
use crate::wire::{AssetWire, DecisionWire, FindingWire, FixWire};

/// `ask` and the chat of the API.
#[derive(Debug, Serialize)]
pub(crate) struct AskWire {
    pub(crate) question: Redacted,
    pub(crate) query: Option<QueryWire>,
    pub(crate) abstained: Option<&'static str>,
    pub(crate) answer: String,
    pub(crate) rows: Vec<RowWire>,
    pub(crate) by: AskedByWire,
}

/// Who read the question, and who arranged the words where words were arranged.
#[derive(Debug, Serialize)]
pub(crate) struct AskedByWire {
    pub(crate) read_by: &'static str,
    /// Why it was that reader.
    pub(crate) read_because: &'static str,
    #[serde(flatten)]
    pub(crate) words: Option<ByWire>,
}

/// A query on the wire.
#[derive(Debug, Serialize)]
pub(crate) struct QueryWire {
    pub(crate) kind: &'static str,
    pub(crate) filters: Map<String, serde_json::Value>,
    pub(crate) order: &'static str,
    pub(crate) limit: u16,
}

/// One row of an answer, by its sort.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum RowWire {
    Finding(Box<FindingWire>),
    Count {
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        count: u64,
    },
    Moved {
        at: String,
        change: String,
        because: String,
        finding: String,
        title: String,
        asset: AssetWire,
    },
    Shifted {
        at: String,
        change: &'static str,
        asset: AssetWire,
        #[serde(skip_serializing_if = "Option::is_none")]
        which: Option<Redacted>,
        before: Option<Redacted>,
        after: Option<Redacted>,
        said_before: Option<&'static str>,
        said_after: Option<&'static str>,
        differs_from_declared: bool,
        moved: Vec<MovedWithWire>,
        moved_count: u64,
    },
    Workload {
        kind: String,
        cluster: Redacted,
        namespace: Redacted,
        name: Redacted,
        images: Vec<Redacted>,
        in_use: Option<&'static str>,
        exposure: &'static str,
        open_findings: u64,
    },
    Way {
        workload: String,
        #[serde(flatten)]
        path: PathWire,
    },
    Fix {
        finding: String,
        title: String,
        fix: Option<FixWire>,
        image: Option<Redacted>,
        closes: u64,
        workloads: u64,
        most_urgent: String,
    },
    Decision {
        #[serde(flatten)]
        decision: DecisionWire,
        finding: String,
        title: String,
        asset: AssetWire,
        inert: bool,
    },
    Source {
        source: Redacted,
        what: &'static str,
        last_heard: Option<String>,
        scopes: u64,
        silent: u64,
    },
    Unseen {
        what: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Redacted>,
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<String>,
        findings: u64,
    },
}

/// A finding whose band moved at the same look as a change of the cluster.
#[derive(Debug, Serialize)]
pub(crate) struct MovedWithWire {
    pub(crate) finding: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl From<Answer> for AskWire {
    fn from(answer: Answer) -> Self {
        let (read_by, read_because) = answer.read();
        Self {
            question: (&answer.question).into(),
            query: answer.query.as_ref().map(QueryWire::from),
            abstained: answer.abstained.as_ref().map(|a| a.reason().as_str()),
            answer: escape(&answer.document, Sink::Ticket),
            rows: answer.rows,
            by: AskedByWire { read_by, read_because, words: answer.by },
        }
    }
}

impl From<&Query> for QueryWire {
    fn from(query: &Query) -> Self {
        let mut filters = Map::new();
        let mut not = Map::new();
        for part in query.filters.parts() {
            let target = if part.not { &mut not } else { &mut filters };
            target.insert(part.name.as_str().to_owned(), values(&part));
        }
        if let Some(group) = query.group_by {
            filters.insert("group_by".to_owned(), group.as_str().into());
        }
        if !not.is_empty() {
            filters.insert("not".to_owned(), not.into());
        }
        Self { kind: query.kind.as_str(), filters, order: query.order.as_str(), limit: query.limit }
    }
}

fn values(part: &Part) -> serde_json::Value {
    let one = |value: &Value| -> serde_json::Value {
        match (part.name, value) {
            (_, Value::Number(n)) => (*n).into(),
            (FilterName::CvssMin, Value::Tenths(t)) => (f64::from(*t) / 10.0).into(),
            (_, value) => value.to_string().into(),
        }
    };
    let mut all = part.values.iter().map(one);
    if part.many { all.collect() } else { all.next().unwrap_or_default() }
}
