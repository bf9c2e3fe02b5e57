//! A limit that finds itself, as TCP finds how fast it can send: by what the latency says about the queues further on.
//!
//! The algorithms and their constants are those of Netflix's concurrency-limits.

use std::time::Duration;

use crate::resilience::Fault;

/// How an [adaptive](super::BulkheadOptions::adaptive) limit is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum LimitAlgorithm {
    /// Compares the latency with its long average, and allows for half as much again: good for a service whose
    /// latency drifts by itself. (`Gradient2`)
    #[default]
    Gradient,
    /// Estimates, from the shortest latency ever seen, how many wait further on, and keeps that small: good in front
    /// of one service with a steady latency. (`Vegas`)
    Vegas,
    /// One more as long as all is well, a tenth less when something is overloaded or takes longer than `timeout`:
    /// good where latency says little.
    Aimd {
        /// From when on an operation counts as overloaded.
        #[cfg_attr(feature = "serde", serde(with = "super::super::config::duration"))]
        timeout: Duration,
    },
}

/// An adaptive limit: the algorithm and its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[must_use = "options do nothing until a policy is made of them"]
pub struct Adaptive {
    algorithm: LimitAlgorithm,
    min: u32,
    max: u32,
}

impl Adaptive {
    /// By the gradient, from 1 to 200.
    pub const fn new() -> Self {
        Adaptive { algorithm: LimitAlgorithm::Gradient, min: 1, max: 200 }
    }

    /// How the limit is found.
    pub const fn algorithm(mut self, algorithm: LimitAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// It never goes below; at least 1.
    pub const fn min(mut self, limit: u32) -> Self {
        self.min = limit;
        self
    }

    /// It never goes above.
    pub const fn max(mut self, limit: u32) -> Self {
        self.max = limit;
        self
    }

    pub(super) const fn fault(&self, first: u32) -> Option<Fault> {
        if self.min == 0 {
            return Some(Fault { option: "min", rule: "a limit of 0 lets nothing pass" });
        }
        if first < self.min || first > self.max {
            let rule = "the first limit lies between the least and the largest";
            return Some(Fault { option: "max_concurrent", rule });
        }
        if let LimitAlgorithm::Aimd { timeout } = self.algorithm
            && timeout.is_zero()
        {
            return Some(Fault { option: "timeout", rule: "an operation takes some time" });
        }
        None
    }
}

impl Default for Adaptive {
    fn default() -> Self {
        Adaptive::new()
    }
}

/// What one operation has shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) took: Duration,
    /// How many ran when it began.
    pub(super) beside: usize,
    /// It timed out, or was refused further on.
    pub(super) is_overloaded: bool,
}

/// Samples of the long average, and those before there is one.
const LONG: f64 = 600.0;
const WARM_UP: u32 = 10;
/// How much longer than on average an operation may take.
const TOLERANCE: f64 = 1.5;
/// How many may wait further on without harm.
const QUEUE: f64 = 4.0;
/// How much of a new limit is taken over.
const SMOOTHING: f64 = 0.2;
/// After so many times the limit of samples the shortest latency is found anew.
const PROBE: f64 = 30.0;
/// What is left by [`LimitAlgorithm::Aimd`] after an overload.
const BACK_OFF: f64 = 0.9;

/// Finds the limit.
#[derive(Debug)]
pub(super) struct Finder {
    options: Adaptive,
    limit: f64,
    /// In seconds: the long average, or the shortest one.
    usual: f64,
    samples: u32,
}

impl Finder {
    pub(super) fn new(options: Adaptive, first: u32) -> Self {
        Finder { options, limit: first.into(), usual: 0.0, samples: 0 }
    }

    /// The limit after this sample.
    pub(super) fn limit_after(&mut self, sample: Sample) -> usize {
        let took = sample.took.as_secs_f64().max(1e-9);
        let found = match self.options.algorithm {
            LimitAlgorithm::Gradient => self.gradient(took, sample),
            LimitAlgorithm::Vegas => self.vegas(took, sample),
            LimitAlgorithm::Aimd { timeout } => self.aimd(timeout, sample),
        };
        self.limit = found.clamp(self.options.min.into(), self.options.max.into());
        self.limit as usize
    }

