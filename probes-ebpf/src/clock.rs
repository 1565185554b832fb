//! The kernel counts from boot, facts carry calendar time. Comes in: both clocks, read together. Goes out: instants.
//! A step of the calendar clock moves later conversions, never the ones that were made.

use assay_core::ids::Time;
use rustix::time::{ClockId, clock_gettime};

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    boot_ns: u64,
    wall: Time,
}

impl Clock {
    /// Reads both clocks.
    pub fn read() -> Self {
        let boot = clock_gettime(ClockId::Boottime);
        let wall = clock_gettime(ClockId::Realtime);
        Self::at(
            u64::try_from(boot.tv_sec * 1_000_000_000 + boot.tv_nsec).unwrap_or(0),
            Time::from_millis(wall.tv_sec * 1000 + wall.tv_nsec / 1_000_000),
        )
    }

    /// Both clocks as given.
    pub const fn at(boot_ns: u64, wall: Time) -> Self {
        Self { boot_ns, wall }
    }

    /// The calendar time of this reading.
    pub const fn wall(self) -> Time {
        self.wall
    }

    /// Nanoseconds since boot at this reading.
    pub const fn boot_ns(self) -> u64 {
        self.boot_ns
    }

    /// The calendar time of a moment that the kernel names.
    pub fn instant(self, boot_ns: u64) -> Time {
        let ago = i128::from(self.boot_ns) - i128::from(boot_ns);
        let millis = i64::try_from(ago / 1_000_000).unwrap_or(0);
        Time::from_millis(self.wall.millis().saturating_sub(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_of_the_kernel_becomes_a_calendar_time() {
        let clock = Clock::at(10_000_000_000, Time::from_secs(1_000));
        assert_eq!(clock.instant(9_000_000_000), Time::from_secs(999));
        assert_eq!(clock.instant(10_000_000_000), Time::from_secs(1_000));
        assert_eq!(clock.instant(10_500_000_000), Time::from_millis(1_000_500), "a record newer than the reading");
    }
}
