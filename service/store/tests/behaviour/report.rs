//! Reports as a test tells them: what a tool saw where and when. Built of the core's types alone.

use assay_core::asset::{AssetKey, ImageRef, PackageKey, PackageParts};
use assay_core::ids::{Digest, Span, Time, VulnId};
use assay_core::observation::{
    Author, Claim, ControlId, Coverage, Edge, Fact, Flaw, Observation, Record, RecordKind, Severity, Subject,
};
use assay_core::records::ReportMeta;
use assay_core::scope::{Artifact, Head, Part, Scope, ScopeKey, Skipped, Spoken, SpokenSet};
use assay_core::text::Opaque;

/// The hour 0 of every test.
const DAWN: Time = Time::from_secs(1_793_491_200);

/// An instant, in hours since the test began.
pub(crate) fn hour(n: i64) -> Time {
    DAWN + Span::hours(n)
}

/// Text that went through the door.
pub(crate) fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

/// A digest that stands for some bytes.
pub(crate) fn digest(n: u64) -> Digest {
    Digest::of_bytes(&n.to_be_bytes())
}

/// One vulnerability in one package.
#[derive(Clone, Debug)]
pub(crate) struct Vuln {
    pub(crate) id: VulnId,
    pub(crate) aliases: Vec<VulnId>,
    pub(crate) parts: (&'static str, &'static str, String),
    pub(crate) source: Option<String>,
    pub(crate) version: String,
    pub(crate) severity: Severity,
    pub(crate) title: String,
}

/// A vulnerability in a package of the distribution.
pub(crate) fn vuln(id: &str, package: &str) -> Vuln {
    Vuln {
        id: id.parse().expect("a legal name"),
        aliases: Vec::new(),
        parts: ("deb", "debian", package.to_owned()),
        source: None,
        version: "1.0".to_owned(),
        severity: Severity::High,
        title: String::new(),
    }
}

/// `n` vulnerabilities, `CVE-2026-1000` in `lib0` and so on.
pub(crate) fn vulns(n: usize) -> Vec<Vuln> {
    (0..n).map(|i| vuln(&format!("CVE-2026-{}", 1000 + i), &format!("lib{i}"))).collect()
}

impl Vuln {
    pub(crate) fn npm(mut self) -> Self {
        (self.parts.0, self.parts.1) = ("npm", "");
        self
    }

    pub(crate) fn alias(mut self, name: &str) -> Self {
        self.aliases.push(name.parse().expect("a legal name"));
        self
    }

    pub(crate) fn built_from(mut self, source: &str) -> Self {
        self.source = Some(source.to_owned());
        self
    }

    pub(crate) fn version(mut self, version: &str) -> Self {
        self.version = version.to_owned();
        self
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The package's key as a source names it.
    pub(crate) fn package(&self) -> PackageKey {
        self.parts().package().key
    }

    fn parts(&self) -> PackageParts<'_> {
        let (ecosystem, namespace, name) = (self.parts.0, self.parts.1, self.parts.2.as_str());
        PackageParts {
            ecosystem,
            namespace,
            name,
            version: &self.version,
            source: self.source.as_deref(),
            ..PackageParts::default()
        }
    }

    fn class(&self) -> Spoken {
        if self.package().of_distribution() { Spoken::OsPackages } else { Spoken::LanguagePackages }
    }

    fn claim(&self, subject: Subject, scope: Option<ScopeKey>) -> Claim {
        Claim {
            scope,
            subject,
            severity: self.severity,
            title: o(&self.title),
            text: o(""),
            rule: o(self.id.as_str()),
            flaw: Flaw::Vulnerability {
                id: self.id.clone(),
                aliases: self.aliases.clone(),
                package: self.parts().package(),
                fixed_in: None,
            },
        }
    }
}

/// A report in the making.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    tool: String,
    tool_version: String,
    artifact: Artifact,
    pub(crate) parts: Vec<Part>,
    records: Vec<Record>,
    produced_at: Option<Time>,
    received_at: Time,
    sender: String,
    key: Option<String>,
    skipped: Vec<Skipped>,
}

/// A report of an image: `shop/web:1.0`, or with a digest.
pub(crate) fn image(name: &str) -> Report {
    let image = ImageRef::parse(&o(name)).expect("a legal image");
    let classes = [Spoken::OsPackages, Spoken::LanguagePackages].into_iter().collect();
    let part = Part::image(&image, o(""), classes, true);
    Report::of(Artifact::Image(image), vec![part])
}

