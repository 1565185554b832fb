//! The staged forms: JSON twins of claims, facts, edges and watch windows, for as long as a report is being taken in.

use assay_core::asset::{ImageRef, Package, PackageKey};
use assay_core::ids::{Time, VulnId};
use assay_core::observation::{
    Author, Capability, Claim, ControlId, Coverage, Edge, Eye, Fact, Flaw, Severity, Subject,
};
use assay_core::text::Opaque;
use serde::{Deserialize, Serialize};

use crate::twin::{HoleRow, KeyRow, LinkRow, Unread, WhatRow, vuln_id};

/// A claim as it is staged: the twin of [`Claim`].
#[derive(Serialize, Deserialize)]
pub(crate) struct ClaimRow {
    scope: Option<String>,
    subject: SubjectRow,
    severity: u8,
    title: String,
    rule: String,
    flaw: FlawRow,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum SubjectRow {
    Artifact,
    Image { repository: String, tag: Option<String>, digest: Option<String> },
    Object { at: KeyRow, container: Option<String> },
}

#[derive(Serialize, Deserialize)]
enum FlawRow {
    Vulnerability { id: String, package: PackageRow, fixed_in: Option<String> },
    Control { control: String, path: String },
    Secret { detector: String, location: String, mark: Option<String> },
    Rbac { capability: String, cluster_wide: bool },
    Signal { signal: String, discriminator: String, stage: String },
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PackageRow {
    ecosystem: String,
    namespace: String,
    name: String,
    source: Option<String>,
    artifact: String,
    version: String,
    purl: Option<String>,
}

fn owned(text: &Opaque) -> String {
    text.reveal().to_owned()
}

impl From<&Claim> for ClaimRow {
    fn from(claim: &Claim) -> Self {
        let subject = SubjectRow::from(&claim.subject);
        let flaw = match &claim.flaw {
            Flaw::Vulnerability { id, package, fixed_in, .. } => FlawRow::Vulnerability {
                id: id.to_string(),
                package: package.into(),
                fixed_in: fixed_in.as_ref().map(owned),
            },
            Flaw::Control { control, path } => FlawRow::Control { control: owned(&control.0), path: owned(path) },
            Flaw::Secret { detector, location, mark } => {
                FlawRow::Secret { detector: owned(detector), location: owned(location), mark: mark.as_ref().map(owned) }
            }
            Flaw::Rbac { capability, cluster_wide } => {
                FlawRow::Rbac { capability: capability.to_string(), cluster_wide: *cluster_wide }
            }
            Flaw::Signal { signal, discriminator, stage } => FlawRow::Signal {
                signal: owned(&signal.0),
                discriminator: owned(discriminator),
                stage: stage.to_string(),
            },
        };
        let (title, rule) = (owned(&claim.title), owned(&claim.rule));
        Self {
            scope: claim.scope.as_ref().map(|s| s.0.to_string()),
            subject,
            severity: claim.severity as u8,
            title,
            rule,
            flaw,
        }
    }
}

impl From<&Package> for PackageRow {
    fn from(package: &Package) -> Self {
        let PackageKey { ecosystem, namespace, name, source, artifact } = &package.key;
        Self {
            ecosystem: owned(ecosystem),
            namespace: owned(namespace),
            name: owned(name),
            source: source.as_ref().map(owned),
            artifact: owned(artifact),
            version: owned(&package.version),
            purl: package.purl.as_ref().map(owned),
        }
    }
}

impl ClaimRow {
    /// The scope that the claim itself names.
    pub(crate) fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// The claim again, without its text, which lies among the passages.
    pub(crate) fn claim(self) -> Result<Claim, Unread> {
        let text = |s: String| Opaque::readmit(&s);
        let subject = self.subject.subject();
        let flaw = match self.flaw {
            FlawRow::Vulnerability { id, package, fixed_in } => {
                let id: VulnId = vuln_id(&id)?;
                Flaw::Vulnerability {
                    id,
                    aliases: Vec::new(),
                    package: package.package(),
                    fixed_in: fixed_in.map(text),
                }
            }
            FlawRow::Control { control, path } => Flaw::Control { control: ControlId(text(control)), path: text(path) },
            FlawRow::Secret { detector, location, mark } => {
                Flaw::Secret { detector: text(detector), location: text(location), mark: mark.map(text) }
            }
            FlawRow::Rbac { capability, cluster_wide } => {
                Flaw::Rbac { capability: capability.parse::<Capability>()?, cluster_wide }
            }
            FlawRow::Signal { signal, discriminator, stage } => Flaw::Signal {
                signal: ControlId(text(signal)),
                discriminator: text(discriminator),
                stage: stage.parse()?,
            },
        };
        let severity = *Severity::ALL.get(usize::from(self.severity)).unwrap_or(&Severity::Unknown);
        Ok(Claim {
            scope: None,
            subject,
            severity,
            title: text(self.title),
            text: text(String::new()),
            rule: text(self.rule),
            flaw,
        })
    }
}

impl PackageRow {
    fn package(self) -> Package {
        let (version, purl) = (Opaque::readmit(&self.version), self.purl.as_deref().map(Opaque::readmit));
        Package { key: self.key(), version, purl }
    }

