//! One result of Trivy: a target with its packages, vulnerabilities, failed checks, secrets and licences. Image, tree
//! and cluster reports hold the same results.

use std::collections::HashMap;

use assay_core::asset::{Package, PackageParts};
use assay_core::observation::{Claim, Flaw, Observation, RecordKind, Severity, Subject, What};
use assay_core::scope::{ScopeKey, Spoken, SpokenSet};
use assay_core::text::Opaque;

use super::super::ReadError;
use super::super::controls::control;
use super::super::image::ecosystem;
use super::super::intake::{Intake, record};
use super::super::json::Json;
use super::super::lenient::Word;
use super::super::vuln::Published;
use super::about::about;
use super::entry::{License, Listed, Misconfiguration, Secret, Vulnerability};

/// Reads results and remembers what they speak for.
pub(crate) struct Results {
    /// The tool whose controls the checks are.
    tool: &'static str,
    pub(crate) spoken: SpokenSet,
    /// The scope that claims carry, where the report speaks for several.
    pub(crate) scope: Option<ScopeKey>,
    pub(crate) first_target: String,
    /// Source packages by the name and version of the binary package, of this result.
    sources: HashMap<String, String>,
}

/// What a result says of itself before its entries.
#[derive(Debug, Default)]
struct Target {
    name: Option<String>,
    class: String,
    ty: String,
}

/// An entry that stood before the target of its result.
enum Held {
    Package(Listed),
    Vulnerability(Vulnerability),
    Check(Misconfiguration),
    Secret(Secret),
    Licence(License),
}

impl Results {
    pub(crate) fn new(tool: &'static str) -> Self {
        Self { tool, spoken: SpokenSet::default(), scope: None, first_target: String::new(), sources: HashMap::new() }
    }

    /// Reads one result about `subject`.
    pub(crate) fn read(
        &mut self,
        json: &mut Json<'_>,
        intake: &mut Intake<'_>,
        subject: &Subject,
        place: &str,
    ) -> Result<(), ReadError> {
        let mut target = Target::default();
        let mut held: Vec<(String, Held)> = Vec::new();
        self.sources.clear();
        let max = intake.how.limits.held_max;
        json.object(|json, key| {
            match key {
                "Target" => target.name = Some(json.word()?),
                "Class" => target.class = json.word()?,
                "Type" => target.ty = json.word()?,
                "Packages" | "Vulnerabilities" | "Misconfigurations" | "Secrets" | "Licenses" => {
                    return json.list(|json, i| {
                        let locator = format!("{place}.{key}[{i}]");
                        let entry = match take(json, key)? {
                            Ok(entry) => entry,
                            Err(reason) => return intake.skip(locator, reason),
                        };
                        if target.name.is_some() {
                            return self.entry(intake, subject, &target, &locator, entry);
                        }
                        if held.len() >= max {
                            return Err(ReadError::Limit {
                                what: "entries before their target",
                                max: max as u64,
                                unit: "entries",
                            });
                        }
                        held.push((locator, entry));
                        Ok(())
                    });
                }
                _ => json.skip()?,
            }
            Ok(())
        })?;
        self.speak(&target);
        for (locator, entry) in held {
            self.entry(intake, subject, &target, &locator, entry)?;
        }
        if self.first_target.is_empty() {
            self.first_target = target.name.unwrap_or_default();
        }
        Ok(())
    }

    /// A result of a class, also an empty one, speaks for that class.
    fn speak(&mut self, target: &Target) {
        let class = match (target.class.as_str(), target.ty.as_str()) {
            ("os-pkgs", _) => Spoken::OsPackages,
            ("lang-pkgs", _) => Spoken::LanguagePackages,
            ("config", _) => Spoken::Misconfiguration,
            ("secret", _) => Spoken::Secret,
            ("", ty) if !ty.is_empty() => match ecosystem(ty).0 {
                "deb" | "rpm" | "apk" | "alpm" => Spoken::OsPackages,
                _ => Spoken::LanguagePackages,
            },
            _ => return,
        };
        self.spoken.insert(class);
    }

