//! The options of a retry.

use std::time::Duration;

use super::Pattern;
use crate::resilience::{BudgetOptions, Fault};

/// The options of a [`Retry`](super::Retry).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[must_use = "options do nothing until a policy is made of them"]
pub struct RetryOptions {
    #[cfg_attr(feature = "serde", serde(alias = "maxAttempts"))]
    pub(super) max_attempts: u32,
    #[cfg_attr(
        feature = "serde",
        serde(alias = "initialDelay", with = "crate::resilience::config::duration")
    )]
    pub(super) initial_delay: Duration,
    #[cfg_attr(feature = "serde", serde(alias = "maxDelay", with = "crate::resilience::config::duration"))]
    pub(super) max_delay: Duration,
    #[cfg_attr(feature = "serde", serde(alias = "backoffFactor"))]
    pub(super) backoff_factor: f64,
    pub(super) jitter: Jitter,
    #[cfg_attr(
        feature = "serde",
        serde(alias = "maxElapsed", with = "crate::resilience::config::optional_duration")
    )]
    pub(super) max_elapsed: Option<Duration>,
    pub(super) budget: Option<BudgetOptions>,
    #[cfg_attr(feature = "serde", serde(alias = "retryableErrors", with = "super::pattern::config"))]
    pub(super) retryable_errors: &'static [Pattern],
    pub(super) idempotent: bool,
    #[cfg_attr(feature = "serde", serde(alias = "retryRejected"))]
    pub(super) retry_rejected: bool,
    pub(super) seed: Option<u64>,
}

/// What chance does to a delay of `d`. It never lifts a delay above `max_delay`.
///
/// | jitter | the delay | for |
/// |---|---|---|
/// | `None` | `d` | tests, and a client that is the only one |
/// | `Full` | from 0 to `d` | many clients that failed at the same moment: the least load at its peak |
/// | `Equal` | from `d / 2` to `d` | the same where a retry at once would be too early |
/// | `Ratio(r)` | from `d - r * d` to `d + r * d` | few clients, whose delays are to stay about what they are |
/// | `Decorrelated` | from `initial_delay` to three times the delay before | long outages, as it soon forgets which attempt it is |
///
/// The words are those of "Exponential Backoff And Jitter" by Marc Brooker; a ratio is gRPC's, which takes 0.2.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Jitter {
    /// None at all.
    #[default]
    None,
    /// Anything up to the delay.
    Full,
    /// At least half of the delay.
    Equal,
    /// Up to this part of the delay more or less; above 0, up to 1.
    Ratio(f64),
    /// A walk at random, with no regard to the number of attempts; the factor has no part in it.
    Decorrelated,
}

impl RetryOptions {
    /// 3 attempts, 1 s before the second and twice as long before each further one, up to 30 s; no jitter, no
    /// budget, every error is worth another attempt.
    pub const fn new() -> Self {
        RetryOptions {
            max_attempts: 3,
            initial_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(30),
            backoff_factor: 2.0,
            jitter: Jitter::None,
            max_elapsed: None,
            budget: None,
            retryable_errors: &[],
            idempotent: false,
            retry_rejected: false,
            seed: None,
        }
    }

    /// How often the operation runs at most, the first run counted; at least 1.
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// How long to wait after the first failure; 0 lets other tasks run and waits for nothing else.
    pub const fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = delay;
        self
    }

    /// How long to wait at most; at least `initial_delay`. Only a hint of the service itself may be longer.
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// By how much each delay is longer than the one before; at least 1.
    pub const fn backoff_factor(mut self, factor: f64) -> Self {
        self.backoff_factor = factor;
        self
    }

    /// What chance does to the delays.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// No attempt begins later than this after the first one.
    pub const fn max_elapsed(mut self, limit: Duration) -> Self {
        self.max_elapsed = Some(limit);
        self
    }

    /// How many further attempts there may be for all calls together.
    pub const fn budget(mut self, budget: BudgetOptions) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Only errors that one of these matches are worth another attempt; with none of them, all are.
    pub const fn retryable_errors(mut self, patterns: &'static [Pattern]) -> Self {
        self.retryable_errors = patterns;
        self
    }

    /// Whether it does no harm to run the operation again when it may have run already: after a time-out, after a
    /// crash of the server. See [`Again::IfIdempotent`](crate::resilience::Again).
    pub const fn idempotent(mut self, is: bool) -> Self {
        self.idempotent = is;
        self
    }

    /// Whether what a policy further in refused is tried again: an open circuit, an exceeded rate.
    pub const fn retry_rejected(mut self, is: bool) -> Self {
        self.retry_rejected = is;
        self
    }

    /// The same jitter each time, for tests.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The first option that breaks a rule.
    pub const fn fault(&self) -> Option<Fault> {
        if self.max_attempts == 0 {
            return Some(Fault { option: "max_attempts", rule: "the first run counts, so it is at least 1" });
        }
        if self.initial_delay.as_nanos() > self.max_delay.as_nanos() {
            return Some(Fault { option: "initial_delay", rule: "must not be above `max_delay`" });
        }
        if !(self.backoff_factor >= 1.0 && self.backoff_factor.is_finite()) {
            return Some(Fault {
                option: "backoff_factor",
                rule: "delays do not shrink, so it is at least 1",
            });
        }
        if matches!(self.jitter, Jitter::Ratio(ratio) if !(ratio > 0.0 && ratio <= 1.0)) {
            return Some(Fault { option: "jitter", rule: "a ratio is above 0 and at most 1" });
        }
        match &self.budget {
            Some(budget) => budget.fault(),
            None => None,
        }
    }
}

impl Default for RetryOptions {
    fn default() -> Self {
        RetryOptions::new()
    }
}
