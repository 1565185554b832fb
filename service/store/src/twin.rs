//! How facts, edges, holes and intel stand in the data file: JSON twins of the core's types. A new field gets a default,
//! an old one is never given another meaning.

mod edge;
mod kept;
mod reading;

use assay_core::asset::{AssetKey, Kind};
use assay_core::ids::{Time, VulnId};
use assay_core::intel::{CvssVector, Said};
use assay_core::observation::{BadCaps, ControlId, Hole, HostSetting, What};
use assay_core::text::Opaque;
use serde::{Deserialize, Serialize};

pub(crate) use edge::{LinkRow, edge_identity};
pub(crate) use reading::ReadingRow;

/// A value that this build cannot have written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unread(pub(crate) String);

impl From<assay_core::named::Unspelled> for Unread {
    fn from(e: assay_core::named::Unspelled) -> Self {
        Self(e.to_string())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum WhatRow {
    Exists {
        replicas: Option<u32>,
        owner: Option<KeyRow>,
        #[serde(default)]
        aliases: Vec<String>,
    },
    InUse {
        level: String,
        exe: String,
        listens: Option<u16>,
    },
    Executed {
        exe: String,
    },
    Listens {
        port: u16,
        protocol: String,
        exe: String,
    },
    Talks {
        port: u16,
        protocol: String,
        role: String,
        peer: String,
        exe: String,
    },
    Attacked {
        stage: String,
        signal: String,
    },
    Environment {
        value: String,
    },
    PodSecurity {
        level: String,
    },
    Enforces {
        level: String,
    },
    OnHost {
        settings: Vec<String>,
    },
    Contains {
        version: String,
    },
    Licence {
        text: String,
    },
    Outcome {
        control: String,
        outcome: String,
    },
    Vex {
        vuln: String,
        status: String,
        justification: Option<String>,
        document: String,
        note: String,
    },
    NotAssessed {
        because: String,
    },
    UsedRight {
        capability: String,
    },
    NamesPorts {
        ports: Vec<(u16, String)>,
    },
    RanWith {
        capabilities: String,
    },
    Kept(kept::KeptRow),
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct KeyRow {
    cluster: String,
    kind: String,
    namespace: String,
    name: String,
}

impl From<&AssetKey> for KeyRow {
    fn from(key: &AssetKey) -> Self {
        let text = |o: &Opaque| o.reveal().to_owned();
        Self {
            cluster: text(&key.cluster),
            kind: key.kind.as_str().to_owned(),
            namespace: text(&key.namespace),
            name: text(&key.name),
        }
    }
}

impl KeyRow {
    pub(crate) fn key(&self) -> AssetKey {
        key(&self.cluster, &self.kind, &self.namespace, &self.name)
    }
}

/// An asset's key from its four columns.
pub(crate) fn key(cluster: &str, kind: &str, namespace: &str, name: &str) -> AssetKey {
    let kind = match kind.split_once('/') {
        Some((group, kind)) => Kind::new(group, kind),
        None => Kind::new("", kind),
    };
    AssetKey {
        cluster: Opaque::readmit(cluster),
        kind,
        namespace: Opaque::readmit(namespace),
        name: Opaque::readmit(name),
    }
}

impl From<&What> for WhatRow {
    fn from(what: &What) -> Self {
        let text = |o: &Opaque| o.reveal().to_owned();
        match what {
            What::Exists { replicas, owner, aliases } => Self::Exists {
                replicas: *replicas,
                owner: owner.as_ref().map(KeyRow::from),
                aliases: aliases.iter().map(text).collect(),
            },
            What::InUse { level, exe, listens } => {
                Self::InUse { level: level.to_string(), exe: text(exe), listens: *listens }
            }
            What::Executed { exe } => Self::Executed { exe: text(exe) },
            What::Listens { port, protocol, exe } => {
                Self::Listens { port: *port, protocol: protocol.to_string(), exe: text(exe) }
            }
            What::Talks { port, protocol, role, peer, exe } => Self::Talks {
                port: *port,
                protocol: protocol.to_string(),
                role: role.to_string(),
                peer: peer.to_string(),
                exe: text(exe),
            },
            What::Attacked { stage, signal } => Self::Attacked { stage: stage.to_string(), signal: text(&signal.0) },
            What::Environment(value) => Self::Environment { value: value.to_string() },
            What::PodSecurity(level) => Self::PodSecurity { level: level.to_string() },
            What::Enforces(level) => Self::Enforces { level: level.to_string() },
            What::OnHost(access) => {
                Self::OnHost { settings: access.settings().map(|s| s.as_str().to_owned()).collect() }
            }
            What::Contains { version } => Self::Contains { version: text(version) },
            What::Licence(licence) => Self::Licence { text: text(licence) },
            What::Outcome { control, outcome } => {
                Self::Outcome { control: text(&control.0), outcome: outcome.to_string() }
            }
            What::Vex { vuln, status, justification, document, note } => Self::Vex {
                vuln: vuln.to_string(),
                status: status.to_string(),
                justification: justification.map(|j| j.to_string()),
                document: text(document),
                note: text(note),
            },
            What::NotAssessed(because) => Self::NotAssessed { because: because.to_string() },
            What::UsedRight(capability) => Self::UsedRight { capability: capability.to_string() },
            What::NamesPorts(ports) => {
                Self::NamesPorts { ports: ports.iter().map(|(port, protocol)| (*port, protocol.to_string())).collect() }
            }
            What::RanWith(caps) => Self::RanWith { capabilities: caps.to_string() },
            What::Kept(kept) => Self::Kept(kept::KeptRow::of(kept)),
        }
    }
}

impl WhatRow {
    pub(crate) fn what(self) -> Result<What, Unread> {
        let text = |s: String| Opaque::readmit(&s);
        Ok(match self {
            Self::Exists { replicas, owner, aliases } => What::Exists {
                replicas,
                owner: owner.map(|o| o.key()),
                aliases: aliases.into_iter().map(text).collect(),
            },
            Self::InUse { level, exe, listens } => What::InUse { level: level.parse()?, exe: text(exe), listens },
            Self::Executed { exe } => What::Executed { exe: text(exe) },
            Self::Listens { port, protocol, exe } => {
                What::Listens { port, protocol: protocol.parse()?, exe: text(exe) }
            }
            Self::Talks { port, protocol, role, peer, exe } => What::Talks {
                port,
                protocol: protocol.parse()?,
                role: role.parse()?,
                peer: peer.parse()?,
                exe: text(exe),
            },
            Self::Attacked { stage, signal } => {
                What::Attacked { stage: stage.parse()?, signal: ControlId(text(signal)) }
            }
            Self::Environment { value } => What::Environment(value.parse()?),
            Self::PodSecurity { level } => What::PodSecurity(level.parse()?),
            Self::Enforces { level } => What::Enforces(level.parse()?),
            Self::OnHost { settings } => {
                What::OnHost(settings.iter().map(|s| s.parse::<HostSetting>()).collect::<Result<_, _>>()?)
            }
            Self::Contains { version } => What::Contains { version: text(version) },
            Self::Licence { text: licence } => What::Licence(text(licence)),
            Self::Outcome { control, outcome } => {
                What::Outcome { control: ControlId(text(control)), outcome: outcome.parse()? }
            }
            Self::Vex { vuln, status, justification, document, note } => What::Vex {
                vuln: vuln_id(&vuln)?,
                status: status.parse()?,
                justification: justification.map(|j| j.parse()).transpose()?,
                document: text(document),
                note: text(note),
            },
            Self::NotAssessed { because } => What::NotAssessed(because.parse()?),
            Self::UsedRight { capability } => What::UsedRight(capability.parse()?),
            Self::NamesPorts { ports } => {
                let read = |(port, protocol): (u16, String)| Ok::<_, Unread>((port, protocol.parse()?));
                What::NamesPorts(ports.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Self::RanWith { capabilities } => {
                What::RanWith(capabilities.parse().map_err(|e: BadCaps| Unread(e.to_string()))?)
            }
            Self::Kept(row) => What::Kept(Box::new(row.kept()?)),
        })
    }
}

/// What makes two facts about the same subject the same fact: everything but how far or how well it holds.
pub(crate) fn fact_identity(what: &What) -> Vec<String> {
    let text = |o: &Opaque| o.reveal().to_owned();
    match what {
        What::Exists { .. } => vec!["exists".into()],
        What::InUse { .. } => vec!["in_use".into()],
        What::Executed { exe } => vec!["executed".into(), text(exe)],
        What::Listens { port, protocol, .. } => vec!["listens".into(), protocol.to_string(), port.to_string()],
        What::Talks { port, protocol, role, peer, .. } => {
            vec!["talks".into(), protocol.to_string(), role.to_string(), peer.to_string(), port.to_string()]
        }
        // The stage too: an attempt that comes later must not take a foothold's place.
        What::Attacked { signal, stage } => vec!["attacked".into(), text(&signal.0), stage.to_string()],
        What::Environment(_) => vec!["environment".into()],
        What::PodSecurity(_) => vec!["pod_security".into()],
        What::Enforces(_) => vec!["enforces".into()],
        What::OnHost(_) => vec!["on_host".into()],
        What::Contains { .. } => vec!["contains".into()],
        What::Licence(licence) => vec!["licence".into(), text(licence)],
        What::Outcome { control, .. } => vec!["outcome".into(), text(&control.0)],
        What::Vex { vuln, document, .. } => vec!["vex".into(), vuln.to_string(), text(document)],
        What::NotAssessed(because) => vec!["not_assessed".into(), because.to_string()],
        What::UsedRight(capability) => vec!["used_right".into(), capability.to_string()],
        What::NamesPorts(_) => vec!["names_ports".into()],
        What::RanWith(caps) => vec!["ran_with".into(), caps.to_string()],
        What::Kept(kept) => vec!["kept".into(), text(&kept.node), text(&kept.file)],
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct HoleRow {
    since: i64,
    until: i64,
    because: String,
}

impl From<&Hole> for HoleRow {
    fn from(hole: &Hole) -> Self {
        Self { since: hole.since.millis(), until: hole.until.millis(), because: hole.because.to_string() }
    }
}

impl HoleRow {
    pub(crate) fn hole(&self) -> Result<Hole, Unread> {
        Ok(Hole {
            since: Time::from_millis(self.since),
            until: Time::from_millis(self.until),
            because: self.because.parse()?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub(crate) enum SaidRow {
    Kev { added: i64 },
    Epss { probability: u16, percentile: u16 },
    Ssvc { exploitation: Option<String>, automatable: Option<bool>, impact: Option<String> },
    Cvss { vector: String },
    Cwe { number: u32 },
    Text { passage: i64 },
    Conditions { conditions: Vec<String> },
    Rejected,
}

impl SaidRow {
    /// The row of a note, and the question it answers; texts are kept as passages and have no row of this form.
    pub(crate) fn of(said: &Said) -> Option<(String, Self)> {
        Some(match said {
            Said::Kev { added } => ("kev".into(), Self::Kev { added: added.millis() }),
            Said::Epss { probability, percentile } => {
                ("epss".into(), Self::Epss { probability: *probability, percentile: *percentile })
            }
            Said::Ssvc { exploitation, automatable, impact } => (
                "ssvc".into(),
                Self::Ssvc {
                    exploitation: exploitation.map(|e| e.to_string()),
                    automatable: *automatable,
                    impact: impact.map(|i| i.to_string()),
                },
            ),
            // One vector a version: a newer version never hides an older one that a reader may want to see.
            Said::Cvss(vector) => (format!("cvss{}", vector.version_rank()), Self::Cvss { vector: vector.to_string() }),
            Said::Cwe(number) => (format!("cwe{number}"), Self::Cwe { number: *number }),
            Said::Conditions(conditions) => (
                "conditions".into(),
                Self::Conditions { conditions: conditions.iter().map(|c| c.to_string()).collect() },
            ),
            Said::Rejected => ("rejected".into(), Self::Rejected),
            // Texts are passages; what was read of them stands in a table of its own.
            Said::Text(_) | Said::Read(_) => return None,
        })
    }

    /// The note, unless it is a text.
    pub(crate) fn said(self) -> Result<Option<Said>, Unread> {
        Ok(Some(match self {
            Self::Kev { added } => Said::Kev { added: Time::from_millis(added) },
            Self::Epss { probability, percentile } => Said::Epss { probability, percentile },
            Self::Ssvc { exploitation, automatable, impact } => Said::Ssvc {
                exploitation: exploitation.map(|e| e.parse()).transpose()?,
                automatable,
                impact: impact.map(|i| i.parse()).transpose()?,
            },
            Self::Cvss { vector } => Said::Cvss(vector.parse::<CvssVector>().map_err(|e| Unread(e.to_string()))?),
            Self::Cwe { number } => Said::Cwe(number),
            Self::Conditions { conditions } => {
                Said::Conditions(conditions.iter().map(|c| c.parse()).collect::<Result<_, _>>()?)
            }
            Self::Rejected => Said::Rejected,
            Self::Text { .. } => return Ok(None),
        }))
    }
}

/// A vulnerability's name as it stands in the data file.
pub(crate) fn vuln_id(text: &str) -> Result<VulnId, Unread> {
    text.parse().map_err(|e: assay_core::ids::BadVulnId| Unread(e.to_string()))
}
