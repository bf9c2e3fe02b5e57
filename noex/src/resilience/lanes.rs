//! Counts that threads share no written line of memory for.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

/// Threads are dealt round; with more than so many, some share.
const LANES: usize = 4;

/// Counts of several kinds of events that are many and cheap.
///
/// Each thread counts in a lane. Of the threads that share one, the first owns it while it lives and counts without a
/// locked instruction, which costs as much as everything else that a closed breaker does.
pub(super) struct Lanes<const KINDS: usize> {
    lanes: [Lane<KINDS>; LANES],
    /// What there was when it was cleared: whoever clears it owns no lane.
    cleared: [AtomicU64; KINDS],
}

#[repr(align(64))]
struct Lane<const KINDS: usize> {
    owners: [AtomicU64; KINDS],
    others: [AtomicU64; KINDS],
}

/// Which lanes have an owner, a bit each.
static OWNED: AtomicU8 = AtomicU8::new(0);
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A thread's lane.
struct Mine {
    lane: usize,
    is_owner: bool,
}

thread_local! {
    static MINE: Mine = Mine::deal();
}

impl Mine {
    fn deal() -> Self {
        let lane = NEXT.fetch_add(1, Ordering::Relaxed) % LANES;
        // What the owner before counted is seen by the next one.
        let is_owner = OWNED.fetch_or(1 << lane, Ordering::Acquire) & 1 << lane == 0;
        Mine { lane, is_owner }
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        if self.is_owner {
            OWNED.fetch_and(!(1 << self.lane), Ordering::Release);
        }
    }
}

impl<const KINDS: usize> Lanes<KINDS> {
    pub(super) fn new() -> Self {
        let none = || [const { AtomicU64::new(0) }; KINDS];
        let lanes = std::array::from_fn(|_| Lane { owners: none(), others: none() });
        Lanes { lanes, cleared: none() }
    }

    /// One more of this kind.
    #[inline(always)]
    pub(super) fn count(&self, kind: usize) {
        let (lane, is_owner) = MINE.try_with(|mine| (mine.lane, mine.is_owner)).unwrap_or((0, false));
        let Lane { owners, others } = &self.lanes[lane % LANES];
        if is_owner {
            owners[kind].store(owners[kind].load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        } else {
            others[kind].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many there were since it was cleared.
    pub(super) fn sum(&self, kind: usize) -> u64 {
        // It may be cleared between the two.
        let cleared = self.cleared[kind].load(Ordering::Relaxed);
        self.all(kind).saturating_sub(cleared)
    }

    pub(super) fn clear(&self) {
        for (kind, cleared) in self.cleared.iter().enumerate() {
            cleared.store(self.all(kind), Ordering::Relaxed);
        }
    }

    fn all(&self, kind: usize) -> u64 {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        self.lanes.iter().map(|lane| read(&lane.owners[kind]) + read(&lane.others[kind])).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_come_and_go_count_everything() {
        let lanes = Lanes::<1>::new();
        for _ in 0..20 {
            std::thread::scope(|scope| {
                for _ in 0..6 {
                    scope.spawn(|| (0..500).for_each(|_| lanes.count(0)));
                }
            });
        }
        assert_eq!(lanes.sum(0), 20 * 6 * 500);
        lanes.clear();
        assert_eq!(lanes.sum(0), 0);
        lanes.count(0);
        assert_eq!(lanes.sum(0), 1);
    }
}