/// A report of a source tree.
pub(crate) fn tree(name: &str) -> Report {
    let scope = if name.is_empty() { Scope::Unnamed } else { Scope::Tree { name: o(name) } };
    let complete = !name.is_empty();
    let classes = [Spoken::LanguagePackages, Spoken::Secret].into_iter().collect();
    Report::of(Artifact::Tree(o(name)), vec![Part { scope, classes, complete, content: None }])
}

/// A tool's report of one namespace.
pub(crate) fn namespace(cluster: &str, name: &str) -> Report {
    let classes = [Spoken::Misconfiguration].into_iter().collect();
    Report::of(Artifact::Cluster, vec![Part::namespace(&o(cluster), &o(name), classes, true)])
}

/// A report of some objects, each speaking for itself.
pub(crate) fn objects() -> Report {
    Report::of(Artifact::Cluster, Vec::new())
}

/// A document with an id of its own.
pub(crate) fn document(id: &str) -> Report {
    let classes = [Spoken::Vex].into_iter().collect();
    let part = Part { scope: Scope::Document { id: o(id) }, classes, complete: true, content: None };
    Report::of(Artifact::Tree(o(id)), vec![part])
}

/// Events: they speak for nothing.
pub(crate) fn stream(tool: &str) -> Report {
    let part = Part { scope: Scope::Stream, classes: SpokenSet::default(), complete: false, content: None };
    Report::of(Artifact::Cluster, vec![part]).by(tool)
}

impl Report {
    fn of(artifact: Artifact, parts: Vec<Part>) -> Self {
        Self {
            tool: "trivy".to_owned(),
            tool_version: "1".to_owned(),
            artifact,
            parts,
            records: Vec::new(),
            produced_at: Some(hour(1)),
            received_at: hour(1),
            sender: "cli".to_owned(),
            key: None,
            skipped: Vec::new(),
        }
    }

    pub(crate) fn by(mut self, tool: &str) -> Self {
        self.tool = tool.to_owned();
        self
    }

    pub(crate) fn tool_version(mut self, version: &str) -> Self {
        self.tool_version = version.to_owned();
        self
    }

    pub(crate) fn sent_by(mut self, sender: &str) -> Self {
        self.sender = sender.to_owned();
        self
    }

    /// Produced and received then.
    pub(crate) fn at(mut self, hours: i64) -> Self {
        (self.produced_at, self.received_at) = (Some(hour(hours)), hour(hours));
        self
    }

    pub(crate) fn received(mut self, at: Time) -> Self {
        self.received_at = at;
        self
    }

    pub(crate) fn produced(mut self, at: Option<Time>) -> Self {
        self.produced_at = at;
        self
    }

    /// The key that the client chose.
    pub(crate) fn key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    pub(crate) fn incomplete(mut self) -> Self {
        self.parts.iter_mut().for_each(|part| part.complete = false);
        self
    }

    /// A record could not be read: nothing of the report is complete then.
    pub(crate) fn skipping(mut self, locator: &str) -> Self {
        self.skipped.push(Skipped { locator: locator.into(), reason: "broken".into() });
        self.incomplete()
    }

    /// Speaks for these classes alone.
    pub(crate) fn speaks_for(mut self, classes: &[Spoken]) -> Self {
        self.parts.iter_mut().for_each(|part| part.classes = classes.iter().copied().collect());
        self
    }

    /// The digest of what was looked at.
    pub(crate) fn content(mut self, n: u64) -> Self {
        self.parts.iter_mut().for_each(|part| part.content = Some(digest(n)));
        if let Artifact::Image(image) = &mut self.artifact {
            image.digest = Some(digest(n));
        }
        self
    }

    pub(crate) fn part(mut self, scope: Scope, classes: &[Spoken], content: Option<u64>) -> Self {
        let classes = classes.iter().copied().collect();
        self.parts.push(Part { scope, classes, complete: true, content: content.map(digest) });
        self
    }

    /// The report's own artifact has these.
    pub(crate) fn with(mut self, vulns: impl IntoIterator<Item = Vuln>) -> Self {
        for vuln in vulns {
            let claim = vuln.claim(Subject::Artifact, None);
            self = self.say(RecordKind::Vulnerability, vec![Observation::Claim(Box::new(claim))]);
        }
        self
    }

