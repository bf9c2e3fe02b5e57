//! What a breaker counts for people to read. Successes are counted by each thread for itself, so that threads
//! that share a breaker share no line of memory that is written.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// Threads are dealt round; with more than so many, some share.
const LANES: usize = 4;

/// A count in a line of memory of its own.
#[derive(Default)]
#[repr(align(64))]
struct Lane(AtomicU64);

#[derive(Default)]
pub(super) struct Tally {
    succeeded: [Lane; LANES],
    failed: AtomicU64,
    neutral: AtomicU64,
    refused: AtomicU64,
    late: AtomicU64,
}

/// What there is to read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) neutral: u64,
    pub(super) refused: u64,
    pub(super) late: u64,
}

/// This thread's lane.
#[inline]
fn lane() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    MINE.try_with(|mine| {
        if mine.get() == usize::MAX {
            mine.set(NEXT.fetch_add(1, Ordering::Relaxed) % LANES);
        }
        mine.get()
    })
    .unwrap_or(0)
}

impl Tally {
    #[inline]
    pub(super) fn succeed(&self) {
        self.succeeded[lane()].0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn fail(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn pass_over(&self) {
        self.neutral.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn be_late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sums(&self) -> Sums {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Sums {
            succeeded: self.succeeded.iter().map(|lane| read(&lane.0)).sum(),
            failed: read(&self.failed),
            neutral: read(&self.neutral),
            refused: read(&self.refused),
            late: read(&self.late),
        }
    }

    pub(super) fn clear(&self) {
        let all = [&self.failed, &self.neutral, &self.refused, &self.late];
        for count in self.succeeded.iter().map(|lane| &lane.0).chain(all) {
            count.store(0, Ordering::Relaxed);
        }
    }
}
