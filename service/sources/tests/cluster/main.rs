//! From manifests and API servers to records, at the border of the crate.

mod connect;
mod controls;
mod edges;
mod endpoints;
mod gateways;
mod hostile;
mod live;
mod peers;
mod policies;
mod rights;
mod samples;
mod speaks_for;
mod told;
mod watched;

use assay_core::asset::AssetKey;
use assay_core::ids::Time;
use assay_core::observation::{Claim, Edge, Fact, Flaw, Link, Observation, Reach, Record, Subject};
use assay_core::scope::Head;
use assay_core::text::Opaque;
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::{Gathered, ScanHow, StandardsVersion, ToldBy, manifests, records};
use assay_sources::door::SecretDoor;
use assay_sources::read::Flow;

/// How a test looks at manifests.
#[derive(Clone, Copy)]
struct Look {
    told_by: ToldBy,
    complete: bool,
    version: StandardsVersion,
}

impl Default for Look {
    fn default() -> Self {
        Self { told_by: ToldBy::Operator, complete: false, version: StandardsVersion::LATEST }
    }
}

/// What a scan said.
struct Seen {
    records: Vec<Record>,
    head: Head,
}

fn door() -> SecretDoor {
    SecretDoor::new([7; 32])
}

fn gather(yaml: &str) -> Gathered {
    manifests::read_bytes(yaml.as_bytes(), "shop.yaml", &ScanLimits::default(), &door())
}

fn scan(yaml: &str, look: Look) -> Seen {
    scan_of(&gather(yaml), look)
}

fn scan_of(gathered: &Gathered, look: Look) -> Seen {
    let (door, cluster) = (door(), Opaque::readmit("demo"));
    let how = ScanHow {
        cluster: &cluster,
        told_by: look.told_by,
        complete: look.complete,
        as_of: Time::from_secs(1_700_000_000),
        version: look.version,
        door: &door,
    };
    let mut found = Vec::new();
    let head = records(gathered, how, &mut |record| {
        found.push(record);
        Flow::More
    });
    Seen { records: found, head }
}

impl Seen {
    fn all(&self) -> impl Iterator<Item = &Observation> {
        self.records.iter().flat_map(|record| &record.yields)
    }

    /// The claims that somebody may do something dangerous.
    fn rights(&self) -> impl Iterator<Item = &Claim> {
        self.claims().filter(|claim| matches!(claim.flaw, Flaw::Rbac { .. }))
    }

    fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.all().filter_map(|o| if let Observation::Claim(claim) = o { Some(&**claim) } else { None })
    }

    fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.all().filter_map(|o| if let Observation::Fact(fact) = o { Some(&**fact) } else { None })
    }

    fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.all().filter_map(|o| if let Observation::Edge(edge) = o { Some(&**edge) } else { None })
    }

    /// The ways in, one a line, sorted: what a person would say of them.
    fn ways(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.edges().filter_map(way).collect();
        lines.sort();
        lines
    }
}

fn name(key: &AssetKey) -> String {
    match key.namespace.reveal() {
        "" => format!("{}/{}", key.kind, key.name.reveal()),
        namespace => format!("{}/{namespace}/{}", key.kind, key.name.reveal()),
    }
}

fn way(edge: &Edge) -> Option<String> {
    match &edge.link {
        Link::Enters { reach, entry, host, port } => {
            let reach = match reach {
                Reach::Internal => "internal".to_owned(),
                Reach::Unknown(by) => format!("unknown({by})"),
                Reach::Public => "public".to_owned(),
            };
            let host = host.as_ref().map_or_else(String::new, |host| host.reveal().to_owned());
            Some(format!("{} {entry} {host}:{port} {reach}", name(&edge.to)))
        }
        Link::Routes { port, target_port, protocol, .. } => {
            Some(format!("{} :{port} -> {} :{target_port} {protocol}", name(&edge.from), name(&edge.to)))
        }
        Link::Runs { .. } | Link::RunsAs { .. } | Link::IsHanded | Link::Holds { .. } | Link::MayHold { .. } => None,
    }
}

/// The id that a claim goes under, and where.
fn said(claim: &Claim) -> (String, String) {
    let Subject::Object { at, container } = &claim.subject else { unreachable!("a scan speaks of objects") };
    let place = container.as_ref().map_or_else(|| name(at), |c| format!("{} {}", name(at), c.reveal()));
    let id = match &claim.flaw {
        Flaw::Control { control, .. } => control.0.reveal().to_owned(),
        Flaw::Secret { detector, location, .. } => format!("{} {}", detector.reveal(), location.reveal()),
        Flaw::Rbac { capability, cluster_wide: true } => format!("{capability} everywhere"),
        Flaw::Rbac { capability, cluster_wide: false } => capability.to_string(),
        Flaw::Vulnerability { .. } | Flaw::Signal { .. } => unreachable!("a scan finds none"),
    };
    (id, place)
}
