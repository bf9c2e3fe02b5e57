//! Rate limits: so many per so long, for all or for each key.
//!
//! | | keeps | |
//! |---|---|---|
//! | [`RateLimiter`] | one budget | [`execute`](RateLimiter::execute) waits for its turn, [`consume`](RateLimiter::consume) passes or is refused |
//! | [`KeyedLimiter`] | one a key: user, address, tenant | the same with a key |
//!
//! # Which algorithm
//!
//! | [`Algorithm`] | choose it for | lets pass at most | a key takes, besides itself |
//! |---|---|---|---|
//! | `SlidingWindow` (up to 1024, or `exact`) | quotas that are promised: "100 a minute" and not one more | `limit` in any span of one period | 8 bytes a grant within the window |
//! | `SlidingWindow` (above 1024) | large quotas | about `limit`: the share of the last period is estimated as if it had been even | 16 bytes |
//! | `TokenBucket` | clients that pause and burst; calls to others' services | `burst` at once, `limit` a period on average | one word |
//! | `Smooth` | a service that wants even spacing | one each `period / limit` | one word |
//! | `FixedWindow` | quotas that are counted that way elsewhere | `limit` a period, up to twice that around its end | two words |
//!
//! The sliding window needs no scan: the `limit`-th last grant says whether the next one passes.
//!
//! # What is decided when
//!
//! - [`consume`](KeyedLimiter::consume) is the decision: it tests and charges in one step, however many threads ask.
//!   [`check`](KeyedLimiter::check) only looks. To check first and to consume then, as one is tempted to, lets two
//!   callers pass who both looked before either paid.
//! - A grant at `t` is over at exactly `t` plus the period.
//! - Who waits is served in order, at each key; a newcomer waits behind them. Whose wait would be longer than
//!   `queue_timeout`, or than its own caller waits, is refused at once.
//! - A key whose grants are all over is the same as an unknown one, and is forgotten little by little;
//!   [`cleanup`](KeyedLimiter::cleanup) forgets all of them now. There are never more than `max_keys`.
//!
//! # Cost
//!
//! A look at the clock is most of what a request costs. A bucket without keys is one compare-and-swap besides; a key
//! is one look-up in one of several shards, by `&str` for `String` keys. A refusal allocates nothing.

mod core;
mod keyed;
mod line;
mod meter;
mod options;
mod plain;
mod queue;
mod quota;
mod table;

use std::hash::Hash;

pub(crate) use core::Grant;
pub use keyed::KeyedLimiter;
pub use options::{Algorithm, OnFull, RateLimitOptions};
pub use plain::RateLimiter;
pub(crate) use queue::Queued;
pub use quota::Quota;

/// What can be a key: anything that can be compared, hashed, cloned and sent to another thread.
pub trait LimiterKey: Hash + Eq + Clone + Send + Sync + 'static {}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> LimiterKey for K {}
