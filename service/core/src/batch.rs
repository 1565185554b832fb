//! What an agent sends: the twin of facts and coverage on the wire between node and service. Comes in: JSON of a known
//! version. Goes out: records. Names in it are strangers' text and pass the door here, like those of any report.

use serde::{Deserialize, Serialize};

use crate::asset::{AssetKey, ImageRef, Kind, PackageKey, PackageParts, UNNAMED_PACKAGE};
use crate::ids::{BadDigest, Time};
use crate::observation::{
    AttackStage, Author, BadCaps, Claim, ControlId, Coverage, Edge, Eye, Fact, Flaw, Hole, HoleReason, Kept, Link,
    Observation, PeerClass, Protocol, Record, RecordKind, Role, SENSOR_FACT_VALID, Subject, UseLevel, What,
};
use crate::text::{Door, Opaque};

/// The version of the format that this build writes and reads.
pub const BATCH_VERSION: u32 = 1;
/// The most facts, windows or containers that one batch may hold.
pub const BATCH_ROWS_MAX: usize = 20_000;

/// One batch: acknowledged as a whole, keyed by (node, boot, sequence).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensorBatch {
    /// [`BATCH_VERSION`].
    pub version: u32,
    /// The node's name.
    pub node: String,
    /// The kernel's boot id: a new one opens a hole.
    pub boot: String,
    /// Counts up by one a batch within a boot.
    pub sequence: u64,
    /// When it was sent, RFC 3339.
    pub sent_at: String,
    /// The containers that rows point to by index.
    #[serde(default)]
    pub containers: Vec<ContainerRow>,
    /// What is so.
    #[serde(default)]
    pub facts: Vec<FactRow>,
    /// What was watched.
    #[serde(default)]
    pub coverage: Vec<CoverageRow>,
    /// How much came in and how much was lost, since the last batch.
    #[serde(default)]
    pub funnel: FunnelRow,
}

/// A container, as the node knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerRow {
    /// The runtime's id.
    pub id: String,
    /// The pod's namespace; empty when not attributed.
    #[serde(default)]
    pub namespace: String,
    /// The pod's name; empty when not attributed.
    #[serde(default)]
    pub pod: String,
    /// The container's name in the pod.
    #[serde(default)]
    pub name: String,
    /// The image as the runtime names it, with digest where known.
    #[serde(default)]
    pub image: String,
}

/// One fact about a container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactRow {
    /// Index into `containers`.
    pub container: usize,
    /// First seen, RFC 3339.
    pub since: String,
    /// Last seen, RFC 3339.
    pub until: String,
    /// What is so.
    pub what: FactBody,
}

/// The closed list of what an agent can say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FactBody {
    /// A file was executed.
    Executed {
        /// Its path in the container.
        exe: String,
    },
    /// A process listens.
    Listens {
        /// The port.
        port: u16,
        /// `tcp`, `udp` or `sctp`.
        protocol: String,
        /// Its executable.
        exe: String,
    },
    /// A process talks.
    Talks {
        /// Its own port when it serves, the peer's when it calls.
        port: u16,
        /// `tcp`, `udp` or `sctp`.
        protocol: String,
        /// `server` or `client`.
        role: String,
        /// A [`PeerClass`].
        peer: String,
        /// Its executable.
        exe: String,
    },
    /// A package is in use.
    InUse {
        /// The package URL.
        purl: String,
        /// The source package, where the package database names one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// The file that holds a language package.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// A [`UseLevel`].
        level: String,
        /// The executable that uses it.
        exe: String,
        /// The port that the same process listens on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        listens: Option<u16>,
    },
    /// It was attacked.
    Attacked {
        /// `attempt` or `foothold`.
        stage: String,
        /// The row of the signal table.
        signal: String,
        /// The executable that did it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        exe: String,
    },
    /// A program ran with these capabilities in effect.
    RanWith {
        /// The set, in hex digits as /proc writes it.
        capabilities: String,
    },
    /// Evidence of the container was kept on the node, at the row's time.
    Kept {
        /// The file's name in the agent's folder.
        file: String,
        /// Of the file, `sha256:` and hex digits.
        sha256: String,
        /// How long it is.
        bytes: u64,
        /// Processes in it.
        processes: u32,
        /// Open files of them.
        files: u32,
        /// Sockets of them.
        sockets: u32,
        /// Mapped ranges of them.
        maps: u32,
        /// Recent records of the agent's own.
        records: u32,
        /// What found no room.
        left_out: u32,
    },
}

