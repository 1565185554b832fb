//! SPDX 2.x as JSON: what is in an artifact, under which licences.

use assay_core::asset::PackageParts;
use assay_core::ids::Time;
use assay_core::observation::{Observation, RecordKind, Subject, What};
use assay_core::scope::{Artifact, Head, Part, SpokenSet};
use assay_core::text::Opaque;
use serde::Deserialize;

use super::ReadError;
use super::cyclonedx::plain_purl;
use super::image::{ImageWords, image};
use super::intake::{Intake, Learnt, instant, record, tree};
use super::json::Json;
use super::lenient::{Many, Word};
use super::openvex::image_of;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PackageRow {
    #[serde(rename = "SPDXID")]
    id: Word,
    name: Word,
    version_info: Word,
    license_declared: Word,
    license_concluded: Word,
    source_info: Word,
    primary_package_purpose: Word,
    attribution_texts: Many<Word>,
    external_refs: Many<ExternalRef>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ExternalRef {
    reference_type: Word,
    reference_locator: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CreationInfo {
    created: Word,
    creators: Many<Word>,
}

/// What the document is about, as far as it was seen.
#[derive(Default)]
struct Frame {
    name: String,
    namespace: String,
    created: Option<Time>,
    version: String,
    /// The package that stands for the image itself.
    image: Option<PackageRow>,
}

pub(super) fn read(json: &mut Json<'_>, mut intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut frame = Frame::default();
    json.object(|json, key| match key {
        "name" => Ok(frame.name = json.need::<Word>()?.0),
        "documentNamespace" => Ok(frame.namespace = json.need::<Word>()?.0),
        "creationInfo" => {
            let info = json.need::<Option<CreationInfo>>()?.unwrap_or_default();
            frame.created = instant(info.created.as_str());
            if let Some(tool) = info.creators.iter().find_map(|c| c.as_str().strip_prefix("Tool: ")) {
                // `syft-1.50.0`: the version begins at the last dash.
                let (name, version) = tool.rsplit_once('-').unwrap_or((tool, ""));
                intake.set_tool(name);
                version.clone_into(&mut frame.version);
            }
            Ok(())
        }
        "packages" => json.list(|json, i| {
            let locator = format!("packages[{i}]");
            match json.take::<PackageRow>()? {
                Ok(row) => {
                    row.record(&mut intake, &locator)?;
                    if frame.image.is_none() && row.is_image() {
                        frame.image = Some(row);
                    }
                    Ok(())
                }
                Err(reason) => Ok(intake.skip(locator, reason)),
            }
        }),
        _ => json.skip(),
    })?;
    json.finish()?;
    Ok(frame.close(intake))
}

impl Frame {
    fn close(self, intake: Intake<'_>) -> Head {
        let of_image = self.image.as_ref().and_then(|row| row.image(&intake));
        // Syft says in the namespace that it looked at an image.
        let by_namespace = || {
            let words = ImageWords { asked: &self.name, ..Default::default() };
            self.namespace.contains("/syft/image/").then(|| image(&intake, &words)).flatten()
        };
        // Packages are facts: this document speaks for no class of findings.
        let classes = SpokenSet::default();
        let (artifact, part, hint) = match of_image.or_else(by_namespace) {
            Some(image) => {
                let part = Part::image(&image, Opaque::readmit(""), classes, true);
                (Artifact::Image(image), part, None)
            }
            None => {
                let (scope, artifact, hint) = tree(&intake, "", &self.name);
                (artifact, Part { scope, classes, complete: true, content: None }, hint)
            }
        };
        let tool_version = intake.name(&self.version);
        intake.head(Learnt { tool_version, artifact, parts: vec![part], produced_at: self.created, hint })
    }
}

impl PackageRow {
    fn is_image(&self) -> bool {
        self.primary_package_purpose.as_str() == "CONTAINER" || self.id.as_str().contains("-ContainerImage-")
    }

    fn purl(&self) -> &str {
        let purls = self.external_refs.iter().filter(|r| r.reference_type.as_str() == "purl");
        purls.map(|r| r.reference_locator.as_str()).next().unwrap_or("")
    }

    fn image(&self, intake: &Intake<'_>) -> Option<assay_core::asset::ImageRef> {
        let of = |label: &str| {
            self.attribution_texts.iter().filter_map(|t| t.as_str().strip_prefix(label)).collect::<Vec<_>>()
        };
        let mut tags = of("RepoTag: ");
        tags.extend(of("Reference: "));
        let asked = match self.version_info.as_str() {
            version if version.starts_with("sha256:") => format!("{}@{version}", self.name.as_str()),
            "" => self.name.0.clone(),
            version if !self.name.as_str().contains(':') => format!("{}:{version}", self.name.as_str()),
            _ => self.name.0.clone(),
        };
        image_of(intake, self.purl())
            .or_else(|| image(intake, &ImageWords { asked: &asked, tags, digests: of("RepoDigest: ") }))
    }

    /// One record, whatever it yields: the image and the operating system are packages in SPDX's eyes, not in ours.
    fn record(&self, intake: &mut Intake<'_>, locator: &str) -> Result<(), ReadError> {
        let frame = self.is_image()
            || matches!(self.primary_package_purpose.as_str(), "OPERATING-SYSTEM" | "FILE" | "SOURCE")
            || self.id.as_str().contains("-OperatingSystem-");
        let mut yields = Vec::new();
        if !frame && !self.name.is_empty() {
            let admit = |text: &str| intake.name(text);
            let (name, version) = (admit(self.name.as_str()), admit(self.version_info.as_str()));
            let (purl, source) = (admit(plain_purl(self.purl()).as_ref()), self.source().map(admit));
            let package = PackageParts {
                ecosystem: "generic",
                name: name.reveal(),
                version: version.reveal(),
                source: source.as_ref().map(Opaque::reveal),
                purl: Some(purl.reveal()).filter(|p| !p.is_empty()),
                ..Default::default()
            }
            .package();
            let says = |what| {
                let mut fact = intake.fact(Subject::Artifact, what);
                fact.component = Some(package.key.clone());
                Observation::Fact(Box::new(fact))
            };
            yields.push(says(What::Contains { version: package.version.clone() }));
            let said = |w: &'_ Word| w.some().filter(|l| !matches!(*l, "NOASSERTION" | "NONE")).map(str::to_owned);
            if let Some(licence) = said(&self.license_declared).or_else(|| said(&self.license_concluded)) {
                yields.push(says(What::Licence(intake.name(&licence))));
            }
        }
        intake.give(record(locator, RecordKind::Component, yields))
    }

    /// `built package from: openssl 3.0.1`, as Trivy writes it.
    fn source(&self) -> Option<&str> {
        self.source_info.as_str().strip_prefix("built package from: ")?.split(' ').next()
    }
}
