//! What the agent can say it watched, and where it did not. Comes in: losses, restarts, refused hooks. Goes out: one
//! window a container and eye, with its holes. A hole may be too wide, never too narrow: where it is not known whose
//! record was lost, the hole is everyone's.

use assay_core::ids::{Span, Time};
use assay_core::observation::{Eye, HoleReason};

/// The most holes that one window carries; the nearest two become one when there are more.
pub const HOLES_MAX: usize = 32;
/// Holes nearer than this become one.
pub const NEAR: Span = Span::secs(15);

/// The eyes that this agent has.
pub const EYES: [Eye; 3] = [Eye::SensorUse, Eye::SensorFlows, Eye::SensorSignals];

/// A stretch that an eye did not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Which eye; all when none is named.
    pub eye: Option<Eye>,
    /// From.
    pub since: Time,
    /// To.
    pub until: Time,
    /// Why.
    pub because: HoleReason,
}

/// Gaps in the order in which they came, merged and bounded.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    rows: Vec<Gap>,
}

impl Gaps {
    /// Opens a gap, or widens one that is near and of the same kind.
    pub fn open(&mut self, gap: Gap) {
        let near = |g: &Gap| g.since <= gap.until + NEAR && gap.since <= g.until + NEAR;
        let same = |g: &&mut Gap| g.eye == gap.eye && g.because == gap.because && near(g);
        if let Some(row) = self.rows.iter_mut().find(same) {
            row.since = row.since.min(gap.since);
            row.until = row.until.max(gap.until);
            return;
        }
        self.rows.push(gap);
        if self.rows.len() > HOLES_MAX {
            self.join_nearest();
        }
    }

    /// The gaps of one eye that touch a window, cut to it.
    pub fn within(&self, eye: Eye, since: Time, until: Time) -> impl Iterator<Item = Gap> {
        self.rows.iter().filter(move |g| g.eye.is_none_or(|e| e == eye)).filter_map(move |g| {
            let cut = Gap { since: g.since.max(since), until: g.until.min(until), ..*g };
            (cut.since <= cut.until).then_some(cut)
        })
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One more than fits: the two whose union adds least become one that covers both.
    fn join_nearest(&mut self) {
        let mut best: Option<(i64, usize, usize)> = None;
        for (i, a) in self.rows.iter().enumerate() {
            for (j, b) in self.rows.iter().enumerate().skip(i + 1) {
                let added = (a.until.max(b.until).millis() - a.since.min(b.since).millis())
                    - (a.until.millis() - a.since.millis())
                    - (b.until.millis() - b.since.millis());
                if best.is_none_or(|(least, ..)| added < least) {
                    best = Some((added, i, j));
                }
            }
        }
        let Some((_, i, j)) = best else { return };
        let b = self.rows.remove(j);
        let Some(a) = self.rows.get_mut(i) else { return };
        a.since = a.since.min(b.since);
        a.until = a.until.max(b.until);
        // What joins two eyes or two reasons must stand for both: nobody's eye is spared, the reason of the wider stays.
        if a.eye != b.eye {
            a.eye = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(eye: Option<Eye>, since: i64, until: i64) -> Gap {
        Gap { eye, since: Time::from_secs(since), until: Time::from_secs(until), because: HoleReason::Lost }
    }

    fn spans(gaps: &Gaps, eye: Eye, since: i64, until: i64) -> Vec<(i64, i64)> {
        let cut = gaps.within(eye, Time::from_secs(since), Time::from_secs(until));
        cut.map(|g| (g.since.millis() / 1000, g.until.millis() / 1000)).collect()
    }

    #[test]
    fn a_loss_opens_a_hole_in_every_window_that_it_touches_and_in_no_other() {
        let mut gaps = Gaps::default();
        gaps.open(gap(None, 100, 110));
        gaps.open(gap(Some(Eye::SensorFlows), 500, 510));
        assert_eq!(spans(&gaps, Eye::SensorUse, 0, 1000), [(100, 110)]);
        assert_eq!(spans(&gaps, Eye::SensorFlows, 0, 1000), [(100, 110), (500, 510)]);
        assert_eq!(spans(&gaps, Eye::SensorFlows, 105, 505), [(105, 110), (500, 505)]);
        assert!(spans(&gaps, Eye::SensorUse, 111, 1000).is_empty());
    }

    #[test]
    fn losses_that_follow_each_other_are_one_hole() {
        let mut gaps = Gaps::default();
        for at in 0..20 {
            gaps.open(gap(None, at * 10, at * 10 + 10));
        }
        assert_eq!(spans(&gaps, Eye::SensorUse, 0, 1000), [(0, 200)]);
    }

    #[test]
    fn many_holes_are_joined_and_never_forgotten() {
        let mut gaps = Gaps::default();
        let all: Vec<_> = (0..200).map(|i| (i * 1000, i * 1000 + 5)).collect();
        for (since, until) in &all {
            gaps.open(gap(Some(if since % 2000 == 0 { Eye::SensorUse } else { Eye::SensorFlows }), *since, *until));
        }
        assert!(gaps.rows.len() <= HOLES_MAX);
        for (since, until) in all {
            let eye = if since % 2000 == 0 { Eye::SensorUse } else { Eye::SensorFlows };
            let covered = spans(&gaps, eye, 0, 1_000_000).iter().any(|(s, u)| *s <= since && until <= *u);
            assert!(covered, "{since}..{until} is no longer a hole");
        }
    }
}
