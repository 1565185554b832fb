//! How soon: a decision table of the field, and what is assumed where nobody knows. Comes in: CSV and TOML. Goes out: a
//! dense table that answers in a few instructions. A table with a missing or doubled row is refused.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::assess::{Answer, Exposed, Inputs};
use crate::named;

named! {
    /// The questions that a table can ask; each is answered from [`Inputs`].
    pub enum Question {
        /// BOD 26-04: is it in the catalogue of exploited vulnerabilities; without a CVE: was it exploited here.
        InKev = "in_kev",
        /// BOD 26-04: is the asset publicly exposed.
        PubliclyExposed = "publicly_exposed",
        /// SSVC Automatable 2.0.0; without a CVE: does it need no foothold.
        Automatable = "automatable",
        /// SSVC Technical Impact 1.0.0; without a CVE: what control is gained.
        TechnicalImpact = "technical_impact",
        /// SSVC Exploitation 1.1.0.
        Exploitation = "exploitation",
        /// SSVC System Exposure 1.0.1.
        SystemExposure = "system_exposure",
        /// SSVC Human Impact 2.0.2.
        HumanImpact = "human_impact",
    }
}

impl Question {
    /// The values of the standard, least to most urgent.
    pub const fn values(self) -> &'static [&'static str] {
        match self {
            Self::InKev | Self::PubliclyExposed | Self::Automatable => &["no", "yes"],
            Self::TechnicalImpact => &["partial", "total"],
            Self::Exploitation => &["none", "public poc", "active"],
            Self::SystemExposure => &["small", "controlled", "open"],
            Self::HumanImpact => &["low", "medium", "high", "very high"],
        }
    }
}

/// The most questions one table may ask.
pub const QUESTIONS_MAX: usize = 4;

/// How soon, as a value of the policy. Order 0 is the most urgent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// The stable name.
    pub name: String,
    /// The deadline in days; none means with the next upgrade.
    pub days: Option<u16>,
    /// Whether forensic triage is due before the patch.
    pub forensic: bool,
    /// The same in words.
    pub say: String,
}

/// One question of a table, with what is assumed where it is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: Question,
    /// The assumed value, as an index into the question's values.
    pub default: u8,
    /// Why that is assumed.
    pub because: String,
}

/// A decision table, its defaults, and the points that order a band.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name: `bod-26-04`.
    pub id: String,
    /// Its version, stored with each assessment.
    pub version: String,
    /// What people call it.
    pub title: String,
    /// The bands, most urgent first.
    pub bands: Vec<Band>,
    /// The questions, in the order of the table's columns.
    pub asked: Vec<Asked>,
    /// For each combination of answers (mixed radix, first question slowest): the table's row and the band.
    cells: Vec<(u16, u8)>,
    /// What orders a band.
    pub points: Points,
}

