//! What stands on the wire: twins of the core's types whose strings went through the door. The names of fields are the
//! contract; a change of one is a change for every client.

mod reading;

pub(crate) use reading::{NeedsWire, ReadingWire};

use assay_core::asset::{AssetKey, ImageRef, Kind, KindClass, PackageKey};
use assay_core::context::FactorRow;
use assay_core::finding::{Decision, Finding, Matter, Presence, Status};
use assay_core::ids::Time;
use assay_core::order::Ranked;
use assay_core::reconcile::Word;
use assay_core::text::{Opaque, Redacted};
use serde::Serialize;

use crate::snapshot::Snapshot;

/// One finding, as lists and the API give it.
#[derive(Debug, Serialize)]
pub(crate) struct FindingWire {
    pub(crate) id: String,
    pub(crate) class: &'static str,
    pub(crate) title: String,
    pub(crate) asset: AssetWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cve: Option<String>,
    pub(crate) aliases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) package: Option<PackageWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) control: Option<ControlWire>,
    pub(crate) severity: &'static str,
    pub(crate) band: String,
    pub(crate) best: String,
    pub(crate) worst: String,
    pub(crate) due: Option<String>,
    pub(crate) score: u16,
    pub(crate) rank: u32,
    pub(crate) factors: Vec<FactorWire>,
    pub(crate) sources: Vec<SourceWire>,
    pub(crate) first_seen: String,
    pub(crate) last_seen: String,
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolved_because: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<DecisionWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<FixWire>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AssetWire {
    pub(crate) kind: String,
    pub(crate) cluster: Redacted,
    pub(crate) namespace: Redacted,
    pub(crate) name: Redacted,
    pub(crate) container: Redacted,
    pub(crate) image: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct PackageWire {
    pub(crate) name: Redacted,
    pub(crate) version: Redacted,
    pub(crate) purl: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) artifact: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ControlWire {
    pub(crate) id: Redacted,
    pub(crate) title: String,
    pub(crate) standard: String,
    pub(crate) owasp: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct FactorWire {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) origin: &'static str,
    pub(crate) evidence: Vec<String>,
    pub(crate) as_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assumed: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) because: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) settled_by: Option<&'static str>,
    pub(crate) contribution: u16,
}

