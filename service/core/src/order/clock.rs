//! Since when a deadline runs.

use crate::ids::{Span, Time};
use crate::policy::Policy;

/// When the clock of a deadline starts, when the band of a finding moves.
///
/// A worse band takes the earlier of the two due dates; a better one starts at the move; the first assessment of an
/// episode starts with the episode.
pub fn clock_after_move(policy: &Policy, before: Option<(u8, Time)>, to: u8, episode_start: Time, at: Time) -> Time {
    let Some((from, clock)) = before else { return episode_start };
    let days = |band: u8| policy.band(band).days.map(|d| Span::days(i64::from(d)));
    match (days(from), days(to)) {
        _ if from == to => clock,
        (Some(old), Some(new)) if to < from => at.min(clock + old - new),
        _ => at,
    }
}

/// An instant in whole seconds, as rows keep it.
pub(super) fn clock_seconds(time: Time) -> u32 {
    (time.millis() / 1000).clamp(0, i64::from(u32::MAX)) as u32
}
