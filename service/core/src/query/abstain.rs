//! Why a question gets no answer. Each reason says what to ask instead; none says anything about what the caller may not
//! see.

use super::filters::NameKind;
use crate::ids::Time;
use crate::named;
use crate::text::Opaque;

named! {
    /// The reasons, as they stand on the wire.
    pub enum AbstainReason {
        /// A name that is not among the caller's own.
        UnknownName = "unknown_name",
        /// The names are known; what the question takes for granted is not recorded.
        NothingFound = "nothing_found",
        /// The source that would have to know has fallen silent.
        SourceStale = "source_stale",
        /// No question about findings.
        NotForAssay = "not_for_assay",
        /// It asks that something be done.
        Action = "action",
        /// It asks for a secret.
        Secret = "secret",
    }
}

/// Why a question gets no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Abstain {
    /// A name that is not among the caller's own: it does not exist, or the caller may not see it.
    UnknownName {
        /// What the question says.
        said: Opaque,
        /// The one name that is a letter away.
        near: Option<(NameKind, Opaque)>,
    },
    /// A word that stands for more names than can be meant.
    TooManyNames {
        /// What the question says.
        said: Opaque,
        /// For how many names it stands.
        names: usize,
    },
    /// What the question takes for granted is not recorded.
    NothingFound(Absent),
    /// The source that would have to know has fallen silent.
    SourceStale {
        /// The tool, or the word "sensor".
        source: Opaque,
        /// Since when.
        since: Time,
    },
    /// No question about findings.
    NotForAssay(OffTopic),
    /// It asks that something be done.
    Action,
    /// It asks for a secret.
    Secret,
}

/// What is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// No open finding matches.
    Finding,
    /// The list has fewer rows than the number asked for.
    Place {
        /// The number.
        n: u16,
        /// How many rows there are.
        rows: u16,
    },
    /// The list before was not one of findings.
    ListOfFindings,
    /// Nothing of this is computed yet.
    NotComputed,
}

named! {
    /// What a question that is not for Assay is instead.
    pub enum OffTopic {
        /// It wants a verdict: safe, secure, compliant.
        Verdict = "verdict",
        /// It wants to know what will happen.
        Prediction = "prediction",
        /// A greeting, thanks, a joke.
        SmallTalk = "small_talk",
        /// It wants other rules than ours.
        Instruction = "instruction",
        /// Nothing that can be read.
        Noise = "noise",
        /// Words that say nothing about findings, as far as the parser can tell.
        NotUnderstood = "not_understood",
    }
}

impl Abstain {
    /// The reason, as it stands on the wire.
    pub const fn reason(&self) -> AbstainReason {
        match self {
            Self::UnknownName { .. } | Self::TooManyNames { .. } => AbstainReason::UnknownName,
            Self::NothingFound(_) => AbstainReason::NothingFound,
            Self::SourceStale { .. } => AbstainReason::SourceStale,
            Self::NotForAssay(_) => AbstainReason::NotForAssay,
            Self::Action => AbstainReason::Action,
            Self::Secret => AbstainReason::Secret,
        }
    }

    /// True when the words were merely not understood: a model may try. Every other reason stands, whatever a model says.
    pub const fn is_open_to_a_model(&self) -> bool {
        matches!(self, Self::NotForAssay(OffTopic::NotUnderstood))
    }
}