    fn entry(
        &mut self,
        intake: &mut Intake<'_>,
        subject: &Subject,
        target: &Target,
        locator: &str,
        entry: Held,
    ) -> Result<(), ReadError> {
        match entry {
            Held::Package(listed) => self.package(intake, subject, target, locator, &listed),
            Held::Vulnerability(v) => self.vulnerability(intake, subject, target, locator, &v),
            Held::Check(check) => self.check(intake, subject, target, locator, &check),
            Held::Secret(secret) => self.secret(intake, subject, target, locator, &secret),
            Held::Licence(licence) => licence_record(intake, subject, target, locator, &licence),
        }
    }

    /// A listed package is no finding, but says what is there and from which source it was built.
    fn package(
        &mut self,
        intake: &mut Intake<'_>,
        subject: &Subject,
        target: &Target,
        locator: &str,
        listed: &Listed,
    ) -> Result<(), ReadError> {
        if listed.name.is_empty() {
            return Ok(());
        }
        if !listed.src_name.is_empty() && self.sources.len() < intake.how.limits.names_max {
            self.sources.insert(listed.name.0.clone(), listed.src_name.0.clone());
        }
        let at = At { ty: &target.ty, target: target.name.as_deref(), path: listed.file_path.some() };
        let purl = listed.identifier.as_ref().and_then(|i| i.purl.some());
        let package = package(intake, &at, &listed.name, &listed.version, listed.src_name.some(), purl);
        let mut fact = intake.fact(subject.clone(), What::Contains { version: package.version });
        fact.component = Some(package.key);
        intake.give(record(locator, RecordKind::Aid, vec![Observation::Fact(Box::new(fact))]))
    }

    fn vulnerability(
        &mut self,
        intake: &mut Intake<'_>,
        subject: &Subject,
        target: &Target,
        locator: &str,
        v: &Vulnerability,
    ) -> Result<(), ReadError> {
        let Ok(id) = v.id.as_str().parse() else {
            return intake.skip(locator, "VulnerabilityID names no vulnerability");
        };
        let source = v.src_name.some().or_else(|| self.sources.get(v.pkg_name.as_str()).map(String::as_str));
        let at = At { ty: &target.ty, target: target.name.as_deref(), path: v.pkg_path.some() };
        let purl = v.pkg_identifier.as_ref().and_then(|i| i.purl.some());
        let package = package(intake, &at, &v.pkg_name, &v.installed_version, source, purl);
        if package.key.name.is_empty() {
            return intake.skip(locator, "the vulnerability names no package");
        }
        let aliases = v.aliases();
        let mut yields = Vec::with_capacity(4);
        let title = if v.title.is_empty() { &v.id } else { &v.title };
        yields.push(Observation::Claim(Box::new(Claim {
            scope: self.scope.clone(),
            subject: subject.clone(),
            severity: Severity::from_word(v.severity.as_str()),
            title: intake.text(title.as_str()),
            text: intake.text(v.description.as_str()),
            rule: intake.name(v.id.as_str()),
            flaw: Flaw::Vulnerability {
                id: v.id.as_str().parse().unwrap_or(id),
                aliases,
                package,
                fixed_in: v.fixed_version.some().map(|f| intake.name(f)),
            },
        })));
        v.published(&mut Published::of(intake, v.id.as_str(), &mut yields));
        intake.give(record(locator, RecordKind::Vulnerability, yields))
    }

    fn check(
        &mut self,
        intake: &mut Intake<'_>,
        subject: &Subject,
        target: &Target,
        locator: &str,
        check: &Misconfiguration,
    ) -> Result<(), ReadError> {
        // Passed checks and exceptions that Trivy itself made are no observations; an old report has no status.
        if !matches!(check.status.as_str(), "FAIL" | "") {
            return Ok(());
        }
        let rule = intake.name(check.avd_id.some().unwrap_or(check.id.as_str()));
        if rule.is_empty() {
            return intake.skip(locator, "the check has no id");
        }
        let (control, _) = control(self.tool, &rule);
        let about = about(check.message.as_str());
        let (subject, path) = match subject {
            Subject::Object { at, .. } => (
                Subject::Object { at: at.clone(), container: about.container.map(|c| intake.name(c)) },
                Opaque::readmit(""),
            ),
            other => (other.clone(), intake.name(&about.path(target.name.as_deref(), check.resource()))),
        };
        let claim = Claim {
            scope: self.scope.clone(),
            subject,
            severity: Severity::from_word(check.severity.as_str()),
            title: intake.text(check.title.some().unwrap_or(check.id.as_str())),
            text: intake.text(check.description.some().unwrap_or(check.message.as_str())),
            rule,
            flaw: Flaw::Control { control, path },
        };
        intake.give(record(locator, RecordKind::Check, vec![Observation::Claim(Box::new(claim))]))
    }

