//! What a scan tells of each namespace, told apart from what an earlier one told. Comes in: two looks at one cluster. Goes out:
//! the namespaces of which there is something new to tell, and the records of those alone, which stand for them whole. What
//! is compared is everything that is told but the time: a change anywhere in the cluster shows in every namespace that it
//! bears on, such as a binding in one and an identity in another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use assay_core::asset::AssetKey;
use assay_core::ids::{Digest, Time};
use assay_core::observation::{Observation, Record, Subject};
use assay_core::scope::{Head, Scope, ScopeKey};
use assay_core::text::Opaque;
use sha2::Digest as _;

use super::gathered::Gathered;
use super::scan::{ScanHow, records};
use crate::read::Flow;

/// What was told of each namespace, as digests; empty text stands for what lies in none.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told(BTreeMap<Opaque, Digest>);

impl Told {
    /// What there is to tell of a look at a whole cluster.
    pub fn of(gathered: &Gathered, how: ScanHow<'_>) -> Self {
        let mut hashes: BTreeMap<Opaque, sha2::Sha256> = BTreeMap::new();
        let mut text = String::new();
        // The instant is no news.
        let how = ScanHow { as_of: Time::from_millis(0), ..how };
        let head = records(gathered, how, &mut |record| {
            for told in &record.yields {
                text.clear();
                // A text takes whatever is written.
                let _ = write!(text, "{told:?}");
                for namespace in homes(told) {
                    hashes.entry(namespace).or_default().update(&text);
                }
            }
            Flow::More
        });
        for part in &head.parts {
            if let Scope::Namespace { namespace, .. } = &part.scope {
                let said = format!("{:?} {} {:?}", part.classes, part.complete, part.content);
                hashes.entry(namespace.clone()).or_default().update(said);
            }
        }
        Self(hashes.into_iter().map(|(name, hash)| (name, Digest::from_bytes(hash.finalize().into()))).collect())
    }

    /// The namespaces of which something else was told before, or nothing, or of which nothing is told now.
    pub fn news_since(&self, before: &Self) -> BTreeSet<Opaque> {
        let all = self.0.keys().chain(before.0.keys());
        all.filter(|name| self.0.get(name) != before.0.get(name)).cloned().collect()
    }
}

/// The records of some namespaces, and the head that speaks for these alone.
pub fn records_of(
    namespaces: &BTreeSet<Opaque>,
    gathered: &Gathered,
    how: ScanHow<'_>,
    out: &mut dyn FnMut(Record) -> Flow,
) -> Head {
    let mut head = records(gathered, how, &mut |mut record| {
        record.yields.retain(|told| homes(told).any(|home| namespaces.contains(&home)));
        if record.yields.is_empty() { Flow::More } else { out(record) }
    });
    head.parts.retain(|part| match &part.scope {
        Scope::Namespace { namespace, .. } => namespaces.contains(namespace),
        _ => true,
    });
    head
}

/// The namespaces that a word belongs to: it has to be said again when either is spoken for.
fn homes(told: &Observation) -> impl Iterator<Item = Opaque> {
    let (first, second) = match told {
        Observation::Claim(claim) => (of_scope(claim.scope.as_ref()), None),
        Observation::Fact(fact) => of_subject(&fact.subject),
        Observation::Edge(edge) => of_asset(edge.home()),
        Observation::Coverage(window) => of_subject(&window.subject),
        Observation::Intel(_) => (Opaque::readmit(""), None),
    };
    std::iter::once(first).chain(second)
}

/// The namespace of a scope that is one: the key is a JSON list of what it is, the cluster and the name.
fn of_scope(key: Option<&ScopeKey>) -> Opaque {
    let parts: Vec<String> = key.and_then(|key| serde_json::from_str(&key.0).ok()).unwrap_or_default();
    match &parts[..] {
        [what, _, namespace] if what == "namespace" => Opaque::readmit(namespace),
        _ => Opaque::readmit(""),
    }
}

fn of_subject(subject: &Subject) -> (Opaque, Option<Opaque>) {
    match subject {
        Subject::Object { at, .. } => of_asset(at),
        Subject::Artifact | Subject::Image(_) => (Opaque::readmit(""), None),
    }
}

/// A namespace lies in none, and is spoken for by itself too.
fn of_asset(at: &AssetKey) -> (Opaque, Option<Opaque>) {
    let own = (at.kind.as_str() == "Namespace").then(|| at.name.clone());
    (at.namespace.clone(), own)
}
