//! How much a stage did and how long it took, kept over the stage's crashes.
//!
//! noex counts messages and restarts by itself, but it reads no clock for each message.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The counts of one stage. Clones count together: one goes into the stage, one into the summary.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    handled: AtomicU64,
    busy_ns: AtomicU64,
}

impl Meter {
    /// One message is being handled, until the result is dropped: by the end of the handler, or by
    /// the panic that unwinds it.
    pub(crate) fn handling(&self) -> Busy {
        self.0.handled.fetch_add(1, Relaxed);
        self.working()
    }

    /// Work that is no message of its own.
    pub(crate) fn working(&self) -> Busy {
        Busy { counts: self.0.clone(), since: Instant::now() }
    }

    pub(crate) fn handled(&self) -> u64 {
        self.0.handled.load(Relaxed)
    }

    pub(crate) fn busy(&self) -> Duration {
        Duration::from_nanos(self.0.busy_ns.load(Relaxed))
    }
}

/// Measures until dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Busy {
    counts: Arc<Counts>,
    since: Instant,
}

impl Drop for Busy {
    fn drop(&mut self) {
        let ns = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.counts.busy_ns.fetch_add(ns, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_counted_as_work_too() {
        let meter = Meter::default();
        let counted = meter.clone();
        let panicked = std::thread::spawn(move || -> () {
            let _busy = counted.handling();
            std::panic::resume_unwind(Box::new("a panic without its message on the terminal"));
        });
        assert!(panicked.join().is_err());
        assert_eq!(meter.handled(), 1);
        assert!(meter.busy() > Duration::ZERO);
    }
}
