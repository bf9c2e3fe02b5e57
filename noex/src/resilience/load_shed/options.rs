//! What a load shedder is told.

use std::time::Duration;

use crate::resilience::Fault;

/// The options of a [`LoadShedder`](super::LoadShedder).
///
/// # Examples
///
/// ```
/// use noex::resilience::LoadShedderOptions;
/// use std::time::Duration;
///
/// const MS: Duration = Duration::from_millis(1);
/// const API: LoadShedderOptions = LoadShedderOptions::new().ratio(1.1).queue_delay(MS.saturating_mul(5), MS.saturating_mul(100));
/// const _: () = assert!(API.fault().is_none());                                    // checked by the compiler
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[must_use = "options do nothing until a policy is made of them"]
pub struct LoadShedderOptions {
    pub(super) ratio: f64,
    #[cfg_attr(feature = "serde", serde(with = "super::super::config::duration"))]
    pub(super) window: Duration,
    pub(super) cap: f64,
    pub(super) queue_delay: Option<QueueDelay>,
    pub(super) seed: Option<u64>,
}

/// How long work may have waited.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(deny_unknown_fields))]
pub(super) struct QueueDelay {
    #[cfg_attr(feature = "serde", serde(with = "super::super::config::duration"))]
    pub(super) target: Duration,
    #[cfg_attr(feature = "serde", serde(with = "super::super::config::duration"))]
    pub(super) interval: Duration,
}

impl LoadShedderOptions {
    /// Twice as many operations as are accepted, over 2 min; at most 90 % are shed; no look at how long work waited.
    pub const fn new() -> Self {
        LoadShedderOptions {
            ratio: 2.0,
            window: Duration::from_secs(120),
            cap: 0.9,
            queue_delay: None,
            seed: None,
        }
    }

    /// How many operations are sent for each one that is accepted; at least 1. The lower, the sooner load is shed.
    pub const fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = ratio;
        self
    }

    /// Over how long it counts; at least 16 ms.
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// The largest share that is shed, above 0 and below 1: some must pass, or nobody would notice that all is well
    /// again.
    pub const fn cap(mut self, share: f64) -> Self {
        self.cap = share;
        self
    }

    /// Sheds by how long work has waited as well: while even the luckiest of the last `interval` waited for longer than
    /// `target`, what waited for more than twice the target. 5 ms and 100 ms are usual.
    pub const fn queue_delay(mut self, target: Duration, interval: Duration) -> Self {
        self.queue_delay = Some(QueueDelay { target, interval });
        self
    }

    /// Makes its dice fall the same way each time.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The first option that breaks a rule.
    pub const fn fault(&self) -> Option<Fault> {
        // Written so that what is not a number is a fault as well.
        if !(self.ratio >= 1.0 && self.ratio < f64::INFINITY) {
            return Some(Fault { option: "ratio", rule: "at least as many are sent as are accepted" });
        }
        if self.window.as_millis() < 16 {
            return Some(Fault { option: "window", rule: "a window is at least 16 ms long" });
        }
        if !(self.cap > 0.0 && self.cap < 1.0) {
            return Some(Fault { option: "cap", rule: "some are shed, and some pass" });
        }
        if let Some(QueueDelay { target, interval }) = self.queue_delay
            && (target.is_zero() || interval.as_nanos() <= target.as_nanos())
        {
            let rule = "an interval is longer than the target in it, and that takes some time";
            return Some(Fault { option: "queue_delay", rule });
        }
        None
    }
}

impl Default for LoadShedderOptions {
    fn default() -> Self {
        LoadShedderOptions::new()
    }
}
