//! A finding: a claim that something is wrong with an asset, over time. Comes in: what the ledger holds. Goes out: the
//! machine's view (presence) and a person's (decision), kept apart. It holds no score and no rank.

use crate::asset::{AssetKey, PackageKey};
use crate::ids::{Digest, Fingerprint, Time, VulnId};
use crate::named;
use crate::observation::{
    AttackStage, Capability, Claim, ControlId, Flaw, Justification, Severity, VexStatus, told_apart,
};
use crate::reconcile::{Life, Word};
use crate::scope::Spoken;
use crate::text::Opaque;

named! {
    /// What sort of thing is wrong.
    pub enum FindingClass {
        /// A published vulnerability.
        Vulnerability = "vulnerability",
        /// A control that an object fails.
        Misconfiguration = "misconfiguration",
        /// A control that a node or component fails.
        Benchmark = "benchmark",
        /// A secret that lies open.
        Secret = "secret",
        /// A right that reaches too far.
        Rbac = "rbac",
        /// Something that happened at run time.
        Signal = "signal",
    }
}

named! {
    /// Why a finding is resolved: exactly one stored cause.
    pub enum ResolvedBecause {
        /// A newer, complete report of the same scope lacks it.
        Fixed = "fixed",
        /// The asset is gone.
        AssetGone = "asset_gone",
        /// Another finding or scope speaks for it now.
        Superseded = "superseded",
        /// The source took its word back.
        SourceWithdrew = "source_withdrew",
        /// Its scope was retired by a person.
        ScopeRetired = "scope_retired",
        /// Attempts stopped for seven days.
        Quiet = "quiet",
        /// A person closed it.
        ClosedByPerson = "closed_by_person",
    }
}

/// The machine's view of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// A source claims it, and is not silent.
    Open,
    /// Every source that claimed it has fallen silent or is in doubt.
    Stale,
    /// No source claims it any more.
    Resolved(ResolvedBecause),
}

named! {
    /// The one word that lists show; derived from presence and clocks.
    pub enum Status {
        /// Seen for the first time since the last digest.
        New = "new",
        /// There.
        Open = "open",
        /// Its sources have fallen silent.
        Stale = "stale",
        /// It came back since the last digest.
        Reopened = "reopened",
        /// Gone.
        Resolved = "resolved",
    }
}

impl Status {
    /// The status of a finding. `since` is the newest digest, or 24 h before now where there was none.
    pub fn of(presence: Presence, first_seen: Time, episode: u32, episode_start: Time, since: Time) -> Self {
        match presence {
            Presence::Resolved(_) => Self::Resolved,
            Presence::Stale => Self::Stale,
            Presence::Open if first_seen > since && episode <= 1 => Self::New,
            Presence::Open if episode > 1 && episode_start > since => Self::Reopened,
            Presence::Open => Self::Open,
        }
    }
}

/// What a finding is about, beyond its asset: the part of its identity that its class adds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matter {
    /// A vulnerability in a package.
    Vulnerability {
        /// The canonical id.
        id: VulnId,
        /// The package, with its source package where known.
        package: PackageKey,
    },
    /// A failed control.
    Control {
        /// The control.
        control: ControlId,
        /// Where in the object; empty for all of it.
        path: Opaque,
    },
    /// An open secret.
    Secret {
        /// The detector's class.
        detector: Opaque,
        /// Where.
        location: Opaque,
    },
    /// A right.
    Rbac {
        /// What can be done.
        capability: Capability,
        /// Everywhere, or in one namespace.
        cluster_wide: bool,
    },
    /// A signal.
    Signal {
        /// The row of the table.
        signal: ControlId,
        /// What tells two apart.
        discriminator: Opaque,
    },
}

/// A name as a finding's identity has it: a word of ours and a hash, so that no stranger's text is part of it.
pub fn mark(of: &str, name: &str) -> String {
    format!("{of} {}", &Digest::of_fields([name.as_bytes()]).to_string()[7..19])
}

impl Matter {
    /// The matter of a claim, under the canonical name of its vulnerability.
    pub fn of(flaw: &Flaw, canonical: impl Fn(&VulnId) -> VulnId) -> Self {
        match flaw {
            Flaw::Vulnerability { id, package, .. } => {
                Self::Vulnerability { id: canonical(id), package: package.key.clone() }
            }
            Flaw::Control { control, path } => Self::Control { control: control.clone(), path: path.clone() },
            Flaw::Secret { detector, location, .. } => {
                Self::Secret { detector: detector.clone(), location: location.clone() }
            }
            Flaw::Rbac { capability, cluster_wide } => {
                Self::Rbac { capability: *capability, cluster_wide: *cluster_wide }
            }
            Flaw::Signal { signal, discriminator, .. } => {
                Self::Signal { signal: signal.clone(), discriminator: discriminator.clone() }
            }
        }
    }

