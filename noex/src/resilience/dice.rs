//! A source of randomness that a test can seed.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::process::door;

/// Random numbers for one policy, from any thread.
///
/// Splitmix64 over a counter: a step is one atomic addition and a few multiplications, and however threads
/// interleave, no number comes twice.
#[derive(Debug)]
pub(crate) struct Dice {
    rolled: AtomicU64,
}

/// The odd number nearest to 2^64 divided by the golden ratio: its multiples are spread evenly.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Dice {
    /// The same seed gives the same numbers; without one, nobody knows which.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Dice { rolled: AtomicU64::new(seed.unwrap_or_else(door::random)) }
    }

    /// Any number.
    pub(crate) fn roll(&self) -> u64 {
        let mut mixed = self.rolled.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A duration from `low` to `high`, both possible.
    pub(crate) fn between(&self, low: Duration, high: Duration) -> Duration {
        let span = u64::try_from(high.saturating_sub(low).as_nanos()).unwrap_or(u64::MAX);
        // The high half of a product is fair to within one in 2^64 of the span.
        let offset = (u128::from(self.roll()) * (u128::from(span) + 1)) >> 64;
        low.saturating_add(Duration::from_nanos(offset as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_seed_gives_the_same_numbers_and_another_one_others() {
        let rolls = |seed| {
            let dice = Dice::new(Some(seed));
            [dice.roll(), dice.roll(), dice.roll()]
        };
        assert_eq!(rolls(1), rolls(1));
        assert_ne!(rolls(1), rolls(2));
        // Vigna's reference implementation.
        assert_eq!(rolls(0)[..2], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    }

    #[test]
    fn both_ends_of_a_range_come_up_and_nothing_outside_of_it() {
        let dice = Dice::new(Some(7));
        let nano = Duration::from_nanos(1);
        let rolled: Vec<Duration> = (0..1000).map(|_| dice.between(MS, MS + nano * 3)).collect();
        assert_eq!(rolled.iter().min(), Some(&MS));
        assert_eq!(rolled.iter().max(), Some(&(MS + nano * 3)));
        assert_eq!(dice.between(MS, MS), MS);
        assert_eq!(dice.between(MS * 2, MS), MS * 2, "an empty range is its low end");
        assert!(dice.between(Duration::ZERO, Duration::MAX) < Duration::MAX);
    }
}
