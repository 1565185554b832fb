//! CycloneDX: what is in an artifact, and what is wrong with it. JSON and XML are read into the same components and
//! vulnerabilities, one at a time.

pub(super) mod json;
mod vulnerability;
pub(super) mod xml;

use std::collections::HashMap;

use assay_core::asset::{ImageRef, Package, PackageParts};
use assay_core::ids::Time;
use assay_core::observation::{Observation, RecordKind, Subject, What};
use assay_core::scope::{Artifact, Head, Part, Scope, Spoken, SpokenSet};
use assay_core::text::Opaque;

use super::ReadError;
use super::image::{ImageWords, image};
use super::intake::{Intake, Learnt, record, tree};
use super::openvex::image_of;

/// A component, however it was written.
#[derive(Debug, Default)]
pub(super) struct Component {
    bom_ref: String,
    ty: String,
    group: String,
    name: String,
    version: String,
    purl: String,
    licences: Vec<String>,
    properties: Vec<(String, String)>,
    components: Vec<Component>,
    /// Version 1.2 and 1.3 had an extension that wrote vulnerabilities into their component.
    vulnerabilities: Vec<Vulnerability>,
}

/// A vulnerability, however it was written.
#[derive(Debug, Default)]
pub(super) struct Vulnerability {
    id: String,
    /// Ids that the document calls equivalent.
    references: Vec<String>,
    ratings: Vec<Rating>,
    cwes: Vec<String>,
    description: String,
    recommendation: String,
    updated: String,
    state: Option<String>,
    justification: String,
    detail: String,
    /// References to components.
    affects: Vec<String>,
}

#[derive(Debug, Default)]
struct Rating {
    severity: String,
    method: String,
    vector: String,
}

/// A document, as far as it was read.
pub(super) struct Bom<'a> {
    intake: Intake<'a>,
    /// Components that vulnerabilities point to.
    packages: HashMap<String, Package>,
    about: Option<Component>,
    serial: String,
    version: String,
    produced_at: Option<Time>,
    /// Classes of the components, which the document speaks for once it lists vulnerabilities at all.
    present: SpokenSet,
    classes: SpokenSet,
    lists_vulnerabilities: bool,
}

impl<'a> Bom<'a> {
    pub(super) fn new(intake: Intake<'a>) -> Self {
        Self {
            intake,
            packages: HashMap::new(),
            about: None,
            serial: String::new(),
            version: String::new(),
            produced_at: None,
            present: SpokenSet::default(),
            classes: SpokenSet::default(),
            lists_vulnerabilities: false,
        }
    }

    /// The tool that made the document.
    fn made_by(&mut self, name: &str, version: &str) {
        self.intake.set_tool(name);
        self.version = version.to_owned();
    }

    /// One component and those inside it.
    fn component(&mut self, top: Component, place: &str) -> Result<(), ReadError> {
        let mut open = vec![(place.to_owned(), top)];
        while let Some((place, mut component)) = open.pop() {
            let inner = std::mem::take(&mut component.components);
            let own = std::mem::take(&mut component.vulnerabilities);
            if component.bom_ref.is_empty() && !own.is_empty() {
                component.bom_ref.clone_from(&place);
            }
            self.one(&component, &place)?;
            self.lists_vulnerabilities |= !own.is_empty();
            for (i, mut v) in own.into_iter().enumerate() {
                v.affects = vec![component.bom_ref.clone()];
                self.vulnerability(&v, &format!("{place}.vulnerabilities[{i}]"))?;
            }
            open.extend(inner.into_iter().enumerate().rev().map(|(i, c)| (format!("{place}.components[{i}]"), c)));
        }
        Ok(())
    }

    fn one(&mut self, component: &Component, locator: &str) -> Result<(), ReadError> {
        let package = component.package(&self.intake);
        let mut yields = Vec::new();
        if let Some(package) = &package {
            let class = if package.key.of_distribution() { Spoken::OsPackages } else { Spoken::LanguagePackages };
            self.present.insert(class);
            let says = |what| {
                let mut fact = self.intake.fact(Subject::Artifact, what);
                fact.component = Some(package.key.clone());
                Observation::Fact(Box::new(fact))
            };
            yields.push(says(What::Contains { version: package.version.clone() }));
            yields.extend(component.licences.iter().map(|l| says(What::Licence(self.intake.name(l)))));
        }
        if let Some(package) = package
            && !component.bom_ref.is_empty()
            && self.packages.len() < self.intake.how.limits.names_max
        {
            self.packages.insert(component.bom_ref.clone(), package);
        }
        self.intake.give(record(locator, RecordKind::Component, yields))
    }

