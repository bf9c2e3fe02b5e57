//! How a key stands.

use std::time::Duration;

use super::meter::{Meter, Window};

/// How one key of a limiter stands, at one moment.
///
/// With several windows it is that of the one with the least left. For a token bucket, `limit` is its capacity and
/// `current` how many tokens are out.
#[doc(alias = "RateLimitResult")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quota {
    /// Whether the request passes: did, if it was consumed; would, if it was looked at.
    pub allowed: bool,
    /// How much is used, this request among it if it was consumed.
    pub current: u32,
    /// How much there is.
    pub limit: u32,
    /// How much is left.
    pub remaining: u32,
    /// When all of it will be there again, if nothing comes.
    pub reset_after: Duration,
    /// When a request of this cost can pass; 0: now; [`Duration::MAX`]: never.
    pub retry_after: Duration,
}

impl Quota {
    /// A request of `cost`, behind others that wait for `ahead`.
    pub(super) fn look(meter: &Meter, windows: &[Window], now: u64, cost: u32, ahead: u64) -> Self {
        let quota = Quota::after(meter, windows, now);
        if windows.iter().any(|window| cost > window.capacity()) {
            return Quota { allowed: false, retry_after: Duration::MAX, ..quota };
        }
        let (wait, _) = meter.wait(windows, now, ahead + u64::from(cost));
        Quota { allowed: wait == 0 && ahead == 0, retry_after: Duration::from_nanos(wait), ..quota }
    }

    /// A request that has passed.
    #[inline]
    pub(super) fn after(meter: &Meter, windows: &[Window], now: u64) -> Self {
        let (window, current, over_in) = meter.tightest(windows, now);
        Quota::passed(window.capacity(), (current, over_in))
    }

    /// A request that has passed, where so much is used and will be for so long.
    #[inline]
    pub(super) fn passed(capacity: u32, (used, over_in): (u32, u64)) -> Self {
        let current = used.min(capacity);
        Quota {
            allowed: true,
            current,
            limit: capacity,
            remaining: capacity - current,
            reset_after: Duration::from_nanos(over_in),
            retry_after: Duration::ZERO,
        }
    }
}
