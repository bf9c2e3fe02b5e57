//! What is held while a call runs, and while a circuit is kept open.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    super::{Class, Counts},
    CircuitBreaker,
    core::Core,
    word::Pass,
};
use crate::process::door::now;

/// A call that runs. Dropped, it was cancelled, or it panicked.
pub(super) struct Call<'a> {
    breaker: &'a CircuitBreaker,
    pass: Pass,
    started: Option<Instant>,
    is_over: bool,
}

impl<'a> Call<'a> {
    #[inline]
    pub(super) fn new(breaker: &'a CircuitBreaker, pass: Pass, started: Option<Instant>) -> Self {
        Call { breaker, pass, started, is_over: false }
    }

    /// Where it is: to move it would take a third of the time that a closed breaker costs.
    #[inline]
    pub(super) fn end(&mut self, class: Class) {
        let hint = match class {
            Class::Throttled { retry_after } => Some(retry_after),
            _ => None,
        };
        self.is_over = true;
        self.count(class.counts(), hint);
    }

    fn count(&self, counts: Counts, hint: Option<Duration>) {
        let elapsed = self.started.map(|started| now().saturating_duration_since(started));
        self.breaker.finish(self.pass, counts, elapsed, hint);
    }
}

impl Drop for Call<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_over {
            self.break_off();
        }
    }
}

impl Call<'_> {
    #[cold]
    fn break_off(&self) {
        let class = if std::thread::panicking() { Class::Panicked } else { Class::Cancelled };
        self.count(class.counts(), None);
    }
}

/// Keeps a circuit open; see [`CircuitBreaker::isolate`].
#[must_use = "the circuit closes when this is dropped"]
pub struct Isolation {
    pub(super) core: Arc<Core>,
    pub(super) epoch: u64,
}

impl Drop for Isolation {
    fn drop(&mut self) {
        self.core.gate.rejoin(self.epoch);
        self.core.announce();
    }
}

impl fmt::Debug for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolation").field("breaker", &self.core.identity.name).finish_non_exhaustive()
    }
}
