//! One call a row. Each gives the row back, so that a test changes what it is about and nothing else.

use super::Scene;
use crate::asset::{AssetKey, Kind, PackageKey};
use crate::condition::Condition;
use crate::finding::{Finding, Matter, Place, ScannedImage, Sighting, SourceWord};
use crate::fingerprint::fingerprint;
use crate::ids::{Digest, Span, Time, VulnId};
use crate::intel::{Feed, IntelNote, Said};
use crate::observation::{Admits, Author, Coverage, Entry, Eye, Link, Protocol, Reach, Severity, Subject, What};
use crate::reading::{ReadBy, Reading, Spanned};
use crate::reconcile::{Life, Word};
use crate::text::Opaque;
use crate::world::{AssetIdx, CoverageSeen, EdgeSeen, FactSeen, Vuln};

/// The cluster of [`Scene::object`].
pub const CLUSTER: &str = "demo";

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

impl Scene {
    fn row(&mut self) -> i64 {
        self.rows += 1;
        self.rows
    }

    /// An asset, once a key.
    pub fn asset(&mut self, key: AssetKey) -> AssetIdx {
        let at = self.assets.iter().position(|k| *k == key).unwrap_or_else(|| {
            self.assets.push(key);
            self.assets.len() - 1
        });
        AssetIdx(at as u32)
    }

    /// An object of the cluster [`CLUSTER`].
    pub fn object(&mut self, kind: &'static str, namespace: &str, name: &str) -> AssetIdx {
        self.asset(AssetKey::object(&o(CLUSTER), Kind::of(kind), o(namespace), o(name)))
    }

    /// The key of an asset.
    pub fn key(&self, asset: AssetIdx) -> &AssetKey {
        &self.assets[asset.0 as usize]
    }

    /// A fact: seen from an hour ago until now, known without end.
    pub fn fact(&mut self, about: AssetIdx, author: Author, what: What) -> &mut FactSeen {
        let (id, as_of) = (self.row(), self.as_of);
        let fact = FactSeen {
            id,
            container: o(""),
            component: None,
            what,
            author,
            since: as_of - Span::hours(1),
            until: as_of,
            valid_until: None,
        };
        self.facts.push((about, fact));
        let last = self.facts.len() - 1;
        &mut self.facts[last].1
    }

    /// A window in which one instance of a container was watched until now, its start seen, without holes.
    pub fn window(&mut self, about: AssetIdx, container: &str, eye: Eye, span: Span) -> &mut CoverageSeen {
        let id = self.row();
        let window = Coverage {
            subject: Subject::Object { at: self.key(about).clone(), container: Some(o(container)) },
            eye,
            instance: o(&format!("instance-{id}")),
            node: o("node-1"),
            since: self.as_of - span,
            until: self.as_of,
            start_seen: true,
            holes: Vec::new(),
        };
        self.coverage.push((about, CoverageSeen { id, container: o(container), window }));
        let last = self.coverage.len() - 1;
        &mut self.coverage[last].1
    }

    /// A complete scan of an asset's namespace, an hour ago.
    pub fn scanned(&mut self, asset: AssetIdx) -> &mut CoverageSeen {
        let key = self.key(asset).clone();
        let home = self.asset(AssetKey::namespace(&key.cluster, key.namespace));
        let at = self.as_of - Span::hours(1);
        let scan = self.window(home, "", Eye::CompleteScan, Span::ZERO);
        (scan.window.since, scan.window.until) = (at, at);
        scan
    }

    /// An edge, confirmed now.
    pub fn edge(&mut self, from: AssetIdx, to: AssetIdx, author: Author, link: Link) -> &mut EdgeSeen {
        let (id, as_of) = (self.row(), self.as_of);
        self.edges.push(EdgeSeen { id, from, to, link, author, since: as_of - Span::days(1), until: as_of });
        let last = self.edges.len() - 1;
        &mut self.edges[last]
    }

