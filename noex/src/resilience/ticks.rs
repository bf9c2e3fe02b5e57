//! Points in time as one word.

use std::time::Duration;

use tokio::time::Instant;

use crate::process::door::now;

/// Counts nanoseconds from when it was made.
///
/// Its zero lies 146 years back: "never" is 0, a point in time may lie before the one when it was made (a test's
/// paused clock may be behind), and no sum overflows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks {
    origin: Instant,
}

/// Where [`Ticks::origin`] lies.
const MIDDLE: u64 = 1 << 62;

/// The longest time that may be added to a point: 73 years.
pub(super) const LONGEST: u64 = 1 << 61;

impl Ticks {
    pub(super) fn start() -> Self {
        Ticks { origin: now() }
    }

    #[inline]
    pub(super) fn now(&self) -> u64 {
        self.of(now())
    }

    #[inline]
    pub(super) fn of(&self, at: Instant) -> u64 {
        match at.checked_duration_since(self.origin) {
            Some(after) => MIDDLE + nanos(after),
            None => MIDDLE - nanos(self.origin - at),
        }
    }

    pub(super) fn instant(&self, at: u64) -> Instant {
        let after = Duration::from_nanos(at.abs_diff(MIDDLE));
        if at >= MIDDLE { self.origin + after } else { self.origin.checked_sub(after).unwrap_or(self.origin) }
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

    #[test]
    fn a_point_in_time_is_one_word_before_and_after() {
        let ticks = Ticks::start();
        for at in
            [ticks.origin, ticks.origin + Duration::from_nanos(7), ticks.origin - Duration::from_nanos(7)]
        {
            assert_eq!(ticks.instant(ticks.of(at)), at);
        }
    }
}
