//! What a limiter is told.

use std::time::Duration;

use crate::resilience::{
    Fault,
    ticks::{LONGEST, nanos},
};

/// How a limiter counts.
///
/// | choose | for | at most | a key takes, besides itself |
/// |---|---|---|---|
/// | `SlidingWindow`, up to 1024 or `exact` | quotas that are promised: "100 a minute", and not one more | `limit` in any span of one period | 8 bytes for each grant that is not over |
/// | `SlidingWindow` above 1024 | large quotas | about `limit`: what remains of the last period is estimated as if it had been even | 16 bytes |
/// | `TokenBucket` | clients that pause and burst; calls to somebody else's service | `burst` at once, `limit` a period in the long run | a word |
/// | `Smooth` | a service that wants even spacing | one each `period / limit` | a word |
/// | `FixedWindow` | quotas that are counted so elsewhere | `limit` a period, up to twice that around its end | two words |
///
/// No algorithm scans: in a sliding window, the grant as many places back as the limit says whether one more passes. The
/// token bucket is the generic cell rate algorithm of ATM networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Algorithm {
    /// At most `limit` in any span of one `period`, wherever it begins. Exact up to a limit of 1024, and above it
    /// with [`exact`](RateLimitOptions::exact); else an estimate from the counts of two periods.
    #[default]
    #[cfg_attr(feature = "serde", serde(alias = "sliding"))]
    SlidingWindow,
    /// A bucket of `burst` tokens that fills by `limit` a `period`: one word a key.
    TokenBucket {
        /// How many may pass at once after a pause; at least 1.
        burst: u32,
    },
    /// Even spacing: a token bucket of one.
    Smooth,
    /// At most `limit` in a period that begins with the first request after the last one: two words a key. Up to
    /// twice the limit can pass around a boundary.
    #[cfg_attr(feature = "serde", serde(alias = "fixed"))]
    FixedWindow,
}

/// What a full table of keys does with a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OnFull {
    /// Refuses it.
    #[default]
    Refuse,
    /// Forgets the key that was used least recently: exactly that among the first 256, one of 256 above. Its next
    /// request finds a fresh budget.
    EvictOldest,
}

/// A limit on top of the first: so many per so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(deny_unknown_fields))]
pub(super) struct Span {
    pub(super) limit: u32,
    #[cfg_attr(feature = "serde", serde(with = "super::super::config::duration"))]
    pub(super) period: Duration,
}

/// The most windows beside the first one.
const MORE: usize = 3;

/// The windows beside the first one. A count above [`MORE`] says that there were too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spans {
    list: [Span; MORE],
    count: usize,
}

impl Spans {
    const fn none() -> Self {
        Spans { list: [Span { limit: 1, period: Duration::from_secs(1) }; MORE], count: 0 }
    }

    const fn and(mut self, span: Span) -> Self {
        if self.count < MORE {
            self.list[self.count] = span;
        }
        self.count += 1;
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Span> + '_ {
        self.list.iter().copied().take(self.count)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Spans {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Vec::<Span>::deserialize(from)?.into_iter().fold(Spans::none(), Spans::and))
    }
}

/// The options of a [`RateLimiter`](super::RateLimiter) and of a [`KeyedRateLimiter`](super::KeyedRateLimiter).
///
/// # Examples
///
/// ```
/// use noex::resilience::{Algorithm, RateLimitOptions};
/// use std::time::Duration;
///
/// const MINUTE: Duration = Duration::from_secs(60);
/// const API: RateLimitOptions = RateLimitOptions::new().limit(100).period(MINUTE).max_queue_size(20);
/// const _: () = assert!(API.fault().is_none());                                    // checked by the compiler
/// const MAIL: RateLimitOptions = API.algorithm(Algorithm::TokenBucket { burst: 5 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[must_use = "options do nothing until a policy is made of them"]
pub struct RateLimitOptions {
    #[cfg_attr(
        feature = "serde",
        serde(alias = "requests_per_period", alias = "requestsPerPeriod", alias = "maxRequests")
    )]
    pub(super) limit: u32,
    #[cfg_attr(
        feature = "serde",
        serde(alias = "periodInMs", alias = "windowMs", with = "super::super::config::duration")
    )]
    pub(super) period: Duration,
    #[cfg_attr(feature = "serde", serde(rename = "windows"))]
    pub(super) more: Spans,
    pub(super) algorithm: Algorithm,
    pub(super) exact: bool,
    #[cfg_attr(feature = "serde", serde(alias = "maxQueueSize"))]
    pub(super) max_queue_size: usize,
    #[cfg_attr(feature = "serde", serde(alias = "queueTimeout", with = "super::super::config::duration"))]
    pub(super) queue_timeout: Duration,
    pub(super) max_keys: usize,
    pub(super) on_full: OnFull,
    pub(super) drain: bool,
}

