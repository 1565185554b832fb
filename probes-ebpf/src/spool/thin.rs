//! What goes first when the spool is over its limit: facts that are worth least, out of a batch that stays. Comes in: a
//! batch. Goes out: the same batch with less in it, with holes where something is missing.

use assay_core::batch::{FactBody, HoleRow, SensorBatch};
use assay_core::ids::Time;
use assay_core::observation::{Eye, HoleReason};

use crate::coverage::Gap;

/// Facts in the order in which they are given up. What is never given up alone: listeners, packages in use, attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// Talk that stays in the pod or in the cluster's private ranges.
    PrivateTalk,
    /// All talk.
    Talk,
    /// Files that were executed.
    Executed,
}

impl Worth {
    /// Least first.
    pub const ALL: &'static [Self] = &[Self::PrivateTalk, Self::Talk, Self::Executed];

    /// From 1.
    pub const fn level(self) -> u8 {
        self as u8 + 1
    }

    const fn eye(self) -> Eye {
        match self {
            Self::PrivateTalk | Self::Talk => Eye::SensorFlows,
            Self::Executed => Eye::SensorUse,
        }
    }

    fn covers(self, fact: &FactBody) -> bool {
        match (self, fact) {
            (Self::PrivateTalk, FactBody::Talks { peer, .. }) => peer == "loopback" || peer == "private",
            (Self::Talk, FactBody::Talks { .. }) | (Self::Executed, FactBody::Executed { .. }) => true,
            _ => false,
        }
    }
}

/// Takes facts out of a batch. Each container's window gets a hole over what was taken; the gaps come back for the
/// windows that are told later.
pub fn thin(batch: &mut SensorBatch, worth: Worth) -> Vec<Gap> {
    let mut spans: Vec<(usize, Time, Time)> = Vec::new();
    batch.facts.retain(|fact| {
        if !worth.covers(&fact.what) {
            return true;
        }
        // A time that cannot be read would leave a hole out: such a fact stays.
        let (Ok(since), Ok(until)) = (fact.since.parse::<Time>(), fact.until.parse::<Time>()) else { return true };
        match spans.iter_mut().find(|(container, ..)| *container == fact.container) {
            Some((_, first, last)) => (*first, *last) = ((*first).min(since), (*last).max(until)),
            None => spans.push((fact.container, since, until)),
        }
        false
    });
    let eye = worth.eye();
    for (container, since, until) in &spans {
        let windows = batch.coverage.iter_mut().filter(|w| w.container == *container && w.eye == eye.as_str());
        for window in windows {
            window.holes.push(HoleRow {
                since: since.to_string(),
                until: until.to_string(),
                because: HoleReason::Suppressed.to_string(),
            });
        }
    }
    let whole = spans.iter().map(|(_, since, until)| (*since, *until)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    whole
        .map(|(since, until)| Gap { eye: Some(eye), since, until, because: HoleReason::Suppressed })
        .into_iter()
        .collect()
}
