//! A source's word that something is wrong. Identity is not decided here, and nothing is judged.

use super::{AttackStage, Capability, Subject};
use crate::asset::Package;
use crate::ids::VulnId;
use crate::named;
use crate::scope::ScopeKey;
use crate::text::Opaque;

named! {
    /// What the source claims about how bad it is: its word, not our decision.
    pub enum Severity {
        /// Said to be unknown, or not said.
        Unknown = "unknown",
        /// Low, negligible or informational.
        Low = "low",
        /// Medium, moderate, warning.
        Medium = "medium",
        /// High, important, error.
        High = "high",
        /// Critical.
        Critical = "critical",
    }
}

impl Severity {
    /// Reads the words that tools use.
    pub fn from_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "critical" | "danger" => Self::Critical,
            "high" | "important" | "error" => Self::High,
            "medium" | "moderate" | "warning" | "warn" => Self::Medium,
            "low" | "negligible" | "info" | "informational" | "note" | "minor" => Self::Low,
            _ => Self::Unknown,
        }
    }
}

/// A source's word that something is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The scope it belongs to, where a report speaks for several; otherwise the report's only one.
    pub scope: Option<ScopeKey>,
    /// What it is about.
    pub subject: Subject,
    /// How bad the source says it is.
    pub severity: Severity,
    /// The source's title.
    pub title: Opaque,
    /// The source's description.
    pub text: Opaque,
    /// The source's own name for the rule or record, shown as its word.
    pub rule: Opaque,
    /// What is wrong.
    pub flaw: Flaw,
}

/// The kinds of things that can be wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Flaw {
    /// A published vulnerability in a package.
    Vulnerability {
        /// The name the source prefers.
        id: VulnId,
        /// Other names of the same flaw.
        aliases: Vec<VulnId>,
        /// Where it sits.
        package: Package,
        /// The version that mends it, where one exists.
        fixed_in: Option<Opaque>,
    },
    /// A control that an object fails.
    Control {
        /// Ours where a row maps the rule, else the tool's own, as `tool/rule`.
        control: ControlId,
        /// Where in the object, without indices: `securityContext.privileged`. Empty for the whole object.
        path: Opaque,
    },
    /// A secret that lies open. The value never comes this far, only its keyed mark.
    Secret {
        /// The class of the detector: `aws-access-key`.
        detector: Opaque,
        /// File path, object key or environment variable.
        location: Opaque,
        /// The keyed mark of the value: equal marks are copies.
        mark: Option<Opaque>,
    },
    /// A right that reaches too far.
    Rbac {
        /// What the subject can do.
        capability: Capability,
        /// In one namespace or everywhere.
        cluster_wide: bool,
    },
    /// Something happened at run time.
    Signal {
        /// The row of the signal table.
        signal: ControlId,
        /// What tells two occurrences apart, of enum or hash kind. Equal ones have equal stages.
        discriminator: Opaque,
        /// How far it went.
        stage: AttackStage,
    },
}

/// How the discriminator of a signal begins that was tried and prevented.
pub const PREVENTED: &str = "prevented";

/// The discriminator of a signal that was tried and prevented; `by` is what else tells it apart, if anything.
pub fn prevented(by: &str) -> String {
    if by.is_empty() { PREVENTED.to_owned() } else { format!("{PREVENTED}, {by}") }
}

/// Whether a discriminator says that it was prevented, and what else it says: the way back from [`prevented`].
pub fn told_apart(discriminator: &str) -> (bool, &str) {
    match discriminator.strip_prefix(PREVENTED) {
        Some(by) => (true, by.trim_start_matches(", ")),
        None => (false, discriminator),
    }
}

/// The id of a control or signal row: ours (`pss-privileged`), or a tool's own behind its name (`trivy/AVD-DS-0002`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControlId(pub Opaque);
