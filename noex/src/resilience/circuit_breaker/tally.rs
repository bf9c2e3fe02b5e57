//! What a breaker counts for people to read. Successes and refusals, of which there are many, are counted by each
//! thread for itself.

use std::sync::atomic::{AtomicU64, Ordering};

use super::super::lanes::Lanes;

/// Kinds of what is counted in lanes.
const SUCCEEDED: usize = 0;
const REFUSED: usize = 1;

pub(super) struct Tally {
    many: Lanes<2>,
    failed: AtomicU64,
    neutral: AtomicU64,
    late: AtomicU64,
    would_refuse: AtomicU64,
}

/// What there is to read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) neutral: u64,
    pub(super) refused: u64,
    pub(super) late: u64,
    pub(super) would_refuse: u64,
}

impl Default for Tally {
    fn default() -> Self {
        let (failed, neutral, late, would_refuse) = Default::default();
        Tally { many: Lanes::new(), failed, neutral, late, would_refuse }
    }
}

impl Tally {
    #[inline]
    pub(super) fn succeed(&self) {
        self.many.count(SUCCEEDED);
    }

    pub(super) fn fail(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn pass_over(&self) {
        self.neutral.fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn refuse(&self) {
        self.many.count(REFUSED);
    }

    pub(super) fn be_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn would_refuse(&self) {
        self.would_refuse.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sums(&self) -> Sums {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Sums {
            succeeded: self.many.sum(SUCCEEDED),
            failed: read(&self.failed),
            neutral: read(&self.neutral),
            refused: self.many.sum(REFUSED),
            late: read(&self.late),
            would_refuse: read(&self.would_refuse),
        }
    }

    pub(super) fn clear(&self) {
        self.many.clear();
        for count in [&self.failed, &self.neutral, &self.late, &self.would_refuse] {
            count.store(0, Ordering::Relaxed);
        }
    }
}
