//! Answers that were given, the newest ones, and each made once: who asks what is being answered waits for that answer.
//! Nothing is asked twice at a time, and memory is bounded.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assay_core::ids::Digest;

pub(super) struct Kept<V> {
    max: usize,
    inner: Mutex<Inner<V>>,
}

struct Inner<V> {
    answers: HashMap<Digest, (u64, Slot<V>)>,
    /// By age, the oldest first.
    ages: BTreeMap<u64, Digest>,
    next: u64,
}

/// Locked while its answer is being made.
type Slot<V> = Arc<Mutex<Option<V>>>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Who panicked while making an answer left none: the next one makes it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<V: Clone> Kept<V> {
    pub(super) fn new(max: usize) -> Self {
        Self { max, inner: Mutex::new(Inner { answers: HashMap::new(), ages: BTreeMap::new(), next: 0 }) }
    }

    /// The answer of this key, and whether it was made now. `make` also says whether it is kept; one that is not is
    /// still the answer of those who waited for it.
    pub(super) fn once(&self, key: Digest, make: impl FnOnce() -> (V, bool)) -> (V, bool) {
        let slot = self.slot(key);
        let mut answer = locked(&slot);
        if let Some(answer) = answer.as_ref() {
            return (answer.clone(), false);
        }
        let (made, keep) = make();
        *answer = Some(made.clone());
        if !keep {
            self.forget(key, &slot);
        }
        (made, true)
    }

    /// Forgets every answer.
    pub(super) fn clear(&self) {
        let mut inner = locked(&self.inner);
        inner.answers.clear();
        inner.ages.clear();
    }

    fn slot(&self, key: Digest) -> Slot<V> {
        let mut inner = locked(&self.inner);
        if let Some((_, slot)) = inner.answers.get(&key) {
            return slot.clone();
        }
        while inner.answers.len() >= self.max {
            let Some((_, oldest)) = inner.ages.pop_first() else { break };
            inner.answers.remove(&oldest);
        }
        let (age, slot) = (inner.next, Slot::default());
        inner.next += 1;
        inner.ages.insert(age, key);
        inner.answers.insert(key, (age, slot.clone()));
        slot
    }

    fn forget(&self, key: Digest, slot: &Slot<V>) {
        let mut inner = locked(&self.inner);
        // It may have been pushed out, and asked for anew, meanwhile.
        if let Some((age, _)) = inner.answers.get(&key).filter(|(_, other)| Arc::ptr_eq(other, slot)) {
            let age = *age;
            inner.ages.remove(&age);
            inner.answers.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn key(n: u64) -> Digest {
        Digest::of_bytes(&n.to_le_bytes())
    }

    #[test]
    fn what_is_kept_is_made_once_and_what_is_not_is_made_again() {
        let kept = Kept::new(10);
        assert_eq!(kept.once(key(1), || ("a", true)), ("a", true));
        assert_eq!(kept.once(key(1), || ("b", true)), ("a", false));
        assert_eq!(kept.once(key(2), || ("c", false)), ("c", true));
        assert_eq!(kept.once(key(2), || ("d", true)), ("d", true));
    }

    #[test]
    fn the_oldest_gives_way_and_memory_is_bounded() {
        let kept = Kept::new(3);
        for n in 0..100 {
            kept.once(key(n), || (n, n % 5 != 0));
            let inner = locked(&kept.inner);
            assert!(inner.answers.len() <= 3 && inner.ages.len() == inner.answers.len());
        }
        assert_eq!(kept.once(key(99), || (0, true)), (99, false));
        assert_eq!(kept.once(key(1), || (0, true)), (0, true));
    }

    #[test]
    fn who_asks_what_is_being_answered_waits_for_that_answer() {
        let (kept, made) = (Kept::new(10), AtomicUsize::new(0));
        for (round, keep) in [true, false].into_iter().enumerate() {
            let gate = std::sync::Barrier::new(8);
            let answers: Vec<usize> = std::thread::scope(|scope| {
                let ask = || {
                    gate.wait();
                    let make = || {
                        std::thread::sleep(std::time::Duration::from_millis(50));
                        (made.fetch_add(1, Ordering::SeqCst), keep)
                    };
                    kept.once(key(round as u64), make).0
                };
                let all: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            });
            if keep {
                assert!(answers.iter().all(|answer| *answer == 0), "{answers:?}");
            }
        }
    }
}
