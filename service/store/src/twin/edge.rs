//! How edges stand in the data file, and what makes two of them the same.

use assay_core::ids::Digest;
use assay_core::observation::{Admits, Link, Reach, SettledBy};
use assay_core::text::Opaque;
use serde::{Deserialize, Serialize};

use super::Unread;

#[derive(Serialize, Deserialize)]
#[serde(tag = "link", rename_all = "snake_case")]
pub(crate) enum LinkRow {
    Runs {
        container: String,
        tag: Option<String>,
        digest: Option<String>,
    },
    RunsAs {
        token_mounted: bool,
    },
    IsHanded,
    Enters {
        reach: String,
        settled_by: Option<String>,
        entry: String,
        host: Option<String>,
        port: u16,
    },
    Routes {
        #[serde(default)]
        host: Option<String>,
        port: u16,
        target_port: u16,
        protocol: String,
        /// `public`, `internal`, or what would settle it: direct callers first, then those of a route.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        admits: Option<[String; 2]>,
    },
    Holds {
        capability: String,
        cluster_wide: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
        binding: String,
        #[serde(default)]
        role: String,
    },
    MayHold {
        binding: String,
        role: String,
        because: String,
    },
}

impl From<&Link> for LinkRow {
    fn from(link: &Link) -> Self {
        let text = |o: &Opaque| o.reveal().to_owned();
        match link {
            Link::Runs { container, tag, digest } => Self::Runs {
                container: text(container),
                tag: tag.as_ref().map(text),
                digest: digest.map(|d| d.to_string()),
            },
            Link::RunsAs { token_mounted } => Self::RunsAs { token_mounted: *token_mounted },
            Link::IsHanded => Self::IsHanded,
            Link::Enters { reach, entry, host, port } => {
                let (reach, settled_by) = match reach {
                    Reach::Internal => ("internal", None),
                    Reach::Unknown(by) => ("unknown", Some(by.to_string())),
                    Reach::Public => ("public", None),
                };
                Self::Enters {
                    reach: reach.into(),
                    settled_by,
                    entry: entry.to_string(),
                    host: host.as_ref().map(text),
                    port: *port,
                }
            }
            Link::Routes { host, port, target_port, protocol, admits } => Self::Routes {
                host: host.as_ref().map(text),
                port: *port,
                target_port: *target_port,
                protocol: protocol.to_string(),
                admits: (*admits != Admits::ALL).then(|| [reach_text(admits.direct), reach_text(admits.routed)]),
            },
            Link::Holds { capability, cluster_wide, names, binding, role } => Self::Holds {
                capability: capability.to_string(),
                cluster_wide: *cluster_wide,
                names: names.iter().map(text).collect(),
                binding: text(binding),
                role: text(role),
            },
            Link::MayHold { binding, role, because } => {
                Self::MayHold { binding: text(binding), role: text(role), because: because.to_string() }
            }
        }
    }
}

impl LinkRow {
    pub(crate) fn link(self) -> Result<Link, Unread> {
        let text = |s: String| Opaque::readmit(&s);
        Ok(match self {
            Self::Runs { container, tag, digest } => {
                let digest = digest.map(|d| d.parse::<Digest>().map_err(|e| Unread(e.to_string()))).transpose()?;
                Link::Runs { container: text(container), tag: tag.map(text), digest }
            }
            Self::RunsAs { token_mounted } => Link::RunsAs { token_mounted },
            Self::IsHanded => Link::IsHanded,
            Self::Enters { reach, settled_by, entry, host, port } => {
                let reach = match (reach.as_str(), settled_by) {
                    ("internal", _) => Reach::Internal,
                    ("public", _) => Reach::Public,
                    (_, Some(by)) => Reach::Unknown(by.parse::<SettledBy>()?),
                    (other, None) => return Err(Unread(format!("`{other}` is no reach"))),
                };
                Link::Enters { reach, entry: entry.parse()?, host: host.map(text), port }
            }
            Self::Routes { host, port, target_port, protocol, admits } => {
                let admits = match admits {
                    Some([direct, routed]) => Admits { direct: reach(&direct)?, routed: reach(&routed)? },
                    None => Admits::ALL,
                };
                Link::Routes { host: host.map(text), port, target_port, protocol: protocol.parse()?, admits }
            }
            Self::Holds { capability, cluster_wide, names, binding, role } => Link::Holds {
                capability: capability.parse()?,
                cluster_wide,
                names: names.into_iter().map(text).collect(),
                binding: text(binding),
                role: text(role),
            },
            Self::MayHold { binding, role, because } => {
                Link::MayHold { binding: text(binding), role: text(role), because: because.parse()? }
            }
        })
    }
}

fn reach_text(reach: Reach) -> String {
    match reach {
        Reach::Internal => "internal".to_owned(),
        Reach::Public => "public".to_owned(),
        Reach::Unknown(by) => by.to_string(),
    }
}

fn reach(text: &str) -> Result<Reach, Unread> {
    Ok(match text {
        "internal" => Reach::Internal,
        "public" => Reach::Public,
        other => Reach::Unknown(other.parse::<SettledBy>()?),
    })
}

/// What makes two edges between the same assets the same edge.
pub(crate) fn edge_identity(link: &Link) -> Vec<String> {
    let text = |o: &Opaque| o.reveal().to_owned();
    match link {
        // Two versions of an image run side by side while one is rolled out.
        Link::Runs { container, tag, digest } => {
            let (tag, digest) = (tag.as_ref().map(text), digest.map(|d| d.to_string()));
            vec!["runs".into(), text(container), tag.unwrap_or_default(), digest.unwrap_or_default()]
        }
        Link::RunsAs { .. } => vec!["runs_as".into()],
        Link::IsHanded => vec!["is_handed".into()],
        Link::Enters { entry, host, port, .. } => {
            vec!["enters".into(), entry.to_string(), host.as_ref().map(text).unwrap_or_default(), port.to_string()]
        }
        Link::Routes { host, port, target_port, protocol, .. } => {
            let host = host.as_ref().map(text).unwrap_or_default();
            vec!["routes".into(), host, protocol.to_string(), port.to_string(), target_port.to_string()]
        }
        Link::Holds { capability, cluster_wide, binding, .. } => {
            vec!["holds".into(), capability.to_string(), cluster_wide.to_string(), text(binding)]
        }
        Link::MayHold { binding, because, .. } => vec!["may_hold".into(), text(binding), because.to_string()],
    }
}
