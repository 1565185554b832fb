//! What is so about an asset: a closed list, each with its author and its time.

use super::{Capability, Caps, ControlId, HostAccess, Kept, Subject};
use crate::asset::{AssetKey, PackageKey};
use crate::ids::{Time, VulnId};
use crate::named;
use crate::observation::Author;
use crate::text::Opaque;

/// Something that is so about an asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// About what.
    pub subject: Subject,
    /// About which package of it.
    pub component: Option<PackageKey>,
    /// What is so.
    pub what: What,
    /// Who could have written it.
    pub author: Author,
    /// Since when it is known.
    pub since: Time,
    /// When it was last seen to be so.
    pub until: Time,
    /// After this it is no longer known.
    pub valid_until: Option<Time>,
}

/// The closed list of what can be so.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The object exists.
    Exists {
        /// How many instances are wanted; 0 is not running. None for things that are not run.
        replicas: Option<u32>,
        /// The object that owns it: its raised owner carries the findings.
        owner: Option<AssetKey>,
        /// Names it goes by that no other thing has: uid, pod names.
        aliases: Vec<Opaque>,
    },
    /// A package is in use.
    InUse {
        /// How far its use went.
        level: UseLevel,
        /// By which executable.
        exe: Opaque,
        /// The port that the same process listens on.
        listens: Option<u16>,
    },
    /// A file was executed.
    Executed {
        /// The executable.
        exe: Opaque,
    },
    /// A process listens.
    Listens {
        /// The port, in the container's network.
        port: u16,
        /// TCP or UDP.
        protocol: Protocol,
        /// The executable.
        exe: Opaque,
    },
    /// A process talks.
    Talks {
        /// The port on its own side when it serves, on the peer's side when it calls.
        port: u16,
        /// TCP or UDP.
        protocol: Protocol,
        /// Whether it was called or calls.
        role: Role,
        /// Where the peer is.
        peer: PeerClass,
        /// The executable.
        exe: Opaque,
    },
    /// It was attacked.
    Attacked {
        /// How far it went.
        stage: AttackStage,
        /// The signal that says so.
        signal: ControlId,
    },
    /// What it is for.
    Environment(Environment),
    /// The strictest Pod Security level that it meets.
    PodSecurity(PodSecurity),
    /// The Pod Security level that the API server asks of every new pod of a namespace.
    Enforces(PodSecurity),
    /// What a container holds of its node.
    OnHost(HostAccess),
    /// A package is in it.
    Contains {
        /// The version.
        version: Opaque,
    },
    /// Its licence.
    Licence(Opaque),
    /// A control was looked at and did not fail.
    Outcome {
        /// Which control.
        control: ControlId,
        /// What came out.
        outcome: Outcome,
    },
    /// A VEX statement about one vulnerability of it.
    Vex {
        /// The vulnerability.
        vuln: VulnId,
        /// What the document says.
        status: VexStatus,
        /// Why it is not affected.
        justification: Option<Justification>,
        /// The document, by its id.
        document: Opaque,
        /// The statement's own words.
        note: Opaque,
    },
    /// A source could not assess it, and why: never the same as nothing found.
    NotAssessed(NotAssessed),
    /// It made use of a dangerous right.
    UsedRight(Capability),
    /// The ports that a container's manifest names, in order.
    NamesPorts(Box<[(u16, Protocol)]>),
    /// A program ran with these capabilities in effect.
    RanWith(Caps),
    /// Evidence of a container was kept on its node.
    Kept(Box<Kept>),
}

impl What {
    /// The program that was seen, where one was.
    pub const fn program(&self) -> Option<&Opaque> {
        match self {
            Self::InUse { exe, .. } | Self::Executed { exe } | Self::Listens { exe, .. } | Self::Talks { exe, .. } => {
                Some(exe)
            }
            _ => None,
        }
    }
}

named! {
    /// How far the use of a package went, least to most.
    pub enum UseLevel {
        /// A file was used that it shares with others: no use by itself, and no "no" stands beside it.
        Perhaps = "perhaps",
        /// A file of it was read.
        Read = "read",
        /// A library of it was mapped into a process.
        Loaded = "loaded",
        /// It is built into an executable that runs.
        Linked = "linked",
        /// An executable of it ran.
        Executed = "executed",
    }
}

named! {
    /// Transport protocols.
    pub enum Protocol {
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
        /// SCTP.
        Sctp = "sctp",
    }
}

named! {
    /// Which side of a connection.
    pub enum Role {
        /// It was called.
        Server = "server",
        /// It calls.
        Client = "client",
    }
}

named! {
    /// Where a peer is, as far as its address tells.
    pub enum PeerClass {
        /// The same network namespace.
        Loopback = "loopback",
        /// A node of the cluster.
        Node = "node",
        /// A pod.
        Pod = "pod",
        /// A cluster address of a Service.
        Service = "service",
        /// A private address outside the cluster's ranges.
        Private = "private",
        /// The cloud's metadata service.
        Metadata = "metadata",
        /// A globally routable address.
        Public = "public",
    }
}

named! {
    /// How far an attack went.
    pub enum AttackStage {
        /// It was tried.
        Attempt = "attempt",
        /// Something ran, or later.
        Foothold = "foothold",
    }
}

named! {
    /// What a namespace or cluster is for.
    pub enum Environment {
        /// Throw-away.
        Sandbox = "sandbox",
        /// For tests.
        Test = "test",
        /// The real thing.
        Production = "production",
    }
}

named! {
    /// Levels of the Pod Security Standards.
    pub enum PodSecurity {
        /// Anything goes.
        Privileged = "privileged",
        /// Known privilege escalations are prevented.
        Baseline = "baseline",
        /// Hardening best practice.
        Restricted = "restricted",
    }
}

named! {
    /// The five outcomes of a control; only a failure is a claim.
    pub enum Outcome {
        /// It holds.
        Pass = "pass",
        /// It does not.
        Fail = "fail",
        /// There is nothing it could apply to.
        NotApplicable = "not_applicable",
        /// It cannot be seen from here.
        NotObservable = "not_observable",
        /// A person has to look.
        NeedsPerson = "needs_person",
    }
}

named! {
    /// Status of an OpenVEX statement.
    pub enum VexStatus {
        /// Cannot be exploited here.
        NotAffected = "not_affected",
        /// Can be exploited here.
        Affected = "affected",
        /// Is mended here.
        Fixed = "fixed",
        /// Somebody is looking.
        UnderInvestigation = "under_investigation",
    }
}

named! {
    /// Justification of `not_affected` in OpenVEX.
    pub enum Justification {
        /// The component is not there.
        ComponentNotPresent = "component_not_present",
        /// The vulnerable code is not there.
        VulnerableCodeNotPresent = "vulnerable_code_not_present",
        /// The vulnerable code is never run.
        VulnerableCodeNotInExecutePath = "vulnerable_code_not_in_execute_path",
        /// An attacker cannot reach the vulnerable code.
        VulnerableCodeCannotBeControlled = "vulnerable_code_cannot_be_controlled_by_adversary",
        /// Something stands in between.
        InlineMitigationsAlreadyExist = "inline_mitigations_already_exist",
    }
}

named! {
    /// Why a source could not assess something.
    pub enum NotAssessed {
        /// It did not recognise the distribution.
        UnknownDistribution = "unknown_distribution",
        /// The distribution gets no more advisories.
        EndOfLife = "end_of_life",
        /// A part of the scan failed.
        ScanFailed = "scan_failed",
        /// The report was cut short.
        Truncated = "truncated",
    }
}
