//! Records and passages on SQLite. Comes in: observations and decisions of the core. Goes out: the world, and findings
//! with their history. One transaction a report; nothing is visible before its commit.

mod asked;
mod audit;
mod decide;
mod digests;
mod error;
mod evidence;
mod explanations;
mod findings;
mod funnel;
mod history;
mod ingest;
mod intel;
mod intern;
mod listing;
mod migrate;
mod open;
mod passages;
mod posture;
mod readings;
mod records;
mod refresh;
mod shown;
mod tickets;
mod tokens;
mod twin;
mod world;

pub use asked::{Column, Concluded, Picked};
pub use assay_core::records::{
    Chain, Changed, Counts, Imported, Move, MovedBand, PastDecision, Receipt, ReportMeta, Shifted, StandingDecision,
};
pub use error::StoreError;
pub use explanations::PlanRecord;
pub use funnel::{Funnel, FunnelHour, FunnelStep};
pub use history::SourceState;
pub use listing::DETAILS_MAX;
pub use open::Store;
pub use passages::VectorIndex;
pub use posture::PostureKept;
pub use readings::{ReadJob, ReadText};
pub use shown::{SHOWN_MAX, ShownRecord};
pub use tokens::{Grant, Role, TokenRow};
