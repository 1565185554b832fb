//! The texts to learn from. Comes in: JSON lines with `cve`, `description`, and what others published about the flaw
//! (`vendor`, `published`, `cvss_vector`, `ssvc_automatable`, `ssvc_technical_impact`). Goes out: one example a text,
//! with a class for each question that somebody answered, and the part of the split that it belongs to.

use assay_core::ids::Digest;
use assay_core::intel::{CvssVector, TechnicalImpact};
use serde::Deserialize;

use super::questions::QUESTIONS;

/// A text and what is known about it.
pub struct Example {
    /// The CVE.
    pub cve: String,
    /// The description in the CVE record.
    pub text: String,
    /// The class of each question, where somebody published it.
    pub classes: Vec<Option<usize>>,
    /// What the rule over a CVSS vector says of the first two questions, where there is a vector.
    pub by_vector: [Option<usize>; 2],
    /// Where it belongs.
    pub part: Part,
    /// The year of publication, when it is known.
    pub year: Option<u16>,
}

/// Which part of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Weights are fitted on it.
    Learn,
    /// Temperatures, thresholds and the choice of an epoch come from it.
    Tune,
    /// Nothing is chosen by it: only measured, once.
    Test,
}

/// What is never in two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// A vendor: its way of writing is not known from elsewhere.
    Vendor,
    /// A CVE only.
    Cve,
}

#[derive(Deserialize)]
struct Row {
    cve: String,
    description: String,
    #[serde(default)]
    vendor: Option<String>,
    #[serde(default)]
    published: Option<String>,
    #[serde(default)]
    cvss_vector: Option<String>,
    #[serde(default)]
    ssvc_automatable: Option<String>,
    #[serde(default)]
    ssvc_technical_impact: Option<String>,
}

/// Reads one line; none where the text is empty.
///
/// # Errors
/// When the line is no such row.
pub fn parse(line: &str, split: Split) -> Result<Option<Example>, serde_json::Error> {
    let row: Row = serde_json::from_str(line)?;
    Ok((!row.description.trim().is_empty()).then(|| example(row, split)))
}

fn example(row: Row, split: Split) -> Example {
    let vector = row.cvss_vector.as_deref().and_then(|v| v.parse::<CvssVector>().ok());
    let metric = |names: &[&str]| vector.as_ref().and_then(|v| names.iter().find_map(|name| v.metric(name)));
    let classes = QUESTIONS.iter().map(|question| {
        let said = match question.name {
            "automatable" => row.ssvc_automatable.clone(),
            "technical_impact" => row.ssvc_technical_impact.clone(),
            _ => metric(question.metrics),
        }?;
        question.class(&said)
    });
    let by_vector = vector.as_ref().map_or([None, None], |v| {
        let total = v.technical_impact() == TechnicalImpact::Total;
        [Some(usize::from(v.automatable())), Some(usize::from(total))]
    });
    Example {
        classes: classes.collect(),
        by_vector,
        part: part(&row.cve, row.vendor.as_deref().filter(|_| split == Split::Vendor).unwrap_or_default()),
        year: row.published.as_deref().and_then(|p| p.get(..4)?.parse().ok()),
        cve: row.cve,
        text: row.description,
    }
}

/// Those of nobody that is named go one by one. A fifth is for the test, a twentieth for tuning.
fn part(cve: &str, vendor: &str) -> Part {
    let vendor = vendor.trim().to_lowercase();
    let key = if ["", "n/a", "unknown"].contains(&vendor.as_str()) { cve.to_owned() } else { vendor };
    let hash = Digest::of_bytes(key.as_bytes()).to_string();
    let number = hash.trim_start_matches("sha256:").get(..6).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    match number.unwrap_or_default() % 20 {
        0..=3 => Part::Test,
        4 => Part::Tune,
        _ => Part::Learn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(vendor: &str, cve: &str) -> Example {
        let line = format!(
            r#"{{"cve":"{cve}","description":"A flaw.","vendor":"{vendor}","published":"2024-03-01",
            "cvss_vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","ssvc_automatable":"Yes"}}"#
        );
        example(serde_json::from_str(&line).unwrap(), Split::Vendor)
    }

    #[test]
    fn what_nobody_said_has_no_class() {
        let example = row("acme", "CVE-2024-1");
        assert_eq!(example.classes[..5], [Some(1), None, Some(0), Some(0), Some(0)]);
        assert_eq!((example.by_vector, example.year), ([Some(1), Some(1)], Some(2024)));
    }

    #[test]
    fn a_vendor_is_in_one_part_only() {
        assert!((0..50).map(|i| row("Acme ", &format!("CVE-2024-{i}")).part).all(|p| p == row("acme", "x").part));
        let nobody: Vec<Part> = (0..400).map(|i| row("n/a", &format!("CVE-2024-{i}")).part).collect();
        let share = |part| nobody.iter().filter(|p| **p == part).count();
        assert!((50..110).contains(&share(Part::Test)) && (5..40).contains(&share(Part::Tune)));
    }
}
