//! How long to wait before the next attempt.

use std::time::Duration;

use super::{Jitter, RetryOptions};
use crate::resilience::dice::Dice;

/// The delays of one call, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    /// What the next one would be without jitter.
    planned: Duration,
    /// The last one.
    previous: Duration,
}

impl Backoff {
    pub(super) fn new(options: &RetryOptions) -> Self {
        Backoff { planned: options.initial_delay, previous: options.initial_delay }
    }

    /// The next delay, at most `max_delay`.
    pub(super) fn next(&mut self, options: &RetryOptions, dice: &Dice) -> Duration {
        let planned = self.planned;
        self.planned = grown(planned, options.backoff_factor).min(options.max_delay);
        self.previous = match options.jitter {
            Jitter::None => planned,
            Jitter::Full => dice.between(Duration::ZERO, planned),
            Jitter::Equal => dice.between(planned / 2, planned),
            Jitter::Ratio(ratio) => {
                let most = grown(planned, 1.0 + ratio).min(options.max_delay);
                dice.between(grown(planned, 1.0 - ratio), most)
            }
            Jitter::Decorrelated => {
                let most = self.previous.saturating_mul(3);
                dice.between(options.initial_delay, most).min(options.max_delay)
            }
        };
        self.previous
    }
}

fn grown(delay: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(delay.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn delays(options: RetryOptions, seed: u64, count: usize) -> Vec<Duration> {
        let (dice, mut backoff) = (Dice::new(Some(seed)), Backoff::new(&options));
        (0..count).map(|_| backoff.next(&options, &dice)).collect()
    }

    const OPTIONS: RetryOptions =
        RetryOptions::new().initial_delay(MS.saturating_mul(100)).max_delay(Duration::from_secs(1));

    #[test]
    fn delays_grow_by_the_factor_up_to_the_cap() {
        let expected = [100, 200, 400, 800, 1000, 1000].map(|ms| MS * ms);
        assert_eq!(delays(OPTIONS, 0, 6), expected);
        let huge = OPTIONS.backoff_factor(1e300).max_delay(Duration::MAX);
        assert_eq!(delays(huge, 0, 3), [MS * 100, Duration::MAX, Duration::MAX]);
    }

    /// RT-11, RT-12 of the reference, and the same of the other jitters.
    #[test]
    fn jitter_stays_within_its_bounds_whatever_the_seed() {
        for seed in 0..10_000 {
            let planned = [100, 200, 400, 800, 1000, 1000, 1000, 1000, 1000].map(|ms| MS * ms);
            for (delay, planned) in delays(OPTIONS.jitter(Jitter::Full), seed, 9).into_iter().zip(planned) {
                assert!(delay <= planned, "{seed}: {delay:?}");
            }
            for (delay, planned) in delays(OPTIONS.jitter(Jitter::Equal), seed, 9).into_iter().zip(planned) {
                assert!(planned / 2 <= delay && delay <= planned, "{seed}: {delay:?}");
            }
            for (delay, planned) in
                delays(OPTIONS.jitter(Jitter::Ratio(0.2)), seed, 9).into_iter().zip(planned)
            {
                let most = (planned * 6 / 5).min(MS * 1000);
                assert!(planned * 4 / 5 <= delay && delay <= most, "{seed}: {delay:?}");
            }
            let mut previous = MS * 100;
            for delay in delays(OPTIONS.jitter(Jitter::Decorrelated), seed, 9) {
                assert!(MS * 100 <= delay && delay <= (previous * 3).min(MS * 1000), "{seed}: {delay:?}");
                previous = delay;
            }
        }
    }
}
