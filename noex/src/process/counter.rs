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

/// Counts from some point before the process began.
#[derive(Debug)]
pub(crate) struct Counter {
    clock: Clock,
    /// The nanoseconds of a count, of which there are less than one: as a fraction of 2^64.
    scale: u64,
}

static COUNTER: OnceLock<Option<Counter>> = OnceLock::new();

impl Counter {
    /// The process's counter, unless time can be paused or the processor has none that will do. The first one who asks
    /// waits while it is compared with the operating system's clock: for less than a millisecond as a rule, never for
    /// more than 200.
    pub(crate) fn of_process() -> Option<&'static Counter> {
        if CAN_BE_PAUSED { None } else { COUNTER.get_or_init(Counter::new).as_ref() }
    }

    fn new() -> Option<Self> {
        let clock = Clock::new();
        // Without a counter, quanta gives the operating system's nanoseconds.
        let nanos = clock.delta_as_nanos(0, 1 << 62);
        (nanos < 1 << 62).then_some(Counter { clock, scale: nanos << 2 })
    }

    /// Nanoseconds. Cores may differ by a few, and so may two readings.
    #[inline]
    pub(crate) fn nanos(&self) -> u64 {
        ((u128::from(self.clock.raw()) * u128::from(self.scale)) >> 64) as u64
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
        // There is nothing to see where the processor has none.
        let Some(counter) = Counter::new() else { return };
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
