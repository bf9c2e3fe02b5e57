//! What a bulkhead is told.

use std::time::Duration;

use super::Adaptive;
use crate::resilience::Fault;

/// Which one of those who wait is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum QueueOrder {
    /// Who came first: fair, and what one expects.
    #[default]
    Fifo,
    /// Who came last: under overload some are served in good time, instead of all too late.
    Lifo,
    /// Who came first; but while even the luckiest of the last `interval` waited for longer than `target`, those who
    /// waited for more than twice the target are sent away when their turn comes. 5 ms and 100 ms are usual.
    Codel {
        /// How long the luckiest may wait.
        #[cfg_attr(feature = "serde", serde(with = "super::super::config::duration"))]
        target: Duration,
        /// How long it may be so.
        #[cfg_attr(feature = "serde", serde(with = "super::super::config::duration"))]
        interval: Duration,
    },
}

/// The options of a [`Bulkhead`](super::Bulkhead).
///
/// # Examples
///
/// ```
/// use noex::resilience::{BulkheadOptions, QueueOrder};
/// use std::time::Duration;
///
/// const API: BulkheadOptions = BulkheadOptions::new().max_concurrent(10).max_queue(20).queue(QueueOrder::Lifo);
/// const _: () = assert!(API.fault().is_none());                                    // checked by the compiler
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
#[must_use = "options do nothing until a policy is made of them"]
pub struct BulkheadOptions {
    #[cfg_attr(feature = "serde", serde(alias = "maxConcurrent"))]
    pub(super) max_concurrent: u32,
    #[cfg_attr(feature = "serde", serde(alias = "maxQueue"))]
    pub(super) max_queue: usize,
    #[cfg_attr(feature = "serde", serde(alias = "queueTimeout", with = "super::super::config::duration"))]
    pub(super) queue_timeout: Duration,
    pub(super) queue: QueueOrder,
    pub(super) adaptive: Option<Adaptive>,
}

impl BulkheadOptions {
    /// 10 at once; 100 may wait, for 30 s, first come first served.
    pub const fn new() -> Self {
        BulkheadOptions {
            max_concurrent: 10,
            max_queue: 100,
            queue_timeout: Duration::from_secs(30),
            queue: QueueOrder::Fifo,
            adaptive: None,
        }
    }

    /// How many operations, of weight 1, may run at once; at least 1. With [`adaptive`](BulkheadOptions::adaptive), how
    /// many at first.
    pub const fn max_concurrent(mut self, operations: u32) -> Self {
        self.max_concurrent = operations;
        self
    }

    /// How many may wait for a slot; 0: nobody.
    pub const fn max_queue(mut self, operations: usize) -> Self {
        self.max_queue = operations;
        self
    }

    /// How long each may wait.
    pub const fn queue_timeout(mut self, timeout: Duration) -> Self {
        self.queue_timeout = timeout;
        self
    }

    /// Which one of those who wait is next.
    pub const fn queue(mut self, order: QueueOrder) -> Self {
        self.queue = order;
        self
    }

    /// Finds out by itself how many may run at once.
    pub const fn adaptive(mut self, adaptive: Adaptive) -> Self {
        self.adaptive = Some(adaptive);
        self
    }

    /// The first option that breaks a rule.
    pub const fn fault(&self) -> Option<Fault> {
        if self.max_concurrent == 0 {
            return Some(Fault { option: "max_concurrent", rule: "a bulkhead of 0 lets nothing pass" });
        }
        if let QueueOrder::Codel { target, interval } = self.queue {
            if target.is_zero() {
                return Some(Fault { option: "target", rule: "a wait of no time is never kept up" });
            }
            if interval.as_nanos() <= target.as_nanos() {
                return Some(Fault {
                    option: "interval",
                    rule: "an interval is longer than the target in it",
                });
            }
        }
        match &self.adaptive {
            Some(adaptive) => adaptive.fault(self.max_concurrent),
            None => None,
        }
    }
}

impl Default for BulkheadOptions {
    fn default() -> Self {
        BulkheadOptions::new()
    }
}

/// What one operation asks of a bulkhead.
///
/// # Examples
///
/// ```
/// use noex::resilience::{Bulkhead, BulkheadOptions, Demand};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let disk = Bulkhead::new("disk", BulkheadOptions::new().max_concurrent(4))?;
/// let report = disk.try_enter_as(Demand::new().weight(3))?;
/// assert_eq!(disk.free_slots(), 1);
/// drop(report);
/// assert_eq!(disk.free_slots(), 4);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a demand does nothing until a bulkhead is asked with it"]
pub struct Demand {
    pub(super) weight: u32,
    pub(super) priority: i32,
}

impl Demand {
    /// One slot, at priority 0.
    pub const fn new() -> Self {
        Demand { weight: 1, priority: 0 }
    }

    /// How many slots it takes; at least 1. It waits until there are as many, and holds up those behind it.
    pub const fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// The higher, the sooner. When the queue is full, one of a lower priority gives way.
    pub const fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }
}

impl Default for Demand {
    fn default() -> Self {
        Demand::new()
    }
}
