//! One result of a run, and what it is.

use assay_core::asset::{Package, PackageParts};
use assay_core::ids::VulnId;
use assay_core::observation::{Claim, Flaw, Observation, Severity, Subject};
use assay_core::scope::{Spoken, SpokenSet};
use assay_core::text::Opaque;
use serde::Deserialize;

use super::super::controls::control;
use super::super::image::ecosystem;
use super::super::intake::Intake;
use super::super::lenient::{Many, Word};
use super::rule::{Message, RuleRow, Rules};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ResultRow {
    rule_id: Word,
    rule_index: Option<i64>,
    rule: Option<RuleRef>,
    kind: Word,
    level: Word,
    message: Message,
    locations: Many<Location>,
    baseline_state: Word,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RuleRef {
    id: Word,
    index: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Location {
    physical_location: Option<Physical>,
    logical_locations: Many<Logical>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Physical {
    artifact_location: Option<ArtifactLocation>,
    region: Option<Region>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ArtifactLocation {
    uri: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Region {
    snippet: Option<Message>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Logical {
    fully_qualified_name: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    purl: Word,
    /// The secret itself, as Gitleaks writes it; only its mark is kept.
    offender: Word,
}

impl ResultRow {
    /// What the result yields. One that passed or that the tool found gone yields nothing; one that somebody suppressed
    /// in the code is still claimed, because a comment must not talk a finding down.
    pub(super) fn yields(&self, intake: &Intake<'_>, rules: &Rules, classes: &mut SpokenSet) -> Vec<Observation> {
        let failed = matches!(self.kind.as_str(), "" | "fail" | "open" | "review");
        if !failed || self.baseline_state.as_str() == "absent" {
            return Vec::new();
        }
        let id = self.rule_id.some().or(self.rule.as_ref().and_then(|r| r.id.some())).unwrap_or("");
        let index = self.rule_index.or(self.rule.as_ref().and_then(|r| r.index));
        let rule = rules.find(id, index);
        let id = if id.is_empty() { rule.map_or("", |r| r.id.as_str()) } else { id };
        let words = Words { id, rule, result: self };
        let driver = rules.driver.to_ascii_lowercase();
        let (class, flaw) = words.flaw(intake, &driver);
        classes.insert(class);
        let title = rule.and_then(RuleRow::short).or(self.message.text.some()).unwrap_or(id);
        let text = rule.and_then(RuleRow::full).or(self.message.text.some()).unwrap_or("");
        // What stands around a secret is told from the rule alone: the message may quote the value.
        let title = if class == Spoken::Secret { rule.and_then(RuleRow::short).unwrap_or("Secret") } else { title };
        let text = if class == Spoken::Secret { "" } else { text };
        vec![Observation::Claim(Box::new(Claim {
            scope: None,
            subject: Subject::Artifact,
            severity: words.severity(),
            title: intake.text(title),
            text: intake.text(text),
            rule: intake.name(if id.is_empty() { title } else { id }),
            flaw,
        }))]
    }

    fn uri(&self) -> &str {
        let physical = self.locations.iter().filter_map(|l| l.physical_location.as_ref());
        let uri = physical.filter_map(|p| p.artifact_location.as_ref()).find_map(|a| a.uri.some()).unwrap_or("");
        uri.trim_start_matches("file://").trim_start_matches("./").trim_start_matches('/')
    }

    fn logical(&self) -> impl Iterator<Item = &str> {
        self.locations.iter().flat_map(|l| l.logical_locations.iter()).filter_map(|l| l.fully_qualified_name.some())
    }

    /// The value that a secret scanner found, where it wrote it down unmasked.
    fn secret(&self) -> Option<&str> {
        let offender = self.properties.as_ref().and_then(|p| p.offender.some());
        let region = self.locations.iter().filter_map(|l| l.physical_location.as_ref()?.region.as_ref());
        let snippet = region.filter_map(|r| r.snippet.as_ref()).find_map(|s| s.text.some());
        offender.or(snippet).filter(|s| !s.contains("***") && !s.contains("REDACTED"))
    }
}

/// A result with its rule.
struct Words<'a> {
    id: &'a str,
    rule: Option<&'a RuleRow>,
    result: &'a ResultRow,
}

impl Words<'_> {
    fn flaw(&self, intake: &Intake<'_>, driver: &str) -> (Spoken, Flaw) {
        if let Some(id) = self.vulnerability()
            && let Some((package, fixed_in)) = self.package(intake)
        {
            let class = if package.key.of_distribution() { Spoken::OsPackages } else { Spoken::LanguagePackages };
            return (class, Flaw::Vulnerability { id, aliases: Vec::new(), package, fixed_in });
        }
        let path = intake.name(self.result.uri());
        if self.is_secret(driver) {
            let detector =
                intake.name(&slug(if self.id.is_empty() { self.result.message.text.as_str() } else { self.id }));
            let mark = self.result.secret().map(|value| intake.how.door.mark(value));
            return (Spoken::Secret, Flaw::Secret { detector, location: path, mark });
        }
        let rule = intake.name(if self.id.is_empty() { "unnamed" } else { self.id });
        let tool = intake.name(if driver.is_empty() { "sarif" } else { driver });
        let (control, _) = control(&tool.reveal().replace(['/', ' '], "-"), &rule);
        (Spoken::Misconfiguration, Flaw::Control { control, path })
    }

    fn is_secret(&self, driver: &str) -> bool {
        let tagged = self
            .rule
            .and_then(|r| r.properties.as_ref())
            .is_some_and(|p| p.tags.iter().any(|t| t.as_str() == "secret"));
        let named = self.rule.is_some_and(|r| r.name.as_str() == "Secret");
        tagged || named || ["gitleaks", "trufflehog", "detect-secrets", "kingfisher"].contains(&driver)
    }

    /// A CVE or GHSA that begins the rule's id, or stands in brackets before a package in its description.
    fn vulnerability(&self) -> Option<VulnId> {
        let bracketed =
            self.rule.and_then(RuleRow::full).and_then(|t| t.strip_prefix('(')).and_then(|t| t.split_once(')'));
        leading_id(self.id).or_else(|| leading_id(bracketed?.0))
    }

    /// The package, from a purl, from the lines that Trivy and Grype write, or from Snyk's `source/binary@version`.
    fn package(&self, intake: &Intake<'_>) -> Option<(Package, Option<Opaque>)> {
        let properties = self.result.properties.as_ref().and_then(|p| p.purl.some());
        let of_rule = self.rule.and_then(|r| r.properties.as_ref()).and_then(|p| p.purls.iter().find_map(Word::some));
        let purl = self.result.logical().find(|n| n.starts_with("pkg:")).or(properties).or(of_rule);
        let message = self.result.message.text.as_str();
        let help = self.rule.and_then(|r| r.help.as_ref()).map_or("", |h| h.text.as_str());
        let line = |names: &[&str]| {
            let mut lines = message.lines().chain(help.lines());
            lines.find_map(|l| {
                names.iter().find_map(|n| l.strip_prefix(n)?.strip_prefix(": ")).filter(|v| !v.is_empty())
            })
        };
        let snyk =
            self.rule.and_then(RuleRow::full).and_then(|t| t.strip_prefix('(')?.split_once(") ")?.1.split_once('@'));
        let (source, binary) = snyk.map_or((None, None), |(path, _)| match path.split_once('/') {
            Some((source, binary)) => (Some(source), Some(binary)),
            None => (None, Some(path)),
        });
        let name = line(&["Package"]).or(binary);
        if purl.is_none() && name.is_none() {
            return None;
        }
        let version = line(&["Installed Version", "Version"]).or(snyk.map(|(_, v)| v)).unwrap_or("");
        let (ty, namespace) = ecosystem(line(&["Type"]).unwrap_or(""));
        let text = |t: &str| intake.name(t);
        let (name, version) = (text(name.unwrap_or("")), text(version));
        let (purl, source) = (purl.map(text), source.map(text));
        let path = Some(text(self.result.uri())).filter(|_| ty != "deb" && ty != "rpm" && ty != "apk");
        let package = PackageParts {
            ecosystem: ty,
            namespace,
            name: name.reveal(),
            version: version.reveal(),
            source: source.as_ref().map(Opaque::reveal),
            path: path.as_ref().map(Opaque::reveal),
            purl: purl.as_ref().map(Opaque::reveal),
        }
        .package();
        let fixed = line(&["Fixed Version", "Fix Version"]).map(text);
        (!package.key.name.is_empty()).then_some((package, fixed))
    }

    fn severity(&self) -> Severity {
        let by_score = self.rule.and_then(RuleRow::security_severity);
        let level = self.result.level.some().or(self.rule.and_then(RuleRow::level)).unwrap_or("warning");
        by_score.unwrap_or_else(|| Severity::from_word(level))
    }
}

/// `CVE-2005-2541-tar` -> `CVE-2005-2541`.
fn leading_id(text: &str) -> Option<VulnId> {
    let mut parts = text.split('-');
    let id = match (parts.next()?, parts.next()?, parts.next()?) {
        ("CVE", year, number) => format!("CVE-{year}-{number}"),
        ("GHSA", a, b) => format!("GHSA-{a}-{b}-{}", parts.next()?),
        _ => return None,
    };
    id.parse::<VulnId>().ok().filter(|id| id.is_cve() || id.as_str().len() == 19)
}

/// `AWS Access Key secret detected` -> `aws-access-key`.
fn slug(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    let text = text.strip_suffix(" secret detected").unwrap_or(&text);
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_in_front_of_a_rule_name() {
        let of = |text| leading_id(text).map(|id| id.to_string());
        assert_eq!(of("CVE-2005-2541-tar").as_deref(), Some("CVE-2005-2541"));
        assert_eq!(of("GHSA-jfh8-c2jp-5v3q-log4j-core").as_deref(), Some("GHSA-jfh8-c2jp-5v3q"));
        assert_eq!([of("SNYK-DEBIAN12-APT-1541449"), of("C2001"), of("CVE-x-1")], [None, None, None]);
        assert_eq!(slug("AWS Access Key secret detected"), "aws-access-key");
    }
}