/// One window in which a container was watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverageRow {
    /// Index into `containers`.
    pub container: usize,
    /// An [`Eye`].
    pub eye: String,
    /// Since when.
    pub since: String,
    /// Until when.
    pub until: String,
    /// Whether the start of the container was seen.
    pub start_seen: bool,
    /// When it was not watched.
    #[serde(default)]
    pub holes: Vec<HoleRow>,
}

/// A stretch that was not watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoleRow {
    /// From.
    pub since: String,
    /// To.
    pub until: String,
    /// A [`HoleReason`].
    pub because: String,
}

/// Counts of one batch's stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FunnelRow {
    /// Times a hook ran.
    pub hook_hits: u64,
    /// Records that left the kernel.
    pub records: u64,
    /// Facts in this batch.
    pub facts: u64,
    /// Records that were lost, by hook and reason.
    pub lost: std::collections::BTreeMap<String, u64>,
    /// Records that belonged to no known container.
    pub unattributed: u64,
}

/// A batch that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBatch {
    /// Another version of the format.
    #[error("batch version {0}, this service reads {BATCH_VERSION}: upgrade the older of agent and service")]
    Version(u32),
    /// More rows than a batch may hold.
    #[error("{0} rows in one batch, at most {BATCH_ROWS_MAX}")]
    TooLarge(usize),
    /// A value outside its list or grammar.
    #[error("{place}: {why}")]
    Value {
        /// Which row and field.
        place: String,
        /// What is wrong with it.
        why: String,
    },
}

/// A sign of attack in a batch, for who knows what the signal means.
#[derive(Clone, Copy, Debug)]
pub struct SignSeen<'a> {
    /// Where.
    pub subject: &'a Subject,
    /// The row of the signal table, as the agent names it.
    pub signal: &'a str,
    /// The executable that did it; empty where it is not known.
    pub exe: &'a str,
    /// How far it went, by the agent.
    pub stage: AttackStage,
}

impl SensorBatch {
    /// The records of this batch. `cluster` is the cluster the token speaks for, never a name in the batch. `claim` makes
    /// a finding of a sign of attack, where the signal is known.
    ///
    /// # Errors
    /// When the version is another one, the batch is too large, or a value is outside its list.
    pub fn records(
        &self,
        cluster: &Opaque,
        door: &dyn Door,
        claim: &dyn Fn(SignSeen<'_>) -> Option<Claim>,
    ) -> Result<Vec<Record>, BadBatch> {
        if self.version != BATCH_VERSION {
            return Err(BadBatch::Version(self.version));
        }
        let rows = self.facts.len().max(self.coverage.len()).max(self.containers.len());
        if rows > BATCH_ROWS_MAX {
            return Err(BadBatch::TooLarge(rows));
        }
        let node = Opaque::admit_name(&self.node, door);
        let homes: Vec<Home> = self.containers.iter().map(|c| Home::of(c, cluster, door)).collect();
        let mut records = Vec::with_capacity(self.facts.len() + self.coverage.len() + homes.len());
        let sent_at = instant(&self.sent_at, || "sent_at".to_owned())?;
        for (i, home) in homes.iter().enumerate() {
            if let Some(edge) = home.runs(sent_at) {
                records.push(record(format!("containers[{i}]"), RecordKind::Aid, Observation::Edge(Box::new(edge))));
            }
        }
        for (i, row) in self.facts.iter().enumerate() {
            let place = || format!("facts[{i}]");
            let home = homes.get(row.container).ok_or_else(|| value(place(), "no such container"))?;
            if !home.attributed {
                continue;
            }
            let (since, until) = (instant(&row.since, place)?, instant(&row.until, place)?);
            let (component, what) = row.what.read(place, home, &node, door)?;
            let mut fact = Fact {
                subject: home.subject.clone(),
                component,
                what,
                author: Author::Kernel,
                since,
                until,
                // Evidence that was kept stays a fact for as long as anybody asks for it.
                valid_until: (!matches!(row.what, FactBody::Kept { .. })).then_some(until + SENSOR_FACT_VALID),
            };
            let sign = match (&row.what, &fact.what) {
                (FactBody::Attacked { signal, exe, .. }, What::Attacked { stage, .. }) => {
                    claim(SignSeen { subject: &home.subject, signal, exe, stage: *stage })
                }
                _ => None,
            };
            // The fact goes by the row that the sign has in the table.
            if let (What::Attacked { signal, .. }, Some(Flaw::Signal { signal: row, .. })) =
                (&mut fact.what, sign.as_ref().map(|claim| &claim.flaw))
            {
                signal.clone_from(row);
            }
            let mut told = record(place(), RecordKind::Event, Observation::Fact(Box::new(fact)));
            told.yields.extend(sign.map(|claim| Observation::Claim(Box::new(claim))));
            records.push(told);
        }
        for (i, row) in self.coverage.iter().enumerate() {
            let place = || format!("coverage[{i}]");
            let home = homes.get(row.container).ok_or_else(|| value(place(), "no such container"))?;
            if !home.attributed {
                continue;
            }
            let window = Coverage {
                subject: home.subject.clone(),
                eye: spelled::<Eye>(&row.eye, place)?,
                instance: home.instance.clone(),
                node: node.clone(),
                since: instant(&row.since, place)?,
                until: instant(&row.until, place)?,
                start_seen: row.start_seen,
                holes: row.holes.iter().map(|h| h.read(place)).collect::<Result<_, _>>()?,
            };
            records.push(record(place(), RecordKind::Event, Observation::Coverage(Box::new(window))));
        }
        Ok(records)
    }
}

/// A container's place among the assets.
struct Home {
    subject: Subject,
    /// False for a container of no known pod: what is said of it belongs to nobody and is only counted.
    attributed: bool,
    instance: Opaque,
    image: Option<ImageRef>,
}

impl Home {
    fn of(row: &ContainerRow, cluster: &Opaque, door: &dyn Door) -> Self {
        let name = |text: &str| Opaque::admit_name(text, door);
        let at = AssetKey::object(cluster, Kind::of("Pod"), name(&row.namespace), name(&row.pod));
        Self {
            attributed: !row.pod.is_empty(),
            subject: Subject::Object { at, container: Some(name(&row.name)) },
            instance: name(&row.id),
            image: ImageRef::parse(&name(&row.image)),
        }
    }