#[derive(Debug, Serialize)]
pub(crate) struct SourceWire {
    pub(crate) tool: Redacted,
    pub(crate) rule: Redacted,
    pub(crate) component: Redacted,
    pub(crate) severity: &'static str,
    pub(crate) title: Redacted,
    pub(crate) version: Redacted,
    pub(crate) fixed_in: Redacted,
    pub(crate) stands: &'static str,
    pub(crate) produced_at: String,
    pub(crate) evidence: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct DecisionWire {
    pub(crate) status: &'static str,
    pub(crate) justification: Option<&'static str>,
    pub(crate) note: Redacted,
    pub(crate) by: Redacted,
    pub(crate) at: String,
    pub(crate) until: Option<String>,
    pub(crate) in_force: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct FixWire {
    pub(crate) version: Redacted,
}

impl FindingWire {
    /// A finding in its place in the list.
    pub(crate) fn of(snapshot: &Snapshot, finding: &Finding, ranked: &Ranked<'_>) -> Self {
        let policy = &snapshot.policy;
        let band = |order: u8| policy.band(order).name.clone();
        let a = &ranked.assessment();
        let presence = if finding.life.presence == Presence::Open && ranked.row.is_stale() {
            Presence::Stale
        } else {
            finding.life.presence
        };
        let life = &finding.life;
        let status = Status::of(presence, life.first_seen, life.episode, life.episode_start, snapshot.news_since);
        let factors = snapshot.factors(finding).rows(policy).iter().map(FactorWire::from).collect();
        Self {
            id: finding.fingerprint.to_string(),
            class: finding.class.as_str(),
            title: title(snapshot, finding),
            asset: AssetWire::of(finding),
            cve: match &finding.matter {
                Matter::Vulnerability { id, .. } => Some(id.to_string()),
                _ => None,
            },
            aliases: finding.aliases.iter().map(|a| a.to_string()).collect(),
            package: PackageWire::of(finding),
            control: ControlWire::of(snapshot, finding),
            severity: finding.severity.as_str(),
            band: band(a.band),
            best: band(a.best),
            worst: band(a.worst),
            due: ranked
                .row
                .due(policy, a.band)
                .filter(|_| !matches!(presence, Presence::Resolved(_)))
                .map(|t| t.to_string()),
            score: a.points,
            rank: ranked.rank,
            factors,
            sources: finding.words.iter().map(SourceWire::from).collect(),
            first_seen: life.first_seen.to_string(),
            last_seen: life.last_seen.to_string(),
            status: status.as_str(),
            resolved_because: match presence {
                Presence::Resolved(because) => Some(because.as_str()),
                _ => None,
            },
            decision: finding.decision.as_ref().map(|d| DecisionWire::of(d, snapshot.world.as_of)),
            fix: finding.fixed_in().map(|v| FixWire { version: v.into() }),
        }
    }
}

impl FindingWire {
    /// The beginning of the id, as lists print it: enough to ask for the finding by.
    pub(crate) fn short_id(&self) -> &str {
        self.id.get(..11).unwrap_or(&self.id)
    }

    /// The decision in force, as lists print it beside the place.
    pub(crate) fn decided(&self) -> String {
        let standing = self.decision.as_ref().filter(|d| d.in_force);
        standing.map_or_else(String::new, |d| format!("  (decided: {}, by {})", d.status.replace('_', " "), d.by))
    }

    /// The tools that claim it, each once.
    pub(crate) fn tools(&self) -> String {
        let mut tools: Vec<String> =
            self.sources.iter().filter(|s| s.stands != "gone").map(|s| s.tool.to_string()).collect();
        tools.dedup();
        tools.join(", ")
    }
}

/// What a finding is called: by our tables and the names it is about, never in a source's words alone.
pub(crate) fn title(snapshot: &Snapshot, finding: &Finding) -> String {
    match &finding.matter {
        Matter::Vulnerability { id, package } => {
            let version = finding.version().map_or("", Opaque::reveal);
            format!("{id} in {} {version}", package.said().reveal()).trim_end().to_owned()
        }
        Matter::Control { control, .. } | Matter::Signal { signal: control, .. } => {
            let prevented = if finding.matter.was_prevented() { "prevented: " } else { "" };
            match snapshot.controls.get(control.0.reveal()) {
                Some(row) => format!("{prevented}{}", row.title.as_str()),
                None => {
                    let said = finding.words.first().map_or("", |w| w.sighting.title.reveal());
                    if said.is_empty() { control.0.reveal().to_owned() } else { said.to_owned() }
                }
            }
        }
        Matter::Secret { detector, location } => {
            let (id, place) = (detector.reveal(), location.reveal());
            match assay_core::detector::noun(id) {
                Some(noun) => format!("{} in clear at {place}", noun.as_str()),
                None => format!("a secret of the kind {id} in clear at {place}"),
            }
        }
        Matter::Rbac { capability, cluster_wide } => {
            let may = assay_core::brief::capability_own(*capability);
            format!("may {} {}", may.as_str(), if *cluster_wide { "in every namespace" } else { "in its namespace" })
        }
    }
}

impl AssetWire {
    pub(crate) fn of(finding: &Finding) -> Self {
        let asset = &finding.place.asset;
        let image = finding.image.as_ref().map(|image| {
            let name = ImageRef::familiar(image.repository.reveal());
            match image.versions.last() {
                Some(version) if version.reveal().starts_with("sha256:") => format!("{name}@{}", version.reveal()),
                Some(version) => format!("{name}:{}", version.reveal()),
                None => name.to_owned(),
            }
        });
        Self {
            kind: asset.kind.to_string(),
            cluster: (&asset.cluster).into(),
            namespace: (&asset.namespace).into(),
            name: (&asset.name).into(),
            container: (&finding.place.container).into(),
            image: image.unwrap_or_default(),
        }
    }

    /// An asset as a whole.
    pub(crate) fn of_asset(asset: &AssetKey) -> Self {
        Self {
            kind: asset.kind.to_string(),
            cluster: (&asset.cluster).into(),
            namespace: (&asset.namespace).into(),
            name: (&asset.name).into(),
            container: (&Opaque::readmit("")).into(),
            image: String::new(),
        }
    }
}

impl FactorWire {
    /// A name, a value or an origin as a person writes it.
    pub(crate) fn spelled(text: &str) -> String {
        let word = |word: &str| match word {
            "adp" | "cisa" | "cve" | "cvss" | "epss" | "kev" | "vex" => word.to_ascii_uppercase(),
            _ => word.to_owned(),
        };
        text.split('_').map(word).collect::<Vec<_>>().join(" ")
    }
}

impl AssetWire {
    /// As a person says it.
    pub(crate) fn place(&self) -> String {
        let namespace = self.namespace.to_string();
        let kind = Kind::new("", &self.kind);
        let before = match kind.class() {
            KindClass::Workload => String::new(),
            KindClass::Image => return format!("image {}", self.image),
            _ => kind.before_name().unwrap_or_else(|| self.kind.clone()) + " ",
        };
        let within = if namespace.is_empty() { String::new() } else { namespace + "/" };
        format!("{before}{within}{}", self.name)
    }
}

/// `namespace/name` of an asset.
pub(crate) fn full_name(key: &AssetKey) -> String {
    format!("{}/{}", key.namespace.reveal(), key.name.reveal())
}

/// The package URL of a package by its counted name.
pub(crate) fn package_purl(package: &PackageKey, version: &Opaque) -> String {
    let mut purl = format!("pkg:{}/", package.ecosystem.reveal());
    if !package.namespace.is_empty() {
        purl.push_str(package.namespace.reveal());
        purl.push('/');
    }
    purl.push_str(package.counted_name().reveal());
    if !version.is_empty() {
        purl.push('@');
        purl.push_str(version.reveal());
    }
    purl
}

impl PackageWire {
    fn of(finding: &Finding) -> Option<Self> {
        let Matter::Vulnerability { package, .. } = &finding.matter else { return None };
        let none = Opaque::readmit("");
        let version = finding.version().unwrap_or(&none);
        let purl = package_purl(package, version);
        Some(Self {
            name: package.counted_name().into(),
            version: version.into(),
            purl,
            artifact: package.artifact.reveal().to_owned(),
        })
    }
}

impl ControlWire {
    fn of(snapshot: &Snapshot, finding: &Finding) -> Option<Self> {
        let id = match &finding.matter {
            Matter::Control { control, .. } | Matter::Signal { signal: control, .. } => &control.0,
            _ => return None,
        };
        let row = snapshot.controls.get(id.reveal());
        Some(Self {
            id: id.into(),
            title: title(snapshot, finding),
            standard: row.map(|r| r.standard.to_string()).unwrap_or_default(),
            owasp: row.map(|r| r.owasp.iter().map(|o| o.to_string()).collect()).unwrap_or_default(),
        })
    }
}

impl From<&FactorRow> for FactorWire {
    fn from(row: &FactorRow) -> Self {
        Self {
            name: row.name.as_str(),
            value: row.value.clone(),
            origin: row.origin.as_str(),
            evidence: row.evidence.iter().map(|e| e.to_string()).collect(),
            as_of: row.as_of.map(|t| t.to_string()),
            assumed: row.assumed,
            because: row.because.map(|b| b.as_str()),
            settled_by: row.settled_by.map(|b| b.as_str()),
            contribution: row.contribution,
        }
    }
}

impl From<&assay_core::finding::SourceWord> for SourceWire {
    fn from(word: &assay_core::finding::SourceWord) -> Self {
        let s = &word.sighting;
        Self {
            tool: (&word.tool).into(),
            rule: (&s.rule).into(),
            component: (&s.component).into(),
            severity: s.severity.as_str(),
            title: (&s.title).into(),
            version: (&s.version).into(),
            fixed_in: (&s.fixed_in).into(),
            stands: match word.stands {
                Word::Live => "live",
                Word::Silent => "silent",
                Word::Gone(_) => "gone",
            },
            produced_at: word.produced_at.to_string(),
            evidence: assay_core::ids::EvidenceId::Record(word.record).to_string(),
        }
    }
}

impl DecisionWire {
    pub(crate) fn of(decision: &Decision, at: Time) -> Self {
        Self {
            status: decision.status.as_str(),
            justification: decision.justification.map(|j| j.as_str()),
            note: (&decision.note).into(),
            by: (&decision.by).into(),
            at: decision.at.to_string(),
            until: decision.until.map(|t| t.to_string()),
            in_force: decision.until.is_none_or(|until| at < until),
        }
    }
}
