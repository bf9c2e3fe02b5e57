//! The last results of a closed breaker: of so many calls, or of so much time.
//!
//! Both keep running totals, so that a result costs the same however long the window is.

use super::{super::ticks::nanos, CircuitWindow};

/// How many of them there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) calls: u64,
    pub(super) failed: u64,
    pub(super) slow: u64,
}

/// One result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Result {
    pub(super) failed: bool,
    pub(super) slow: bool,
}

#[derive(Debug)]
pub(super) enum Window {
    Calls(Ring),
    Time(Box<Buckets>),
}

impl Window {
    pub(super) fn new(of: CircuitWindow) -> Self {
        match of {
            CircuitWindow::Calls(calls) => Window::Calls(Ring::new(calls)),
            CircuitWindow::Time(time) => Window::Time(Box::new(Buckets::new(nanos(time)))),
        }
    }

    /// Takes a result in, and has the totals with it.
    pub(super) fn record(&mut self, result: Result, now: impl FnOnce() -> u64) -> Totals {
        match self {
            Window::Calls(ring) => ring.record(result),
            Window::Time(buckets) => buckets.record(result, now()),
        }
    }

    pub(super) fn totals(&self) -> Totals {
        match self {
            Window::Calls(ring) => ring.totals,
            Window::Time(buckets) => buckets.totals,
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Window::Calls(ring) => ring.clear(),
            Window::Time(buckets) => buckets.clear(),
        }
    }
}

/// Results in the order they came, two bits each.
#[derive(Debug)]
pub(super) struct Ring {
    bits: Box<[u64]>,
    calls: u32,
    next: u32,
    totals: Totals,
}

const FAILED: u64 = 1;
const SLOW: u64 = 2;

impl Ring {
    fn new(calls: u32) -> Self {
        let words = calls.div_ceil(32) as usize;
        Ring { bits: vec![0; words].into(), calls, next: 0, totals: Totals::default() }
    }

    fn record(&mut self, result: Result) -> Totals {
        let (word, shift) = (self.next as usize / 32, self.next % 32 * 2);
        let old = self.bits[word] >> shift & 3;
        let new = (u64::from(result.failed) * FAILED) | (u64::from(result.slow) * SLOW);
        // What was never written is 0 and counts as nothing.
        self.bits[word] ^= (old ^ new) << shift;
        self.next = if self.next + 1 == self.calls { 0 } else { self.next + 1 };
        let totals = &mut self.totals;
        totals.calls = (totals.calls + 1).min(self.calls.into());
        totals.failed = totals.failed + (new & FAILED) - (old & FAILED);
        totals.slow = totals.slow + (new >> 1) - (old >> 1);
        *totals
    }

    fn clear(&mut self) {
        self.bits.fill(0);
        (self.next, self.totals) = (0, Totals::default());
    }
}

/// How many buckets a span of time has: results leave it a twentieth of it late, at most.
const BUCKETS: u64 = 20;

/// Results of a span of time, in buckets.
#[derive(Debug)]
pub(super) struct Buckets {
    buckets: [Totals; BUCKETS as usize],
    width: u64,
    /// The bucket of the last result, counted from the beginning of time.
    last: u64,
    totals: Totals,
}

impl Buckets {
    fn new(span: u64) -> Self {
        let width = span.div_ceil(BUCKETS).max(1);
        Buckets { buckets: Default::default(), width, last: 0, totals: Totals::default() }
    }

    /// Empties what has run out; however long nothing came, at most one pass over the buckets.
    fn advance(&mut self, now: u64) {
        let tick = now / self.width;
        let steps = tick.saturating_sub(self.last).min(BUCKETS);
        for step in 1..=steps {
            let bucket = &mut self.buckets[((tick - steps + step) % BUCKETS) as usize];
            let gone = std::mem::take(bucket);
            self.totals.calls -= gone.calls;
            self.totals.failed -= gone.failed;
            self.totals.slow -= gone.slow;
        }
        self.last = self.last.max(tick);
    }

    fn record(&mut self, result: Result, now: u64) -> Totals {
        self.advance(now);
        let bucket = &mut self.buckets[(self.last % BUCKETS) as usize];
        for totals in [bucket, &mut self.totals] {
            totals.calls += 1;
            totals.failed += u64::from(result.failed);
            totals.slow += u64::from(result.slow);
        }
        self.totals
    }

    fn clear(&mut self) {
        self.buckets = Default::default();
        self.totals = Totals::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: Result = Result { failed: true, slow: false };
    const S: Result = Result { failed: false, slow: false };

    #[test]
    fn a_ring_forgets_the_oldest() {
        let mut ring = Ring::new(40);
        for _ in 0..40 {
            ring.record(F);
        }
        let slow = Result { failed: false, slow: true };
        assert_eq!(ring.record(slow), Totals { calls: 40, failed: 39, slow: 1 });
        for _ in 0..40 {
            ring.record(S);
        }
        assert_eq!(ring.totals, Totals { calls: 40, failed: 0, slow: 0 });
    }

    #[test]
    fn buckets_hold_their_span_and_no_more() {
        let mut buckets = Buckets::new(20);
        buckets.record(F, 0);
        assert_eq!(buckets.record(S, 19), Totals { calls: 2, failed: 1, slow: 0 }, "still within");
        assert_eq!(buckets.record(S, 20), Totals { calls: 2, failed: 0, slow: 0 }, "the first has run out");
        assert_eq!(buckets.record(F, 1_000_000), Totals { calls: 1, failed: 1, slow: 0 });
        // A clock of another runtime may be behind.
        assert_eq!(buckets.record(F, 3), Totals { calls: 2, failed: 2, slow: 0 });
    }
}
