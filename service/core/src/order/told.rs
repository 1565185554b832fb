//! What one line of a list speaks for, when many findings ask for one person.

use super::{NOWHERE, Row};
use crate::context::foothold_below;
use crate::finding::FindingClass;
use crate::observation::AttackStage;
use crate::world::{AssetIdx, World};

/// A root cause; or a place under attack, whatever signs it gave: one attack gives many, and asks for one person once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Told {
    /// The fix that closes it.
    Cause(u32),
    /// The place with signals.
    Attacked(u32),
}

impl Told {
    /// The line that a row belongs to. Signs on an identity, a namespace or the cluster are urgent by the foothold in a
    /// workload: they belong to the workload's line.
    pub fn by(row: &Row, world: &World) -> Self {
        if row.class != FindingClass::Signal || row.asset == NOWHERE {
            return Self::Cause(row.cause);
        }
        let own = row.stage == AttackStage::Foothold as u8;
        let below = if own { None } else { foothold_below(world, AssetIdx(row.asset)) };
        Self::Attacked(below.map_or(row.asset, |workload| workload.0))
    }
}
