//! What one line of today speaks for.

use assay_core::finding::FindingClass;
use assay_core::order::{NOWHERE, Row};

/// A root cause; or a place under attack, whatever signs it gave: one attack gives many, and asks for one person once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Told {
    /// The fix that closes it.
    Cause(u32),
    /// The workload with signals.
    Attacked(u32),
}

impl Told {
    /// The line that a row belongs to.
    pub(crate) fn by(row: &Row) -> Self {
        if row.class == FindingClass::Signal && row.asset != NOWHERE {
            Self::Attacked(row.asset)
        } else {
            Self::Cause(row.cause)
        }
    }
}
