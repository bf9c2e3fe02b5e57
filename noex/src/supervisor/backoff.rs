//! Pauses before restarts.

use std::time::Duration;

use tokio::time::Instant;

use crate::process::door;

/// How long to wait before a restart: longer each time a child fails again soon.
///
/// Without one a child is restarted at once, as in OTP. A child that has run for longer than `max` begins with
/// `min` again. Pauses count no restarts; those are counted when the child has ended.
///
/// # Examples
///
/// ```
/// use noex::Backoff;
/// use std::time::Duration;
///
/// let pauses = Backoff::new(Duration::from_millis(100), Duration::from_secs(10)).factor(3.0).jitter(false);
/// assert_eq!(pauses.pause(0), Duration::from_millis(100));
/// assert_eq!(pauses.pause(2), Duration::from_millis(900));
/// assert_eq!(pauses.pause(9), Duration::from_secs(10));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "pauses do nothing until a supervisor has them"]
pub struct Backoff {
    pub(super) min: Duration,
    pub(super) max: Duration,
    factor: f64,
    jitter: bool,
}

impl Backoff {
    /// Pauses from `min` to `max`, each twice the one before, with jitter.
    pub fn new(min: Duration, max: Duration) -> Self {
        Backoff { min, max, factor: 2.0, jitter: true }
    }

    /// By how much each pause is longer than the one before; below 1 counts as 1.
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor.max(1.0);
        self
    }

    /// Whether a pause is a random part, at least half, of what it would be: so that what failed together does
    /// not come back together.
    pub fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// The pause after that many failures in a row before this one.
    pub fn pause(&self, failures: u32) -> Duration {
        let grown = self.min.as_secs_f64() * self.factor.powi(failures.min(1_000) as i32);
        let pause = grown.min(self.max.as_secs_f64());
        let part = if self.jitter { 0.5 + (door::random() >> 11) as f64 / (1u64 << 54) as f64 } else { 1.0 };
        Duration::try_from_secs_f64(pause * part).unwrap_or(self.max)
    }
}

/// How often a child has failed in a row.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    count: u32,
    up_since: Option<Instant>,
}

impl Failures {
    pub(super) fn is_up(&mut self) {
        self.up_since = Some(door::now());
    }

    /// It failed; the pause before it is started again.
    pub(super) fn pause(&mut self, backoff: &Backoff) -> Duration {
        if self.up_since.take().is_some_and(|since| since.elapsed() > backoff.max) {
            self.count = 0;
        }
        let pause = backoff.pause(self.count);
        self.count = self.count.saturating_add(1);
        pause
    }
}
