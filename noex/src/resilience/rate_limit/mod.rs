//! Rate limits: so many per so long, for all or for each key.
//!
//! ```text
//! RateLimiter ── KeyedRateLimiter<()> ┐
//! KeyedRateLimiter<K> ────────────────┴▶ Core ─┬─ Bucket   one word, where there are no keys
//!                                              └─ Table    shards of entries: a Meter, and a Line if somebody waits
//! ```

mod bucket;
mod change;
mod core;
mod keyed;
mod line;
mod meter;
mod options;
mod plain;
mod queue;
mod quota;
mod service;
mod table;
mod tiers;

use std::hash::Hash;

pub(crate) use core::{Denied, Grant};
pub use keyed::KeyedRateLimiter;
pub use options::{Algorithm, OnFull, RateLimitOptions};
pub use plain::RateLimiter;
pub(crate) use queue::Queued;
pub use quota::Quota;
pub use service::{RateLimiterServer, RateLimiterServerCall, RateLimiterServerRef};
pub use tiers::{TierError, TieredLimiter};

/// What can be a key: anything that can be compared, hashed, cloned and sent to another thread.
pub trait LimiterKey: Hash + Eq + Clone + Send + Sync + 'static {}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> LimiterKey for K {}