    fn close(mut self) -> Head {
        if self.lists_vulnerabilities {
            for class in [Spoken::OsPackages, Spoken::LanguagePackages] {
                if self.present.contains(class) {
                    self.classes.insert(class);
                }
            }
        }
        let about = self.about.take().unwrap_or_default();
        let (artifact, part, hint) = match about.image(&self.intake) {
            Some(image) => {
                let part = Part::image(&image, Opaque::readmit(""), self.classes, true);
                (Artifact::Image(image), part, None)
            }
            // A document of statements has no artifact; its own number is its name.
            None if about.name.is_empty() && self.classes.contains(Spoken::Vex) && !self.serial.is_empty() => {
                let id = self.intake.name(&self.serial);
                let scope = Scope::Document { id: id.clone() };
                (Artifact::Tree(id), Part { scope, classes: self.classes, complete: true, content: None }, None)
            }
            None => {
                let name = match about.group.is_empty() {
                    true => about.name.clone(),
                    false => format!("{}/{}", about.group, about.name),
                };
                let (scope, artifact, hint) = tree(&self.intake, "", &name);
                (artifact, Part { scope, classes: self.classes, complete: true, content: None }, hint)
            }
        };
        let tool_version = self.intake.name(&self.version);
        let produced_at = self.produced_at;
        self.intake.head(Learnt { tool_version, artifact, parts: vec![part], produced_at, hint })
    }
}

impl Component {
    /// The package that it is; none for files, operating systems and applications without a purl.
    fn package(&self, intake: &Intake<'_>) -> Option<Package> {
        let library = matches!(self.ty.as_str(), "library" | "framework" | "module" | "");
        if self.purl.is_empty() && !library {
            return None;
        }
        let property = |names: &[&str]| {
            names
                .iter()
                .find_map(|n| self.properties.iter().find(|(name, _)| name == n))
                .map(|(_, value)| value.as_str())
        };
        let source = property(&["aquasecurity:trivy:SrcName", "syft:metadata:source"]);
        let path = property(&["aquasecurity:trivy:FilePath", "syft:location:0:path"]);
        let admit = |text: &str| intake.name(text);
        let (group, name, version) = (admit(&self.group), admit(&self.name), admit(&self.version));
        let (purl, source, path) = (admit(plain_purl(&self.purl).as_ref()), source.map(admit), path.map(admit));
        let parts = PackageParts {
            ecosystem: "generic",
            namespace: group.reveal(),
            name: name.reveal(),
            version: version.reveal(),
            source: source.as_ref().map(Opaque::reveal),
            path: path.as_ref().map(Opaque::reveal),
            purl: Some(purl.reveal()).filter(|p| !p.is_empty()),
        };
        Some(parts.package()).filter(|p| !p.key.name.is_empty())
    }

    /// The image that the document is about.
    fn image(&self, intake: &Intake<'_>) -> Option<ImageRef> {
        if let Some(image) = image_of(intake, &self.purl) {
            return Some(image);
        }
        if self.ty != "container" {
            return None;
        }
        let of =
            |name: &str| self.properties.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect::<Vec<_>>();
        let digest = format!("{}@{}", self.name, self.version);
        let mut digests = of("aquasecurity:trivy:RepoDigest");
        if self.version.starts_with("sha256:") {
            digests.push(&digest);
        }
        let tagged = self.name.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
        let asked = match self.version.as_str() {
            version if !tagged && !version.is_empty() && !version.starts_with("sha256:") => {
                format!("{}:{version}", self.name)
            }
            _ => self.name.clone(),
        };
        let mut tags = of("aquasecurity:trivy:RepoTag");
        tags.extend(of("aquasecurity:trivy:Reference"));
        image(intake, &ImageWords { asked: &asked, tags, digests })
    }
}

/// Old Syft wrote the distribution as the type: `pkg:alpine/musl` is `pkg:apk/alpine/musl`.
pub(super) fn plain_purl(purl: &str) -> std::borrow::Cow<'_, str> {
    match purl.strip_prefix("pkg:alpine/") {
        Some(rest) if !rest.starts_with("alpine/") => format!("pkg:apk/alpine/{rest}").into(),
        _ => purl.into(),
    }
}
