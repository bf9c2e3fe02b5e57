//! Restarts per window.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// At most `max` restarts within any `window`, over all children; a sliding window as in OTP.
#[derive(Debug)]
pub(crate) struct Intensity {
    max: u32,
    window: Duration,
    recent: VecDeque<Instant>,
}

impl Intensity {
    pub(crate) fn new(max: u32, window: Duration) -> Self {
        Intensity { max, window, recent: VecDeque::new() }
    }

    /// One more restart; `false` when that is one too many.
    pub(crate) fn allows(&mut self, now: Instant) -> bool {
        while self.recent.front().is_some_and(|&then| now.duration_since(then) > self.window) {
            self.recent.pop_front();
        }
        if self.recent.len() < self.max as usize {
            self.recent.push_back(now);
            true
        } else {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_what_is_older_than_the_window() {
        let start = Instant::now();
        let mut two_in_ten = Intensity::new(2, Duration::from_secs(10));
        let verdicts: Vec<bool> =
            [0, 4, 9, 11, 12].map(|at| two_in_ten.allows(start + Duration::from_secs(at))).into();
        assert_eq!(verdicts, [true, true, false, true, false]);
    }

    #[test]
    fn zero_allows_nothing() {
        assert!(!Intensity::new(0, Duration::from_secs(5)).allows(Instant::now()));
    }
}
