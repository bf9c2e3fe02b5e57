//! Policies that keep one part's trouble from becoming everybody's: circuit breaker, retry, rate limit, bulkhead,
//! time-out, fallback, hedge, load shedding.
//!
//! Each is a plain value with `execute` and `wrap`, and an attribute on handlers as well; all but the hedge go into a
//! [`Stack`] around a closure. It is one implementation: one machine runs the stacks of handlers and of closures.
//!
//! | policy | keeps | says no with |
//! |---|---|---|
//! | [`CircuitBreaker`] | callers from what fails again and again | [`CircuitOpen`] |
//! | [`Retry`] | a moment's failure from being the caller's | the last error |
//! | [`Timeout`] | a caller from waiting for ever | [`TimedOut`] |
//! | [`RateLimiter`], [`KeyedRateLimiter`] | what is behind it from more per second than was agreed | [`RateLimited`] |
//! | [`Bulkhead`] | everything else from what is slow: so many at once | [`BulkheadFull`] |
//! | [`Fallback`] | an error from being the caller's | `FallbackFailed`, if what stands in fails as well |
//! | [`LoadShedder`] | what serves some and refuses others from being asked by all | [`Shed`] |
//! | [`Hedge`] | the slowest calls from being slow | the first run's error |
//!
//! # Which one
//!
//! | the trouble | the policy |
//! |---|---|
//! | a service is down, and each call to it waits for its time-out | [`CircuitBreaker`]: after a few failures nobody waits |
//! | a packet is lost, a leader changes: a moment later it works | [`Retry`], with jitter and a budget |
//! | an answer that comes too late is of no use | [`Timeout`] |
//! | a user, or a partner, asks for more than its share | [`KeyedRateLimiter`], by user |
//! | one slow service takes all connections, tasks or memory there are | [`Bulkhead`], one for each service |
//! | nobody knows how much a service can take | an adaptive [`Bulkhead`] |
//! | a service answers some and refuses others; calls wait in a queue that does not get shorter | [`LoadShedder`] |
//! | some answers take ten times as long as most | [`Hedge`], where asking twice does no harm |
//! | something is better than nothing | [`Fallback`] |
//!
//! | breaker for | `failure_threshold` | `success_threshold` | `reset_timeout` |
//! |---|---|---|---|
//! | what must not fail: payments | 2 to 3 | 1 to 2 | 5 to 10 s |
//! | most services | 5 to 10 | 3 to 5 | 30 to 60 s |
//! | what may fail for a while: statistics | 15 to 20 | 5 to 10 | 2 to 5 min |
//!
//! # In which order
//!
//! As it is written, the first is outermost. Recommended, from outside: fallback, time-out of all attempts, retry, circuit
//! breaker, load shedder, rate limit, bulkhead, time-out of each attempt, hedge. So an open circuit spends no rate and waits in no queue, a
//! slot is free while a retry waits, and the time in a queue is not the attempt's. A breaker or a rate limit outside of a
//! retry counts calls instead of attempts, which can be what is meant. An order that defeats itself is refused: by the
//! macro at the attribute, by [`StackBuilder::build`] as an [`OrderError`].
//!
//! # Outcomes
//!
//! How an outcome counts is decided once, for all policies: [`Class`].

mod book;
mod budget;
pub(crate) mod bulkhead;
pub(crate) mod circuit_breaker;
mod class;
mod codel;
#[cfg(feature = "serde")]
mod config;
pub(crate) mod deadline;
mod dice;
mod error;
mod event;
mod fallback;
mod hedge;
pub mod judge;
mod lanes;
pub(crate) mod load_shed;
mod policy;
pub(crate) mod rate_limit;
pub(crate) mod retry;
pub(crate) mod stack;
mod ticks;
mod timeout;
#[cfg(feature = "tower")]
mod tower;

pub(crate) use book::Book;
pub use budget::BudgetOptions;
pub use bulkhead::{
    Adaptive, Bulkhead, BulkheadOptions, Demand, Entering, LimitAlgorithm, Permit, QueueOrder,
};
pub(crate) use circuit_breaker::Monitors;
pub use circuit_breaker::{
    CircuitBreaker, CircuitBreakerOptions, CircuitWindow, HalfOpen, Isolation, KeyedCircuitBreaker,
};
pub use class::{Again, Class, Classify, Counts};
pub use error::{
    BulkheadFull, CircuitOpen, CircuitState, ConfigError, Disposed, Fault, FullBy, LimitedBy, NamedError,
    PolicyError, RateLimited, Shed, TimedOut, TripCause,
};
pub use event::{PolicyEvent, PolicyEvents};
pub use fallback::Fallback;
pub use hedge::{Hedge, HedgeOptions};
pub use load_shed::{LoadShedder, LoadShedderOptions};
pub(crate) use policy::Identity;
pub use policy::{Policy, PolicyKind, PolicyStatus, Protected};
pub use rate_limit::{
    Algorithm, KeyedRateLimiter, LimiterKey, OnFull, Quota, RateLimitOptions, RateLimiter, RateLimiterServer,
    RateLimiterServerCall, RateLimiterServerRef, TierError, TieredLimiter,
};
pub use retry::{Jitter, Pattern, Retry, RetryOptions};
/// For what is generated.
pub(crate) mod patterns {
    pub use super::retry::{ErrorPatterns, regex};
}
pub use stack::{OrderError, Scope, Stack, StackBuilder};
pub use timeout::{Timeout, TimeoutOptions};
#[cfg(feature = "tower")]
pub use tower::{
    BulkheadService, CircuitBreakerService, FallbackService, HedgeService, Judged, LoadShedderService,
    RateLimiterService, RetryLayer, RetryService, TimeoutService,
};

/// How the errors of a type count, said at its variants.
pub use noex_macros::Resilience;
