//! What is so about a finding's place, each fact with the words that it is written in.

use assay_core::environment::HumanImpact;
use assay_core::ids::Span;
use assay_core::observation::{
    AttackStage, Author, Capability, Environment, Outcome, PeerClass, PodSecurity, Protocol, Reach, SettledBy,
    Severity, UseLevel, VexStatus,
};

use super::phrase::{Phrase, Phrased};

/// The port of the pod to which every way in leads that says nothing else.
pub(crate) const PORT: u16 = 8080;

/// What is wrong: `vulnerability`, `control ID`, `secret`, `right NAME`, `signal STAGE`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wrong {
    Vulnerability,
    Control(String),
    Secret,
    Right { capability: Capability, everywhere: bool },
    Signal(AttackStage),
}

impl Phrased for Wrong {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        let everywhere = phrase.noted("everywhere");
        let head = phrase.head();
        let spelled = |e: assay_core::named::Unspelled| e.to_string();
        match head.split_once(' ') {
            Some(("right", name)) => Ok(Self::Right { capability: name.parse().map_err(spelled)?, everywhere }),
            Some(("control", id)) if !everywhere => Ok(Self::Control(id.to_owned())),
            Some(("signal", stage)) if !everywhere => Ok(Self::Signal(stage.parse().map_err(spelled)?)),
            None if head == "vulnerability" && !everywhere => Ok(Self::Vulnerability),
            None if head == "secret" && !everywhere => Ok(Self::Secret),
            _ => Err("nothing that can be wrong".to_owned()),
        }
    }
}

/// A value by somebody, some time ago: `restricted by cluster 2 days ago`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word<T> {
    pub(crate) value: T,
    pub(crate) by: Author,
    pub(crate) ago: Span,
}

/// Values that an author can say, and who says them where nobody is named.
pub(crate) trait Authored: std::str::FromStr<Err: std::fmt::Display> {
    const SILENT: Author;
}

impl Authored for u32 {
    const SILENT: Author = Author::Cluster;
}
impl Authored for PodSecurity {
    const SILENT: Author = Author::Cluster;
}
impl Authored for AttackStage {
    const SILENT: Author = Author::Kernel;
}
impl Authored for VexStatus {
    const SILENT: Author = Author::Tenant;
}
impl Authored for Outcome {
    const SILENT: Author = Author::Scanner;
}

impl<T: Authored> Phrased for Word<T> {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        Ok(Self { value: phrase.value()?, by: phrase.author(T::SILENT)?, ago: phrase.ago() })
    }
}

/// What the place is for, by a rule of the operator (none) or by somebody's word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Purpose {
    pub(crate) value: Environment,
    pub(crate) by: Option<Author>,
    pub(crate) ago: Span,
}

impl Phrased for Purpose {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        let by = match phrase.by() {
            None => None,
            Some(by) if by == "rule" => None,
            Some(by) => Some(by.parse().map_err(|e| format!("`{by}`: {e}"))?),
        };
        Ok(Self { value: phrase.value()?, by, ago: phrase.ago() })
    }
}

/// A way in: `public on 22 by tenant`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WayIn {
    pub(crate) reach: Reach,
    pub(crate) port: u16,
    pub(crate) by: Author,
    pub(crate) ago: Span,
}

impl Phrased for WayIn {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        let reach = match phrase.head().as_str() {
            "public" => Reach::Public,
            "internal" => Reach::Internal,
            "unknown" => Reach::Unknown(SettledBy::LoadBalancerStatus),
            other => return Err(format!("`{other}` is neither public, internal nor unknown")),
        };
        Ok(Self { reach, port: phrase.port(PORT)?, by: phrase.author(Author::Cluster)?, ago: phrase.ago() })
    }
}

/// Somebody called: `public on 8080 1 day ago`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Traffic {
    pub(crate) peer: PeerClass,
    pub(crate) port: u16,
    pub(crate) ago: Span,
    /// It calls, and is not called.
    pub(crate) outgoing: bool,
}

impl Phrased for Traffic {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        let outgoing = phrase.noted("outgoing");
        Ok(Self { peer: phrase.value()?, port: phrase.port(PORT)?, ago: phrase.ago(), outgoing })
    }
}

/// A complete scan: `scan 1 hour ago, with a hole`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scan {
    pub(crate) ago: Span,
    pub(crate) hole: bool,
}

impl Phrased for Scan {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        match phrase.head().as_str() {
            "whole" => Ok(Self { ago: phrase.ago(), hole: phrase.noted("with a hole") }),
            other => Err(format!("`{other}`: a scan is `whole`")),
        }
    }
}

/// The package is used: `loaded 2 days ago, in another container`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InUse {
    pub(crate) level: UseLevel,
    pub(crate) ago: Span,
    pub(crate) other_container: bool,
    pub(crate) other_ecosystem: bool,
    pub(crate) listens: bool,
}

impl Phrased for InUse {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        Ok(Self {
            level: phrase.value()?,
            ago: phrase.ago(),
            other_container: phrase.noted("in another container"),
            other_ecosystem: phrase.noted("of another ecosystem"),
            listens: phrase.noted("by a process that listens"),
        })
    }
}

/// Somebody watched: `3 replicas for 3 days, with a hole`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Watched {
    pub(crate) replicas: u32,
    pub(crate) lasting: Span,
    pub(crate) hole: bool,
    pub(crate) silent: bool,
    pub(crate) no_start: bool,
}

impl Phrased for Watched {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        let head = phrase.head();
        let replicas = head.strip_suffix(" replicas").or_else(|| head.strip_suffix(" replica"));
        let replicas = replicas.and_then(|n| n.parse().ok()).ok_or(format!("`{head}`: how many replicas?"))?;
        let lasting = phrase.lasting().ok_or("for how long?")?;
        Ok(Self {
            replicas,
            lasting,
            hole: phrase.noted("with a hole"),
            silent: phrase.noted("silent since 1 hour"),
            no_start: phrase.noted("no start seen"),
        })
    }
}

/// A process listens: `tcp on 8080`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listens {
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
}

impl Phrased for Listens {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        Ok(Self { protocol: phrase.value()?, port: phrase.port(PORT)? })
    }
}

/// The token of an identity: `mounted by cluster`, `not mounted by tenant`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) mounted: bool,
    pub(crate) by: Author,
    pub(crate) ago: Span,
}

impl Phrased for Token {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        let mounted = match phrase.head().as_str() {
            "mounted" => true,
            "not mounted" => false,
            other => return Err(format!("`{other}` is neither `mounted` nor `not mounted`")),
        };
        Ok(Self { mounted, by: phrase.author(Author::Cluster)?, ago: phrase.ago() })
    }
}

/// What the identity may do: `cluster-admin, everywhere`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Right {
    pub(crate) capability: Capability,
    pub(crate) everywhere: bool,
}

impl Phrased for Right {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        Ok(Self { capability: phrase.value()?, everywhere: phrase.noted("everywhere") })
    }
}

/// A value of one spelling, with nothing beside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bare<T>(pub(crate) T);

impl<T: std::str::FromStr<Err: std::fmt::Display>> Phrased for Bare<T> {
    fn of(phrase: &mut Phrase) -> Result<Self, String> {
        phrase.value().map(Self)
    }
}

pub(crate) type HumanImpactSaid = Bare<HumanImpact>;
pub(crate) type SeveritySaid = Bare<Severity>;
