//! Bulkheads: so many operations at once, and so many waiting, so that one part's trouble does not take everybody's
//! tasks, connections and memory.
//!
//! | choose | when |
//! |---|---|
//! | [`QueueOrder::Fifo`], a short queue | as a rule; everybody can wait a little, and nobody is passed |
//! | `max_queue(0)` | those who are refused have something better to do, such as a fallback |
//! | [`QueueOrder::Codel`] | load comes in bursts: a burst is queued, a standing queue is shed |
//! | [`QueueOrder::Lifo`] | callers give up after a while: under overload the newest are served in time |
//! | [`Demand::weight`] | operations differ in what they take |
//! | [`Demand::priority`] | some callers matter more: they go first, and last when there is no room |
//! | [`Adaptive`] | nobody knows how many are good, or it changes |
//!
//! A bulkhead says how many at once; a [`RateLimiter`](crate::resilience::RateLimiter) says how many per second. In
//! front of a service that has become slow, the first one holds and the second does not.

mod adaptive;
#[expect(clippy::module_inception, reason = "the bulkhead is one idea of several in its room")]
mod bulkhead;
mod gate;
#[cfg(all(test, noex_loom))]
mod model;
mod options;
mod permit;
mod sync;

pub use adaptive::{Adaptive, LimitAlgorithm};
pub use bulkhead::Bulkhead;
pub use options::{BulkheadOptions, Demand, QueueOrder};
pub use permit::{Entering, Permit};
