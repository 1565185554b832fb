//! One at a time: the model uses every core, so two questions at once would only both be late. Others wait a bounded
//! time in a bounded number, and are then told that the model is busy.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Default)]
pub(super) struct Permit {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    taken: bool,
    waiting: usize,
}

/// Held while the model is used; gives the permit back when it is dropped.
pub(super) struct Held<'a>(&'a Permit);

impl Permit {
    /// Waits at most `patience`, and not at all when `waiting_max` others wait. `None` says busy.
    pub(super) fn take(&self, waiting_max: usize, patience: Duration) -> Option<Held<'_>> {
        let mut state = self.state();
        if state.taken {
            if state.waiting >= waiting_max {
                return None;
            }
            state.waiting += 1;
            let waited = self.freed.wait_timeout_while(state, patience, |state| state.taken);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
            if state.taken {
                return None;
            }
        }
        state.taken = true;
        Some(Held(self))
    }

    // The state is two plain numbers that are whole at every moment, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.state().taken = false;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_one_waits_and_the_next_is_sent_away() {
        let permit = Permit::default();
        let held = permit.take(1, Duration::ZERO).unwrap();
        assert!(permit.take(0, Duration::from_secs(60)).is_none(), "nobody may wait");
        assert!(permit.take(1, Duration::from_millis(5)).is_none(), "patience ends");
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| permit.take(1, Duration::from_secs(60)).is_some());
            while permit.state().waiting == 0 {
                std::thread::yield_now();
            }
            assert!(permit.take(1, Duration::from_secs(60)).is_none(), "one waits already");
            drop(held);
            assert!(waiter.join().unwrap());
        });
        assert!(permit.take(0, Duration::ZERO).is_some(), "given back");
    }
}
