//! `grype -o json`. The matches come first and the source last, so claims point to "the report's own artifact".

use assay_core::asset::PackageParts;
use assay_core::ids::{Time, VulnId};
use assay_core::observation::{Claim, Flaw, NotAssessed, Observation, RecordKind, Severity, Subject};
use assay_core::scope::{Artifact, Head, Part, Spoken, SpokenSet};
use assay_core::text::Opaque;
use serde::Deserialize;

use super::ReadError;
use super::image::{ImageWords, ecosystem, image, platform};
use super::intake::{Intake, Learnt, instant, record, tree};
use super::json::{Json, Kind};
use super::lenient::{Many, Word};
use super::vuln::Published;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Match {
    vulnerability: Advisory,
    related_vulnerabilities: Many<Advisory>,
    artifact: Artefact,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Advisory {
    id: Word,
    severity: Word,
    description: Word,
    cvss: Many<Cvss>,
    fix: Option<Fix>,
    epss: Many<Epss>,
    known_exploited: Many<KnownExploited>,
    cwes: Many<Cwe>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cvss {
    vector: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fix {
    versions: Many<Word>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Epss {
    cve: Word,
    epss: f64,
    percentile: f64,
    date: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct KnownExploited {
    cve: Word,
    date_added: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cwe {
    cve: Word,
    cwe: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Artefact {
    name: Word,
    version: Word,
    r#type: Word,
    purl: Word,
    locations: Many<Location>,
    upstreams: Many<Upstream>,
    metadata: Option<ArtefactMetadata>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Location {
    path: Word,
    access_path: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Upstream {
    name: Word,
}

/// What older reports carry instead of `upstreams`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ArtefactMetadata {
    #[serde(rename = "Source")]
    source: Word,
    #[serde(rename = "sourceRpm")]
    source_rpm: Word,
    #[serde(rename = "OriginPackage")]
    origin: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Descriptor {
    name: Word,
    version: Word,
    timestamp: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Distro {
    name: Word,
}

/// What was scanned.
#[derive(Debug, Default)]
struct Source {
    kind: String,
    /// The target of a directory or file scan is a plain text.
    path: String,
    image: Target,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Target {
    user_input: Word,
    tags: Many<Word>,
    repo_digests: Many<Word>,
    os: Word,
    architecture: Word,
}

#[derive(Debug, Default)]
struct Frame {
    source: Source,
    distro: Distro,
    version: String,
    produced_at: Option<Time>,
}

pub(super) fn read(json: &mut Json<'_>, mut intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut frame = Frame::default();
    json.object(|json, key| match key {
        "matches" => json.list(|json, i| {
            let locator = format!("matches[{i}]");
            match json.record::<Match>()? {
                Ok(one) => one.record(&mut intake, &locator),
                Err(reason) => intake.skip(locator, reason),
            }
        }),
        "source" => frame.source.read(json),
        "distro" => json.into(&mut frame.distro),
        "descriptor" => {
            let descriptor = json.need::<Option<Descriptor>>()?.unwrap_or_default();
            intake.set_tool(descriptor.name.as_str());
            frame.version = descriptor.version.0;
            frame.produced_at = instant(descriptor.timestamp.as_str());
            Ok(())
        }
        _ => json.skip(),
    })?;
    json.finish(&["matches"])?;
    close(intake, &frame)
}

fn close(mut intake: Intake<'_>, frame: &Frame) -> Result<Head, ReadError> {
    // Grype looks for both sorts of packages in each run; it knows the distribution's flaws only if it knows the
    // distribution.
    let mut classes: SpokenSet = [Spoken::LanguagePackages].into_iter().collect();
    let known = !matches!(frame.distro.name.as_str(), "" | "unknown");
    if known {
        classes.insert(Spoken::OsPackages);
    }
    let tool_version = intake.name(&frame.version);
    let target = &frame.source.image;
    let words = ImageWords {
        asked: target.user_input.as_str(),
        tags: target.tags.iter().map(Word::as_str).collect(),
        digests: target.repo_digests.iter().map(Word::as_str).collect(),
    };
    let found = (frame.source.kind == "image").then(|| image(&intake, &words)).flatten();
    let (artifact, part, hint) = match found {
        Some(image) => {
            if !known {
                intake.not_assessed("distro", Subject::Artifact, NotAssessed::UnknownDistribution)?;
            }
            let platform = platform(&intake, target.os.as_str(), target.architecture.as_str());
            let part = Part::image(&image, platform, classes, true);
            (Artifact::Image(image), part, None)
        }
        None => {
            let (scope, artifact, hint) = tree(&intake, "", &frame.source.path);
            (artifact, Part { scope, classes, complete: true, content: None }, hint)
        }
    };
    Ok(intake.head(Learnt { tool_version, artifact, parts: vec![part], produced_at: frame.produced_at, hint }))
}

impl Source {
    fn read(&mut self, json: &mut Json<'_>) -> Result<(), ReadError> {
        json.object(|json, key| match key {
            "type" => json.word_into(&mut self.kind),
            "target" if json.kind()? == Kind::Text => json.word_into(&mut self.path),
            "target" => json.into(&mut self.image),
            _ => json.skip(),
        })
    }
}

impl Match {
    fn record(&self, intake: &mut Intake<'_>, locator: &str) -> Result<(), ReadError> {
        let v = &self.vulnerability;
        let Ok(id) = v.id.as_str().parse::<VulnId>() else {
            return intake.skip(locator, "vulnerability.id names no vulnerability");
        };
        let package = self.artifact.package(intake);
        if package.key.name.is_empty() {
            return intake.skip(locator, "artifact names no package");
        }
        let description = self.descriptions().next().unwrap_or_default();
        let versions: Vec<&str> = v.fix.iter().flat_map(|f| f.versions.iter()).filter_map(Word::some).collect();
        let mut yields = vec![Observation::Claim(Box::new(Claim {
            scope: None,
            subject: Subject::Artifact,
            severity: Severity::from_word(v.severity.as_str()),
            title: intake.text(first_sentence(description).unwrap_or(v.id.as_str())),
            text: intake.text(description),
            rule: intake.name(v.id.as_str()),
            flaw: Flaw::Vulnerability {
                aliases: self.alias(&id).into_iter().collect(),
                id,
                package,
                fixed_in: (!versions.is_empty()).then(|| intake.name(&versions.join(", "))),
            },
        }))];
        self.published(intake, &mut yields);
        intake.give(record(locator, RecordKind::Vulnerability, yields))
    }

    fn descriptions(&self) -> impl Iterator<Item = &str> {
        let all = std::iter::once(&self.vulnerability).chain(self.related_vulnerabilities.iter());
        all.filter_map(|a| a.description.some())
    }

    /// The CVE behind an advisory, where it is exactly one: an advisory of several is not the name of any of them.
    fn alias(&self, id: &VulnId) -> Option<VulnId> {
        let mut cves = self.related_vulnerabilities.iter().filter_map(|r| r.id.as_str().parse::<VulnId>().ok());
        let only = cves.next()?;
        (cves.all(|other| other == only) && only != *id && (only.is_cve() || only.as_str().starts_with("GHSA-")))
            .then_some(only)
    }

    fn published(&self, intake: &mut Intake<'_>, yields: &mut Vec<Observation>) {
        for advisory in std::iter::once(&self.vulnerability).chain(self.related_vulnerabilities.iter()) {
            let mut of = Published::of(intake, advisory.id.as_str(), yields);
            for cvss in advisory.cvss.iter() {
                of.cvss(cvss.vector.as_str(), None);
            }
            for epss in advisory.epss.iter() {
                let mut of = Published::of(intake, epss.cve.as_str(), yields);
                of.epss(epss.epss, epss.percentile, instant(epss.date.as_str()));
            }
            for kev in advisory.known_exploited.iter() {
                if let Some(added) = instant(kev.date_added.as_str()) {
                    Published::of(intake, kev.cve.as_str(), yields).kev(added);
                }
            }
            for cwe in advisory.cwes.iter() {
                let vuln = cwe.cve.some().unwrap_or(advisory.id.as_str());
                Published::of(intake, vuln, yields).cwe(cwe.cwe.as_str(), None);
            }
        }
    }
}

impl Artefact {
    fn package(&self, intake: &Intake<'_>) -> assay_core::asset::Package {
        let (ecosystem, namespace) = ecosystem(self.r#type.as_str());
        let [name, version, purl, source, path] =
            [self.name.as_str(), self.version.as_str(), self.purl.as_str(), self.source(), self.path()]
                .map(|text| intake.name(text));
        let some = |text: &'_ Opaque| (!text.is_empty()).then(|| text.reveal().to_owned());
        let (source, path, purl) = (some(&source), some(&path), some(&purl));
        PackageParts {
            ecosystem,
            namespace,
            name: name.reveal(),
            version: version.reveal(),
            source: source.as_deref(),
            path: path.as_deref(),
            purl: purl.as_deref(),
        }
        .package()
    }

    /// The source package, where the report says one.
    fn source(&self) -> &str {
        if let Some(upstream) = self.upstreams.iter().find_map(|u| u.name.some()) {
            return assay_core::asset::source_rpm_name(upstream).unwrap_or(upstream);
        }
        let Some(metadata) = &self.metadata else { return "" };
        if let Some(rpm) = metadata.source_rpm.some() {
            return assay_core::asset::source_rpm_name(rpm).unwrap_or("");
        }
        // dpkg writes `openssl (1.1.1)` where the versions differ.
        let source = metadata.source.some().or(metadata.origin.some()).unwrap_or("");
        source.split_once(" (").map_or(source, |(name, _)| name)
    }

    fn path(&self) -> &str {
        self.locations.iter().find_map(|l| l.access_path.some().or(l.path.some())).unwrap_or("")
    }
}

/// Grype has no titles: the first sentence of the description stands in.
fn first_sentence(text: &str) -> Option<&str> {
    /// The longest first sentence that stands in for a title.
    const TITLE_BYTES_MAX: usize = 160;
    let line = text.trim().lines().next()?;
    let end = line.find(". ").map_or(line.len(), |i| i + 1);
    let end = (0..=end.min(TITLE_BYTES_MAX)).rev().find(|&i| line.is_char_boundary(i)).unwrap_or(0);
    Some(&line[..end]).filter(|s| !s.is_empty())
}