    /// Its class on an asset of this kind.
    pub fn class(&self, on: &AssetKey) -> FindingClass {
        match self {
            Self::Vulnerability { .. } => FindingClass::Vulnerability,
            Self::Control { .. } if on.kind.class() == crate::asset::KindClass::Node => FindingClass::Benchmark,
            Self::Control { .. } => FindingClass::Misconfiguration,
            Self::Secret { .. } => FindingClass::Secret,
            Self::Rbac { .. } => FindingClass::Rbac,
            Self::Signal { .. } => FindingClass::Signal,
        }
    }

    /// True for a signal of what was tried and did not come to pass.
    pub fn was_prevented(&self) -> bool {
        matches!(self, Self::Signal { discriminator, .. } if told_apart(discriminator.reveal()).0)
    }

    /// What tells signals of different programs apart: the mark of a program's name, without its folder.
    pub fn mark_of(exe: &str) -> String {
        mark("exe", exe.rsplit('/').next().unwrap_or(exe))
    }

    /// The mark of the program that a signal is about; none for signals that tell no programs apart.
    pub fn program_mark(&self) -> Option<&str> {
        let Self::Signal { discriminator, .. } = self else { return None };
        let (_, by) = told_apart(discriminator.reveal());
        by.starts_with("exe ").then_some(by)
    }

    /// What a report must speak for to close it.
    pub fn spoken(&self, on: &AssetKey) -> Option<Spoken> {
        Some(match (self, self.class(on)) {
            (Self::Vulnerability { package, .. }, _) if package.of_distribution() => Spoken::OsPackages,
            (Self::Vulnerability { .. }, _) => Spoken::LanguagePackages,
            (_, FindingClass::Benchmark) => Spoken::Benchmark,
            (Self::Control { .. }, _) => Spoken::Misconfiguration,
            (Self::Secret { .. }, _) => Spoken::Secret,
            (Self::Rbac { .. }, _) => Spoken::Rbac,
            (Self::Signal { .. }, _) => return None,
        })
    }
}

/// Where a finding sits: the asset with its owner raised, and the container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The asset.
    pub asset: AssetKey,
    /// The container; empty for the whole asset.
    pub container: Opaque,
}

/// The details of one source's word for a finding, in one scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    /// The part that the source named: a binary package, a rule and a path.
    pub component: Opaque,
    /// How bad the source says it is.
    pub severity: Severity,
    /// The source's own rule or record id.
    pub rule: Opaque,
    /// The version found.
    pub version: Opaque,
    /// The version that mends it; empty where there is none.
    pub fixed_in: Opaque,
    /// The source's title.
    pub title: Opaque,
}

impl Sighting {
    /// A digest of everything but the component, to tell whether a source changed its word.
    pub fn details(&self) -> u64 {
        let parts = [
            self.severity.as_str(),
            self.rule.reveal(),
            self.version.reveal(),
            self.fixed_in.reveal(),
            self.title.reveal(),
        ];
        let digest = Digest::of_fields(parts.iter().map(|p| p.as_bytes()));
        let mut head = [0u8; 8];
        head.copy_from_slice(&digest.bytes()[..8]);
        u64::from_be_bytes(head)
    }
}

impl Claim {
    /// What this claim says, as the ledger keeps it.
    pub fn sighting(&self) -> Sighting {
        let none = || Opaque::readmit("");
        let (component, version, fixed_in) = match &self.flaw {
            Flaw::Vulnerability { package, fixed_in, .. } => {
                (package.key.name.clone(), package.version.clone(), fixed_in.clone().unwrap_or_else(none))
            }
            Flaw::Control { path, .. } => {
                (Opaque::readmit(&format!("{} {}", self.rule.reveal(), path.reveal())), none(), none())
            }
            Flaw::Secret { .. } | Flaw::Rbac { .. } | Flaw::Signal { .. } => (self.rule.clone(), none(), none()),
        };
        Sighting {
            component,
            severity: self.severity,
            rule: self.rule.clone(),
            version,
            fixed_in,
            title: self.title.clone(),
        }
    }
}

/// What a person concluded, with reason and end. Never made by a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// OpenVEX status.
    pub status: VexStatus,
    /// Why it is not affected.
    pub justification: Option<Justification>,
    /// In the person's words.
    pub note: Opaque,
    /// Who decided.
    pub by: Opaque,
    /// When.
    pub at: Time,
    /// Until when it binds; none only for `fixed` and `affected`.
    pub until: Option<Time>,
}

