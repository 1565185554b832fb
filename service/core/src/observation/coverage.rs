//! Who looked, from when to when, and where it did not see. A "no" stands only on this.

use super::Subject;
use crate::ids::{Span, Time};
use crate::named;
use crate::text::Opaque;

/// A source looked at an asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// What it looked at.
    pub subject: Subject,
    /// With what.
    pub eye: Eye,
    /// One instance of it, where several run: a container id.
    pub instance: Opaque,
    /// The node, where the eye sits on one.
    pub node: Opaque,
    /// Since when.
    pub since: Time,
    /// Until when, as far as known.
    pub until: Time,
    /// Whether it saw the start of the instance.
    pub start_seen: bool,
    /// When it did not see, and why.
    pub holes: Vec<Hole>,
}

named! {
    /// What can look.
    pub enum Eye {
        /// The agent: what executes, loads and reads.
        SensorUse = "sensor_use",
        /// The agent: what listens and talks.
        SensorFlows = "sensor_flows",
        /// The agent: signals of attack.
        SensorSignals = "sensor_signals",
        /// A scan that saw every object of a namespace or cluster.
        CompleteScan = "complete_scan",
        /// A stretch of the API server's audit log.
        AuditLog = "audit_log",
        /// A scan that saw every role and binding, beside every object.
        CompleteRights = "complete_rights",
    }
}

impl Eye {
    /// True for the eyes of a node's sensor.
    pub const fn is_of_sensor(self) -> bool {
        match self {
            Self::SensorUse | Self::SensorFlows | Self::SensorSignals => true,
            Self::CompleteScan | Self::AuditLog | Self::CompleteRights => false,
        }
    }
}

/// A stretch of time in which an eye did not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hole {
    /// From.
    pub since: Time,
    /// To.
    pub until: Time,
    /// Why.
    pub because: HoleReason,
}

named! {
    /// Why an eye did not see.
    pub enum HoleReason {
        /// Records were lost in the kernel or on the way.
        Lost = "lost",
        /// Records were held back by a limit.
        Suppressed = "suppressed",
        /// The agent restarted.
        Restart = "restart",
        /// The agent started later than what it watches.
        LateStart = "late_start",
        /// A hook did not attach.
        HookRefused = "hook_refused",
        /// The node said nothing.
        Silent = "silent",
    }
}

/// How long what a sensor saw stays known (design: in use and flows 7 days).
pub const SENSOR_FACT_VALID: Span = Span::days(7);
