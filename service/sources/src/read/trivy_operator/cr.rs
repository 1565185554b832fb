//! One custom resource of trivy-operator, and what it yields.

use std::collections::BTreeMap;

use assay_core::asset::{AssetKey, Kind, PackageParts};
use assay_core::ids::{Digest, Time, VulnId};
use assay_core::observation::{Claim, Flaw, NotAssessed, Observation, RecordKind, Severity, Subject};
use assay_core::scope::{Artifact, Head, Part, Scope, ScopeKey, Spoken, SpokenSet};
use assay_core::text::Opaque;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::ReadError;
use super::super::controls::control;
use super::super::image::ecosystem;
use super::super::intake::{Intake, Learnt, instant, record};
use super::super::json::plain_reason;
use super::super::lenient::{Many, Word};
use super::super::trivy::{about, object, proper_kind};
use super::super::vuln::Published;

/// The group of the operator's kinds.
const GROUP: &str = "aquasecurity.github.io";
const LABEL: &str = "trivy-operator.";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Cr {
    kind: Word,
    metadata: Meta,
    report: Option<Report>,
    status: Option<Status>,
    /// The status of a compliance report that stands alone.
    detail_report: Option<Detail>,
    summary_report: Option<Summary>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    name: Word,
    namespace: Word,
    labels: Option<BTreeMap<String, Word>>,
    owner_references: Many<Owner>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Owner {
    kind: Word,
    name: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Report {
    update_timestamp: Word,
    scanner: Option<Scanner>,
    artifact: Option<ArtifactWords>,
    os: Option<Os>,
    vulnerabilities: Option<Many<Value>>,
    checks: Option<Many<Value>>,
    secrets: Option<Many<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Scanner {
    version: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ArtifactWords {
    digest: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Os {
    family: Word,
    eosl: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    update_timestamp: Word,
    detail_report: Option<Detail>,
    summary_report: Option<Summary>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    id: Word,
    results: Many<DetailResult>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DetailResult {
    checks: Many<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Summary {
    id: Word,
    control_check: Many<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Vulnerability {
    #[serde(rename = "vulnerabilityID")]
    id: Word,
    resource: Word,
    #[serde(rename = "pkgPURL")]
    purl: Word,
    pkg_path: Word,
    installed_version: Word,
    fixed_version: Word,
    severity: Word,
    title: Word,
    description: Word,
    target: Word,
    class: Word,
    package_type: Word,
    cvss: Option<BTreeMap<String, Vectors>>,
    last_modified_date: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Vectors {
    v3_vector: Word,
    v40_vector: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Check {
    #[serde(rename = "checkID")]
    id: Word,
    title: Word,
    description: Word,
    severity: Word,
    messages: Many<Word>,
    success: Option<bool>,
    /// In compliance reports: `namespace/kind-name`.
    target: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ControlCheck {
    id: Word,
    name: Word,
    severity: Word,
    total_fail: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Secret {
    #[serde(rename = "ruleID")]
    rule: Word,
    severity: Word,
    title: Word,
    target: Word,
}

/// Takes resources one after the other.
pub(super) struct Operator<'a> {
    pub(super) intake: Intake<'a>,
    parts: Vec<Part>,
    produced_at: Option<Time>,
    version: Opaque,
}

/// Where the entries of one resource belong.
struct Home {
    at: AssetKey,
    container: Option<Opaque>,
    scope: ScopeKey,
    /// The word for the distribution, where entries have no type of their own.
    family: String,
}

impl<'a> Operator<'a> {
    pub(super) fn new(intake: Intake<'a>) -> Self {
        Self { intake, parts: Vec::new(), produced_at: None, version: Opaque::readmit("") }
    }

    pub(super) fn close(self) -> Head {
        self.intake.head(Learnt {
            tool_version: self.version,
            artifact: Artifact::Cluster,
            parts: self.parts,
            produced_at: self.produced_at,
            hint: None,
        })
    }

    /// Reads one resource.
    pub(super) fn take(&mut self, cr: &Cr, place: &str) -> Result<(), ReadError> {
        let place = if place.is_empty() { String::new() } else { format!("{place}.") };
        let mut classes = SpokenSet::default();
        let mut complete = true;
        let home = self.home(cr);
        if let Some(report) = &cr.report {
            self.seen(&report.update_timestamp);
            if let Some(scanner) = report.scanner.as_ref().filter(|s| !s.version.is_empty()) {
                self.version = self.intake.name(scanner.version.as_str());
            }
            if let Some(list) = &report.vulnerabilities {
                classes.insert(Spoken::OsPackages);
                classes.insert(Spoken::LanguagePackages);
                if let Some(os) = &report.os
                    && let Some(why) = os.not_assessed()
                {
                    let subject = Subject::Object { at: home.at.clone(), container: home.container.clone() };
                    self.intake.not_assessed(&format!("{place}report.os"), subject, why)?;
                    complete = false;
                }
                self.each(list, &format!("{place}report.vulnerabilities"), &home, Self::vulnerability)?;
            }
            if let Some(list) = &report.checks {
                classes.insert(Spoken::Misconfiguration);
                self.each(list, &format!("{place}report.checks"), &home, Self::check)?;
            }
            if let Some(list) = &report.secrets {
                classes.insert(Spoken::Secret);
                self.each(list, &format!("{place}report.secrets"), &home, Self::secret)?;
            }
        }
        if self.compliance(cr, &place, &home)? {
            classes.insert(Spoken::Misconfiguration);
        }
        let digest =
            cr.report.as_ref().and_then(|r| r.artifact.as_ref()).and_then(|a| a.digest.as_str().parse::<Digest>().ok());
        let scope = scope_of(&self.intake, cr, home.container);
        self.parts.push(Part { scope, classes, complete, content: digest });
        Ok(())
    }

    fn home(&self, cr: &Cr) -> Home {
        let label = |name: &str| {
            cr.metadata.labels.as_ref().and_then(|l| l.get(&format!("{LABEL}{name}"))).map_or("", Word::as_str)
        };
        let owner = cr.metadata.owner_references.first();
        let or_owner = |word: &'_ str, of: fn(&Owner) -> &str| match (word, owner) {
            ("", Some(owner)) => of(owner).to_owned(),
            _ => word.to_owned(),
        };
        let kind = or_owner(label("resource.kind"), |o| o.kind.as_str());
        let name = or_owner(label("resource.name"), |o| o.name.as_str());
        let namespace = if label("resource.namespace").is_empty() {
            cr.metadata.namespace.as_str()
        } else {
            label("resource.namespace")
        };
        let at = if kind.is_empty() || name.is_empty() {
            AssetKey::cluster(self.intake.how.cluster)
        } else {
            object(&self.intake, &kind, namespace, &name)
        };
        let container = Some(label("container.name")).filter(|c| !c.is_empty()).map(|c| self.intake.name(c));
        let scope = scope_of(&self.intake, cr, container.clone()).key();
        let os = cr.report.as_ref().and_then(|r| r.os.as_ref());
        Home { at, container, scope, family: os.map_or(String::new(), |os| os.family.0.clone()) }
    }

    fn seen(&mut self, at: &Word) {
        self.produced_at = self.produced_at.max(instant(at.as_str()));
    }

    fn each<T: DeserializeOwned>(
        &mut self,
        list: &[Value],
        place: &str,
        home: &Home,
        give: fn(&mut Self, &str, &Home, &T) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        for (i, value) in list.iter().enumerate() {
            let locator = format!("{place}[{i}]");
            match T::deserialize(value) {
                Ok(entry) => give(self, &locator, home, &entry)?,
                Err(error) => self.intake.skip(locator, plain_reason(&error)),
            }
        }
        Ok(())
    }

    fn vulnerability(&mut self, locator: &str, home: &Home, v: &Vulnerability) -> Result<(), ReadError> {
        let Ok(id) = v.id.as_str().parse::<VulnId>() else {
            self.intake.skip(locator, "vulnerabilityID names no vulnerability");
            return Ok(());
        };
        let ty = v.package_type.some().unwrap_or(&home.family);
        let (ecosystem, namespace) = ecosystem(ty);
        let path = v.pkg_path.some().or(v.target.some().filter(|_| v.class.as_str() == "lang-pkgs"));
        let intake = &mut self.intake;
        let [name, version] = [&v.resource, &v.installed_version].map(|w| intake.name(w.as_str()));
        let (path, purl) = (path.map(|p| intake.name(p)), v.purl.some().map(|p| intake.name(p)));
        let parts = PackageParts {
            ecosystem,
            namespace,
            name: name.reveal(),
            version: version.reveal(),
            source: None,
            path: path.as_ref().map(Opaque::reveal),
            purl: purl.as_ref().map(Opaque::reveal),
        };
        let mut yields = vec![Observation::Claim(Box::new(Claim {
            scope: Some(home.scope.clone()),
            subject: Subject::Object { at: home.at.clone(), container: home.container.clone() },
            severity: Severity::from_word(v.severity.as_str()),
            title: intake.text(v.title.some().unwrap_or(v.id.as_str())),
            text: intake.text(v.description.as_str()),
            rule: intake.name(v.id.as_str()),
            flaw: Flaw::Vulnerability {
                id,
                aliases: Vec::new(),
                package: parts.package(),
                fixed_in: v.fixed_version.some().map(|f| intake.name(f)),
            },
        }))];
        let at = instant(v.last_modified_date.as_str());
        let mut published = Published::of(intake, v.id.as_str(), &mut yields);
        for vectors in v.cvss.iter().flat_map(BTreeMap::values) {
            published.cvss(vectors.v40_vector.as_str(), at);
            published.cvss(vectors.v3_vector.as_str(), at);
        }
        intake.give(record(locator, RecordKind::Vulnerability, yields))
    }

    fn check(&mut self, locator: &str, home: &Home, check: &Check) -> Result<(), ReadError> {
        // Only what is said to have failed; a check without a verdict has none.
        if check.success != Some(false) {
            return Ok(());
        }
        let intake = &mut self.intake;
        let rule = intake.name(check.id.some().or(check.title.some()).unwrap_or("check"));
        let (control, _) = control("trivy", &rule);
        let (at, named) = match compliance_target(check.target.as_str()) {
            Some((namespace, kind, name)) => (object(intake, kind, namespace, name), None),
            None => (home.at.clone(), home.container.clone()),
        };
        // A message a container: each is a claim of its own.
        let mut containers: Vec<Option<Opaque>> =
            check.messages.iter().filter_map(|m| about(m.as_str()).container.map(|c| Some(intake.name(c)))).collect();
        containers.sort();
        containers.dedup();
        if containers.is_empty() {
            containers.push(named);
        }
        let text = check.description.some().or(check.messages.iter().find_map(|m| m.some())).unwrap_or("");
        let (title, text) = (intake.text(check.title.some().unwrap_or(rule.reveal())), intake.text(text));
        let claim = |container: Option<Opaque>| {
            Observation::Claim(Box::new(Claim {
                scope: Some(home.scope.clone()),
                subject: Subject::Object { at: at.clone(), container },
                severity: Severity::from_word(check.severity.as_str()),
                title: title.clone(),
                text: text.clone(),
                rule: rule.clone(),
                flaw: Flaw::Control { control: control.clone(), path: Opaque::readmit("") },
            }))
        };
        let yields = containers.into_iter().map(claim).collect();
        intake.give(record(locator, RecordKind::Check, yields))
    }

    fn secret(&mut self, locator: &str, home: &Home, secret: &Secret) -> Result<(), ReadError> {
        let intake = &mut self.intake;
        let rule = intake.name(secret.rule.as_str());
        let claim = Claim {
            scope: Some(home.scope.clone()),
            subject: Subject::Object { at: home.at.clone(), container: home.container.clone() },
            severity: Severity::from_word(secret.severity.as_str()),
            title: intake.text(secret.title.some().unwrap_or("Secret")),
            text: Opaque::readmit(""),
            rule: rule.clone(),
            flaw: Flaw::Secret { detector: rule, location: intake.name(secret.target.as_str()), mark: None },
        };
        intake.give(record(locator, RecordKind::Secret, vec![Observation::Claim(Box::new(claim))]))
    }

    /// The two shapes of a compliance report: totals by control, or the failed checks themselves.
    fn compliance(&mut self, cr: &Cr, place: &str, home: &Home) -> Result<bool, ReadError> {
        let status = cr.status.as_ref();
        if let Some(status) = status {
            self.seen(&status.update_timestamp);
        }
        let under = if status.is_some() { "status." } else { "" };
        let summary = cr.summary_report.as_ref().or(status.and_then(|s| s.summary_report.as_ref()));
        let detail = cr.detail_report.as_ref().or(status.and_then(|s| s.detail_report.as_ref()));
        if let Some(summary) = summary {
            let benchmark = summary.id.some().or(cr.metadata.name.some()).unwrap_or("compliance").to_owned();
            for (i, value) in summary.control_check.iter().enumerate() {
                let locator = format!("{place}{under}summaryReport.controlCheck[{i}]");
                match ControlCheck::deserialize(value) {
                    Ok(check) => self.total(&locator, home, &benchmark, &check)?,
                    Err(error) => self.intake.skip(locator, plain_reason(&error)),
                }
            }
        }
        if let Some(detail) = detail {
            for (i, result) in detail.results.iter().enumerate() {
                let list = format!("{place}{under}detailReport.results[{i}].checks");
                self.each(&result.checks, &list, home, Self::check)?;
            }
        }
        Ok(summary.is_some() || detail.is_some())
    }

    /// A control of a benchmark that failed somewhere in the cluster.
    fn total(&mut self, locator: &str, home: &Home, benchmark: &str, check: &ControlCheck) -> Result<(), ReadError> {
        if check.total_fail.unwrap_or(0) == 0 {
            return Ok(());
        }
        let intake = &mut self.intake;
        let rule = intake.name(&format!("{benchmark}/{}", check.id.as_str()));
        let claim = Claim {
            scope: Some(home.scope.clone()),
            subject: Subject::Object { at: AssetKey::cluster(intake.how.cluster), container: None },
            severity: Severity::from_word(check.severity.as_str()),
            title: intake.text(check.name.some().unwrap_or(rule.reveal())),
            text: Opaque::readmit(""),
            flaw: Flaw::Control { control: control("trivy", &rule).0, path: Opaque::readmit("") },
            rule,
        };
        intake.give(record(locator, RecordKind::Check, vec![Observation::Claim(Box::new(claim))]))
    }
}

impl Os {
    fn not_assessed(&self) -> Option<NotAssessed> {
        match self.family.as_str() {
            _ if self.eosl => Some(NotAssessed::EndOfLife),
            "none" | "unknown" => Some(NotAssessed::UnknownDistribution),
            _ => None,
        }
    }
}

/// The resource itself is the scope: two reports about one container are renewed at different times.
fn scope_of(intake: &Intake<'_>, cr: &Cr, container: Option<Opaque>) -> Scope {
    let kind = intake.name(cr.kind.some().unwrap_or("ClusterComplianceReport"));
    let detail = cr.detail_report.as_ref().map_or("", |d| d.id.as_str());
    let name = cr.metadata.name.some().unwrap_or(detail);
    let at = AssetKey::object(
        intake.how.cluster,
        Kind::new(GROUP, kind.reveal()),
        intake.name(cr.metadata.namespace.as_str()),
        intake.name(name),
    );
    Scope::Object { at, container: container.unwrap_or_else(|| Opaque::readmit("")) }
}

/// `namespace/kind-name`, as compliance reports write their targets.
fn compliance_target(target: &str) -> Option<(&str, &'static str, &str)> {
    let (namespace, rest) = target.split_once('/').unwrap_or(("", target));
    let (kind, name) = rest.split_once('-')?;
    Some((namespace, proper_kind(kind)?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compliance_target_names_its_object() {
        assert_eq!(
            compliance_target("kube-system/daemonset-kube-proxy"),
            Some(("kube-system", "DaemonSet", "kube-proxy"))
        );
        assert_eq!(compliance_target("somewhere/else"), None);
        assert_eq!(compliance_target(""), None);
    }
}