impl Decision {
    /// True while it takes the finding out of today, due and the digest's do-today list.
    pub fn takes_out(&self, at: Time) -> bool {
        self.until.is_none_or(|until| at < until) && takes_out(self.status, self.until)
    }

    /// What was concluded, in one or two words of ours.
    pub fn word(&self) -> &'static str {
        if self.accepts_risk() { "risk accepted" } else { self.status.as_str() }
    }

    /// True when it says that the flaw can be exploited here, and is lived with until a day.
    pub fn accepts_risk(&self) -> bool {
        self.status == VexStatus::Affected && self.until.is_some()
    }
}

/// True when such a decision leaves nothing to do while it binds. What is affected stays due, unless the risk is accepted
/// until a day.
pub const fn takes_out(status: VexStatus, until: Option<Time>) -> bool {
    match status {
        VexStatus::NotAffected | VexStatus::Fixed => true,
        VexStatus::Affected => until.is_some(),
        VexStatus::UnderInvestigation => false,
    }
}

/// A decision that cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDecision {
    /// `not_affected` says nothing about why.
    #[error("not_affected needs a reason: --justification with an OpenVEX value, or --note")]
    NoReason,
    /// A risk is accepted, and nothing is said about why.
    #[error("accepting a risk needs a reason: --note")]
    NoReasonToAccept,
    /// It would bind for ever.
    #[error("a decision needs an end: --until DATE (only `fixed` and `affected` may go without)")]
    NoEnd,
    /// It ends before it begins.
    #[error("--until lies in the past")]
    Past,
}

impl Decision {
    /// Checks what every decision must say.
    ///
    /// # Errors
    /// When a reason or an end is missing, or the end lies before the beginning.
    pub fn checked(self) -> Result<Self, BadDecision> {
        if self.status == VexStatus::NotAffected && self.justification.is_none() && self.note.is_empty() {
            return Err(BadDecision::NoReason);
        }
        if self.status == VexStatus::Affected && self.until.is_some() && self.note.is_empty() {
            return Err(BadDecision::NoReasonToAccept);
        }
        match self.until {
            None if !matches!(self.status, VexStatus::Fixed | VexStatus::Affected) => Err(BadDecision::NoEnd),
            Some(until) if until <= self.at => Err(BadDecision::Past),
            _ => Ok(self),
        }
    }
}

/// A finding with everything that a surface may show of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its row.
    pub id: i64,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// What sort of thing is wrong.
    pub class: FindingClass,
    /// Where.
    pub place: Place,
    /// The image behind a placed finding, or the image itself: repository and the tags or digests that were scanned.
    pub image: Option<ScannedImage>,
    /// What.
    pub matter: Matter,
    /// Other names of the vulnerability.
    pub aliases: Vec<VulnId>,
    /// Its clocks.
    pub life: Life,
    /// Since when the deadline runs.
    pub clock_start: Time,
    /// The worst that a source says.
    pub severity: Severity,
    /// How far the attack of a signal went.
    pub stage: Option<AttackStage>,
    /// The root cause: equal for findings that one fix closes.
    pub cause: Digest,
    /// Every source's word, live ones first.
    pub words: Vec<SourceWord>,
    /// The decision that binds, or bound last.
    pub decision: Option<Decision>,
    /// The vendor's description of the vulnerability, or a source's text.
    pub text: Opaque,
}

/// An image as it was scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedImage {
    /// Without tag.
    pub repository: Opaque,
    /// Tags or digests that reports speak of, in order.
    pub versions: Vec<Opaque>,
}

/// One source's word for a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceWord {
    /// The tool.
    pub tool: Opaque,
    /// What it says.
    pub sighting: Sighting,
    /// The record that says so.
    pub record: i64,
    /// Where in the report.
    pub locator: Box<str>,
    /// When the tool looked; of an event when it happened.
    pub produced_at: Time,
    /// When we were told last.
    pub received_at: Time,
    /// Whether it stands.
    pub stands: Word,
}

impl Finding {
    /// The version that mends it, by the first source that names one.
    pub fn fixed_in(&self) -> Option<&Opaque> {
        self.words.iter().filter(|w| w.stands == Word::Live).map(|w| &w.sighting.fixed_in).find(|v| !v.is_empty())
    }

    /// The version found.
    pub fn version(&self) -> Option<&Opaque> {
        self.words.iter().map(|w| &w.sighting.version).find(|v| !v.is_empty())
    }
}
