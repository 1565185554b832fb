//! CVE records of format 5, as the CVE programme and CISA publish them: one, one a line, or a list. The numbering
//! authority's container gives text, vectors and weaknesses; CISA's container gives SSVC values and the catalogue entry.

use std::collections::BTreeMap;
use std::io::Read;

use assay_core::ids::{Time, VulnId};
use assay_core::intel::{Exploitation, Feed, IntelNote, Said, TechnicalImpact};
use assay_core::text::Opaque;
use serde::Deserialize;

use super::Taker;
use crate::read::ReadError;
use crate::read::intake::instant;
use crate::read::json::{Json, Kind};
use crate::read::lenient::{Many, Word};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    cve_metadata: Metadata,
    containers: Containers,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    cve_id: Word,
    state: Word,
    date_published: Word,
    date_updated: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Containers {
    cna: Container,
    adp: Many<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    provider_metadata: Provider,
    descriptions: Many<Description>,
    metrics: Many<Metric>,
    problem_types: Many<ProblemType>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Provider {
    short_name: Word,
    date_updated: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Description {
    lang: Word,
    value: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metric {
    #[serde(rename = "cvssV4_0")]
    v4: Option<Vector>,
    #[serde(rename = "cvssV3_1")]
    v31: Option<Vector>,
    #[serde(rename = "cvssV3_0")]
    v30: Option<Vector>,
    #[serde(rename = "cvssV2_0")]
    v2: Option<Vector>,
    other: Option<Other>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Vector {
    vector_string: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Other {
    r#type: Word,
    content: Content,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Content {
    options: Many<BTreeMap<String, Word>>,
    timestamp: Word,
    date_added: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProblemType {
    descriptions: Many<Weakness>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Weakness {
    cwe_id: Word,
}

/// How many records of each feed were seen, and the newest date.
#[derive(Default)]
struct Tally {
    records: u64,
    of_cisa: u64,
    newest: Option<Time>,
    newest_of_cisa: Option<Time>,
}

pub(super) fn read(input: &mut dyn Read, taker: &mut Taker<'_>) -> Result<(), ReadError> {
    let mut tally = Tally::default();
    let mut json = Json::open(input, taker.how.limits)?;
    let mut number = 0u64;
    while json.more()? {
        if json.kind()? == Kind::List {
            json.list(|json, i| one(json, taker, &mut tally, format!("[{i}]")))?;
        } else {
            number += 1;
            one(&mut json, taker, &mut tally, format!("record {number}"))?;
        }
    }
    let fallback = taker.how.imported_at;
    if tally.records > 0 {
        taker.done(Feed::CveRecord, tally.newest.unwrap_or(fallback), tally.records);
    }
    if tally.of_cisa > 0 {
        taker.done(Feed::CisaAdp, tally.newest_of_cisa.unwrap_or(fallback), tally.of_cisa);
    }
    Ok(())
}

fn one(json: &mut Json<'_>, taker: &mut Taker<'_>, tally: &mut Tally, place: String) -> Result<(), ReadError> {
    let record = match json.record::<Record>()? {
        Ok(record) => record,
        Err(reason) => {
            taker.skip(place, &reason);
            return Ok(());
        }
    };
    match record.cve_metadata.cve_id.as_str().parse::<VulnId>() {
        Ok(vuln) if vuln.is_cve() => record.notes(&vuln, taker, tally),
        _ => {
            taker.skip(place, "the record names no CVE");
            Ok(())
        }
    }
}

impl Record {
    fn notes(&self, vuln: &VulnId, taker: &mut Taker<'_>, tally: &mut Tally) -> Result<(), ReadError> {
        let metadata = &self.cve_metadata;
        let updated = instant(metadata.date_updated.as_str()).or_else(|| instant(metadata.date_published.as_str()));
        let at = updated.unwrap_or(taker.how.imported_at);
        tally.records += 1;
        tally.newest = tally.newest.max(updated);
        if metadata.state.as_str() == "REJECTED" {
            return taker.give(note(vuln, Feed::CveRecord, Said::Rejected, at));
        }
        let cna = &self.containers.cna;
        let english = |d: &&Description| d.lang.as_str().starts_with("en");
        if let Some(text) = cna.descriptions.iter().find(english).and_then(|d| d.value.some()) {
            let max = taker.how.limits.text_bytes_max;
            let end = (0..=max.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
            let text = Opaque::admit(&text[..end], taker.how.door);
            taker.give(note(vuln, Feed::CveRecord, Said::Text(text), at))?;
        }
        cna.scores(vuln, at, taker)?;
        for adp in self.containers.adp.iter().filter(|c| c.is_cisa()) {
            let updated = instant(adp.provider_metadata.date_updated.as_str());
            tally.of_cisa += 1;
            tally.newest_of_cisa = tally.newest_of_cisa.max(updated);
            let at = updated.unwrap_or(at);
            adp.scores(vuln, at, taker)?;
            adp.decisions(vuln, at, taker)?;
        }
        Ok(())
    }
}

impl Container {
    fn is_cisa(&self) -> bool {
        self.provider_metadata.short_name.as_str() == "CISA-ADP"
    }

    /// Vectors and weaknesses, which both containers may give.
    fn scores(&self, vuln: &VulnId, at: Time, taker: &mut Taker<'_>) -> Result<(), ReadError> {
        for metric in self.metrics.iter() {
            for vector in [&metric.v4, &metric.v31, &metric.v30, &metric.v2].into_iter().flatten() {
                if let Ok(vector) = vector.vector_string.as_str().parse() {
                    taker.give(note(vuln, Feed::Cvss, Said::Cvss(vector), at))?;
                }
            }
        }
        for weakness in self.problem_types.iter().flat_map(|p| p.descriptions.iter()) {
            let number = weakness.cwe_id.as_str().strip_prefix("CWE-").and_then(|n| n.parse().ok());
            if let Some(number) = number {
                taker.give(note(vuln, Feed::CveRecord, Said::Cwe(number), at))?;
            }
        }
        Ok(())
    }

    /// What only CISA's container holds.
    fn decisions(&self, vuln: &VulnId, at: Time, taker: &mut Taker<'_>) -> Result<(), ReadError> {
        for other in self.metrics.iter().filter_map(|m| m.other.as_ref()) {
            match other.r#type.as_str() {
                "ssvc" => {
                    let at = instant(other.content.timestamp.as_str()).unwrap_or(at);
                    taker.give(note(vuln, Feed::CisaAdp, other.content.ssvc(), at))?;
                }
                "kev" => {
                    if let Some(added) = instant(other.content.date_added.as_str()) {
                        let mut note = note(vuln, Feed::Kev, Said::Kev { added }, added);
                        note.via = Opaque::readmit(Feed::CisaAdp.as_str());
                        taker.give(note)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Content {
    fn ssvc(&self) -> Said {
        let value = |name: &str| {
            let all = self.options.iter().flat_map(BTreeMap::iter);
            all.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str().to_ascii_lowercase()).next()
        };
        Said::Ssvc {
            exploitation: value("Exploitation").and_then(|v| match v.as_str() {
                "none" => Some(Exploitation::None),
                "poc" | "public poc" => Some(Exploitation::PublicPoc),
                "active" => Some(Exploitation::Active),
                _ => None,
            }),
            automatable: value("Automatable").and_then(|v| match v.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            }),
            impact: value("Technical Impact").and_then(|v| match v.as_str() {
                "partial" => Some(TechnicalImpact::Partial),
                "total" => Some(TechnicalImpact::Total),
                _ => None,
            }),
        }
    }
}

fn note(vuln: &VulnId, feed: Feed, said: Said, at: Time) -> IntelNote {
    IntelNote { vuln: vuln.clone(), said, feed, via: Opaque::readmit(""), at }
}
