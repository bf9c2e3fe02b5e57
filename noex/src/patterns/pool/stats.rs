//! What a pool has done so far.

use std::sync::atomic::{AtomicU64, Ordering};

/// A pool as of one moment.
///
/// Each submitted job is in exactly one of `queued`, `in_progress`, `completed`, `failed` and `cancelled`, as far as
/// counters that move meanwhile can be read together; `rejected` ones were never the pool's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// How many workers there are to be.
    pub size: usize,
    /// Workers that run and have nothing to do.
    pub available: usize,
    /// Jobs that wait.
    pub queued: usize,
    /// Jobs that workers have.
    pub in_progress: usize,
    /// Jobs that ended well.
    pub completed: u64,
    /// Jobs that ended otherwise.
    pub failed: u64,
    /// Attempts after the first.
    pub retried: u64,
    /// Jobs that the pool did not take.
    pub rejected: u64,
    /// Jobs that were taken back before a worker came to them.
    pub cancelled: u64,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) completed: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) retried: AtomicU64,
    pub(super) rejected: AtomicU64,
    pub(super) cancelled: AtomicU64,
}

pub(super) fn one_more(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

pub(super) fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}