    fn key(self) -> PackageKey {
        let text = |s: String| Opaque::readmit(&s);
        PackageKey {
            ecosystem: text(self.ecosystem),
            namespace: text(self.namespace),
            name: text(self.name),
            source: self.source.map(text),
            artifact: text(self.artifact),
        }
    }
}

impl From<&Subject> for SubjectRow {
    fn from(subject: &Subject) -> Self {
        match subject {
            Subject::Artifact => Self::Artifact,
            Subject::Image(image) => Self::Image {
                repository: owned(&image.repository),
                tag: image.tag.as_ref().map(owned),
                digest: image.digest.map(|d| d.to_string()),
            },
            Subject::Object { at, container } => {
                Self::Object { at: at.into(), container: container.as_ref().map(owned) }
            }
        }
    }
}

impl SubjectRow {
    pub(crate) fn subject(self) -> Subject {
        let text = |s: String| Opaque::readmit(&s);
        match self {
            Self::Artifact => Subject::Artifact,
            Self::Image { repository, tag, digest } => Subject::Image(ImageRef {
                repository: text(repository),
                tag: tag.map(text),
                digest: digest.and_then(|d| d.parse().ok()),
            }),
            Self::Object { at, container } => Subject::Object { at: at.key(), container: container.map(text) },
        }
    }
}

/// A fact, edge or window as it is staged.
#[derive(Serialize, Deserialize)]
pub(crate) enum LooseRow {
    Fact {
        subject: SubjectRow,
        component: Option<PackageRow>,
        what: WhatRow,
        author: String,
        since: i64,
        until: i64,
        valid_until: Option<i64>,
    },
    Edge {
        from: KeyRow,
        to: KeyRow,
        link: LinkRow,
        author: String,
        since: i64,
    },
    Coverage {
        subject: SubjectRow,
        eye: String,
        instance: String,
        node: String,
        since: i64,
        until: i64,
        start_seen: bool,
        holes: Vec<HoleRow>,
    },
}

/// A staged fact, edge or window again.
pub(crate) enum Loose {
    Fact(Fact),
    Edge(Edge),
    Coverage(Coverage),
}

impl From<&Fact> for LooseRow {
    fn from(fact: &Fact) -> Self {
        let bare = |key: &PackageKey| {
            PackageRow::from(&Package { key: key.clone(), version: Opaque::readmit(""), purl: None })
        };
        Self::Fact {
            subject: (&fact.subject).into(),
            component: fact.component.as_ref().map(bare),
            what: (&fact.what).into(),
            author: fact.author.to_string(),
            since: fact.since.millis(),
            until: fact.until.millis(),
            valid_until: fact.valid_until.map(Time::millis),
        }
    }
}

impl From<&Edge> for LooseRow {
    fn from(edge: &Edge) -> Self {
        Self::Edge {
            from: (&edge.from).into(),
            to: (&edge.to).into(),
            link: (&edge.link).into(),
            author: edge.author.to_string(),
            since: edge.since.millis(),
        }
    }
}

impl From<&Coverage> for LooseRow {
    fn from(window: &Coverage) -> Self {
        Self::Coverage {
            subject: (&window.subject).into(),
            eye: window.eye.to_string(),
            instance: owned(&window.instance),
            node: owned(&window.node),
            since: window.since.millis(),
            until: window.until.millis(),
            start_seen: window.start_seen,
            holes: window.holes.iter().map(HoleRow::from).collect(),
        }
    }
}

impl LooseRow {
    pub(crate) fn loose(self) -> Result<Loose, Unread> {
        let at = Time::from_millis;
        Ok(match self {
            Self::Fact { subject, component, what, author, since, until, valid_until } => Loose::Fact(Fact {
                subject: subject.subject(),
                component: component.map(PackageRow::key),
                what: what.what()?,
                author: author.parse::<Author>()?,
                since: at(since),
                until: at(until),
                valid_until: valid_until.map(at),
            }),
            Self::Edge { from, to, link, author, since } => Loose::Edge(Edge {
                from: from.key(),
                to: to.key(),
                link: link.link()?,
                author: author.parse::<Author>()?,
                since: at(since),
            }),
            Self::Coverage { subject, eye, instance, node, since, until, start_seen, holes } => {
                Loose::Coverage(Coverage {
                    subject: subject.subject(),
                    eye: eye.parse::<Eye>()?,
                    instance: Opaque::readmit(&instance),
                    node: Opaque::readmit(&node),
                    since: at(since),
                    until: at(until),
                    start_seen,
                    holes: holes.iter().map(HoleRow::hole).collect::<Result<_, _>>()?,
                })
            }
        })
    }
}