    /// What the container runs: the node knows the digest, which a manifest often does not.
    fn runs(&self, since: Time) -> Option<Edge> {
        let (Subject::Object { at, container: Some(container) }, Some(image)) = (&self.subject, &self.image) else {
            return None;
        };
        if at.name.is_empty() {
            return None;
        }
        let link = Link::Runs { container: container.clone(), tag: image.tag.clone(), digest: image.digest };
        Some(Edge {
            from: at.clone(),
            to: AssetKey::image(image.repository.clone()),
            link,
            author: Author::Kernel,
            since,
        })
    }
}

impl FactBody {
    fn read(
        &self,
        place: impl Fn() -> String + Copy,
        home: &Home,
        node: &Opaque,
        door: &dyn Door,
    ) -> Result<(Option<PackageKey>, What), BadBatch> {
        let name = |text: &str| Opaque::admit_name(text, door);
        let mut component = None;
        let what = match self {
            Self::Executed { exe } => What::Executed { exe: name(exe) },
            Self::Listens { port, protocol, exe } => {
                What::Listens { port: *port, protocol: spelled::<Protocol>(protocol, place)?, exe: name(exe) }
            }
            Self::Talks { port, protocol, role, peer, exe } => What::Talks {
                port: *port,
                protocol: spelled::<Protocol>(protocol, place)?,
                role: spelled::<Role>(role, place)?,
                peer: spelled::<PeerClass>(peer, place)?,
                exe: name(exe),
            },
            Self::InUse { purl, source, path, level, exe, listens } => {
                let (purl, source, path) = (name(purl), source.as_deref().map(name), path.as_deref().map(name));
                let parts = PackageParts {
                    purl: Some(purl.reveal()),
                    source: source.as_ref().map(Opaque::reveal),
                    path: path.as_ref().map(Opaque::reveal),
                    ..Default::default()
                };
                let (key, level) = match parts.package().key {
                    key if !key.name.is_empty() => (key, spelled::<UseLevel>(level, place)?),
                    // A name that cannot be read is a use that has no name, and not a batch that nobody takes.
                    _ => (unnamed(purl.reveal(), place)?, UseLevel::Perhaps),
                };
                component = Some(key);
                What::InUse { level, exe: name(exe), listens: *listens }
            }
            Self::Attacked { stage, signal, .. } => {
                What::Attacked { stage: spelled::<AttackStage>(stage, place)?, signal: ControlId(name(signal)) }
            }
            Self::RanWith { capabilities } => {
                What::RanWith(capabilities.parse().map_err(|e: BadCaps| value(place(), &e.to_string()))?)
            }
            Self::Kept { file, sha256, bytes, processes, files, sockets, maps, records, left_out } => {
                What::Kept(Box::new(Kept {
                    node: node.clone(),
                    instance: home.instance.clone(),
                    file: name(file),
                    sha256: sha256.parse().map_err(|e: BadDigest| value(place(), &e.to_string()))?,
                    bytes: *bytes,
                    processes: *processes,
                    files: *files,
                    sockets: *sockets,
                    maps: *maps,
                    records: *records,
                    left_out: *left_out,
                }))
            }
        };
        Ok((component, what))
    }
}

impl HoleRow {
    fn read(&self, place: impl Fn() -> String + Copy) -> Result<Hole, BadBatch> {
        Ok(Hole {
            since: instant(&self.since, place)?,
            until: instant(&self.until, place)?,
            because: spelled::<HoleReason>(&self.because, place)?,
        })
    }
}

fn unnamed(purl: &str, place: impl Fn() -> String) -> Result<PackageKey, BadBatch> {
    let kind = purl.strip_prefix("pkg:").and_then(|rest| rest.split('/').next()).filter(|kind| !kind.is_empty());
    let kind = kind.ok_or_else(|| value(place(), "not a package URL"))?;
    Ok(PackageParts { ecosystem: kind, name: UNNAMED_PACKAGE, ..Default::default() }.package().key)
}

fn record(locator: String, kind: RecordKind, yields: Observation) -> Record {
    Record { locator: locator.into(), kind, author: Author::Kernel, seen_at: None, yields: vec![yields] }
}

fn value(place: String, why: &str) -> BadBatch {
    BadBatch::Value { place, why: why.to_owned() }
}

fn instant(text: &str, place: impl Fn() -> String) -> Result<Time, BadBatch> {
    text.parse().map_err(|e: crate::ids::BadTime| BadBatch::Value { place: place(), why: e.to_string() })
}

fn spelled<T: std::str::FromStr<Err = crate::named::Unspelled>>(
    text: &str,
    place: impl Fn() -> String,
) -> Result<T, BadBatch> {
    text.parse().map_err(|e: crate::named::Unspelled| BadBatch::Value { place: place(), why: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Open;

    fn batch(facts: &str) -> SensorBatch {
        serde_json::from_str(&format!(
            r#"{{"version":1,"node":"worker-1","boot":"b","sequence":1,"sent_at":"2026-11-24T03:00:00Z",
                "containers":[{{"id":"c1","namespace":"shop","pod":"web-1","name":"web","image":"shop/web:1.0"}}],"facts":{facts}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_fact_of_a_container_becomes_a_fact_of_its_pod() {
        let row = r#"[{"container":0,"since":"2026-11-24T02:00:00Z","until":"2026-11-24T03:00:00Z",
            "what":{"kind":"in_use","purl":"pkg:deb/debian/libssl3@3.0.1","source":"openssl","level":"loaded","exe":"/usr/sbin/nginx","listens":443}}]"#;
        let records = batch(row).records(&Opaque::readmit("demo"), &Open, &|_| None).unwrap();
        assert_eq!(records.len(), 2, "the edge to the image, and the fact");
        let Observation::Fact(fact) = &records[1].yields[0] else { unreachable!("a fact was sent") };
        assert_eq!(fact.component.as_ref().unwrap().counted_name().reveal(), "openssl");
        assert_eq!(fact.valid_until, Some(fact.until + SENSOR_FACT_VALID));
    }

    #[test]
    fn a_package_url_that_cannot_be_read_is_a_use_without_a_name() {
        for (purl, named) in [("pkg:npm/", true), ("pkg:deb/debian/@1", true), ("nothing", false), ("", false)] {
            let row = format!(
                r#"[{{"container":0,"since":"2026-11-24T02:00:00Z","until":"2026-11-24T03:00:00Z",
                "what":{{"kind":"in_use","purl":"{purl}","level":"loaded","exe":"/bin/app"}}}}]"#
            );
            let read = batch(&row).records(&Opaque::readmit("demo"), &Open, &|_| None);
            assert_eq!(read.is_ok(), named, "{purl}");
            let Some(Observation::Fact(fact)) = read.ok().and_then(|r| r[1].yields.first().cloned()) else { continue };
            assert!(fact.component.as_ref().unwrap().is_unnamed());
            assert!(matches!(fact.what, What::InUse { level: UseLevel::Perhaps, .. }));
        }
    }

    #[test]
    fn what_is_outside_the_lists_is_refused_with_its_place() {
        let odd = r#"[{"container":0,"since":"2026-11-24T02:00:00Z","until":"2026-11-24T03:00:00Z","what":{"kind":"attacked","stage":"won","signal":"x"}}]"#;
        let error = batch(odd).records(&Opaque::readmit("demo"), &Open, &|_| None).unwrap_err();
        assert!(error.to_string().starts_with("facts[0]: not one of "), "{error}");
        let lost = r#"[{"container":7,"since":"2026-11-24T02:00:00Z","until":"2026-11-24T03:00:00Z","what":{"kind":"executed","exe":"/bin/sh"}}]"#;
        assert!(batch(lost).records(&Opaque::readmit("demo"), &Open, &|_| None).is_err());
    }
}
