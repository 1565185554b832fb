//! A circuit breaker: who failed several times in a row is left alone for a while, then tried once. Comes in: how each
//! try ended, and how much time has passed. Goes out: whether the next try is made. It reads no clock and waits for
//! nothing.

use std::time::Duration;

/// Whether somebody is asked, by how the last tries ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    limits: BreakerLimits,
    state: State,
}

/// When to stop asking, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerLimits {
    /// Tries that fail one after the other until no more are made. At least one.
    pub failures_max: u32,
    /// How long none are made.
    pub pause: Duration,
}

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Every try is made.
    Closed {
        /// How many of the last ones failed in a row.
        failures: u32,
    },
    /// No try is made.
    Open {
        /// The moment from which one may be.
        until: Duration,
    },
    /// One try is on its way; how it ends decides. None is made beside it.
    HalfOpen {
        /// The moment from which it counts as lost, and another may be made.
        lost_at: Duration,
    },
}

impl Default for BreakerLimits {
    fn default() -> Self {
        Self { failures_max: 3, pause: Duration::from_secs(30) }
    }
}

impl Breaker {
    /// A breaker that lets everything through.
    pub fn new(limits: BreakerLimits) -> Self {
        Self { limits, state: State::Closed { failures: 0 } }
    }

    /// How it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether a try may be made at this moment, counted from any fixed start. Who hears yes says later how it ended.
    pub fn lets_through(&mut self, now: Duration) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { until: moment } | State::HalfOpen { lost_at: moment } if now >= moment => {
                self.state = State::HalfOpen { lost_at: now.saturating_add(self.limits.pause) };
                true
            }
            State::Open { .. } | State::HalfOpen { .. } => false,
        }
    }

    /// A try went well.
    pub fn went_well(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// A try failed.
    pub fn failed(&mut self, now: Duration) {
        let failures = match self.state {
            State::Closed { failures } => failures.saturating_add(1),
            State::HalfOpen { .. } => self.limits.failures_max,
            // A try from before it opened: the pause is not made longer by it.
            State::Open { .. } => return,
        };
        self.state = match failures >= self.limits.failures_max {
            true => State::Open { until: now.saturating_add(self.limits.pause) },
            false => State::Closed { failures },
        };
    }

    /// A try ended without telling anything about who was asked, such as one that was never sent.
    pub fn said_nothing(&mut self, now: Duration) {
        if let State::HalfOpen { .. } = self.state {
            self.state = State::Open { until: now };
        }
    }
}

impl State {
    /// As a number for a gauge: 0 closed, 1 half open, 2 open.
    pub fn number(self) -> u8 {
        match self {
            Self::Closed { .. } => 0,
            Self::HalfOpen { .. } => 1,
            Self::Open { .. } => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: u64 = 30;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::new(BreakerLimits { failures_max: 3, pause: at(PAUSE) });
        for second in 0..3 {
            assert!(breaker.lets_through(at(second)));
            breaker.failed(at(second));
        }
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_not_after_failures_apart() {
        let mut breaker = Breaker::new(BreakerLimits { failures_max: 3, pause: at(PAUSE) });
        for second in 0..20 {
            assert!(breaker.lets_through(at(second)));
            match second % 3 {
                2 => breaker.went_well(),
                _ => breaker.failed(at(second)),
            }
        }
        assert_eq!(breaker.state().number(), 0);
        assert_eq!(opened().state(), State::Open { until: at(2 + PAUSE) });
    }

    #[test]
    fn after_the_pause_one_is_let_through_and_nobody_beside_it() {
        let mut breaker = opened();
        assert!(!breaker.lets_through(at(1 + PAUSE)));
        assert!(breaker.lets_through(at(2 + PAUSE)));
        assert_eq!(breaker.state().number(), 1);
        assert!(!breaker.lets_through(at(3 + PAUSE)));
    }

    #[test]
    fn how_the_one_ends_decides() {
        let mut breaker = opened();
        assert!(breaker.lets_through(at(40)));
        breaker.failed(at(41));
        assert_eq!(breaker.state(), State::Open { until: at(41 + PAUSE) });
        assert!(breaker.lets_through(at(80)));
        breaker.went_well();
        assert_eq!(breaker.state(), State::Closed { failures: 0 });
    }

    #[test]
    fn one_whose_end_nobody_tells_does_not_close_the_way_for_ever() {
        let mut breaker = opened();
        assert!(breaker.lets_through(at(40)));
        assert!(!breaker.lets_through(at(39 + PAUSE)));
        assert!(breaker.lets_through(at(40 + PAUSE)), "lost, so another one is tried");
        let mut breaker = opened();
        assert!(breaker.lets_through(at(40)));
        breaker.said_nothing(at(41));
        assert!(breaker.lets_through(at(41)), "it was never asked");
    }

    #[test]
    fn a_late_failure_from_before_does_not_make_the_pause_longer() {
        let mut breaker = opened();
        breaker.failed(at(20));
        assert_eq!(breaker.state(), State::Open { until: at(2 + PAUSE) });
        breaker.said_nothing(at(20));
        assert!(!breaker.lets_through(at(20)));
    }
}
