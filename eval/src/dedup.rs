//! One image reported by two tools. Comes in: reports as the tools write them, and pairs of words that must, or must not,
//! end in one finding. Goes out: precision and recall of what the ledger joined, whichever report came first.

use assay_core::finding::Finding;
use assay_core::ids::Digest;
use assay_core::observation::Record;
use assay_core::ports::Records;
use assay_core::records::ReportMeta;
use assay_core::text::Opaque;
use serde::Deserialize;

use crate::cases::{self, BadCase, Named};
use crate::ground::{Fault, Ground};
use crate::outcome::Outcome;
use crate::situation::now;
use crate::{EvalError, Suite};

/// The pairs of this build.
pub const PAIRS: &str = include_str!("../data/dedup.jsonl");

/// The reports that the pairs speak of.
pub const REPORTS: [(&str, &str); 6] = [
    ("api.trivy", include_str!("../data/dedup/api.trivy.json")),
    ("api.grype", include_str!("../data/dedup/api.grype.json")),
    ("batch.trivy", include_str!("../data/dedup/batch.trivy.json")),
    ("batch.grype", include_str!("../data/dedup/batch.grype.json")),
    ("edge.trivy", include_str!("../data/dedup/edge.trivy.json")),
    ("edge.grype", include_str!("../data/dedup/edge.grype.json")),
];

/// One tool's word: what the ledger shows of it beside a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heard {
    /// The tool.
    pub tool: String,
    /// How the image's repository ends.
    pub image: String,
    /// The package, as the finding's source shows it.
    pub package: String,
    /// The tool's own name of the flaw.
    pub rule: String,
    /// The version found, where two copies are told apart by it.
    pub version: Option<String>,
}

/// Two words and whether they are about one thing.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Its name.
    pub id: String,
    /// One word.
    pub one: Heard,
    /// The other.
    pub other: Heard,
    /// Whether they must end in one finding.
    pub same: bool,
    /// Why.
    pub why: String,
}

/// A report with its name.
pub type Report = (String, String);

/// A line is a pair, or a report that pairs speak of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    report: Option<serde_json::Value>,
    one: Option<Heard>,
    other: Option<Heard>,
    same: Option<bool>,
    why: Option<String>,
}

impl Named for Line {
    fn id(&self) -> &str {
        &self.id
    }
}

enum Case {
    Report(Report),
    Pair(Box<Pair>),
}

impl Line {
    fn case(self) -> Result<Case, String> {
        match (self.report, self.one, self.other, self.same, self.why) {
            (Some(report), None, None, None, None) => Ok(Case::Report((self.id, report.to_string()))),
            (None, Some(one), Some(other), Some(same), Some(why)) => {
                cases::reason(&why)?;
                Ok(Case::Pair(Box::new(Pair { id: self.id, one, other, same, why })))
            }
            _ => Err("it says either `report`, or `one`, `other`, `same` and `why`".to_owned()),
        }
    }
}

/// Reads pairs and the reports that they speak of; without any, those of this build.
///
/// # Errors
/// When a line is neither, or a pair gives no reason.
pub fn read(text: &str) -> Result<(Vec<Pair>, Vec<Report>), BadCase> {
    let (mut pairs, mut reports) = (Vec::new(), Vec::new());
    for case in cases::read(text, Line::case)? {
        match case {
            Case::Report(report) => reports.push(report),
            Case::Pair(pair) => pairs.push(*pair),
        }
    }
    if reports.is_empty() {
        reports.extend(REPORTS.map(|(name, report)| (name.to_owned(), report.to_owned())));
    }
    Ok((pairs, reports))
}

/// Takes the reports into a ledger, once in their order and once turned round, and looks at every pair both times.
///
/// # Errors
/// When a part of the ground fails.
pub fn run(pairs: &[Pair], reports: &[Report], ground: &impl Ground) -> Result<[Outcome; 2], EvalError> {
    let fault = |why| EvalError::Ground { suite: Suite::Dedup, source: why };
    let mut turned = reports.to_vec();
    turned.reverse();
    let (mut must, mut joined, mut right) = (0, 0, 0);
    let (mut parted, mut confused) = (Vec::new(), Vec::new());
    for (order, reports) in [("first to last", reports), ("last to first", turned.as_slice())] {
        let findings = findings(reports, ground).map_err(fault)?;
        for pair in pairs {
            let [one, other] = [&pair.one, &pair.other].map(|heard| place(heard, &findings));
            let together = one.is_some() && one == other;
            must += usize::from(pair.same);
            joined += usize::from(together);
            right += usize::from(together && pair.same);
            let told = |what: &str| format!("{}, {order}: {what}; {}", pair.id, pair.why);
            match (one, other) {
                (Some(_), Some(_)) if together == pair.same => {}
                (Some(_), Some(_)) if together => confused.push(told("joined")),
                (Some(_), Some(_)) => parted.push(told("not joined")),
                // What is in no finding proves nothing, whatever the pair asks for.
                _ => {
                    let lost = told("one of them is in no finding");
                    if pair.same {
                        parted.push(lost);
                    } else {
                        joined += 1;
                        confused.push(lost);
                    }
                }
            }
        }
    }
    Ok([
        Outcome::share_of(Suite::Dedup, "precision", right, joined, confused),
        Outcome::share_of(Suite::Dedup, "recall", right, must, parted),
    ])
}

/// The finding of a word; none where there is none, or where it stands in several.
fn place(heard: &Heard, findings: &[Finding]) -> Option<i64> {
    let says = |f: &&Finding| {
        f.place.asset.name.reveal().ends_with(&heard.image)
            && f.words.iter().any(|w| {
                w.tool.reveal() == heard.tool
                    && w.sighting.component.reveal() == heard.package
                    && w.sighting.rule.reveal() == heard.rule
                    && heard.version.as_ref().is_none_or(|v| w.sighting.version.reveal() == v)
            })
    };
    let mut found = findings.iter().filter(says).map(|f| f.id);
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn findings(reports: &[Report], ground: &impl Ground) -> Result<Vec<Finding>, Fault> {
    let mut records = ground.records()?;
    for (name, report) in reports {
        take(&mut records, report, ground).map_err(|why| format!("the report {name}: {why}"))?;
    }
    let mut ids = Vec::new();
    records.each_row(now(), |row| ids.push(row.id))?;
    Ok(records.details(&ids, now())?)
}

fn take<G: Ground>(records: &mut G::Records, report: &str, ground: &G) -> Result<(), Fault> {
    let sha256 = Digest::of_bytes(report.as_bytes());
    let sender = Opaque::readmit("eval");
    let meta = ReportMeta { sender, format: "eval", idem_key: sha256, sha256, received_at: now() };
    records.ingest(&meta, |take: &mut dyn FnMut(Record) -> bool| ground.read(report, now(), take))?;
    Ok(())
}

#[cfg(test)]
mod tests;
