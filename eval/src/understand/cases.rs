//! Questions as they are written down, and the names that they are about.

use assay_core::ids::Time;
use assay_core::query::{AbstainReason, NameIndex, NameKind};
use serde::Deserialize;

use crate::cases::{self, BadCase, Named};

/// What a question must come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// This query, spelled on a line.
    Query(String),
    /// No answer, for this reason.
    Abstain(AbstainReason),
}

/// A question.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// The frame that it is written in.
    pub family: String,
    /// Whose habit of writing it has.
    pub writer: String,
    /// The question.
    pub ask: String,
    /// The question before it.
    pub after: Option<String>,
    /// What it must come to.
    pub want: Want,
    /// The parser may be mended on it: it counts apart.
    pub open: bool,
}

impl Case {
    /// In another language than English.
    pub fn is_foreign(&self) -> bool {
        self.family.starts_with("lang-")
    }

    /// One by which the parser is judged.
    pub fn judged(&self) -> bool {
        !self.open && !self.is_foreign()
    }

    /// The kind of query that is wanted, or "none".
    pub fn kind(&self) -> &str {
        match &self.want {
            Want::Query(query) => query.split(' ').next().unwrap_or_default(),
            Want::Abstain(_) => "none",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    #[serde(default)]
    family: String,
    #[serde(default)]
    writer: String,
    #[serde(default)]
    split: Option<String>,
    ask: String,
    after: Option<String>,
    #[serde(rename = "as")]
    query: Option<String>,
    abstain: Option<String>,
}

impl Named for Line {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Line {
    fn case(self) -> Result<Case, String> {
        let want = match (self.query, self.abstain) {
            (Some(query), None) => Want::Query(query),
            (None, Some(reason)) => {
                Want::Abstain(reason.parse().map_err(|_| format!("`{reason}` is no reason to abstain"))?)
            }
            _ => return Err("it says either `as` or `abstain`".to_owned()),
        };
        let open = match self.split.as_deref() {
            None | Some("test") => false,
            Some("dev") => true,
            Some(other) => return Err(format!("`{other}` is no split: test or dev")),
        };
        Ok(Case { id: self.id, family: self.family, writer: self.writer, ask: self.ask, after: self.after, want, open })
    }
}

/// Reads questions.
///
/// # Errors
/// When a line is none.
pub fn cases(text: &str) -> Result<Vec<Case>, BadCase> {
    cases::read(text, Line::case)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shop {
    as_of: String,
    names: std::collections::BTreeMap<String, Vec<String>>,
    workloads: Vec<String>,
    images: Vec<(String, String)>,
    aliases: Vec<(String, String, String)>,
}

/// The names of a shop and the instant of its questions.
///
/// # Errors
/// When the text is no shop.
pub fn shop(text: &str) -> Result<(NameIndex, Time), BadCase> {
    let bad = |why: String| BadCase { line: 1, why };
    let shop: Shop = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
    let as_of = shop.as_of.parse().map_err(|_| bad(format!("`{}` is no instant", shop.as_of)))?;
    let kind = |said: &str| said.parse::<NameKind>().map_err(|_| bad(format!("`{said}` is no kind of name")));
    let mut names = NameIndex::default();
    for (of, list) in &shop.names {
        let of = kind(of)?;
        list.iter().for_each(|name| names.add(of, name));
    }
    for workload in &shop.workloads {
        let (namespace, name) =
            workload.split_once('/').ok_or_else(|| bad(format!("`{workload}` has no namespace")))?;
        names.add_workload(namespace, name);
    }
    shop.images.iter().for_each(|(image, tag)| names.add_image(image, Some(tag)));
    for (of, name, spelled) in &shop.aliases {
        names.add_spelled(kind(of)?, name, &[spelled]);
    }
    Ok((names, as_of))
}
