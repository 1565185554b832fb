//! What goes into the records and what comes out: the values of the port, whatever keeps them.

use serde::{Deserialize, Serialize};

use crate::asset::AssetKey;
use crate::finding::Decision;
use crate::ids::{Digest, Time};
use crate::intel::FeedState;
use crate::posture::Shift;
use crate::text::Opaque;

/// What is known of a report before it is read.
#[derive(Clone, Debug)]
pub struct ReportMeta {
    /// Who sent it: a token's name, or `cli`.
    pub sender: Opaque,
    /// The format's name.
    pub format: &'static str,
    /// Repeats of this key change nothing.
    pub idem_key: Digest,
    /// The digest of the bytes.
    pub sha256: Digest,
    /// When we received it.
    pub received_at: Time,
}

/// How many findings a report changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Seen for the first time.
    pub new: u64,
    /// Claimed with other details, or by one more source.
    pub updated: u64,
    /// Claimed as before.
    pub unchanged: u64,
    /// Gone.
    pub resolved: u64,
    /// Back again.
    pub reopened: u64,
}

/// What came of a report. Stored with it, so that a client that lost the answer can read it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The report's row.
    pub report: i64,
    /// The report whose key this one repeats.
    pub repeats: Option<i64>,
    /// The scopes it speaks for.
    pub scopes: Vec<String>,
    /// Whether it looked at all of them.
    pub complete: bool,
    /// Source records read.
    pub observations: u64,
    /// Findings changed.
    pub findings: Counts,
    /// What could not be read.
    pub skipped: Vec<(String, String)>,
    /// Findings that a source lacks but did not close, because its report looks broken.
    pub doubted: u64,
    /// Said to the person who ingests.
    pub hint: Option<String>,
}

/// What came of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The feeds that were in it.
    pub feeds: Vec<FeedState>,
    /// Notes taken.
    pub notes: u64,
    /// True when the same bytes had been imported before.
    pub repeated: bool,
}

/// One finding's move to another band or row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The finding's row.
    pub finding: i64,
    /// The band before; none at the first assessment.
    pub from: Option<u8>,
    /// The band now.
    pub to: u8,
    /// The row of the policy's table.
    pub row: u16,
    /// Points now.
    pub points: u16,
    /// What it rests on.
    pub inputs: [u8; 16],
    /// When the deadline's clock starts now.
    pub clock_start: Time,
    /// Which input changed, in words of ours.
    pub why: String,
}

/// One finding's change, for those who follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The place in the sequence.
    pub seq: i64,
    /// When.
    pub at: Time,
    /// `new`, `reopened`, `resolved`, `stale`, `refreshed`, `worse`, `better`, `decided`, `intel` ..
    pub kind: String,
    /// The finding's row, where it is about one.
    pub finding: Option<i64>,
    /// The one cause, in words of ours.
    pub body: String,
}

/// A finding whose band moved, from and to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovedBand {
    /// The finding's row.
    pub finding: i64,
    /// The band before.
    pub from: u8,
    /// The band now.
    pub to: u8,
}

/// What shifted on an asset, and the findings that moved at the same look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shifted {
    /// When it was seen: the cluster may have changed any time since the look before.
    pub at: Time,
    /// On what.
    pub asset: AssetKey,
    /// What it was and what it is.
    pub shift: Shift,
    /// Findings whose band moved with it; the first of many.
    pub moved: Vec<MovedBand>,
    /// How many moved.
    pub moved_count: u64,
}

/// A decision that was not taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct StandingDecision {
    /// Its row.
    pub id: i64,
    /// The finding's row.
    pub finding: i64,
    /// `person`, or `vex:` and a document's id.
    pub source: String,
    /// What was concluded.
    pub decision: Decision,
    /// The factor values that it leans on, as JSON.
    pub relies_on: String,
}

/// Why a decision that a person took back binds no more.
pub const WITHDRAWN: &str = "withdrawn";

/// A decision of the past about something like a finding: offered to people, never applied by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct PastDecision {
    /// The row of the finding that it is about.
    pub finding: i64,
    /// What was concluded.
    pub decision: Decision,
    /// Why it holds no longer, where it ended before its day or on it.
    pub ended: Option<PastEnd>,
}

/// Why a past decision holds no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastEnd {
    /// A newer decision about the same finding stands in its place.
    Replaced,
    /// A person took it back.
    Withdrawn,
    /// It ran out, or what it leaned on fell away.
    Lapsed,
}

/// What checking the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Links checked.
    pub links: u64,
    /// The first link that does not hold, where there is one.
    pub broken_at: Option<i64>,
}
