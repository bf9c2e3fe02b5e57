//! When a breaker trips, and for how long: the options, worked out.

use super::{
    super::{Counts, TripCause, dice::Dice, ticks::nanos},
    CircuitBreakerOptions,
    gate::Outcome,
    options::Rates,
    window::Totals,
};

/// The options, in nanoseconds.
pub(super) struct Rules {
    pub(super) failures: Option<u32>,
    pub(super) successes: u32,
    pub(super) probes: u32,
    pub(super) rates: Option<Rates>,
    pub(super) reset: u64,
    pub(super) half_open: u64,
    /// From when on it may trip.
    pub(super) warm: u64,
    pub(super) growth: f64,
    pub(super) longest: u64,
    pub(super) jitter: f64,
    pub(super) trips_on_hint: bool,
    pub(super) dice: Dice,
}

impl Rules {
    pub(super) fn new(options: &CircuitBreakerOptions, made: u64) -> Self {
        let periods = options.periods();
        Rules {
            failures: options.failures(),
            successes: options.successes(),
            probes: options.probes(),
            rates: options.rates(),
            reset: nanos(periods.reset),
            half_open: nanos(periods.half_open),
            warm: made.saturating_add(nanos(periods.warm_up)),
            growth: periods.growth,
            longest: nanos(periods.longest),
            jitter: periods.jitter,
            trips_on_hint: periods.trips_on_hint,
            dice: Dice::new(options.seeded()),
        }
    }

    /// The time, once it may trip.
    pub(super) fn warm(&self, now: impl Fn() -> u64) -> Option<u64> {
        let at = now();
        (at >= self.warm).then_some(at)
    }

    pub(super) fn hint(&self, outcome: Outcome) -> Option<u64> {
        let trips = self.trips_on_hint && outcome.counts == Counts::Failure;
        outcome.hint.filter(|hint| trips && !hint.is_zero()).map(nanos)
    }

    /// What opens a closed breaker after this outcome, if anything does.
    pub(super) fn trips(&self, outcome: Outcome, failures: u32, totals: Option<Totals>) -> Option<TripCause> {
        if self.hint(outcome).is_some() {
            return Some(TripCause::Hint);
        }
        if self.failures.is_some_and(|threshold| failures >= threshold) {
            return Some(TripCause::Failures { count: failures });
        }
        let (rates, totals) = (self.rates?, totals?);
        if totals.calls < rates.calls {
            return None;
        }
        let reaches = |count: u64, rate: f64| count as f64 / totals.calls as f64 >= rate;
        if reaches(totals.failed, rates.failed) {
            return Some(TripCause::FailureRate { per_mille: per_mille(totals.failed, totals.calls) });
        }
        let is_slow = rates.slow.is_some_and(|rate| reaches(totals.slow, rate));
        is_slow.then(|| TripCause::SlowRate { per_mille: per_mille(totals.slow, totals.calls) })
    }

    /// How long it is open after so many half-open times that failed.
    pub(super) fn period(&self, failed: u32) -> u64 {
        let Rules { reset, growth, longest, jitter, .. } = *self;
        let mut period = reset;
        if growth > 1.0 && failed > 0 {
            let grown = reset as f64 * growth.powi(i32::try_from(failed).unwrap_or(i32::MAX));
            period = (grown as u64).clamp(reset, longest);
        }
        if jitter > 0.0 {
            let chance = (self.dice.roll() >> 11) as f64 / (1_u64 << 53) as f64;
            period = period.saturating_add((period as f64 * jitter * chance) as u64);
        }
        period
    }
}

pub(super) fn per_mille(count: u64, of: u64) -> u32 {
    count.saturating_mul(1000).checked_div(of).map_or(0, |part| part as u32)
}

/// A cause in a word: the kind in three bits, its number in the others.
pub(super) fn encode(cause: TripCause) -> u32 {
    let (kind, number) = match cause {
        TripCause::Failures { count } => (1, count),
        TripCause::FailureRate { per_mille } => (2, per_mille),
        TripCause::SlowRate { per_mille } => (3, per_mille),
        TripCause::Probe => (4, 0),
        TripCause::NoVerdict => (5, 0),
        TripCause::Hint => (6, 0),
    };
    kind | number.min(u32::MAX >> 3) << 3
}

pub(super) fn decode(word: u32) -> Option<TripCause> {
    let number = word >> 3;
    Some(match word & 7 {
        1 => TripCause::Failures { count: number },
        2 => TripCause::FailureRate { per_mille: number },
        3 => TripCause::SlowRate { per_mille: number },
        4 => TripCause::Probe,
        5 => TripCause::NoVerdict,
        6 => TripCause::Hint,
        _ => return None,
    })
}