/// Weights, in points. See `policy/points.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    pub(crate) exposure: ExposurePoints,
    pub(crate) attacked: AttackedPoints,
    pub(crate) in_use: AnswerPoints,
    pub(crate) conditions: AnswerPoints,
    pub(crate) environment: EnvironmentPoints,
    pub(crate) scaled: Scaled,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExposurePoints {
    pub(crate) exposed_with_traffic: u16,
    pub(crate) exposed: u16,
    pub(crate) unknown: u16,
    pub(crate) internal: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttackedPoints {
    pub(crate) foothold: u16,
    pub(crate) attempt: u16,
    pub(crate) unknown: u16,
    pub(crate) none_seen: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerPoints {
    pub(crate) yes: u16,
    pub(crate) unknown: u16,
    pub(crate) no: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvironmentPoints {
    pub(crate) production: u16,
    pub(crate) unknown: u16,
    pub(crate) test: u16,
    pub(crate) sandbox: u16,
}

/// Bounds of what is scaled, and what stands where a value is missing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scaled {
    pub(crate) epss_max: u16,
    pub(crate) epss_missing: u16,
    pub(crate) cvss_max: u16,
    pub(crate) cvss_missing: u16,
    pub(crate) blast_radius_max: u16,
    pub(crate) blast_radius_unknown: u16,
    pub(crate) fix: u16,
    pub(crate) preference_max: u16,
}

/// Why a policy is refused.
#[derive(Debug, thiserror::Error)]
pub enum BadPolicy {
    /// The file beside the table cannot be read.
    #[error("the policy file cannot be read")]
    File(#[from] toml::de::Error),
    /// The table cannot be read.
    #[error("the decision table cannot be read")]
    Table(#[from] csv::Error),
    /// A column, value, band or row is wrong.
    #[error("{place}: {why}")]
    Content {
        /// Where.
        place: String,
        /// What is wrong.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    id: String,
    version: String,
    title: String,
    band: Vec<BandFile>,
    default: BTreeMap<String, DefaultFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BandFile {
    name: String,
    days: Option<u16>,
    #[serde(default)]
    forensic: bool,
    say: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DefaultFile {
    value: String,
    because: String,
}

impl Policy {
    /// The weights of this build, for a policy of one's own.
    pub const POINTS: &str = include_str!("../policy/points.toml");

    /// The default policy: BOD 26-04.
    ///
    /// # Errors
    /// Never for the files of this build; a test reads them.
    pub fn bod_26_04() -> Result<Self, BadPolicy> {
        Self::parse(
            include_str!("../policy/bod-26-04.toml"),
            include_str!("../policy/bod-26-04.csv"),
            include_str!("../policy/points.toml"),
        )
    }

    /// The second policy: SSVC for deployers.
    ///
    /// # Errors
    /// Never for the files of this build; a test reads them.
    pub fn ssvc_deployer() -> Result<Self, BadPolicy> {
        Self::parse(
            include_str!("../policy/ssvc-deployer.toml"),
            include_str!("../policy/ssvc-deployer.csv"),
            include_str!("../policy/points.toml"),
        )
    }

    /// Reads a policy: the file with bands and defaults, the decision table, and the weights.
    ///
    /// # Errors
    /// When a file cannot be read, a value is not the standard's, or a row is missing or doubled.
    pub fn parse(file: &str, table: &str, points: &str) -> Result<Self, BadPolicy> {
        let PolicyFile { id, version, title, band, default } = toml::from_str(file)?;
        let points: Points = toml::from_str(points)?;
        let bands: Vec<Band> =
            band.into_iter().map(|b| Band { name: b.name, days: b.days, forensic: b.forensic, say: b.say }).collect();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let header = reader.headers()?.clone();
        let columns: Vec<&str> = header.iter().skip(1).take(header.len().saturating_sub(2)).collect();
        if columns.is_empty() || columns.len() > QUESTIONS_MAX {
            return Err(content("header", format!("1 to {QUESTIONS_MAX} questions between row and band")));
        }
        let asked = columns.iter().map(|column| asked(column, &default)).collect::<Result<Vec<_>, _>>()?;
        let size: usize = asked.iter().map(|a| a.question.values().len()).product();
        let mut cells: Vec<Option<(u16, u8)>> = vec![None; size];
        for (line, record) in reader.records().enumerate() {
            let record = record?;
            let place = || format!("line {}", line + 2);
            let mut cell = 0;
            for (a, text) in asked.iter().zip(record.iter().skip(1)) {
                let value = value_index(a.question, text)
                    .ok_or_else(|| content(&place(), format!("`{text}` is no value of {}", a.question)))?;
                cell = cell * a.question.values().len() + usize::from(value);
            }
            let name = record.get(record.len() - 1).unwrap_or_default();
            let band = bands
                .iter()
                .position(|b| b.name.eq_ignore_ascii_case(name))
                .ok_or_else(|| content(&place(), format!("no band `{name}`")))?;
            let row = record
                .get(0)
                .and_then(|r| r.parse().ok())
                .ok_or_else(|| content(&place(), "the row has no number".to_owned()))?;
            if cells[cell].replace((row, band as u8)).is_some() {
                return Err(content(&place(), "the same answers stand in an earlier row".to_owned()));
            }
        }
        let missing = cells.iter().filter(|c| c.is_none()).count();
        let cells = cells
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| content("table", format!("{missing} of {size} combinations have no row")))?;
        Ok(Self { id, version, title, bands, asked, cells, points })
    }

    /// The band at this place of the order.
    pub fn band(&self, order: u8) -> &Band {
        &self.bands[usize::from(order).min(self.bands.len() - 1)]
    }

    /// The row and band for one answer a question.
    pub(crate) fn cell(&self, answers: &[u8]) -> (u16, u8) {
        let cell =
            self.asked.iter().zip(answers).fold(0, |cell, (a, v)| cell * a.question.values().len() + usize::from(*v));
        self.cells[cell]
    }
}

fn asked(column: &str, defaults: &BTreeMap<String, DefaultFile>) -> Result<Asked, BadPolicy> {
    let question: Question = column.parse().map_err(|e: crate::named::Unspelled| content(column, e.to_string()))?;
    let default = defaults.get(column).ok_or_else(|| content(column, "no default is declared for it".to_owned()))?;
    let value = value_index(question, &default.value)
        .ok_or_else(|| content(column, format!("its default `{}` is no value of it", default.value)))?;
    Ok(Asked { question, default: value, because: default.because.clone() })
}

fn value_index(question: Question, text: &str) -> Option<u8> {
    question.values().iter().position(|v| v.eq_ignore_ascii_case(text.trim())).map(|i| i as u8)
}

fn content(place: &str, why: String) -> BadPolicy {
    BadPolicy::Content { place: place.to_owned(), why }
}

impl Asked {
    /// What is assumed where nobody knows: the default, and never less than what is known.
    pub fn assumed(&self, inputs: &Inputs) -> u8 {
        self.default.max(self.question.at_least(inputs))
    }
}

impl Question {
    /// The answer that the inputs give, as an index into the values; none where it is unknown.
    pub fn answer(self, inputs: &Inputs) -> Option<u8> {
        let yes_no = |answer: Answer| match answer {
            Answer::Yes => Some(1),
            Answer::No | Answer::NotApplicable => Some(0),
            Answer::Unknown => None,
        };
        match self {
            Self::InKev => yes_no(inputs.exploited()),
            Self::PubliclyExposed => yes_no(inputs.exposure.publicly()),
            Self::Automatable => yes_no(inputs.automatable),
            Self::TechnicalImpact => yes_no(inputs.total_impact),
            Self::Exploitation => match inputs.exploited() {
                Answer::Yes => Some(2),
                Answer::No | Answer::NotApplicable => Some(u8::from(inputs.public_poc)),
                Answer::Unknown => None,
            },
            Self::SystemExposure => match inputs.exposure {
                Exposed::WithTraffic | Exposed::ByPath => Some(2),
                Exposed::Internal => Some(1),
                Exposed::Unknown => None,
            },
            Self::HumanImpact => inputs.human_impact.map(|h| h as u8),
        }
    }

    /// The least that is known where the answer is not: whether a flaw is exploited may be unknown while a public proof
    /// of concept is at hand.
    pub fn at_least(self, inputs: &Inputs) -> u8 {
        match self {
            Self::Exploitation => u8::from(inputs.public_poc),
            Self::InKev | Self::PubliclyExposed | Self::Automatable | Self::TechnicalImpact => 0,
            Self::SystemExposure | Self::HumanImpact => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tables_of_this_build_are_whole() {
        let bod = Policy::bod_26_04().unwrap();
        assert_eq!((bod.cells.len(), bod.bands.len(), bod.bands[0].forensic), (16, 5, true));
        assert_eq!(Policy::ssvc_deployer().unwrap().cells.len(), 72);
    }

    #[test]
    fn a_table_with_a_hole_or_a_double_is_refused() {
        let file = include_str!("../policy/bod-26-04.toml");
        let points = include_str!("../policy/points.toml");
        let table = include_str!("../policy/bod-26-04.csv");
        let cut = table.lines().take(16).collect::<Vec<_>>().join("\n");
        assert!(Policy::parse(file, &cut, points).unwrap_err().to_string().contains("1 of 16"));
        let doubled = format!("{table}0,no,no,no,partial,60-days\n");
        assert!(Policy::parse(file, &doubled, points).unwrap_err().to_string().contains("earlier row"));
        let odd = table.replace("14-days", "a-fortnight");
        assert!(Policy::parse(file, &odd, points).unwrap_err().to_string().contains("no band"));
    }
}
