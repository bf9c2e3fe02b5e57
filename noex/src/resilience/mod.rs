//! Policies that keep one part's trouble from becoming everybody's: circuit breaker, retry, rate limit, bulkhead,
//! time-out, fallback, hedge, load shedding.
//!
//! Each is an attribute on a handler, a plain value with `execute` and `wrap`, and a layer of a [`Stack`]; all
//! three are one implementation.
//!
//! | policy | keeps | says no with |
//! |---|---|---|
//! | [`CircuitBreaker`] | callers from what fails again and again | [`CircuitOpen`] |
//! | [`Retry`] | a moment's failure from being the caller's | the last error |
//! | [`Timeout`] | a caller from waiting for ever | [`TimedOut`] |
//! | [`RateLimiter`], [`KeyedRateLimiter`] | what is behind it from more per second than was agreed | [`RateLimited`] |
//! | [`Bulkhead`] | everything else from what is slow: so many at once | [`BulkheadFull`] |
//! | [`Fallback`] | an error from being the caller's | `FallbackFailed`, if what stands in fails as well |
//! | [`Hedge`] | the slowest calls from being slow | the first run's error |
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
mod deadline;
mod dice;
mod error;
mod event;
mod fallback;
mod hedge;
pub mod judge;
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
pub(crate) use policy::Identity;
pub use policy::{Policy, PolicyKind, PolicyStatus, Protected};
pub use rate_limit::{
    Algorithm, KeyedRateLimiter, LimiterKey, OnFull, Quota, RateLimitOptions, RateLimiter, RateLimiterServer,
    RateLimiterServerCall, RateLimiterServerRef, TierError, TieredLimiter,
};
pub use retry::{Jitter, Pattern, Retry, RetryOptions};
pub use stack::{OrderError, Scope, Stack, StackBuilder};
pub use timeout::{Timeout, TimeoutOptions};
#[cfg(feature = "tower")]
pub use tower::{FallbackService, HedgeService, Judged, RetryLayer, RetryService, TimeoutService};

/// How the errors of a type count, said at its variants.
pub use noex_macros::Resilience;
