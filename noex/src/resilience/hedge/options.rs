//! The options of a hedge.

use std::time::Duration;

use crate::resilience::{BudgetOptions, Fault};

/// The options of a [`Hedge`](super::Hedge).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[must_use = "options do nothing until a policy is made of them"]
pub struct HedgeOptions {
    #[cfg_attr(feature = "serde", serde(with = "crate::resilience::config::duration"))]
    pub(super) delay: Duration,
    pub(super) quantile: Option<f64>,
    pub(super) warm_up: u32,
    pub(super) max_extra: u32,
    pub(super) budget: BudgetOptions,
}

impl HedgeOptions {
    /// One further run after 100 ms, for 5 % of the calls and one per second besides.
    pub const fn new() -> Self {
        HedgeOptions {
            delay: Duration::from_millis(100),
            quantile: None,
            warm_up: 100,
            max_extra: 1,
            budget: BudgetOptions::new().ratio(0.05).floor(1),
        }
    }

    /// How long each run has before the next is started beside it; 0 starts all as soon as the first is not done at
    /// once.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Measures how long calls take, and starts a further run of those that take longer than this part of them: 0.95
    /// is for the slowest in 20. It comes in the place of `delay` after [`warm_up`](HedgeOptions::warm_up) calls.
    /// Between 0 and 1. Costs two readings of the clock a call.
    pub const fn quantile(mut self, part: f64) -> Self {
        self.quantile = Some(part);
        self
    }

    /// How many calls are measured before the quantile is used; at most 2000.
    pub const fn warm_up(mut self, calls: u32) -> Self {
        self.warm_up = calls;
        self
    }

    /// How many runs there may be beside the first; at least 1.
    pub const fn max_extra(mut self, runs: u32) -> Self {
        self.max_extra = runs;
        self
    }

    /// How many further runs there may be for all calls together.
    pub const fn budget(mut self, budget: BudgetOptions) -> Self {
        self.budget = budget;
        self
    }

    /// The first option that breaks a rule.
    pub const fn fault(&self) -> Option<Fault> {
        if let Some(part) = self.quantile
            && !(part > 0.0 && part < 1.0)
        {
            return Some(Fault { option: "quantile", rule: "a part of the calls lies between 0 and 1" });
        }
        if self.warm_up > 2000 {
            return Some(Fault { option: "warm_up", rule: "no more than 2000 calls are kept in mind" });
        }
        if self.max_extra == 0 {
            return Some(Fault {
                option: "max_extra",
                rule: "without a further run there is nothing to win",
            });
        }
        self.budget.fault()
    }
}

impl Default for HedgeOptions {
    fn default() -> Self {
        HedgeOptions::new()
    }
}