    /// Says again and again that a package is built from a source, without a claim.
    pub(crate) fn package(mut self, vuln: &Vuln) -> Self {
        let fact = Fact {
            subject: Subject::Artifact,
            component: Some(vuln.package()),
            what: assay_core::observation::What::Contains { version: o(&vuln.version) },
            author: Author::Scanner,
            since: self.received_at,
            until: self.received_at,
            valid_until: None,
        };
        self = self.say(RecordKind::Aid, vec![Observation::Fact(Box::new(fact))]);
        self
    }

    /// The artifact holds an open secret.
    pub(crate) fn secret(self, detector: &str, location: &str) -> Self {
        let flaw = Flaw::Secret { detector: o(detector), location: o(location), mark: None };
        self.claim(RecordKind::Secret, Subject::Artifact, None, detector, flaw)
    }

    /// A workload's container has a vulnerability, says the tool of its own accord.
    pub(crate) fn container_has(self, at: &AssetKey, container: &str, vuln: &Vuln) -> Self {
        let scope = Scope::Object { at: at.clone(), container: o(container) };
        let key = scope.key();
        let mut this = self;
        if !this.parts.iter().any(|part| part.scope == scope) {
            this = this.part(scope, &[vuln.class()], None);
        }
        let subject = Subject::Object { at: at.clone(), container: Some(o(container)) };
        let claim = vuln.claim(subject, Some(key));
        this.say(RecordKind::Vulnerability, vec![Observation::Claim(Box::new(claim))])
    }

    /// An object fails a control; `scope` where the report speaks for several.
    pub(crate) fn fails(self, at: &AssetKey, control: &str, scope: Option<&Scope>) -> Self {
        let flaw = Flaw::Control { control: ControlId(o(control)), path: o("") };
        let subject = Subject::Object { at: at.clone(), container: None };
        self.claim(RecordKind::Check, subject, scope.map(Scope::key), control, flaw)
    }

    /// A claim of any kind.
    pub(crate) fn claim(
        self,
        kind: RecordKind,
        subject: Subject,
        scope: Option<ScopeKey>,
        rule: &str,
        flaw: Flaw,
    ) -> Self {
        let (severity, rule) = (Severity::High, o(rule));
        let claim = Claim { scope, subject, severity, title: o(""), text: o(""), rule, flaw };
        self.say(kind, vec![Observation::Claim(Box::new(claim))])
    }

    pub(crate) fn fact(self, fact: Fact) -> Self {
        self.say(RecordKind::Event, vec![Observation::Fact(Box::new(fact))])
    }

    pub(crate) fn edge(self, edge: Edge) -> Self {
        self.say(RecordKind::Event, vec![Observation::Edge(Box::new(edge))])
    }

    pub(crate) fn window(self, window: Coverage) -> Self {
        self.say(RecordKind::Event, vec![Observation::Coverage(Box::new(window))])
    }

    pub(crate) fn say(mut self, kind: RecordKind, yields: Vec<Observation>) -> Self {
        let locator = format!("records[{}]", self.records.len()).into();
        self.records.push(Record { locator, kind, author: Author::Scanner, seen_at: None, yields });
        self
    }

    /// When it was received.
    pub(crate) fn received_at(&self) -> Time {
        self.received_at
    }

    /// What is known before it is read. Its bytes are its words: everything but when and by whom it was sent.
    pub(crate) fn meta(&self) -> ReportMeta {
        let sha256 = Digest::of_bytes(format!("{:?}{:?}", self.head(), self.records).as_bytes());
        let key = match &self.key {
            Some(key) => key.clone(),
            None => sha256.to_string(),
        };
        let idem_key = Digest::of_fields([self.sender.as_bytes(), key.as_bytes()]);
        let (sender, received_at) = (o(&self.sender), self.received_at);
        ReportMeta { sender, format: "test", idem_key, sha256, received_at }
    }

    pub(crate) fn head(&self) -> Head {
        Head {
            tool: o(&self.tool),
            tool_version: o(&self.tool_version),
            artifact: self.artifact.clone(),
            parts: self.parts.clone(),
            produced_at: self.produced_at,
            skipped: self.skipped.clone(),
            hint: None,
        }
    }

    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }
}
