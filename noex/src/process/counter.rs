//! The processor's own counter as a clock.
//!
//! Asking the operating system for the time costs more than everything else that a rate limit does. The counter costs
//! less than half of that, but nobody can pause it: where tokio has a clock that tests can pause, there is no counter.
//!
//! | | read by |
//! |---|---|
//! | a point in time that something is woken at | [`door::now`](super::door::now): tokio's |
//! | how much time there was since the last time | this, through [`Ticks`](crate::resilience) |

use std::sync::OnceLock;

use quanta::Clock;
use tokio::runtime::Builder;

/// Counts since the process first asked.
#[derive(Debug)]
pub(crate) struct Counter {
    clock: Clock,
    start: u64,
    /// Nanoseconds in 2^[`SHIFT`] counts.
    scale: u64,
}

const SHIFT: u32 = 62;

static COUNTER: OnceLock<Counter> = OnceLock::new();

impl Counter {
    /// The process's counter, unless time can be paused. The first one who asks waits while it is compared with the
    /// operating system's clock: for less than a millisecond as a rule, never for more than 200.
    pub(crate) fn of_process() -> Option<&'static Counter> {
        (!CAN_BE_PAUSED).then(|| COUNTER.get_or_init(Counter::new))
    }

    fn new() -> Self {
        let clock = Clock::new();
        Counter { start: clock.raw(), scale: clock.delta_as_nanos(0, 1 << SHIFT), clock }
    }

    /// Nanoseconds since it was made. Cores may differ by a few, and so may two readings.
    #[inline]
    pub(crate) fn nanos(&self) -> u64 {
        let counts = self.clock.raw().saturating_sub(self.start);
        ((u128::from(counts) * u128::from(self.scale)) >> SHIFT) as u64
    }
}

/// Whether this very tokio has its feature `test-util`. A `Builder` that has it has a method which hides the one below.
const CAN_BE_PAUSED: bool = can_be_paused(probe);

fn probe(builder: &mut Builder) -> impl Answer {
    builder.start_paused(false)
}

const fn can_be_paused<A: Answer>(_: fn(&'static mut Builder) -> A) -> bool {
    A::CAN_BE_PAUSED
}

#[allow(dead_code, reason = "with `test-util` it is hidden")]
trait WithoutTestUtil {
    fn start_paused(&mut self, _: bool) -> No {
        No
    }
}

impl WithoutTestUtil for Builder {}

/// What `start_paused` returned.
trait Answer {
    const CAN_BE_PAUSED: bool;
}

#[allow(dead_code, reason = "with `test-util` nobody makes one")]
struct No;

impl Answer for No {
    const CAN_BE_PAUSED: bool = false;
}

impl Answer for &mut Builder {
    const CAN_BE_PAUSED: bool = true;
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn there_is_none_where_tests_can_pause_time() {
        const { assert!(CAN_BE_PAUSED, "the tests are built with tokio's `test-util`") };
        assert!(Counter::of_process().is_none());
    }

    #[test]
    fn it_goes_as_fast_as_the_clock() {
        const SPIN: Duration = Duration::from_millis(5);
        let counter = Counter::new();
        // The inner time is shorter than what is counted, the outer one longer, whoever else has the processor.
        let outer = Instant::now();
        let from = counter.nanos();
        let inner = Instant::now();
        while inner.elapsed() < SPIN {}
        let counted = Duration::from_nanos(counter.nanos() - from);
        let outer = outer.elapsed();
        assert!(counted >= SPIN - SPIN / 100 && counted <= outer + outer / 100, "{counted:?} of {outer:?}");
    }
}
