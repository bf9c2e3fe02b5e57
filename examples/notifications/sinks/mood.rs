//! When a sink fails, and what it has taken.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How a sink is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mood {
    /// How often it fails, out of a hundred times.
    pub(crate) fails: u8,
    /// After so many requests ..
    pub(crate) outage_each: u64,
    /// .. it fails so many times, whatever comes: enough for a circuit breaker.
    pub(crate) outage: u64,
}

/// A sink's memory.
#[derive(Debug, Clone)]
pub(crate) struct Sink(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    mood: Mood,
    /// Of a fixed seed: the show is much the same each time.
    dice: fastrand::Rng,
    requests: u64,
    failed: u64,
    taken: HashSet<String>,
    again: u64,
}

impl Sink {
    pub(crate) fn new(mood: Mood) -> Sink {
        let dice = fastrand::Rng::with_seed(6);
        let state = State { mood, dice, requests: 0, failed: 0, taken: HashSet::new(), again: 0 };
        Sink(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it fails this time.
    pub(crate) fn fails(&self) -> bool {
        let mut state = self.state();
        let Mood { fails, outage_each, outage } = state.mood;
        let since_outage = state.requests % (outage_each + outage);
        state.requests += 1;
        let fails = since_outage >= outage_each || state.dice.u8(..100) < fails;
        state.failed += u64::from(fails);
        fails
    }

    /// How long this request takes.
    pub(crate) fn pause(&self) -> Duration {
        Duration::from_millis(self.state().dice.u64(2..10))
    }

    /// Takes what has this id; a second one is as good as the first, and counted apart.
    pub(crate) fn take(&self, id: &str) {
        let mut state = self.state();
        if !state.taken.insert(id.to_owned()) {
            state.again += 1;
        }
    }

    /// What it took, in words.
    pub(crate) fn report(&self) -> String {
        let State { requests, failed, taken, again, .. } = &*self.state();
        format!("{} taken, {again} of them again, {failed} of {requests} requests failed", taken.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_comes_after_so_many_requests_and_passes() {
        let sink = Sink::new(Mood { fails: 0, outage_each: 3, outage: 2 });
        let failed: Vec<bool> = (0..8).map(|_| sink.fails()).collect();
        assert_eq!(failed, [false, false, false, true, true, false, false, false]);
    }
}