    /// A way in: the Internet enters a Service of its own, which hands on to the workload. Gives the entry's place among
    /// the edges.
    pub fn way_in(&mut self, workload: AssetIdx, author: Author, reach: Reach, outside: u16, pod: u16) -> usize {
        let internet = self.asset(AssetKey::internet());
        let key = self.key(workload).clone();
        let name = format!("{}-{}", key.name.reveal(), self.edges.len());
        let service = self.asset(AssetKey::object(&key.cluster, Kind::of("Service"), key.namespace, o(&name)));
        let at = self.edges.len();
        let link = Link::Enters { reach, entry: Entry::LoadBalancer, host: None, port: outside };
        self.edge(internet, service, author, link);
        let link =
            Link::Routes { host: None, port: outside, target_port: pod, protocol: Protocol::Tcp, admits: Admits::ALL };
        self.edge(service, workload, Author::Cluster, link);
        at
    }

    /// What was read out of a vulnerability's text.
    pub fn read(&mut self, id: &VulnId, at: Time, reading: Reading, conditions: &[Condition]) {
        let spanned = |(at, condition): (usize, &Condition)| {
            let start = at as u32 * 10;
            Spanned { condition: *condition, start, end: start + 5 }
        };
        let conditions = conditions.iter().enumerate().map(spanned).collect();
        let said = Said::Read(Box::new(ReadBy { by: "reader".into(), by_model: true, reading, conditions }));
        self.note(id, Feed::Reading, at, said);
    }

    /// What is published about a vulnerability: one more note.
    pub fn note(&mut self, id: &VulnId, feed: Feed, at: Time, said: Said) {
        let at_row = self.vulns.iter().position(|v| v.id == *id).unwrap_or_else(|| {
            self.vulns.push(Vuln { id: id.clone(), notes: Vec::new() });
            self.vulns.len() - 1
        });
        self.vulns[at_row].notes.push(IntelNote { vuln: id.clone(), said, feed, via: o(""), at });
    }

    /// A finding that one tool reports, an hour ago.
    pub fn finding(&mut self, asset: AssetIdx, container: &str, matter: Matter) -> &mut Finding {
        let record = self.row();
        let (as_of, key) = (self.as_of, self.key(asset).clone());
        let place = Place { asset: key, container: o(container) };
        let component = match &matter {
            Matter::Vulnerability { package, .. } => package.name.clone(),
            _ => o("rule"),
        };
        let sighting = Sighting {
            component,
            severity: Severity::High,
            rule: o("rule"),
            version: o("1.0"),
            fixed_in: o("1.1"),
            title: o("a flaw"),
        };
        let word = SourceWord {
            tool: o("trivy"),
            sighting,
            record,
            locator: "Results[0]".into(),
            produced_at: as_of - Span::hours(2),
            received_at: as_of - Span::hours(1),
            stands: Word::Live,
        };
        let finding = Finding {
            id: self.findings.len() as i64 + 1,
            fingerprint: fingerprint(&place, &matter),
            class: matter.class(&place.asset),
            image: Some(ScannedImage { repository: o("docker.io/shop/web"), versions: vec![o("1.0")] }),
            place,
            matter,
            aliases: Vec::new(),
            life: Life::begin(as_of - Span::hours(1)),
            clock_start: as_of - Span::hours(1),
            severity: Severity::High,
            stage: None,
            cause: Digest::of_bytes(&record.to_be_bytes()),
            words: vec![word],
            decision: None,
            text: o("a flaw"),
        };
        self.findings.push(finding);
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }
}

/// A package of a distribution, or of a language in an artifact.
pub fn package(ecosystem: &str, name: &str, artifact: &str) -> PackageKey {
    let namespace = if ecosystem == "deb" { "debian" } else { "" };
    PackageKey { ecosystem: o(ecosystem), namespace: o(namespace), name: o(name), source: None, artifact: o(artifact) }
}
