//! Points in time as one word.

use std::time::Duration;

use tokio::time::Instant;

use crate::process::{counter::Counter, door::now};

/// Counts nanoseconds.
///
/// Its zero lies 146 years back: "never" is 0, a point in time may lie before the one when it was made (a test's
/// paused clock may be behind), and no sum overflows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks {
    origin: Instant,
    /// Counts instead, where there is one.
    counter: Option<&'static Counter>,
}

/// Where [`Ticks::origin`] lies, or the counter's beginning.
const MIDDLE: u64 = 1 << 62;

/// The longest time that may be added to a point: 73 years.
pub(super) const LONGEST: u64 = 1 << 61;

impl Ticks {
    pub(super) fn start() -> Self {
        Ticks { counter: Counter::of_process(), origin: now() }
    }

    #[inline]
    pub(super) fn now(&self) -> u64 {
        match self.counter {
            Some(counter) => MIDDLE.wrapping_add(counter.nanos()),
            None => self.by_clock(now()),
        }
    }

    #[inline(never)]
    fn by_clock(&self, at: Instant) -> u64 {
        match at.checked_duration_since(self.origin) {
            Some(after) => MIDDLE + nanos(after),
            None => MIDDLE - nanos(self.origin - at),
        }
    }

    /// When to be woken for this point. It is reckoned from now, so that it does not matter whether two clocks drift
    /// apart.
    pub(super) fn instant(&self, at: u64) -> Instant {
        let (clock, ticks) = (now(), self.now());
        let apart = Duration::from_nanos(at.abs_diff(ticks));
        if at >= ticks { clock + apart } else { clock.checked_sub(apart).unwrap_or(clock) }
    }
}

/// Nanoseconds, [`LONGEST`] at most.
#[inline]
pub(super) const fn nanos(duration: Duration) -> u64 {
    match duration.as_secs().checked_mul(1_000_000_000) {
        Some(seconds) if seconds < LONGEST => seconds + duration.subsec_nanos() as u64,
        _ => LONGEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_point_in_time_is_one_word_before_and_after() {
        let ticks = Ticks::start();
        tokio::time::advance(Duration::from_secs(1)).await;
        for at in [now(), ticks.origin, ticks.origin - Duration::from_nanos(7)] {
            assert_eq!(ticks.instant(ticks.by_clock(at)), at);
        }
        assert_eq!(ticks.now(), ticks.by_clock(now()));
    }
}
