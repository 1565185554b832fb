//! The demo's files, compiled in. Comes in: a file's name and the instant that it is taken in at. Goes out: its text with
//! what is planted in it, and with its times moved. The files are valid in their formats as they lie: what is planted
//! stands as `{{plant:NAME}}`, and times count from [`ANCHOR`], which stands for the moment the file is taken in.

use assay_core::ids::Time;
use serde::Deserialize;

/// Stands in the files for the moment at which they are taken in.
const ANCHOR: Time = Time::from_secs(1_767_225_600);

/// The fields of the formats that hold such times. Dates of publications are real, and stand in other fields.
const TIME_FIELDS: &[&str] =
    &["CreatedAt", "timestamp", "dateReleased", "dateUpdated", "sent_at", "since", "until", "completionTime"];

/// The comment of an EPSS file holds a day.
const SCORE_DATE: &str = "score_date:";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../demo/", $name)))),*]
    };
}

/// Every file, by its name.
const FILES: &[(&str, &str)] = files![
    "assay.toml",
    "planted.json",
    "cluster/build.yaml",
    "cluster/lab.yaml",
    "cluster/namespaces.yaml",
    "cluster/nodes.yaml",
    "cluster/rbac.yaml",
    "cluster/shop.yaml",
    "intel/cve-records.jsonl",
    "intel/epss.csv",
    "intel/kev.json",
    "reports/grype-batch.json",
    "reports/grype-cart.json",
    "reports/grype-checkout.json",
    "reports/grype-fluent-bit.json",
    "reports/grype-notebook.json",
    "reports/grype-postgres.json",
    "reports/grype-report.json",
    "reports/grype-web.json",
    "reports/trivy-batch.json",
    "reports/trivy-checkout.json",
    "reports/trivy-ingress-nginx.json",
    "reports/trivy-load-test.json",
    "reports/trivy-mail.json",
    "reports/trivy-notebook.json",
    "reports/trivy-postgres.json",
    "reports/trivy-report.json",
    "reports/trivy-web.json",
    "reports/trivy-webhook.json",
    "sensor/worker-1.jsonl",
    "sensor/worker-2.jsonl",
    "sensor/worker-3.jsonl",
];

/// Why the demo's own files are not right. Tests keep this from happening in a release.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadBundle {
    /// A file is missing.
    #[error("the demo has no file `{0}`")]
    NoFile(String),
    /// The list of what is planted cannot be read.
    #[error("what the demo plants cannot be read")]
    Planted(#[source] serde_json::Error),
    /// A file names something that is not in that list.
    #[error("the demo plants no `{0}`")]
    NoPlant(String),
}

/// Something that a scanner or an operator should stumble over: a secret in pieces, so that none stands in this
/// repository, or a text that wants to be obeyed.
#[derive(Debug, Deserialize)]
struct Plant {
    name: String,
    pieces: Vec<String>,
}

/// The files with everything planted in them.
#[derive(Debug)]
pub(crate) struct Bundle {
    plants: Vec<Plant>,
}

impl Bundle {
    /// The bundle of this binary.
    pub(crate) fn open() -> Result<Self, BadBundle> {
        let plants = serde_json::from_str(raw("planted.json")?).map_err(BadBundle::Planted)?;
        Ok(Self { plants })
    }

    /// A file as it stands when it is taken in at an instant.
    pub(crate) fn text(&self, name: &str, at: Time) -> Result<String, BadBundle> {
        Ok(shift(&self.plant(raw(name)?)?, at))
    }

    /// The names of the files in a folder.
    pub(crate) fn folder(folder: &str) -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name).filter(move |name| name.split_once('/').is_some_and(|(f, _)| f == folder))
    }

    /// Puts the plants in place, written as a JSON string writes them: the places are in quotes, in YAML too.
    fn plant(&self, text: &str) -> Result<String, BadBundle> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{plant:") {
            let Some((name, after)) = after.split_once("}}") else { break };
            let plant =
                self.plants.iter().find(|p| p.name == name).ok_or_else(|| BadBundle::NoPlant(name.to_owned()))?;
            let quoted = serde_json::Value::from(plant.pieces.concat()).to_string();
            out.push_str(before);
            out.push_str(quoted.trim_matches('"'));
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

fn raw(name: &str) -> Result<&'static str, BadBundle> {
    let found = FILES.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| BadBundle::NoFile(name.to_owned()))
}

/// Moves every time of a text so that the anchor falls on an instant.
fn shift(text: &str, at: Time) -> String {
    let mut text = text.to_owned();
    for field in TIME_FIELDS {
        text = shift_after(&text, &format!("\"{field}\""), |rest| {
            let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
            let start = rest.len() - value.len();
            let end = start + value.find('"')?;
            let moved = moved(rest[start..end].parse().ok()?, at);
            Some((start, end, moved.to_string()))
        });
    }
    shift_after(&text, SCORE_DATE, |rest| {
        let moved = moved(rest.get(..10)?.parse().ok()?, at);
        Some((0, 10, moved.civil().date().to_string()))
    })
}

fn moved(time: Time, at: Time) -> Time {
    Time::from_millis(at.millis() - ANCHOR.millis() + time.millis())
}

/// Replaces what `find` finds behind each occurrence of a word: a stretch of the rest, and what comes in its place.
fn shift_after(text: &str, word: &str, find: impl Fn(&str) -> Option<(usize, usize, String)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(word) {
        out.push_str(before);
        out.push_str(word);
        rest = after;
        if let Some((start, end, new)) = find(rest) {
            out.push_str(&rest[..start]);
            out.push_str(&new);
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn times_move_with_the_moment_and_dates_of_publications_stay() {
        let text =
            r#"{"sent_at": "2025-12-31T23:58:00Z", "dateAdded":"2021-12-10", "note": "since 2025-12-31T23:58:00Z"}"#;
        let moved = shift(text, at("2026-11-24T03:02:00Z"));
        assert_eq!(moved, text.replacen("2025-12-31T23:58:00Z", "2026-11-24T03:00:00Z", 1));
        let epss = shift("#model_version:v1,score_date:2025-12-31T00:00:00+0000\n", at("2026-11-24T03:02:00Z"));
        assert_eq!(epss, "#model_version:v1,score_date:2026-11-23T00:00:00+0000\n");
        assert_eq!(ANCHOR, at("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn every_file_is_whole_and_nothing_is_left_to_be_planted() {
        let bundle = Bundle::open().unwrap();
        for (name, _) in FILES.iter().filter(|(name, _)| *name != "planted.json") {
            let text = bundle.text(name, at("2026-11-24T03:02:00Z")).unwrap();
            assert!(!text.contains("{{"), "{name}");
            if name.ends_with(".json") {
                serde_json::from_str::<serde_json::Value>(&text).unwrap();
            }
        }
    }

    #[test]
    fn no_secret_stands_in_the_repository() {
        let bundle = Bundle::open().unwrap();
        for plant in bundle.plants.iter().filter(|p| p.pieces.len() > 1) {
            let whole = plant.pieces.concat();
            assert!(FILES.iter().all(|(_, text)| !text.contains(&whole)), "{}", plant.name);
        }
    }
}