    fn secret(
        &mut self,
        intake: &mut Intake<'_>,
        subject: &Subject,
        target: &Target,
        locator: &str,
        secret: &Secret,
    ) -> Result<(), ReadError> {
        let rule = intake.name(secret.rule_id.as_str());
        let claim = Claim {
            scope: self.scope.clone(),
            subject: subject.clone(),
            severity: Severity::from_word(secret.severity.as_str()),
            title: intake.text(secret.title.some().unwrap_or("Secret")),
            text: Opaque::readmit(""),
            rule: rule.clone(),
            // Trivy masks the value before it writes the report, so there is nothing to make a mark of.
            flaw: Flaw::Secret {
                detector: rule,
                location: intake.name(target.name.as_deref().unwrap_or("")),
                mark: None,
            },
        };
        intake.give(record(locator, RecordKind::Secret, vec![Observation::Claim(Box::new(claim))]))
    }
}

fn licence_record(
    intake: &mut Intake<'_>,
    subject: &Subject,
    target: &Target,
    locator: &str,
    licence: &License,
) -> Result<(), ReadError> {
    let at = At { ty: &target.ty, target: None, path: licence.file_path.some() };
    let package = package(intake, &at, &licence.pkg_name, &Word::default(), None, None);
    let mut fact = intake.fact(subject.clone(), What::Licence(intake.name(licence.name.as_str())));
    fact.component = Some(package.key).filter(|key| !key.name.is_empty());
    intake.give(record(locator, RecordKind::Licence, vec![Observation::Fact(Box::new(fact))]))
}

/// The next entry of one of the five lists.
fn take(json: &mut Json<'_>, list: &str) -> Result<Result<Held, String>, ReadError> {
    Ok(match list {
        "Packages" => json.record().map(|r| r.map(Held::Package))?,
        "Vulnerabilities" => json.record().map(|r| r.map(Held::Vulnerability))?,
        "Misconfigurations" => json.record().map(|r| r.map(Held::Check))?,
        "Secrets" => json.record().map(|r| r.map(Held::Secret))?,
        _ => json.record().map(|r| r.map(Held::Licence))?,
    })
}

/// Where a package of a result sits.
struct At<'a> {
    ty: &'a str,
    target: Option<&'a str>,
    path: Option<&'a str>,
}

fn package(
    intake: &Intake<'_>,
    at: &At<'_>,
    name: &Word,
    version: &Word,
    source: Option<&str>,
    purl: Option<&str>,
) -> Package {
    let (ecosystem, namespace) = ecosystem(at.ty);
    // `Java`, `Node.js` and the like gather packages of many places: only a path says where one sits.
    let gathered = |t: &&str| !matches!(*t, "Java" | "Node.js" | "Python" | "Ruby" | "PHP" | "Conda" | "Rust" | "Go");
    let path = at.path.or(at.target.filter(gathered)).map(|p| intake.name(p));
    let (name, version) = (intake.name(name.as_str()), intake.name(version.as_str()));
    let (source, purl) = (source.map(|s| intake.name(s)), purl.map(|p| intake.name(p)));
    PackageParts {
        ecosystem,
        namespace,
        name: name.reveal(),
        version: version.reveal(),
        source: source.as_ref().map(Opaque::reveal),
        path: path.as_ref().map(Opaque::reveal),
        purl: purl.as_ref().map(Opaque::reveal),
    }
    .package()
}
