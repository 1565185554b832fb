//! What is published about a vulnerability, each value with the words that it is written in.

use assay_core::condition::Condition;
use assay_core::ids::Span;
use assay_core::intel::{CvssVector, Exploitation, Feed, TechnicalImpact};

use super::phrase::{Phrase, Phrased};
use super::said::Bare;

/// What exploitation asks for: `listening_port token_mounted by curated`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conditions {
    pub(crate) all: Vec<Condition>,
    pub(crate) feed: Feed,
}

impl Phrased for Conditions {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        let feed = feed(phrase, Feed::Curated, &[Feed::Curated, Feed::Reading])?;
        let head = phrase.head();
        let all = head.split_whitespace().map(|c| c.parse::<Condition>().map_err(|e| e.to_string()));
        Ok(Self { all: all.collect::<Result<_, _>>()?, feed })
    }
}

fn feed(phrase: &mut Phrase, silent: Feed, legal: &[Feed]) -> Result<Feed, String> {
    match phrase.by() {
        None => Ok(silent),
        Some(by) => match by.parse::<Feed>() {
            Ok(feed) if legal.contains(&feed) => Ok(feed),
            _ => Err(format!("`{by}` says no such thing")),
        },
    }
}

/// CISA's catalogue: `listed`, or `absent 2 days ago` when the newest copy is of that day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kev {
    Listed,
    Absent(Span),
}

impl Phrased for Kev {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        match phrase.head().as_str() {
            "listed" => Ok(Self::Listed),
            "absent" => Ok(Self::Absent(phrase.ago())),
            other => Err(format!("`{other}` is neither `listed` nor `absent`")),
        }
    }
}

/// A decision point of SSVC by CISA's analysts or a model's reading: `yes by reading`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point<T> {
    pub(crate) value: T,
    pub(crate) feed: Feed,
}

/// A yes or no in words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Yes(pub(crate) bool);

impl std::str::FromStr for Yes {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "yes" => Ok(Self(true)),
            "no" => Ok(Self(false)),
            _ => Err("neither yes nor no"),
        }
    }
}

impl<T: std::str::FromStr<Err: std::fmt::Display>> Phrased for Point<T> {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        let feed = feed(phrase, Feed::CisaAdp, &[Feed::CisaAdp, Feed::Reading])?;
        Ok(Self { value: phrase.value()?, feed })
    }
}

/// A percentile of EPSS: `97 2 days ago`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Epss {
    pub(crate) percentile: u16,
    pub(crate) ago: Span,
}

impl Phrased for Epss {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        let percentile = phrase.value::<u16>()?;
        if percentile > 100 {
            return Err("a percentile is at most 100".to_owned());
        }
        Ok(Self { percentile, ago: phrase.ago() })
    }
}

pub(crate) type VectorSaid = Bare<CvssVector>;
pub(crate) type ExploitationSaid = Bare<Exploitation>;
pub(crate) type ImpactSaid = Point<TechnicalImpact>;
pub(crate) type AutomatableSaid = Point<Yes>;
