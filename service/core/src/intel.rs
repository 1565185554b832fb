//! What published sources say about a vulnerability. Comes in: notes from feeds and from reports that carry them.
//! Goes out: for each question the value of the highest rung, with its source and date. It must never let a lower
//! rung lower what a higher one said, nor fill what nobody said.

use std::fmt;
use std::str::FromStr;

use crate::condition::Condition;
use crate::ids::{Time, VulnId};
use crate::named;
use crate::reading::ReadBy;
use crate::text::Opaque;

named! {
    /// A published source, by the short name that evidence ids use.
    pub enum Feed {
        /// CISA's Known Exploited Vulnerabilities catalogue.
        Kev = "kev",
        /// FIRST's Exploit Prediction Scoring System.
        Epss = "epss",
        /// CISA's ADP container in the CVE record (vulnrichment): SSVC values.
        CisaAdp = "cisa-adp",
        /// The CVE record of the numbering authority.
        CveRecord = "cve-record",
        /// A CVSS vector, whoever published it.
        Cvss = "cvss",
        /// A model's reading of the CVE text.
        Reading = "reading",
        /// A curated row of ours.
        Curated = "curated",
    }
}

named! {
    /// SSVC Exploitation, version 1.1.0.
    pub enum Exploitation {
        /// No evidence and no public proof of concept.
        None = "none",
        /// A public proof of concept exists.
        PublicPoc = "public poc",
        /// Used by attackers.
        Active = "active",
    }
}

named! {
    /// SSVC Technical Impact, version 1.0.0.
    pub enum TechnicalImpact {
        /// Limited control or information.
        Partial = "partial",
        /// Full control of the behaviour, or total disclosure.
        Total = "total",
    }
}

/// A CVSS vector of version 2, 3.0, 3.1 or 4.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CvssVector(polycvss::Vector);

/// Text that is not a whole CVSS vector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a CVSS vector: every base metric of version 2, 3 or 4 must be there once")]
pub struct BadCvss;

impl CvssVector {
    /// The base score in tenths: 98 is 9.8. Temporal and environmental metrics do not count.
    pub fn base_tenths(&self) -> u16 {
        let score = f32::from(self.0.base_score());
        // Scores are multiples of a tenth between 0 and 10.
        (score * 10.0).round() as u16
    }

    /// The value of one metric, such as `AV` -> `N`; none where this version has no such metric.
    pub fn metric(&self, name: &str) -> Option<String> {
        self.to_string().split('/').find_map(|part| part.strip_prefix(name)?.strip_prefix(':').map(str::to_owned))
    }

    /// Automatable as CISA's analysts read it off a vector: network, low complexity, no privileges, no interaction
    /// (agrees with their own values on about 96 of 100 CVEs).
    pub fn automatable(&self) -> bool {
        let is = |name: &str, value: &str| self.metric(name).as_deref() == Some(value);
        let nobody = if self.is_v2() { is("Au", "N") } else { is("PR", "N") && is("UI", "N") };
        is("AV", "N") && is("AC", "L") && nobody && self.metric("AT").is_none_or(|v| v == "N")
    }

    /// Total when confidentiality, integrity and availability are all lost completely (agrees on about 91 of 100).
    pub fn technical_impact(&self) -> TechnicalImpact {
        let worst = if self.is_v2() { "C" } else { "H" };
        let lost =
            |name: &str| self.metric(name).or_else(|| self.metric(&format!("V{name}"))).as_deref() == Some(worst);
        if ["C", "I", "A"].into_iter().all(lost) { TechnicalImpact::Total } else { TechnicalImpact::Partial }
    }

    /// Newer versions say more: 4.0 before 3.1 before 3.0 before 2.
    pub fn version_rank(&self) -> u8 {
        let text = self.to_string();
        ["CVSS:3.0", "CVSS:3.1", "CVSS:4.0"].iter().position(|v| text.starts_with(v)).map_or(0, |i| i as u8 + 1)
    }

    fn is_v2(&self) -> bool {
        self.version_rank() == 0
    }
}

impl FromStr for CvssVector {
    type Err = BadCvss;
    fn from_str(text: &str) -> Result<Self, BadCvss> {
        let text = text.trim().trim_start_matches('(').trim_end_matches(')');
        text.parse().map(Self).map_err(|_| BadCvss)
    }
}

impl fmt::Display for CvssVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One thing that one source said about one vulnerability.
#[derive(Clone, Debug, PartialEq)]
pub struct IntelNote {
    /// The vulnerability as the source names it.
    pub vuln: VulnId,
    /// What was said.
    pub said: Said,
    /// The published source that said it.
    pub feed: Feed,
    /// The tool that carried it, where it came inside a report; of a curated row the address that says so; else empty.
    pub via: Opaque,
    /// When the source said it.
    pub at: Time,
}

/// What a source can say about a vulnerability.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// It is in the catalogue since then.
    Kev {
        /// The catalogue's own date.
        added: Time,
    },
    /// Probability of exploitation in 30 days and its percentile, both in ten-thousandths.
    Epss {
        /// Probability x 10,000.
        probability: u16,
        /// Percentile x 10,000.
        percentile: u16,
    },
    /// SSVC decision points; each may be missing.
    Ssvc {
        /// State of exploitation.
        exploitation: Option<Exploitation>,
        /// Whether an attacker can automate the first four steps of the kill chain.
        automatable: Option<bool>,
        /// How much an attacker gains.
        impact: Option<TechnicalImpact>,
    },
    /// A CVSS vector.
    Cvss(CvssVector),
    /// The description.
    Text(Opaque),
    /// A weakness class, by its CWE number.
    Cwe(u32),
    /// What exploitation asks for, by a curated row.
    Conditions(Vec<Condition>),
    /// What was read out of the text of the record.
    Read(Box<ReadBy>),
    /// The record was withdrawn.
    Rejected,
}

/// A feed as a whole: what was imported and how old it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// Which feed.
    pub feed: Feed,
    /// The date the publisher wrote on it.
    pub published: Time,
    /// When we took it in.
    pub imported: Time,
    /// How many rows it held.
    pub rows: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> CvssVector {
        text.parse().unwrap()
    }

    #[test]
    fn a_vector_gives_score_automatable_and_impact() {
        let log4shell = v("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H");
        assert_eq!(
            (log4shell.base_tenths(), log4shell.automatable(), log4shell.technical_impact()),
            (100, true, TechnicalImpact::Total)
        );
        let local = v("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N");
        assert_eq!((local.automatable(), local.technical_impact()), (false, TechnicalImpact::Partial));
        let v4 = v("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N");
        assert_eq!((v4.automatable(), v4.technical_impact(), v4.version_rank()), (true, TechnicalImpact::Total, 3));
        let v2 = v("(AV:N/AC:L/Au:N/C:C/I:C/A:C)");
        assert_eq!((v2.automatable(), v2.technical_impact(), v2.base_tenths()), (true, TechnicalImpact::Total, 100));
    }

    #[test]
    fn half_a_vector_is_refused() {
        assert!("CVSS:3.1/AV:N".parse::<CvssVector>().is_err() && "".parse::<CvssVector>().is_err());
        assert_eq!(v("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N/E:P").base_tenths(), 61);
    }
}
