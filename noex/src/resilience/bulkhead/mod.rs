//! Bulkheads: so many operations at once, and so many waiting.
//!
//! The [gate](gate) decides; a [permit](permit) is a place inside; a [finder](adaptive) sets an adaptive limit.

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