impl RateLimitOptions {
    /// 10 per second in a sliding window; 100 may wait, for 30 s; 100,000 keys.
    pub const fn new() -> Self {
        RateLimitOptions {
            limit: 10,
            period: Duration::from_secs(1),
            more: Spans::none(),
            algorithm: Algorithm::SlidingWindow,
            exact: false,
            max_queue_size: 100,
            queue_timeout: Duration::from_secs(30),
            max_keys: 100_000,
            on_full: OnFull::Refuse,
            drain: false,
        }
    }

    /// How many requests, of cost 1, may pass in each period; at least 1.
    #[doc(alias = "requests_per_period")]
    #[doc(alias = "max_requests")]
    pub const fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// The period; more than 0, at most 73 years.
    #[doc(alias = "window")]
    pub const fn period(mut self, period: Duration) -> Self {
        self.period = period;
        self
    }

    /// A further window, such as 1000 an hour beside 10 a second; up to three. A request is charged to all of them
    /// or, when one refuses it, to none.
    pub const fn and(mut self, limit: u32, period: Duration) -> Self {
        self.more = self.more.and(Span { limit, period });
        self
    }

    /// How it counts.
    pub const fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Whether a sliding window is exact above a limit of 1024 as well: 8 bytes times `limit` for a key that is in
    /// full use.
    pub const fn exact(mut self, exact: bool) -> Self {
        self.exact = exact;
        self
    }

    /// How many may wait for their turn, for each key; 0: nobody.
    pub const fn max_queue_size(mut self, size: usize) -> Self {
        self.max_queue_size = size;
        self
    }

    /// How long each may wait. Whoever would wait longer, as far as can be computed, is refused at once.
    pub const fn queue_timeout(mut self, timeout: Duration) -> Self {
        self.queue_timeout = timeout;
        self
    }

    /// How many keys it keeps at most, which bounds its memory; at least 1.
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// What becomes of a new key when `max_keys` are in use.
    pub const fn on_full(mut self, on_full: OnFull) -> Self {
        self.on_full = on_full;
        self
    }

    /// Whether an outcome that asks for a pause ([`Class::Throttled`](crate::resilience::Class)) takes all that its key
    /// has left, as [`drain`](super::KeyedRateLimiter::drain) does. Outcomes are judged where the limiter is a handler's or
    /// in a [`Stack`](crate::resilience::Stack). Default: what is left may be used.
    pub const fn drain(mut self, drains: bool) -> Self {
        self.drain = drains;
        self
    }

    /// The first option that breaks a rule.
    pub const fn fault(&self) -> Option<Fault> {
        if self.limit == 0 {
            return Some(Fault { option: "limit", rule: "a limit of 0 lets nothing pass" });
        }
        if let Some(rule) = period_fault(self.period) {
            return Some(Fault { option: "period", rule });
        }
        if self.more.count > MORE {
            return Some(Fault { option: "and", rule: "there are up to three further windows" });
        }
        let mut at = 0;
        while at < self.more.count {
            let Span { limit, period } = self.more.list[at];
            if limit == 0 {
                return Some(Fault { option: "and", rule: "a limit of 0 lets nothing pass" });
            }
            if let Some(rule) = period_fault(period) {
                return Some(Fault { option: "and", rule });
            }
            at += 1;
        }
        match self.algorithm {
            Algorithm::TokenBucket { burst: 0 } => {
                return Some(Fault { option: "burst", rule: "a bucket of 0 tokens lets nothing pass" });
            }
            Algorithm::TokenBucket { .. } | Algorithm::Smooth | Algorithm::FixedWindow if self.exact => {
                return Some(Fault { option: "exact", rule: "it is a sliding window that is exact or not" });
            }
            _ => {}
        }
        if self.max_keys == 0 {
            return Some(Fault { option: "max_keys", rule: "a limiter without keys lets nothing pass" });
        }
        None
    }
}

const fn period_fault(period: Duration) -> Option<&'static str> {
    if period.is_zero() {
        return Some("a period takes some time");
    }
    if nanos(period) >= LONGEST {
        return Some("73 years are long enough");
    }
    None
}

impl Default for RateLimitOptions {
    fn default() -> Self {
        RateLimitOptions::new()
    }
}
