//! One thing that the kernel, the API server or a tool said. Comes in: records that a reader parsed. Goes out: claims
//! for the ledger, facts, edges and coverage for the world. Nothing here judges.

mod capability;
mod caps;
mod claim;
mod coverage;
mod edge;
mod fact;
mod host;
mod kept;

pub use capability::Capability;
pub use caps::{BadCaps, Caps};
pub use claim::{Claim, ControlId, Flaw, PREVENTED, Severity, prevented, told_apart};
pub use coverage::{Coverage, Eye, Hole, HoleReason, SENSOR_FACT_VALID};
pub use edge::{Admits, Edge, Entry, Link, Reach, RightsUnknown, SettledBy};
pub use fact::{
    AttackStage, Environment, Fact, Justification, NotAssessed, Outcome, PeerClass, PodSecurity, Protocol, Role,
    UseLevel, VexStatus, What,
};
pub use host::{HostAccess, HostSetting};
pub use kept::Kept;

use crate::asset::{AssetKey, ImageRef};
use crate::ids::Time;
use crate::intel::IntelNote;
use crate::named;
use crate::text::Opaque;

named! {
    /// Who could have written a fact. It decides whether the fact may lower a finding (law 4).
    pub enum Author {
        /// The kernel of a node, with coverage.
        Kernel = "kernel",
        /// The API server, about what it enforces, whoever wrote the object.
        Cluster = "cluster",
        /// The person who runs Assay for this cluster: rule files, manifests given by hand, listed VEX sources.
        ClusterAdmin = "cluster_admin",
        /// Published data: KEV, EPSS, CVE records, CISA, CVSS vectors, a distribution's fix status.
        Authority = "authority",
        /// A person, through a decision.
        Person = "person",
        /// What an object merely says: labels, annotations, names, unlisted VEX.
        Tenant = "tenant",
        /// A scanner's own judgement.
        Scanner = "scanner",
        /// The vendor of a product, unlisted.
        Vendor = "vendor",
        /// A model's reading.
        Model = "model",
    }
}

impl Author {
    /// True when what this author says may lower a finding's rank.
    pub const fn may_lower(self) -> bool {
        match self {
            Self::Kernel | Self::Cluster | Self::ClusterAdmin | Self::Authority | Self::Person => true,
            Self::Tenant | Self::Scanner | Self::Vendor | Self::Model => false,
        }
    }
}

/// One source record: the unit that `observations` counts, however much it yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Where in the report: `Results[0].Vulnerabilities[17]`, `line 12`.
    pub locator: Box<str>,
    /// What sort of record.
    pub kind: RecordKind,
    /// Who could have written it.
    pub author: Author,
    /// When the thing was seen, where the record says so.
    pub seen_at: Option<Time>,
    /// What it yields.
    pub yields: Vec<Observation>,
}

named! {
    /// The sorts of source records.
    pub enum RecordKind {
        /// A vulnerability or match.
        Vulnerability = "vulnerability",
        /// A check that did not pass.
        Check = "check",
        /// A secret.
        Secret = "secret",
        /// A licence.
        Licence = "licence",
        /// A SARIF result.
        Result = "result",
        /// A VEX statement.
        Statement = "statement",
        /// A component or package of an SBOM.
        Component = "component",
        /// A sensor's or audit log's event.
        Event = "event",
        /// An object of the cluster or of a manifest.
        Object = "object",
        /// Something that only helps to read the others, such as a package list; not counted.
        Aid = "aid",
    }
}

impl RecordKind {
    /// True when the record counts as an observation.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Aid)
    }
}

/// What one record can yield.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// Something is wrong with an asset, says the source.
    Claim(Box<Claim>),
    /// Something is so about an asset.
    Fact(Box<Fact>),
    /// Two assets are connected.
    Edge(Box<Edge>),
    /// A source looked, from when to when, and where it did not see.
    Coverage(Box<Coverage>),
    /// A published source's word that the record carried.
    Intel(Box<IntelNote>),
}

/// What a claim or fact is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The report's own artifact, which its head names at the end.
    Artifact,
    /// An image that the record itself names.
    Image(ImageRef),
    /// An object, and the container in it where the record is about one.
    Object {
        /// The object, as named by the source; owners are raised later.
        at: AssetKey,
        /// The container.
        container: Option<Opaque>,
    },
}
