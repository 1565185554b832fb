//! How long to wait before an API server is asked again. Comes in: how often it failed, what it asked for, and a random
//! number from outside. Goes out: a wait that doubles up to a limit, spread so that many clients do not come at once.

use std::sync::Arc;
use std::time::Duration;

use crate::cluster::limits::WatchLimits;

/// Where random numbers come from, over the whole range.
pub type Jitter = Arc<dyn Fn() -> u32 + Send + Sync>;

/// The next wait.
pub(super) struct Backoff {
    next: Duration,
    min: Duration,
    max: Duration,
    asked_max: Duration,
}

impl Backoff {
    pub(super) fn new(limits: &WatchLimits) -> Self {
        let min = Duration::from_millis(limits.backoff_min_ms);
        let max = Duration::from_millis(limits.backoff_ms_max).max(min);
        Self { next: min, min, max, asked_max: Duration::from_secs(limits.retry_after_seconds_max) }
    }

    /// It went well: the next wait is short again.
    pub(super) fn reset(&mut self) {
        self.next = self.min;
    }

    /// Waits at least as long as the server asked for, up to the limit.
    pub(super) fn wait(&mut self, random: u32, asked: Option<Duration>) -> Duration {
        let full = self.next;
        self.next = (full * 2).min(self.max);
        let spread = full.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX));
        asked.map_or(Duration::ZERO, |asked| asked.min(self.asked_max)) + spread
    }

    /// Waits as long as it ever does: nothing will change by itself soon.
    pub(super) fn longest(&mut self, random: u32) -> Duration {
        self.next = self.max;
        self.wait(random, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_are_spread_and_end_at_the_limit() {
        let limits = WatchLimits {
            backoff_min_ms: 100,
            backoff_ms_max: 1_000,
            retry_after_seconds_max: 60,
            ..WatchLimits::default()
        };
        let mut backoff = Backoff::new(&limits);
        let most: Vec<u128> = (0..6).map(|_| backoff.wait(u32::MAX, None).as_millis()).collect();
        assert_eq!(most, [100, 200, 400, 800, 1_000, 1_000]);
        backoff.reset();
        assert_eq!(backoff.wait(0, None).as_millis(), 50);
        backoff.reset();
        assert_eq!(backoff.wait(0, Some(Duration::from_secs(7))).as_millis(), 7_050);
        assert_eq!(backoff.wait(0, Some(Duration::from_secs(7_000))).as_millis(), 60_100);
        assert_eq!(backoff.longest(u32::MAX).as_millis(), 1_000);
    }
}