    /// Whether so few run that the limit was not the reason.
    fn has_room(&self, sample: Sample) -> bool {
        (sample.beside as f64) * 2.0 < self.limit
    }

    fn gradient(&mut self, took: f64, sample: Sample) -> f64 {
        if sample.is_overloaded {
            return self.limit * BACK_OFF;
        }
        self.samples = self.samples.saturating_add(1);
        let weight = if self.samples <= WARM_UP { 1.0 / f64::from(self.samples) } else { 2.0 / (LONG + 1.0) };
        self.usual += (took - self.usual) * weight;
        // After a time of trouble the average is to come down sooner than it would.
        if self.usual / took > 2.0 {
            self.usual *= 0.95;
        }
        if self.has_room(sample) {
            return self.limit;
        }
        let gradient = (TOLERANCE * self.usual / took).clamp(0.5, 1.0);
        let found = self.limit * gradient + QUEUE;
        self.limit * (1.0 - SMOOTHING) + found * SMOOTHING
    }

    fn vegas(&mut self, took: f64, sample: Sample) -> f64 {
        self.samples = self.samples.saturating_add(1);
        if f64::from(self.samples) >= PROBE * self.limit {
            (self.samples, self.usual) = (0, took);
            return self.limit;
        }
        if self.usual == 0.0 || took < self.usual {
            self.usual = took;
            return self.limit;
        }
        let step = self.limit.log10().max(1.0);
        if sample.is_overloaded {
            return self.limit - step;
        }
        if self.has_room(sample) {
            return self.limit;
        }
        let waiting = (self.limit * (1.0 - self.usual / took)).ceil();
        if waiting <= step {
            self.limit + 6.0 * step
        } else if waiting < 3.0 * step {
            self.limit + step
        } else if waiting > 6.0 * step {
            self.limit - step
        } else {
            self.limit
        }
    }

    fn aimd(&self, timeout: Duration, sample: Sample) -> f64 {
        if sample.is_overloaded || sample.took > timeout {
            self.limit * BACK_OFF
        } else if self.has_room(sample) {
            self.limit
        } else {
            self.limit + 1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(algorithm: LimitAlgorithm, took: impl Fn(usize) -> f64) -> usize {
        let mut finder = Finder::new(Adaptive::new().algorithm(algorithm), 20);
        let mut limit = 20;
        for _ in 0..5000 {
            let took = Duration::from_secs_f64(took(limit));
            limit = finder.limit_after(Sample { took, beside: limit, is_overloaded: false });
        }
        limit
    }

    /// A service that does `capacity` at once in 10 ms each, and lets the others wait.
    fn service(capacity: usize) -> impl Fn(usize) -> f64 {
        move |running| 0.010 * (running as f64 / capacity as f64).max(1.0)
    }

    #[test]
    fn a_limit_grows_where_latency_does_not_and_stays_low_where_it_does() {
        let aimd = LimitAlgorithm::Aimd { timeout: Duration::from_millis(15) };
        for algorithm in [LimitAlgorithm::Gradient, LimitAlgorithm::Vegas, aimd] {
            assert_eq!(run(algorithm, service(1000)), 200, "{algorithm:?}");
        }
        for algorithm in [LimitAlgorithm::Vegas, aimd] {
            let limit = run(algorithm, service(50));
            assert!((40..=80).contains(&limit), "{algorithm:?}: {limit}");
        }
    }

    #[test]
    fn a_gradient_shrinks_when_latency_jumps() {
        let mut finder = Finder::new(Adaptive::new(), 100);
        let sample = |milliseconds| Sample {
            took: Duration::from_millis(milliseconds),
            beside: 100,
            is_overloaded: false,
        };
        for _ in 0..100 {
            finder.limit_after(sample(10));
        }
        let limits = [0; 30].map(|_| finder.limit_after(sample(100)));
        assert!(limits[29] < 30, "{limits:?}");
    }

    #[test]
    fn who_does_not_use_the_limit_does_not_raise_it() {
        for algorithm in [LimitAlgorithm::Gradient, LimitAlgorithm::Vegas] {
            let mut finder = Finder::new(Adaptive::new().algorithm(algorithm), 20);
            for _ in 0..100 {
                let sample = Sample { took: Duration::from_millis(10), beside: 2, is_overloaded: false };
                assert_eq!(finder.limit_after(sample), 20);
            }
        }
    }
}
